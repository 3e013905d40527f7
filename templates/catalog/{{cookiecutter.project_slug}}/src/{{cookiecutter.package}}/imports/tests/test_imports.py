"""Imports: every line for itself, and the same file twice."""

from datetime import datetime, timedelta
from uuid import UUID

import httpx
import pytest

from chassis.database import Database, now
from tests.catalog import PUMP_TYPE, found, product, put, replace, variant
from tests.fixtures import Service

from .. import files, worker
from .. import service as importing
from ..ahead import ReadAhead
from .importing import NDJSON, file_of, imported


async def test_every_line_stands_for_itself(catalog: httpx.AsyncClient) -> None:
    """Broken ones are rejected with the reason; the others come in."""
    await put(catalog, "products", product("c10"))
    content = file_of(
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
    job, found = await imported(catalog, content)

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
    _, found = await imported(catalog, b'null\n{"key": "broken"\n{"key": "c20"}')
    details = [each["reasons"][0]["detail"] for each in found]

    assert details[0] == "it is no JSON object"
    assert details[1].startswith("it is not acceptable JSON: ")
    assert (found[2]["key"], details[2]) == (None, "Field required")


async def test_same_file_again_changes_nothing(catalog: httpx.AsyncClient) -> None:
    """Idempotent by content, and by reference and version of the source."""
    source = {"system": "erp", "reference": "4711"}
    first = file_of(product("c20"), product("c40", source=source | {"version": 7}))
    await imported(catalog, first)
    again, _ = await imported(catalog, first)
    changed = product("c40", name={"en": "Changed"})
    _, same = await imported(catalog, file_of(changed | {"source": source | {"version": 7}}))
    _, older = await imported(catalog, file_of(changed | {"source": source | {"version": 6}}))
    _, newer = await imported(catalog, file_of(changed | {"source": source | {"version": 8}}))
    _, other = await imported(catalog, file_of(product("c99", source=source | {"version": 9})))

    assert (again["unchanged"], again["lines"]) == (2, 2)
    assert [each[0]["outcome"] for each in (same, older, newer, other)] == [
        "unchanged", "unchanged", "updated", "rejected",
    ]  # fmt: skip
    assert older[0]["reasons"][0]["detail"] == "version 7 was taken in before"
    found = (await catalog.get("/v1/products", params={"reference": "erp:4711"})).json()["items"]
    assert [(each["key"], each["name"]) for each in found] == [("c40", {"en": "Changed"})]


async def test_last_line_of_a_product_wins(catalog: httpx.AsyncClient) -> None:
    """The same key twice in a file is one product, changed twice."""
    _, found = await imported(catalog, file_of(product("c40"), product("c40", name={"en": "Second"})))
    listed = (await catalog.get("/v1/products")).json()["items"]

    assert [each["outcome"] for each in found] == ["created", "updated"]
    assert [(each["name"], each["version"]) for each in listed] == [({"en": "Second"}, 2)]


async def test_what_is_fit_is_published_at_once_on_request(service: Service, catalog: httpx.AsyncClient) -> None:
    """The rest comes in as a draft, and its line says what is missing."""
    content = file_of(product("c40"), product("c60", slug={}))
    _, found = await imported(catalog, content, publish="true")
    seen = (await service.anonymous.get("/v1/storefront/products", params={"channel": "web"})).json()["items"]
    states = [each["state"] for each in (await catalog.get("/v1/products")).json()["items"]]

    assert [each["key"] for each in seen] == ["c40"]
    assert states == ["published", "draft"]
    assert found[1]["reasons"][0]["pointer"] == "/slug"


async def test_line_that_says_nothing_new_publishes_nothing(service: Service, catalog: httpx.AsyncClient) -> None:
    """What editors have withdrawn does not come back with the same file every night, and a draft stays one."""
    await imported(catalog, file_of(product("c40")), publish="true")
    await imported(catalog, file_of(product("c60")))
    (shown, _) = (await catalog.get("/v1/products")).json()["items"]
    (published,) = (await catalog.get(f"/v1/products/{shown['id']}/publications")).json()["items"]
    path = f"/v1/products/{shown['id']}/publications/{published['id']}"
    assert (await catalog.delete(path, headers={"If-Match": "*"})).status_code == 204
    _, found = await imported(catalog, file_of(product("c40"), product("c60")), publish="true")
    seen = (await service.anonymous.get("/v1/storefront/products", params={"channel": "web"})).json()["items"]

    assert ([each["outcome"] for each in found], seen) == (["unchanged", "unchanged"], [])


async def test_without_a_channel_nothing_is_published(ann: httpx.AsyncClient) -> None:
    """The products come in, their lines say why nobody sees them, and the next import has its turn."""
    await put(ann, "product-types", PUMP_TYPE)
    _, lines = await imported(ann, file_of(product("c40")), publish="true")
    job, _ = await imported(ann, file_of(product("c60")))

    assert [each["outcome"] for each in lines] == ["created"]
    assert lines[0]["reasons"][0]["detail"].startswith("not published: Publish for channels that are there")
    assert (job["state"], job["created"]) == ("finished", 1)


async def test_import_keeps_what_is_published(catalog: httpx.AsyncClient) -> None:
    """A file that takes a SKU away from a product does not free it while touchpoints show it."""
    await imported(catalog, file_of(product("c40")), publish="true")
    await imported(catalog, file_of(product("c40", variants=[variant("NEW")])))
    _, refused = await imported(catalog, file_of(product("c60", variants=[variant("C40")])))
    await imported(catalog, file_of(product("c40", variants=[variant("NEW")], name={"en": "Newer"})), publish="true")
    _, taken = await imported(catalog, file_of(product("c60", variants=[variant("C40")])))

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
    job, _ = await imported(catalog, file_of(product("c20"), product("c30"), wooden))

    assert [each.status_code for each in calls if each] == [200]
    assert (job["created"], job["rejected"]) == (3, 0)


async def test_lines_are_forgotten_after_their_time(
    catalog: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some at a time; the import and its counts stay, and so do the lines of younger imports."""
    monkeypatch.setattr(importing, "_FORGOTTEN_AT_ONCE", 2)
    database = service.app.state.database
    old, _ = await imported(catalog, file_of(*(product(f"c{number}") for number in range(5))))
    young, _ = await imported(catalog, file_of(product("c90")))
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

    first, again = await send(file_of(product("c40"))), await send(file_of(product("c40")))
    other = await send(file_of(product("c60")))
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


async def test_compressed_file_is_refused(catalog: httpx.AsyncClient) -> None:
    """It would come in as one broken line; nor is it unpacked, as a small one may unpack to a huge one."""
    headers = NDJSON | {"Content-Encoding": "gzip"}
    refused = await catalog.post("/v1/product-imports", content=b"\x1f\x8b\x08", headers=headers)

    assert (refused.status_code, refused.headers["accept-encoding"]) == (415, "identity")
