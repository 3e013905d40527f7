"""The documents tell the truth: every setting, target and problem is in them."""

import re

import pytest

from chassis.domain import load_domain
from chassis.project import ROOT

SETTINGS = load_domain().settings.model_fields
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_setting_is_in_the_runbook(name: str) -> None:
    """Whoever operates the service finds each variable, with its default where it is a plain value."""
    (line,) = [line for line in RUNBOOK.splitlines() if f"`{name.upper()}`" in line.removeprefix("|").partition("|")[0]]
    default = SETTINGS[name].default

    if isinstance(default, int | float):
        assert f"`{default}`" in line


def test_runbook_names_no_setting_that_does_not_exist() -> None:
    """A variable that is gone is gone from the table too."""
    table = RUNBOOK.partition("| variable |")[2].partition("\n\n")[0]
    names = set(re.findall(r"`([A-Z_]+)`", "\n".join(line.split("|")[1] for line in table.splitlines()[1:])))

    assert {name.lower() for name in names if not name.startswith("OTEL_")} == set(SETTINGS)


def test_readme_names_only_targets_that_exist() -> None:
    """Every ``make something`` of the documents is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    named = {name for path in documents for name in re.findall(r"make ([a-z-]+)", path.read_text(encoding="utf-8"))}

    assert named - {"the"} <= targets
