"""What mypy knows already: all generated projects have nearly the same dependencies, and reading them takes longest."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOOLS = Path(__file__).parents[2] / ".tools"


@contextmanager
def shared() -> Iterator[Path]:
    """Give the one cache, for one process at a time: mypy locks nothing while it writes."""
    with (TOOLS / "mypy.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield TOOLS / "mypy"


def copy(directory: Path) -> None:
    """Copy it for somebody who takes too long for others to wait, as far as there is one."""
    with shared() as cache:
        if cache.exists():
            shutil.copytree(cache, directory)
