"""How a report is shown. Each format is a function from a report to text, in a module of its own name.

Every format is byte-stable: the same report gives the same bytes, whatever the machine, locale or time.
"""

import importlib
from collections.abc import Callable
from typing import NamedTuple

from machgen.check.engine import Report
from machgen.check.model import Outcome

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "badge", "baseline")
"""What `--format` takes."""

LETTERS = {
    "M": "Microservices",
    "A": "API-first",
    "C": "Cloud-native",
    "H": "Headless",
    "L": "Landscape",
}
"""The groups that machgen's own rules are in."""


def shown(report: Report, format: str) -> str:  # noqa: A002 - the option's name
    """Return a report in one of `FORMATS`."""
    show: Callable[[Report], str] = importlib.import_module(f"machgen.check.reports.{format}").show
    return show(report)


class Score(NamedTuple):
    """How many of a letter's questions were answered well.

    Args:
        letter: The letter.
        passed: Questions (a rule asked of a root, or of the repository) without a finding.
        judged: Questions that were answered, well or not.
        open: Questions that the files do not answer.
    """

    letter: str
    passed: int
    judged: int
    open: int

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, rounded down; None where nothing was judged."""
        return self.passed * 100 // self.judged if self.judged else None


def scores(report: Report) -> tuple[Score, ...]:
    """Return the score of each letter that was asked, in the order of MACH."""
    letters = [*LETTERS, *sorted({each.rule.letter for each in report.judgements} - set(LETTERS))]
    found = []
    for letter in letters:
        mine = [each.outcome for each in report.judgements if each.rule.letter == letter]
        if mine:
            passed = mine.count(Outcome.PASSED)
            found.append(Score(letter, passed, passed + mine.count(Outcome.FOUND), mine.count(Outcome.UNKNOWN)))
    return tuple(found)
