"""What callers say of the trace that a request belongs to (W3C Trace Context)."""

import re
from collections.abc import Iterable

_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")  # section 3.2
_KEY = rb"(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
_VALUE = rb"[ -+\--<>-~]{0,255}[!-+\--<>-~]"
_MEMBER = re.compile(rb"(?P<key>%b)=%b" % (_KEY, _VALUE))  # section 3.3.1
_MOST_MEMBERS = 32
LONGEST_TRACESTATE = 512
"""Bytes of tracestate that are passed on; more need not be (section 3.3.1.5)."""


def traceparent_of(given: bytes) -> str:
    """Return the caller's ``traceparent``, or nothing when it is none: a new trace begins then."""
    return given.decode() if _TRACEPARENT.fullmatch(given) else ""


def tracestate_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the caller's ``tracestate`` as it is passed on: in its order, from all fields of that name.

    :returns: nothing when any of it is invalid, or when it is too much.
    """
    given = b",".join(value for name, value in headers if name == b"tracestate")
    members = [member for one in given.split(b",") if (member := one.strip(b" \t"))]
    if len(members) > _MOST_MEMBERS:
        return ""
    found = [_MEMBER.fullmatch(member) for member in members]
    if len({one["key"] if one else None for one in found} - {None}) < len(members):  # invalid, or twice
        return ""
    whole = b",".join(members)
    return whole.decode() if len(whole) <= LONGEST_TRACESTATE else ""
