"""A baseline: the findings of today, so that tomorrow only new ones count."""

import json

from machgen.check.engine import Report


def show(report: Report) -> str:
    """Return the findings' fingerprints, each with a line for people; findings set aside by one already are kept."""
    kept = [each for each, reason in report.ignored if reason == "in the baseline"]
    found = {
        each.fingerprint: f"{each.rule.id} {each.flaw.at.path}: {each.flaw.message}"
        for each in [*report.findings, *kept]
    }
    return (
        json.dumps(
            {"machgen-baseline": 1, "findings": dict(sorted(found.items(), key=lambda item: (item[1], item[0])))},
            indent=2,
        )
        + "\n"
    )
