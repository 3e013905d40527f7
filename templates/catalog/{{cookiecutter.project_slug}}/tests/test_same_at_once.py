"""Those who want the same at the same time: one gets it, and the others are told what is the matter."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.catalog import category, delete, product, put, replace, small_catalog

TYPE = {"key": "new", "name": {"en": "New"}}
CHANNEL = TYPE | {"currency": "EUR", "locales": [{"locale": "de"}]}
ASSORTMENT = TYPE | {"channels": ["web"]}


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog."""
    await small_catalog(ann)
    return ann


def _kinds(answers: list[httpx.Response]) -> list[str]:
    return sorted(
        answer.json()["type"].rpartition(":")[2] if answer.is_client_error else str(answer.status_code)
        for answer in answers
    )


@pytest.mark.parametrize(
    ("collection", "draft"),
    [
        ("product-types", TYPE),
        ("channels", CHANNEL),
        ("assortments", ASSORTMENT),
        ("categories", category("new")),
    ],
)
async def test_one_of_several_gets_a_key(catalog: httpx.AsyncClient, collection: str, draft: dict[str, Any]) -> None:
    """The others learn that it is taken, however close they came."""
    answers = await asyncio.gather(*(catalog.post(f"/v1/{collection}", json=draft) for _ in range(6)))

    assert ["201", *["key-taken"] * 5] == _kinds(answers)


async def test_one_of_several_gets_a_slug(catalog: httpx.AsyncClient) -> None:
    """Also where nobody moves in the tree."""
    places = [await put(catalog, "categories", category(f"place-{number}")) for number in range(4)]
    answers = await asyncio.gather(*(replace(catalog, "categories", each, slug={"de": "same"}) for each in places))

    assert ["200", *["slug-taken"] * 3] == _kinds(answers)


async def test_type_goes_or_gets_products(catalog: httpx.AsyncClient) -> None:
    """Whoever deletes a product type waits for those who are about to use it."""
    for number in range(5):
        kind = await put(catalog, "product-types", {"key": f"type-{number}", "name": {"en": "New"}})
        drafts = [product(f"p-{number}-{each}", product_type=kind["key"], slug={}, variants=[]) for each in range(4)]
        gone, *made = await asyncio.gather(
            delete(catalog, "product-types", kind), *(catalog.post("/v1/products", json=each) for each in drafts)
        )

        outcome = (gone.status_code, {each.status_code for each in made})

        assert outcome in [(204, {422}), (409, {201})]
