"""Traces: one span a request, exported as OpenTelemetry's own variables say, and none at all without them.

Whether a request is sampled is the first question. Most are not, and those cost next to nothing: they have ids, which
are passed on, and neither attributes nor a span of the SDK.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Token
from random import getrandbits
from typing import TYPE_CHECKING

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, TraceState
from starlette.types import Scope

from chassis.limits import PROBES
from chassis.logs import logger

if TYPE_CHECKING:
    from chassis.sampling import Sampling

_PROTOCOL = "http/protobuf"
_NOTHING = Context()
_RANDOM = int(TraceFlags.RANDOM_TRACE_ID)


class _Unsampled(NonRecordingSpan):
    """A span that is only passed on: by us as text, and to what the domain uses of OpenTelemetry when that asks."""

    def __init__(self, traceparent: str, tracestate: str) -> None:
        self._traceparent = traceparent
        self._tracestate = tracestate

    def get_span_context(self) -> SpanContext:
        return _read(self._traceparent, self._tracestate, is_remote=False)


class RequestSpan:
    """The span of a request, which is the current one until it ends.

    ``traceparent`` is what is passed on (W3C Trace Context, section 3.2): a service that is asked makes this span its
    parent.
    """

    __slots__ = ("_scope", "_span", "_token", "traceparent")

    def __init__(self, span: Span, traceparent: str, scope: Scope) -> None:
        self._span = span
        self._scope = scope
        self._token: Token[Context] = context.attach(trace.set_span_in_context(span, _NOTHING))
        self.traceparent = traceparent

    def end(self, *, method: str, route: str, status: int, error: str) -> None:
        """Say what became of the request (OpenTelemetry's semantic conventions for HTTP servers).

        :param status: of the response, 0 without one.
        :param error: the kind of error that nobody expected, if there was one.
        """
        context.detach(self._token)
        if not self._span.is_recording():
            return
        told: dict[str, str | int] = {
            "http.request.method": self._scope["method"],
            "url.path": self._scope["path"],  # never the query: callers may write of people there
            "url.scheme": self._scope["scheme"],
            "http.route": route,
            "http.response.status_code": status,
        }
        if error or not status or status >= 500:
            told["error.type"] = error or str(status or "aborted")
            self._span.set_status(StatusCode.ERROR)
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes(told)
        self._span.end()


class Tracing:
    """Makes the spans of requests while it is opened and the environment says where they go."""

    def __init__(self) -> None:
        self._sampling: Sampling | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Export spans during the block; those that wait at its end are sent before it is left."""
        if not _is_asked_for():
            yield
            return
        from chassis.sampling import Sampling, exporting  # noqa: PLC0415 - the SDK is large, and most export nothing

        provider, ids = exporting()
        trace.set_tracer_provider(provider)  # for spans that the domain makes by itself
        self._sampling = Sampling(provider, ids)
        try:
            yield
        finally:
            self._sampling = None
            await asyncio.to_thread(provider.shutdown)

    def begin(self, scope: Scope, traceparent: str, tracestate: str) -> RequestSpan | None:
        """Begin the span of a request.

        :param traceparent: the caller's, valid or empty. Whether this request is sampled is the caller's decision,
            unless ``OTEL_TRACES_SAMPLER`` says otherwise.
        :param tracestate: the caller's, valid or empty.
        :returns: nothing when there are no traces, or none of this request.
        """
        if (sampling := self._sampling) is None or scope["path"] in PROBES:
            return None
        if traceparent:
            trace_id, flags = int(traceparent[3:35], 16), int(traceparent[53:], 16)
            if sampling.takes(trace_id, parent_flags=flags):
                parent = NonRecordingSpan(_read(traceparent, tracestate, is_remote=True))
                span = sampling.tracer.start_span(
                    scope["method"], trace.set_span_in_context(parent, _NOTHING), SpanKind.SERVER
                )
                return RequestSpan(span, _written(span), scope)
            passed_on = f"{traceparent[:36]}{getrandbits(64) or 1:016x}-{flags & _RANDOM:02x}"
        else:
            trace_id = getrandbits(128) or 1
            if sampling.takes(trace_id):
                with sampling.ids.given(trace_id):
                    span = sampling.tracer.start_span(scope["method"], _NOTHING, SpanKind.SERVER)
                return RequestSpan(span, _written(span), scope)
            passed_on = f"00-{trace_id:032x}-{getrandbits(64) or 1:016x}-{_RANDOM:02x}"
        return RequestSpan(_Unsampled(passed_on, tracestate), passed_on, scope)


def _read(traceparent: str, tracestate: str, *, is_remote: bool) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    state = TraceState.from_header([tracestate]) if tracestate else None
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote, TraceFlags(int(flags, 16)), state)


def _written(span: Span) -> str:
    of = span.get_span_context()
    return f"00-{of.trace_id:032x}-{of.span_id:016x}-{of.trace_flags:02x}"


def _is_asked_for() -> bool:
    """Tell whether the environment names a place for traces, and one that can be reached from here."""
    given = {name: value.strip() for name, value in os.environ.items() if name.startswith("OTEL_") and value.strip()}
    if "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" not in given and "OTEL_EXPORTER_OTLP_ENDPOINT" not in given:
        return False
    exporter = given.get("OTEL_TRACES_EXPORTER", "otlp")
    protocol = given.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", given.get("OTEL_EXPORTER_OTLP_PROTOCOL", _PROTOCOL))
    if exporter == "otlp" and protocol == _PROTOCOL:
        return given.get("OTEL_SDK_DISABLED", "").lower() != "true"
    if exporter != "none":
        logger().warning("traces are not exported", exporter=exporter, protocol=protocol, possible=f"otlp, {_PROTOCOL}")
    return False
