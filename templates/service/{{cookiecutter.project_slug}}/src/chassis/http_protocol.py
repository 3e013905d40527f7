"""HTTP on the wire: what uvicorn leaves open to callers who send slowly or without end.

uvicorn starts a request when its head is complete. Until then nothing in the application can end it, so the limits on
the head live here, in the protocol.
"""

import asyncio
import json
from typing import Any
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chassis.problems import MEDIA_TYPE, TYPE_PREFIX


class BoundedHttpProtocol(HttpToolsProtocol):
    """httptools with a longest head and a longest time to send it."""

    head_seconds = 10.0
    head_bytes = 32 * 1024
    head_fields = 100

    _head_timer: asyncio.TimerHandle | None = None
    _head_size = 0

    def connection_made(self, transport: Any) -> None:
        """Give a new connection ``head_seconds`` to say what it wants."""
        super().connection_made(transport)
        self._watch_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._unwatch_head()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to measure a head."""
        super().on_message_begin()
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

    def on_headers_complete(self) -> None:
        """Hand the request over; from here on the application's limits hold."""
        self._unwatch_head()
        if not self.transport.is_closing():
            super().on_headers_complete()

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
        line = STATUS_LINE[status]
        request_id = uuid4().hex
        title = line.partition(b" ")[2].partition(b" ")[2].strip().decode()
        document = {
            "type": TYPE_PREFIX + kind,
            "title": title,
            "status": status,
            "detail": detail,
            "instance": "",
            "request_id": request_id,
        }
        body = json.dumps(document).encode()
        head = (
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\ncache-control: no-store\r\n"
            f"x-request-id: {request_id}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(line + head.encode() + body)
        self.transport.close()
