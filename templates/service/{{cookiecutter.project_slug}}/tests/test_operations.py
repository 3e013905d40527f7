"""What operators rely on: probes, metrics, logs, request ids."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from pydantic import SecretStr
from starlette.types import Message, Scope

from chassis.app import create_app
from chassis.logs import log_each, logger
from tests import example
from tests.fixtures import Service, SettingsFor


def _lines(captured: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in captured.splitlines()]


async def test_probes_answer(service: Service) -> None:
    """A started service on a migrated database is alive and ready."""
    for path in ("/livez", "/readyz"):
        assert (await service.anonymous.get(path)).status_code == 200


async def test_draining_is_alive_but_not_ready(service: Service) -> None:
    """Readiness goes first, so that load balancers turn away while requests are still answered."""
    service.app.state.health.draining = True

    assert (await service.anonymous.get("/livez")).status_code == 200
    refused = await service.anonymous.get("/readyz")
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:problem-type:draining")
    assert refused.headers["connection"] == "close"


async def test_unmigrated_database_is_not_ready(settings_for: SettingsFor, tmp_path: Path) -> None:
    """Outside dev nobody migrates at the start; until the job has run, the service says what is missing."""
    settings = settings_for(
        f"sqlite:///{tmp_path / 'empty.db'}",
        environment="prod",
        secret_key=SecretStr("0123456789abcdef0123456789abcdef"),
        auth_issuer="https://issuer.test",
        auth_audience="api",
    )
    app = create_app(settings)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        response = await client.get("/readyz")

    assert (response.status_code, response.json()["type"]) == (503, "urn:problem-type:not-migrated")


async def test_metrics_count_by_route_template(service: Service, ann: httpx.AsyncClient) -> None:
    """Identifiers and made-up paths do not become series of their own."""
    for path in (example.ABSENT, "/wp-login.php", "/.env"):
        await ann.get(path)
    text = (await service.anonymous.get("/metrics")).text

    assert f'http_requests_total{{method="GET",route="{example.ITEM}",status="404"}} 1.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert f'http_request_duration_seconds_count{{method="GET",route="{example.ITEM}"}} 1.0' in text
    assert "_created" not in text
    # The domain's workers may be using one just now.
    assert re.search(r'^database_connections\{state="in_use"\} [012]\.0$', text, re.MULTILINE)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("abc-1.2_3", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("a\tb", False), ("", False)],
)
async def test_request_id_is_kept_or_replaced(service: Service, sent: str, kept: bool) -> None:
    """Only harmless ids are taken over from the caller."""
    response = await service.anonymous.get("/livez", headers={"X-Request-ID": sent})

    assert (response.headers["x-request-id"] == sent) == kept


async def test_log_line_carries_the_ids(
    service: Service, ann: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line a request, with what is needed to find it again and nothing personal."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    capsys.readouterr()
    ids = {"X-Request-ID": "r-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    await ann.post(example.COLLECTION, json=example.draft("canary-title"), headers=ids)
    refused = await ann.get(f"{example.COLLECTION}?email=ann@example.org")
    captured = capsys.readouterr().out
    line, _ = _lines(captured)

    wanted = {
        "event": "request", "level": "info", "method": "POST", "route": example.COLLECTION, "status": 201,
        "request_id": "r-1", "trace_id": trace, "principal": "ann",
    }  # fmt: skip
    assert {name: line[name] for name in wanted} == wanted
    assert refused.status_code == 422
    for canary in ("ann@example.org", "canary-title", "Bearer", service.token("ann")[:20]):
        assert canary not in captured


async def test_lines_that_are_logged_together_are_those_of_each_alone(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """They take a part of the time, and say the same, the ids of the request among it."""
    assert service
    facts = [{"subject": "tanks/nörth\n", "sequence": number} for number in (1, 2)]
    capsys.readouterr()
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        for fact in facts:
            logger().info("published", **fact)
        log_each("published", facts)
    lines = _lines(capsys.readouterr().out)
    alone, together = lines[:2], lines[2:]

    assert [list(line) for line in alone] == [list(line) for line in together]  # the order of the names
    assert [line | {"timestamp": ""} for line in alone] == [line | {"timestamp": ""} for line in together]
    assert together[0]["request_id"] == "r-1"


async def test_nothing_a_caller_sends_forges_a_log_line(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks and terminal codes stay inside their JSON string."""
    capsys.readouterr()
    await service.anonymous.get("/%0a%7b%22event%22%3a%22forged%22%7d%1b%5b31m")
    captured = capsys.readouterr().out

    assert len(_lines(captured)) == 1
    assert "\x1b" not in captured


async def test_defect_is_logged_without_what_it_quotes(
    service: Service, ann: httpx.AsyncClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stack is told, and the answer's id finds it; tokens, addresses and rows that the message quotes are not."""
    token = service.token("ann")
    said = f"no canary@example.org with {token}\nDETAIL:  Key (owner)=(canary) already exists.\n[SQL: INSERT]"

    async def fail(*_arguments: object) -> None:
        raise ValueError(said)

    monkeypatch.setattr("chassis.paging.Paging.fetch", fail)
    capsys.readouterr()
    answer = await ann.get(example.COLLECTION)
    captured = capsys.readouterr().out
    (line,) = (one for one in _lines(captured) if one["event"] == "request failed")

    assert (answer.status_code, answer.json()["request_id"]) == (500, line["request_id"])
    assert line["exception"][0]["exc_type"] == "ValueError"
    assert line["exception"][0]["exc_value"] == "no … with …\n…\n[SQL: INSERT]"
    assert "canary" not in captured + answer.text


async def test_who_goes_away_is_no_defect(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """A caller whose connection breaks within its request leaves one line, and no stack that would wake somebody."""
    messages: list[Message] = [
        {"type": "http.request", "body": b'{"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    headers = {
        "authorization": f"Bearer {service.token('ann')}",
        "content-type": "application/json",
        "idempotency-key": "1",
    }
    scope: Scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": example.COLLECTION, "raw_path": example.COLLECTION.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    answered: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        answered.append(message)

    capsys.readouterr()
    await service.app(scope, receive, send)
    (line,) = _lines(capsys.readouterr().out)

    assert answered == []
    assert (line["event"], line["level"], line["status"]) == ("request", "info", "aborted")


async def test_nothing_is_cached_unless_it_says_so(ann: httpx.AsyncClient) -> None:
    """Every response carries ``Cache-Control``."""
    assert (await ann.get(example.COLLECTION)).headers["cache-control"] == "no-store"
    assert (await ann.get("/nowhere")).headers["cache-control"] == "no-store"
