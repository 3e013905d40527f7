"""Catalog, portal and shop together: the demonstration's own story, with every step of it checked."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CHAPTERS = (
    "A staged edit stays invisible until it is published",
    "A company in the portal: its people and its rules",
    "The house's terms in the shop, for articles of the catalog",
    "A guest fills a cart",
    "An approval",
    "An order",
    "A partial shipment, and a return",
    "The portal knows it all, from events",
    "The representative is credited for what was sold online, and not for what came back",
    "A quote binds the order",
)
FEW = "60"


def test_the_demonstration_plays_to_its_end() -> None:
    """A guest's cart, signed in, merged, approved, ordered, paid, sent in part, returned in part; portal and report."""
    if not (REPOSITORY / ".tools" / "services").exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    words = [sys.executable, "-m", "tools.demo", FEW]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, timeout=400, check=False)

    assert 0 == done.returncode, (done.stdout + done.stderr)[-6000:]
    assert list(CHAPTERS) == [line[3:] for line in done.stdout.splitlines() if line[3:] in CHAPTERS]
    assert "drained and ended with exit codes {'catalog': 0, 'portal': 0, 'shop': 0}" in done.stdout
