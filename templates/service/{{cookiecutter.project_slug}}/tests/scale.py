"""How much of a thing a test does: a little in ``make test``, all of it in ``make soak`` (``SOAK=1``)."""

import os
from typing import TypeVar

_Size = TypeVar("_Size", int, float)

SOAK = os.environ.get("SOAK") == "1"


def scale(little: _Size, all_of_it: _Size) -> _Size:
    """Return the size for this run."""
    return all_of_it if SOAK else little
