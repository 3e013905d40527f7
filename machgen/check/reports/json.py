"""JSON for programs. Its shape only grows: keys are added, never renamed or removed."""

import json
from typing import Any

from machgen import __version__
from machgen.check.engine import Report
from machgen.check.model import Finding
from machgen.check.reports import scores


def show(report: Report) -> str:
    """Return the report as one JSON document."""
    document = {
        "machgen": __version__,
        "findings": [_finding(each) for each in report.findings],
        "ignored": [{**_finding(each), "reason": reason} for each, reason in report.ignored],
        "judgements": [
            {"rule": each.rule.id, "root": each.root, "outcome": each.outcome.value, "reasons": list(each.reasons)}
            for each in report.judgements
        ],
        "roots": [{"path": each.path, "role": each.role.value, "reason": each.reason} for each in report.roots],
        "unreadable": [{"path": path, "line": line, "reason": why} for path, line, why in report.unreadable],
        "scores": {
            each.letter: {"passed": each.passed, "judged": each.judged, "open": each.open} for each in scores(report)
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(each: Finding) -> dict[str, Any]:
    at = each.flaw.at
    return {
        "rule": each.rule.id,
        "level": each.level.word,
        "message": each.flaw.message,
        "path": at.path,
        "line": at.line,
        "column": at.column,
        "root": each.root,
        "fingerprint": each.fingerprint,
        "fixable": bool(each.flaw.fix),
    }
