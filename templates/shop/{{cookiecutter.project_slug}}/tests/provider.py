"""A payment provider as a process of its own, with books that it keeps through every kill."""

import json
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from chassis.project import project
from chassis.webhooks import signature
from tests import forking
from tests.forking import ForkedProcess
from tests.postgres import free_port
from tests.processes import server_environment
from tests.scale import scale

SECRET = "signs-what-the-provider-tells"
_STARTS_WITHIN = scale(120.0, 600.0)


class Provider:
    """The process. It tells what happens later to whoever listens on ``shop_port``."""

    def __init__(self, directory: Path) -> None:
        self.port, self.shop_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = directory / "provider.log"
        self._environment = server_environment(directory) | {
            "PORT": str(self.port),
            "SHOP_URL": f"http://127.0.0.1:{self.shop_port}",
            "PAYMENT_WEBHOOK_SECRET": SECRET,
        }
        self._module = f"{project().package}.payments.tests.provider"
        self.start()

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a shop that asks it, impatiently."""
        return {
            "PAYMENT_PROVIDER": "remote",
            "PAYMENT_URL": self.url,
            "PAYMENT_WEBHOOK_SECRET": SECRET,
            "PAYMENT_SECONDS": "2",
            "PAYMENT_POLL_SECONDS": "0.05",
            "PAYMENT_UNKNOWN_SECONDS": "0.2",
        }

    def start(self) -> None:
        """Start it, on the same port and books as before."""
        self.process = ForkedProcess(forking.module, self._module, self._environment, self._log)

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def wait_until_ready(self) -> None:
        """Return when it takes connections."""
        deadline = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except OSError:
                assert time.monotonic() < deadline, "the provider does not start"
                time.sleep(0.02)
            else:
                return

    def books(self) -> list[dict[str, Any]]:
        """Return all that it has booked, once it answers."""
        deadline = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                found: list[dict[str, Any]] = httpx.get(f"{self.url}/v1/books", timeout=5).raise_for_status().json()
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "the provider does not answer"
                time.sleep(0.05)
            else:
                return found

    def told_again(self, dice: random.Random) -> list[tuple[bytes, dict[str, str]]]:
        """Return bodies and headers of webhooks that tell what was decided once more, twice and in any order."""
        decided = [one for one in self.books() if one["status"] in ("succeeded", "declined")] * 2
        dice.shuffle(decided)
        return [_webhook(one) for one in decided]


def _webhook(booked: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    members = {name: booked[name] for name in ("key", "status", "reason")} | {"reference": booked["authorization"]}
    body, moment, name = json.dumps(members).encode(), str(int(time.time())), str(uuid4())
    signed = signature(SECRET.encode(), message_id=name, timestamp=moment, body=body)
    headers = {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": signed}
    return body, headers | {"Content-Type": "application/json"}


@contextmanager
def provider(directory: Path) -> Iterator[Provider]:
    """Run a provider until the block ends."""
    running = Provider(directory)
    try:
        yield running
    finally:
        running.kill()
