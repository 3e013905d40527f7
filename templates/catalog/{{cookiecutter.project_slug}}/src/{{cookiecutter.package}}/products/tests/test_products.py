"""Products and variants, as they are being worked on."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.catalog import PUMP_TYPE, category, product, put, replace, variant


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a catalog with the type ``pump`` and the categories ``heating`` > ``pumps``."""
    await put(ann, "product-types", PUMP_TYPE)
    await put(ann, "categories", category("heating"))
    await put(ann, "categories", category("pumps", "heating"))
    return ann


async def test_whole_product_is_kept(catalog: httpx.AsyncClient) -> None:
    """What was written is what is read."""
    await put(catalog, "products", product("c60"))
    draft = product(
        "c40",
        description={"de": "Für Heizungen"},
        categories=["pumps"],
        variants=[
            variant(
                "C40-230",
                gtin="4006381333931",
                attributes={"material": "steel", "voltage": {"value": 230, "unit": "V"}, "fits": ["c60", "c40"]},
                content={"value": 1, "unit": "piece"},
                list_prices=[{"amount": 19900, "currency": "EUR"}],
            ),
            variant("C40-400", attributes={"material": "steel", "voltage": {"value": 0.4, "unit": "kV"}}),
        ],
        media=[{"url": "/media/c40.webp", "alt": {"en": "A pump"}}, {"url": "https://cdn.example.org/c40-2.webp"}],
        seo={"title": {"en": "C40"}},
        related=["c60"],
        external_references={"erp": "4711", "pim": "P-1"},
        traits={"logistics": {"pallet": 48}},
    )
    created = await put(catalog, "products", draft)
    found = (await catalog.get(f"/v1/products/{created['id']}")).json()

    assert found == created
    assert found["state"] == "draft"
    assert [each["sku"] for each in found["variants"]] == ["C40-230", "C40-400"]
    assert {
        name: found[name] for name in ("description", "categories", "related", "external_references", "traits")
    } == {name: draft[name] for name in ("description", "categories", "related", "external_references", "traits")}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"variants": [variant("A", attributes={"material": "wood"})]}, "/variants/0/attributes/material"),
    ({"variants": [variant("A", gtin="4006381333932")]}, "/variants/0/gtin"),
    ({"variants": [variant("A"), variant("A")]}, ""),
    ({"variants": [variant("A", content={"value": 0, "unit": "l"})]}, "/variants/0/content/value"),
    (
        {"variants": [variant("A", list_prices=[{"amount": 19.99, "currency": "EUR"}])]},
        "/variants/0/list_prices/0/amount",
    ),
    ({"variants": [variant("A", attributes={"fits": ["nowhere"]})]}, "/variants/0/attributes/fits"),
    ({"categories": ["nowhere"]}, "/categories/0"),
    ({"related": ["nowhere"]}, "/related/0"),
    ({"product_type": "nowhere"}, "/product_type"),
    ({"name": {}}, "/name"),
    ({"slug": {"en": "Not A Slug"}}, "/slug/en"),
    ({"media": [{"url": "javascript:alert(1)"}]}, "/media/0/url"),
    ({"state": "published"}, "/state"),
]


async def test_broken_product_is_refused_where_it_is_broken(catalog: httpx.AsyncClient) -> None:
    """Each mistake is named by its JSON Pointer, and nothing is stored."""
    for changes, pointer in BROKEN:
        response = await catalog.post("/v1/products", json=product("c40") | changes)
        assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, pointer), changes

    assert (await catalog.get("/v1/products")).json() == {"items": []}


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"variants": [variant("C40")]}, "/variants/0/sku"),
        ({"slug": {"de": "pumpe-c40"}}, "/slug/de"),
        ({"external_references": {"erp": "4711"}}, "/external_references/erp"),
        ({"variants": [variant("X", attributes={"approval": "VDE-1"})]}, "/variants/0/attributes/approval"),
    ],
    ids=["sku", "slug", "reference", "unique attribute"],
)
async def test_what_one_product_holds_no_other_may(
    catalog: httpx.AsyncClient, changes: dict[str, Any], pointer: str
) -> None:
    """SKU, slug, reference and unique attributes are refused with their holder's key, and freed with it."""
    holder = product(
        "c40",
        variants=[variant("C40", attributes={"material": "steel", "approval": "VDE-1"})],
        external_references={"erp": "4711"},
    )
    first = await put(catalog, "products", holder)
    refused = await catalog.post("/v1/products", json=product("c60") | changes)

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:taken")
    assert refused.json()["errors"][0]["pointer"] == pointer
    assert refused.json()["errors"][0]["detail"].endswith("belongs to c40")
    assert (await catalog.delete(f"/v1/products/{first['id']}", headers={"If-Match": '"1"'})).status_code == 204
    await put(catalog, "products", product("c60") | changes)


async def test_of_many_who_want_one_sku_one_gets_it(catalog: httpx.AsyncClient) -> None:
    """The database decides, not a look before."""
    drafts = [product(f"c{n}", slug={}, variants=[variant("SAME")]) for n in range(8)]
    answers = await asyncio.gather(*(catalog.post("/v1/products", json=draft) for draft in drafts))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_long_values_are_unique_too(catalog: httpx.AsyncClient) -> None:
    """The longest text there may be, of letters that take the most bytes, fits into the index that keeps it unique."""
    letters = "".join(chr(0x20000 + (number * 7919) % 40_000) for number in range(1000))
    for key, text, status in (("c1", letters, 201), ("c2", letters[:-1], 201), ("c3", letters, 409)):
        one = variant(key.upper(), attributes={"material": "steel", "approval": text})
        assert (await catalog.post("/v1/products", json=product(key, variants=[one]))).status_code == status


async def test_changes_free_what_they_give_up(catalog: httpx.AsyncClient) -> None:
    """A SKU that was given up can be taken by somebody else."""
    made = await put(catalog, "products", product("c40"))
    changed = await replace(catalog, "products", made, variants=[variant("OTHER")])
    assert changed.status_code == 200
    await put(catalog, "products", product("c60", variants=[variant("C40")]))

    assert (changed.json()["version"], changed.json()["variants"][0]["sku"]) == (2, "OTHER")


KNOWN: list[tuple[dict[str, str], list[str]]] = [
    ({"key": "c40"}, ["c40"]),
    ({"sku": "C60"}, ["c60"]),
    ({"reference": "erp:47:11"}, ["c40"]),
    ({"category": "heating"}, ["c40"]),
    ({"category": "pumps", "state": "draft", "product_type": "pump"}, ["c40"]),
    ({"state": "archived"}, ["c60"]),
    ({}, ["c40", "c60"]),
]


async def test_products_are_found_by_what_is_known_of_them(catalog: httpx.AsyncClient) -> None:
    """By key, SKU, the other system's number, category subtree, type and state."""
    await put(catalog, "products", product("c40", categories=["pumps"], external_references={"erp": "47:11"}))
    await put(catalog, "products", product("c60", archived=True))
    listed = [(known, (await catalog.get("/v1/products", params=known)).json()["items"]) for known, _ in KNOWN]

    assert [(known, [each["key"] for each in items]) for known, items in listed] == KNOWN


async def test_patch_takes_one_language_away(catalog: httpx.AsyncClient) -> None:
    """RFC 7396 goes into texts too; the last name cannot go, for a product has one."""
    texts = {"description": {"de": "Leise.", "en": "Quiet."}, "seo": {"title": {"de": "Leise", "en": "Quiet"}}}
    made = await put(catalog, "products", product("c40", **texts))
    german = {"de": None}
    changed = await replace(
        catalog, "products", made, name=german, slug=german, description=german, seo={"title": german}
    )
    found = changed.json()
    refused = await replace(catalog, "products", found, name={"en": None})

    assert [found[name] for name in ("name", "slug", "description", "seo")] == [
        {"en": "Pump c40"},
        {"en": "pump-c40"},
        {"en": "Quiet."},
        {"title": {"en": "Quiet"}, "description": {}},
    ]
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/name")


async def test_patch_of_traits_merges_by_namespace(catalog: httpx.AsyncClient) -> None:
    """RFC 7396 goes into objects: null removes one namespace and leaves the others."""
    made = await put(catalog, "products", product("c40", traits={"a": {"x": 1, "y": 2}, "b": {"z": 3}}))
    changed = await replace(catalog, "products", made, traits={"a": {"y": None, "w": 4}, "b": None})

    assert changed.json()["traits"] == {"a": {"x": 1, "w": 4}}


PICTURES = {
    "/media/c40.webp": 201,
    "https://cdn.example.com/c40.webp?w=2": 201,
    "//elsewhere.example.com/c40.webp": 422,
    "/\\elsewhere.example.com/c40.webp": 422,
    "https://user:password@cdn.example.com/c40.webp": 422,
    "http://cdn.example.com/c40.webp": 422,
}


async def test_pictures_come_from_where_they_seem_to(catalog: httpx.AsyncClient) -> None:
    """A path leads to no other host, and an address shows nobody's password to touchpoints."""
    drafts = {url: product(f"c{number}", media=[{"url": url}]) for number, url in enumerate(PICTURES)}

    assert {url: (await catalog.post("/v1/products", json=drafts[url])).status_code for url in PICTURES} == PICTURES
