"""Refusing on the wire: what a request that is too much costs when nothing of it is parsed.

At five times the load that can be served, four of five requests are refused; unless that is almost free there is no
time left for the fifth.
"""

import itertools
import re
import secrets

from chassis.problems import MEDIA_TYPE, TYPE_PREFIX

_REQUEST_LINE = re.compile(rb"(?:get|post|put|patch|delete) /(?!livez|readyz|metrics)[!-~]* http/1\.1\r\n")
# What decides where a message ends or whether its connection does; also folded lines (RFC 9112, section 5.2).
_FRAMING = re.compile(rb"\n(transfer-encoding|expect|upgrade|connection|content-length|[ \t])(: ?([^\r]*))?")


def is_one_request(data: bytes) -> bool:
    """Tell whether these bytes are certainly one whole request, after which the connection may stay.

    What is unusual in any way is not: it goes to the parser. RFC 9112, section 6.3, says where a message ends; a
    mistake here would let one caller's bytes be taken for another's request.
    """
    end = data.find(b"\r\n\r\n") + 4
    head = data[: end - 2].lower()
    if not _REQUEST_LINE.match(head) or head.count(b"\n") != head.count(b"\r\n"):
        return False
    length = b""
    if _FRAMING.search(head):
        for name, _, value in _FRAMING.findall(head):
            if name == b"content-length" and not length and re.fullmatch(rb"\d{1,9}", value):
                length = value
            elif (name, value) != (b"connection", b"keep-alive"):
                return False
    return end + int(length or 0) == len(data)


class Overloaded:
    """The answer to a request that is refused under overload, written once; only the request's id is filled in."""

    def __init__(self) -> None:
        process = secrets.token_hex(8)
        self._ids = (f"{process}{number:016x}".encode() for number in itertools.count(1))
        self.closes = False
        self._write("")

    def close(self) -> None:
        """From now on tell callers to close the connection, as a process does that drains (RFC 9112, section 9.6)."""
        self.closes = True
        self._write("connection: close\r\n")

    def _write(self, further: str) -> None:
        body = (
            f'{{"type":"{TYPE_PREFIX}overloaded","title":"Service Unavailable","status":503,'
            '"detail":"Too many requests are running; try again.","instance":"","request_id":"%b"}'
        )
        length = len(body) - len("%b") + 32
        head = (
            f"HTTP/1.1 503 Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {length}\r\n"
            "cache-control: no-store\r\nx-content-type-options: nosniff\r\nretry-after: 1\r\n"
            f"{further}x-request-id: %b\r\n\r\n"
        )
        self._head = head.encode()
        self._form = self._head + body.encode()

    def answer(self) -> bytes:
        """Return a whole response."""
        request_id = next(self._ids)
        return self._form % (request_id, request_id)

    def head(self) -> bytes:
        """Return the response to HEAD (RFC 9110, section 9.3.2)."""
        return self._head % next(self._ids)
