"""Text for people: what was found, by rule; what could not be judged; a score per letter."""

from collections.abc import Iterator

from machgen.check.engine import Report
from machgen.check.model import Finding, Outcome
from machgen.check.reports import scores
from machgen.names import printable

_SHOWN = 3
"""Reasons of one kind that are spelt out."""


def show(report: Report) -> str:
    """Return the report as lines."""
    parts = [
        _findings(report),
        _unreadable(report),
        _open(report),
        _set_aside(report),
        _roots(report),
        [_summary(report)],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _findings(report: Report) -> list[str]:
    groups: dict[str, list[Finding]] = {}
    for each in sorted(report.findings, key=lambda each: (-each.level, each.rule.id)):
        groups.setdefault(each.rule.id, []).append(each)
    lines: list[str] = []
    for group in groups.values():
        rule = group[0].rule
        lines.append(f"{rule.id} {max(each.level for each in group).word}: {rule.title}")
        lines += [f"  {place(each)}  {printable(each.flaw.message)}" for each in group]
        lines += [f"  → {rule.mend}", ""]
    return lines[:-1]


def place(finding: Finding) -> str:
    """Return `path:line:column`, safe to show."""
    at = finding.flaw.at
    return f"{printable(at.path)}:{at.line}:{at.column}" if at.path else "(repository)"


def _unreadable(report: Report) -> list[str]:
    if not report.unreadable:
        return []
    return [
        "Could not be read:",
        *(f"  {printable(path)}:{line}  {printable(why)}" for path, line, why in report.unreadable),
    ]


def _open(report: Report) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for each in report.judgements:
        if each.outcome is Outcome.UNKNOWN or (each.outcome is Outcome.FOUND and each.reasons):
            for reason in each.reasons:
                ids = reasons.setdefault(reason, [])
                if each.rule.id not in ids:
                    ids.append(each.rule.id)
    groups: dict[str, list[str]] = {}
    for reason, ids in reasons.items():
        groups.setdefault(", ".join(ids), []).append(reason)
    lines = []
    for ids_, said in groups.items():
        lines += [f"  {ids_}  {printable(reason)}" for reason in said[:_SHOWN]]
        if len(said) > _SHOWN:
            lines.append(f"  {ids_}  and {len(said) - _SHOWN} more such (all of them with --format json)")
    return ["Could not be judged:", *lines] if lines else []


def _set_aside(report: Report) -> list[str]:
    counts: dict[tuple[str, str], int] = {}
    for finding, reason in report.ignored:
        counts[finding.rule.id, reason] = counts.get((finding.rule.id, reason), 0) + 1
    lines = [f"  {rule} ({count})  {printable(reason)}" for (rule, reason), count in sorted(counts.items())]
    return ["Set aside:", *lines] if lines else []


def _roots(report: Report) -> list[str]:
    if not report.roots:
        return ["Nothing here is a service, a touchpoint or a library: only the repository as a whole was judged."]
    return [
        "Judged:",
        *(f"  {printable(root.path or '.')}  {root.role}: {printable(root.reason)}" for root in report.roots),
    ]


def _summary(report: Report) -> str:
    return "\n".join([*_score_lines(report), count(report)])


def _score_lines(report: Report) -> Iterator[str]:
    cells = []
    for score in scores(report):
        percent = "not judged" if score.percent is None else f"{score.percent} % of {score.judged}"
        cells.append(f"{score.letter} {percent}" + (f", {score.open} open" if score.open else ""))
    if cells:
        yield "  ·  ".join(cells)


def count(report: Report) -> str:
    """Return how many findings there are, by level, in words."""
    words = []
    for level in sorted({each.level for each in report.findings}, reverse=True):
        number = sum(each.level is level for each in report.findings)
        words.append(f"{number} {level.word}{'s' if number != 1 else ''}")
    return ", ".join(words) if words else "No findings."
