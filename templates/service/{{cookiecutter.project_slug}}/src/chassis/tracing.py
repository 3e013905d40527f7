"""Traces: one span a request, exported as OpenTelemetry's own variables say, and none at all without them.

FastAPI's instrumentation works out everything about a request before anybody asks whether it is sampled. Where one in
ten is, that costs more than the samples do; here the question comes first.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import Token

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TraceFlags, Tracer
from starlette.types import Scope

from chassis.limits import PROBES
from chassis.logs import logger

_PROTOCOL = "http/protobuf"


class RequestSpan:
    """The span of a request, which is the current one until it ends; most are not sampled and keep nothing."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span, token: Token[Context]) -> None:
        self._span = span
        self._token = token

    @property
    def traceparent(self) -> str:
        """What is passed on (W3C Trace Context, section 3.2): a service that is asked makes this span its parent."""
        of = self._span.get_span_context()
        return f"00-{of.trace_id:032x}-{of.span_id:016x}-{of.trace_flags:02x}"

    def end(self, *, method: str, route: str, status: int, error: str) -> None:
        """Say what became of the request (OpenTelemetry's semantic conventions for HTTP servers).

        :param status: of the response, 0 without one.
        :param error: the kind of error that nobody expected, if there was one.
        """
        context.detach(self._token)
        if not self._span.is_recording():
            return
        self._span.update_name(f"{method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})
        if error or not status or status >= 500:
            self._span.set_attribute("error.type", error or str(status or "aborted"))
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Tracing:
    """Makes the spans of requests while it is opened and the environment says where they go."""

    def __init__(self) -> None:
        self._tracer: Tracer | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Export spans during the block; those that wait at its end are sent before it is left."""
        if not _is_asked_for():
            yield
            return
        # The SDK takes long to load, and most processes export nothing.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - see above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above

        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)  # for spans that the domain makes by itself
        self._tracer = provider.get_tracer("chassis")
        try:
            yield
        finally:
            self._tracer = None
            await asyncio.to_thread(provider.shutdown)

    def begin(self, scope: Scope, traceparent: str) -> RequestSpan | None:
        """Begin the span of a request.

        :param traceparent: the caller's, valid or empty. Whether this request is sampled is the caller's decision,
            unless ``OTEL_TRACES_SAMPLER`` says otherwise.
        :returns: nothing when there are no traces, or none of this request.
        """
        if self._tracer is None or scope["path"] in PROBES:
            return None
        parent = Context()
        if traceparent:
            parent = trace.set_span_in_context(NonRecordingSpan(_remote(traceparent)), parent)
        # Never the query: callers may write of people there.
        told = {"http.request.method": scope["method"], "url.path": scope["path"], "url.scheme": scope["scheme"]}
        span = self._tracer.start_span(scope["method"], parent, SpanKind.SERVER, told)
        return RequestSpan(span, context.attach(trace.set_span_in_context(span, parent)))


def _remote(traceparent: str) -> SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


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
