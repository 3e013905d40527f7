"""Ask every selected rule of the repository and of its roots, and keep what became of each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from machgen.check.document import Unreadable
from machgen.check.facts import Facts
from machgen.check.model import Edit, Finding, Flaw, Judgement, Level, NotApplicable, Outcome, Rule, Unknown, covers
from machgen.check.roots import Root, files_of, roots
from machgen.check.second_core import Claims, both

_ABOUT_CODE = frozenset({"M", "C", "H"})
"""Letters whose rules ask what a contract alone cannot answer."""

_APART = ("A", "H003", "H005", "H007")
_READS_SOURCES = "C202"
_EITHER = ("C306", "C307", "H006", "C207", "H001", "C205", "C308", "H002", "H004")
"""Rules that look through program text and share little with others: who is done first asks the next of them."""

_Question = tuple[Rule, Root | None]
_Told = tuple[list[Flaw], Outcome, tuple[str, ...]]


class Report(NamedTuple):
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


def judge(facts: Facts, rules: Iterable[Rule], *, second_core: bool = False) -> Report:
    """Ask each rule once, or once per root whose role it names.

    Args:
        facts: The repository.
        rules: The rules to ask, as selected.
        second_core: Whether a second process may share the work; see `second_core.both`. The report is the same.

    Returns:
        Everything found, at the rules' own levels; `configuration.apply` sets aside what the repository ignores.
    """
    found = facts.once(roots)
    asked = tuple((rule, root) for rule in rules for root in _asked(rule, found))
    findings: list[Finding] = []
    judgements: list[Judgement] = []
    for (rule, root), (flaws, outcome, reasons) in zip(asked, _answers(facts, asked, second_core), strict=True):
        judgements.append(Judgement(rule, root.path if root else None, outcome, reasons))
        findings.extend(_finding(rule, flaw, root, facts) for flaw in flaws)
    return Report(_distinct(findings), tuple(judgements), found, facts.unread())


def _asked(rule: Rule, found: tuple[Root, ...]) -> Iterator[Root | None]:
    if not rule.roles:
        yield None
    yield from (root for root in found if root.role in rule.roles)


def is_apart(rule: Rule) -> bool:
    """Whether a rule shares hardly any fact with most others, so that another process may ask it.

    Contracts are parsed by these rules alone, and the look for credentials goes through every file as it is.
    """
    return any(covers(each, rule.id) for each in _APART)


def _answers(facts: Facts, asked: Sequence[_Question], second_core: bool) -> list[_Told]:
    """What became of each question; about half are asked by a process of their own, where that may be."""
    apart = {rule.id for rule, _ in asked if is_apart(rule)}
    either = {rule.id for rule, _ in asked if rule.id in _EITHER}
    # without services there are no contracts to read, and still credentials and secrets to look for
    shared = len(either) > 1 or (bool(apart) and not all(rule.id in apart for rule, _ in asked))
    # what is compared with is read by a process of git's, and that answers one process only
    if not second_core or facts.base is not None or not shared:
        return [_ask(rule, facts, root) for rule, root in asked]
    claims = Claims(len(_EITHER))

    def answered(own: Iterable[int]) -> dict[int, _Told]:
        told = {at: _ask(asked[at][0], facts, asked[at][1]) for at in own}
        for claimed in claims:
            those = (at for at, (rule, _) in enumerate(asked) if rule.id == _EITHER[claimed])
            told |= {at: _ask(asked[at][0], facts, asked[at][1]) for at in those}
        return told

    def theirs(
        hear: Callable[[], dict[str, int] | None],
    ) -> tuple[dict[int, _Told], dict[str, Unreadable], dict[str, Unreadable]]:
        facts.borrow(hear)
        told = answered(at for at, (rule, _) in enumerate(asked) if rule.id in apart)
        return told, facts.unreadable, facts.passed_over

    def ours(tell: Callable[[object], None]) -> dict[int, _Told]:
        tell(_split_sources(facts, asked))
        return answered(at for at, (rule, _) in enumerate(asked) if rule.id not in {*apart, *_EITHER})

    try:
        (first, unreadable, passed_over), second = both(theirs, ours)
    finally:
        claims.close()
    facts.learn(unreadable, passed_over)
    told = first | second
    # what a process had claimed that ended without an answer is asked here
    return [told.get(at) or _ask(rule, facts, root) for at, (rule, root) in enumerate(asked)]


def _split_sources(facts: Facts, asked: Sequence[_Question]) -> dict[str, int]:
    """Split into words what both processes look for words in, once: the sources of services.

    C202 reads all of them in any case; so no file is named as unreadable that nobody would have read.
    """
    from machgen.check.cloud_native.process import SOURCES  # noqa: PLC0415 - a module of rules, which needs this one

    return facts.split_all(
        path
        for rule, root in asked
        if rule.id == _READS_SOURCES and root is not None and not root.is_contract_only
        for path in files_of(facts, root)
        if path.endswith(SOURCES)
    )


def _ask(rule: Rule, facts: Facts, root: Root | None) -> _Told:
    if root is not None and root.is_contract_only and rule.letter in _ABOUT_CODE:
        return [], Outcome.NOT_APPLICABLE, ("only its contract is here",)
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
    if flaws:
        return flaws, Outcome.FOUND, tuple(open_)
    if open_:
        return flaws, Outcome.UNKNOWN, tuple(open_)
    if excused:
        return flaws, Outcome.NOT_APPLICABLE, tuple(excused)
    return flaws, Outcome.PASSED, ()


def _finding(rule: Rule, flaw: Flaw, root: Root | None, facts: Facts) -> Finding:
    level: Level = flaw.level or rule.level
    located = flaw._replace(fix=tuple(_located(each, facts) for each in flaw.fix)) if flaw.fix else flaw
    return Finding(rule, level, located, root.path if root else None, "")


def _located(edit: Edit, facts: Facts) -> Edit:
    """An edit with the column of its text, which code scanning asks for."""
    lines = facts.lines(edit.path)
    line = lines[edit.line - 1] if 0 < edit.line <= len(lines) else ""
    return edit._replace(column=edit.column_in(line))


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
