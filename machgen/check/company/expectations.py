"""What is expected of a value: the words after a path in a declared rule."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from machgen.check.document import Map, Seq
from machgen.check.expressions import Malformed as MalformedExpression
from machgen.check.expressions import expression

_TYPES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "mapping": (Map,),
    "list": (Seq,),
}
_SHOWN = 80


class Malformed(ValueError):
    """An expectation that cannot be read; the message is a clause.

    Args:
        reason: The clause.
        key: The key of the expectation that is wrong; empty for the whole.
    """

    def __init__(self, reason: str, key: str = "") -> None:
        super().__init__(reason)
        self.key = key


@dataclass(frozen=True, slots=True)
class Test:
    """One condition, and what is said where it does not hold.

    Args:
        holds: Whether a value meets it.
        wanted: The condition, as a clause after "is …; ".
    """

    holds: Callable[[Any], bool]
    wanted: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected at a path.

    Args:
        tests: Conditions, all of which a value has to meet.
        present: True where there has to be a value, False where there may be none, None where it is open.
    """

    tests: tuple[Test, ...]
    present: bool | None

    def fault(self, value: Any) -> str:
        """What is wrong with a value, as a clause after its name; empty where nothing is."""
        if self.present is False:
            return "is set, which it may not be"
        wanted = [each.wanted for each in self.tests if not each.holds(value)]
        return f"is {said(value)}; {' and '.join(wanted)}" if wanted else ""


def read_expectation(value: Any) -> Expectation:
    """Read what stands after a path: a plain value (equal to it), a list (one of them), or a mapping of conditions.

    Raises:
        Malformed: It is none of these.
    """
    if isinstance(value, Seq):
        return Expectation((_one_of(value),), present=True)
    if not isinstance(value, Map):
        return Expectation((_equal(value),), present=True)
    if not value:
        raise Malformed("expects nothing")
    present: bool | None = True
    tests: list[Test] = []
    for key, wanted in value.items():
        if key in {"present", "optional"}:
            if not isinstance(wanted, bool):
                raise Malformed(f"`{key}` is neither true nor false", key)
            present = wanted if key == "present" else (None if wanted else True)
        elif key in _CONDITIONS:
            tests.append(_CONDITIONS[key](wanted, key))
        else:
            close = difflib.get_close_matches(key, [*_CONDITIONS, "present", "optional"], 1)
            meant = f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(sorted(_CONDITIONS))}"
            raise Malformed(f"`{key}` is no condition{meant}", key)
    if present is False and tests:
        raise Malformed("`present: false` leaves no value for other conditions", "present")
    return Expectation(tuple(tests), present)


def said(value: Any) -> str:
    """A value as messages show it, cut to a readable length."""
    if isinstance(value, Map):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, Seq):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)[:_SHOWN]


def _same(value: Any, wanted: Any) -> bool:
    return type(value) is type(wanted) and bool(value == wanted)


def _scalar(wanted: Any, key: str) -> None:
    if isinstance(wanted, Map | Seq):
        raise Malformed(f"`{key}` is no single value", key)


def _equal(wanted: Any, key: str = "equals") -> Test:
    _scalar(wanted, key)
    return Test(lambda value: _same(value, wanted), f"it has to be {said(wanted)}")


def _one_of(wanted: Any, key: str = "one-of") -> Test:
    if not isinstance(wanted, Seq) or not wanted:
        raise Malformed(f"`{key}` is no list of values", key)
    for each in wanted:
        _scalar(each, key)
    return Test(
        lambda value: any(_same(value, each) for each in wanted),
        f"it has to be one of {', '.join(said(each) for each in wanted)}",
    )


def _none_of(wanted: Any, key: str) -> Test:
    inner = _one_of(wanted, key)
    return Test(lambda value: not inner.holds(value), f"it may be none of {', '.join(said(each) for each in wanted)}")


def _pattern(wanted: Any, key: str) -> Test:
    if not isinstance(wanted, str):
        raise Malformed(f"`{key}` is no text", key)
    try:
        matching = expression(wanted)
    except MalformedExpression as error:
        raise Malformed(f"`{key}` {wanted!r} {error}", key) from None
    # numbers and truth values are compared as they are written, so that a label's `"1234"` and a bare 1234 both can be
    return Test(
        lambda value: not isinstance(value, Map | Seq | None) and matching.matches(_written(value)),
        f"it has to match {wanted}",
    )


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _bound(wanted: Any, key: str) -> Test:
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        raise Malformed(f"`{key}` is no number", key)
    least = key == "at-least"

    def holds(value: Any) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return value >= wanted if least else value <= wanted

    return Test(holds, f"it has to be at {'least' if least else 'most'} {wanted}")


def _type(wanted: Any, key: str) -> Test:
    if not isinstance(wanted, str) or wanted not in _TYPES:
        raise Malformed(f"`{key}` is none of {', '.join(_TYPES)}", key)
    types = _TYPES[wanted]
    return Test(
        lambda value: isinstance(value, types) and (wanted == "boolean" or not isinstance(value, bool)),
        f"it has to be a {wanted}",
    )


def _contains(wanted: Any, key: str) -> Test:
    _scalar(wanted, key)

    def holds(value: Any) -> bool:
        if isinstance(value, str):
            return isinstance(wanted, str) and wanted in value
        return (isinstance(value, Map) and wanted in value) or (
            isinstance(value, Seq) and any(_same(each, wanted) for each in value)
        )

    return Test(holds, f"it has to contain {said(wanted)}")


_CONDITIONS: dict[str, Callable[[Any, str], Test]] = {
    "equals": _equal,
    "one-of": _one_of,
    "none-of": _none_of,
    "pattern": _pattern,
    "at-least": _bound,
    "at-most": _bound,
    "type": _type,
    "contains": _contains,
}
