"""What a change of a schema breaks, for requests, responses and events alike.

One question decides: is everything that the one side may send still what the other side accepts? For a request the old
consumer sends and the new service accepts; for a response or an event the new service sends and the old consumer
accepts. Beyond that, by convention: what a consumer may read or write and is no longer described is a break, and what
is added to a response is none (consumers ignore what they do not know: RFC 9110 section 2.5, Postel's law).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from machgen.check.api_first.references import Node, References
from machgen.check.api_first.shapes import OPAQUE, Case, Shapes, item_at
from machgen.check.expressions import LONGEST, LONGEST_TEXT, search

DEEPEST = 60
"""Schemas within schemas that are compared; real contracts stay below 15."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that breaks, or one that cannot be judged.

    Args:
        message: One sentence.
        path: The file.
        pointer: Where, as a JSON pointer (RFC 6901): in the new description, or in the old one for what is gone.
        gone: Whether the pointer is one into the old description.
        unknown: Whether it cannot be decided.
    """

    message: str
    path: str
    pointer: str
    gone: bool = False
    unknown: bool = False


class Described(Protocol):
    """What a comparison needs of a description, be it of operations or of events."""

    @property
    def references(self) -> References:
        """Follows its references."""

    @property
    def shapes(self) -> Shapes:
        """Reads its schemas."""


@dataclass(eq=False)
class Side:
    """One direction of a comparison: what `narrow` allows has to be allowed by `wide`.

    Args:
        narrow: The description of whoever sends.
        wide: The description of whoever receives.
        request: Whether that is the service.
        where: What is compared, for messages.
        partial: Whether one of the two is a part of a schema, such as `then`, which need not speak of every property.
    """

    narrow: Described
    wide: Described
    request: bool
    where: str = ""
    partial: bool = False


class SchemaComparison:
    """Compares schemas; what was compared once is known."""

    def __init__(self) -> None:
        self.known: dict[tuple[object, ...], list[Change]] = {}
        self.depth = 0

    def schemas(self, narrow: tuple[Node, ...], wide: tuple[Node, ...], side: Side) -> Iterator[Change]:
        """Give everything that fulfils `narrow` and not `wide`."""
        key = (
            side.request,
            side.partial,
            *(id(each.value) for each in narrow),
            None,
            *(id(each.value) for each in wide),
        )
        if key not in self.known:
            self.known[key] = []  # a schema that holds itself: what is being compared counts as fitting
            self.depth += 1
            if self.depth > DEEPEST:
                self.known[key] = [changed((wide if side.request else narrow)[0], "nested too deeply", unknown=True)]
            else:
                self.known[key] = list(self._compared(narrow, wide, side))
            self.depth -= 1
        yield from self.known[key]

    def _compared(self, narrow: tuple[Node, ...], wide: tuple[Node, ...], side: Side) -> Iterator[Change]:
        gives, takes = side.narrow.shapes.cases(narrow), side.wide.shapes.cases(wide)
        new = (wide if side.request else narrow)[0]
        if gives is None or takes is None:
            if [each.value for each in narrow] != [each.value for each in wide]:
                yield changed(new, f"a schema too intricate to compare ({side.where})", unknown=True)
            return
        for case in gives:
            best: list[Change] | None = None
            same = [other for other in takes if _kind_fits(case.type, other.type)]
            for other in sorted(same, key=lambda each: _likeness(case, each), reverse=True):
                found = list(self._case(narrow, case, other, side))
                if best is None or _weight(found) < _weight(best):
                    best = found
                if not best:
                    break
            if best is None:
                verb = "is no longer accepted" if side.request else "may now be returned"
                yield changed(new if side.request else case.node, f"{_kind(case)} {verb} ({side.where})")
            else:
                yield from best

    def _case(self, narrow: tuple[Node, ...], case: Case, other: Case, side: Side) -> Iterator[Change]:
        new = (other if side.request else case).node
        verb = "is no longer accepted" if side.request else "may now be returned"
        yield from self._enum(case, other, new, side)
        if case.enum is None:
            yield from self._bounds(case, other, new, side)
            yield from self._formats(case, other, new, side)
        for word in OPAQUE | {"$ref", "contentMediaType"}:
            if word in other.words and other.words[word] != case.words.get(word):
                yield changed(new, f"`{word}` changed, which cannot be compared ({side.where})", unknown=True)
        was, now = case.words.get("default"), other.words.get("default")
        if side.request and was is not None and now is not None and was != now:
            yield changed(new, f"the default is {_listed((now,))} instead of {_listed((was,))} ({side.where})")
        if other.words.get("uniqueItems") and not case.words.get("uniqueItems"):
            yield changed(new, f"a list with equal items {verb} ({side.where})")
        if case.type in {"object", ""} and other.type in {"object", ""}:
            yield from self._objects(case, other, new, side)
            if other.dependent or other.patterns or other.names or case.patterns:
                from machgen.check.api_first import property_changes  # noqa: PLC0415 - few schemas have these keywords

                yield from property_changes.properties(self, case, other, new, side)
        if other.items or other.prefix:
            yield from self._items(case, other, new, side)
        if other.conditions:
            from machgen.check.api_first import condition_changes  # noqa: PLC0415 - see above

            asked = condition_changes.Asked(self, narrow, case, new, side)
            yield from condition_changes.conditions(asked, other)

    def fits(self, narrow: tuple[Node, ...], wide: tuple[Node, ...], side: Side) -> bool:
        """Whether all that fulfils `narrow` fulfils `wide`, as far as can be told."""
        return not any(self.schemas(narrow, wide, side))

    def _items(self, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
        verb = _verb(side)
        first = max(len(case.prefix), len(other.prefix))
        most = case.upper["items"][0] if "items" in case.upper else first + 1
        for place in range(first):
            have, want = item_at(case, place), item_at(other, place)
            if want and have and place < most:
                yield from self.schemas(have, want, side)
            elif want and place < most and case.type == "array":
                yield changed(new, f"anything as item {place + 1} of a list {verb} ({side.where})")
        if other.items and most > first:
            if case.items:
                yield from self.schemas(case.items, other.items, side)
            elif case.type == "array":
                yield changed(new, f"a list of anything {verb} ({side.where})")

    def _enum(self, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
        if other.enum is None:
            return
        if case.enum is None:
            verb = "are accepted" if side.request else "were returned"
            yield changed(new, f"only {_listed(other.enum)} {verb} ({side.where})")
            return
        missing = [each for each in case.enum if not any(type(each) is type(one) and each == one for one in other.enum)]
        if missing:
            verb = "is no longer accepted" if side.request else "may now be returned"
            yield changed(at_key(new, "enum"), f"{_listed(tuple(missing))} {verb} ({side.where})")

    def _bounds(self, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
        for bounds, mine, word in ((other.lower, case.lower, "least"), (other.upper, case.upper, "most")):
            for what, (limit, strict) in bounds.items():
                have = mine.get(what)
                sign = 1 if word == "least" else -1
                inside = have is not None and (
                    sign * have[0] > sign * limit or (have[0] == limit and (have[1] or not strict))
                )
                if not inside and not _implied(case, what, word, limit):
                    yield changed(new, _bound_message(what, word, limit, have, side))

    def _formats(self, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
        wider = {("int32", "int64"), ("float", "double"), ("int32", "double"), ("int32", "float")}
        if other.format and case.format != other.format and (case.format, other.format) not in wider:
            if {case.type, other.type} == {"integer", "number"} and not other.format.startswith("int"):
                return
            old, now = (case, other) if side.request else (other, case)
            yield changed(new, f"the format is {now.format or 'free'} instead of {old.format or 'free'} ({side.where})")
        pattern, mine = other.words.get("pattern"), case.words.get("pattern")
        if pattern is not None and pattern != mine:
            if mine is None:
                word = "is now required" if side.request else "is no longer kept"
                yield changed(new, f"the pattern {pattern} {word} ({side.where})")
            else:
                yield changed(new, f"the pattern changed, which cannot be compared ({side.where})", unknown=True)
        step, own = other.words.get("multipleOf"), case.words.get("multipleOf")
        whole = case.type == "integer" and step == 1
        if isinstance(step, int | float) and step and not whole and (not isinstance(own, int | float) or own % step):
            yield changed(new, f"other numbers than multiples of {step} {_verb(side)} ({side.where})")

    def _objects(self, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
        skipped = "readOnly" if side.request else "writeOnly"
        mine, theirs = _visible(case, skipped, side.narrow), _visible(other, skipped, side.wide)
        # what only the other side may write is required of nobody here
        asked = case.required - (case.properties.keys() - mine.keys())
        for name in sorted(other.required - asked):
            if name in theirs or name not in other.properties:
                if name not in mine and name in theirs and side.request:
                    yield changed(theirs[name][0], f"the property {name} is new and required ({side.where})")
                elif name in mine or side.request:
                    word = "is now required" if side.request else "is not always there any more"
                    yield changed(at_key(new, "required"), f"the property {name} {word} ({side.where})")
        old, now = (mine, theirs) if side.request else (theirs, mine)
        wide_open = (other if side.request else case).additional
        for name, nodes in old.items():
            said = now.get(name) or matching(other if side.request else case, name) or wide_open
            if said:
                pair = (nodes, said) if side.request else (said, nodes)
                yield from self.schemas(pair[0], pair[1], side)
            elif not side.partial:
                yield gone(nodes[0], f"the property {name} is gone ({side.where})")
        if side.request and other.closed and not case.closed:
            yield changed(new, f"properties that are not described are no longer accepted ({side.where})")
        elif other.additional and case.additional:
            yield from self.schemas(case.additional, other.additional, side)
        elif other.additional and not case.closed:
            what = "are now bound to a schema" if side.request else "may be anything"
            yield changed(new, f"values of other properties {what} ({side.where})")
        elif other.additional and not side.request:
            yield changed(new, f"there are no other properties any more ({side.where})")


def _weight(found: list[Change]) -> tuple[bool, int]:
    return any(not each.unknown for each in found), len(found)


def _likeness(case: Case, other: Case) -> tuple[bool, int]:
    same = case.node.pointer.rpartition("/")[2] == other.node.pointer.rpartition("/")[2]
    return same, len(case.properties.keys() & other.properties.keys())


def _kind_fits(narrow: str, wide: str) -> bool:
    return not wide or narrow == wide or (narrow == "integer" and wide == "number")


def _kind(case: Case) -> str:
    if case.enum and case.type not in {"boolean", "null"}:
        return _listed(case.enum)
    words = {"": "any value", "null": "null", "object": "an object", "array": "a list", "integer": "an integer"}
    return words.get(case.type, f"a {case.type}")


def _listed(values: tuple[Any, ...]) -> str:
    import json  # noqa: PLC0415 - only a change needs it

    texts = [json.dumps(each, default=str) for each in values[:5]]
    return ", ".join(texts) + (f" and {len(values) - 5} more" if len(values) > 5 else "")


def _verb(side: Side) -> str:
    return "are no longer accepted" if side.request else "may now be returned"


def _bound_message(what: str, word: str, limit: float, have: tuple[float, bool] | None, side: Side) -> str:
    unit = {"length": "characters", "items": "items", "properties": "properties", "value": ""}[what]
    now = limit if side.request else have[0] if have else None
    was = (have[0] if have else None) if side.request else limit
    shown = [f"{each:g}" if each is not None else "unbounded" for each in (now, was)]
    kind = {"least": "lower", "most": "upper"}[word]
    return f"the {kind} bound{' of ' + unit if unit else ''} is {shown[0]} instead of {shown[1]} ({side.where})"


def _implied(case: Case, what: str, word: str, limit: float) -> bool:
    """Whether a format bounds what no keyword does."""
    if what == "value" and case.format in {"int32", "int64"}:
        power = 2.0 ** (31 if case.format == "int32" else 63)
        return limit <= -power if word == "least" else limit >= power - 1
    return False


def matching(case: Case, name: str) -> tuple[Node, ...]:
    """Return what a property must fulfil by the patterns of `patternProperties` that match its name."""
    return tuple(node for pattern, nodes in case.patterns.items() if matches(pattern, name) for node in nodes)


def matches(pattern: str, name: str) -> bool:
    """Whether an expression matches a name, as far as it can be simulated."""
    read = search(pattern) if len(pattern) <= LONGEST and len(name) <= LONGEST_TEXT else None
    return read is not None and read.matches(name)


def _visible(case: Case, skipped: str, api: Described) -> dict[str, tuple[Node, ...]]:
    return {
        name: nodes
        for name, nodes in case.properties.items()
        if not any(each.get(skipped) is True or api.references.resolved(each).get(skipped) is True for each in nodes)
    }


def gone(node: Node, message: str, below: str = "") -> Change:
    """Return the change that something of the old description is gone."""
    return Change(message, node.path, node.pointer + below, gone=True)


def changed(node: Node, message: str, *, unknown: bool = False) -> Change:
    """Return the change that something of the new description is other than before."""
    return Change(message, node.path, node.pointer, unknown=unknown)


def at_key(node: Node, key: str) -> Node:
    """Return what stands under a key, or the node where the key is not there: a pointer names something."""
    return node.child(key) if isinstance(node.value, dict) and key in node.value else node
