"""A Markdown summary, for a pull request's comment or a job's summary."""

import re

from machgen.check.engine import Report
from machgen.check.reports import LETTERS, scores
from machgen.check.reports.text import count, place
from machgen.names import printable


def show(report: Report) -> str:
    """Return the report as Markdown (CommonMark with tables)."""
    lines = ["## machgen check", "", count(report), "", "| | passed | judged | open |", "|---|---:|---:|---:|"]
    for score in scores(report):
        name = LETTERS.get(score.letter, score.letter)
        lines.append(f"| {name} | {score.passed} | {score.judged} | {score.open} |")
    if report.findings:
        lines += ["", "| rule | level | where | what |", "|---|---|---|---|"]
        lines += [
            f"| {each.rule.id} | {each.level.word} | {_code(place(each))} | {escaped(each.flaw.message)} |"
            for each in report.findings
        ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return text in which nothing is markup."""
    return re.sub(r"([\\`*_{}\[\]<>()#|!~@&$])", r"\\\1", printable(text))


def _code(text: str) -> str:
    """A code span in a table: longer fences than any inside, and no bar that would end the cell."""
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text.replace('|', chr(92) + '|')}{pad}{fence}"
