"""Events of other services: whoever signs them may deliver them, nobody else, and not for ever."""

import json
import time
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from chassis.app import create_app
from chassis.operation import resource_router
from chassis.received import ReceivedEvent, Sender, from_sender
from chassis.webhooks import TOLERANCE_SECONDS, signature
from tests.fixtures import SettingsFor

EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/services/shop",
    "type": "order.placed",
    "subject": "orders/1",
    "time": "2026-01-31T12:00:00Z",
    "sequence": "0000000007",
    "datacontenttype": "application/json",
    "data": {"id": 1},
}
SHOP, ERP = "shop's own", "another one"
router = resource_router("/v1/received-events", tag="events")


@router.post("", summary="Take an event")
@from_sender
async def take_event(sender: Sender, event: ReceivedEvent) -> dict[str, Any]:
    """Say what came from whom."""
    return {"sender": sender, "order": event.order, "tenant": event.tenant}


def _signed(secret: str = SHOP, *, age: float = 0, **changes: object) -> dict[str, Any]:
    body = json.dumps(EVENT | changes).encode()
    timestamp = str(int(time.time() - age))
    headers = {
        "Content-Type": "application/cloudevents+json; charset=UTF-8",
        "webhook-id": "e-1",
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret.encode(), message_id="e-1", timestamp=timestamp, body=body),
    }
    return {"content": body, "headers": headers}


@pytest.fixture
def client(database_url: str, settings_for: SettingsFor) -> httpx.AsyncClient:
    """Give a client of an app that takes events of the shop and the ERP."""
    app = create_app(settings_for(database_url, events_senders={"shop": SecretStr(SHOP), "erp": SecretStr(ERP)}))
    app.router.routes.extend(router.routes)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service")


async def test_sender_is_known_by_its_secret(client: httpx.AsyncClient) -> None:
    """Each sender has a secret of its own, so the receiver knows who it was."""
    answers = [
        await client.post("/v1/received-events", **_signed()),
        await client.post("/v1/received-events", **_signed(ERP, tenant="acme")),
    ]

    assert [answer.json() for answer in answers] == [
        {"sender": "shop", "order": 7, "tenant": ""},
        {"sender": "erp", "order": 7, "tenant": "acme"},
    ]


async def test_what_nobody_signed_is_refused(client: httpx.AsyncClient) -> None:
    """No signature, another's, one of another body, of another time or from long ago: always the same 401."""
    forged = [
        _signed("made up"),
        _signed(age=TOLERANCE_SECONDS + 5),
        _signed(age=-TOLERANCE_SECONDS - 5),
        _signed() | {"content": b"{}"},
    ]
    for change in ({"webhook-id": "e-2"}, {"webhook-timestamp": "soon"}, {"webhook-signature": "v1,é"}):
        good = _signed()
        forged.append(good | {"headers": good["headers"] | change})
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        good = _signed()
        forged.append(good | {"headers": {key: value for key, value in good["headers"].items() if key != name}})
    answers = [
        await client.post(
            "/v1/received-events",
            content=one["content"],
            headers={key: value.encode() for key, value in one["headers"].items()},
        )
        for one in forged
    ]

    assert [answer.status_code for answer in answers] == [401] * len(forged)
    assert len({answer.json()["detail"] for answer in answers}) == 1


async def test_old_and_new_secret_are_good_while_one_is_replaced(client: httpx.AsyncClient) -> None:
    """A sender may sign with two secrets at once."""
    good = _signed()
    both = f"v1,AAAA {good['headers']['webhook-signature']}"
    answer = await client.post(
        "/v1/received-events", **good | {"headers": good["headers"] | {"webhook-signature": both}}
    )

    assert answer.status_code == 200


async def test_event_must_be_one(client: httpx.AsyncClient) -> None:
    """The envelope is checked, and its media type; attributes that nobody knows do no harm."""
    broken = await client.post("/v1/received-events", **_signed(sequence="first", specversion="0.3"))
    plain = _signed()
    refused = await client.post(
        "/v1/received-events", **plain | {"headers": plain["headers"] | {"Content-Type": "application/json"}}
    )
    extended = await client.post("/v1/received-events", **_signed(partitionkey="x"))

    assert [error["pointer"] for error in broken.json()["errors"]] == ["/specversion", "/sequence"]
    assert (refused.status_code, refused.headers["accept"]) == (415, "application/cloudevents+json")
    assert extended.status_code == 200


async def test_contract_says_how_to_sign(client: httpx.AsyncClient) -> None:
    """The operation names its own scheme, its media type and the 401."""
    contract = (await client.get("/openapi.json")).json()
    operation = contract["paths"]["/v1/received-events"]["post"]

    assert operation["security"] == [{"signature": []}]
    assert contract["components"]["securitySchemes"]["signature"]["name"] == "webhook-signature"
    assert list(operation["requestBody"]["content"]) == ["application/cloudevents+json"]
    assert "401" in operation["responses"]
