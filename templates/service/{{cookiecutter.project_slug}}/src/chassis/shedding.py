"""Refusing on the wire: what a request that is too much costs when nothing of it is parsed.

At five times the load that can be served, four of five requests are refused; unless that is almost free there is no
time left for the fifth.
"""

import itertools
import re
import secrets

from chassis.problems import MEDIA_TYPE, TYPE_PREFIX

_REQUEST_LINE = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) /(?!livez|readyz|metrics)[!-~]* HTTP/1\.1")
# What decides where a message ends or whether its connection does (RFC 9112, section 6.3); also folded lines (section
# 5.2) and lines that end without a carriage return.
_FRAMING = re.compile(
    rb"\n(?:(?<!\r\n)|(transfer-encoding|expect|upgrade|connection|content-length|[ \t])(: ?([^\r]*))?)"
)
_LONGEST_KEPT = 2048
_MOST_KEPT = 500


class Recognition:
    """Tells of bytes on a connection whether they are certainly one whole request, after which it may stay.

    What is unusual in any way is not: it goes to the parser. A mistake here would let one caller's bytes be taken for
    another's request. Most callers say the same of themselves with every request, on every connection, so what was
    found of all that follows a request line is kept, for the whole process: a connection that has been silent for a
    while is not in the processor's caches, and its own copy would not be either.
    """

    def __init__(self) -> None:
        self._kept: set[bytes] = set()

    def is_one_request(self, data: bytes) -> bool:
        """Tell it of what has just arrived, where a request begins."""
        line, _, rest = data.partition(b"\r\n")
        if _REQUEST_LINE.fullmatch(line) is None:
            return False
        if rest in self._kept:
            return True
        if not _ends_request(rest):
            return False
        self._keep(rest)
        return True

    def _keep(self, rest: bytes) -> None:
        if len(rest) <= _LONGEST_KEPT:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()  # who asks often is soon among them again
            self._kept.add(rest)


def _ends_request(rest: bytes) -> bool:
    """Tell whether a request ends with these bytes, which begin after its first line."""
    end = rest.find(b"\r\n\r\n") + 4
    length = b""
    for name, _, value in _FRAMING.findall(b"\r\n" + rest[: end - 2].lower()):
        if name == b"content-length" and not length and re.fullmatch(rb"\d{1,9}", value):
            length = value
        elif (name, value) != (b"connection", b"keep-alive"):
            return False
    return end > 3 and end + int(length or 0) == len(rest)


class Overloaded:
    """The answer to a request that is refused under overload, written once; only the request's id is filled in."""

    def __init__(self) -> None:
        process = secrets.token_hex(8).encode()
        self._ids = (b"%b%016x" % (process, number) for number in itertools.count(1))
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
        self._before, self._between, self._after = (self._head + body.encode()).split(b"%b")

    def answer(self) -> bytes:
        """Return a whole response."""
        request_id = next(self._ids)
        return b"".join((self._before, request_id, self._between, request_id, self._after))

    def head(self) -> bytes:
        """Return the response to HEAD (RFC 9110, section 9.3.2)."""
        return self._head % next(self._ids)
