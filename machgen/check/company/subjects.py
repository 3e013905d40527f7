"""What a declared rule is asked of, and how its answer is found."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from machgen.check.company.expectations import Expectation
from machgen.check.company.queries import Hit, Query
from machgen.check.document import Map, Seq
from machgen.check.expressions import glob
from machgen.check.facts import Facts, place
from machgen.check.kubernetes import cluster
from machgen.check.model import Answer, Flaw, Judge, NotApplicable, Place, Unknown
from machgen.check.roots import Root

MOST_FLAWS = 200
"""Findings of one rule in one repository; the rest is counted."""

Conditions = tuple[tuple[Query, Expectation], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """One declared rule, read.

    Args:
        subject: `files`, `objects`, `exists` or `absent`.
        names: Globs; kinds of Kubernetes objects for `objects`.
        unless: Globs of files that are left alone.
        each: What is judged in a document, one by one.
        when: Conditions that have to hold for the rule to ask.
        expect: What has to hold.
    """

    subject: str
    names: tuple[str, ...]
    unless: tuple[str, ...]
    each: Query
    when: Conditions
    expect: Conditions

    @property
    def summary(self) -> str:
        """To what the rule applies, in words."""
        said = ", ".join(self.names)
        return {"objects": f"Kubernetes objects: {said}", "files": f"files: {said}"}.get(self.subject, "a repository")


@dataclass(frozen=True, slots=True)
class _Document:
    path: str
    value: Any
    title: str = ""


def judge_of(declared: Declared, *, per_root: bool) -> Judge:
    """Return the function that asks a declared rule, of a root or of the whole repository."""
    if per_root:
        return lambda facts, root: _answers(declared, facts, root)
    return lambda facts: _answers(declared, facts, None)


def _answers(declared: Declared, facts: Facts, root: Root | None) -> Iterator[Answer]:
    found = 0
    for answer in _asked(declared, facts, root):
        found += isinstance(answer, Flaw)
        if found > MOST_FLAWS:
            yield Unknown(f"more than {MOST_FLAWS} findings: the rest is not listed")
            return
        yield answer


def _asked(declared: Declared, facts: Facts, root: Root | None) -> Iterator[Answer]:
    if declared.subject == "exists":
        if next(_matching(declared, facts, root), None) is None:
            said = f" in {root.path}" if root and root.path else ""
            yield Flaw(f"there is no {' or '.join(declared.names)}{said}", Place(""), " ".join(declared.names))
        return
    if declared.subject == "absent":
        for path in _matching(declared, facts, root):
            yield Flaw(f"{path} is here, which it may not be", Place(path))
        return
    judged = False
    for document in _objects(declared, facts) if declared.subject == "objects" else _files(declared, facts, root):
        if isinstance(document, Unknown):
            judged = True
            yield document
            continue
        for subject in declared.each.hits(document.value):
            if all(_holds(query, wanted, subject.value) for query, wanted in declared.when):
                judged = True
                for query, wanted in declared.expect:
                    yield from _faults(document, subject, query, wanted)
    if not judged:
        yield NotApplicable(f"nothing here matches {', '.join(declared.names)}")


def _matching(declared: Declared, facts: Facts, root: Root | None) -> Iterator[str]:
    base = f"{root.path}/" if root and root.path else ""
    for path in facts.below(base.rstrip("/")):
        inner = path[len(base) :]
        named = any(glob(each).matches(inner) for each in declared.names)
        if named and not any(glob(each).matches(inner) for each in declared.unless):
            yield path


def _files(declared: Declared, facts: Facts, root: Root | None) -> Iterator[_Document | Unknown]:
    for path in _matching(declared, facts, root):
        low = path.lower()
        if low.endswith((".yaml", ".yml")):
            documents = facts.yaml(path)
        elif low.endswith((".json", ".jsonc")):
            documents = [facts.json(path)]
        elif low.endswith(".toml") or low.rpartition("/")[2] in {"pipfile", "poetry.lock", "uv.lock"}:
            documents = [facts.toml(path)]
        else:
            yield Unknown(f"{path} is neither YAML nor JSON nor TOML")
            continue
        if path in facts.unreadable:
            yield Unknown(f"{path} cannot be read")
            continue
        yield from (_Document(path, value) for value in documents if value is not None)


def _objects(declared: Declared, facts: Facts) -> Iterator[_Document | Unknown]:
    found = facts.once(cluster)
    yield from map(Unknown, found.open)
    for each in found.objects:
        kept = not any(glob(pattern).matches(each.path) for pattern in declared.unless)
        if kept and ("*" in declared.names or each.kind in declared.names):
            yield _Document(each.path, each.node, each.title)


def _holds(query: Query, wanted: Expectation, value: Any) -> bool:
    hits = query.hits(value)
    if not hits or wanted.present is False:
        return not hits and wanted.present is not True
    return any(not wanted.fault(hit.value) for hit in hits)


def _faults(document: _Document, subject: Hit, query: Query, wanted: Expectation) -> Iterator[Flaw]:
    hits = query.hits(subject.value)
    said = " of ".join(part for part in (subject.name, document.title) if part)
    if not hits and wanted.present:
        at = _place(document.path, subject)
        yield Flaw(f"{said or 'it'} has no {query.text}", at, f"{document.title}/{subject.name}/{query.text}")
    for hit in hits:
        if problem := wanted.fault(hit.value):
            name = f"{hit.name or 'it'} of {said}" if said else hit.name or "it"
            at = _place(document.path, hit if hit.holder is not None else subject)
            yield Flaw(f"{name} {problem}", at, f"{document.title}/{subject.name}/{hit.name}")


def _place(path: str, hit: Hit) -> Place:
    if isinstance(hit.holder, Map | Seq):
        return place(path, hit.holder, hit.key)
    return place(path, hit.value)
