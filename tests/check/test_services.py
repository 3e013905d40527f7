"""Whole miniature services in five ecosystems, each with its expected report: what a reviewer would say, and no more.

A file of `services/` is one service in the txtar format of Go's tools: first the expected report, then the files.
A line of the report names a rule, where it is violated, and why; after `not judged:` stand the rules that were asked
and had nothing to judge. Every other rule that was asked has passed.
"""

import re
from pathlib import Path

import pytest

from machgen.check.model import Outcome
from tests.check.judging import report_of

SERVICES = sorted((Path(__file__).parent / "services").glob("*.txtar"))
FILE = re.compile(r"^-- (.+) --\n", re.MULTILINE)
FLAW = re.compile(r"^([A-Z]\d{3} \S+:\d+)  +\S", re.MULTILINE)
NOT_JUDGED = re.compile(r"^not judged: ([A-Z0-9 \n]+)$", re.MULTILINE)


@pytest.mark.parametrize("service", [pytest.param(each, id=each.stem) for each in SERVICES])
def test_a_service_gets_the_report_that_a_reviewer_would_write(service: Path) -> None:
    """Every finding of every letter and level, and every rule that was not judged; all others have passed."""
    head, *parts = FILE.split(service.read_text())
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    judged = report_of(files)
    found = sorted(f"{each.rule.id} {each.flaw.at.path}:{each.flaw.at.line}" for each in judged.findings)
    idle = {each.rule.id for each in judged.judgements if each.outcome in (Outcome.NOT_APPLICABLE, Outcome.UNKNOWN)}
    said = NOT_JUDGED.search(head)
    assert said, "the expected report says which rules have nothing to judge"

    assert sorted(FLAW.findall(head)) == found
    assert sorted(said[1].split()) == sorted(idle)


def test_the_services_are_of_five_ecosystems_and_violate_every_letter() -> None:
    """Each has findings about its image or process, its contract, and how it is kept."""
    letters = {each.stem: {flaw[0] for flaw in FLAW.findall(FILE.split(each.read_text())[0])} for each in SERVICES}

    assert {name: set("ACHM") for name in ("aspnet", "express", "fastapi", "go", "spring")} == letters
