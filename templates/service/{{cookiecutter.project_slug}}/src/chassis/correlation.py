"""What ties the steps of one piece of work together across services: the request's id and W3C trace context."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
traceparent: ContextVar[str] = ContextVar("traceparent", default="")
tracestate: ContextVar[str] = ContextVar("tracestate", default="")


def headers() -> dict[str, str]:
    """Return the headers that pass the correlation on to another service."""
    found = {"X-Request-ID": request_id.get(), "traceparent": traceparent.get(), "tracestate": tracestate.get()}
    return {name: value for name, value in found.items() if value}
