"""The storefront: what touchpoints get, and what they never get."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.catalog import product, publish, put, replace, small_catalog, variant
from tests.fixtures import Service

from .. import reading

WEB = {"channel": "web", "locale": "en"}


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog."""
    await small_catalog(ann)
    return ann


@pytest.fixture
def get(service: Service) -> Any:
    """Give a function that asks as a touchpoint, without a token."""
    return service.anonymous.get


async def _pumps(client: httpx.AsyncClient, count: int) -> None:
    for number in range(count):
        price = {"amount": 1000 * (number % 3), "currency": "EUR"}
        head = {"value": number * 100, "unit": "cm"}
        values = {"material": ("steel", "bronze")[number % 2], "max_head": head}
        one = variant(f"C{number}", attributes=values, list_prices=[price] if number % 3 else [])
        categories = ["pumps"] if number < 3 else ["heating"]
        made = await put(client, "products", product(f"c{number}", variants=[one], categories=categories))
        await publish(client, made)


async def test_product_is_shown_whole_and_nothing_internal_of_it(catalog: httpx.AsyncClient, get: Any) -> None:
    """Attributes with labels, unit price, traits of the channel; no cost price, no other traits, no references."""
    one = variant(
        "C40-1",
        gtin="4006381333931",
        attributes={"material": "bronze", "max_head": {"value": 4, "unit": "m"}, "cost": 1234, "fits": ["c40"]},
        content={"value": 750, "unit": "ml"},
        list_prices=[{"amount": 1999, "currency": "EUR"}, {"amount": 2500, "currency": "CHF"}],
    )
    draft = product(
        "c40",
        variants=[one],
        description={"de": "Leise."},
        categories=["pumps"],
        media=[{"url": "/m/1.webp", "alt": {"en": "Left"}}, {"url": "/m/2.webp"}],
        seo={"title": {"en": "C40"}},
        traits={"shown": {"badge": "new"}, "logistics": {"pallet": 4321}},
        external_references={"erp": "SECRET-4711"},
    )
    made = await put(catalog, "products", draft)
    await publish(catalog, made)
    response = await get("/v1/storefront/products/pump-c40", params=WEB)

    assert response.json() == {
        "id": made["id"],
        "key": "c40",
        "slug": "pump-c40",
        "name": "Pump c40",
        "locale": "en",
        "product_type": "pump",
        "description": "Leise.",
        "categories": ["pumps"],
        "media": [{"url": "/m/1.webp", "alt": "Left"}, {"url": "/m/2.webp", "alt": None}],
        "seo": {"title": "C40", "description": None},
        "slugs": {"de": "pumpe-c40", "en": "pump-c40"},
        "variants": [
            {
                "sku": "C40-1",
                "gtin": "4006381333931",
                "attributes": [
                    {"name": "material", "label": "Material", "value": "bronze", "text": "Bronze"},
                    {"name": "max_head", "label": "Maximum head", "value": {"value": 4, "unit": "m"}, "text": "4 m"},
                ],
                "content": {"value": 750.0, "unit": "ml"},
                "list_price": {"amount": 1999, "currency": "EUR"},
                "unit_price": {"amount": 2665, "currency": "EUR", "unit": "l"},
            }
        ],
        "traits": {"shown": {"badge": "new"}},
    }
    for path in ("products/pump-c40", "products", "search", "sitemap", "categories", "products/pump-c40/related"):
        text = (await get(f"/v1/storefront/{path}", params=WEB)).text
        assert not [word for word in ("1234", "4321", "SECRET", "2500") if word in text], path


async def test_what_links_carry_is_ignored(catalog: httpx.AsyncClient, get: Any) -> None:
    """Advertising and analytics put names of their own on addresses; who follows such a link sees the same page."""
    await publish(catalog, await put(catalog, "products", product("c40")))
    for path in ("products/pump-c40", "products", "search", "categories"):
        plain = await get(f"/v1/storefront/{path}", params=WEB)
        tagged = await get(f"/v1/storefront/{path}", params=WEB | {"utm_source": "newsletter", "gclid": "x"})

        assert (tagged.status_code, tagged.content) == (200, plain.content), path


async def test_fresh_copy_is_not_sent_again(catalog: httpx.AsyncClient, get: Any) -> None:
    """Strong tags on everything; a publication that changes nothing leaves them as they are."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    for path in ("products/pump-c40", "products", "search", "categories", "sitemap", "products/pump-c40/related"):
        first = await get(f"/v1/storefront/{path}", params=WEB)
        again = await get(f"/v1/storefront/{path}", params=WEB, headers={"If-None-Match": first.headers["etag"]})
        other = await get(f"/v1/storefront/{path}", params=WEB, headers={"If-None-Match": '"other"'})
        assert (again.status_code, again.content) == (304, b""), path
        assert (other.status_code, other.content) == (200, first.content), path
        assert first.headers["cache-control"] == again.headers["cache-control"] == "public, max-age=60"
    tag = (await get("/v1/storefront/products/pump-c40", params=WEB)).headers["etag"]
    await publish(catalog, made)

    assert (await get("/v1/storefront/products/pump-c40", params=WEB)).headers["etag"] == tag


async def test_tag_is_that_of_the_bytes_it_comes_with(
    catalog: httpx.AsyncClient, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when something is published while it is found out whether the caller's copy is fresh."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    read = reading.product

    async def slowly(*asked: Any) -> Any:
        found = await read(*asked)
        monkeypatch.setattr(reading, "product", read)
        present = (await catalog.get(f"/v1/products/{made['id']}")).json()
        await replace(catalog, "products", present, name={"en": "New"})
        await publish(catalog, made)
        return found

    monkeypatch.setattr(reading, "product", slowly)
    answer = await get("/v1/storefront/products/pump-c40", params=WEB, headers={"If-None-Match": '"older"'})
    after = await get("/v1/storefront/products/pump-c40", params=WEB)

    assert answer.json()["name"] == after.json()["name"] == "New"
    assert answer.headers["etag"] == after.headers["etag"]


@pytest.mark.parametrize("asked", [WEB, {"channel": "web"}], ids=["in a language", "in any"])
async def test_product_that_is_published_anew_is_always_there(
    catalog: httpx.AsyncClient, get: Any, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    """A reader that waited for the database meanwhile asks as of a moment at which the new version was not yet."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    read = reading.product

    async def late(*given: Any) -> Any:
        monkeypatch.setattr(reading, "product", read)
        await publish(catalog, made)
        return await read(*given)

    monkeypatch.setattr(reading, "product", late)

    assert (await get(f"/v1/storefront/products/{made['id']}", params=asked)).status_code == 200


LANGUAGES = [
    ("en", "Pump c40", "en"),
    ("de-AT", "Pumpe c40", "de"),
    ("fr", "Pumpe c40", "de"),
    (None, "Pumpe c40", "de"),
]


async def test_language_that_fits_best_is_taken(catalog: httpx.AsyncClient, get: Any) -> None:
    """The language itself, what it is a kind of, or the channel's default."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    taken = []
    for wanted, _, _ in LANGUAGES:
        parameters = {"channel": "web"} | ({"locale": wanted} if wanted else {})
        found = (await get(f"/v1/storefront/products/{made['id']}", params=parameters)).json()
        taken.append((wanted, found["name"], found["locale"]))

    assert taken == LANGUAGES


@pytest.mark.parametrize("slug", ["a-b-c-d-efghijklmnopqrstuvwxyzabcdef", "0190a5e0-0000-7000-8000-000000000000"])
async def test_slug_that_looks_like_an_id_is_a_slug(catalog: httpx.AsyncClient, get: Any, slug: str) -> None:
    """Thirty-six characters and four hyphens are no reason to be lost."""
    await publish(catalog, await put(catalog, "products", product("c40", slug={"en": slug})))
    found = await get(f"/v1/storefront/products/{slug}", params=WEB)

    assert (found.status_code, found.json()["key"]) == (200, "c40")


async def test_missing_translation_falls_back(catalog: httpx.AsyncClient, get: Any) -> None:
    """Each text by itself goes down the channel's chain."""
    draft = product("c40", name={"de": "Pumpe"}, slug={"de": "pumpe"}, description={"en": "Quiet.", "de": "Leise."})
    await publish(catalog, await put(catalog, "products", draft))
    found = (await get("/v1/storefront/products/pumpe", params=WEB)).json()

    assert (found["name"], found["slug"], found["description"]) == ("Pumpe", "pumpe", "Quiet.")


async def test_search_engines_get_their_own_words(catalog: httpx.AsyncClient, get: Any) -> None:
    """schema.org as JSON-LD: a product with its offer, whose price is said to be a list price."""
    one = variant(
        "C40-1",
        gtin="4006381333931",
        content={"value": 750, "unit": "ml"},
        list_prices=[{"amount": 1999, "currency": "EUR"}],
    )
    media = [{"url": "/m/1.webp"}, {"url": "https://cdn.example.org/2.webp"}]
    made = await put(catalog, "products", product("c40", variants=[one], media=media, description={"en": "Quiet."}))
    await publish(catalog, made)
    found = await get("/v1/storefront/products/pump-c40", params=WEB, headers={"Accept": "application/ld+json"})

    assert (found.headers["content-type"], found.headers["vary"]) == ("application/ld+json", "Accept")
    price = {"@type": "UnitPriceSpecification", "priceType": "https://schema.org/ListPrice", "priceCurrency": "EUR"}
    litre = {"@type": "QuantitativeValue", "value": 1, "unitCode": "LTR"}
    assert found.json() == {
        "@context": "https://schema.org/",
        "@type": "Product",
        "name": "Pump c40",
        "productID": "c40",
        "sku": "C40-1",
        "gtin": "4006381333931",
        "description": "Quiet.",
        "url": "https://shop.example.com/p/pump-c40",
        "image": ["https://shop.example.com/m/1.webp", "https://cdn.example.org/2.webp"],
        "additionalProperty": [
            {"@type": "PropertyValue", "propertyID": "material", "name": "Material", "value": "Steel"}
        ],
        "offers": {
            "@type": "Offer",
            "url": "https://shop.example.com/p/pump-c40",
            "priceSpecification": [
                price | {"price": "19.99"}, price | {"price": "26.65", "referenceQuantity": litre},
            ],
        },
    }  # fmt: skip
    assert found.headers["etag"] != (await get("/v1/storefront/products/pump-c40", params=WEB)).headers["etag"]


async def test_variants_are_a_group_to_search_engines(catalog: httpx.AsyncClient, get: Any) -> None:
    """Each variant is a product with a name and a SKU of its own; what has no price makes no offer."""
    await publish(catalog, await put(catalog, "products", product("c60", variants=[variant("A"), variant("B")])))
    headers = {"Accept": "application/ld+json"}
    group = (await get("/v1/storefront/products/pump-c60", params=WEB, headers=headers)).json()

    assert {name: group[name] for name in ("@type", "name", "productGroupID")} == {
        "@type": "ProductGroup", "name": "Pump c60", "productGroupID": "c60",
    }  # fmt: skip
    assert [(each["@type"], each["name"], each["sku"]) for each in group["hasVariant"]] == [
        ("Product", "Pump c60 A", "A"), ("Product", "Pump c60 B", "B"),
    ]  # fmt: skip
    assert not [each for each in group["hasVariant"] if "offers" in each]


ORDERS = {
    "newest": ["c4", "c3", "c2", "c1", "c0"],
    "name": ["c0", "c1", "c2", "c3", "c4"],
    "price": ["c1", "c4", "c2", "c0", "c3"],
    "-price": ["c2", "c1", "c4", "c0", "c3"],
}


async def test_pages_follow_the_order(catalog: httpx.AsyncClient, get: Any) -> None:
    """Page by page, without a gap or a repetition, also where many are equal; a cursor belongs to one order."""
    await _pumps(catalog, 5)
    seen: dict[str, list[str]] = {sort: [] for sort in ORDERS}
    for sort, keys in seen.items():
        parameters = WEB | {"sort": sort, "limit": "2"}
        while True:
            page = (await get("/v1/storefront/products", params=parameters)).json()
            keys += [each["key"] for each in page["items"]]
            if "next" not in page:
                break
            parameters["cursor"] = page["next"]
        other = {"sort": "name" if sort != "name" else "price"}
        foreign = await get("/v1/storefront/products", params=parameters | other)
        assert (foreign.status_code, foreign.json()["type"]) == (400, "urn:problem-type:invalid-cursor"), sort

    assert seen == ORDERS


NARROWED: list[tuple[dict[str, Any], list[str]]] = [
    ({"category": "pumps"}, ["c0", "c1", "c2"]),
    ({"category": "heating"}, ["c0", "c1", "c2", "c3", "c4"]),
    ({"filter": "material:bronze"}, ["c1", "c3"]),
    ({"filter": "material:bronze,steel"}, ["c0", "c1", "c2", "c3", "c4"]),
    ({"filter": "max_head:2..3"}, ["c2", "c3"]),
    ({"filter": "max_head:..1"}, ["c0", "c1"]),
    ({"filter": ["material:steel", "max_head:2.."]}, ["c2", "c4"]),
    ({"filter": "voltage:230"}, []),
    ({"filter": "cost:1.."}, []),
    ({"category": "nowhere"}, []),
]


async def test_list_is_narrowed(catalog: httpx.AsyncClient, get: Any) -> None:
    """By category with everything below, by values, by ranges in the type's unit; only what is searchable."""
    await _pumps(catalog, 5)
    shown = []
    for narrowed, _ in NARROWED:
        found = (await get("/v1/storefront/products", params=WEB | {"sort": "name"} | narrowed)).json()
        shown.append((narrowed, [each["key"] for each in found["items"]]))

    assert shown == NARROWED


async def test_filter_that_cannot_be_read_is_refused(catalog: httpx.AsyncClient, get: Any) -> None:
    """A slip must not look like an empty shelf."""
    for wrong in ("material", ":steel", "Material:steel", "material:", "x' OR 1=1 --:1"):
        response = await get("/v1/storefront/products", params=WEB | {"filter": wrong})
        assert (response.status_code, response.json()["errors"][0]["parameter"]) == (422, "filter.0"), wrong
    assert catalog


async def test_unknown_channel_is_said_plainly(catalog: httpx.AsyncClient, get: Any) -> None:
    """A slip in the channel is a 404 everywhere."""
    for path in ("products/pump-c40", "products", "search", "categories", "sitemap", "products/pump-c40/related"):
        response = await get(f"/v1/storefront/{path}", params={"channel": "tv"})
        assert (response.status_code, response.json()["type"]) == (404, "urn:problem-type:no-channel"), path
    assert catalog


async def test_category_tree_shows_where_products_are(catalog: httpx.AsyncClient, get: Any) -> None:
    """Nested, in order, in the language; a branch without products is not there."""
    await put(catalog, "categories", {"key": "empty", "name": {"en": "Empty"}, "slug": {}})
    await _pumps(catalog, 1)
    items = (await get("/v1/storefront/categories", params=WEB)).json()["items"]

    leaf: dict[str, Any] = {"key": "pumps", "slug": "pumps", "name": "Pumps", "description": None, "children": []}
    assert items == [{"key": "heating", "slug": "heating", "name": "Heating", "description": None, "children": [leaf]}]


async def test_sitemap_lists_what_is_shown(catalog: httpx.AsyncClient, get: Any) -> None:
    """Well-formed, absolute, in the language; past the end it is empty."""
    await _pumps(catalog, 2)
    response = await get("/v1/storefront/sitemap", params=WEB)
    beyond = await get("/v1/storefront/sitemap", params=WEB | {"part": "2"})
    root = ET.fromstring(response.content)  # noqa: S314 - our own
    urls = [each.text for each in root.iter() if each.tag.endswith("loc")]
    changed = [datetime.fromisoformat(each.text or "") for each in root.iter() if each.tag.endswith("lastmod")]

    assert response.headers["content-type"] == "application/xml"
    assert all(timedelta(0) <= datetime.now(UTC) - each < timedelta(minutes=5) for each in changed)
    assert len(changed) == 2
    assert urls == ["https://shop.example.com/p/pump-c0", "https://shop.example.com/p/pump-c1"]
    assert "<loc>" not in beyond.text


async def test_cards_are_what_the_contract_says(catalog: httpx.AsyncClient, get: Any) -> None:
    """A card says enough for a list and no more."""
    await _pumps(catalog, 2)
    page = (await get("/v1/storefront/products", params=WEB | {"sort": "name"})).json()

    assert json.loads(json.dumps(page["items"][1])) | {"id": ""} == {
        "id": "", "key": "c1", "slug": "pump-c1", "name": "Pump c1", "media": [], "variants": 1,
        "list_price": {"amount": 1000, "currency": "EUR"},
    }  # fmt: skip


SIZES = {
    f"p{number}": size for number, size in enumerate(['DN 15, 1/2"', "4..10", "a\\b", "x:y", ",", "..", "1..", "\\,"])
}


async def test_what_a_facet_offers_a_filter_takes(catalog: httpx.AsyncClient, get: Any) -> None:
    """Whatever a text holds, the value that a facet shows finds exactly the products that it counts."""
    text = {"name": "size", "label": {"en": "Size"}, "type": {"kind": "text"}, "searchable": True}
    await put(catalog, "product-types", {"key": "part", "name": {"en": "Part"}, "attributes": [text]})
    for key, size in (SIZES | {"other": "DN 15"}).items():
        one = variant(key.upper(), attributes={"size": size})
        await publish(catalog, await put(catalog, "products", product(key, product_type="part", variants=[one])))
    (facet,) = (await get("/v1/storefront/search", params=WEB)).json()["facets"]
    offered = {each["label"]: each["value"] for each in facet["values"]}
    found: dict[str, dict[str, list[str]]] = {"search": {}, "products": {}}
    for path, keys in found.items():
        for size in SIZES.values():
            response = await get(f"/v1/storefront/{path}", params=WEB | {"filter": f"size:{offered[size]}"})
            keys[size] = [item["key"] for item in response.json()["items"]]

    assert found == {path: {size: [key] for key, size in SIZES.items()} for path in found}


async def test_product_that_is_not_shown_is_no_value_either(catalog: httpx.AsyncClient, get: Any) -> None:
    """A facet names the products that others refer to, as long as the channel shows them; so does a filter."""
    reference = {"kind": "set", "element": {"kind": "reference", "target": "product"}}
    fits = {"name": "spare_for", "label": {"en": "Spare part for"}, "type": reference, "searchable": True}
    await put(catalog, "product-types", {"key": "part", "name": {"en": "Part"}, "attributes": [fits]})
    pump = await put(catalog, "products", product("c40"))
    seal = product("seal", product_type="part", variants=[variant("S", attributes={"spare_for": ["c40"]})])
    await publish(catalog, await put(catalog, "products", seal))
    hidden = (await get("/v1/storefront/search", params=WEB)).json()
    in_vain = [
        (await get(f"/v1/storefront/{path}", params=WEB | {"filter": "spare_for:c40"})).json()["items"]
        for path in ("search", "products")
    ]
    await publish(catalog, pump)
    seen = (await get("/v1/storefront/search", params=WEB | {"filter": "spare_for:c40", "facet": "spare_for"})).json()

    assert (hidden["facets"], in_vain) == ([], [[], []])
    assert [item["key"] for item in seen["items"]] == ["seal"]
    assert seen["facets"][0]["values"] == [{"value": "c40", "label": "Pump c40", "count": 1}]


ACCEPTED = {
    "*/*": "application/json",
    "application/ld+json": "application/ld+json",
    "Application/LD+JSON": "application/ld+json",
    "application/json, application/ld+json;q=0.5": "application/json",
    "application/json;q=0.5, application/ld+json": "application/ld+json",
    "application/ld+json;q=0, */*": "application/json",
}


async def test_caller_gets_what_it_likes_best(catalog: httpx.AsyncClient, get: Any) -> None:
    """Weights count, and letters in either case (RFC 9110, section 12.5.1)."""
    await publish(catalog, await put(catalog, "products", product("c40")))
    given = {}
    for accept in ACCEPTED:
        response = await get("/v1/storefront/products/pump-c40", params=WEB, headers={"Accept": accept})
        given[accept] = response.headers["content-type"]

    assert given == ACCEPTED


async def test_names_are_ordered_as_people_look_for_them(catalog: httpx.AsyncClient, get: Any) -> None:
    """An Ä stands beside an A, and not behind the Z."""
    for key, name in (("c1", "Zange"), ("c2", "Äußere Dichtung"), ("c3", "ausgleich"), ("c4", "Armatur")):
        await publish(catalog, await put(catalog, "products", product(key, name={"en": name})))
    found = (await get("/v1/storefront/products", params=WEB | {"sort": "name"})).json()["items"]

    assert [each["name"] for each in found] == ["Armatur", "ausgleich", "Äußere Dichtung", "Zange"]
