"""Tests that measure the machine run alone, also where others run in several processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_one_of_several(config: object) -> bool:
    """Tell whether this pytest is a worker of ``pytest -n``.

    The variables that a worker sets do not say so: whatever it starts inherits them, another pytest too.
    """
    return hasattr(config, "workerinput")


@contextmanager
def taking_turns(directory: Path, *, alone: bool) -> Iterator[None]:
    """Share the block with the other processes' blocks, or have it for oneself.

    Everybody passes the gate one at a time; who wants to be alone stays in it. So nobody else begins meanwhile, and
    those that have begun are waited for. (One lock that is shared or exclusive would never be free for the latter.)

    :param directory: one that all processes know.
    """
    with (directory / "gate").open("w") as gate, (directory / "turn").open("w") as turn:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fcntl.flock(turn, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        if not alone:
            fcntl.flock(gate, fcntl.LOCK_UN)
        yield
