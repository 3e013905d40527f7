"""The index in memory: whatever happens, it answers what the database would answer, at once and in every process."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.database import Database, now
from tests.catalog import delete, found, product, publish, put, replace, small_catalog, variant
from tests.fixtures import Service
from tests.scale import scale

from ...search.index import index_of
from ...vocabulary.moments import microseconds
from ...vocabulary.moments import moment as as_moment
from .. import changes, documents, live, reading
from ..live import LiveIndexes
from ..reading import Question, View
from ..searching import Answer, Asked, search

WEB = ("web", "de")
ANY: dict[str, Any] = {"q": "", "filters": [], "category": None, "facets": [], "limit": 100}
NAMES = ("Kreiselpumpe", "Kreiselpumpe leise", "Kugelhahn", "Umwälzpumpe für Trinkwasser")
QUERIES = ("", "pumpe", "kreisel leise", "stahl", "kugelhan", "passt", "p1")
FILTERS: tuple[list[str], ...] = (
    ["material:steel"],
    ["material:bronze", "max_head:2.."],
    ["max_head:..4"],
    ["material:steel,bronze"],
    [],
)

EXAMPLES = settings(
    max_examples=scale(6, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
products = st.builds(
    lambda number, name, material, head, categories, about, hours: {
        "do": "publish",
        "number": number,
        "name": name,
        "attributes": {"material": material} | ({"max_head": {"value": head, "unit": "m"}} if head else {}),
        "categories": categories,
        "description": about,
        "hours": hours,
    },
    number=st.integers(0, 5),
    name=st.sampled_from(NAMES),
    material=st.sampled_from(["steel", "bronze"]),
    head=st.integers(0, 5),
    categories=st.sampled_from([[], ["pumps"], ["heating"], ["pumps", "heating"]]),
    about=st.sampled_from(["", "Passt zu jeder Kreiselpumpe."]),
    hours=st.sampled_from([(None, None), (None, 2), (1, None), (1, 3)]),
)
others = st.one_of(
    st.fixed_dictionaries({"do": st.just("withdraw"), "number": st.integers(0, 5)}),
    st.fixed_dictionaries({"do": st.just("move"), "below": st.sampled_from([None, "heating"])}),
    st.fixed_dictionaries(
        {
            "do": st.just("list"),
            "everything": st.booleans(),
            "categories": st.sampled_from([[], ["heating"], ["pumps"]]),
            "hours": st.sampled_from([(None, None), (None, 1), (1, 4)]),
        }
    ),
)
questions = st.fixed_dictionaries(
    {
        "q": st.sampled_from(QUERIES),
        "filters": st.sampled_from(FILTERS),
        "category": st.sampled_from([None, "heating", "pumps", "nowhere"]),
        "facets": st.sampled_from([[], ["material"], ["max_head", "nothing"]]),
        "limit": st.integers(1, 4),
    }
)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for an index however busy the machine is."""
    monkeypatch.setattr(live, "_PATIENCE_SECONDS", 60.0)


@pytest.fixture
async def other(service: Service) -> AsyncIterator[Database]:
    """Give a database as another process has it: it shares nothing with the service but what is stored."""
    database = Database(service.app.state.settings)
    async with database.opened():
        yield database


async def _asked(database: Database, asked: dict[str, Any], moment: int, position: bytes | None = None) -> Asked:
    question = Question(
        view=View(channel=WEB[0], locale=WEB[1], moment=moment),
        category=asked["category"],
        filters=reading.filters(asked["filters"]),
        match=await index_of(database).match(database, asked["q"]),
    )
    return Asked(question=question, facets=asked["facets"], limit=asked["limit"], position=position)


async def _everything(indexes: LiveIndexes, database: Database, asked: dict[str, Any], moment: int) -> list[Answer]:
    """Return all pages of an answer."""
    pages, position = [], None
    for _ in itertools.count():
        pages.append(await search(database, indexes, await _asked(database, asked, moment, position)))
        position = pages[-1].page.position
        if position is None:
            break
    return pages


async def _hold(database: Database, indexes: LiveIndexes, asked: dict[str, Any], moment: int) -> None:
    async with indexes.current(*WEB) as index:
        assert index is not None  # else the database would be compared with itself
    from_memory = await _everything(indexes, database, asked, moment)
    from_database = await _everything(LiveIndexes(database, 0), database, asked, moment)

    assert from_database == from_memory


@EXAMPLES
@given(steps=st.lists(products | others, min_size=1, max_size=8), asked=st.lists(questions, min_size=2, max_size=4))
async def test_index_answers_as_the_database_does(
    service: Service,
    other: Database,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[dict[str, Any]],
    asked: list[dict[str, Any]],
) -> None:
    """After every publication, withdrawal, schedule, new listing or move; now, and when time has gone on."""
    ann = service.as_("ann")  # her token is good for a minute: less than all examples together take
    await _prepare(ann)
    clock = [reading.present(*WEB).moment]
    monkeypatch.setattr(reading, "now", lambda: as_moment(clock[0]))
    async with LiveIndexes(other, 1000).opened() as indexes:
        for step, question in zip(steps, itertools.cycle(asked), strict=False):
            await _do(ann, step)
            clock[0] = max(clock[0], microseconds(now()))
            await _hold(other, indexes, question, clock[0])
        async with LiveIndexes(other, 1000).opened() as fresh:
            for question in asked:
                await _hold(other, fresh, question, clock[0])
            for _ in range(5):
                clock[0] += 3_600_000_000
                for kept, question in itertools.product((indexes, fresh), asked):
                    await _hold(other, kept, question, clock[0])


async def _prepare(client: httpx.AsyncClient) -> None:
    if not (await client.get("/v1/channels")).json()["items"]:  # the first example of this test
        await small_catalog(client)


async def _do(client: httpx.AsyncClient, step: dict[str, Any]) -> None:
    if step["do"] == "publish":
        await publish(client, await _staged(client, step), **_validity(step["hours"]))
    elif step["do"] == "withdraw":
        await _withdraw(client, f"p{step['number']}")
    elif step["do"] == "move":
        moved = await replace(client, "categories", await found(client, "categories", "pumps"), parent=step["below"])
        assert moved.status_code == 200, moved.text
    else:
        members = {name: step[name] for name in ("everything", "categories")} | _validity(step["hours"])
        listed = await replace(client, "assortments", await found(client, "assortments", "all"), **members)
        assert listed.status_code == 200, listed.text


def _validity(hours: tuple[int | None, int | None]) -> dict[str, str | None]:
    begin, end = (None if each is None else (now() + timedelta(hours=each)).isoformat() for each in hours)
    return {"valid_from": begin, "valid_until": end}


async def _staged(client: httpx.AsyncClient, step: dict[str, Any]) -> dict[str, Any]:
    draft = product(
        f"p{step['number']}",
        name={"de": step["name"]},
        description={"de": step["description"]} if step["description"] else {},
        categories=step["categories"],
        variants=[variant(f"P{step['number']}", attributes=step["attributes"])],
    )
    there = (await client.get("/v1/products", params={"key": draft["key"]})).json()["items"]
    if not there:
        return await put(client, "products", draft)
    path, tag = f"/v1/products/{there[0]['id']}", f'"{there[0]["version"]}"'
    changed = await client.put(path, json=draft, headers={"If-Match": tag})
    assert changed.status_code == 200, changed.text
    made: dict[str, Any] = changed.json()
    return made


async def _withdraw(client: httpx.AsyncClient, key: str) -> None:
    for one in (await client.get("/v1/products", params={"key": key})).json()["items"]:
        path = f"/v1/products/{one['id']}/publications"
        for publication in (await client.get(path, params={"limit": 100})).json()["items"]:
            if publication["withdrawn_at"] is None:
                gone = await client.delete(f"{path}/{publication['id']}", headers={"If-Match": "*"})
                assert gone.status_code == 204, gone.text


async def test_many_writers_are_all_seen(ann: httpx.AsyncClient, other: Database) -> None:
    """Whatever was answered before a search began is in it, though transactions commit in any order."""
    await small_catalog(ann)
    missed: list[str] = []

    async def write(number: int) -> None:
        made = await put(ann, "products", product(f"p{number}"))
        for _ in range(3):
            shown = await publish(ann, made)
            if await _keys(other, indexes, f"p{number}") != [f"p{number}"]:
                missed.append(f"p{number} published")
            path = f"/v1/products/{made['id']}/publications/{shown['id']}"
            assert (await ann.delete(path, headers={"If-Match": "*"})).status_code == 204
            if await _keys(other, indexes, f"p{number}"):
                missed.append(f"p{number} withdrawn")

    async with LiveIndexes(other, 1000).opened() as indexes:
        async with indexes.current(*WEB) as index:
            assert index is not None
        await asyncio.gather(*(write(number) for number in range(scale(6, 20))))

    assert missed == []


async def _keys(database: Database, indexes: LiveIndexes, q: str) -> list[str]:
    asked = await _asked(database, {**ANY, "q": q}, microseconds(now()))
    return [json.loads(card)["key"] for card in (await search(database, indexes, asked)).page.cards]


async def _total(database: Database, indexes: LiveIndexes) -> int:
    asked = await _asked(database, ANY, microseconds(now()))
    return (await search(database, indexes, asked)).counts.total


async def test_what_is_listed_is_found_at_once(ann: httpx.AsyncClient, other: Database) -> None:
    """Though nothing is published: an assortment takes a product in or leaves it out, or is no more."""
    await small_catalog(ann)
    await publish(ann, await put(ann, "products", product("c40")))
    seen = []
    async with LiveIndexes(other, 1000).opened() as indexes:
        for everything in (True, False, True):
            assortment = await found(ann, "assortments", "all")
            assert (await replace(ann, "assortments", assortment, everything=everything)).status_code == 200
            assert await _ready(indexes)
            seen.append(await _total(other, indexes))
        assert (await delete(ann, "assortments", assortment)).status_code == 204
        seen.append(await _total(other, indexes))

    assert seen == [1, 0, 1, 0]


async def test_change_of_much_is_taken_in_beside_the_searches(
    ann: httpx.AsyncClient, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an index is behind the database answers; then the index does again."""
    monkeypatch.setattr(live, "_MOST_AT_ONCE", 2)
    monkeypatch.setattr(live, "_PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(documents, "_PIECE", 2)
    await small_catalog(ann)
    ready: list[bool] = []
    async with LiveIndexes(other, 1000).opened() as indexes:
        for number in range(7):
            await publish(ann, await put(ann, "products", product(f"p{number}")))
            if number in (0, 6):
                ready += [await _ready(indexes), len(await _keys(other, indexes, "")) == number + 1]
                await _until_ready(indexes)
                ready += [await _ready(indexes), len(await _keys(other, indexes, "")) == number + 1]

    assert ready == [False, True, True, True] * 2


async def _ready(indexes: LiveIndexes) -> bool:
    async with indexes.current(*WEB) as index:
        return index is not None


async def _until_ready(indexes: LiveIndexes) -> None:
    for _ in range(3000):
        if await _ready(indexes):
            return
        await asyncio.sleep(0.01)
    pytest.fail("the index did not get ready")


async def test_index_that_slept_too_long_is_built_anew(ann: httpx.AsyncClient, other: Database) -> None:
    """Old changes are forgotten; who has not seen them knows it, and who has goes on."""
    await small_catalog(ann)
    await publish(ann, await put(ann, "products", product("c40")))
    before = await changes.position(other)
    await publish(ann, await put(ann, "products", product("c60")))
    after = await changes.position(other)
    async with other.transaction() as session:
        await changes.prune(session, now() + timedelta(seconds=2))
    await publish(ann, await put(ann, "products", product("c80")))

    assert (await changes.since(other, before)).lost
    assert not (await changes.since(other, after)).lost
    assert len((await changes.since(other, after)).publications) == 1


async def test_index_is_built_anew_from_time_to_time(
    ann: httpx.AsyncClient, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of publications that are gone goes; meanwhile the old index answers."""
    monkeypatch.setattr(live, "_MOST_AT_ONCE", 3)
    await small_catalog(ann)
    made = await put(ann, "products", product("c40"))
    struck = []
    async with LiveIndexes(other, 1000).opened() as indexes:
        for _ in range(8):
            await publish(ann, made)
            async with indexes.current(*WEB) as index:
                assert index is not None
                struck.append(index.struck)
            await asyncio.sleep(0.05)

    assert max(struck) < 8
    assert await _keys(other, LiveIndexes(other, 0), "") == ["c40"]


async def test_memory_is_bounded(ann: httpx.AsyncClient, other: Database) -> None:
    """An index that has no room is not built, and one that nobody uses makes room; the database answers as well."""
    await small_catalog(ann)
    for number in range(3):
        await publish(ann, await put(ann, "products", product(f"p{number}")))
    async with LiveIndexes(other, 2).opened() as small, LiveIndexes(other, 4).opened() as middle:
        assert not await _ready(small)
        assert await _keys(other, small, "p1") == ["p1"]
        assert await _ready(middle)
        async with middle.current("web", "en") as second:
            assert second is None
        assert await _ready(middle)


async def test_index_that_outgrows_its_room_goes(ann: httpx.AsyncClient, other: Database) -> None:
    """The database answers then."""
    await small_catalog(ann)
    await publish(ann, await put(ann, "products", product("p0")))
    async with LiveIndexes(other, 1).opened() as indexes:
        assert await _ready(indexes)
        await publish(ann, await put(ann, "products", product("p1")))
        assert await _keys(other, indexes, "p1") == ["p1"]
        assert not await _ready(indexes)
        assert await _keys(other, indexes, "p1") == ["p1"]


async def test_unused_index_makes_room(
    ann: httpx.AsyncClient, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that nobody has searched for long goes first."""
    monkeypatch.setattr(live, "_DORMANT_SECONDS", 0.0)
    await small_catalog(ann)
    await publish(ann, await put(ann, "products", product("c40")))
    async with LiveIndexes(other, 1).opened() as indexes:
        assert await _ready(indexes)
        async with indexes.current("web", "en") as second:
            assert second is not None
        assert await _ready(indexes)
