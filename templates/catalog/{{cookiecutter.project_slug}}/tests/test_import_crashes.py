"""Killed at any moment of an import, the service goes on where it was: nothing twice, nothing lost."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.catalog import PUMP_TYPE, product, variant
from tests.processes import ServerFactory, ServerProcess, servers
from tests.scale import scale
from tests.subscribers import listening

PRODUCTS = scale(200, 2_000)
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


def test_killed_import_is_worked_off_once(fresh_url: str, start: ServerFactory) -> None:
    """Every line has one verdict, every product is there and published once, and everything was told, the end too."""
    rounds = scale(1, 20)
    dice = random.Random(rounds)  # noqa: S311 - makes trouble, guards nothing
    with listening() as subscriber:
        environment = {
            "DATABASE_URL": fresh_url,
            "EVENTS_PUBLISHER": "http",
            "EVENTS_SUBSCRIBERS": f"erp={subscriber.url}",
            "RELAY_POLL_SECONDS": "0.05",
            "RELAY_LONGEST_WAIT_SECONDS": "0.2",
            "RATE_LIMIT_REQUESTS": "0",
            "LOG_LEVEL": "warning",
            "DRAIN_SECONDS": "0",
        }
        server = start(**environment)
        job = _begin(server)
        path = f"/v1/product-imports/{job['id']}"
        interrupted = before = 0
        for number in range(rounds):
            # Somewhere in a piece, each time in another one: one that ends the process again and again is given up.
            _gone_on(server, path, before)
            time.sleep(dice.uniform(0.0, 0.15))
            lines_done = _get(server, path)["lines"]
            before = min(lines_done, PRODUCTS - 1)
            interrupted = lines_done if number == 0 else interrupted
            server.stop()
            server = start(**environment)
            server.wait_until_ready()
        done = _finished(server, job["id"])
        lines = list(_all(server, f"/v1/product-imports/{job['id']}/lines"))
        products = list(_all(server, "/v1/products"))
        publications = [
            _get(server, f"/v1/products/{each['id']}/publications")["items"] for each in dice.sample(products, 20)
        ]
        everything = 2 * PRODUCTS + 2  # changed and published, the type, and the end of the import
        _wait_for(lambda: sum(map(len, subscriber.by_subject.values())) >= everything)
        told = {subject: [one["type"] for one in events] for subject, events in subscriber.by_subject.items()}

    assert 0 < interrupted < PRODUCTS
    assert [done[name] for name in ("lines", "created", "updated", "unchanged", "rejected")] == [
        PRODUCTS, PRODUCTS, 0, 0, 0,
    ]  # fmt: skip
    assert [(each["line"], each["outcome"], each["reasons"]) for each in lines] == [
        (number, "created", []) for number in range(1, PRODUCTS + 1)
    ]
    assert Counter(each["key"] for each in products) == Counter(f"c{number}" for number in range(PRODUCTS))
    assert {(each["state"], each["version"], each["published_version"]) for each in products} == {("published", 2, 2)}
    assert [len(each) for each in publications] == [1] * 20
    of_products = {subject: kinds for subject, kinds in told.items() if subject.startswith("products/")}
    assert len(of_products) == PRODUCTS
    assert set(map(tuple, of_products.values())) == {("product.changed", "product.published")}
    assert told[f"product-imports/{job['id']}"] == ["import.finished"]


def test_killed_upload_is_never_worked_off(fresh_url: str, start: ServerFactory) -> None:
    """Half a file is no file: the next start does nothing with it, and other files have their turn."""
    environment = {"DATABASE_URL": fresh_url, "LOG_LEVEL": "warning", "DRAIN_SECONDS": "0"}
    server = start(**environment)
    server.wait_until_ready()
    _put_types(server)

    def half() -> Iterator[bytes]:
        yield b"".join(_lines(range(1_000, 1_500)))
        time.sleep(0.5)
        server.stop()
        yield b"".join(_lines(range(1_500, 1_600)))

    with _client(server) as client, pytest.raises(httpx.TransportError):
        client.post("/v1/product-imports", content=half(), headers=NDJSON)
    server = start(**environment)
    server.wait_until_ready()
    with _client(server) as client:
        accepted = client.post("/v1/product-imports", content=b"".join(_lines(range(2))), headers=NDJSON)
    _finished(server, accepted.json()["id"])

    assert sorted(each["key"] for each in _all(server, "/v1/products")) == ["c0", "c1"]
    assert sorted(each["state"] for each in _all(server, "/v1/product-imports")) == ["finished", "receiving"]


def _lines(numbers: range) -> list[bytes]:
    """Return products, each naming the next one, long enough for several pieces."""
    return [
        json.dumps(
            product(
                f"c{number}",
                related=[f"c{number + 1}"] if number + 1 < numbers.stop else [],
                description={"en": "Quiet and frugal. " * 1000},
                variants=[variant(f"C{number}")],
                source={"system": "erp", "reference": str(number), "version": 1},
            )
        ).encode()
        + b"\n"
        for number in numbers
    ]


def _begin(server: ServerProcess) -> Any:
    server.wait_until_ready()
    _put_types(server)
    with _client(server) as client:
        content = b"".join(_lines(range(PRODUCTS)))
        accepted = client.post("/v1/product-imports", params={"publish": True}, content=content, headers=NDJSON)
        assert accepted.status_code == 202, accepted.text
        return accepted.json()


def _put_types(server: ServerProcess) -> None:
    locales = [{"locale": "en", "fallbacks": ["de"]}]
    channel = {"key": "web", "name": {"en": "Shop"}, "currency": "EUR", "locales": locales}
    with _client(server) as client:
        for collection, thing in (("product-types", PUMP_TYPE), ("channels", channel)):
            assert client.post(f"/v1/{collection}", json=thing).status_code == 201


def _client(server: ServerProcess) -> httpx.Client:
    headers = {"Authorization": f"Bearer {server.token('ann')}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=30)


def _get(server: ServerProcess, path: str) -> Any:
    with _client(server) as client:
        return client.get(path).raise_for_status().json()


def _gone_on(server: ServerProcess, path: str, lines: int) -> None:
    _wait_for(lambda: _get(server, path)["lines"] > lines)


def _finished(server: ServerProcess, job: str) -> Any:
    _wait_for(lambda: _get(server, f"/v1/product-imports/{job}")["state"] == "finished")
    return _get(server, f"/v1/product-imports/{job}")


def _all(server: ServerProcess, path: str) -> Iterator[Any]:
    with _client(server) as client:
        parameters = {"limit": "100"}
        while True:
            page = client.get(path, params=parameters).raise_for_status().json()
            yield from page["items"]
            if "next" not in page:
                return
            parameters["cursor"] = page["next"]


def _wait_for(condition: Any, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.1)
