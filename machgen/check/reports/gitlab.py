"""GitLab's code quality report: a subset of Code Climate's format, for the widget of a merge request."""

import json
from typing import Any

from machgen.check.engine import Report
from machgen.check.model import Finding, Level
from machgen.names import printable

_SEVERITIES = {Level.ERROR: "critical", Level.WARNING: "major", Level.NOTE: "minor"}


def show(report: Report) -> str:
    """Return the report as JSON; a finding about the repository as a whole stands at `.`."""
    return json.dumps([_issue(each) for each in report.findings], indent=2) + "\n"


def _issue(each: Finding) -> dict[str, Any]:
    return {
        "description": f"{each.rule.id} {printable(each.flaw.message)}",
        "check_name": f"machgen/{each.rule.id}",
        "fingerprint": each.fingerprint,
        "severity": _SEVERITIES[each.level],
        # GitLab leaves out an issue without a path
        "location": {"path": printable(each.flaw.at.path or "."), "lines": {"begin": each.flaw.at.line}},
    }
