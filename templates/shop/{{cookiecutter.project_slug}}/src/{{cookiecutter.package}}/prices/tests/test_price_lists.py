"""Price lists: for whom they count, what they ask, and that nothing is left open or forgotten."""

from typing import Any

import httpx
import pytest

from tests.fixtures import Service

MERGE = {"Content-Type": "application/merge-patch+json"}


def _list(key: str, **members: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), "currency": "EUR"} | members


async def _post(client: httpx.AsyncClient, **members: Any) -> httpx.Response:
    return await client.post("/v1/price-lists", json=_list(**members))


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({}, {}, 409),
        ({}, {"currency": "CHF"}, 201),
        ({}, {"channel": "web"}, 201),
        ({"channel": "web"}, {"channel": "till"}, 201),
        ({"channel": "web"}, {"channel": "web"}, 409),
        ({"customer_group": "dealers"}, {"channel": "web"}, 201),
        ({"customer_group": "dealers"}, {"customer": "acme"}, 201),
        ({"customer": "acme"}, {"customer": "bolt"}, 201),
        ({"customer": "acme"}, {"customer": "acme", "channel": "web"}, 201),
        ({"customer": "acme", "discountable": False}, {"customer": "acme"}, 409),
        ({}, {"valid_from": "2026-01-01T00:00:00Z"}, 201),
        ({"valid_until": "2026-01-01T00:00:00Z"}, {"valid_from": "2026-01-01T00:00:00Z"}, 201),
        ({"valid_until": "2026-01-02T00:00:00Z"}, {"valid_from": "2026-01-01T00:00:00Z"}, 409),
    ],
    ids=[
        "the same",
        "other currency",
        "one for a channel",
        "two channels",
        "one channel twice",
        "group and channel",
        "group and contract",
        "two contracts",
        "a contract, and one for a channel",
        "one contract twice",
        "one limited in time",
        "one after the other",
        "overlap by a day",
    ],
)
async def test_equally_specific_lists_are_refused_when_made(
    ann: httpx.AsyncClient, first: dict[str, Any], second: dict[str, Any], status: int
) -> None:
    """Which of two lists counts is clear before anybody stands at the till."""
    assert (await _post(ann, key="one", **first)).status_code == 201
    refused = await _post(ann, key="two", **second)

    assert refused.status_code == status
    if status == 409:
        assert refused.json()["type"] == "urn:problem-type:price-list-clash"
        assert "one" in refused.json()["detail"]


async def test_contract_is_with_a_customer_or_a_group(ann: httpx.AsyncClient) -> None:
    """Both at once would say nothing more, and whom it is with never changes."""
    both = await _post(ann, key="both", customer="acme", customer_group="dealers")
    made = (await _post(ann, key="one", customer="acme")).json()
    patch = {"customer": "bolt"}
    moved = await ann.patch(f"/v1/price-lists/{made['id']}", json=patch, headers=MERGE | {"If-Match": '"1"'})

    assert (both.status_code, moved.status_code) == (422, 422)
    assert (made["customer"], made["discountable"]) == ("acme", True)


async def test_a_change_may_not_make_lists_clash(ann: httpx.AsyncClient) -> None:
    """An end that moves into another list's time is refused, and nothing has changed."""
    first = (await _post(ann, key="one", valid_until="2026-01-01T00:00:00Z")).json()
    await _post(ann, key="two", valid_from="2026-01-01T00:00:00Z")
    path = f"/v1/price-lists/{first['id']}"
    refused = await ann.patch(path, json={"valid_until": "2026-02-01T00:00:00Z"}, headers=MERGE | {"If-Match": '"1"'})
    renamed = await ann.patch(path, json={"name": "First"}, headers=MERGE | {"If-Match": '"1"'})

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:price-list-clash")
    assert (renamed.status_code, renamed.json()["valid_until"]) == (200, "2026-01-01T00:00:00Z")


async def test_prices_are_taken_over_together(ann: httpx.AsyncClient) -> None:
    """A batch says what became of it; a repetition changes nothing; an article without tiers has no price any more."""
    made = (await _post(ann, key="retail")).json()
    path = f"/v1/price-lists/{made['id']}"
    pump = {"sku": "C40", "tiers": [{"minimum_quantity": 1, "amount": 1999}, {"minimum_quantity": 10, "amount": 1799}]}
    valve = {"sku": "V1", "tiers": [{"minimum_quantity": 1, "amount": 500}]}

    async def change(*prices: dict[str, Any]) -> dict[str, int]:
        response = await ann.post(f"{path}/price-changes", json={"prices": prices})
        found: dict[str, int] = response.json()
        return found

    assert await change(pump, valve) == {"created": 2, "changed": 0, "unchanged": 0, "ended": 0}
    dearer = valve | {"tiers": [{"minimum_quantity": 1, "amount": 600}]}
    assert await change(pump, dearer) == {"created": 0, "changed": 1, "unchanged": 1, "ended": 0}
    assert await change({"sku": "C40"}) == {"created": 0, "changed": 0, "unchanged": 0, "ended": 1}
    listed = (await ann.get(f"{path}/prices")).json()["items"]

    assert [(each["sku"], each["tiers"]) for each in listed] == [("V1", dearer["tiers"])]


@pytest.mark.parametrize(
    "prices",
    [
        [],
        [{"sku": "A", "tiers": [{"minimum_quantity": 2, "amount": 1}, {"minimum_quantity": 2, "amount": 2}]}],
        [{"sku": "A", "tiers": [{"minimum_quantity": 1, "amount": 19.99}]}],
        [{"sku": "A", "tiers": []}],
        [{"sku": "A"}, {"sku": "A"}],
    ],
    ids=["nothing", "tiers that do not ascend", "a float", "no tiers", "an article twice"],
)
async def test_prices_that_say_nothing_clear_are_refused(ann: httpx.AsyncClient, prices: list[Any]) -> None:
    """All or none: one wrong price refuses the batch."""
    made = (await _post(ann, key="retail")).json()
    refused = await ann.post(f"/v1/price-lists/{made['id']}/price-changes", json={"prices": prices})

    assert refused.status_code == 422


async def test_ended_list_is_gone_and_its_key_is_free(ann: httpx.AsyncClient) -> None:
    """It stays in the history, where nobody reads it by its key."""
    made = (await _post(ann, key="retail")).json()
    gone = await ann.delete(f"/v1/price-lists/{made['id']}", headers={"If-Match": '"1"'})

    assert gone.status_code == 204
    assert (await ann.get(f"/v1/price-lists/{made['id']}")).status_code == 404
    assert (await _post(ann, key="retail")).status_code == 201


async def test_houses_do_not_see_each_other(service: Service) -> None:
    """Another tenant's list does not exist, and its key is nobody's business."""
    first, second = service.as_("ann", tenant="one"), service.as_("bob", tenant="two")
    made = (await _post(first, key="retail")).json()

    assert (await second.get(f"/v1/price-lists/{made['id']}")).status_code == 404
    assert (await second.get("/v1/price-lists")).json() == {"items": []}
    assert (await _post(second, key="retail")).status_code == 201
