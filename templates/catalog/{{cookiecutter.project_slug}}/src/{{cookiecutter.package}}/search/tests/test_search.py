"""Search: found by words, their beginnings, parts and slips, with facets that count honestly."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.catalog import PUMP_TYPE, found, product, publish, put, replace, small_catalog, variant
from tests.fixtures import Service

from .. import index
from ..words import closest, exchanged, likeness, slips, words

WEB = {"channel": "web", "locale": "de"}
PRODUCTS = {
    "c40": ("Kreiselpumpe Größe 40", "steel", "Leise und sparsam.", ["pumps"]),
    "c60": ("Kreiselpumpe Größe 60", "bronze", "Für Trinkwasser.", ["pumps"]),
    "v15": ("Kugelhahn 15", "steel", "Passt zu jeder Kreiselpumpe.", ["heating"]),
}


GTINS = {"c40": "4006381333931", "c60": "96385074", "v15": None}


@pytest.fixture
async def search(service: Service, ann: httpx.AsyncClient) -> Any:
    """Give a function that searches a catalog of three products."""
    await small_catalog(ann)
    for key, (name, material, description, categories) in PRODUCTS.items():
        draft = product(
            key,
            name={"de": name},
            description={"de": description},
            categories=categories,
            variants=[variant(f"{key.upper()}-X", gtin=GTINS[key], attributes={"material": material})],
        )
        await publish(ann, await put(ann, "products", draft))

    async def ask(**parameters: Any) -> Any:
        response = await service.anonymous.get("/v1/storefront/search", params=WEB | parameters)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


WORDS = {
    "kreiselpumpe": ["c40", "c60", "v15"],
    "Kreisel": ["c40", "c60", "v15"],
    "PUMPE": ["c40", "c60", "v15"],
    "kriselpumpe": ["c40", "c60", "v15"],
    "pmupe": ["c40", "c60", "v15"],
    "bornze": ["c60"],
    "brnoz": ["c60"],
    "stalh": ["c40", "v15"],
    "sthal": ["c40", "v15"],
    "stal": ["c40", "v15"],
    "stxhl": ["c40", "v15"],
    "grosse 60": ["c60"],
    "größe 60": ["c60"],
    "trinkwasser": ["c60"],
    "v15-x": ["v15"],
    "4006381333931": ["c40"],
    "40063813": ["c40"],
    "96385074": ["c60"],
    "4006": [],
    "96": [],
    "400638133393": ["c40"],
    "4006381333930": [],
    "bronze": ["c60"],
    "kugelhahn steel": [],
    "kugelhahn stahl": ["v15"],
    "zahnbürste": [],
    "'; DROP TABLE entries; --": [],
    '"* OR *': [],
    "!!": [],
}


async def test_words_find_what_they_mean(search: Any) -> None:
    """Whole words, beginnings, parts, slips; without case and accents; all words must be found."""
    found = {query: await search(q=query) for query in WORDS}

    assert {query: sorted(each["key"] for each in one["items"]) for query, one in found.items()} == WORDS
    assert {query: one["total"] for query, one in found.items()} == {query: len(WORDS[query]) for query in WORDS}


async def test_name_counts_more_than_description(search: Any) -> None:
    """The valve that only mentions pumps comes last."""
    assert [each["key"] for each in (await search(q="kreiselpumpe"))["items"]][-1] == "v15"


async def test_facets_count_what_was_found(search: Any) -> None:
    """With labels in the reader's language, the most frequent first."""
    found = await search()

    assert found["total"] == 3
    assert found["facets"] == [
        {
            "name": "material",
            "label": "Werkstoff",
            "kind": "enum",
            "unit": None,
            "values": [
                {"value": "steel", "label": "Stahl", "count": 2},
                {"value": "bronze", "label": "Bronze", "count": 1},
            ],
        }
    ]


async def test_yes_and_no_are_told_as_people_say_them(service: Service, ann: httpx.AsyncClient) -> None:
    """In the reader's language, or as the product type calls them; filters take true and false, words find neither."""
    own = {"true_label": {"de": "Trinkwasser"}, "false_label": {"de": "Brauchwasser"}}
    attributes = [
        *PUMP_TYPE["attributes"],
        {"name": "quiet", "label": {"de": "Leise"}, "type": {"kind": "boolean"}, "searchable": True},
        {"name": "water", "label": {"de": "Wasser"}, "type": {"kind": "boolean"} | own, "searchable": True},
    ]
    await small_catalog(ann)
    changed = await replace(ann, "product-types", await found(ann, "product-types", "pump"), attributes=attributes)
    assert changed.status_code == 200, changed.text
    for key, quiet in (("c40", True), ("c60", True), ("c80", False)):
        one = variant(key.upper(), attributes={"material": "steel", "quiet": quiet, "water": not quiet})
        await publish(ann, await put(ann, "products", product(key, variants=[one])))
    ask = {"facet": ["quiet", "water"]} | WEB
    answer = (await service.anonymous.get("/v1/storefront/search", params=ask)).json()
    narrowed = (await service.anonymous.get("/v1/storefront/search", params=ask | {"filter": "quiet:false"})).json()
    shown = (await service.anonymous.get("/v1/storefront/products/pumpe-c80", params=WEB)).json()

    assert [(each["kind"], [tuple(value.values()) for value in each["values"]]) for each in answer["facets"]] == [
        ("boolean", [("true", "Ja", 2), ("false", "Nein", 1)]),
        ("boolean", [("false", "Brauchwasser", 2), ("true", "Trinkwasser", 1)]),
    ]
    assert [each["key"] for each in narrowed["items"]] == ["c80"]
    texts = {each["name"]: (each["value"], each["text"]) for each in shown["variants"][0]["attributes"]}
    assert (texts["quiet"], texts["water"]) == ((False, "Nein"), (True, "Trinkwasser"))
    assert (await service.anonymous.get("/v1/storefront/search", params=WEB | {"q": "nein"})).json()["total"] == 0


async def test_facet_is_not_narrowed_by_its_own_filter(search: Any) -> None:
    """Who has chosen bronze still sees how much steel there is; the category narrows both."""
    found = await search(filter="material:bronze")
    narrowed = await search(filter="material:bronze", category="pumps", facet="material")

    assert [each["key"] for each in found["items"]] == ["c60"]
    assert [value["count"] for value in found["facets"][0]["values"]] == [2, 1]
    assert [value["count"] for value in narrowed["facets"][0]["values"]] == [1, 1]
    assert (await search(facet="nothing"))["facets"] == []


async def test_pages_of_a_search_follow_each_other(search: Any) -> None:
    """In the order of relevance, every match once."""
    everything = [each["key"] for each in (await search(q="kreiselpumpe"))["items"]]
    first = await search(q="kreiselpumpe", limit=2)
    second = await search(q="kreiselpumpe", limit=2, cursor=first["next"])

    assert [each["key"] for each in first["items"] + second["items"]] == everything
    assert "next" not in second


async def test_what_was_withdrawn_is_not_found(search: Any, ann: httpx.AsyncClient) -> None:
    """Search forgets at once; a new version is found by its new words only."""
    made = (await ann.get("/v1/products", params={"key": "c60"})).json()["items"][0]
    draft = {name: made[name] for name in product("c60")} | {"name": {"de": "Umwälzer"}, "categories": []}
    changed = await ann.put(f"/v1/products/{made['id']}", json=draft, headers={"If-Match": f'"{made["version"]}"'})
    assert changed.status_code == 200, changed.text
    await publish(ann, made)

    assert [each["key"] for each in (await search(q="umwälzer"))["items"]] == ["c60"]
    assert sorted(each["key"] for each in (await search(q="kreiselpumpe"))["items"]) == ["c40", "v15"]


async def test_words_that_nobody_has_are_forgotten(
    service: Service, search: Any, ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a word of long ago would stand in the way of those that are like it."""
    draft = product("old", name={"de": "Kugelhahm"}, variants=[variant("OLD")])
    made = await put(ann, "products", draft)
    shown = await publish(ann, made)
    path = f"/v1/products/{made['id']}/publications/{shown['id']}"
    assert (await ann.delete(path, headers={"If-Match": "*"})).status_code == 204
    before = await search(q="kugelhahm")
    monkeypatch.setattr(index, "_SWEPT", 3)
    pieces, word = 0, ""
    async with service.app.state.database.transaction() as session:
        while word := await index.index_for(session).sweep(session, word):
            pieces += 1
        known = set(await session.scalars(text("SELECT word FROM search_words")))

    assert before["total"] == 0
    assert [each["key"] for each in (await search(q="kugelhahm"))["items"]] == ["v15"]
    assert "kugelhahn" in known
    assert "kugelhahm" not in known
    assert pieces > 3


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_words_that_have_just_come_are_found_through_the_index(service: Service) -> None:
    """Many at once, as an import brings them, and nobody has tidied up since: no search looks at every word."""
    many = text("INSERT INTO search_words SELECT md5(CAST(n AS text)) FROM generate_series(:first, :first + 9999) AS n")
    slipped = " ".join(exchanged("pmupe")), " ".join(slips("pmupe", "_"))
    like = index._LIKE_WORDS.replace("$1", "'kreiselpumpe'")
    meant = index._MEANT_WORDS.replace("$1", f"'{slipped[0]}'").replace("$2", f"'{slipped[1]}'")
    for first in (0, 10_000, 20_000):
        async with service.app.state.database.transaction() as session:
            await session.execute(many, {"first": first})
    async with service.app.state.database.transaction() as session:
        plans = ["\n".join(await session.scalars(text(f"EXPLAIN {asked}"))) for asked in (like, meant)]

    for plan in plans:
        assert "search_words_trigrams" in plan
        assert "Seq Scan" not in plan


def test_words_are_the_same_on_both_sides() -> None:
    """Case, accents and punctuation do not count."""
    assert words("Größe, Ü-30 DN_15") == ["grosse", "u", "30", "dn", "15"]


def test_short_words_are_meant_in_spite_of_one_slip() -> None:
    """Exchanged letters are told by the word itself, one wrong, too many or too few by a pattern of the database."""
    assert exchanged("vlave") == ["lvave", "valve", "vlvae", "vlaev"]
    assert slips("pump", "?") == ["?ump", "p?mp", "pu?p", "pum?", "?pump", "p?ump", "pu?mp", "pum?p"]
    assert "pump" in slips("pumpq", "?")


def test_alike_words_are_told_from_others() -> None:
    """One slip is forgiven, another word is not."""
    assert likeness("pumpe", "pumpe") == 1.0
    assert closest("kriselpumpe", ["kreiselpumpe", "kugelhahn"], least=0.3, most=5) == ["kreiselpumpe"]
