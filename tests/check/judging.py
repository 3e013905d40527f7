"""Tiny repositories as dictionaries, and what a rule says to them."""

import textwrap
from collections.abc import Mapping

from machgen.check.engine import Report, judge
from machgen.check.facts import Facts
from machgen.check.files import TreeFiles
from machgen.check.model import Outcome
from machgen.check.registry import all_rules
from machgen.tree import File, Tree


def facts_of(files: Mapping[str, str | bytes]) -> Facts:
    """The facts of a repository that holds these files; the texts are dedented."""

    def data(content: str | bytes) -> bytes:
        return content if isinstance(content, bytes) else textwrap.dedent(content).lstrip("\n").encode()

    return Facts(TreeFiles(Tree({path: File(data(content)) for path, content in files.items()})))


def report_of(files: Mapping[str, str | bytes], *ids: str) -> Report:
    """What the named rules, or all of them, say to a repository."""
    return judge(facts_of(files), [rule for rule in all_rules() if not ids or rule.id in ids])


def found(rule: str, files: Mapping[str, str | bytes]) -> list[str]:
    """What one rule finds, as `path:line message`."""
    report = report_of(files, rule)
    return [f"{each.flaw.at.path}:{each.flaw.at.line} {each.flaw.message}" for each in report.findings]


def places(rule: str, files: Mapping[str, str | bytes]) -> list[str]:
    """Where one rule finds something, as `path:line`."""
    return [line.split(" ", 1)[0] for line in found(rule, files)]


def outcomes(rule: str, files: Mapping[str, str | bytes]) -> list[Outcome]:
    """What became of one rule, root by root."""
    return [each.outcome for each in report_of(files, rule).judgements]
