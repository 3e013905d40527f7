"""Imports: every line for itself, the same file twice, references in any order, and a process that dies in between."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, now
from chassis.outbox import OutboxRow
from tests.catalog import PUMP_TYPE, found, product, put, replace, small_catalog, variant
from tests.fixtures import Service

from .. import failures, files, settling, worker
from .. import service as importing
from ..ahead import ReadAhead
from ..batch import take_in
from ..files import lines
from ..models import ImportPiece, ImportRow
from ..schemas import Outcome
from ..spreadsheets import from_csv

NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog."""
    await small_catalog(ann)
    return ann


def _file(*documents: Any) -> bytes:
    return b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents)


async def _imported(client: httpx.AsyncClient, content: bytes, **options: Any) -> tuple[Any, list[Any]]:
    """Import a file, wait until it is worked off, and return the job and its lines."""
    headers = options.pop("headers", NDJSON)
    accepted = await client.post("/v1/product-imports", content=content, headers=headers, params=options)
    assert accepted.status_code == 202, accepted.text
    path = accepted.headers["location"]
    for _ in range(200):
        job = (await client.get(path)).json()
        if job["state"] in ("finished", "failed"):
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError(f"not finished: {job}")
    return job, (await client.get(f"{path}/lines", params={"limit": 100})).json()["items"]


async def test_every_line_stands_for_itself(catalog: httpx.AsyncClient) -> None:
    """Broken ones are rejected with the reason; the others come in."""
    await put(catalog, "products", product("c10"))
    content = _file(
        product("c20"),
        b'{"key": "broken"',
        product("c30", variants=[variant("C30", attributes={"material": "wood"})]),
        product("c40", variants=[variant("C20")]),
        b"",
        product("c50", variants=[variant("C10")]),
        product("c60", product_type="nothing"),
        product("c70", categories=["nowhere"]),
        product("c10", name={"en": "Renamed"}),
        product("c80"),
        b"\xff\xfe",
    )
    job, found = await _imported(catalog, content)

    assert [(each["line"], each["outcome"]) for each in found] == [
        (1, "created"), (2, "rejected"), (3, "rejected"), (4, "rejected"), (6, "rejected"), (7, "rejected"),
        (8, "rejected"), (9, "updated"), (10, "created"), (11, "rejected"),
    ]  # fmt: skip
    assert [each["reasons"][0].get("pointer") for each in found if each["outcome"] == "rejected"] == [
        "", "/variants/0/attributes/material", "/variants/0/sku", "/variants/0/sku", "/product_type",
        "/categories/0", "",
    ]  # fmt: skip
    counts = ("lines", "created", "updated", "unchanged", "rejected")
    assert [job[name] for name in counts] == [10, 2, 1, 0, 7]
    keys = [each["key"] for each in (await catalog.get("/v1/products")).json()["items"]]
    assert keys == ["c10", "c20", "c80"]


async def test_line_that_is_no_product_is_told_in_words(catalog: httpx.AsyncClient) -> None:
    """What a line is told speaks of the line."""
    _, found = await _imported(catalog, b'null\n{"key": "broken"\n{"key": "c20"}')
    details = [each["reasons"][0]["detail"] for each in found]

    assert details[0] == "it is no JSON object"
    assert details[1].startswith("it is not acceptable JSON: ")
    assert (found[2]["key"], details[2]) == (None, "Field required")


async def test_same_file_again_changes_nothing(catalog: httpx.AsyncClient) -> None:
    """Idempotent by content, and by reference and version of the source."""
    source = {"system": "erp", "reference": "4711"}
    first = _file(product("c20"), product("c40", source=source | {"version": 7}))
    await _imported(catalog, first)
    again, _ = await _imported(catalog, first)
    changed = product("c40", name={"en": "Changed"})
    _, same = await _imported(catalog, _file(changed | {"source": source | {"version": 7}}))
    _, older = await _imported(catalog, _file(changed | {"source": source | {"version": 6}}))
    _, newer = await _imported(catalog, _file(changed | {"source": source | {"version": 8}}))
    _, other = await _imported(catalog, _file(product("c99", source=source | {"version": 9})))

    assert (again["unchanged"], again["lines"]) == (2, 2)
    assert [each[0]["outcome"] for each in (same, older, newer, other)] == [
        "unchanged", "unchanged", "updated", "rejected",
    ]  # fmt: skip
    assert older[0]["reasons"][0]["detail"] == "version 7 was taken in before"
    found = (await catalog.get("/v1/products", params={"reference": "erp:4711"})).json()["items"]
    assert [(each["key"], each["name"]) for each in found] == [("c40", {"en": "Changed"})]


async def test_reference_to_a_later_line_resolves(catalog: httpx.AsyncClient) -> None:
    """Also in a circle; what no line brings is left out, and said at the line."""
    content = _file(
        product("c20", related=["c40", "nowhere"]),
        product(
            "c40", related=["c20"], variants=[variant("C40", attributes={"material": "steel", "fits": ["c20", "no"]})]
        ),
    )
    _, found = await _imported(catalog, content)
    products = {each["key"]: each for each in (await catalog.get("/v1/products")).json()["items"]}

    assert [each["outcome"] for each in found] == ["created", "created"]
    assert [each["reasons"][0]["detail"] for each in found] == [
        "left out, because they are not there: nowhere",
        "left out, because they are not there: no",
    ]
    assert (products["c20"]["related"], products["c40"]["related"]) == (["c40"], ["c20"])
    assert products["c40"]["variants"][0]["attributes"]["fits"] == ["c20"]


async def test_references_left_out_change_nothing_again(catalog: httpx.AsyncClient) -> None:
    """A file that is sent every night changes nothing, though it names what is not there; once that comes, it does."""
    fits = [variant("C20", attributes={"material": "steel", "fits": ["c40", "no"]})]
    content = _file(product("c20", related=["nowhere"], variants=fits))
    await _imported(catalog, content)
    again, left_out = await _imported(catalog, content)
    same = (await catalog.get("/v1/products")).json()["items"]
    come, lines_ = await _imported(catalog, content + b"\n" + _file(product("c40", related=["c20"])))
    (changed, _) = (await catalog.get("/v1/products")).json()["items"]

    assert (again["unchanged"], again["updated"]) == (1, 0)
    assert [(each["outcome"], each["reasons"][0]["detail"]) for each in left_out] == [
        ("unchanged", "left out, because they are not there: c40, no, nowhere")
    ]
    assert [each["version"] for each in same] == [2], "the first import wrote it, and left out what never came"
    assert (come["updated"], come["created"], come["unchanged"]) == (1, 1, 0)
    assert [each["outcome"] for each in lines_] == ["updated", "created"]
    assert [each["reasons"][0]["detail"] for each in lines_[:1]] == [
        "left out, because they are not there: no, nowhere"
    ]
    assert (changed["related"], changed["variants"][0]["attributes"]["fits"]) == ([], ["c40"])


async def test_last_line_of_a_product_wins(catalog: httpx.AsyncClient) -> None:
    """The same key twice in a file is one product, changed twice."""
    _, found = await _imported(catalog, _file(product("c40"), product("c40", name={"en": "Second"})))
    listed = (await catalog.get("/v1/products")).json()["items"]

    assert [each["outcome"] for each in found] == ["created", "updated"]
    assert [(each["name"], each["version"]) for each in listed] == [({"en": "Second"}, 2)]


async def test_what_is_fit_is_published_at_once_on_request(service: Service, catalog: httpx.AsyncClient) -> None:
    """The rest comes in as a draft, and its line says what is missing."""
    content = _file(product("c40"), product("c60", slug={}))
    _, found = await _imported(catalog, content, publish="true")
    seen = (await service.anonymous.get("/v1/storefront/products", params={"channel": "web"})).json()["items"]
    states = [each["state"] for each in (await catalog.get("/v1/products")).json()["items"]]

    assert [each["key"] for each in seen] == ["c40"]
    assert states == ["published", "draft"]
    assert found[1]["reasons"][0]["pointer"] == "/slug"


async def test_line_that_says_nothing_new_publishes_nothing(service: Service, catalog: httpx.AsyncClient) -> None:
    """What editors have withdrawn does not come back with the same file every night, and a draft stays one."""
    await _imported(catalog, _file(product("c40")), publish="true")
    await _imported(catalog, _file(product("c60")))
    (shown, _) = (await catalog.get("/v1/products")).json()["items"]
    (published,) = (await catalog.get(f"/v1/products/{shown['id']}/publications")).json()["items"]
    path = f"/v1/products/{shown['id']}/publications/{published['id']}"
    assert (await catalog.delete(path, headers={"If-Match": "*"})).status_code == 204
    _, found = await _imported(catalog, _file(product("c40"), product("c60")), publish="true")
    seen = (await service.anonymous.get("/v1/storefront/products", params={"channel": "web"})).json()["items"]

    assert ([each["outcome"] for each in found], seen) == (["unchanged", "unchanged"], [])


async def test_spreadsheet_comes_in(catalog: httpx.AsyncClient) -> None:
    """CSV: one variant a line, texts by language, measurements as people write them, quotes and line breaks."""
    content = (
        "\ufeffkey,product_type,name.de,slug.de,description.de,categories,sku,attributes.material,"
        "attributes.max_head,price.EUR,source.system,source.reference,source.version\r\n"
        'c40,pump,"Pumpe ""leise"", klein",pumpe-c40,"Zeile 1\r\nZeile 2",heating|pumps,'
        "C40-1,steel,4 m,19900,erp,4711,3\r\n"
        "c40,pump,,,,,C40-2,bronze,4 m,,,,\r\n"
        "c60,pump,Pumpe 60,,,,C60-1,wood,,,,,\r\n"
    )
    _, found = await _imported(catalog, content.encode(), headers={"Content-Type": "text/csv; charset=utf-8"})
    made = (await catalog.get("/v1/products")).json()["items"]

    assert [(each["line"], each["outcome"]) for each in found] == [(2, "created"), (5, "rejected")]
    assert (made[0]["name"], made[0]["categories"]) == ({"de": 'Pumpe "leise", klein'}, ["heating", "pumps"])
    assert made[0]["description"] == {"de": "Zeile 1\nZeile 2"}
    assert [(each["sku"], each["attributes"], each["list_prices"]) for each in made[0]["variants"]] == [
        (
            "C40-1",
            {"material": "steel", "max_head": {"value": 4.0, "unit": "m"}},
            [{"amount": 19900, "currency": "EUR"}],
        ),
        ("C40-2", {"material": "bronze", "max_head": {"value": 4.0, "unit": "m"}}, []),
    ]


async def test_what_is_no_csv_is_refused_in_words(catalog: httpx.AsyncClient) -> None:
    """Whoever has exported a file in another encoding, or without quotes, reads what to mend."""
    content = "key,product_type,name.en,sku\nc20,pump,Größe,C20\n".encode("latin-1") + b"c30,pump,Three, thirty,C30\n"
    _, lines = await _imported(catalog, content, headers={"Content-Type": "text/csv"})

    assert [(each["line"], each["outcome"], each["reasons"][0]["detail"]) for each in lines] == [
        (2, "rejected", "it is not UTF-8"),
        (
            3,
            "rejected",
            "one of its lines has more fields than there are columns: a field with a comma in it needs quotes",
        ),
    ]


async def test_file_without_columns_leaves_nothing(service: Service, catalog: httpx.AsyncClient) -> None:
    """It is refused while it arrives, and there is no import of it."""
    path, headers = "/v1/product-imports", {"Content-Type": "text/csv"}
    refused = await catalog.post(path, content=b"key;product_type\nc40;pump\n", headers=headers)

    assert (refused.status_code, refused.json()["type"]) == (422, "urn:problem-type:no-columns")
    assert (await catalog.get(path)).json()["items"] == []
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportPiece)) == 0


async def test_odd_cells_are_refused_at_their_line(catalog: httpx.AsyncClient) -> None:
    """What looks like a number to Python alone, or nests without end, stops no other line."""
    deep = "[" * 100_000
    content = (
        "key,product_type,name.en,sku,attributes.approval,price.EUR,source.system,source.reference,source.version\n"
        f"c20,pump,Two,C20,A,²,,,\nc30,pump,Three,C30,B,,erp,3,{'9' * 5000}\nc40,pump,Four,C40,{deep},,,,\n"
        "c50,pump,Five,C50,C,100,erp,5,5\n"
    )
    _, lines = await _imported(catalog, content.encode(), headers={"Content-Type": "text/csv"})

    assert [(each["outcome"], each["reasons"][0]["pointer"] if each["reasons"] else None) for each in lines] == [
        ("rejected", "/variants/0/list_prices/0/amount"),
        ("rejected", "/source/version"),
        ("rejected", ""),
        ("created", None),
    ]


async def test_without_a_channel_nothing_is_published(ann: httpx.AsyncClient) -> None:
    """The products come in, their lines say why nobody sees them, and the next import has its turn."""
    await put(ann, "product-types", PUMP_TYPE)
    _, lines = await _imported(ann, _file(product("c40")), publish="true")
    job, _ = await _imported(ann, _file(product("c60")))

    assert [each["outcome"] for each in lines] == ["created"]
    assert lines[0]["reasons"][0]["detail"].startswith("not published: Publish for channels that are there")
    assert (job["state"], job["created"]) == ("finished", 1)


async def test_file_that_never_became_complete_is_cleared(service: Service, catalog: httpx.AsyncClient) -> None:
    """Its sender went away or its process died: after a while nothing of it is left, and others stay."""

    async def broken_off() -> AsyncIterator[bytes]:
        yield b'1\t{"key": "c40"}'
        raise ConnectionResetError

    database = service.app.state.database
    with pytest.raises(ConnectionResetError):
        await importing.receive(database, broken_off(), publish=False, lines_days=90)
    await _imported(catalog, _file(product("c60")))
    young = await importing.clear_abandoned(database, timedelta(seconds=60))
    old = await importing.clear_abandoned(database, timedelta(0))

    assert (young, old) == (0, 1)
    assert [each["state"] for each in (await catalog.get("/v1/product-imports")).json()["items"]] == ["finished"]
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportPiece)) == 0


async def test_many_lost_references_are_settled_in_turns(
    catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One turn is one transaction, and stays short however many lines name what is not there."""
    monkeypatch.setattr(settling, "_SETTLED_AT_ONCE", 2)
    _, lines = await _imported(catalog, _file(*(product(f"c{n}", related=["no", "neither"]) for n in range(5))))
    made = (await catalog.get("/v1/products")).json()["items"]

    assert [each["reasons"][0]["detail"] for each in lines] == ["left out, because they are not there: neither, no"] * 5
    assert [each["related"] for each in made] == [[]] * 5


async def test_import_keeps_what_is_published(catalog: httpx.AsyncClient) -> None:
    """A file that takes a SKU away from a product does not free it while touchpoints show it."""
    await _imported(catalog, _file(product("c40")), publish="true")
    await _imported(catalog, _file(product("c40", variants=[variant("NEW")])))
    _, refused = await _imported(catalog, _file(product("c60", variants=[variant("C40")])))
    await _imported(catalog, _file(product("c40", variants=[variant("NEW")], name={"en": "Newer"})), publish="true")
    _, taken = await _imported(catalog, _file(product("c60", variants=[variant("C40")])))

    assert [each[0]["outcome"] for each in (refused, taken)] == ["rejected", "created"]


async def test_line_is_judged_by_its_type_as_it_is_now(
    catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the line had been read, and compared with the type, before the type was changed."""
    monkeypatch.setattr(files, "PIECE_BYTES", 1)
    wood = {"key": "wood", "label": {"en": "Wood"}}
    material, *others = PUMP_TYPE["attributes"]
    material = material | {"type": {"kind": "enum", "options": [*material["type"]["options"], wood]}}
    calls = list[httpx.Response | None]()

    async def change_before_the_third(database: Database, ahead: ReadAhead) -> bool:
        if ahead.types:  # the first piece is in
            calls.append(None)
            if len(calls) == 2:
                pump = await found(catalog, "product-types", "pump")
                calls[-1] = await replace(catalog, "product-types", pump, attributes=[material, *others])
        return await importing.work_off_next(database, ahead)

    monkeypatch.setattr(worker, "work_off_next", change_before_the_third)
    wooden = product("c40", variants=[variant("C40", attributes={"material": "wood"})])
    job, _ = await _imported(catalog, _file(product("c20"), product("c30"), wooden))

    assert [each.status_code for each in calls if each] == [200]
    assert (job["created"], job["rejected"]) == (3, 0)


async def test_import_that_always_fails_is_given_up(
    catalog: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before is in, settled and told; the rest is not, the job says where, and others have their turn."""
    monkeypatch.setattr(files, "PIECE_BYTES", 1)
    monkeypatch.setattr(failures, "_FIRST_PAUSE", timedelta(0))
    seen = list[str]()

    async def fail_at_c40(session: AsyncSession, lines: Any, types: Any) -> Any:
        seen.extend(each.key for each in lines)
        if "c40" in seen[-1:]:
            raise RuntimeError("a defect")
        return await take_in(session, lines, types)

    monkeypatch.setattr(importing, "take_in", fail_at_c40)
    job, lines = await _imported(catalog, _file(product("c20", related=["c60"]), product("c40"), product("c60")))
    other, _ = await _imported(catalog, _file(product("c80")))
    made = (await catalog.get("/v1/products")).json()["items"]
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportPiece)) == 0
        told = await session.scalars(select(OutboxRow.document).where(OutboxRow.type == "import.finished"))
        states = [json.loads(each)["data"]["state"] for each in told]

    assert (job["state"], job["failure"]) == ("failed", "given up at line 2 after 5 attempts")
    assert (job["lines"], job["created"], seen.count("c40")) == (1, 1, 5)
    assert [each["outcome"] for each in lines] == ["created"]
    assert (other["state"], other["failure"]) == ("finished", None)
    assert [(each["key"], each["related"]) for each in made] == [("c20", []), ("c80", [])]
    assert sorted(states) == ["failed", "finished"]


async def test_failing_import_waits_ever_longer(catalog: httpx.AsyncClient, service: Service) -> None:
    """One second, then two, four, eight; the import that waits holds up no other."""
    database = service.app.state.database
    async with database.transaction() as session:
        job = ImportRow(state="queued", publish=False, position=0, pieces=1, attempts=0, lines_days=1,
                        **dict.fromkeys(("lines", *Outcome), 0))  # fmt: skip
        job.due_at = now() + timedelta(hours=1)
        session.add(job)
    waits = []
    for _ in range(failures.MOST_ATTEMPTS - 1):
        before = now()
        async with database.transaction() as session:
            attempt = await failures.book(session, await importing.find(session, job.id), None)
        assert attempt is not None
        await failures.note(database, attempt, RuntimeError("a defect"))
        async with database.reading() as session:
            found = await importing.find(session, job.id)
        assert found.due_at is not None
        waits.append(round((found.due_at - before).total_seconds()))
    other, _ = await _imported(catalog, _file(product("c40")))

    assert waits == [1, 2, 4, 8]
    assert other["state"] == "finished"


async def test_lines_are_forgotten_after_their_time(
    catalog: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some at a time; the import and its counts stay, and so do the lines of younger imports."""
    monkeypatch.setattr(importing, "_FORGOTTEN_AT_ONCE", 2)
    database = service.app.state.database
    old, _ = await _imported(catalog, _file(*(product(f"c{number}") for number in range(5))))
    young, _ = await _imported(catalog, _file(product("c90")))
    nothing = await importing.forget_lines(database)
    kept = datetime.fromisoformat(old["lines_kept_until"]) - datetime.fromisoformat(old["finished_at"])
    async with database.transaction() as session:
        (await importing.find(session, UUID(old["id"]))).lines_kept_until = now()
    turns = 0
    while await importing.forget_lines(database):
        turns += 1
    left = [
        len((await catalog.get(f"/v1/product-imports/{each['id']}/lines")).json()["items"]) for each in (old, young)
    ]

    assert (nothing, kept, turns, left) == (False, timedelta(days=90), 3, [0, 1])
    assert (await catalog.get(f"/v1/product-imports/{old['id']}")).json()["created"] == 5


async def test_other_formats_are_refused(catalog: httpx.AsyncClient) -> None:
    """The media type says how to read the file."""
    refused = await catalog.post("/v1/product-imports", content=b"{}", headers={"Content-Type": "application/json"})

    assert (refused.status_code, refused.headers["accept"]) == (415, "application/x-ndjson, text/csv")


async def test_repeated_upload_is_one_import(catalog: httpx.AsyncClient) -> None:
    """With an Idempotency-Key: the same bytes again, even while the import runs; another file needs another key."""
    keyed = NDJSON | {"Idempotency-Key": "nightly-2026-01-31"}

    async def send(content: bytes) -> httpx.Response:
        return await catalog.post("/v1/product-imports", content=content, headers=keyed)

    first, again = await send(_file(product("c40"))), await send(_file(product("c40")))
    other = await send(_file(product("c60")))
    nonsense = await catalog.post("/v1/product-imports", content=b"{}", headers=NDJSON | {"Idempotency-Key": "a b"})

    assert (again.status_code, again.content, again.headers["location"]) == (
        202,
        first.content,
        first.headers["location"],
    )
    assert (other.status_code, other.json()["type"]) == (422, "urn:problem-type:idempotency-key-reused")
    assert nonsense.status_code == 400
    jobs = (await catalog.get("/v1/product-imports")).json()["items"]
    assert [each["id"] for each in jobs] == [first.json()["id"]]


async def test_empty_file_is_refused(catalog: httpx.AsyncClient) -> None:
    """An export that failed looks like this; it must not look like success."""
    refused = await catalog.post("/v1/product-imports", content=b"\n \n", headers=NDJSON)

    assert (refused.status_code, refused.json()["type"]) == (422, "urn:problem-type:empty-file")
    assert (await catalog.get("/v1/product-imports")).json() == {"items": []}


async def test_interrupted_piece_is_worked_off_once(
    service: Service, catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens before the commit did not happen; the next turn does it all."""
    finish = settling.finish
    failures: list[Any] = []

    async def fail_once(session: AsyncSession, job: Any) -> None:
        await finish(session, job)
        if not failures:
            failures.append(job.id)
            raise OSError("the process dies here")

    monkeypatch.setattr(importing, "finish", fail_once)
    monkeypatch.setattr("asyncio.wait_for", _hurried(asyncio.wait_for))
    job, found = await _imported(catalog, _file(product("c40")))

    assert [str(each) for each in failures] == [job["id"]]
    assert (job["created"], len(found)) == (1, 1)
    assert service


def _hurried(wait_for: Any) -> Any:
    def hurried(awaitable: Any, seconds: float | None) -> Any:
        return wait_for(awaitable, None if seconds is None else min(seconds, 0.05))

    return hurried


async def _collect(content: list[bytes], *, spreadsheet: bool = False) -> list[tuple[int, bytes]]:
    async def arriving() -> Any:
        for chunk in content:
            yield chunk

    return [each async for each in (from_csv if spreadsheet else lines)(arriving())]


async def test_lines_are_the_same_however_they_arrive() -> None:
    """Chunks end anywhere; empty lines only count; the last one needs no end; a byte order mark is no text."""
    content = b'\xef\xbb\xbf{"a": 1}\r\n\n{"b": "\xc3\xa4"}\n{"c": 3}'
    expected = [(1, b'{"a": 1}'), (3, b'{"b": "\xc3\xa4"}'), (4, b'{"c": 3}')]

    for size in (1, 2, 3, 7, 100):
        assert await _collect([content[at : at + size] for at in range(0, len(content), size)]) == expected


async def test_endless_line_is_cut() -> None:
    """A gigabyte without a line break is one broken line, and what follows is read."""
    found = await _collect([b"x" * 700_000] * 10 + [b"y\n", b"{}\n"])

    assert [(number, len(text)) for number, text in found] == [(1, 1024 * 1024), (2, 2)]


async def test_compressed_file_is_refused(catalog: httpx.AsyncClient) -> None:
    """It would come in as one broken line; nor is it unpacked, as a small one may unpack to a huge one."""
    headers = NDJSON | {"Content-Encoding": "gzip"}
    refused = await catalog.post("/v1/product-imports", content=b"\x1f\x8b\x08", headers=headers)

    assert (refused.status_code, refused.headers["accept-encoding"]) == (415, "identity")
