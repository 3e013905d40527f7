"""A file of rules that a company declares: paths into parsed files, and what is expected there.

The file is data, wherever it comes from: nothing of it runs, and what a rule costs grows with the repository only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from machgen.check.company.expectations import Expectation, read_expectation
from machgen.check.company.expectations import Malformed as MalformedExpectation
from machgen.check.company.profiles import PROFILES, Profile
from machgen.check.company.queries import Malformed as MalformedQuery
from machgen.check.company.queries import Query
from machgen.check.company.rulebook import ID, Rulebook
from machgen.check.company.subjects import Declared, judge_of
from machgen.check.document import Map, Seq, Unreadable, read_yaml
from machgen.check.expressions import Malformed as MalformedGlob
from machgen.check.expressions import glob
from machgen.check.model import Level, Role, Rule
from machgen.errors import BadRequest

MOST_RULES = 500
"""Rules in one file."""

_FILE = ("machgen-rules", "profiles", "rules")
_REQUIRED = ("id", "title", "why", "mend")
_TEXTS = (*_REQUIRED, "source", "applies-when")
_SUBJECTS = ("files", "objects", "exists", "absent")
_RULE = (*_TEXTS, "level", "roles", *_SUBJECTS, "except", "each", "when", "expect")
_LEVELS = {level.word: level for level in Level}


def read_rules(text: str, where: str, known: Iterable[str]) -> Rulebook:
    """Read a file of declared rules.

    Args:
        text: The file, YAML.
        where: How errors name it.
        known: The ids of the rules that there are already, which its profiles may weigh.

    Raises:
        BadRequest: With the file, the line and the rule of the first mistake.
    """
    try:
        documents = read_yaml(text)
    except Unreadable as error:
        raise BadRequest(f"{where}:{error.line}: {error.reason}", hint="mend it, then check again") from None
    return _Reading(where, set(known)).rulebook(documents)


@dataclass(slots=True)
class _Reading:
    """One reading of a file of rules."""

    where: str
    known: set[str]

    def refused(self, at: object, key: str | int | None, problem: str) -> BadRequest:
        line = at.line if isinstance(at, Map | Seq) else 1
        if isinstance(at, Map) and isinstance(key, str):
            line = at.line_of(key)
        if isinstance(at, Seq) and isinstance(key, int):
            line = at.line_of(key)
        return BadRequest(f"{self.where}:{line}: {problem}", hint="mend it, then check again")

    def rulebook(self, documents: list[Any]) -> Rulebook:
        table = documents[0] if len(documents) == 1 else None
        if not isinstance(table, Map) or table.get("machgen-rules") != 1:
            raise self.refused(table, "machgen-rules", "no file of rules: it has to begin with `machgen-rules: 1`")
        self.keys(table, _FILE, "a file of rules")
        items = table.get("rules", Seq())
        if not isinstance(items, Seq) or len(items) > MOST_RULES:
            raise self.refused(table, "rules", f"`rules` is no list of at most {MOST_RULES} rules")
        rules: dict[str, Rule] = {}
        for number, item in enumerate(items):
            if not isinstance(item, Map):
                raise self.refused(items, number, f"rule {number + 1} is no mapping")
            rule = self.rule(item, number + 1)
            if rule.id in rules or rule.id in self.known:
                raise self.refused(item, "id", f"a second rule is called {rule.id}")
            rules[rule.id] = rule
        self.known |= set(rules)
        return Rulebook(tuple(rules.values()), self.profiles(table))

    def keys(self, table: Map, allowed: tuple[str, ...], what: str) -> None:
        for key in table:
            if key not in allowed:
                close = get_close_matches(key, allowed, 1)
                meant = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(allowed)}"
                raise self.refused(table, key, f"{what} has no `{key[:60]}`; {meant}")

    def rule(self, item: Map, number: int) -> Rule:
        name = item["id"] if isinstance(item.get("id"), str) else f"rule {number}"
        self.keys(item, _RULE, name)
        for key in _TEXTS:
            value = item.get(key)
            if (value is None and key in _REQUIRED) or (value is not None and not isinstance(value, str)):
                raise self.refused(item, key, f"{name} needs a text for `{key}`")
            if isinstance(value, str) and not value.strip():
                raise self.refused(item, key, f"{name} says nothing under `{key}`")
        if not ID.match(item["id"]):
            raise self.refused(item, "id", f"{item['id'][:40]!r} is no id: two to twelve capitals and three digits")
        if item.get("level", "warning") not in _LEVELS:
            raise self.refused(item, "level", f"{name}: `level` is none of {', '.join(_LEVELS)}")
        roles = self.texts(item, "roles", name)
        for role in roles:
            if role not in tuple(Role):
                raise self.refused(item, "roles", f"{name}: {role!r} is no role; there are {', '.join(Role)}")
        declared = self.declared(item, name)
        return Rule(
            id=item["id"],
            title=" ".join(item["title"].split()),
            level=_LEVELS[item.get("level", "warning")],
            why=" ".join(item["why"].split()),
            source=item.get("source") or self.where,
            mend=" ".join(item["mend"].split()),
            applies_when=item.get("applies-when") or declared.summary,
            roles=frozenset(Role(role) for role in roles),
            judge=judge_of(declared, per_root=bool(roles)),
        )

    def declared(self, item: Map, name: str) -> Declared:
        subjects = [key for key in _SUBJECTS if key in item]
        if len(subjects) != 1:
            problem = f"{name} needs one of {', '.join(_SUBJECTS)}; it has {' and '.join(subjects) or 'none'}"
            raise self.refused(item, subjects[-1] if subjects else None, problem)
        subject = subjects[0]
        if subject == "objects" and item.get("roles"):
            raise self.refused(item, "roles", f"{name}: objects belong to the repository, not to a root")
        names = self.texts(item, subject, name)
        if not names:
            raise self.refused(item, subject, f"{name} names nothing under `{subject}`")
        for key in (*(() if subject == "objects" else (subject,)), "except"):
            self.globs(item, key, name)
        expect = self.conditions(item, "expect", name)
        if bool(expect) is (subject in {"exists", "absent"}):
            said = "says all with its paths, without `expect`" if expect else "needs `expect`: paths, and what is there"
            raise self.refused(item, "expect" if expect else subject, f"{name} {said}")
        return Declared(
            subject=subject,
            names=tuple(names),
            unless=tuple(self.texts(item, "except", name)),
            each=self.query(item, item.get("each", "$"), "each", name),
            when=self.conditions(item, "when", name),
            expect=expect,
        )

    def texts(self, item: Map, key: str, name: str) -> list[str]:
        value = item.get(key, Seq())
        found = [value] if isinstance(value, str) else value
        if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
            raise self.refused(item, key, f"{name}: `{key}` is neither a text nor a list of texts")
        return found

    def globs(self, item: Map, key: str, name: str) -> None:
        for each in self.texts(item, key, name):
            try:
                glob(each)
            except MalformedGlob as error:
                raise self.refused(item, key, f"{name}: the path {each[:40]!r} {error}") from None

    def query(self, holder: Map, text: object, key: str, name: str) -> Query:
        if not isinstance(text, str):
            raise self.refused(holder, key, f"{name}: `{key}` is no path")
        try:
            return Query(text)
        except MalformedQuery as error:
            raise self.refused(holder, key, f"{name}: {text[:60]!r} {error}") from None

    def conditions(self, item: Map, key: str, name: str) -> tuple[tuple[Query, Expectation], ...]:
        table = item.get(key, Map())
        if not isinstance(table, Map) or (key in item and not table):
            raise self.refused(item, key, f"{name}: `{key}` is no mapping of paths to what is expected there")
        found = []
        for path, wanted in table.items():
            try:
                found.append((self.query(table, path, path, name), read_expectation(wanted)))
            except MalformedExpectation as error:
                holder, where = (wanted, error.key) if error.key in (wanted or ()) else (table, path)
                raise self.refused(holder, where, f"{name}: `{key}` for {path[:60]}: {error}") from None
        return tuple(found)

    def profiles(self, table: Map) -> dict[str, Profile]:
        found = table.get("profiles", Map())
        if not isinstance(found, Map):
            raise self.refused(table, "profiles", "`profiles` is no mapping of names to profiles")
        profiles: dict[str, Profile] = {}
        for name, item in found.items():
            if name in PROFILES or not isinstance(item, Map):
                said = "is machgen's own" if name in PROFILES else "is no mapping with `extends` and `levels`"
                raise self.refused(found, name, f"the profile {name[:40]!r} {said}")
            self.keys(item, ("extends", "levels"), f"the profile {name[:40]!r}")
            base = item.get("extends", "standard")
            if base not in PROFILES:
                raise self.refused(item, "extends", f"the profile {name!r} extends none of {', '.join(PROFILES)}")
            profiles[name] = Profile(PROFILES[base].floor, self.levels(item, name))
        return profiles

    def levels(self, item: Map, name: str) -> dict[str, Level]:
        levels = item.get("levels", Map())
        if not isinstance(levels, Map):
            raise self.refused(item, "levels", f"the profile {name!r}: `levels` is no mapping")
        for rule, word in levels.items():
            if rule not in self.known:
                close = get_close_matches(rule, sorted(self.known), 1)
                meant = f"; did you mean {close[0]}?" if close else ""
                raise self.refused(levels, rule, f"the profile {name!r}: no rule {rule[:40]!r}{meant}")
            if word not in _LEVELS:
                raise self.refused(levels, rule, f"the profile {name!r}: {rule} is none of {', '.join(_LEVELS)}")
        return {rule: _LEVELS[word] for rule, word in levels.items()}
