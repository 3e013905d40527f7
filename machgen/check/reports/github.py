"""GitHub workflow commands: findings as annotations on the changed lines."""

from machgen.check.engine import Report
from machgen.check.model import Level
from machgen.check.reports.text import count
from machgen.names import printable

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def show(report: Report) -> str:
    """Return one workflow command a finding, and the count."""
    lines = []
    for each in report.findings:
        at = each.flaw.at
        place = f"file={_property(at.path)},line={at.line},col={at.column}," if at.path else ""
        title = _property(f"{each.rule.id} {each.rule.title}")
        lines.append(f"::{_COMMANDS[each.level]} {place}title={title}::{_data(each.flaw.message)}")
    return "\n".join([*lines, count(report)]) + "\n"


def _data(text: str) -> str:
    """Escape as actions/toolkit does, and control characters, so that no message begins a command of its own."""
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
