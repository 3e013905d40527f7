"""Two pieces of work at once: one in a forked process, the other here; what comes of them is the same in either way."""

import os
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F")
S = TypeVar("S")


def both(first: Callable[[], F], second: Callable[[], S]) -> tuple[F, S]:
    """Return what two functions give, neither of which changes what the other one sees.

    `first` runs in a child process where that is to be had: on Linux, with a second processor, and as long as nobody
    has started a thread, whose locks a forked process would never see released. Elsewhere, and whenever the child does
    not answer (no memory, killed, an exception), it runs here, after `second`: so what it raises is raised here too.

    Args:
        first: What it returns comes back pickled.
        second: Runs here.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2 or threading.active_count() > 1:
        return first(), second()
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no memory, or no more processes
        os.close(reader)
        os.close(writer)
        return first(), second()
    if not child:
        _answer(first, writer)
    os.close(writer)
    told = b""
    try:
        with open(reader, "rb") as pipe:
            mine = second()
            told = pipe.read()
    finally:
        if not told:
            os.kill(child, 9)  # nobody waits for it any more
        _, status = os.waitpid(child, 0)
    if status or not told:
        return first(), mine
    import pickle  # noqa: PLC0415 - at the same time as the child does

    theirs: F = pickle.loads(told)  # noqa: S301 - from a copy of this very process
    return theirs, mine


def _answer(work: Callable[[], object], writer: int) -> None:
    """Be the child: tell what the work gives, and end at once, without what Python does at a program's own end."""
    status = 1
    try:
        told = work()
        import pickle  # noqa: PLC0415 - only a child needs it

        with open(writer, "wb") as pipe:
            pickle.dump(told, pipe, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)
