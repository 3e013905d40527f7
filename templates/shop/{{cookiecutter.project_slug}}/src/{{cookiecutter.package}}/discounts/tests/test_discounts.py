"""Discounts: which ones may stand beside each other, and what of them may change."""

from typing import Any

import httpx
import pytest

MERGE = {"Content-Type": "application/merge-patch+json"}


async def _post(client: httpx.AsyncClient, **members: Any) -> httpx.Response:
    draft = {"key": "one", "name": "Ten off", "priority": 10, "percent": "10"} | members
    return await client.post("/v1/discounts", json={name: value for name, value in draft.items() if value is not None})


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ({}, {}, 409),
        ({}, {"priority": 11}, 201),
        ({"skus": ["A"]}, {"skus": ["B", "C"]}, 201),
        ({"skus": ["A", "B"]}, {"skus": ["B"]}, 409),
        ({"skus": ["A"]}, {}, 409),
        ({"channel": "web"}, {"channel": "till"}, 201),
        ({"channel": "web"}, {}, 409),
        ({"customer_group": "dealers"}, {"customer_group": "vip"}, 201),
        ({"currency": "EUR"}, {"currency": "CHF"}, 201),
        ({"code": "SPRING"}, {"code": "VIP"}, 409),
        ({"level": "cart"}, {"level": "cart"}, 409),
        ({"level": "cart", "skus": ["A"]}, {"level": "cart", "skus": ["B"]}, 201),
        ({"level": "cart"}, {}, 201),
        ({"valid_until": "2026-01-01T00:00:00Z"}, {"valid_from": "2026-01-01T00:00:00Z"}, 201),
        ({"valid_until": "2026-01-02T00:00:00Z"}, {"valid_from": "2026-01-01T00:00:00Z"}, 409),
    ],
)
async def test_equal_priority_is_refused_where_two_may_meet(
    ann: httpx.AsyncClient, first: dict[str, Any], second: dict[str, Any], status: int
) -> None:
    """Two codes can be given together; two channels never meet on one line."""
    assert (await _post(ann, **first)).status_code == 201
    refused = await _post(ann, key="two", **second)

    assert refused.status_code == status
    if status == 409:
        assert refused.json()["type"] == "urn:problem-type:discount-clash"


@pytest.mark.parametrize(
    "members",
    [
        {"percent": None},
        {"amount": 100, "currency": "EUR"},
        {"percent": None, "amount": 100},
        {"budget": 1000},
        {"percent": "100.5001"},
        {"percent": "-1"},
        {"percent": 10},
        {"skus": []},
        {"minimum_value": 1, "currency": "EUR"},
        {"minimum_value": 1, "level": "cart"},
    ],
    ids=[
        "nothing off",
        "two ways",
        "no currency",
        "budget without",
        "digits",
        "negative",
        "number",
        "for nothing",
        "value of a line",
        "value",
    ],
)
async def test_discount_that_says_nothing_clear_is_refused(ann: httpx.AsyncClient, members: dict[str, Any]) -> None:
    """Percent or amount, money in a currency, exact decimals as text."""
    assert (await _post(ann, **members)).status_code == 422


async def test_only_name_end_and_budget_change(ann: httpx.AsyncClient) -> None:
    """What a discount did must stay explicable: another effect is another discount."""
    made = (await _post(ann, currency="EUR", budget=1000)).json()
    path, seen = f"/v1/discounts/{made['id']}", MERGE | {"If-Match": '"1"'}
    refused = await ann.patch(path, json={"percent": "20"}, headers=seen)
    spent = await ann.patch(path, json={"spent": 0}, headers=seen)
    raised = await ann.patch(path, json={"budget": 2000}, headers=seen)

    assert (refused.status_code, spent.status_code) == (422, 422)
    assert (raised.status_code, raised.json()["budget"], raised.json()["spent"]) == (200, 2000, 0)
