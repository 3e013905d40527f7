"""Categories: a tree that stays one."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from tests.catalog import PUMP_TYPE, category, product, publish, put, replace, small_catalog
from tests.fixtures import Service

from .. import service as service_module
from ..models import CategoryPath, CategoryRow


async def _tree(client: httpx.AsyncClient, *pairs: tuple[str, str | None]) -> dict[str, dict[str, Any]]:
    return {key: await put(client, "categories", category(key, parent)) for key, parent in pairs}


async def _paths(service: Service) -> tuple[set[tuple[str, str, int]], set[tuple[str, str, int]]]:
    """Return the stored pairs of ancestor and descendant, and the ones that the parents say."""
    async with service.app.state.database.reading() as session:
        stored = {(each.ancestor, each.descendant, each.depth) for each in await session.scalars(select(CategoryPath))}
        parents = {each.key: each.parent for each in await session.scalars(select(CategoryRow))}
    expected = set()
    for key in parents:
        above: str | None = key
        depth = 0
        while above is not None:
            expected.add((above, key, depth))
            above, depth = parents[above], depth + 1
    return stored, expected


async def test_subtree_moves_as_a_whole(service: Service, ann: httpx.AsyncClient) -> None:
    """Another parent takes everything below along."""
    made = await _tree(ann, ("heating", None), ("pumps", "heating"), ("small", "pumps"), ("water", None))
    moved = await replace(ann, "categories", made["pumps"], parent="water")

    assert (moved.status_code, moved.json()["parent"]) == (200, "water")
    stored, expected = await _paths(service)
    assert stored == expected
    assert ("water", "small", 2) in stored


@pytest.mark.parametrize("parent", ["heating", "pumps", "small"])
async def test_circle_is_refused(service: Service, ann: httpx.AsyncClient, parent: str) -> None:
    """Nothing can lie below itself."""
    made = await _tree(ann, ("heating", None), ("pumps", "heating"), ("small", "pumps"))
    refused = await replace(ann, "categories", made["heating"], parent=parent)

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:category-circle")
    stored, expected = await _paths(service)
    assert stored == expected


async def test_two_moves_cannot_make_a_circle_together(service: Service, ann: httpx.AsyncClient) -> None:
    """Each alone is fine; at the same time one of them loses."""
    made = await _tree(ann, ("a", None), ("b", None))
    answers = await asyncio.gather(
        replace(ann, "categories", made["a"], parent="b"), replace(ann, "categories", made["b"], parent="a")
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    stored, expected = await _paths(service)
    assert stored == expected


async def test_subtree_is_deleted_only_on_request(service: Service, ann: httpx.AsyncClient) -> None:
    """Nobody deletes a branch by mistake."""
    made = await _tree(ann, ("heating", None), ("pumps", "heating"), ("small", "pumps"), ("water", None))
    path, tag = f"/v1/categories/{made['heating']['id']}", {"If-Match": '"1"'}

    refused = await ann.delete(path, headers=tag)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:has-children")
    assert (await ann.delete(path, headers=tag, params={"subtree": "true"})).status_code == 204
    stored, _ = await _paths(service)
    assert stored == {("water", "water", 0)}


async def test_category_with_products_is_not_deleted(ann: httpx.AsyncClient) -> None:
    """The products decide, also those further down."""
    await put(ann, "product-types", PUMP_TYPE)
    made = await _tree(ann, ("heating", None), ("pumps", "heating"))
    await put(ann, "products", product("c40", categories=["pumps"]))
    refused = await ann.delete(
        f"/v1/categories/{made['heating']['id']}", headers={"If-Match": '"1"'}, params={"subtree": "true"}
    )

    assert (refused.status_code, refused.json()["detail"]) == (409, "Products are in it, such as c40.")


async def test_category_that_is_shown_or_named_is_not_deleted(ann: httpx.AsyncClient) -> None:
    """What is published decides as well, and so do assortments."""
    await small_catalog(ann)
    made = await put(ann, "products", product("c40", categories=["pumps"]))
    await publish(ann, made)
    found = (await ann.get(f"/v1/products/{made['id']}")).json()
    await replace(ann, "products", found, categories=[])
    await put(ann, "assortments", {"key": "h", "name": {"en": "H"}, "channels": ["web"], "categories": ["heating"]})
    details = []
    for key in ("pumps", "heating"):
        here = (await ann.get("/v1/categories", params={"key": key})).json()["items"][0]
        path = f"/v1/categories/{here['id']}"
        details.append((await ann.delete(path, headers={"If-Match": "*"}, params={"subtree": "true"})).json()["detail"])
    await publish(ann, made)
    heating = (await ann.get("/v1/categories", params={"key": "heating"})).json()["items"][0]
    path = f"/v1/categories/{heating['id']}"
    last = await ann.delete(path, headers={"If-Match": "*"}, params={"subtree": "true"})

    assert details == ["Published products are in it, such as c40."] * 2
    assert (last.status_code, last.json()["detail"]) == (409, "Assortments name it, such as h.")


async def test_slug_is_unique_in_its_language(ann: httpx.AsyncClient) -> None:
    """A URL leads to one category."""
    made = await _tree(ann, ("pumps", None))
    refused = await ann.post("/v1/categories", json=category("valves", slug={"en": "pumps", "de": "ventile"}))
    assert (refused.status_code, refused.json()["errors"]) == (
        409,
        [{"pointer": "/slug/en", "detail": "pumps is taken"}],
    )
    assert (await replace(ann, "categories", made["pumps"], slug={"en": "all-pumps"})).status_code == 200
    await put(ann, "categories", category("valves", slug={"en": "pumps"}))


@pytest.mark.parametrize(
    ("draft", "kind"),
    [
        (category("pumps"), "key-taken"),
        (category("valves", "nowhere"), "no-parent"),
        (category("too-deep", "level-12"), "too-deep"),
    ],
    ids=["same key", "no parent", "13 deep"],
)
async def test_place_in_the_tree_must_be_possible(ann: httpx.AsyncClient, draft: dict[str, Any], kind: str) -> None:
    """What cannot be placed is refused, not placed elsewhere."""
    levels = [("level-1", None), *((f"level-{n}", f"level-{n - 1}") for n in range(2, 13))]
    await _tree(ann, ("pumps", None), *levels)
    refused = await ann.post("/v1/categories", json=draft)

    assert (refused.status_code, refused.json()["type"]) == (409, f"urn:problem-type:{kind}")


async def test_one_place_of_the_tree_takes_so_many(ann: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Touchpoints get the tree whole, so its breadth is bounded: at the top, below a category, and by a move."""
    monkeypatch.setattr(service_module, "MAX_SIBLINGS", 2)
    made = await _tree(ann, ("a", None), ("b", None), ("c", "a"), ("d", "a"), ("e", "b"))
    answers = [
        await ann.post("/v1/categories", json=category("f")),
        await ann.post("/v1/categories", json=category("f", "a")),
        await replace(ann, "categories", made["e"], parent="a"),
        await ann.post("/v1/categories", json=category("f", "b")),
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409, 201]
    assert {answer.json()["type"] for answer in answers[:3]} == {"urn:problem-type:too-many"}


async def test_children_of_a_category_are_listed(ann: httpx.AsyncClient) -> None:
    """Managers walk the tree level by level."""
    await _tree(ann, ("heating", None), ("pumps", "heating"), ("valves", "heating"), ("small", "pumps"))
    listed = (await ann.get("/v1/categories", params={"parent": "heating"})).json()

    assert [each["key"] for each in listed["items"]] == ["pumps", "valves"]
