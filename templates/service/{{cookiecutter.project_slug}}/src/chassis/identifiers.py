"""Identifiers: UUID version 7 (RFC 9562, section 5.7), so that keys sort by the time they were made."""

import os
import secrets
import threading
import time
from uuid import UUID

_COUNTER_BITS = 42
_lock = threading.Lock()
_last = (0, 0)


def uuid7() -> UUID:
    """Return a new identifier that is greater than every one this process made before.

    Within one millisecond the leading 42 random bits count upwards (RFC 9562, section 6.2, method 1), so a list
    ordered by identifier is the list ordered by creation, also for rows made in one transaction.
    """
    global _last  # noqa: PLW0603 - the generator's state is the process's by definition
    with _lock:
        millisecond = time.time_ns() // 1_000_000
        before, counter = _last
        if millisecond > before:
            counter = secrets.randbits(_COUNTER_BITS - 1)
        else:  # the same millisecond, or a clock that was set back
            millisecond, counter = before, counter + 1
            if counter >> _COUNTER_BITS:
                millisecond, counter = before + 1, secrets.randbits(_COUNTER_BITS - 1)
        _last = (millisecond, counter)
    high, low = counter >> 30, counter & ((1 << 30) - 1)
    value = millisecond << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low << 32 | int.from_bytes(os.urandom(4))
    return UUID(int=value)
