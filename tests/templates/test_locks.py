"""The locks of the built-in templates: what a layer adds, it adds to what the layer below pins."""

from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "templates"
LOCKS = sorted(TEMPLATES.glob("*/*/requirements/*.txt"))
SERVICE = next(TEMPLATES.glob("service/*/requirements"))


def _pins(lock: Path) -> set[str]:
    return {line.split(" \\")[0] for line in lock.read_text(encoding="utf-8").splitlines() if "==" in line}


@pytest.mark.parametrize("lock", LOCKS, ids=[f"{each.parts[-4]}-{each.stem}" for each in LOCKS])
def test_layer_pins_what_every_service_runs_on(lock: Path) -> None:
    """A release of a library that was looked at in one template is the one that all of them run on."""
    missing = _pins(SERVICE / lock.name) - _pins(lock)

    assert missing == set()
