"""JUnit XML, as Jenkins and GitLab read it: a suite per letter, a case per rule and root."""

from machgen.check.engine import Report
from machgen.check.model import Finding, Judgement, Outcome
from machgen.check.reports import LETTERS
from machgen.names import printable


def show(report: Report) -> str:
    """Return the report as XML."""
    order = list(LETTERS)
    asked = {each.rule.letter for each in report.judgements}
    letters = sorted(asked, key=lambda letter: (order.index(letter) if letter in order else len(order), letter))
    failed = sum(each.outcome is Outcome.FOUND for each in report.judgements)
    counts = f'tests="{len(report.judgements)}" failures="{failed}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="machgen check" {counts}>']
    for letter in letters:
        lines += _suite(letter, report)
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _suite(letter: str, report: Report) -> list[str]:
    cases = [each for each in report.judgements if each.rule.letter == letter]
    failed = sum(each.outcome is Outcome.FOUND for each in cases)
    skipped = sum(each.outcome in {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE} for each in cases)
    counts = f'tests="{len(cases)}" failures="{failed}" errors="0" skipped="{skipped}" time="0"'
    findings: dict[tuple[str, str | None], list[Finding]] = {}
    for one in report.findings:
        findings.setdefault((one.rule.id, one.root), []).append(one)
    lines = [f'  <testsuite name="{escaped(LETTERS.get(letter, letter))}" {counts}>']
    for each in cases:
        lines += _case(each, findings)
    return [*lines, "  </testsuite>"]


def _case(each: Judgement, findings: dict[tuple[str, str | None], list[Finding]]) -> list[str]:
    where = f" [{printable(each.root or '.')}]" if each.root is not None else ""
    name = escaped(f"{each.rule.id} {each.rule.title}{where}")
    head = f'    <testcase classname="{escaped(f"machgen.{each.rule.letter}")}" name="{name}" time="0"'
    if each.outcome is Outcome.PASSED:
        return [f"{head}/>"]
    if each.outcome is Outcome.FOUND:
        found = findings.get((each.rule.id, each.root), [])
        text = "\n".join(_line(one) for one in found) or "found in a file that another root shares"
        failure = f'<failure message="{escaped(each.rule.mend)}" type="{each.rule.level.word}">'
        return [f"{head}>", f"      {failure}{escaped(text)}</failure>", "    </testcase>"]
    reason = escaped(f"{each.outcome.value}: {'; '.join(printable(reason) for reason in each.reasons)}")
    return [f"{head}>", f'      <skipped message="{reason}"/>', "    </testcase>"]


def _line(finding: Finding) -> str:
    at = finding.flaw.at
    return f"{printable(at.path)}:{at.line}:{at.column}: {printable(finding.flaw.message)}"


def escaped(text: str) -> str:
    """Return text for XML 1.0: markup escaped, and what XML cannot hold written as an escape."""
    safe = "\n".join(printable(line) for line in text.split("\n"))
    safe = (
        safe.encode("utf-8", "backslashreplace")
        .decode("utf-8")
        .replace("\ufffe", "\\ufffe")
        .replace("\uffff", "\\uffff")
    )
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
