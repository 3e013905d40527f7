"""Traces: off without OTEL_*, exported with them, tied to the caller's trace and to the log."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import (
    _KNOWN_SAMPLERS,
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    Decision,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags

from chassis.project import project
from chassis.sampling import GivenIds, Sampling
from chassis.trace_context import tracestate_of
from chassis.tracing import Tracing
from tests import example
from tests.processes import servers

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
UNSAMPLED = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Give the URL of an OTLP receiver, and what it has got."""
    received: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            received.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_continue_the_callers_trace(
    tmp_path: Path, collector: tuple[str, list[ExportTraceServiceRequest]]
) -> None:
    """One span a sampled request, named by its route template; probes make none; the log names the same trace.

    Whether a request is sampled has been decided by the first service it passed (W3C Trace Context, section 3.2.2.5).
    """
    endpoint, received = collector
    with servers(tmp_path) as start:
        server = start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, DRAIN_SECONDS="0")
        server.wait_until_ready()
        for trace, flags in ((TRACE, "01"), (UNSAMPLED, "00")):
            headers = {
                "Authorization": f"Bearer {server.token('ann')}",
                "traceparent": f"00-{trace}-00f067aa0ba902b7-{flags}",
                "tracestate": "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
            }
            assert httpx.get(server.url + example.COLLECTION, headers=headers).status_code == 200
        server.terminate()
        assert server.process.wait(15) == 0
        log = [json.loads(line) for line in server.log.read_text().splitlines()]
    resources = [one for request in received for one in request.resource_spans]
    spans = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    names = {one.value.string_value for one in resources[0].resource.attributes if one.key == "service.name"}
    told = {one.key: one.value.string_value or one.value.int_value for span in spans for one in span.attributes}

    assert [(span.name, span.trace_id.hex(), span.parent_span_id.hex(), span.trace_state) for span in spans] == [
        (f"GET {example.COLLECTION}", TRACE, "00f067aa0ba902b7", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
    ]
    assert told == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": example.COLLECTION,
        "url.path": example.COLLECTION,
        "url.scheme": "http",
    }
    assert names == {project().name}
    assert [line["trace_id"] for line in log if line.get("route") == example.COLLECTION] == [TRACE, UNSAMPLED]


@pytest.mark.parametrize(
    ("environment", "warned"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_TRACES_EXPORTER": "zipkin"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, True),
    ],
    ids=lambda value: "-".join(value.values()) or "nothing" if isinstance(value, dict) else "",
)
async def test_no_traces_without_a_place_for_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environment: dict[str, str], warned: bool
) -> None:
    """What cannot be exported is said once, at the start."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    tracing = Tracing()
    async with tracing.opened():
        span = tracing.begin({"method": "GET", "path": example.COLLECTION, "scheme": "http"}, "", "")

    assert span is None
    assert ("traces are not exported" in capsys.readouterr().out) is warned


def _tracing(sampler: Sampler) -> tuple[InMemorySpanExporter, Tracing]:
    exported, ids, tracing = InMemorySpanExporter(), GivenIds(), Tracing()
    provider = TracerProvider(sampler, shutdown_on_exit=False, id_generator=ids)
    provider.add_span_processor(SimpleSpanProcessor(exported))
    tracing._sampling = Sampling(provider, ids)
    return exported, tracing


@pytest.mark.parametrize("name", sorted(_KNOWN_SAMPLERS))
def test_sampled_is_what_the_sampler_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever sampler the environment names, and whatever the caller has decided: the SDK's decisions are ours."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", name)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.3")
    provider, ids = TracerProvider(shutdown_on_exit=False), GivenIds()
    sampling = Sampling(provider, ids)
    for trace_id in (1, 2**64 - 1, 2**64, 2**128 - 1, *(ids.generate_trace_id() for _ in range(200))):
        for flags in (None, 0, 1, 2, 3):
            parent = NonRecordingSpan(SpanContext(trace_id, 1, True, TraceFlags(flags or 0)))
            context = Context() if flags is None else trace.set_span_in_context(parent, Context())
            decided = provider.sampler.should_sample(context, trace_id, "GET", SpanKind.SERVER).decision

            assert (decided is Decision.RECORD_AND_SAMPLE) == sampling.takes(trace_id, parent_flags=flags)


class _ByMethod(Sampler):
    """A sampler of somebody else's, that does not decide by the id."""

    def should_sample(self, parent_context: Context | None, trace_id: int, name: str, *_: Any, **__: Any) -> Any:
        return (ALWAYS_ON if name == "POST" else ALWAYS_OFF).should_sample(parent_context, trace_id, name)

    def get_description(self) -> str:
        return "by method"


def test_a_sampler_of_somebody_elses_decides_by_what_it_likes() -> None:
    """It is asked when the span begins, with what it would be asked with without us."""
    exported, tracing = _tracing(_ByMethod())
    for method in ("GET", "POST"):
        span = tracing.begin({"method": method, "path": "/v1/things", "scheme": "http"}, "", "")
        assert span is not None
        span.end(method=method, route="/v1/things", status=200, error="")

    assert [ended.name for ended in exported.get_finished_spans()] == ["POST /v1/things"]


def test_a_trace_that_is_taken_keeps_its_id() -> None:
    """Services that decide by the id alone decide alike, so the id that was decided about is the span's."""
    exported, tracing = _tracing(TraceIdRatioBased(0.5))
    for _ in range(64):
        if (span := tracing.begin({"method": "GET", "path": "/v1/things", "scheme": "http"}, "", "")) is not None:
            span.end(method="GET", route="/v1/things", status=200, error="")
    lower = [ended.context.trace_id & (2**64 - 1) for ended in exported.get_finished_spans() if ended.context]

    assert 0 < len(lower) < 64
    assert max(lower) < 2**63


@pytest.mark.parametrize("parent", ["", f"00-{UNSAMPLED}-00f067aa0ba902b7-00"], ids=["a new trace", "the caller's"])
def test_what_is_not_sampled_is_passed_on(parent: str) -> None:
    """The domain's own spans belong to the request's trace and are as little exported; the tracestate stays with it."""
    exported, tracing = _tracing(DEFAULT_OFF)
    span = tracing.begin({"method": "GET", "path": "/v1/things", "scheme": "http"}, parent, "congo=1" if parent else "")
    assert span is not None
    current = trace.get_current_span().get_span_context()
    assert tracing._sampling is not None
    own = tracing._sampling.tracer.start_span("own").get_span_context()
    span.end(method="GET", route="/v1/things", status=200, error="")

    assert span.traceparent == f"00-{current.trace_id:032x}-{current.span_id:016x}-{current.trace_flags:02x}"
    assert own.trace_id == current.trace_id == (int(UNSAMPLED, 16) if parent else current.trace_id)
    assert span.traceparent[36:52] != parent[36:52]
    assert own.trace_state.to_header() == ("congo=1" if parent else "")
    assert not own.trace_flags.sampled
    assert exported.get_finished_spans() == ()
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize(
    ("fields", "passed_on"),
    [
        ([b"congo=t61rcWkgMzE"], "congo=t61rcWkgMzE"),
        ([b"rojo=1, ,congo=2\t", b"fw529a3039@dt=a b"], "rojo=1,congo=2,fw529a3039@dt=a b"),
        ([b"Congo=1"], ""),
        ([b"congo=1", b"congo=2"], ""),
        ([b"congo=1", b"rojo"], ""),
        ([b"congo=\xff"], ""),
        ([b"congo=\n"], ""),
        ([",".join(f"k{number}=1" for number in range(33)).encode()], ""),
        ([b"congo=" + b"x" * 256, b"rojo=" + b"x" * 244], "congo=" + "x" * 256 + ",rojo=" + "x" * 244),
        ([b"congo=" + b"x" * 256, b"rojo=" + b"x" * 245], ""),
        ([], ""),
    ],
)
def test_tracestate(fields: list[bytes], passed_on: str) -> None:
    """All fields are one list, in its order; what breaks its rules is left out as a whole (W3C Trace Context, 3.3)."""
    headers = [(b"host", b"service"), *((b"tracestate", field) for field in fields)]

    assert tracestate_of(headers) == passed_on


@pytest.mark.parametrize(
    ("status", "error", "kind"), [(200, "", None), (404, "", None), (503, "", "503"), (0, "", "aborted"),
                                  (500, "ZeroDivisionError", "ZeroDivisionError")]
)  # fmt: skip
def test_spans_tell_what_failed(status: int, error: str, kind: str | None) -> None:
    """What the caller did wrong is no error of the service (semantic conventions for HTTP spans)."""
    exported, tracing = _tracing(ALWAYS_ON)
    span = tracing.begin({"method": "GET", "path": "/v1/things", "scheme": "http"}, "", "")
    assert span is not None
    current = trace.get_current_span().get_span_context()
    span.end(method="GET", route="/v1/things", status=status, error=error)
    (ended,) = exported.get_finished_spans()

    assert (ended.attributes or {}).get("error.type") == kind
    assert ended.status.status_code is (StatusCode.ERROR if kind else StatusCode.UNSET)
    assert ended.context == current
    assert not trace.get_current_span().get_span_context().is_valid


def test_nothing_personal_is_traced_or_logged(
    tmp_path: Path, collector: tuple[str, list[ExportTraceServiceRequest]]
) -> None:
    """Tokens, addresses of people and what they write: in no span, no log line and no answer to a refusal."""
    endpoint, received = collector
    person = "canary.person@example.org"
    with servers(tmp_path) as start:
        server = start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, DRAIN_SECONDS="0", LOG_LEVEL="debug")
        server.wait_until_ready()
        good, bad = f"Bearer {server.token('ann')}", "Bearer canary-token"
        with httpx.Client(base_url=server.url) as client:
            answers = [
                client.request(method, path, headers={"Authorization": token, "X-Canary": person}, json=body)
                for token in (good, bad)
                for method, path, body in (
                    ("GET", f"{example.COLLECTION}?email={person}", None),
                    ("GET", f"{example.COLLECTION}?cursor={person}", None),
                    ("POST", example.COLLECTION, {example.FLAG: person}),
                    ("POST", example.COLLECTION, example.draft() | {"canary": person}),
                )
            ]
        server.terminate()
        assert server.process.wait(15) == 0
        log = server.log.read_text()
    spans = "".join(str(one) for one in received)

    assert {answer.status_code for answer in answers} >= {400, 401, 422}
    assert spans
    for canary in (person, person.replace("@", "%40"), "canary-token", good[7:40]):
        assert canary not in log
        assert canary not in spans
        assert [answer.text for answer in answers if canary in answer.text and answer.is_error] == []
