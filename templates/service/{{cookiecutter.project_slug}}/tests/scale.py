"""How much of a thing a test does: a little in ``make test``, all of it in ``make soak`` (``SOAK=1``)."""

import os
import sys
from typing import TypeVar

import pytest

_Size = TypeVar("_Size", int, float)

SOAK = os.environ.get("SOAK") == "1"
PATIENCE_SECONDS = 7200 if SOAK or "FUZZ_EXAMPLES" in os.environ else 900
"""How long a test may take before it counts as one that waits for something that never comes."""


def scale(little: _Size, all_of_it: _Size) -> _Size:
    """Return the size for this run."""
    return all_of_it if SOAK else little


def report(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Show a measurement in a soak."""
    if SOAK:
        with capsys.disabled():
            sys.stderr.write(f"\n{line}")
