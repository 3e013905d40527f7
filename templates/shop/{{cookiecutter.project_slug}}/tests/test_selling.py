"""Selling under pressure: many buyers, several processes, lost replies, kills. Nothing is sold or charged twice."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import ServerFactory, ServerProcess, servers
from tests.provider import Provider, provider
from tests.scale import scale
from tests.shop import cart, key, order_of, put, small_shop, stock
from tests.wire import call

PIECES, BUYERS, ROUNDS = scale(6, 100), scale(20, 1_000), scale(1, 20)
_AT_A_TIME = 20
_OUT_OF_STOCK = "urn:problem-type:out-of-stock"
KEYS, DUPLICATES, KILLS = scale(5, 100), scale(3, 50), scale(1, 100)
_PATIENCE_SECONDS = scale(300.0, 3_600.0)
"""How long somebody goes on asking: until then there has to be an answer, however often processes are killed."""

_INSISTING = 4
"""How many keys are sent at a time, each by all of its duplicates."""
_SETTLED_WITHIN = scale(60.0, 900.0)
"""Seconds: the longest pause between two questions to the provider, ten minutes, and some for the answers."""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


@dataclass(frozen=True)
class _Till:
    """One of the shop's processes, and so many who talk to it at a time."""

    client: httpx.AsyncClient
    places: asyncio.Semaphore

    async def ask(self, path: str, thing: Any) -> httpx.Response:
        """Post until there is an answer: all that a buyer may see of a loaded service is that they shall come again."""
        headers = key()
        # Queued here and not in the client's pool, which is searched whole for every request.
        async with asyncio.timeout(_PATIENCE_SECONDS), self.places:
            while True:
                answer = await self.client.post(path, json=thing, headers=headers)
                if answer.status_code not in (429, 503):
                    return answer
                await asyncio.sleep(0.05)

    async def cart(self, skus: Sequence[str]) -> dict[str, Any]:
        """Fill a cart with a piece of each article."""
        made: dict[str, Any] = (await self.ask("/v1/carts", {"channel": "web"})).json()
        for sku in skus:
            assert (await self.ask(f"/v1/carts/{made['id']}/lines", {"sku": sku})).status_code == 201
        return made


@asynccontextmanager
async def _client(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {server.token('ann')}"}
    limits = httpx.Limits(max_connections=_AT_A_TIME)
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60, limits=limits) as client:
        yield client


@asynccontextmanager
async def _three_processes(start: ServerFactory, database_url: str) -> AsyncIterator[list[_Till]]:
    environment = {
        "DATABASE_URL": database_url,
        "RATE_LIMIT_REQUESTS": "0",
        "LOG_LEVEL": "warning",
        "DRAIN_SECONDS": "0",
    }
    shops = [start(**environment)]
    shops[0].wait_until_ready()
    shops += [start(**environment) for _ in range(2)]
    async with AsyncExitStack() as stack:
        for shop in shops:
            shop.wait_until_ready()
        clients = [await stack.enter_async_context(_client(shop)) for shop in shops]
        yield [_Till(client, asyncio.Semaphore(_AT_A_TIME)) for client in clients]


@pytest.mark.parametrize("fresh_url", ["postgresql"], indirect=True)
async def test_exactly_what_is_there_is_sold(fresh_url: str, start: ServerFactory) -> None:
    """Three processes, many buyers of the same two articles, asked for in opposite orders: nobody waits in a circle.

    Whoever went away empty-handed is there again when as many pieces have come as before, and so are new buyers.
    """
    async with _three_processes(start, fresh_url) as tills:
        house = tills[0].client
        await small_shop(house)
        items = await stock(house, V1=0, S1=0)
        waiting: list[tuple[_Till, dict[str, Any]]] = []
        for number in range(1, ROUNDS + 1):
            for item in items.values():
                await put(house, f"stock-items/{item['id']}/adjustments", {"difference": PIECES})
            waiting += await _new_buyers(tills, BUYERS - len(waiting))
            orders = [till.ask("/v1/orders", order_of(filled)) for till, filled in waiting]
            answers = await asyncio.gather(*orders)
            left = [(await house.get(f"/v1/stock-items/{item['id']}")).json() for item in items.values()]
            refused = [answer.json() for answer in answers if answer.status_code != 201]
            waiting = [buyer for buyer, answer in zip(waiting, answers, strict=True) if answer.status_code != 201]

            assert Counter(problem["type"] for problem in refused) == {_OUT_OF_STOCK: BUYERS - PIECES}
            assert [(item["reserved"], item["available"]) for item in left] == [(PIECES * number, 0)] * 2


async def _new_buyers(tills: Sequence[_Till], count: int) -> list[tuple[_Till, dict[str, Any]]]:
    skus = ["V1", "S1"]
    places = [tills[index % len(tills)] for index in range(count)]
    carts = [till.cart(skus if index % 2 else skus[::-1]) for index, till in enumerate(places)]
    return list(zip(places, await asyncio.gather(*carts), strict=True))


class _Insisting:
    """A client that sends one order again and again, to whichever process there is, until it has heard the answer."""

    def __init__(self, draft: dict[str, Any], port: int, authorization: str) -> None:
        self._draft = draft
        self._headers = key() | {"Authorization": authorization}
        self._port = port
        self.heard: set[bytes] = set()

    async def insist(self, dice: random.Random) -> None:
        """Send duplicates at once, drop some replies, and go on after a crash."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                outcomes = await asyncio.gather(
                    *(self._once(dice.choice([0.001, 0.01, None])) for _ in range(DUPLICATES - 1)), self._once(None)
                )
                if any(outcomes):
                    return
                await asyncio.sleep(dice.uniform(0.05, 0.5))

    async def _once(self, drop_after: float | None) -> bool:
        try:
            reply = await call(
                self._port, "POST", "/v1/orders", self._headers, self._draft, drop_after=drop_after, seconds=60
            )
        except (OSError, EOFError):
            return False  # it was killed, or is not there yet
        if reply is None:
            return False
        if reply.status == 201:
            self.heard.add(reply.body)
            return True
        # In flight, overloaded, or too slow in sending: nothing else may come of an order that can be placed.
        assert reply.status in (408, 409, 429, 503), reply
        return False


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Provider]:
    """Give a payment provider."""
    with provider(tmp_path) as running:
        yield running


async def test_one_key_is_one_order_and_one_charge(fresh_url: str, start: ServerFactory, bank: Provider) -> None:
    """Whatever is repeated, dropped or killed: one order a key, one authorisation an order, and none left open.

    First nothing else happens. Then the shop and its payment provider are killed in turn while new keys come in, and
    the provider tells everything again in any order.
    """
    dice = random.Random(KEYS)  # noqa: S311 - makes trouble, guards nothing
    environment = {
        "DATABASE_URL": fresh_url,
        "RATE_LIMIT_REQUESTS": "0",
        "LOG_LEVEL": "error",
        "DRAIN_SECONDS": "0",
        "PORT": str(bank.shop_port),
    } | bank.settings
    shop = start(**environment)
    shop.wait_until_ready()
    authorization = f"Bearer {shop.token('ann')}"
    async with _client(shop) as client:
        await small_shop(client)
        await stock(client, V1=2 * KEYS)
        cards = ["tok_ok", "tok_delay", "tok_duplicate", "tok_unknown_charged", "tok_unknown_lost"]
        filled = [await cart(client, {"V1": 1}) for _ in range(2 * KEYS)]
    drafts = [order_of(each, cards[number % len(cards)]) for number, each in enumerate(filled)]
    buyers = [_Insisting(draft, shop.port, authorization) for draft in drafts]
    await _insist(buyers[:KEYS], dice)
    places = asyncio.Semaphore(_INSISTING)
    async with asyncio.TaskGroup() as insisting:
        for number in range(KILLS):
            for buyer in buyers[KEYS + KEYS * number // KILLS : KEYS + KEYS * (number + 1) // KILLS]:
                await places.acquire()  # however slow the machine is: kills do not keep everybody from ever being heard
                insisting.create_task(buyer.insist(dice)).add_done_callback(lambda _: places.release())
            await asyncio.sleep(dice.uniform(0.05, 0.5))
            bank.kill()
            await asyncio.sleep(dice.uniform(0.0, 0.1))
            shop.stop()
            shop = await asyncio.to_thread(_both_again, bank, start, environment)
    async with _client(shop) as client:
        for body, headers in await asyncio.to_thread(bank.told_again, dice):
            (await client.post("/v1/payment-events", content=body, headers=headers)).raise_for_status()
        await _settled(client)
        orders = await _everything(client, "/v1/orders")
    booked = [(one["amount"], one["kind"], one["status"]) for one in await asyncio.to_thread(bank.books)]

    assert [len(buyer.heard) for buyer in buyers] == [1] * len(buyers)
    assert sorted(each["cart"] for each in orders) == sorted(draft["cart"] for draft in drafts)
    assert {each["payment_state"] for each in orders} == {"authorized"}
    assert booked == [(1_250, "authorize", "succeeded")] * len(buyers)


def _both_again(bank: Provider, start: ServerFactory, environment: dict[str, str]) -> ServerProcess:
    """Start both: a kill meets nothing before they are at work."""
    bank.start()
    shop = start(**environment)
    shop.wait_until_ready(_PATIENCE_SECONDS)
    bank.wait_until_ready()
    return shop


async def _insist(buyers: Sequence[_Insisting], dice: random.Random) -> None:
    places = asyncio.Semaphore(_INSISTING)

    async def insist(buyer: _Insisting) -> None:
        async with places:
            await buyer.insist(dice)

    await asyncio.gather(*(insist(buyer) for buyer in buyers))


async def _settled(client: httpx.AsyncClient) -> None:
    """Wait until the provider was asked about everything: each time it kept silent, the next pause was longer."""
    async with asyncio.timeout(_SETTLED_WITHIN):
        while True:
            if all(each["order_state"] != "placed" for each in await _everything(client, "/v1/orders")):
                return
            await asyncio.sleep(0.2)


async def _everything(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    found, following = [], f"{path}?limit=100"
    while following:
        page = (await client.get(following)).json()
        found += page["items"]
        following = f"{path}?limit=100&cursor={page['next']}" if "next" in page else ""
    return found
