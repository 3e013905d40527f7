"""Request bodies: JSON that means one thing to every parser (RFC 8259 with the I-JSON rules of RFC 7493)."""

import json
import re
from collections.abc import Sized
from dataclasses import dataclass
from math import isfinite
from typing import Any, NoReturn

from pydantic_core import from_json
from starlette.requests import Request

from chassis.problems import Problem

_UNREAD = object()


@dataclass(frozen=True, kw_only=True)
class JsonLimits:
    """How big a JSON value may be: levels of nesting, characters of one string, items of one array or object."""

    depth: int
    string: int
    items: int


class JsonRequest(Request):
    """A request whose ``json()`` refuses what parsers disagree about."""

    _parsed: Any = _UNREAD

    async def json(self) -> Any:
        """Return the parsed body.

        :raises Problem: 400 when it is not JSON, too big, repeats a name, or holds what Unicode or JSON has not.
        """
        if self._parsed is _UNREAD:
            settings = self.app.state.settings
            limits = JsonLimits(
                depth=settings.max_json_depth, string=settings.max_json_string, items=settings.max_json_items
            )
            self._parsed = parse(await self.body(), limits)
        return self._parsed


def parse(body: bytes, limits: JsonLimits) -> Any:
    """Parse a body strictly.

    :raises Problem: 400, naming what is wrong.
    """
    found = _plainly_fine(body, limits)
    return _closely(body, limits) if found is _UNREAD else found


def _plainly_fine(body: bytes, limits: JsonLimits) -> Any:
    """Parse what can be seen to be fine without looking at every name and string; else return ``_UNREAD``.

    A body that is no longer than the longest string holds none that is too long, and each item of an array takes two
    bytes at least. Without white space every name ends in ``":``, so that there are at least as many of these as
    there are names; if as many names were found, none was there twice.
    """
    if len(body) > min(limits.string, 2 * limits.items) or (b"\\" in body and _ESCAPED.search(body)):
        return _UNREAD
    try:
        value = from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return _UNREAD
    names, level = 0, [value]
    for _ in range(limits.depth):
        below: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:  # most of them are
                continue
            if kind is dict:
                names += len(each)
                below += each.values()
            elif kind is list:
                below += each
            elif kind is float and not isfinite(each):
                return _UNREAD
        if not below:
            return value if names == body.translate(None, _WHITE_SPACE).count(b'":') else _UNREAD
        level = below
    return _UNREAD


_WHITE_SPACE = b" \t\r\n"
_ESCAPED = re.compile(rb"\\u(?:0000|[dD])")
"""U+0000, or perhaps half of a surrogate pair."""


def _closely(body: bytes, limits: JsonLimits) -> Any:
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        _refuse("it is not UTF-8")
    except json.JSONDecodeError as error:
        _refuse(f"{error.msg} at character {error.pos}")
    except RecursionError:
        _refuse(f"it nests deeper than {limits.depth} levels")
    except ValueError:  # CPython converts no more digits than sys.get_int_max_str_digits()
        _refuse("a number has too many digits")
    _check(value, limits)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("a name appears twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    _refuse(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _check(value: Any, limits: JsonLimits) -> None:
    """Look at a value level by level; most of an import's and of a large body's time would go into recursion."""
    names: set[str] = set()
    level = [value]
    for left in range(limits.depth, -1, -1):
        below: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:
                if len(each) > limits.string or not each.isascii() or "\0" in each:
                    _check_string(each, limits)
            elif kind is dict or kind is list:
                _check_size(each, limits, left)
                names.update(each if kind is dict else ())
                below += each.values() if kind is dict else each
            elif kind is float and not isfinite(each):
                _refuse("a number is too big")
        level = below
    for name in names:
        _check_string(name, limits)


def _check_size(value: Sized, limits: JsonLimits, levels: int) -> None:
    if levels == 0:
        _refuse(f"it nests deeper than {limits.depth} levels")
    if len(value) > limits.items:
        _refuse(f"an array or object has more than {limits.items} items")


def _check_string(value: str, limits: JsonLimits) -> None:
    if len(value) > limits.string:
        _refuse(f"a string is longer than {limits.string} characters")
    if "\0" in value:  # PostgreSQL cannot store it
        _refuse("a string holds the character U+0000")
    if not value.isascii():
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            _refuse("a string holds half of a surrogate pair")


def _refuse(reason: str) -> NoReturn:
    raise Problem(400, "malformed-json", f"The body is not acceptable JSON: {reason}.")
