"""Ask every selected rule of the repository and of its roots, and keep what became of each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from machgen.check.facts import Facts
from machgen.check.model import Edit, Finding, Flaw, Judgement, Level, NotApplicable, Outcome, Rule, Unknown
from machgen.check.roots import Root, roots

_ABOUT_CODE = frozenset({"M", "C", "H"})
"""Letters whose rules ask what a contract alone cannot answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Args:
        findings: By path, line and rule.
        judgements: What became of each rule for each root, in the order they were asked.
        roots: The roots that were judged, with role and reason.
        unreadable: Path, line and reason of every file that a fact needed and that could not be read.
        ignored: Findings that configuration, a comment or a baseline set aside, each with the reason.
    """

    findings: tuple[Finding, ...]
    judgements: tuple[Judgement, ...]
    roots: tuple[Root, ...]
    unreadable: tuple[tuple[str, int, str], ...]
    ignored: tuple[tuple[Finding, str], ...] = ()


def judge(facts: Facts, rules: Iterable[Rule]) -> Report:
    """Ask each rule once, or once per root whose role it names.

    Args:
        facts: The repository.
        rules: The rules to ask, as selected.

    Returns:
        Everything found, at the rules' own levels; `configuration.apply` sets aside what the repository ignores.
    """
    found = facts.once(roots)
    judgements: list[Judgement] = []
    findings: list[Finding] = []
    for rule in rules:
        for root in _asked(rule, found):
            flaws, judgement = _ask(rule, facts, root)
            judgements.append(judgement)
            findings.extend(_finding(rule, flaw, root, facts) for flaw in flaws)
    unreadable = tuple((path, error.line, error.reason) for path, error in sorted(facts.unreadable.items()))
    return Report(_distinct(findings), tuple(judgements), found, unreadable)


def _asked(rule: Rule, found: tuple[Root, ...]) -> Iterator[Root | None]:
    if not rule.roles:
        yield None
    yield from (root for root in found if root.role in rule.roles)


def _ask(rule: Rule, facts: Facts, root: Root | None) -> tuple[list[Flaw], Judgement]:
    if root is not None and root.is_contract_only and rule.letter in _ABOUT_CODE:
        return [], Judgement(rule, root.path, Outcome.NOT_APPLICABLE, ("only its contract is here",))
    flaws: list[Flaw] = []
    excused: list[str] = []
    open_: list[str] = []
    for answer in rule.answers(facts, root):
        match answer:
            case Flaw():
                flaws.append(answer)
            case NotApplicable(reason):
                excused.append(reason)
            case Unknown(reason):
                open_.append(reason)
    where = root.path if root else None
    if flaws:
        return flaws, Judgement(rule, where, Outcome.FOUND, tuple(open_))
    if open_:
        return flaws, Judgement(rule, where, Outcome.UNKNOWN, tuple(open_))
    if excused:
        return flaws, Judgement(rule, where, Outcome.NOT_APPLICABLE, tuple(excused))
    return flaws, Judgement(rule, where, Outcome.PASSED)


def _finding(rule: Rule, flaw: Flaw, root: Root | None, facts: Facts) -> Finding:
    level: Level = flaw.level or rule.level
    located = replace(flaw, fix=tuple(_located(each, facts) for each in flaw.fix)) if flaw.fix else flaw
    return Finding(rule, level, located, root.path if root else None, "")


def _located(edit: Edit, facts: Facts) -> Edit:
    """An edit with the column of its text, which code scanning asks for."""
    lines = facts.lines(edit.path)
    line = lines[edit.line - 1] if 0 < edit.line <= len(lines) else ""
    return replace(edit, column=line.find(edit.old) + 1)


def _distinct(findings: list[Finding]) -> tuple[Finding, ...]:
    """One finding a fact: roots that share a file do not report it twice; equals in a file are told apart by order."""
    if not findings:
        return ()
    import hashlib  # noqa: PLC0415 - a repository without findings needs none

    ordered = sorted(findings, key=lambda each: (each.flaw.at, each.rule.id, each.flaw.message, each.root or ""))
    seen: set[tuple[str, object, str]] = set()
    counts: dict[str, int] = {}
    distinct: list[Finding] = []
    for each in ordered:
        key = (each.rule.id, each.flaw.at, each.flaw.message)
        if key in seen:
            continue
        seen.add(key)
        about = f"{each.rule.id}\0{each.flaw.at.path}\0{each.flaw.about or each.flaw.message}"
        counts[about] = counts.get(about, 0) + 1
        digest = hashlib.sha256(f"{about}\0{counts[about]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
        distinct.append(Finding(each.rule, each.level, each.flaw, each.root, digest))
    return tuple(distinct)
