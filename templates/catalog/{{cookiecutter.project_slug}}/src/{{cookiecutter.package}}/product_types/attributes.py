"""What attribute values mean: whether they fit their type, and how they are compared, found and shown.

Pure functions; nothing here knows the database.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from chassis.measures import convert

from ..vocabulary.answers import answer
from ..vocabulary.localized import choose
from .definitions import Definitions
from .schemas import AttributeDefinition, AttributeType, BooleanType, Constraint, EnumType, MeasurementType, SetType

Values = Mapping[str, Any]
"""The attributes of one variant: name to JSON value."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a value, and where: a path of names and positions below the list of variants."""

    path: tuple[str | int, ...]
    detail: str


def faults(definitions: Iterable[AttributeDefinition], variants: Sequence[Values]) -> Iterator[Fault]:
    """Find everything in the variants of one product that does not fit its type.

    Whether required attributes are there is another question (:func:`missing`): a draft may be unfinished.
    """
    known = Definitions.of(definitions)
    checks = known.checks
    for index, values in enumerate(variants):
        for name, value in values.items():
            check = checks.get(name)
            problem = "the product type has no such attribute" if check is None else check(value)
            if problem:
                yield Fault((index, "attributes", name), problem)
    if len(variants) > 1:
        yield from _between_variants(known, variants)


def _between_variants(known: Definitions, variants: Sequence[Values]) -> Iterator[Fault]:
    for name in known.constrained(Constraint.SAME_FOR_ALL):
        first = variants[0].get(name)
        for index, values in enumerate(variants[1:], start=1):
            if (value := values.get(name)) != first and known.compared(name, value) != known.compared(name, first):
                yield Fault((index, "attributes", name), "all variants must have the same value")
    for name in known.constrained(Constraint.UNIQUE):
        yield from _repeated(known, [(name,)], variants, "another variant of this product has this value")
    if axes := known.constrained(Constraint.COMBINATION_UNIQUE):
        detail = f"another variant has the same combination of {', '.join(axes)}"
        yield from _repeated(known, [tuple(axes)], variants, detail)


def _repeated(
    known: Definitions, groups: list[tuple[str, ...]], variants: Sequence[Values], detail: str
) -> Iterator[Fault]:
    for names in groups:
        seen: set[tuple[str, ...]] = set()
        for index, values in enumerate(variants):
            if len(names) == 1 and names[0] not in values:
                continue
            found = tuple(known.compared(name, values.get(name)) for name in names)
            if found in seen:
                yield Fault((index, "attributes", names[0]), detail)
            seen.add(found)


def missing(definitions: Iterable[AttributeDefinition], variants: Sequence[Values]) -> Iterator[Fault]:
    """Find the required attributes that a variant lacks."""
    required = Definitions.of(definitions).required
    for index, values in enumerate(variants):
        for name in required:
            if name not in values:
                yield Fault((index, "attributes", name), "required, and missing")


def references(definitions: Iterable[AttributeDefinition], values: Values) -> Iterator[tuple[str, str, str]]:
    """Yield what a variant refers to: attribute, ``product`` or ``category``, key."""
    for name, target in Definitions.of(definitions).referring:
        found = values.get(name, ())
        for key in found if isinstance(found, (list, tuple)) else [found]:
            yield name, target, key


def terms(kind: AttributeType, value: Any) -> list[str]:
    """Return the words by which filters and facets know a value; a measurement in its type's own unit."""
    if isinstance(kind, SetType):
        return [term for item in value for term in terms(kind.element, item)]
    if isinstance(kind, MeasurementType):
        return [_plain(convert(value["value"], value["unit"], kind.unit))]
    if kind.kind == "boolean":
        return ["true" if value else "false"]
    if kind.kind == "localized_text":
        return []
    return [_plain(value)]


def _plain(value: Any) -> str:
    """Write a number as people do, without exponent: what is stored has at most fifteen digits that count."""
    if not isinstance(value, int | float):
        return str(value)
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e" in text else text


def shown(kind: AttributeType, value: Any, chain: Sequence[str]) -> str | None:
    """Return a value as people read it in the first language of the chain that has it."""
    if isinstance(kind, SetType):
        return ", ".join(filter(None, (shown(kind.element, item, chain) for item in value)))
    if isinstance(kind, EnumType):
        return choose(kind.labels[value], chain) or value
    if isinstance(kind, MeasurementType):
        return f"{_plain(value['value'])} {value['unit']}"
    if isinstance(kind, BooleanType):
        return answer(value, (kind.true_label if value else kind.false_label) or {}, chain)
    if kind.kind == "localized_text":
        return choose(value, chain)
    return None if kind.kind == "reference" else _plain(value)
