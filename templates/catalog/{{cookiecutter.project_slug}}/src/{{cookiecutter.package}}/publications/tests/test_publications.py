"""Publications: staged changes stay invisible, and time decides what is seen."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.catalog import product, publish, put, replace, small_catalog, variant
from tests.fixtures import Service

from ...storefront import reading
from .. import service as service_module
from .. import timeline

Clock = Callable[[datetime], None]
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def catalog(ann: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a client of a small catalog."""
    await small_catalog(ann)
    return ann


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give a function that sets the clock by which publications and touchpoints go."""

    def set_to(moment: datetime) -> None:
        for module in (service_module, timeline, reading):
            monkeypatch.setattr(module, "now", lambda: moment)

    return set_to


async def _seen(service: Service, slug: str, channel: str = "web") -> Any:
    """Return the English name that a touchpoint shows; nothing when the product does not exist for it."""
    response = await service.anonymous.get(
        f"/v1/storefront/products/{slug}", params={"channel": channel, "locale": "en"}
    )
    assert response.status_code in (200, 404), response.text
    return response.json()["name"] if response.status_code == 200 else None


async def test_staged_change_is_invisible_until_published(service: Service, catalog: httpx.AsyncClient) -> None:
    """A touchpoint sees what was frozen, whatever is edited meanwhile."""
    made = await put(catalog, "products", product("c40"))
    assert await _seen(service, "pump-c40") is None
    await publish(catalog, made)
    frozen = (await catalog.get(f"/v1/products/{made['id']}")).json()
    assert (frozen["state"], frozen["published_version"] == frozen["version"]) == ("published", True)
    edited = await replace(catalog, "products", frozen, name={"en": "Better pump"})

    assert await _seen(service, "pump-c40") == "Pump c40"
    assert edited.json()["version"] > edited.json()["published_version"]
    await publish(catalog, made)
    assert await _seen(service, "pump-c40") == "Better pump"


UNFINISHED: list[tuple[dict[str, Any], list[str]]] = [
    ({"slug": {}}, ["/slug"]),
    ({"variants": []}, ["/variants"]),
    ({"variants": [variant("A", attributes={})]}, ["/variants/0/attributes/material"]),
    ({"name": {"fr": "Pompe"}}, ["/name", "/name", "/name"]),
    ({"archived": True}, ["/archived"]),
]


async def test_unfinished_product_is_not_published(service: Service, catalog: httpx.AsyncClient) -> None:
    """The whole product is checked; everything that is missing is named."""
    for number, (changes, pointers) in enumerate(UNFINISHED):
        made = await put(catalog, "products", product(f"c{number}") | changes)
        refused = await catalog.post(f"/v1/products/{made['id']}/publications", json={})
        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json()["errors"]] == pointers
        assert await _seen(service, f"pump-c{number}") is None


async def test_publication_names_the_version_that_was_looked_at(catalog: httpx.AsyncClient) -> None:
    """Nobody publishes what somebody else changed a moment ago."""
    made = await put(catalog, "products", product("c40"))
    await replace(catalog, "products", made, name={"en": "Sneaked in"})
    path = f"/v1/products/{made['id']}/publications"

    assert (await catalog.post(path, json={"product_version": 1})).status_code == 409
    assert (await catalog.post(path, json={"product_version": 2, "channels": ["nowhere"]})).status_code == 422
    assert (await catalog.post(path, json={"product_version": 2})).status_code == 201


async def test_withdrawn_product_is_gone(service: Service, catalog: httpx.AsyncClient) -> None:
    """It does not exist any more, and what it had replaced does not come back."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    second = await publish(catalog, made)
    path = f"/v1/products/{made['id']}/publications/{second['id']}"

    assert (await catalog.delete(path, headers={"If-Match": '"9"'})).status_code == 412
    assert (await catalog.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert await _seen(service, "pump-c40") is None
    assert (await catalog.get(f"/v1/products/{made['id']}")).json()["state"] == "draft"
    record = (await catalog.get(f"/v1/products/{made['id']}/publications")).json()["items"]
    assert [each["ended"] for each in record] == [True, True]


async def test_scheduled_version_takes_over_at_its_time(
    service: Service, catalog: httpx.AsyncClient, clock: Clock
) -> None:
    """Until then the present one stays; a third one in between does not unseat the one that is scheduled."""
    clock(START)
    made = await put(catalog, "products", product("c40", name={"en": "Old"}))
    await publish(catalog, made)
    found = (await catalog.get(f"/v1/products/{made['id']}")).json()
    await replace(catalog, "products", found, name={"en": "New"})
    tomorrow = (START + timedelta(days=1)).isoformat()
    scheduled = await publish(catalog, made, valid_from=tomorrow)
    found = (await catalog.get(f"/v1/products/{made['id']}")).json()
    await replace(catalog, "products", found, name={"en": "Fixed"})
    clock(START + timedelta(hours=1))
    await publish(catalog, made)

    seen = {}
    for hours in (1, 23, 24, 48):
        clock(START + timedelta(hours=hours))
        seen[hours] = await _seen(service, "pump-c40")
    assert seen == {1: "Fixed", 23: "Fixed", 24: "New", 48: "New"}

    clock(START + timedelta(hours=2))
    path = f"/v1/products/{made['id']}/publications/{scheduled['id']}"
    assert (await catalog.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    clock(START + timedelta(hours=48))
    assert await _seen(service, "pump-c40") == "Fixed"


async def test_validity_ends(service: Service, catalog: httpx.AsyncClient, clock: Clock) -> None:
    """From its first moment, until before its last one."""
    clock(START)
    made = await put(catalog, "products", product("c40"))
    begin, end = START + timedelta(days=1), START + timedelta(days=2)
    await publish(catalog, made, valid_from=begin.isoformat(), valid_until=end.isoformat())

    seen = []
    for moment in (begin - timedelta(microseconds=1), begin, end - timedelta(microseconds=1), end):
        clock(moment)
        seen.append(await _seen(service, "pump-c40") is not None)
    assert seen == [False, True, True, False]


async def test_channels_are_published_one_by_one(service: Service, catalog: httpx.AsyncClient) -> None:
    """A publication for one channel leaves the others as they are."""
    await put(catalog, "assortments", {"key": "t", "name": {"en": "T"}, "channels": ["till"], "everything": True})
    made = await put(catalog, "products", product("c40", name={"en": "Old"}))
    await publish(catalog, made)
    found = (await catalog.get(f"/v1/products/{made['id']}")).json()
    await replace(catalog, "products", found, name={"en": "New"})
    await publish(catalog, made, channels=["web"])

    assert (await _seen(service, made["id"]), await _seen(service, made["id"], "till")) == ("New", "Old")


async def test_published_product_is_neither_archived_nor_deleted(catalog: httpx.AsyncClient) -> None:
    """What touchpoints see is withdrawn first."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    found = (await catalog.get(f"/v1/products/{made['id']}")).json()

    assert (await replace(catalog, "products", found, archived=True)).status_code == 409
    deleted = await catalog.delete(f"/v1/products/{made['id']}", headers={"If-Match": f'"{found["version"]}"'})
    assert (deleted.status_code, deleted.json()["type"]) == (409, "urn:problem-type:published")


async def test_publication_that_nobody_would_see_is_refused(catalog: httpx.AsyncClient) -> None:
    """One whose time is over would leave a product that is published and nowhere to be seen."""
    made = await put(catalog, "products", product("c40"))
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    refused = await catalog.post(f"/v1/products/{made['id']}/publications", json={"valid_until": yesterday})

    assert (refused.status_code, [each["pointer"] for each in refused.json()["errors"]]) == (422, ["/valid_until"])
    assert (await catalog.get(f"/v1/products/{made['id']}")).json()["state"] == "draft"


async def test_publication_that_began_before_the_present_one_takes_its_place(
    service: Service, catalog: httpx.AsyncClient
) -> None:
    """What is published last is seen, even if it says that it had begun before: it begins now."""
    made = await put(catalog, "products", product("c40"))
    first = await publish(catalog, made)
    await replace(catalog, "products", (await catalog.get(f"/v1/products/{made['id']}")).json(), name={"en": "Better"})
    second = await publish(catalog, made, valid_from="2020-01-01T02:00:00+02:00")

    assert await _seen(service, "pump-c40") == "Better"
    assert second["valid_from"] > first["valid_from"]


async def test_time_of_any_zone_is_answered_in_utc(catalog: httpx.AsyncClient) -> None:
    """Whoever schedules from Kolkata and whoever reads it in Berlin see one moment."""
    made = await put(catalog, "products", product("c40"))
    later = await publish(catalog, made, valid_from="2099-01-01T05:30:00+05:30")
    path = f"/v1/products/{made['id']}/publications"
    beyond = await catalog.post(path, json={"valid_until": "9999-12-31T23:59:59-01:00"})

    assert later["valid_from"] == "2099-01-01T00:00:00Z"
    assert (await catalog.get(f"{path}/{later['id']}")).json()["valid_from"] == "2099-01-01T00:00:00Z"
    assert beyond.status_code == 422


async def test_withdrawn_schedule_leaves_what_was_published_before(
    service: Service, catalog: httpx.AsyncClient
) -> None:
    """The product tells again the version that touchpoints go on to see, and so that there are edits."""
    made = await put(catalog, "products", product("c40"))
    await publish(catalog, made)
    before = (await catalog.get(f"/v1/products/{made['id']}")).json()
    await replace(catalog, "products", before, name={"en": "Better pump"})
    later = await publish(catalog, made, valid_from="2099-01-01T00:00:00Z")
    path = f"/v1/products/{made['id']}/publications/{later['id']}"
    assert (await catalog.delete(path, headers={"If-Match": "*"})).status_code == 204
    after = (await catalog.get(f"/v1/products/{made['id']}")).json()

    assert await _seen(service, "pump-c40") == "Pump c40"
    assert (after["state"], after["published_version"]) == ("published", before["published_version"])
    assert after["version"] > after["published_version"]


async def test_of_many_publications_at_once_one_is_seen(catalog: httpx.AsyncClient) -> None:
    """Those who lose are told to repeat; whoever comes first or last, one publication is left."""
    path = f"/v1/products/{(await put(catalog, 'products', product('c40')))['id']}/publications"
    answers = await asyncio.gather(*(catalog.post(path, json={}) for _ in range(4)))
    made = (await catalog.get(path)).json()["items"]

    assert {each.status_code for each in answers} <= {201, 409}
    assert len(made) == sum(each.status_code == 201 for each in answers)
    assert [each["ended"] for each in made].count(False) == 1
