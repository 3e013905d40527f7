"""Traces: off without OTEL_*, exported with them, tied to the caller's trace and to the log."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chassis.project import project
from tests import example
from tests.processes import servers

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


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
    """One span a request, named by its route template; probes make none; the log names the same trace."""
    endpoint, received = collector
    with servers(tmp_path) as start:
        server = start(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, DRAIN_SECONDS="0")
        server.wait_until_ready()
        headers = {
            "Authorization": f"Bearer {server.token('ann')}",
            "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        }
        assert httpx.get(server.url + example.COLLECTION, headers=headers).status_code == 200
        server.terminate()
        assert server.process.wait(15) == 0
        log = [json.loads(line) for line in server.log.read_text().splitlines()]
    resources = [one for request in received for one in request.resource_spans]
    spans = [span for resource in resources for scope in resource.scope_spans for span in scope.spans]
    names = {one.value.string_value for one in resources[0].resource.attributes if one.key == "service.name"}

    assert [(span.name, span.trace_id.hex()) for span in spans] == [(f"GET {example.COLLECTION}", TRACE)]
    assert names == {project().name}
    assert [line["trace_id"] for line in log if line.get("route") == example.COLLECTION] == [TRACE]


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
