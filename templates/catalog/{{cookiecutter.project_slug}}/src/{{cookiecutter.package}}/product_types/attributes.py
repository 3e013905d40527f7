"""What attribute values mean: whether they fit their type, and how they are compared, found and shown.

Pure functions; nothing here knows the database.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.measures import UNITS, convert

from ..vocabulary.localized import choose
from .schemas import AttributeDefinition, AttributeType, Constraint, EnumType, MeasurementType, SetType

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
    known = {definition.name: definition for definition in definitions}
    for index, values in enumerate(variants):
        for name, value in values.items():
            where = (index, "attributes", name)
            if name not in known:
                yield Fault(where, "the product type has no such attribute")
            elif problem := misfit(known[name].type, value):
                yield Fault(where, problem)
    yield from _between_variants(known.values(), variants)


def _between_variants(definitions: Iterable[AttributeDefinition], variants: Sequence[Values]) -> Iterator[Fault]:
    axes = []
    for definition in definitions:
        name = definition.name
        if definition.constraint is Constraint.COMBINATION_UNIQUE:
            axes.append(name)
        elif definition.constraint is Constraint.SAME_FOR_ALL:
            for index, values in enumerate(variants[1:], start=1):
                if canonical(values.get(name)) != canonical(variants[0].get(name)):
                    yield Fault((index, "attributes", name), "all variants must have the same value")
        elif definition.constraint is Constraint.UNIQUE:
            yield from _repeated([(name,)], variants, "another variant of this product has this value")
    if axes:
        yield from _repeated([tuple(axes)], variants, f"another variant has the same combination of {', '.join(axes)}")


def _repeated(groups: list[tuple[str, ...]], variants: Sequence[Values], detail: str) -> Iterator[Fault]:
    for names in groups:
        seen: set[tuple[str, ...]] = set()
        for index, values in enumerate(variants):
            if len(names) == 1 and names[0] not in values:
                continue
            found = tuple(canonical(values.get(name)) for name in names)
            if found in seen:
                yield Fault((index, "attributes", names[0]), detail)
            seen.add(found)


def missing(definitions: Iterable[AttributeDefinition], variants: Sequence[Values]) -> Iterator[Fault]:
    """Find the required attributes that a variant lacks."""
    required = [definition.name for definition in definitions if definition.required]
    for index, values in enumerate(variants):
        for name in required:
            if name not in values:
                yield Fault((index, "attributes", name), "required, and missing")


def canonical(value: Any) -> str:
    """Return a text that is equal for equal values."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def misfit(kind: AttributeType, value: Any) -> str:
    """Say what is wrong with a value of a type; empty when nothing is."""
    if isinstance(kind, EnumType):
        return (
            "" if isinstance(value, str) and value in kind.labels else f"not one of {', '.join(list(kind.labels)[:20])}"
        )
    if isinstance(kind, SetType):
        return _set_misfit(kind, value)
    if isinstance(kind, MeasurementType):
        return _measurement_misfit(kind, value)
    return _MISFITS[kind.kind](value)


def _set_misfit(kind: SetType, value: Any) -> str:
    if not isinstance(value, list) or len(value) > 200:
        return "must be a list of at most 200 values"
    for item in value:
        if problem := misfit(kind.element, item):
            return f"{canonical(item)[:50]}: {problem}"
    return "" if len({canonical(item) for item in value}) == len(value) else "a value appears twice"


def _measurement_misfit(kind: MeasurementType, value: Any) -> str:
    if not isinstance(value, dict) or value.keys() != {"value", "unit"} or not _is_number(value["value"]):
        return 'must be a measurement such as {"value": 20, "unit": "mm"}'
    unit = value["unit"]
    if not isinstance(unit, str) or unit not in UNITS:
        return f"{str(unit)[:20]!r} is not a known unit"
    wanted = UNITS[kind.unit].quantity
    return "" if UNITS[unit].quantity == wanted else f"{unit} does not measure {wanted}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e15


def _text_misfit(value: Any) -> str:
    return "" if isinstance(value, str) and 0 < len(value) <= 1000 else "must be a text of 1 to 1000 characters"


def _localized_misfit(value: Any) -> str:
    right = isinstance(value, dict) and value and all(isinstance(each, str) and each for each in value.values())
    return "" if right else 'must be a text by language such as {"en": "Pump"}'


_MISFITS: dict[str, Callable[[Any], str]] = {
    "text": _text_misfit,
    "localized_text": _localized_misfit,
    "number": lambda value: "" if _is_number(value) else "must be a number",
    "boolean": lambda value: "" if isinstance(value, bool) else "must be true or false",
    "reference": lambda value: "" if isinstance(value, str) and 0 < len(value) <= 100 else "must be a key",
}


def references(definitions: Iterable[AttributeDefinition], values: Values) -> Iterator[tuple[str, str, str]]:
    """Yield what a variant refers to: attribute, ``product`` or ``category``, key."""
    for definition in definitions:
        kind = definition.type.element if isinstance(definition.type, SetType) else definition.type
        if kind.kind == "reference" and definition.name in values:
            found = values[definition.name]
            for key in found if isinstance(found, list) else [found]:
                yield definition.name, kind.target, key


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
    return f"{value:.12g}" if isinstance(value, int | float) else str(value)


def shown(kind: AttributeType, value: Any, chain: Sequence[str]) -> str | None:
    """Return a value as people read it in the first language of the chain that has it."""
    if isinstance(kind, SetType):
        return ", ".join(filter(None, (shown(kind.element, item, chain) for item in value)))
    if isinstance(kind, EnumType):
        return choose(kind.labels[value], chain) or value
    if isinstance(kind, MeasurementType):
        return f"{_plain(value['value'])} {value['unit']}"
    if kind.kind == "localized_text":
        return choose(value, chain)
    return None if kind.kind in ("boolean", "reference") else _plain(value)
