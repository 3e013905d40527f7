"""A random history: several people buy, sell, send and return at once, prices change, processes are killed.

Whatever happened, in the end the pieces, the money, the credit and the events agree to the last one. ``HISTORY_SEED``
plays another history.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pydantic import SecretStr
from sqlalchemy import text

from chassis.database import Database
from chassis.settings import Settings
from tests.history import SKUS, House, house
from tests.scale import report, scale

SECONDS, STEPS = scale(0, 300), scale(20, 60)
SEED = int(os.environ.get("HISTORY_SEED", "4"))
CARDS = (
    "tok_ok", "tok_decline", "tok_expired_card", "tok_delay", "tok_duplicate", "tok_unknown_charged",
    "tok_unknown_lost", "tok_no_capture", "tok_second_capture",
)  # fmt: skip

_buyers = st.sampled_from(["ann", "bob", "eve"])
_wanted = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 6), min_size=1)
_orders = st.integers(0, 1_000)
_shares = st.sampled_from([0.4, 1.0])


class History(RuleBasedStateMachine):
    """What can happen. Each step begins beside what has begun before it."""

    place: ClassVar[House]

    @initialize(wanted=_wanted)
    def open(self, wanted: dict[str, int]) -> None:
        """Three orders are there to do something with."""
        self.rush(wanted, "tok_ok")

    @rule(who=_buyers, wanted=_wanted, card=st.sampled_from(CARDS))
    def buy(self, who: str, wanted: dict[str, int], card: str) -> None:
        """Somebody fills a cart and orders it."""
        self.place.at_once(self.place.buy, who, wanted, card)

    @rule(wanted=_wanted, card=st.sampled_from(CARDS))
    def rush(self, wanted: dict[str, int], card: str) -> None:
        """Everybody wants the same."""
        for who in ("ann", "bob", "eve"):
            self.place.at_once(self.place.buy, who, wanted, card)

    @rule(sku=st.sampled_from(SKUS), amount=st.integers(1, 2_000))
    def change_a_price(self, sku: str, amount: int) -> None:
        """An article costs something else."""
        self.place.at_once(self.place.set_price, sku, amount)

    @rule(sku=st.sampled_from(SKUS), difference=st.integers(-5, 20))
    def count_the_stock(self, sku: str, difference: int) -> None:
        """Pieces came or went."""
        self.place.at_once(self.place.adjust, sku, difference)

    @rule(sku=st.sampled_from(SKUS), quantity=st.integers(1, 10))
    def reserve(self, sku: str, quantity: int) -> None:
        """Pieces are spoken for, for a second."""
        self.place.at_once(self.place.reserve, sku, quantity)

    @rule(number=_orders)
    def cancel(self, number: int) -> None:
        """An order is cancelled."""
        self.place.at_once(self.place.cancel, number)

    @rule(number=_orders, share=_shares)
    def ship(self, number: int, share: float) -> None:
        """Pieces leave."""
        self.place.at_once(self.place.ship, number, share)

    @rule(number=_orders, share=_shares, whole=st.booleans())
    def give_back(self, number: int, share: float, whole: bool) -> None:
        """Pieces come back."""
        self.place.at_once(lambda: self.place.give_back(number, share, whole=whole))

    @rule(number=st.integers(0, 1))
    def kill_a_shop(self, number: int) -> None:
        """One of the shop's processes is gone, and another one comes."""
        self.place.kill_shop(number)

    @rule()
    def kill_the_provider(self) -> None:
        """The provider's process is gone, and comes again."""
        self.place.kill_provider()

    @rule()
    def repeat_webhooks(self) -> None:
        """The provider tells everything again, in another order."""
        self.place.at_once(self.place.repeat_webhooks)

    @rule()
    def pause(self) -> None:
        """Everybody comes to an end."""
        self.place.finish()

    def teardown(self) -> None:
        """Let everything come to rest, and count."""
        self.place.finish()
        _agree(self.place)


@pytest.fixture
def place(fresh_url: str, tmp_path: Path) -> Iterator[House]:
    """Give an open shop."""
    with house(fresh_url, tmp_path, SEED) as opened:
        History.place = opened
        yield opened


@pytest.mark.parametrize("fresh_url", ["postgresql"], indirect=True)
def test_everything_agrees_in_the_end(place: House, capsys: pytest.CaptureFixture[str]) -> None:
    """Stock is conserved, payments are orders less refunds, credit is whole, events come in order."""
    began, number = time.monotonic(), 0
    while number == 0 or time.monotonic() - began < SECONDS:
        number += 1
        chosen = settings(
            max_examples=2,  # the first one is always the shortest that there is
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=False,
            phases=[Phase.generate],  # the same steps never happen in the same way twice: nothing can be shrunk
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(seed(SEED + number)(History), settings=chosen)
    states = Counter((each["order_state"], each["payment_state"]) for each in place.everything("/v1/orders"))
    report(capsys, f"{number} histories, {len(place.orders)} orders: {dict(states)}")

    assert place.orders


def _agree(place: House) -> None:
    orders = _at_rest(place)
    requests = asyncio.run(_requests(place.url))
    _pieces_agree(place, orders)
    _money_agrees(place.provider.books(), orders, requests)
    _credit_agrees(place, orders)
    _events_agree(place, orders)


def _at_rest(place: House) -> list[dict[str, Any]]:
    """Return all orders, once nobody owes anybody an answer; what was declined is asked for once more."""
    deadline = time.monotonic() + scale(120, 600)
    asked: set[str] = set()
    while True:
        before = asyncio.run(_requests(place.url))
        orders = place.everything("/v1/orders")
        requests = asyncio.run(_requests(place.url))
        open_requests = [one for one in requests if one["state"] == "sent" or one["due"]]
        restless = [order for order in orders if order["order_state"] == "placed"]
        for order in orders:
            if order["outstanding"] and order["id"] not in asked and not open_requests:
                path = f"/v1/orders/{order['id']}/payment-attempts"
                place.call("staff", "POST", path, wanted=(200, 409))
                asked.add(order["id"])
                restless.append(order)
        # What was answered while the orders were read, some of them may not tell yet.
        if not restless and not open_requests and before == requests:
            return orders
        assert time.monotonic() < deadline, (restless, open_requests)
        time.sleep(0.2)


async def _requests(url: str) -> list[dict[str, Any]]:
    """Return what the provider was asked, in the order of asking; ``due``: it waits to be sent now."""
    database = Database(Settings(database_url=SecretStr(url)))
    due = "state = 'due' AND due_at < now() + interval '1 minute' AS due"
    query = f"SELECT id, order_id, kind, amount, state, {due} FROM payment_requests ORDER BY id"  # noqa: S608 - our own words
    async with database.reading() as session:
        found = [dict(row) for row in (await session.execute(text(query))).mappings()]
    await database.close()
    return found


def _pieces_agree(place: House, orders: list[dict[str, Any]]) -> None:
    """What was there and came, less what has left, plus what came back to be sold, is there."""
    left, spoken_for = Counter(place.adjusted), Counter[str]()
    for order in orders:
        lines = {line["id"]: line for line in order["lines"]}
        for line in lines.values():
            left[line["sku"]] -= line["shipped"]
            if order["order_state"] != "cancelled":
                spoken_for[line["sku"]] += line["quantity"] - line["shipped"]
        for back in place.everything(f"/v1/orders/{order['id']}/returns"):
            for each in back["lines"] if back["restocked_location"] else []:
                left[lines[each["line"]]["sku"]] += each["quantity"]
    deadline = time.monotonic() + 30
    while True:  # what was reserved for a second may not be free yet
        items = {item["sku"]: item for item in place.everything("/v1/stock-items")}
        found = {sku: (item["on_hand"], item["reserved"]) for sku, item in items.items()}
        expected = {sku: (left[sku], spoken_for[sku]) for sku in SKUS}
        if found == expected or time.monotonic() > deadline:
            break
        time.sleep(0.2)

    assert found == expected
    assert all(0 <= reserved <= on_hand for on_hand, reserved in found.values())


def _money_agrees(books: list[dict[str, Any]], orders: list[dict[str, Any]], requests: list[dict[str, Any]]) -> None:
    """The provider's books and the orders say the same, and it is what has left and stayed away."""
    order_of = {str(one["id"]): str(one["order_id"]) for one in requests if one["kind"] == "authorize"}
    moved: dict[str, Counter[str]] = {order["id"]: Counter() for order in orders}
    cards = {}
    for one in books:
        order_id = order_of[one["authorization"]]
        cards[order_id] = one["token"]
        if one["status"] == "succeeded":
            moved[order_id][one["kind"]] += one["amount"]
            moved[order_id][f"{one['kind']}s"] += 1
    for order in orders:
        booked, kept = moved[order["id"]], sum(_kept(line) for line in order["lines"])
        cancelled = order["order_state"] == "cancelled"
        unwilling = cards.get(order["id"]) == "tok_no_capture"

        assert booked["authorizes"] <= 1, order
        assert (booked["capture"], booked["refund"]) == (order["captured"], order["refunded"]), order
        assert order["outstanding"] == kept - (order["captured"] - order["refunded"]), order
        assert order["outstanding"] == 0 or (unwilling and order["captured"] == 0), order
        if cancelled:  # whatever was held has been let go
            assert booked["voids"] == booked["authorizes"], order
            assert order["payment_state"] in ("voided", "failed"), order
        else:
            assert (booked["authorizes"], booked["authorize"]) == (1, order["totals"]["gross"]), order
        if order["shipment_state"] == "delivered" and not unwilling:
            assert order["order_state"] == "completed", order
    sold = sum(_kept(line) for order in orders for line in order["lines"])
    owed = sum(order["outstanding"] for order in orders)

    assert sum(one["capture"] - one["refund"] for one in moved.values()) == sold - owed


def _kept(line: Mapping[str, Any]) -> int:
    """Return what the pieces of a line that left and stayed away are worth."""
    return _portion(line, "gross", line["shipped"]) - _portion(line, "gross", line["returned"])


def _portion(line: Mapping[str, Any], what: str, pieces: int) -> int:
    """Return what some pieces of a line are worth; a half is rounded to the even cent."""
    whole, rest = divmod(int(line[what]) * pieces, int(line["quantity"]))
    doubled = 2 * rest - int(line["quantity"])
    return whole + (doubled > 0 or (doubled == 0 and whole % 2 == 1))


def _credit_agrees(place: House, orders: list[dict[str, Any]]) -> None:
    """Of every line exactly all is credited, less what came back, and all of it when it was cancelled."""
    for order in orders:
        entries = place.everything("/v1/attributions", order=order["id"])
        for line in order["lines"]:
            mine = [entry for entry in entries if entry["line"] == line["id"]]
            cancelled = order["order_state"] == "cancelled"
            left = 0 if cancelled else line["net"] - _portion(line, "net", line["returned"])

            assert sum(entry["share"] for entry in mine if entry["kind"] == "decided") == 10_000
            assert sum(entry["amount"] for entry in mine) == left, order["number"]


def _events_agree(place: House, orders: list[dict[str, Any]]) -> None:
    """Of every order, events came without a gap and in their order, and the last ones say what it is now."""
    deadline = time.monotonic() + 60
    while True:
        by_subject = place.subscriber.by_subject
        told = {subject: [int(one["sequence"]) for one in events] for subject, events in by_subject.items()}
        last = {order["id"]: _last(by_subject.get(f"orders/{order['id']}", [])) for order in orders}
        behind = [order["id"] for order in orders if last[order["id"]] != order["order_state"]]
        if not behind or time.monotonic() > deadline:
            break
        time.sleep(0.2)

    assert not behind
    assert {subject: list(range(1, len(numbers) + 1)) for subject, numbers in told.items()} == told


def _last(events: list[dict[str, Any]]) -> str:
    """Return the state of an order as its events tell it."""
    states = [one["data"]["order_state"] for one in events if one["type"].startswith("order.")]
    return str(states[-1]) if states else "unheard of"
