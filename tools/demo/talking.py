"""Talking to a service over HTTP: every request is shown, every answer is compared with what it has to be."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tools.demo.stage import Failed

MERGE = {"Content-Type": "application/merge-patch+json"}
_PATIENCE = 60
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRET = re.compile(r'"(token|guest_token)": "(?!tok_)[^"]*"')
_LONGEST_SHOWN = 110


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, and the body read from JSON (nothing without a body)."""

    status: int
    headers: Mapping[str, str]
    body: Any = field(repr=False)


@dataclass(frozen=True)
class Caller:
    """Somebody who talks to one service; without a token, whoever comes by."""

    name: str
    address: str
    token: str = field(default="", repr=False)

    def ask(self, method: str, path: str, *, body: Any = None, expected: int = 200, **headers: str) -> Answer:
        """Send one request, show it with the status of its answer, and stop where that is not the expected one."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        shown = "".join(f"  {name}: {value}" for name, value in sent.items() if name.startswith("If-"))
        told = "" if body is None else f"  {_short(json.dumps(body, ensure_ascii=False))}"
        print(f"  {self.name}: {method} {_ID.sub('…', path)}{shown}{told}")
        answer = self._send(method, path, body, sent)
        reason = f" {answer.body['title']}: {answer.body.get('detail', '')}" if answer.status >= 400 else ""
        print(f"    {answer.status}{reason}")
        if answer.status != expected:
            raise Failed(f"{method} {path}: {answer.status} where {expected} was expected: {answer.body}")
        return answer

    def get(self, path: str, **headers: str) -> Any:
        """Read something."""
        return self.ask("GET", path, **headers).body

    def post(self, path: str, body: Any, expected: int = 201, **headers: str) -> Any:
        """Send something that takes effect once; return what came of it."""
        return self.ask("POST", path, body=body, expected=expected, Idempotency_Key=str(uuid4()), **headers).body

    def post_until_there(self, path: str, body: Any) -> Any:
        """Send something that refers to what another service has just told; it may take a moment to arrive."""
        end = time.monotonic() + _PATIENCE
        while (answer := self._send("POST", path, body, {})).status == 422 and time.monotonic() < end:
            time.sleep(0.1)
        print(f"  {self.name}: POST {path}  {_short(json.dumps(body))}\n    {answer.status}")
        require(answer.status == 201, f"POST {path}: {answer.status} where 201 was expected: {answer.body}")
        return answer.body

    def until(self, path: str, holds: Callable[[Any], bool], what: str) -> Any:
        """Read something until it is as it has to be: events and payments take their time."""
        began = time.monotonic()
        while True:
            answer = self._send("GET", path, None, {})
            if answer.status == 200 and holds(answer.body):
                break
            if time.monotonic() > began + _PATIENCE:
                raise Failed(f"{path} did not become {what} within {_PATIENCE} seconds: {answer.body}")
            time.sleep(0.1)
        print(f"  {self.name}: GET {_ID.sub('…', path)}\n    200 {what} ({time.monotonic() - began:.1f} s)")
        return answer.body

    def until_told(self, listener: str) -> None:
        """Wait until this service has told a listener of everything that has happened."""
        began, waiting = time.monotonic(), f'outbox_events{{destination="{listener}",state="pending"}} '
        while True:
            with urllib.request.urlopen(f"{self.address}/metrics", timeout=30) as response:  # noqa: S310 - our own service
                found = [line for line in response.read().decode().splitlines() if line.startswith(waiting)]
            if found == [f"{waiting}0.0"]:
                return
            if time.monotonic() > began + _PATIENCE:
                raise Failed(f"{listener} has not been told everything within {_PATIENCE} seconds: {found}")
            time.sleep(0.1)

    def _send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= ({"Content-Type": "application/json"} if data else {}) | dict(headers)
        request = urllib.request.Request(self.address + path, data, sent, method=method)  # noqa: S310 - our own service on this machine
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - see above
                status, got, text = response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, got, text = error.code, error.headers, error.read().decode()
        return Answer(status, got, json.loads(text) if text else None)


def _short(text: str) -> str:
    text = _SECRET.sub(r'"\1": "…"', _ID.sub("…", text))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def require(holds: bool, otherwise: str) -> None:
    """Stop the demonstration where something does not hold."""
    if not holds:
        raise Failed(otherwise)


def equal(what: str, expected: object, actual: object) -> None:
    """Stop the demonstration where something is not what it has to be."""
    require(expected == actual, f"{what}: {actual!r}, where {expected!r} was expected")


def title(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


def say(text: str) -> None:
    """Print what happens next, in a sentence."""
    print(f"\n{text}", flush=True)


def show(text: str) -> None:
    """Print what matters of an answer below it."""
    print(f"    {text}")


def euros(cents: int) -> str:
    """Return an amount as people write it."""
    return f"{cents // 100:,}.{cents % 100:02d} EUR"
