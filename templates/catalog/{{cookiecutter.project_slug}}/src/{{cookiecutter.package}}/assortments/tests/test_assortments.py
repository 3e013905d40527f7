"""Assortments: what a channel may see, and what does not exist for it."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.catalog import category, product, publish, put, replace, small_catalog
from tests.fixtures import Service


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog with three published products, which the channel ``till`` does not see yet."""
    await small_catalog(ann)
    for key, categories in (("c40", ["pumps"]), ("c60", ["heating"]), ("c80", [])):
        await publish(ann, await put(ann, "products", product(key, categories=categories)))
    return ann


async def _shown(service: Service, channel: str = "till") -> list[str]:
    response = await service.anonymous.get("/v1/storefront/products", params={"channel": channel, "sort": "name"})
    return [each["key"] for each in response.json()["items"]]


def _assortment(**members: Any) -> dict[str, Any]:
    return {"key": "till", "name": {"en": "At the till"}, "channels": ["till"]} | members


ASSORTED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, []),
    "category": ({"categories": ["pumps"]}, ["c40"]),
    "subtree": ({"categories": ["heating"]}, ["c40", "c60"]),
    "product and category": ({"products": ["c80"], "categories": ["pumps"]}, ["c40", "c80"]),
    "everything": ({"everything": True}, ["c40", "c60", "c80"]),
    "over": ({"everything": True, "valid_until": "2020-01-01T00:00:00Z"}, []),
    "not yet": ({"everything": True, "valid_from": "2999-01-01T00:00:00Z"}, []),
}


async def test_channel_sees_its_assortment(service: Service, catalog: httpx.AsyncClient) -> None:
    """By product, by category with everything below, and in its time."""
    seen = {}
    for name, (members, _) in ASSORTED.items():
        made = await put(catalog, "assortments", _assortment(**members))
        seen[name] = await _shown(service)
        await catalog.delete(f"/v1/assortments/{made['id']}", headers={"If-Match": '"1"'})

    assert seen == {name: expected for name, (_, expected) in ASSORTED.items()}


async def test_what_is_not_in_the_assortment_does_not_exist(service: Service, catalog: httpx.AsyncClient) -> None:
    """Not by id or slug, not in lists, search, facets, related products, categories or sitemap."""
    found = (await catalog.get("/v1/products", params={"key": "c80"})).json()["items"][0]
    await replace(catalog, "products", found, related=["c40", "c60"])
    await publish(catalog, found)
    await put(catalog, "assortments", _assortment(products=["c80"]))
    get = service.anonymous.get
    hidden = (await catalog.get("/v1/products", params={"key": "c40"})).json()["items"][0]
    view = {"channel": "till"}

    for name in (hidden["id"], "pumpe-c40", "pump-c40"):
        assert (await get(f"/v1/storefront/products/{name}", params=view)).status_code == 404
    related = (await get("/v1/storefront/products/pumpe-c80/related", params=view)).json()
    searched = (await get("/v1/storefront/search", params=view | {"q": "c40"})).json()
    everything = (await get("/v1/storefront/search", params=view)).json()
    assert related == {"items": []}
    assert (searched["items"], searched["total"], searched["facets"]) == ([], 0, [])
    assert everything["total"] == 1
    assert [value["count"] for facet in everything["facets"] for value in facet["values"]] == [1]
    assert (await get("/v1/storefront/categories", params=view)).json() == {"items": []}
    seen_on_the_web = (await get("/v1/storefront/products/pumpe-c80/related", params={"channel": "web"})).json()
    assert [each["product"]["key"] for each in seen_on_the_web["items"]] == ["c40", "c60"]


async def test_changes_reach_the_channel_at_once(service: Service, catalog: httpx.AsyncClient) -> None:
    """A changed assortment, a moved category, a deleted assortment: the next read knows."""
    made = await put(catalog, "assortments", _assortment(categories=["heating"]))
    pumps = (await catalog.get("/v1/categories", params={"key": "pumps"})).json()["items"][0]
    await put(catalog, "categories", category("water"))
    assert await _shown(service) == ["c40", "c60"]
    assert (await replace(catalog, "categories", pumps, parent="water")).status_code == 200
    assert await _shown(service) == ["c60"]
    made = (await replace(catalog, "assortments", made, categories=["water"])).json()
    assert await _shown(service) == ["c40"]
    await catalog.delete(f"/v1/assortments/{made['id']}", headers={"If-Match": '"2"'})

    assert await _shown(service) == []


async def test_staged_category_counts_only_when_published(service: Service, catalog: httpx.AsyncClient) -> None:
    """An assortment by category goes by what was frozen."""
    await put(catalog, "assortments", _assortment(categories=["pumps"]))
    found = (await catalog.get("/v1/products", params={"key": "c80"})).json()["items"][0]
    await replace(catalog, "products", found, categories=["pumps"])
    before = await _shown(service)
    await publish(catalog, found)

    assert (before, await _shown(service)) == (["c40"], ["c40", "c80"])


async def test_assortment_names_only_what_is_there(catalog: httpx.AsyncClient) -> None:
    """A slip in a key would hide products silently."""
    draft = _assortment(channels=["web", "tv"], categories=["nowhere"], products=["c99"])
    refused = await catalog.post("/v1/assortments", json=draft)

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/channels/1", "/categories/0", "/products/0"]


async def test_channel_in_use_is_not_deleted(catalog: httpx.AsyncClient) -> None:
    """The assortments that name it come first."""
    web = (await catalog.get("/v1/channels", params={"key": "web"})).json()["items"][0]
    refused = await catalog.delete(f"/v1/channels/{web['id']}", headers={"If-Match": '"1"'})

    assert (refused.status_code, refused.json()["detail"]) == (409, "Assortments name it, such as all.")


async def test_product_published_while_its_assortment_changes_is_listed_right(
    service: Service, catalog: httpx.AsyncClient
) -> None:
    """Two changes at once: what is seen afterwards is what both of them say."""
    offer = await put(catalog, "assortments", _assortment(products=["c40"]))
    for number in range(6):
        made = await put(catalog, "products", product(f"new-{number}", categories=["pumps"]))
        wanted = {"categories": ["pumps"]} if number % 2 == 0 else {"categories": ["heating"]}
        offer = (await replace(catalog, "assortments", offer, categories=[])).json()
        changed, _ = await asyncio.gather(replace(catalog, "assortments", offer, **wanted), publish(catalog, made))
        offer = changed.json()

        assert made["key"] in await _shown(service)


async def test_nothing_is_named_twice(catalog: httpx.AsyncClient) -> None:
    """A repetition is somebody's slip, and told as that."""
    for member in ("channels", "categories", "products"):
        refused = await catalog.post("/v1/assortments", json=_assortment(**{member: ["till", "till"]}))

        assert refused.status_code == 422
        assert refused.json()["errors"] == [{"pointer": "", "detail": f"{member}: till appears twice"}]
