"""Python's garbage collector, and when there is nothing for it to find."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """Let the collector rest while the block makes what lives as long as the process, and never look at that again.

    Modules, models and routes are hundreds of thousands of objects that all stay. To go through them again and again
    while they grow takes a third of the start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
