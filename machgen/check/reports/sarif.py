"""SARIF 2.1.0 (OASIS), for code scanning."""

import json
import re
from typing import Any
from urllib.parse import quote

from machgen import __version__
from machgen.check.engine import Report
from machgen.check.model import Edit, Finding, Rule
from machgen.check.reports import LETTERS
from machgen.names import printable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def show(report: Report) -> str:
    """Return the report as a SARIF log with one run."""
    rules = sorted({each.rule.id: each.rule for each in report.judgements}.values(), key=lambda rule: rule.id)
    index = {rule.id: number for number, rule in enumerate(rules)}
    results = [_result(each, index, "") for each in report.findings]
    results += [_result(each, index, reason) for each, reason in report.ignored]
    unread = [
        {
            "level": "warning",
            "message": {"text": _message(f"could not be read: {why}")},
            "locations": [_location(path, line, 1)],
        }
        for path, line, why in report.unreadable
    ]
    home = _home()
    driver = {
        "name": "machgen",
        "semanticVersion": __version__,
        **({"informationUri": home} if home else {}),
        "rules": [_rule(rule, home) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": unread}],
        "results": results,
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _home() -> str:
    """The address of the documentation, as the installed distribution names it; empty where it names none.

    A URL of a private mirror is the right one for who installed from it, so it is nowhere written down here.
    """
    from importlib import metadata  # noqa: PLC0415 - only this format asks

    try:
        named = metadata.metadata("machgen").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    urls: dict[str, str] = {}
    for each in named:
        label, _, url = str(each).partition(", ")
        urls[label] = url
    return urls.get("Documentation", urls.get("Homepage", "")).rstrip("/")


def _rule(rule: Rule, home: str) -> dict[str, Any]:
    own = rule.letter in LETTERS
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.title.replace("-", " ").split() if word.isalnum()),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        **({"helpUri": f"{home}/reference/rules/#{rule.id.lower()}"} if home and own else {}),
        "help": {
            "text": f"{rule.mend}\n\nSource: {rule.source}",
            "markdown": f"{rule.mend}\n\n*Source: {rule.source}*",
        },
        "defaultConfiguration": {"level": rule.level.word},
        "properties": {"tags": [rule.letter]},
    }


def _result(each: Finding, index: dict[str, int], reason: str) -> dict[str, Any]:
    at = each.flaw.at
    result: dict[str, Any] = {
        "ruleId": each.rule.id,
        "ruleIndex": index[each.rule.id],
        "level": each.level.word,
        "message": {"text": _message(each.flaw.message)},
        "locations": [_location(at.path or ".", at.line, at.column)],
        "partialFingerprints": {"machgen/v1": each.fingerprint},
    }
    if each.flaw.fix and all(edit.column for edit in each.flaw.fix):
        result["fixes"] = [{"description": {"text": each.rule.mend}, "artifactChanges": _changes(each.flaw.fix)}]
    if reason:
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _message(text: str) -> str:
    """Plain text, in which brackets would be a link (SARIF 2.1.0, 3.11.6: embedded links)."""
    return re.sub(r"([\\\[\]])", r"\\\1", printable(text))


def _location(path: str, line: int, column: int) -> dict[str, Any]:
    region = {"startLine": line, "startColumn": column}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(path)}, "region": region}}


def _uri(path: str) -> str:
    # a name that is not UTF-8 keeps its bytes, as RFC 3986 has it
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


def _changes(fix: tuple[Edit, ...]) -> list[dict[str, Any]]:
    return [
        {
            "artifactLocation": {"uri": _uri(edit.path)},
            "replacements": [
                {
                    "deletedRegion": {
                        "startLine": edit.line,
                        "startColumn": edit.column,
                        "endColumn": edit.column + len(edit.old),
                    },
                    "insertedContent": {"text": edit.new},
                }
            ],
        }
        for edit in fix
    ]
