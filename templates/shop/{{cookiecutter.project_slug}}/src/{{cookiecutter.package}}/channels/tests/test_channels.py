"""Channels: the terms on which a touchpoint sells."""

from typing import Any

import httpx
import pytest

from tests.fixtures import Service

WEB: dict[str, Any] = {"key": "web", "name": "Shop", "currency": "EUR", "country": "DE"}
MERGE = {"Content-Type": "application/merge-patch+json"}


@pytest.mark.parametrize(
    "members",
    [
        {"tax_rates": [{"country": "DE", "percent": "19"}, {"country": "DE", "percent": "7"}]},
        {"tax_rates": [{"country": "DE", "percent": 19}]},
        {"order_minimum": {"value": {"amount": 5000, "currency": "CHF"}}},
        {"tax_rounding": "cart"},
        {"locations": ["Not a key"]},
    ],
    ids=["a class twice", "a number", "other currency", "unknown rounding", "no key"],
)
async def test_terms_that_contradict_themselves_are_refused(ann: httpx.AsyncClient, members: dict[str, Any]) -> None:
    """Better now than in somebody's cart."""
    assert (await ann.post("/v1/channels", json=WEB | members)).status_code == 422


async def test_terms_change_and_the_rest_stays(ann: httpx.AsyncClient) -> None:
    """A merge patch replaces lists whole and removes with null; currency and key never change."""
    minimum = {"value": {"amount": 5000, "currency": "EUR"}, "enforcement": "soft"}
    made = (await ann.post("/v1/channels", json=WEB | {"order_minimum": minimum})).json()
    path = f"/v1/channels/{made['id']}"
    rates = [{"country": "DE", "tax_class": "reduced", "percent": "7"}]
    changed = await ann.patch(
        path, json={"tax_rates": rates, "order_minimum": None}, headers=MERGE | {"If-Match": '"1"'}
    )
    refused = await ann.patch(path, json={"currency": "CHF"}, headers=MERGE | {"If-Match": '"2"'})

    assert made["order_minimum"] == minimum
    assert (changed.json()["tax_rates"], changed.json()["order_minimum"], changed.json()["version"]) == (rates, None, 2)
    assert refused.status_code == 422
    assert (await ann.post("/v1/channels", json=WEB)).json()["type"] == "urn:problem-type:key-taken"


async def test_channel_of_another_house_does_not_exist(service: Service) -> None:
    """Read, changed or deleted: 404 as for an id that never was."""
    first, second = service.as_("ann", tenant="one"), service.as_("bob", tenant="two")
    made = (await first.post("/v1/channels", json=WEB)).json()
    path, seen = f"/v1/channels/{made['id']}", {"If-Match": "*"}

    assert (await second.get(path)).status_code == 404
    assert (await second.patch(path, json={"name": "Mine"}, headers=MERGE | seen)).status_code == 404
    assert (await second.delete(path, headers=seen)).status_code == 404
