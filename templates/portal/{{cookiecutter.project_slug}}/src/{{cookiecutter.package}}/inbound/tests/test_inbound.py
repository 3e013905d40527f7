"""What others tell: taken once, in whatever order it comes, and shown to those it is about."""

import asyncio
import itertools
from typing import Any

import httpx
import pytest

from tests.fixtures import Service
from tests.portal import ABSENT, company, post
from tests.senders import event, tell, trust
from tests.telling import document, order

STATES = ("open", "confirmed", "completed")


@pytest.fixture(autouse=True)
def _trusting(service: Service) -> None:
    trust(service)


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))), ids=str)
async def test_order_of_arrival_does_not_matter(service: Service, arrival: tuple[int, ...]) -> None:
    """Whichever comes last, the newest one holds."""
    works = await company(service)
    about = order(works.unit_id)
    for number in arrival:
        told = event(f"order.{STATES[number]}", about | {"order_state": STATES[number]}, number + 1)
        assert (await tell(service, told)).status_code == 204

    assert (await works.admin.get(f"/v1/orders/{about['id']}")).json()["state"] == "completed"


async def test_everything_at_once_and_twice(service: Service) -> None:
    """Twenty versions delivered twice, all at the same time: the last one is there, once."""
    works = await company(service)
    about = order(works.unit_id)
    told = [event("order.changed", about | {"order_state": f"state {n}"}, n) for n in range(1, 21)]
    answers = await asyncio.gather(*(_insist(service, one) for one in told + told))

    assert set(answers) == {204}
    assert [one["state"] for one in (await works.admin.get("/v1/orders")).json()["items"]] == ["state 20"]


async def _insist(service: Service, told: dict[str, Any]) -> int:
    """Tell something as the relay does: a service that has too much to do is told again, after a while."""
    for _ in range(100):
        answer = await tell(service, told)
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.05)
    return answer.status_code


@pytest.mark.parametrize("arrival", list(itertools.permutations(range(3))), ids=str)
async def test_order_is_shown_with_its_parts(service: Service, arrival: tuple[int, ...]) -> None:
    """Shipments, payments and returns, also when they were told before the order; each has a word in its state."""
    works = await company(service)
    about = order(works.unit_id, purchase_order_number="PO-7")
    shipment = {
        "id": ABSENT,
        "order": about["id"],
        "shipment_state": "shipped",
        "carrier": "DHL",
        "tracking_number": "7",
    }
    payment = {"order": about["id"], "payment_state": "captured", "amount": 21301, "currency": "EUR"}
    told = [
        event("order.placed", about, 1),
        event("payment.captured", payment, 2),
        event("shipment.dispatched", shipment, 3),
    ]
    for number in arrival:
        assert (await tell(service, told[number])).status_code == 204
    found = (await works.admin.get(f"/v1/orders/{about['id']}")).json()

    assert (found["number"], found["purchase_order_number"], found["total"]["amount"]) == ("2026-000123", "PO-7", 21301)
    assert (found["state"], found["payment_state"], found["shipment_state"]) == ("placed", "captured", "shipped")
    assert [(one["sku"], one["quantity"], one["gross"]) for one in found["lines"]] == [("C40", 1, 21301)]
    assert [(one["kind"], one["state"], one["details"]) for one in found["parts"]] == [
        ("shipment", "dispatched", {"carrier": "DHL", "tracking_number": "7"}),
        ("payment", "captured", {"amount": 21301, "currency": "EUR"}),
    ]


async def test_buyer_sees_own_orders_and_accountant_all(service: Service) -> None:
    """Also through the search, which knows the order's number and the customer's own."""
    works = await company(service)
    bob, amy = await works.hire("bob", "buyer"), await works.hire("amy", "accountant")
    for number, (buyer, po) in enumerate((("ann", "100%"), ("bob", "1000"))):
        await tell(
            service, event("order.placed", order(works.unit_id, buyer, number=f"A-{number}", purchase_order_number=po))
        )

    async def numbers(client: Any, **query: str) -> list[str]:
        return [one["number"] for one in (await client.get("/v1/orders", params=query)).json()["items"]]

    assert [await numbers(bob), await numbers(amy)] == [["A-1"], ["A-0", "A-1"]]
    assert [await numbers(amy, q="a-0"), await numbers(amy, q="100%"), await numbers(bob, q="a-0")] == [
        ["A-0"], ["A-0"], [],
    ]  # fmt: skip


async def test_event_of_one_house_touches_no_other(service: Service) -> None:
    """The same order id in two houses is two orders; a unit of another house is none."""
    here, there = await company(service, tenant="one"), await company(service, tenant="two")
    about = order(here.unit_id)
    await tell(service, event("order.placed", about, tenant="one"))
    await tell(service, event("order.placed", about | {"number": "forged"}, 9, tenant="two"))

    assert (await here.admin.get(f"/v1/orders/{about['id']}")).json()["number"] == "2026-000123"
    assert (await there.admin.get("/v1/orders")).json() == {"items": []}


async def test_what_is_not_said_is_refused_for_good(service: Service) -> None:
    """A 422 with pointers: the sender need not try again; and once it is said rightly it is taken."""
    works = await company(service)
    about = order(works.unit_id)
    broken = {name: value for name, value in about.items() if name != "number"}
    refused = await tell(service, event("order.placed", broken, event_id="e-1"))
    taken = await tell(service, event("order.placed", about, event_id="e-1"))

    assert (refused.status_code, [one["pointer"] for one in refused.json()["errors"]]) == (422, ["/data/number"])
    assert taken.status_code == 204


@pytest.mark.parametrize("location", ["../etc/passwd", "//host/x", "http://host/x", "a//b", "/a", "a/../b", "a?b", ""])
async def test_location_never_leaves_the_store(service: Service, location: str) -> None:
    """Nobody makes the portal fetch from elsewhere."""
    works = await company(service)

    assert (
        await tell(service, event("document.published", document(works.unit_id, location=location)))
    ).status_code == 422


async def test_invoice_is_shown_to_those_who_may(service: Service) -> None:
    """An accountant sees it, a technician does not; what nobody asked for does no harm."""
    works = await company(service)
    amy, tom = await works.hire("amy", "accountant"), await works.hire("tom", "technician")
    invoice = {
        "id": ABSENT, "unit_id": works.unit_id, "number": "R-1", "issued_at": "2026-11-02T00:00:00Z", "state": "open",
        "total": {"amount": 21301, "currency": "EUR"}, "unheard_of": True,
    }  # fmt: skip
    told = [event("invoice.issued", invoice), event("weather.changed", invoice)]
    assert [(await tell(service, one)).status_code for one in told] == [204, 204]

    assert [(await one.get(f"/v1/invoices/{ABSENT}")).status_code for one in (amy, tom)] == [200, 404]
    assert [one["number"] for one in (await amy.get("/v1/invoices", params={"state": "open"})).json()["items"]] == [
        "R-1"
    ]


async def test_unsigned_event_is_refused(service: Service) -> None:
    """Whoever is not known tells nothing."""
    works = await company(service)
    headers = {"Content-Type": "application/cloudevents+json"}
    answer = await service.anonymous.post(
        "/v1/events", json=event("order.placed", order(works.unit_id)), headers=headers
    )

    assert answer.status_code == 401
    await post(works.admin, "shopping-lists", name="still working")


async def test_order_is_nobodys_in_a_unit_that_its_buyer_does_not_belong_to(service: Service) -> None:
    """A buyer names the unit, in the shop: somebody else's is not taken for granted."""
    mine, theirs = await company(service, "ann"), await company(service, "eve")
    forged = order(theirs.unit_id, "ann")
    within = order(theirs.unit_id, "ann", account=mine.account_id)
    for about in (forged, within):
        assert (await tell(service, event("order.placed", about))).status_code == 204

    assert (await theirs.admin.get("/v1/orders")).json() == {"items": []}
    assert [one["id"] for one in (await mine.admin.get("/v1/orders")).json()["items"]] == [within["id"]]


async def test_order_of_a_person_is_in_its_own_account(service: Service) -> None:
    """Who buys for nobody else names no unit and no account."""
    cleo = service.as_("cleo")
    await post(cleo, "accounts", kind="person", name="Cleo")
    about = order("none", "cleo", business_unit=None, account=None)
    await tell(service, event("order.placed", about))

    assert [one["id"] for one in (await cleo.get("/v1/orders")).json()["items"]] == [about["id"]]


async def test_what_a_person_bought_before_is_in_the_account_that_it_opens(service: Service) -> None:
    """Orders and invoices told before there was anybody; not those of others, and not what guests bought."""
    told = [order("none", buyer, business_unit=None, account=None, number=buyer) for buyer in ("cleo", "dan", GUEST)]
    for about in told:
        assert (await tell(service, event("order.placed", about))).status_code == 204
    invoice = {
        "id": ABSENT, "buyer": "cleo", "number": "R-1", "issued_at": "2026-11-02T00:00:00Z", "state": "open",
        "total": {"amount": 21301, "currency": "EUR"},
    }  # fmt: skip
    await tell(service, event("invoice.issued", invoice))
    cleo = service.as_("cleo")
    before = (await cleo.get("/v1/orders")).json()["items"]
    await post(cleo, "accounts", kind="company", name="Not the place for what cleo bought as a person")
    await post(cleo, "accounts", kind="person", name="Cleo")
    await tell(service, event("order.confirmed", told[0] | {"order_state": "confirmed"}, 2))
    found = (await cleo.get("/v1/orders")).json()["items"]

    assert (before, [(one["number"], one["state"]) for one in found]) == ([], [("cleo", "confirmed")])
    assert [one["number"] for one in (await cleo.get("/v1/invoices")).json()["items"]] == ["R-1"]


async def test_account_and_order_that_come_at_the_same_time_find_each_other(service: Service) -> None:
    """Whichever is first."""
    for number in range(5):
        buyer = f"buyer-{number}"
        told = event("order.placed", order("none", buyer, business_unit=None, account=None))
        draft = {"kind": "person", "name": buyer}
        client = service.as_(buyer)
        answers = await asyncio.gather(tell(service, told), client.post("/v1/accounts", json=draft))

        assert [answer.status_code for answer in answers] == [204, 201]
        assert len((await client.get("/v1/orders")).json()["items"]) == 1


async def _orders(client: httpx.AsyncClient) -> list[str]:
    return [one["number"] for one in (await client.get("/v1/orders")).json()["items"]]


@pytest.mark.parametrize("private_first", [False, True])
async def test_what_was_bought_for_a_unit_before_joining_it_is_in_its_history(
    service: Service, private_first: bool
) -> None:
    """It goes there with the membership, also out of the buyer's own account; what was bought privately does not."""
    works, bob = await company(service), service.as_("bob")
    workshop = (await post(works.admin, "business-units", name="Workshop", parent_id=works.unit_id))["id"]
    if private_first:
        await post(bob, "accounts", kind="person", name="Bob")
    for number, unit in (("top", works.unit_id), ("workshop", workshop), ("own", None), ("typo", ABSENT)):
        about = order("", "bob", business_unit=unit, account=None, number=number)
        assert (await tell(service, event("order.placed", about))).status_code == 204
    before = await _orders(works.admin)
    await works.hire("bob", "buyer")

    assert (before, await _orders(works.admin)) == ([], ["top", "workshop"])
    assert await _orders(bob) == (["top", "workshop", "own", "typo"] if private_first else ["top", "workshop"])


async def test_membership_of_one_company_moves_nothing_of_another(service: Service) -> None:
    """What a token named an account for stays in that account, whatever its buyer named, and whoever joins what."""
    mine, theirs = await company(service, "ann"), await company(service, "eve")
    for buyer, account in (("bob", mine.account_id), ("cleo", None)):
        about = order(theirs.unit_id, buyer, account=account, number=buyer)
        assert (await tell(service, event("order.placed", about))).status_code == 204
    await theirs.hire("bob", "admin")

    assert (await _orders(theirs.admin), await _orders(mine.admin)) == ([], ["bob"])


async def test_history_stays_when_its_buyer_leaves(service: Service) -> None:
    """What becomes of an order is told after its buyer has left: it is the company's, and not the buyer's."""
    works = await company(service)
    bob = await works.hire("bob", "buyer")
    await post(bob, "accounts", kind="person", name="Bob")
    about = order(works.unit_id, "bob", account=None)
    await tell(service, event("order.placed", about, 1))
    (member,) = [
        one["id"] for one in (await works.admin.get("/v1/members")).json()["items"] if one["roles"] == ["buyer"]
    ]
    assert (await bob.delete(f"/v1/members/{member}", headers={"If-Match": "*"})).status_code == 204
    await tell(service, event("order.completed", about | {"order_state": "completed"}, 2))

    assert [one["state"] for one in (await works.admin.get("/v1/orders")).json()["items"]] == ["completed"]
    assert await _orders(bob) == []


async def test_what_a_buyer_did_before_it_ever_came_here_is_its_own(service: Service) -> None:
    """The token named the account, so the order has its place; who sees its own alone sees it after the invitation."""
    works = await company(service)
    about = order(works.unit_id, "bob", account=works.account_id)
    await tell(service, event("order.placed", about))
    invoice = {
        "id": ABSENT, "buyer": "bob", "unit_id": works.unit_id, "number": "R-1", "issued_at": "2026-11-02T00:00:00Z",
        "state": "open", "total": {"amount": 21301, "currency": "EUR"},
    }  # fmt: skip
    await tell(service, event("invoice.issued", invoice))
    bob = await works.hire("bob", "buyer")

    assert await _orders(bob) == [about["number"]]
    assert [one["number"] for one in (await bob.get("/v1/invoices")).json()["items"]] == ["R-1"]


async def test_membership_and_order_that_come_at_the_same_time_find_each_other(service: Service) -> None:
    """Whichever is first."""
    works = await company(service)
    for number in range(5):
        buyer = f"buyer-{number}"
        told = event("order.placed", order(works.unit_id, buyer, account=None, number=buyer))
        answer, _ = await asyncio.gather(tell(service, told), works.hire(buyer, "buyer"))

        assert (answer.status_code, await _orders(service.as_(buyer))) == (204, [buyer])


async def test_member_of_anothers_private_account_buys_for_itself(service: Service) -> None:
    """Cleo lets Dan order for her; what he buys for himself is not hers to see. What the ERP tells is where he is."""
    cleo, dan = service.as_("cleo"), service.as_("dan")
    unit_id = (await post(cleo, "accounts", kind="person", name="Cleo"))["unit_id"]
    invited = await post(cleo, "invitations", unit_id=unit_id, email="dan@example.com", roles=["purchaser"])
    token = (await cleo.post(f"/v1/invitations/{invited['id']}/tokens")).json()["token"]
    await post(dan, "invitation-acceptances", token=token)
    for number, unit in (("own", None), ("hers", unit_id)):
        await tell(service, event("order.placed", order("", "dan", business_unit=unit, account=None, number=number)))
    await post(dan, "accounts", kind="person", name="Dan")
    invoice = {
        "id": ABSENT, "buyer": "dan", "number": "R-1", "issued_at": "2026-11-02T00:00:00Z", "state": "open",
        "total": {"amount": 21301, "currency": "EUR"},
    }  # fmt: skip
    await tell(service, event("invoice.issued", invoice))

    assert (await _orders(cleo), sorted(await _orders(dan))) == (["hers"], ["hers", "own"])
    assert [(await one.get("/v1/invoices")).json()["items"][:1] != [] for one in (cleo, dan)] == [False, True]


GUEST = "guest:0190a5e0-0000-7000-8000-000000000000"
