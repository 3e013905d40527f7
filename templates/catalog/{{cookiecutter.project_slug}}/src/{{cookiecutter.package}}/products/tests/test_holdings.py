"""What products hold and name: nobody else takes it, and nothing that is named disappears."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.catalog import PUMP_TYPE, category, delete, found, product, publish, put, replace, small_catalog, variant

MADE_FOR: dict[str, Any] = {
    "name": "made_for",
    "label": {"en": "Made for"},
    "type": {"kind": "reference", "target": "category"},
}


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog."""
    await small_catalog(ann)
    return ann


async def _takes(client: httpx.AsyncClient, **members: Any) -> tuple[int, str]:
    """Try to create a product with what another one may hold; return the answer's status and reason."""
    answer = await client.post("/v1/products", json=product("other", **members))
    if answer.status_code == 201:
        await delete(client, "products", answer.json())
        return 201, ""
    return answer.status_code, answer.json()["errors"][0]["detail"]


async def test_what_is_published_stays_taken(catalog: httpx.AsyncClient) -> None:
    """A staged edit gives up SKU, slug and unique value; touchpoints still see them, so nobody may show them too."""
    one = variant("C40", attributes={"material": "steel", "approval": "VDE-1"})
    made = await put(catalog, "products", product("c40", slug={"en": "pump-c40"}, variants=[one]))
    await publish(catalog, made)
    staged = await found(catalog, "products", "c40")
    assert (
        await replace(catalog, "products", staged, slug={"en": "new"}, variants=[variant("NEW")])
    ).status_code == 200
    wanted: list[dict[str, Any]] = [
        {"slug": {}, "variants": [variant("C40")]},
        {"slug": {"en": "pump-c40"}},
        {"slug": {}, "variants": [variant("X", attributes={"approval": "VDE-1"})]},
        {"slug": {"en": "new"}},
        {"slug": {}, "variants": [variant("NEW")]},
    ]

    refused = [await _takes(catalog, **each) for each in wanted]
    assert refused == [
        (409, "C40 belongs to c40"), (409, "pump-c40 belongs to c40"), (409, '"VDE-1" belongs to c40'),
        (409, "new belongs to c40"), (409, "NEW belongs to c40"),
    ]  # fmt: skip
    await publish(catalog, made)
    assert [(await _takes(catalog, **each))[0] for each in wanted] == [201, 201, 201, 409, 409]


async def test_what_was_withdrawn_is_free(catalog: httpx.AsyncClient) -> None:
    """With the publication goes what only it held; what the product still says stays."""
    made = await put(catalog, "products", product("c40", variants=[variant("OLD"), variant("BOTH", attributes={})]))
    made = await found(catalog, "products", "c40")
    await replace(catalog, "products", made, variants=[variant("OLD")])
    shown = await publish(catalog, made)
    staged = await found(catalog, "products", "c40")
    await replace(catalog, "products", staged, variants=[variant("BOTH")])
    before = [(await _takes(catalog, slug={}, variants=[variant(sku)]))[0] for sku in ("OLD", "BOTH")]
    path = f"/v1/products/{made['id']}/publications/{shown['id']}"
    assert (await catalog.delete(path, headers={"If-Match": "*"})).status_code == 204

    assert before == [409, 409]
    assert [(await _takes(catalog, slug={}, variants=[variant(sku)]))[0] for sku in ("OLD", "BOTH")] == [201, 409]


async def test_scheduled_version_holds_what_it_will_show(catalog: httpx.AsyncClient) -> None:
    """What touchpoints are about to see is taken from now on."""
    made = await put(catalog, "products", product("c40", variants=[variant("LATER")]))
    await publish(catalog, made, valid_from="2999-01-01T00:00:00Z")
    await replace(catalog, "products", await found(catalog, "products", "c40"), variants=[variant("NOW")])

    assert [(await _takes(catalog, slug={}, variants=[variant(sku)]))[0] for sku in ("LATER", "NOW")] == [409, 409]


@pytest.mark.parametrize(
    "naming",
    [{"related": ["c40"]}, {"variants": [variant("C60", attributes={"material": "steel", "fits": ["c40"]})]}],
    ids=["related", "attribute"],
)
async def test_product_that_is_named_is_not_deleted(catalog: httpx.AsyncClient, naming: dict[str, Any]) -> None:
    """Who names it is said; with the last name it can go."""
    made = await put(catalog, "products", product("c40"))
    other = await put(catalog, "products", product("c60", **naming))
    refused = await delete(catalog, "products", made)

    assert (refused.status_code, refused.json()["detail"]) == (409, "Products name it, such as c60.")
    assert (await replace(catalog, "products", other, related=[], variants=[])).status_code == 200
    assert (await delete(catalog, "products", made)).status_code == 204


async def test_product_that_names_itself_can_go(catalog: httpx.AsyncClient) -> None:
    """A name of one's own holds nobody."""
    made = await put(catalog, "products", product("c40", related=["c40"]))

    assert (await delete(catalog, "products", made)).status_code == 204


async def test_product_of_an_assortment_is_not_deleted(catalog: httpx.AsyncClient) -> None:
    """An assortment that names nothing would be a slip that nobody sees."""
    made = await put(catalog, "products", product("c40"))
    offer = {"key": "t", "name": {"en": "T"}, "channels": ["till"], "products": ["c40"]}
    await put(catalog, "assortments", offer)
    refused = await delete(catalog, "products", made)

    assert (refused.status_code, refused.json()["detail"]) == (409, "Assortments name it, such as t.")


async def test_category_that_an_attribute_names_is_not_deleted(ann: httpx.AsyncClient) -> None:
    """A reference is kept, whatever it refers to."""
    await put(ann, "product-types", PUMP_TYPE | {"attributes": [*PUMP_TYPE["attributes"], MADE_FOR]})
    place = await put(ann, "categories", category("heating"))
    await put(ann, "products", product("c40", variants=[variant("C40", attributes={"made_for": "heating"})]))
    refused = await delete(ann, "categories", place)

    assert (refused.status_code, refused.json()["detail"]) == (409, "Products name it, such as c40.")


async def test_of_naming_and_deleting_at_once_one_fails(catalog: httpx.AsyncClient) -> None:
    """Whoever comes first: afterwards every name leads somewhere."""
    for number in range(10):
        target = await put(catalog, "products", product(f"target-{number}"))
        naming = product(f"naming-{number}", related=[target["key"]])
        named, deleted = await asyncio.gather(
            catalog.post("/v1/products", json=naming), delete(catalog, "products", target)
        )

        assert (named.status_code, deleted.status_code) in ((201, 409), (422, 204))
