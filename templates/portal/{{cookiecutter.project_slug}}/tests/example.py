"""The resource that the tests of the chassis call: any one that is listed, created, read, changed and deleted."""

from typing import Any
from uuid import uuid4

import httpx

COLLECTION = "/v1/shopping-lists"
ITEM = "/v1/shopping-lists/{list_id}"
ABSENT = "/v1/shopping-lists/0190a5e0-0000-7000-8000-000000000000"
READ, WRITE = "portal:read", "portal:write"
SCHEMA = "ShoppingList"

TEXT = "name"
"""A required text that may not be empty."""
FLAG = "shared"
"""A boolean."""
WITHOUT_KEY = {
    "create_privacy_export": "changes nothing; the stored answer would be one more copy of the person's data",
    "create_invitation_token": "the stored answer would keep the secret; asking again makes the one before useless",
    "create_device_credential": "as above; and If-Match lets it happen once",
    "create_device_telemetry": "a value is known by its metric and time, and the first one holds",
    "receive_event": "an event has an id of its own",
}
"""The POSTs that take no ``Idempotency-Key``, by operation id, and why."""


def draft(text: str = "Filters") -> dict[str, object]:
    """Return what creates one, with ``text`` in :data:`TEXT`."""
    return {TEXT: text}


def change(text: str) -> dict[str, object]:
    """Return a merge patch that changes one."""
    return {TEXT: text}


def seed(client: httpx.Client) -> dict[str, str]:
    """Put something there for the fuzzer to find; return what ``schemathesis.toml`` must know of it."""

    def post(collection: str, **members: Any) -> dict[str, Any]:
        headers = {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
        response = client.post(f"/v1/{collection}", json=members, headers=headers)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    account = post("accounts", kind="company", name="Works")
    unit_id = account["unit_id"]
    member = client.get("/v1/members").json()["items"][0]
    place = {"recipient": "Works", "street": "Domkloster 4", "city": "Köln", "country": "DE"}
    money = {"amount": 1000, "currency": "EUR"}
    rule = {"name": "all", "minimum": money, "tiers": [{"role": "approver"}]}
    lines = [{"sku": "C40", "quantity": 1}]
    offered = post("quotes", unit_id=unit_id, title="Seals", currency="EUR", lines=lines)["id"]
    post(f"staff/quotes/{offered}/transitions", action="review")
    offer = {"lines": [{**lines[0], "unit_price": 1}], "valid_until": "2099-01-01T00:00:00Z"}
    return {
        "FUZZ_OFFERED_QUOTE_ID": offered,
        "FUZZ_OFFER_ID": post(f"staff/quotes/{offered}/offers", **offer)["id"],
        "FUZZ_ACCOUNT_ID": account["id"],
        "FUZZ_QUOTE_ID": post("quotes", unit_id=unit_id, title="Pumps", currency="EUR", lines=lines)["id"],
        "FUZZ_CASE_ID": post("cases", unit_id=unit_id, title="Leak", topic="repair", message={"text": "x"})["id"],
        "FUZZ_DEVICE_ID": post("devices", unit_id=unit_id, product="c40", serial_number="C40-1", name="Pump")["id"],
        "FUZZ_RULE_ID": post("approval-rules", unit_id=unit_id, **rule)["id"],
        "FUZZ_LIMIT_ID": post("spending-limits", unit_id=unit_id, role="buyer", limit=money, period="day")["id"],
        "FUZZ_REQUEST_ID": post("approval-requests", unit_id=unit_id, kind="cart", reference="c", amount=money)["id"],
        "FUZZ_BODY_UNIT_ID": unit_id,
        "FUZZ_BODY_PARENT_ID": unit_id,
        "FUZZ_MEMBER_ID": member["id"],
        "FUZZ_ADDRESS_ID": post("addresses", unit_id=unit_id, **place)["id"],
        "FUZZ_LIST_ID": post("shopping-lists", unit_id=unit_id, **draft())["id"],
    }
