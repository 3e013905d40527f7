"""What a repository asks of a check: rules selected, findings set aside with a reason, levels, a baseline.

Read from `[check]` in machgen.toml, else from `[tool.machgen.check]` in pyproject.toml:

    profile = "standard"                # reference: all; standard: errors and warnings; starter: errors
    select = ["M", "C1"]                # rules, or beginnings of their ids
    baseline = "machgen-baseline.json"  # what was there before, made by `machgen check --format baseline`
    [[check.ignore]]
    rule = "C112"
    paths = ["legacy/**"]               # everywhere without it
    reason = "moves with the cluster in May"
    [check.levels]
    C301 = "error"
    rules = ["rules/house.yaml"]        # declared rules of one's own
    [check.roots]
    backend = "service"
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from machgen.check.company.profiles import PROFILES, Profile
from machgen.check.document import Map, Unreadable, dig, read_toml
from machgen.check.engine import Report
from machgen.check.expressions import Malformed, glob
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Finding, Level, Outcome, Role, Rule, covers
from machgen.errors import BadRequest

KEYS = frozenset({"profile", "select", "ignore", "baseline", "levels", "roots", "rules"})
"""What a repository can set."""

_TABLES = (("machgen.toml", ("check",)), ("pyproject.toml", ("tool", "machgen", "check")))
_INLINE = lazy_compile(r"machgen:\s*ignore\[([A-Z]+[0-9]*(?:\s?,\s?[A-Z]+[0-9]*){0,99})\](.{0,1000}?)(?:-->|\*/)?\s*\Z")
_COMMENT = ("#", "//", "<!--", "--", "/*", ";")


class Ignore(NamedTuple):
    """Findings that are set aside.

    Args:
        rule: A rule's id or the beginning of ids.
        paths: Patterns (`*` within a name, `**` across); everywhere where empty.
        reason: Why; never empty.
    """

    rule: str
    paths: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is one of these."""
        path = finding.flaw.at.path
        return covers(self.rule, finding.rule.id) and (
            not self.paths or any(matches(pattern, path) for pattern in self.paths)
        )


class Configuration(NamedTuple):
    """What counts for one check.

    Args:
        profile: machgen's own, or a company's.
        select: Ids or beginnings; everything where empty.
        ignore: What is set aside, and why.
        levels: Rule id → level, over the rule's own.
        baseline: Fingerprints of findings that were there before.
    """

    profile: Profile = PROFILES["standard"]
    select: tuple[str, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    levels: Mapping[str, Level] = MappingProxyType({})
    baseline: frozenset[str] = frozenset()

    def rules(self, every: Iterable[Rule]) -> tuple[Rule, ...]:
        """Return the rules to ask: those selected, at or above the profile's level.

        A rule whose findings can be heavier than the rule is asked in every profile that might show one.
        """
        chosen = []
        for rule in every:
            if self.select and not any(covers(each, rule.id) for each in self.select):
                continue
            if any(covers(each.rule, rule.id) and not each.paths for each in self.ignore):
                continue
            chosen.append(rule._replace(level=self.level(rule.id, rule.level)))
        return tuple(chosen)

    def level(self, rule: str, otherwise: Level) -> Level:
        """Return what a rule's findings weigh: as the repository says, else as the profile does, else as they do."""
        return self.levels.get(rule) or self.profile.levels.get(rule) or otherwise


def matches(pattern: str, path: str) -> bool:
    """Whether a path matches a pattern; a directory's name matches what is below it."""
    try:
        return glob(pattern).matches(path)
    except Malformed:
        return False


def read_configuration(
    facts: Facts, known: Iterable[Rule], profiles: Mapping[str, Profile] | None = None
) -> Configuration:
    """Return what the repository's own files ask for.

    Args:
        facts: The repository.
        known: The rules there are, a company's included.
        profiles: A company's own, by name.

    Raises:
        BadRequest: They ask for what there is not, or set something aside without a reason.
    """
    for reading, table in _tables(facts):
        reading.known = [rule.id for rule in known]
        reading.profiles = {**PROFILES, **(profiles or {})}
        return reading.configuration(table)
    return Configuration()


def rule_files(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Return the files of declared rules that the repository names as its own, each with its text.

    Raises:
        BadRequest: One of them is not there or cannot be read.
    """
    for reading, table in _tables(facts):
        found = []
        for path in reading.texts(table, "rules"):
            text = facts.text(path)
            if text is None:
                raise reading.refused(table, "rules", f"names {path!r}, which is not there or no text")
            found.append((path, text))
        return tuple(found)
    return ()


def _tables(facts: Facts) -> "Iterator[tuple[_Reading, Map]]":
    """The first table that there is, to read."""
    for path, keys in _TABLES:
        text = facts.text(path) if path in facts.known else None
        if text is None or "check" not in text:
            continue
        try:
            table = dig(read_toml(text), *keys)
        except Unreadable as error:
            raise BadRequest(f"{path}:{error.line}: {error.reason}", hint="mend it, then check again") from None
        if isinstance(table, Map):
            yield _Reading(facts, path, ".".join(keys)), table


def profile_named(name: str, profiles: Mapping[str, Profile], where: str) -> Profile:
    """Return a profile by its name.

    Raises:
        BadRequest: There is none of that name.
    """
    if name not in profiles:
        from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

        close = get_close_matches(name, profiles, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(profiles)}"
        raise BadRequest(f"{where}: no profile {name!r}", hint=hint)
    return profiles[name]


def check_ids(ids: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse what is neither a rule nor the beginning of one.

    Raises:
        BadRequest: With the nearest rule there is.
    """
    every = list(known)
    for each in ids:
        if not any(covers(each, rule) for rule in every):
            from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

            close = get_close_matches(each.upper(), every, 1)
            hint = f"did you mean {close[0]}?" if close else "`machgen rules` lists them"
            raise BadRequest(f"{where}: no rule {each!r}", hint=hint)


class _Reading:
    """One reading of a configuration table."""

    def __init__(self, facts: Facts, path: str, name: str) -> None:
        self.facts, self.path, self.name = facts, path, name
        self.known: list[str] = []
        self.profiles: Mapping[str, Profile] = PROFILES

    def refused(self, table: Map, key: str, problem: str) -> BadRequest:
        return BadRequest(
            f"{self.path}:{table.line_of(key)}: `{self.name}.{key}` {problem}", hint="mend it, then check again"
        )

    def configuration(self, table: Map) -> Configuration:
        for key in table:
            if key not in KEYS:
                raise self.refused(table, key, f"is unknown; there are {', '.join(sorted(KEYS))}")
        profile = table.get("profile", "standard")
        if profile not in self.profiles:
            raise self.refused(table, "profile", f"is none of {', '.join(self.profiles)}")
        select = self.texts(table, "select")
        check_ids(select, self.known, f"{self.path}: `{self.name}.select`")
        for where, role in (table.get("roots") or {}).items():
            if role not in tuple(Role):
                raise self.refused(table, "roots", f"says that {where} is {role!r}; there are {', '.join(Role)}")
        baseline = table.get("baseline")
        kept = frozenset[str]()
        if baseline is not None:
            text = self.facts.text(baseline) if isinstance(baseline, str) else None
            if text is None:
                raise self.refused(table, "baseline", f"names {baseline!r}, which is not there")
            kept = read_baseline(text, str(baseline))
        return Configuration(
            self.profiles[profile], tuple(select), tuple(self.ignores(table)), self.levels(table), kept
        )

    def texts(self, table: Map, key: str) -> list[str]:
        found = table.get(key, [])
        if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
            raise self.refused(table, key, "is not a list of texts")
        return list(found)

    def ignores(self, table: Map) -> Iterator[Ignore]:
        items = table.get("ignore", [])
        if not isinstance(items, list) or not all(isinstance(item, Map) for item in items):
            raise self.refused(table, "ignore", "is not a list of tables with `rule` and `reason`")
        for item in items:
            rule, reason = item.get("rule"), item.get("reason")
            if not isinstance(rule, str):
                raise self.refused(table, "ignore", "has an entry without `rule`")
            check_ids([rule], self.known, f"{self.path}: `{self.name}.ignore`")
            if not isinstance(reason, str) or not reason.strip():
                raise self.refused(table, "ignore", f"sets {rule} aside without a `reason`")
            yield Ignore(rule, tuple(self.texts(item, "paths")), reason.strip())

    def levels(self, table: Map) -> dict[str, Level]:
        found = table.get("levels", Map())
        if not isinstance(found, Map):
            raise self.refused(table, "levels", "is not a table")
        check_ids(found, self.known, f"{self.path}: `{self.name}.levels`")
        words = {level.word: level for level in Level}
        for rule, word in found.items():
            if word not in words:
                raise self.refused(found, rule, f"is none of {', '.join(words)}")
        return {rule: words[word] for rule, word in found.items()}


def read_baseline(text: str, where: str) -> frozenset[str]:
    """Return the fingerprints in a baseline file.

    Raises:
        BadRequest: It is not one.
    """
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    found = document.get("findings") if isinstance(document, dict) else None
    if not isinstance(found, dict) or document.get("machgen-baseline") != 1:
        raise BadRequest(f"{where}: not a baseline", hint="make one with `machgen check --format baseline > FILE`")
    return frozenset(found)


def apply(report: Report, configuration: Configuration, facts: Facts) -> Report:
    """Set aside what the repository ignores, and drop what the profile does not ask.

    Args:
        report: What was found.
        configuration: What counts.
        facts: The repository; comments in its files set findings aside too.
    """
    kept: list[Finding] = []
    ignored: list[tuple[Finding, str]] = []
    for finding in report.findings:
        leveled = finding._replace(level=configuration.level(finding.rule.id, finding.level))
        reason = _reason(leveled, configuration, facts)
        if reason:
            ignored.append((leveled, reason))
        elif leveled.level >= configuration.profile.floor:
            kept.append(leveled)
    still = {(each.rule.id, each.root) for each in kept}
    judgements = tuple(
        each._replace(outcome=Outcome.PASSED)
        if each.outcome is Outcome.FOUND and (each.rule.id, each.root) not in still and not _shared(each.rule.id, kept)
        else each
        for each in report.judgements
    )
    return report._replace(findings=tuple(kept), judgements=judgements, ignored=tuple(ignored))


def _shared(rule: str, kept: list[Finding]) -> bool:
    return any(each.rule.id == rule for each in kept)


def _reason(finding: Finding, configuration: Configuration, facts: Facts) -> str:
    for each in configuration.ignore:
        if each.covers(finding):
            return each.reason
    if finding.fingerprint in configuration.baseline:
        return "in the baseline"
    at = finding.flaw.at
    lines = facts.lines(at.path) if at.path in facts.known else []
    for number in (at.line, at.line - 1):
        match = _INLINE.search(lines[number - 1]) if 0 < number <= len(lines) else None
        reason = match[2].strip() if match else ""
        if match is None or not reason:
            continue
        own = number == at.line or lines[number - 1].lstrip().startswith(_COMMENT)
        if own and any(covers(name.strip(), finding.rule.id) for name in match[1].split(",")):
            return reason
    return ""
