"""`python -m tests.benchmarks.buying`: what a shop's carts and orders cost, carts beside a peer on the same terms.

Rounds alternate between the two servers. CPU is the server process's own time for one request, which says most on a
machine that does other things too; wall is requests per second with ten connections, closed loop. A cart has five
lines; a line more of an article that is in the cart prices all of them anew. Orders have two lines and are placed in an
open loop: how long one takes counts from when it was due.
"""

import argparse
import json
import statistics
import sys
import uuid
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.benchmarks.costs import Costs
from tests.benchmarks.services import HERE, Laboratory, Server, laboratory

SKUS = ("C40-230V", "V1", "S1", "K9", "P7")
TERMS: dict[str, Any] = {
    "lists": {"retail": (None, None), "web": ("web", None), "dealers": (None, "dealers")},
    "prices": {sku: [(1, 1_000 * n), (10, 900 * n)] for n, sku in enumerate(SKUS, start=1)},
    "discounts": {"spring": (30, None, None, "10"), "loyal": (20, "dealers", None, "5"), "code": (10, None, "X1", "3")},
    "carts": 40,
}
ADDRESS = {
    "name": "Ann Example",
    "street_address": "Hof 1",
    "postal_code": "10115",
    "address_locality": "Berlin",
    "address_country": "DE",
}
CARTS = "/v1/carts"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; whether the bounds hold is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.buying")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=1000, help="of one round and server")
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--python", type=Path, help="with what the shop runs on installed; else that is made")
    options = parser.parse_args(arguments)
    python = options.python and options.python.absolute()
    with laboratory([sys.executable, "-m", "machgen"], python, template="shop", databases=("ours", "peer")) as bench:
        bench.run("chassis", "migrate")
        told = json.loads(bench.run("peers.shop", json.dumps(TERMS), cwd=HERE, environment=bench.peers))
        with (
            bench.ours(RATE_LIMIT_REQUESTS="0") as ours,
            bench.peer(probe="/openapi.json", app="peers.shop:app") as peer,
        ):
            token = bench.run("chassis", "token").strip()
            shop = Shop(ours, token)
            shop.open()
            mine = [shop.cart(SKUS) for _ in range(TERMS["carts"])]
            sides = ((ours, token, mine), (peer, told["token"], told["carts"]))
            compare(bench, sides, "read a cart", [""], bound=1.6, options=options)
            compare(bench, sides, "add a line", SKUS, bound=1.2, options=options)
            place(bench, shop, options.orders)
    return 0


class Shop:
    """The generated shop's management, over HTTP."""

    def __init__(self, server: Server, token: str) -> None:
        self.server = server
        self.token = token

    def post(self, path: str, thing: object) -> dict[str, Any]:
        """Create something and return it."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", f"/v1/{path}", json.dumps(thing), headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status not in (200, 201):
            raise RuntimeError(f"{path}: {response.status} {body.decode()}")
        found: dict[str, Any] = json.loads(body)
        return found

    def open(self) -> None:
        """Make the terms that the peer has too."""
        rates = [{"country": "DE", "percent": "19"}]
        web = {"key": "web", "name": "Shop", "currency": "EUR", "country": "DE", "prices_include_tax": True}
        self.post("channels", web | {"tax_rates": rates})
        for key, (channel, group) in TERMS["lists"].items():
            terms = {"key": key, "name": key, "currency": "EUR", "channel": channel, "customer_group": group}
            made = self.post("price-lists", terms)
            tiers = {
                sku: [{"minimum_quantity": minimum, "amount": amount} for minimum, amount in tiers]
                for sku, tiers in TERMS["prices"].items()
            }
            changes = [{"sku": sku, "tiers": asked} for sku, asked in tiers.items()]
            self.post(f"price-lists/{made['id']}/price-changes", {"prices": changes})
        for key, (priority, group, code, percent) in TERMS["discounts"].items():
            rule = {"key": key, "name": key, "priority": priority, "percent": percent}
            self.post("discounts", rule | {"customer_group": group, "code": code})
        for sku in SKUS:
            self.post("stock-items", {"sku": sku, "location": "berlin", "on_hand": 1_000_000})

    def cart(self, skus: Sequence[str]) -> str:
        """Return the id of a new cart with two pieces of each article."""
        made = self.post("carts", {"channel": "web"})
        for sku in skus:
            self.post(f"carts/{made['id']}/lines", {"sku": sku, "quantity": 2})
        return str(made["id"])


def compare(
    bench: Laboratory,
    sides: Sequence[tuple[Server, str, Sequence[str]]],
    name: str,
    skus: Sequence[str],
    *,
    bound: float,
    options: argparse.Namespace,
) -> None:
    """Measure two servers in turn, and print how many times more requests the first one answers.

    Args:
        skus: What is put into the carts in turn; an empty name reads them.
    """
    found = Costs()
    for round_ in range(options.rounds + 1):
        for server, token, carts in sides:
            reads = not skus[0]
            targets = [f"{CARTS}/{cart}{'' if reads else '/lines'}" for cart in carts]
            bodies = [] if reads else [json.dumps({"sku": skus[n % len(skus)]}) for n in range(len(targets))]
            (found if round_ else Costs()).take(
                bench,
                server,
                targets,
                requests=options.requests,
                status=200 if reads else 201,
                tokens=[token],
                bodies=bodies,
            )
    first, second = (server.name for server, _, _ in sides)
    found.tell(name, first, second, bound)


def place(bench: Laboratory, shop: Shop, count: int, rate: float = 20.0) -> None:
    """Place orders in an open loop, each with a key of its own."""
    bodies = [
        json.dumps(
            {
                "cart": shop.cart(SKUS[:2]),
                "billing_address": ADDRESS,
                "payment": {"method": "card", "token": "tok_ok"},
            }
        )
        for _ in range(count)
    ]
    keys = [str(uuid.uuid4()) for _ in bodies]
    before = shop.server.cpu()
    told = bench.ask(
        shop.server,
        ["/v1/orders"] * count,
        connections=20,
        requests=count,
        rate=rate,
        tokens=[shop.token],
        bodies=bodies,
        keys=keys,
    )
    if told["statuses"] != {"201": count}:
        raise RuntimeError(f"not every order was placed: {told['statuses']}")
    waits = statistics.quantiles(told["milliseconds"], n=100)
    print(
        f"  place an order at {rate:g}/s: p50 {waits[49]:.1f} ms, p99 {waits[98]:.1f} ms, bound 150:"
        f" {'holds' if waits[98] < 150 else 'MISSED'}; CPU {1000 * (shop.server.cpu() - before) / count:.1f} ms",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
