"""What a rule is, and what it may answer.

A rule's docstring is the paragraph that people read: why it is asked, with its source. It is written for them.
"""

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from machgen.check.facts import Facts
    from machgen.check.roots import Root


class Level(enum.IntEnum):
    """How much a finding weighs; the order is by weight."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The level as every report spells it."""
        return self.name.lower()


class Role(enum.StrEnum):
    """What a root is in its landscape."""

    SERVICE = "service"
    """Serves an API."""
    TOUCHPOINT = "touchpoint"
    """A front end."""
    DATA = "data"
    """A database or broker image."""
    TOOL = "tool"
    """A load generator, a job, an administration program."""
    LIBRARY = "library"
    """Nothing that runs by itself."""


class Place(NamedTuple):
    """Where in the repository.

    Args:
        path: POSIX path relative to the repository; empty for the repository as a whole.
        line: From 1.
        column: From 1.
    """

    path: str
    line: int = 1
    column: int = 1


class Edit(NamedTuple):
    """A change of one line that is safe to make.

    Args:
        path: The file.
        line: From 1.
        old: The text on that line, exactly, as words of their own; unless it stands there once, nothing is changed.
        new: What it becomes; may hold line breaks.
        column: Of the text on its line, from 1; 0 until the engine has looked it up.
    """

    path: str
    line: int
    old: str
    new: str
    column: int = 0

    def column_in(self, line: str) -> int:
        """Return where the text stands on a line, from 1; 0 where it does not, or more than once.

        What a comment says does not count.
        """
        found = re.finditer(rf"(?<![\w./-]){re.escape(self.old)}(?![\w./-])", line)
        columns = [each.start() + 1 for each in found if " #" not in line[: each.start()]]
        return columns[0] if len(columns) == 1 else 0


class Flaw(NamedTuple):
    """Something that a rule asks for is not so.

    Args:
        message: One sentence that names the thing.
        at: Where it is.
        about: What the finding is about, in a form that survives edits elsewhere in the file (an object's name, a
            JSON pointer); it makes the fingerprint stable. The message where it is empty.
        fix: Edits that mend it and change nothing else; empty where no edit is safe.
        level: Another level than the rule's own, where the rule says so.
    """

    message: str
    at: Place
    about: str = ""
    fix: tuple[Edit, ...] = ()
    level: Level | None = None


class NotApplicable(NamedTuple):
    """The rule has nothing to ask here."""

    reason: str


class Unknown(NamedTuple):
    """The rule asks, and the files do not answer."""

    reason: str


Answer = Flaw | NotApplicable | Unknown
Judge = Callable[..., Iterable[Answer]]


class Rule(NamedTuple):
    """One thing that is asked of a repository.

    Args:
        id: A letter and three digits, stable for ever.
        title: What is so where the rule is kept, in a few words.
        level: The weight of a finding under the `standard` profile.
        why: One paragraph.
        source: The RFC, standard, law or guideline that the rule comes from.
        mend: What to do, in the imperative.
        applies_when: To what the rule applies, in words.
        roles: The roles of the roots that it is asked of, one by one; empty for a rule about the whole repository.
        fix: What `--fix` does about a finding where that is safe; empty for a rule that offers no fix.
        judge: A pure function `(facts, root)`, or `(facts)` for a rule about the whole repository. It yields flaws,
            and `NotApplicable` or `Unknown` with the reason; a rule that yields nothing has passed.
    """

    id: str
    title: str
    level: Level
    why: str
    source: str
    mend: str
    applies_when: str
    roles: frozenset[Role]
    judge: Judge
    fix: str = ""

    @property
    def letter(self) -> str:
        """The group: M, A, C, H, L, or a company's own."""
        return self.id.rstrip("0123456789")

    def answers(self, facts: "Facts", root: "Root | None") -> Iterator[Answer]:
        """Ask the rule of a root, or of the whole repository."""
        yield from self.judge(facts, root) if self.roles else self.judge(facts)


def covers(asked: str, id: str) -> bool:  # noqa: A002 - a rule's field
    """Whether a rule's id is one of those that a word asks for: `C112` itself, `C1` every C1xx, `C` the whole letter.

    A letter is whole: `A` asks for no rule of a company whose ids begin with ACME.
    """
    return id.startswith(asked) and (id.rstrip("0123456789") == asked.rstrip("0123456789")) and bool(asked)


def rule(  # noqa: PLR0913 - a rule is data; its fields are named where it is written
    id: str,  # noqa: A002 - the field's name
    title: str,
    *,
    level: Level,
    source: str,
    mend: str,
    applies_when: str,
    roles: Iterable[Role] = (),
    fix: str = "",
) -> Callable[[Judge], Rule]:
    """Make a rule of the function below; its docstring says why it is asked.

    Args:
        id: See `Rule`, as for the others.
        title: What is so where the rule is kept.
        level: The weight of a finding.
        source: Where the rule comes from.
        mend: What to do.
        applies_when: To what it applies.
        roles: The roles of the roots that it is asked of; empty for a rule about the whole repository.
        fix: What `--fix` does.
    """

    def make(judge: Judge) -> Rule:
        why = " ".join((judge.__doc__ or "").split())
        return Rule(
            id=id,
            title=title,
            level=level,
            why=why,
            source=source,
            mend=mend,
            applies_when=applies_when,
            roles=frozenset(roles),
            judge=judge,
            fix=fix,
        )

    return make


def rules_in(namespace: dict[str, Any]) -> tuple[Rule, ...]:
    """Return the rules that a module defines, by id; for `RULES = rules_in(vars())` as its last line."""
    found = (value for value in namespace.values() if isinstance(value, Rule))
    return tuple(sorted(found, key=lambda each: each.id))


class Finding(NamedTuple):
    """A flaw, the rule that found it, and the root that it was found in.

    Args:
        rule: The rule.
        level: The level after profile and configuration.
        flaw: What was found.
        root: The root's path; None for a rule about the whole repository.
        fingerprint: 32 hexadecimal digits; the same while the rule, the file and what the finding is about are.
    """

    rule: Rule
    level: Level
    flaw: Flaw
    root: str | None
    fingerprint: str


class Outcome(enum.StrEnum):
    """What became of a rule that was asked."""

    PASSED = "passed"
    FOUND = "found"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


class Judgement(NamedTuple):
    """What became of one rule, asked of one root.

    Args:
        rule: The rule.
        root: The root's path; None for a rule about the whole repository.
        outcome: What became of it.
        reasons: Why it does not apply or is unknown; also beside findings, where only a part could be judged.
    """

    rule: Rule
    root: str | None
    outcome: Outcome
    reasons: tuple[str, ...] = ()
