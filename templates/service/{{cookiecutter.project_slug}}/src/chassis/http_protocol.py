"""HTTP on the wire: what uvicorn leaves open to callers who send slowly or without end.

uvicorn starts a request when its head is complete. Until then nothing in the application can end it, so the limits on
the head live here, in the protocol; so does the refusal of what is too much, which must cost as little as can be. This
leans on uvicorn's inside: pyproject.toml allows one minor version of it, and tests/test_shedding.py fails when the
class below this one is another than the one that was read.
"""

import asyncio
import json
from typing import Any
from uuid import uuid4

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from chassis.limits import PROBES, Places
from chassis.metrics import Metrics
from chassis.problems import MEDIA_TYPE, TYPE_PREFIX
from chassis.shedding import Overloaded, Recognition

_REST_SECONDS = 2.0
"""How long the rest of a body is thrown away whose request was answered already, before the connection is closed."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """httptools with a longest head and a longest time to send it."""

    head_seconds = 10.0
    head_bytes = 32 * 1024
    head_fields = 100

    places: Places
    metrics: Metrics
    overloaded: Overloaded
    recognition: Recognition

    _head_timer: asyncio.TimerHandle | None = None
    _head_size = 0
    _between_requests = True
    _refusing = False
    """Whether nothing has happened since the last refusal: then the connection is idle, without looking far for it."""

    def connection_made(self, transport: Any) -> None:
        """Give a new connection ``head_seconds`` to say what it wants."""
        super().connection_made(transport)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        self._unwatch_head()
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; under overload a whole request is refused unparsed."""
        if self._full and (self._refusing or self._is_idle) and self.recognition.is_one_request(data):
            if not self._refusing:
                self._begin_refusing()
            self._count_refusal()
            self.transport.write(self.overloaded.answer())
            if self.overloaded.closes:
                self.transport.close()
        else:
            self._refusing = False
            super().data_received(data)

    def _begin_refusing(self) -> None:
        self._refusing = True
        self._unwatch_head()
        if self.timeout_keep_alive_task is None:
            self._watch_idleness()

    def pause_writing(self) -> None:
        """Learn, maybe in the middle of a refusal, that the caller does not read."""
        self._refusing = False
        super().pause_writing()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; one whose requests were refused meanwhile was not idle."""
        if self._refusing:
            self._refusing = False
            self._watch_idleness()
        else:
            super().timeout_keep_alive_handler()

    def _watch_idleness(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    @property
    def _full(self) -> bool:
        # Tasks are counted and not places, because many may be started before the first of them runs.
        return len(self.tasks) - self.places.receiving >= self.places.limit

    @property
    def _is_idle(self) -> bool:
        answered = self.cycle is None or self.cycle.response_complete
        return self._between_requests and answered and not self.flow.write_paused and not self.transport.is_closing()

    def on_message_begin(self) -> None:
        """Begin to measure a head."""
        super().on_message_begin()
        self._between_requests = False
        self._head_size = 0
        if self._head_timer is None:
            self._watch_head()

    def on_url(self, url: bytes) -> None:
        """Count the target's bytes."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a field's bytes; past the limit nothing is kept."""
        self._measure(len(name) + len(value) + 4)
        if len(self.headers) < self.head_fields:
            super().on_header(name, value)
        else:
            self._refuse(431, "head-too-large", "The request has too many header fields.")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        # Under overload refusals must be so cheap that the work that was begun gets done: no task, no middleware.
        if self._full and cycle.scope["path"] not in PROBES:
            self._shed(cycle)
        else:
            super()._start_asgi_task(cycle, app)

    def _shed(self, cycle: RequestResponseCycle) -> None:
        self._count_refusal()
        if self.flow.write_paused:  # whoever does not read its refusals gets no more of them
            self.transport.abort()
        else:
            is_head = cycle.scope["method"] == "HEAD"
            self.transport.write(self.overloaded.head() if is_head else self.overloaded.answer())
        cycle.response_started = cycle.response_complete = True
        ends = not cycle.keep_alive or self.overloaded.closes
        if ends or cycle.waiting_for_100_continue:  # the body that waits for its permission never comes
            self.transport.close()
        cycle.on_response()

    def _count_refusal(self) -> None:
        self.metrics.count_shed()
        self.places.refused_lately = True

    def on_headers_complete(self) -> None:
        """Hand the request over; from here on the application's limits hold."""
        self._unwatch_head()
        if [name for name, _ in self.headers].count(b"host") != 1 and self.parser.get_http_version() != "1.0":
            self._refuse(400, "malformed-request", "The request names no host, or more than one (RFC 9112, 3.2).")
        if not self.transport.is_closing():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Know that the next byte begins another request."""
        self._between_requests = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless the caller goes on with a body that nobody reads (RFC 9112, 9.6)."""
        super().on_response_complete()
        if not self._between_requests:
            self.loop.call_later(_REST_SECONDS, self._end_rest, self.cycle)

    def _end_rest(self, answered: RequestResponseCycle) -> None:
        if self.cycle is answered and not self._between_requests:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP with a problem like everything else."""
        self._refuse(400, "malformed-request", msg)

    def _measure(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self.head_bytes:
            self._refuse(431, "head-too-large", f"The request's head is longer than {self.head_bytes} bytes.")

    def _watch_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_too_slow)

    def _unwatch_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_too_slow(self) -> None:
        self._refuse(408, "head-too-slow", f"The request's head took longer than {self.head_seconds:g} s.")

    def _refuse(self, status: int, kind: str, detail: str) -> None:
        if self.transport.is_closing():
            return
        if self._answers_another:  # in the middle of that, or before it, this would be taken for a part of it
            self.cycle.keep_alive = False
            self.transport.pause_reading()
        else:
            self.transport.write(_response(status, kind, detail, "connection: close\r\n"))
            self.transport.close()

    @property
    def _answers_another(self) -> bool:
        """Whether an answer is under way to a request that came before what is read now (RFC 9112, section 9.3.2)."""
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and (cycle.response_started or not cycle.more_body)


def _response(status: int, kind: str, detail: str, headers: str) -> bytes:
    """Write a whole HTTP response that carries a problem."""
    line = STATUS_LINE[status]
    request_id = uuid4().hex
    document = {
        "type": TYPE_PREFIX + kind,
        "title": line.partition(b" ")[2].partition(b" ")[2].strip().decode(),
        "status": status,
        "detail": detail,
        "instance": "",
        "request_id": request_id,
    }
    body = json.dumps(document).encode()
    head = (
        f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\ncache-control: no-store\r\n"
        f"x-content-type-options: nosniff\r\nx-request-id: {request_id}\r\n{headers}\r\n"
    )
    return line + head.encode() + body
