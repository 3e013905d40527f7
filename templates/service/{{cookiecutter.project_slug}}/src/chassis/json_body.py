"""Request bodies: JSON that means one thing to every parser (RFC 8259 with the I-JSON rules of RFC 7493)."""

import json
from typing import Any, NoReturn

from starlette.requests import Request

from chassis.problems import Problem

MAX_DEPTH = 32
_UNREAD = object()


class JsonRequest(Request):
    """A request whose ``json()`` refuses what parsers disagree about."""

    _parsed: Any = _UNREAD

    async def json(self) -> Any:
        """Return the parsed body.

        :raises Problem: 400 when it is not JSON, nests too deep, repeats a name, or holds what Unicode or JSON has not.
        """
        if self._parsed is _UNREAD:
            self._parsed = parse(await self.body())
        return self._parsed


def parse(body: bytes) -> Any:
    """Parse a body strictly.

    :raises Problem: 400, naming what is wrong.
    """
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError:
        _refuse("it is not UTF-8")
    except json.JSONDecodeError as error:
        _refuse(f"{error.msg} at character {error.pos}")
    except RecursionError:
        _refuse(f"it nests deeper than {MAX_DEPTH} levels")
    except ValueError as error:  # an integer of thousands of digits
        _refuse(str(error).partition(";")[0])
    _check(value, MAX_DEPTH)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("a name appears twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    _refuse(f"{name} is not a JSON number")


def _check(value: Any, levels: int) -> None:
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError:
                _refuse("a string holds half of a surrogate pair")
        if "\0" in value:
            _refuse("a string holds the character U+0000")
    elif isinstance(value, dict | list):
        if levels == 0:
            _refuse(f"it nests deeper than {MAX_DEPTH} levels")
        if isinstance(value, dict):
            for name in value:
                _check(name, levels)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, levels - 1)


def _refuse(reason: str) -> NoReturn:
    raise Problem(400, "malformed-json", f"The body is not acceptable JSON: {reason}.")
