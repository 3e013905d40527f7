"""Two pieces of work at once: one in a forked process, the other here; what comes of them is the same in either way."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

F = TypeVar("F")
S = TypeVar("S")


class Aside:
    """What the second of two pieces of work tells the first one while both run, once.

    Nothing is waited for but the word that it is there: what is told stands in memory that both processes share, so
    that the second one goes on at once, however much it is.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._memory = os.memfd_create("machgen")

    def tell(self, value: object) -> None:
        """Leave a value, which is pickled, for the other process."""
        import pickle  # noqa: PLC0415 - only where there are two

        # not closed, as the memory is the child's too
        with open(self._memory, "wb", closefd=False) as memory:
            pickle.dump(value, memory, pickle.HIGHEST_PROTOCOL)
        os.write(self._write, b".")

    def hear(self) -> Any:
        """Wait for the value and return it; None where the other process ended without a word."""
        if not os.read(self._read, 1):
            return None
        import pickle  # noqa: PLC0415 - only where there are two

        os.lseek(self._memory, 0, os.SEEK_SET)
        with open(self._memory, "rb", closefd=False) as memory:
            return pickle.load(memory)  # noqa: S301 - from the process that this one is a copy of

    def fall_silent(self) -> None:
        """Tell nothing any more; who still waits, hears so. The child does this first, as only the other one tells."""
        if self._write >= 0:
            os.close(self._write)
        self._write = -1

    def close(self) -> None:
        """Give the descriptors back."""
        self.fall_silent()
        os.close(self._read)
        os.close(self._memory)


_END = b"\xff"


class Claims:
    """Pieces of work that belong to nobody: each is taken once, by whichever process is done with its own first.

    Args:
        pieces: How many there are, at most 255; they are taken from 0 on.
    """

    def __init__(self, pieces: int) -> None:
        self._read, self._write = os.pipe()
        # an end for each of the processes, and one for work that is done again where a process ended without an answer
        os.write(self._write, bytes(range(pieces)) + 3 * _END)

    def __iter__(self) -> Iterator[int]:
        """Take one piece after the other until none is left."""
        while (claimed := os.read(self._read, 1)) != _END:
            yield claimed[0]

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._read)
        os.close(self._write)


def both(first: Callable[[Callable[[], Any]], F], second: Callable[[Callable[[object], None]], S]) -> tuple[F, S]:
    """Return what two functions give, neither of which changes what the other one sees.

    `first` runs in a child process where that is to be had: on Linux, with a second processor, and as long as nobody
    has started a thread, whose locks a forked process would never see released. Elsewhere, and whenever the child does
    not answer (no memory, killed, an exception), it runs here, after `second`: so what it raises is raised here too.

    Args:
        first: What it returns comes back pickled. It is given a function that waits for what `second` tells aside, and
            returns it; None where the two do not run at once.
        second: Runs here. It is given a function that tells, once, and uses it early: `first` may wait.
    """
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2 or threading.active_count() > 1:
        return first(_silence), second(_nobody)
    try:
        aside = Aside()
    except OSError:  # a kernel, or a sandbox, without files in memory
        return first(_silence), second(_nobody)
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no memory, or no more processes
        os.close(reader)
        os.close(writer)
        aside.close()
        return first(_silence), second(_nobody)
    if not child:
        aside.fall_silent()
        _answer(lambda: first(aside.hear), writer)
    os.close(writer)
    told = b""
    try:
        with open(reader, "rb") as pipe:
            mine = second(aside.tell)
            aside.fall_silent()
            told = pipe.read()
    finally:
        if not told:
            os.kill(child, 9)  # nobody waits for it any more
        _, status = os.waitpid(child, 0)
        aside.close()
    if status or not told:
        return first(_silence), mine
    import pickle  # noqa: PLC0415 - at the same time as the child does

    theirs: F = pickle.loads(told)  # noqa: S301 - from a copy of this very process
    return theirs, mine


def _silence() -> None:
    return None


def _nobody(_value: object) -> None:
    return None


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
