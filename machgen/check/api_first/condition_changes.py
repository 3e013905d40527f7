"""A016: `if`, `dependentSchemas`, `contains` and `not`, judged as `schema_changes` says where they can be.

Sources: JSON Schema 2020-12, Core 10.2.1.4, 10.2.2, 10.3.1.3; Validation 6.4.4, 6.4.5.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from machgen.check.api_first.references import Node
from machgen.check.api_first.schema_changes import DEEPEST, Change, Described, SchemaComparison, Side, at_key, changed
from machgen.check.api_first.shapes import Case
from machgen.check.document import branches

Nodes = tuple[Node, ...]


class Asked(NamedTuple):
    """What is compared with the conditions of the wide side.

    Args:
        comparison: Compares the schemas below.
        narrow: The schemas that are all fulfilled.
        case: One way to fulfil them.
        new: What of the new description a change is told of.
        side: The direction.
    """

    comparison: SchemaComparison
    narrow: Nodes
    case: Case
    new: Node
    side: Side

    def schemas(self, narrow: Nodes, wide: Nodes) -> Iterator[Change]:
        """Give what fulfils `narrow` and not `wide`, which is a part of a schema."""
        return self.comparison.schemas(narrow, wide, replace(self.side, partial=True))

    def fits(self, narrow: Nodes, wide: Nodes) -> bool:
        """Whether all that fulfils `narrow` fulfils `wide`, as far as can be told."""
        return not any(self.schemas(narrow, wide))

    def fits_back(self, wide: Nodes, narrow: Nodes) -> bool:
        """Whether all that fulfils schemas of the wide side fulfils those of the narrow one."""
        back = replace(self.side, narrow=self.side.wide, wide=self.side.narrow, partial=True)
        return not any(self.comparison.schemas(wide, narrow, back))


def conditions(asked: Asked, other: Case) -> Iterator[Change]:
    """Give what the narrow side allows and a condition of the wide one does not.

    Args:
        asked: The narrow side.
        other: The wide side.
    """
    for wide in other.conditions:
        for key, judge in _JUDGES.items():
            if key in wide.value:
                rivals = [each for each in asked.case.conditions if key in each.value]
                if not any(_same(asked, each, wide, key) for each in rivals):
                    yield from judge(asked, wide, rivals)


def _same(asked: Asked, one: Node, other: Node, key: str) -> bool:
    """Whether two schemas say the same with a keyword and those that belong to it."""
    keys = {"if": ("if", "then", "else"), "contains": ("contains", "minContains", "maxContains")}.get(key, (key,))
    return all(_equal(asked, one.child(each), other.child(each)) for each in keys)


def _equal(asked: Asked, one: Node, other: Node) -> bool:
    """Whether schemas of the narrow and of the wide side are the same, with what their references lead to."""
    first, second = (_WrittenOut(side) for side in (asked.side.narrow, asked.side.wide))
    return bool(first.value(one) == second.value(other))


_WORDS = frozenset({"title", "description", "$comment", "example", "examples", "deprecated"})


class _WrittenOut:
    """Schemas with what their references lead to in place of them, and without words for people."""

    def __init__(self, described: Described) -> None:
        self.references = described.references
        self.left = 1_000
        """Values that may still be written out: references that lead to references could double without end."""

    def value(self, node: Node, depth: int = 0) -> Any:
        self.left -= 1
        if depth > DEEPEST or self.left < 0:
            return object()  # equal to nothing
        if isinstance(node.value, dict):
            if "$ref" in node.value:
                return self.value(self.references.resolved(node), depth + 1)
            return {key: self.value(each, depth + 1) for key, each in node.members() if key not in _WORDS}
        return [self.value(each, depth + 1) for each in node.items()] or node.value


def _refers(value: Any) -> bool:
    return any("$ref" in each for each in branches(value) if isinstance(each, dict))


def _cannot(asked: Asked, key: str) -> Change:
    message = f"`{key}` changed, which cannot be compared ({asked.side.where})"
    return changed(at_key(asked.new, key), message, unknown=True)


def _told(asked: Asked, key: str, what: str) -> Change:
    verb = "is no longer accepted" if asked.side.request else "may now be returned"
    return changed(at_key(asked.new, key), f"{what} {verb} ({asked.side.where})")


def _branches(asked: Asked, wide: Node, rivals: list[Node]) -> Iterator[Change]:
    """`if`: what fulfils it must fulfil `then`, and the rest `else`."""
    meant = wide.child("if")
    then, otherwise = _of(wide, "then"), _of(wide, "else")
    rival = next((each for each in rivals if _equal(asked, each.child("if"), meant)), None)
    if rival is None and (rivals or _refers(meant.value)):
        if not all(asked.fits(asked.narrow, each) for each in (then, otherwise) if each):
            yield _cannot(asked, "if")
        return
    meant = rival.child("if") if rival else meant
    if then and _is_possible(asked, (*asked.narrow, meant)):
        yield from asked.schemas((*asked.narrow, meant, *_of(rival, "then")), then)
    if otherwise:
        apart = _apart(meant, otherwise[0])
        for each in asked.schemas((*asked.narrow, *_of(rival, "else")), otherwise):
            # who does not fulfil the condition may have to fulfil this for that very reason
            yield each if apart else replace(each, unknown=True)


def _is_possible(asked: Asked, nodes: Nodes) -> bool:
    """Whether something may fulfil all of the schemas: not where a property must be there and can be nothing."""
    shapes = asked.side.narrow.shapes
    cases = shapes.cases(nodes)
    return cases is None or any(
        all(shapes.cases(case.properties[name]) != () for name in case.required & case.properties.keys())
        for case in cases
    )


def _of(node: Node | None, key: str) -> Nodes:
    return (node.child(key),) if node is not None and isinstance(node.get(key), dict) and node.get(key) else ()


_PLAIN = frozenset({"type", "properties", "required", "title", "description", "$comment"})


def _apart(condition: Node, schema: Node) -> bool:
    """Whether two schemas of plain properties speak of different ones."""
    both = (condition.value, schema.value)
    if not all(isinstance(each, dict) and each.keys() <= _PLAIN for each in both):
        return False
    first, second = ({*_keys(each.get("properties")), *_keys(each.get("required"))} for each in both)
    return not first & second


def _keys(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, dict | list) else []


def _dependents(asked: Asked, wide: Node, rivals: list[Node]) -> Iterator[Change]:
    """`dependentSchemas`: where the property is there, the whole must fulfil its schema."""
    for trigger, schema in wide.child("dependentSchemas").members():
        if asked.case.closed and trigger not in asked.case.properties and not asked.case.patterns:
            continue  # it cannot be there
        mine = [
            each.child("dependentSchemas").child(trigger)
            for each in rivals
            if trigger in _keys(each.get("dependentSchemas"))
        ]
        there = [trigger, *sorted(asked.case.dependent.get(trigger, ()))]
        known = Node(schema.path, schema.pointer, {"required": there})
        yield from asked.schemas((*asked.narrow, known, *mine), (schema,))


def _contained(asked: Asked, wide: Node, rivals: list[Node]) -> Iterator[Change]:
    """`contains`: so many items must fulfil its schema."""
    sought, least, most = wide.child("contains"), *_times(wide)
    if asked.case.type != "array" or (least == 0 and most is None) or _by_sizes(asked, sought, least, most):
        return
    for rival in rivals:
        mine, mine_least, mine_most = rival.child("contains"), *_times(rival)
        few = least == 0 or (mine_least >= least and asked.fits((mine,), (sought,)))
        many = most is None or (mine_most is not None and mine_most <= most and asked.fits_back((sought,), (mine,)))
        if few and many:
            return
    if rivals and not any(_equal(asked, each.child("contains"), sought) for each in rivals):
        yield _cannot(asked, "contains")
    else:
        yield _told(asked, "contains", "a list without what `contains` asks for")


def _by_sizes(asked: Asked, sought: Node, least: int, most: int | None) -> bool:
    """Whether a list has as many such items as it must, by its length and what all of its items are."""
    case = asked.case
    shortest, longest = case.lower.get("items", (0, False))[0], case.upper.get("items", (float("inf"), False))[0]
    every = least == 0 or (bool(case.items) and not case.prefix and asked.fits(case.items, (sought,)))
    return every and shortest >= least and (most is None or longest <= most)


def _times(node: Node) -> tuple[int, int | None]:
    least, most = node.get("minContains"), node.get("maxContains")
    return least if isinstance(least, int) else 1, most if isinstance(most, int) else None


def _excluded(asked: Asked, wide: Node, rivals: list[Node]) -> Iterator[Change]:
    """`not`: nothing may fulfil its schema."""
    refused = wide.child("not")
    if any(asked.fits_back((refused,), (each.child("not"),)) for each in rivals):
        return
    if rivals or _refers(refused.value) or asked.side.narrow.shapes.cases((*asked.narrow, refused)) is None:
        yield _cannot(asked, "not")
    elif _is_possible(asked, (*asked.narrow, refused)):
        yield _told(asked, "not", "what fulfils `not`")


_JUDGES = {"if": _branches, "dependentSchemas": _dependents, "contains": _contained, "not": _excluded}
