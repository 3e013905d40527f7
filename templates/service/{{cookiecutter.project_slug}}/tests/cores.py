"""Cores, shared out between what is measured and what measures it: a load on the same core would measure itself."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path


def shares() -> tuple[Sequence[int], Sequence[int]]:
    """Return the cores for the service and its database, and the one for the load.

    Both are empty, and nothing is pinned, where there is one core only or the system is not Linux.
    """
    if sys.platform == "linux":
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            return cores[:-1], cores[-1:]
    return (), ()


def pin(cores: Sequence[int], *processes: int) -> None:
    """Keep processes, with all their threads and what they start from now on, on these cores.

    :param cores: none leaves them as they are.
    """
    if sys.platform == "linux" and cores:
        for process in processes:
            for thread in _threads(process):
                with suppress(ProcessLookupError):  # ended meanwhile
                    os.sched_setaffinity(thread, cores)


def _threads(process: int) -> Iterator[int]:
    with suppress(FileNotFoundError):  # ended meanwhile
        yield from (int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir())
