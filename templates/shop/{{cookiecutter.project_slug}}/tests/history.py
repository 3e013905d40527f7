"""A shop of several processes, a payment provider and a subscriber, all of them real, and what people do with them.

Everything is insisted on, with one key, until there is an answer: processes are killed under all of it.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.postgres import free_port
from tests.processes import ServerFactory, ServerProcess, servers
from tests.provider import Provider, provider
from tests.scale import scale
from tests.shop import WEB, key, order_of
from tests.subscribers import Subscriber, listening

SKUS = ("A", "B", "C")
PIECES = 60
_PATIENCE = scale(120.0, 600.0)
"""Seconds: for a process that starts, or an answer while processes are killed."""


def _insist(ask: Callable[[], httpx.Response], wanted: Sequence[int]) -> httpx.Response:
    """Ask until there is an answer that says something about what was asked for."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        told = ""
        try:
            answer = ask()
            told = answer.text
            if answer.status_code in wanted and "request-in-flight" not in told:
                return answer
            # Overloaded, away or just starting: nothing else may come of anything that people do here.
            assert answer.status_code in (409, 429, 503, 504), told
        except httpx.TransportError as error:
            told = repr(error)
        assert time.monotonic() < deadline, f"no answer for so long: {told}"
        time.sleep(0.05)


class House:
    """The shop's processes on one database, and everybody who has to do with them."""

    def __init__(self, url: str, asked: Provider, start: ServerFactory, subscriber: Subscriber, seed: int) -> None:
        self.url = url
        self.subscriber = subscriber
        self.dice = random.Random(seed)  # noqa: S311 - makes trouble, guards nothing
        ports = [asked.shop_port, free_port()]
        self._client = httpx.Client(timeout=5)
        self.provider = asked
        self._start = start
        self._environment = {
            "DATABASE_URL": url,
            "RATE_LIMIT_REQUESTS": "0",
            "LOG_LEVEL": "error",
            "DRAIN_SECONDS": "0",
            "EVENTS_PUBLISHER": "http",
            "EVENTS_SUBSCRIBERS": f"everybody={subscriber.url}",
            "RELAY_POLL_SECONDS": "0.1",
            "RELAY_LONGEST_WAIT_SECONDS": "1",
            "PAYMENT_MINUTES": "0.2",
        } | asked.settings
        self.shops = [self._serve(ports[0])]
        self.shops[0].wait_until_ready(_PATIENCE)
        self.shops.append(self._serve(ports[1]))
        self.shops[1].wait_until_ready(_PATIENCE)
        self._tokens = {name: self.shops[0].token(name) for name in ("staff", "ann", "bob", "eve")}
        self._people = ThreadPoolExecutor(6)
        self._busy: list[Future[None]] = []
        self._lock = threading.Lock()
        self.orders: list[str] = []
        self.adjusted: Counter[str] = Counter(dict.fromkeys(SKUS, PIECES))
        self._open()

    def _serve(self, port: int) -> ServerProcess:
        return self._start(**self._environment, PORT=str(port))

    def _open(self) -> None:
        self.call("staff", "POST", "/v1/channels", WEB)
        listed = self.call("staff", "POST", "/v1/price-lists", {"key": "retail", "name": "Retail", "currency": "EUR"})
        self._list_id = listed.json()["id"]
        for number, sku in enumerate(SKUS, start=1):
            self.set_price(sku, 333 * number)
            self.call("staff", "POST", "/v1/stock-items", {"sku": sku, "location": "berlin", "on_hand": PIECES})
        splits = [{"territory": "north", "share": 3_333}, {"territory": "south", "share": 6_667}]
        self.call("staff", "POST", "/v1/attribution-rules", {"key": "all", "priority": 1, "splits": splits})
        self.items = {item["sku"]: item["id"] for item in self.everything("/v1/stock-items")}

    def call(
        self, who: str, method: str, path: str, thing: Any = None, wanted: Sequence[int] = (200, 201, 204)
    ) -> httpx.Response:
        """Send one request, with one key, to whichever process there is, until it is answered."""
        headers = key() | {"Authorization": f"Bearer {self._tokens[who]}"}

        def ask() -> httpx.Response:
            base, patience = self.dice.choice(self.shops).url, self.dice.choice([0.05, 5.0, 5.0])
            return self._client.request(method, base + path, json=thing, headers=headers, timeout=patience)

        return _insist(ask, wanted)

    def everything(self, path: str, **filters: str) -> list[dict[str, Any]]:
        """Return all items of a list."""
        found, following = [], httpx.URL(path, params=filters | {"limit": "100"})
        while True:
            page = self.call("staff", "GET", str(following)).json()
            found += page["items"]
            if "next" not in page:
                return found
            following = following.copy_set_param("cursor", page["next"])

    # What people do. Each of it runs beside the rest.

    def at_once(self, what: Callable[..., None], *arguments: Any) -> None:
        """Let somebody do something while others do other things."""
        self._busy.append(self._people.submit(what, *arguments))

    def finish(self) -> None:
        """Wait until everybody is done; what went wrong for somebody is raised here."""
        busy, self._busy = self._busy, []
        for each in busy:
            each.result(_PATIENCE * 4)

    def buy(self, who: str, wanted: Mapping[str, int], card: str | None) -> None:
        """Fill a cart and order it; look at changed prices and order again; go away when there is too little."""
        cart = self.call(who, "POST", "/v1/carts", {"channel": "web"}).json()
        for sku, quantity in wanted.items():
            self.call(who, "POST", f"/v1/carts/{cart['id']}/lines", {"sku": sku, "quantity": quantity})
        for _ in range(5):
            answer = self.call(who, "POST", "/v1/orders", order_of(cart, card), (201, 409))
            if answer.status_code == 201:
                with self._lock:
                    self.orders.append(answer.json()["id"])
                return
            if "price-changed" not in answer.text:
                assert "out-of-stock" in answer.text, answer.text
                return
            self.call(who, "POST", f"/v1/carts/{cart['id']}/price-updates")

    def set_price(self, sku: str, amount: int) -> None:
        """Let an article cost something else from now on."""
        prices = [{"sku": sku, "tiers": [{"minimum_quantity": 1, "amount": amount}]}]
        self.call("staff", "POST", f"/v1/price-lists/{self._list_id}/price-changes", {"prices": prices})

    def adjust(self, sku: str, difference: int) -> None:
        """Count the stock: some pieces came or went."""
        path = f"/v1/stock-items/{self.items[sku]}/adjustments"
        if self.call("staff", "POST", path, {"difference": difference}, (200, 409)).status_code == 200:
            with self._lock:
                self.adjusted[sku] += difference

    def reserve(self, sku: str, quantity: int) -> None:
        """Speak for pieces for a second, and forget about them."""
        thing = {"lines": [{"sku": sku, "quantity": quantity}], "seconds": 1}
        self.call("staff", "POST", "/v1/stock-reservations", thing, (201, 409))

    def cancel(self, number: int) -> None:
        """Cancel an order, if that is still possible."""
        if (order := self._one(number)) is not None:
            self.call("staff", "POST", f"/v1/orders/{order['id']}/cancellations", {}, (200, 409))

    def ship(self, number: int, share: float) -> None:
        """Let some pieces of an order leave, and arrive."""
        self._move(number, "shipments", lambda line: line["quantity"] - line["shipped"], share, {})

    def give_back(self, number: int, share: float, *, whole: bool) -> None:
        """Send some pieces of an order back; whole ones are sold again."""
        more = {"restock_location": "berlin"} if whole else {}
        self._move(number, "returns", lambda line: line["shipped"] - line["returned"], share, more)

    def _move(
        self, number: int, what: str, most: Callable[[dict[str, Any]], int], share: float, more: dict[str, Any]
    ) -> None:
        order = self._one(number)
        if order is None:
            return
        lines = [{"line": line["id"], "quantity": round(most(line) * share)} for line in order["lines"]]
        moved = {"lines": [line for line in lines if line["quantity"]]} | more
        if not moved["lines"]:
            return
        path = f"/v1/orders/{order['id']}/{what}"
        done = self.call("staff", "POST", path, moved, (201, 409, 422))
        if done.status_code == 201 and what == "shipments":
            self.call("staff", "POST", f"{path}/{done.json()['id']}/deliveries", wanted=(200, 409))

    def _one(self, number: int) -> dict[str, Any] | None:
        with self._lock:
            chosen = self.orders[number % len(self.orders)] if self.orders else None
        if chosen is None:
            return None
        found: dict[str, Any] = self.call("staff", "GET", f"/v1/orders/{chosen}").json()
        return found

    # What happens to them.

    def kill_shop(self, number: int) -> None:
        """End one of the shop's processes at once, and start another one in its place."""
        killed = self.shops[number]
        killed.stop()
        self.shops[number] = self._serve(killed.port)
        self.shops[number].wait_until_ready(_PATIENCE)

    def kill_provider(self) -> None:
        """End the provider's process at once, and start it again."""
        self.provider.kill()
        self.provider.start()

    def repeat_webhooks(self) -> None:
        """Tell all that the provider ever told again, twice and in any order."""
        for body, headers in self.provider.told_again(self.dice)[:40]:

            def ask(body: bytes = body, headers: dict[str, str] = headers) -> httpx.Response:
                url = f"{self.dice.choice(self.shops).url}/v1/payment-events"
                return self._client.post(url, content=body, headers=headers)

            _insist(ask, (204,))

    def close(self) -> None:
        """Send everybody home."""
        self._people.shutdown(cancel_futures=True)
        self._client.close()


@contextmanager
def house(url: str, directory: Path, seed: int) -> Iterator[House]:
    """Open a shop, and close it at the end."""
    with servers(directory) as start, listening() as subscriber, provider(directory) as asked:
        opened = House(url, asked, start, subscriber, seed)
        try:
            yield opened
        finally:
            opened.close()
