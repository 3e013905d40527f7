"""The attributes of a product type, and what follows from them, worked out once for however many products."""

from collections.abc import Callable, Iterable, Sequence, Set
from functools import cached_property, partial
from typing import Any, Self

from pydantic import ConfigDict, TypeAdapter, ValidationError

from chassis.measures import UNITS, convert

from ..vocabulary.localized import LocalizedText
from .canonical import canonical
from .schemas import AttributeDefinition, AttributeType, Constraint, EnumType, MeasurementType, ReferenceType, SetType

Check = Callable[[Any], str]
"""Says what is wrong with a value; empty when nothing is."""


class Definitions(tuple[AttributeDefinition, ...]):
    """The attributes of a product type, in their order."""

    @classmethod
    def of(cls, given: Iterable[AttributeDefinition]) -> Self:
        """Return them as they are, if they are such already."""
        return given if isinstance(given, cls) else cls(given)

    @cached_property
    def checks(self) -> dict[str, Check]:
        """What each attribute demands of a value, by its name."""
        return {each.name: check_for(each.type) for each in self}

    @cached_property
    def required(self) -> list[str]:
        """The attributes that a published variant must have."""
        return [each.name for each in self if each.required]

    @cached_property
    def referring(self) -> list[tuple[str, str]]:
        """The attributes that refer to something, each with what: ``product`` or ``category``."""
        kinds = [(each.name, each.type.element if isinstance(each.type, SetType) else each.type) for each in self]
        return [(name, kind.target) for name, kind in kinds if kind.kind == "reference"]

    def compared(self, name: str, value: Any) -> str:
        """Return a text that is equal for values that mean the same: 230 V and 0.23 kV, a set in any order.

        What the attribute does not take is compared as it is written.
        """
        check = self.checks.get(name)
        return canonical(value) if check is None or check(value) else _meaning(self._kinds[name], value)

    @cached_property
    def _kinds(self) -> dict[str, AttributeType]:
        return {each.name: each.type for each in self}

    def constrained(self, constraint: Constraint) -> Sequence[str]:
        """Return the attributes with a constraint."""
        return self._by_constraint.get(constraint, ())

    @cached_property
    def _by_constraint(self) -> dict[Constraint, list[str]]:
        found: dict[Constraint, list[str]] = {}
        for each in self:
            found.setdefault(each.constraint, []).append(each.name)
        return found


def _meaning(kind: AttributeType, value: Any) -> str:
    if isinstance(kind, SetType):
        return canonical(sorted(_meaning(kind.element, item) for item in value))
    if isinstance(kind, MeasurementType):
        number, unit = value["value"], value["unit"]
        return canonical(number if unit == kind.unit else convert(number, unit, kind.unit))
    return canonical(value)


def in_words(kind: AttributeType) -> str:
    """Return what the values of a type are, or those of a set each: a ``measurement in mm``, for instance."""
    if isinstance(kind, SetType):
        return in_words(kind.element)
    if isinstance(kind, MeasurementType):
        return f"a measurement in {kind.unit}"
    if isinstance(kind, ReferenceType):
        return f"a reference to a {kind.target}"
    return f"of the kind {kind.kind}"


def check_for(kind: AttributeType) -> Check:
    """Return what a type demands of a value."""
    if isinstance(kind, EnumType):
        return partial(_enum_misfit, kind.labels)
    if isinstance(kind, SetType):
        return partial(_set_misfit, check_for(kind.element))
    if isinstance(kind, MeasurementType):
        quantity = UNITS[kind.unit].quantity
        fitting = frozenset(name for name, unit in UNITS.items() if unit.quantity == quantity)
        return partial(_measurement_misfit, quantity, fitting)
    return _MISFITS[kind.kind]


def _enum_misfit(labels: dict[str, Any], value: Any) -> str:
    return "" if isinstance(value, str) and value in labels else f"not one of {', '.join(list(labels)[:20])}"


def _set_misfit(check: Check, value: Any) -> str:
    if not isinstance(value, list) or len(value) > 200:
        return "must be a list of at most 200 values"
    for item in value:
        if problem := check(item):
            return f"{canonical(item)[:50]}: {problem}"
    return "" if len({canonical(item) for item in value}) == len(value) else "a value appears twice"


def _measurement_misfit(quantity: str, fitting: Set[str], value: Any) -> str:
    if not isinstance(value, dict) or value.keys() != _MEMBERS or not _is_number(value["value"]):
        return 'must be a measurement such as {"value": 20, "unit": "mm"}'
    unit = value["unit"]
    if not isinstance(unit, str) or unit not in UNITS:
        return f"{str(unit)[:20]!r} is not a known unit"
    return "" if unit in fitting else f"{unit} does not measure {quantity}"


_MEMBERS = {"value", "unit"}


def _is_number(value: Any) -> bool:
    # bool is another type, and what is no number or infinite is not between.
    return type(value) in _NUMBERS and -_TOO_MUCH < value < _TOO_MUCH


_NUMBERS = (int, float)
_TOO_MUCH = 10**15


def _text_misfit(value: Any) -> str:
    return "" if isinstance(value, str) and 0 < len(value) <= 1000 else "must be a text of 1 to 1000 characters"


def _localized_misfit(value: Any) -> str:
    try:
        right = bool(_LOCALIZED.validate_python(value))
    except ValidationError:
        right = False
    return "" if right else 'must be a text by language such as {"en": "Pump"}'


_LOCALIZED = TypeAdapter[dict[str, str]](LocalizedText, config=ConfigDict(defer_build=True))


_MISFITS: dict[str, Check] = {
    "text": _text_misfit,
    "localized_text": _localized_misfit,
    "number": lambda value: "" if _is_number(value) else "must be a number",
    "boolean": lambda value: "" if isinstance(value, bool) else "must be true or false",
    "reference": lambda value: "" if isinstance(value, str) and 0 < len(value) <= 100 else "must be a key",
}
