"""Around every request: its id, its log line, its metrics, and the one place that catches what nobody expected."""

import re
import time
from secrets import token_hex
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from chassis import correlation, problems
from chassis.logs import logger
from chassis.metrics import Metrics
from chassis.trace_context import traceparent_of, tracestate_of
from chassis.tracing import RequestSpan, Tracing

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Observation:
    """Pure ASGI middleware, the outermost one."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, tracing: Tracing) -> None:
        self._app = app
        self._metrics = metrics
        self._tracing = tracing
        self._log = logger().bind()  # once, and not for every line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _accepted(headers.get(b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        ids = {"request_id": request_id}
        traceparent = traceparent_of(headers[b"traceparent"]) if b"traceparent" in headers else ""
        tracestate = tracestate_of(scope["headers"]) if traceparent and b"tracestate" in headers else ""
        if (span := self._tracing.begin(scope, traceparent, tracestate)) is not None:
            traceparent = span.traceparent
        if traceparent:
            ids["trace_id"] = traceparent[3:35]
        correlation.request_id.set(request_id)
        correlation.traceparent.set(traceparent)
        correlation.tracestate.set(tracestate)
        clear_contextvars()
        bind_contextvars(**ids)
        await self._observe(scope, receive, send, span)

    async def _observe(self, scope: Scope, receive: Receive, send: Send, span: RequestSpan | None) -> None:
        status, unexpected = 0, ""
        began = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(message["headers"], scope)
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except ClientDisconnect:
            unexpected = "aborted"  # it went away before its request was whole, and waits for no answer
        except Exception as error:  # the boundary: everything unexpected becomes a logged 500
            unexpected = type(error).__qualname__
            self._log.error("request failed", exc_info=error)
            if status:
                raise  # half a response is out; only closing the connection tells the caller
            problem = problems.Problem(500, "internal-error", "Something went wrong here; it has been logged.")
            await problems.send(problem, scope, receive, send_with_id)
        finally:
            method = scope["method"] if scope["method"] in _KNOWN_METHODS else "other"
            route: Any = getattr(scope.get("route"), "path", "unmatched")
            if span is not None:
                span.end(method=method, route=route, status=status, error=unexpected)
            self._record(method, route, status, time.perf_counter() - began)

    def _record(self, method: str, route: str, status: int, seconds: float) -> None:
        self._metrics.observe_request(method=method, route=route, status=status, seconds=seconds)
        self._log.info(
            "request", method=method, route=route, status=status or "aborted", milliseconds=round(seconds * 1000, 1)
        )


def _accepted(given: bytes | None) -> str:
    if given is not None and _REQUEST_ID.fullmatch(given):
        return given.decode()
    return token_hex(16)


def _complete(headers: list[tuple[bytes, bytes]], scope: Scope) -> None:
    """Add what every response has."""
    state, present = scope["state"], {name for name, _ in headers}
    if b"cache-control" not in present:
        headers.append((b"cache-control", b"no-store"))
    headers.append((b"x-request-id", state["request_id"].encode()))
    headers.append((b"x-content-type-options", b"nosniff"))
    for name, value in state.get("headers", {}).items():
        headers.append((name.lower().encode(), value.encode()))
    if scope["app"].state.health.draining and b"connection" not in present:
        headers.append((b"connection", b"close"))  # makes the load balancer open its next connection elsewhere
