"""A landscape of several services in one tree, compared with its last release: what a reviewer would say of it.

The file is written as those of `services/`; the files below `base/` are the release before. The report holds the rules
about services together, about their events, and about what they promised: `ASKED`.
"""

import re
from pathlib import Path

from machgen.check.engine import judge
from machgen.check.facts import Facts
from machgen.check.registry import all_rules
from tests.check.judging import facts_of
from tests.check.test_services import FILE, FLAW

ASKED = ("A016", "A017", "L001", "L002", "L003", "L004", "M001", "M002", "M004", "M006", "M010")


def test_a_landscape_gets_the_report_that_a_reviewer_would_write() -> None:
    """Every rule that several services, their events and their last release can break, and nothing besides."""
    head, *parts = FILE.split((Path(__file__).parent / "landscapes" / "shop.txtar").read_text())
    files = dict(zip(parts[::2], parts[1::2], strict=True))
    before = {path.removeprefix("base/"): text for path, text in files.items() if path.startswith("base/")}
    now = {path: text for path, text in files.items() if not path.startswith("base/")}

    judged = judge(
        Facts(facts_of(now).files, facts_of({**now, **before})), [rule for rule in all_rules() if rule.id in ASKED]
    )

    found = [f"{each.rule.id} {each.flaw.at.path}:{each.flaw.at.line}" for each in judged.findings]
    assert sorted(FLAW.findall(head)) == sorted(found)
    assert ["service"] * 4 == [root.role for root in judged.roots]
    assert set(ASKED) - {"M001"} == set(re.findall(r"^[A-Z]\d{3}", head, re.MULTILINE))
