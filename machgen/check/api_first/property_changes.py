"""A016: `dependentRequired`, `patternProperties` and `propertyNames`, judged as `schema_changes` says.

Sources: JSON Schema 2020-12, Core 10.3.2.2 and 10.3.2.4, Validation 6.5.4.
"""

from collections.abc import Iterator

from machgen.check.api_first.references import Node
from machgen.check.api_first.schema_changes import Change, SchemaComparison, Side, at_key, changed, matches
from machgen.check.api_first.shapes import Case
from machgen.check.document import items


def properties(comparison: SchemaComparison, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
    """Give what `case` allows and `other` does not, by these keywords.

    Args:
        comparison: Compares the schemas below.
        case: The narrow side.
        other: The wide side.
        new: What of the new description a change is told of.
        side: The direction.
    """
    yield from _dependent(case, other, new, side)
    yield from _patterns(comparison, case, other, new, side)
    yield from _names(comparison, case, other, new, side)


def _dependent(case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
    at = at_key(new, "dependentRequired")
    word = "is now required" if side.request else "is not always there any more"
    for trigger, needed in sorted(other.dependent.items()):
        if case.closed and trigger not in case.properties and not any(matches(each, trigger) for each in case.patterns):
            continue  # it cannot be there
        for name in sorted(needed - case.required - case.dependent.get(trigger, frozenset()) - _asked(case, trigger)):
            yield changed(at, f"the property {name} {word} where {trigger} is there ({side.where})")


def _asked(case: Case, trigger: str) -> set[str]:
    """What `dependentSchemas` requires where a property is there."""
    schemas = [each.child("dependentSchemas").child(trigger) for each in case.conditions]
    return {name for each in schemas for name in items(each.get("required")) if isinstance(name, str)}


def _patterns(comparison: SchemaComparison, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
    at = at_key(new, "patternProperties")
    for pattern, nodes in other.patterns.items():
        if pattern in case.patterns:
            yield from comparison.schemas(case.patterns[pattern], nodes, side)
            continue
        for name in sorted(case.properties):
            if matches(pattern, name):
                yield from comparison.schemas(case.properties[name], nodes, side)
        if case.patterns:
            yield changed(
                at, f"the pattern {pattern} of names changed, which cannot be compared ({side.where})", unknown=True
            )
        elif case.additional:
            yield from comparison.schemas(case.additional, nodes, side)
        elif not case.closed:
            what = "are now bound to a schema" if side.request else "may be anything"
            yield changed(at, f"values of properties that match {pattern} {what} ({side.where})")
        elif not side.request:
            yield changed(at, f"there are no properties that match {pattern} any more ({side.where})")
    if side.request and other.closed and not other.patterns:
        for pattern in case.patterns:
            yield changed(new, f"properties that match {pattern} are no longer accepted ({side.where})")


def _names(comparison: SchemaComparison, case: Case, other: Case, new: Node, side: Side) -> Iterator[Change]:
    if not other.names or (case.names and comparison.fits(case.names, other.names, side)):
        return
    at = at_key(new, "propertyNames")
    if case.names:
        yield from comparison.schemas(case.names, other.names, side)
    elif case.closed:
        yield changed(at, f"what names must fulfil changed, which cannot be compared ({side.where})", unknown=True)
    else:
        what = "are now bound to a schema" if side.request else "may be anything"
        yield changed(at, f"names of properties {what} ({side.where})")
