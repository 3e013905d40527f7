"""Catalog, portal and shop together: the demonstration's own story, with every step of it checked."""

import os
import sys
from pathlib import Path

import pytest

from tests.running import to_its_end

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
PATIENCE_SECONDS = 900


def test_the_demonstration_plays_to_its_end(tmp_path: Path) -> None:
    """A guest's cart, signed in, merged, approved, ordered, paid, sent in part, returned in part; portal and report."""
    if not (REPOSITORY / ".tools" / "services").exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    words = [sys.executable, "-m", "tools.demo", FEW]
    said = tmp_path / "said.txt"
    code = to_its_end(words, said, cwd=REPOSITORY, env=os.environ, seconds=PATIENCE_SECONDS)
    told = said.read_text(encoding="utf-8")

    assert 0 == code, told[-6000:]
    assert list(CHAPTERS) == [line[3:] for line in told.splitlines() if line[3:] in CHAPTERS]
    assert "drained and ended with exit codes {'catalog': 0, 'portal': 0, 'shop': 0}" in told
