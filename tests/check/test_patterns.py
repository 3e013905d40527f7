"""No pattern of the rules can be made to look for ever: each is shown texts that nearly match it, again and again."""

import importlib
import pkgutil
import re
import signal
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from re import _constants as code  # type: ignore[attr-defined]  # what a pattern consists of, as `re` itself reads it
from re import _parser  # type: ignore[attr-defined]  # see above
from types import FrameType
from typing import Any

import pytest

import machgen.check
from machgen.check.facts import LONGEST_LINE, MOST_BLANKS
from machgen.check.lazy_regex import LazyPattern

LONGEST_PATH = 4_096
LOOPS = {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}
BOUNDED = {
    "protobuf._TOKEN": "its reader asks at one place after the other, and stops at the first that it does not match",
    "document._KEY": "it is asked of the beginning of a line",
    "document._TABLE": "likewise",
    "routes._C_COMMENTS": "it is asked of what stands before the last end of a comment only",
}
"""Patterns whose use keeps them from looking long, and how."""
CHARACTERS = " a0\n.-_/\"'(=:A\t{[$,<*#\\x"
"""What a class of characters is tried with."""


def patterns() -> list[tuple[str, str, int]]:
    """Every lazy pattern in module variables, and in the tables there: where it is, it and its flags."""
    found: dict[tuple[str, int], str] = {}
    waiting: list[tuple[str, Any]] = []
    for module in pkgutil.walk_packages(machgen.check.__path__, "machgen.check."):
        waiting += [
            (f"{module.name}.{name}", value) for name, value in vars(importlib.import_module(module.name)).items()
        ]
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, LazyPattern):
            source = value.pattern if isinstance(value.pattern, str) else value.pattern.decode("latin-1")
            found.setdefault((source, value.compiling_flags), where)
        elif isinstance(value, dict) and not where.endswith("__"):
            waiting += [(where, each) for pair in value.items() for each in pair]
        elif isinstance(value, tuple | list):
            waiting += [(where, each) for each in value]
    return sorted((where, *pattern) for pattern, where in found.items())


def takes(operation: Any, argument: Any) -> list[str]:
    """Characters that one step of a pattern takes; none where the step is more than one character."""
    if operation is code.LITERAL:
        return [chr(argument)]
    if operation not in {code.NOT_LITERAL, code.ANY, code.IN}:
        return []
    items = argument if operation is code.IN else [(operation, argument)]
    known = CHARACTERS + "".join(chr(each) for kind, each in items if kind is code.LITERAL and each > 0)
    one = re.compile(_rewritten(operation, items), re.DOTALL)
    return [each for each in dict.fromkeys(known) if one.fullmatch(each)]


def _rewritten(operation: Any, items: list[tuple[Any, Any]]) -> str:
    """A class of characters, written as a pattern again."""
    if operation is code.ANY:
        return "."
    categories = {code.CATEGORY_DIGIT: r"\d", code.CATEGORY_SPACE: r"\s", code.CATEGORY_WORD: r"\w",
        code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_NOT_SPACE: r"\S", code.CATEGORY_NOT_WORD: r"\W"}  # fmt: skip
    inner = ""
    for kind, each in items:
        if kind is code.RANGE:
            inner += f"{re.escape(chr(each[0]))}-{re.escape(chr(each[1]))}"
        elif kind is code.CATEGORY:
            inner += categories[each]
        elif kind in {code.LITERAL, code.NOT_LITERAL}:
            inner += re.escape(chr(each))
    negated = operation is code.NOT_LITERAL or any(kind is code.NEGATE for kind, _ in items)
    return f"[{'^' if negated else ''}{inner}]"


def sample(steps: Any, which: int = 0) -> str:
    """A text that a pattern most likely matches; `which` of the characters and branches that it may have."""
    text = ""
    for operation, argument in steps:
        characters = takes(operation, argument)
        if characters:
            text += characters[which % len(characters)]
        elif operation is code.SUBPATTERN:
            text += sample(argument[3], which)
        elif operation in LOOPS:
            text += sample(argument[2], which) * max(argument[0], min(1, argument[1]))
        elif operation is code.BRANCH:
            text += sample(argument[1][which % len(argument[1])], which)
    return text


def loops(steps: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """What may be repeated, each with a text that leads to it."""
    for operation, argument in steps:
        if operation is code.SUBPATTERN:
            yield from loops(argument[3], before)
        elif operation is code.BRANCH:
            for branch in argument[1]:
                yield from loops(branch, before)
        elif operation in LOOPS:
            if argument[1] > 16:  # fewer times is no loop
                inner = argument[2]
                several = takes(*inner[0])[:6] if len(inner) == 1 else [sample(inner, which) for which in range(3)]
                yield from ((before, each) for each in dict.fromkeys(several) if each)
            yield from loops(argument[2], before)
        before += sample([(operation, argument)])


def hostile(pattern: str, flags: int, size: int) -> Iterator[str]:
    """Texts on which the pattern has much to try, as `prose` lets them through."""
    steps = _parser.parse(pattern, flags)
    for before, again in loops(steps):
        for unit in (again, before + again):
            line = (before + unit * (LONGEST_LINE // len(unit)))[: LONGEST_LINE - 2] + "\x01\n"
            yield line * (size // len(line) + 1)
            yield before + (unit + "\n") * (size // (len(unit) + 1)) + "\x01"
    if whole := sample(steps):
        yield (whole[:-1] or whole) * (size // len(whole))


class _Late(Exception):
    pass


def _ring(_number: int, _frame: FrameType | None) -> None:
    raise _Late


def worst(size: int, most: int, seconds: float) -> list[str]:
    """The patterns that take longer than `seconds` of processor time for one of their first `most` texts."""
    void = re.compile(rf"\s{{{MOST_BLANKS // 2},}}")
    before = signal.signal(signal.SIGVTALRM, _ring)
    late = []
    try:
        for where, pattern, flags in patterns():
            if any(where.endswith(name) for name in BOUNDED):
                continue
            compiled = re.compile(pattern, flags)
            for text in islice(hostile(pattern, flags, size), most):
                shown = void.sub(lambda match: match[0][: MOST_BLANKS // 2] + "x", text)
                signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
                try:
                    if pattern.endswith(r"\Z"):  # asked of a path or a name
                        compiled.match(shown[:LONGEST_PATH])
                    else:
                        deque(compiled.finditer(shown), 0)
                except _Late:
                    late.append(f"{where}: {pattern[:80]!r} on {shown[:40]!r}")
                    break
                finally:
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return late


def test_no_pattern_looks_for_ever() -> None:
    """A few short texts for each: what is exponential, or looks through a whole text from each of its places."""
    assert [] == worst(size=12_000, most=6, seconds=0.3)


@pytest.mark.soak
def test_every_loop_of_every_pattern_ends_soon() -> None:
    """All texts, a hundred kilobytes each; so a megabyte, the most that is looked through, takes seconds at worst."""
    assert [] == worst(size=100_000, most=1000, seconds=1.5)


def test_what_takes_for_ever_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts are hostile enough for the two classic mistakes."""
    began = time.process_time()
    monkeypatch.setattr(
        f"{__name__}.patterns",
        lambda: [("nested", r"(?:a+)+b", 0), ("ends", r"/\*[\s\S]*?\*/", 0), ("good", r"\ba+b", 0)],
    )

    assert ["nested", "ends"] == [each.split(":")[0] for each in worst(size=100_000, most=50, seconds=0.3)]
    assert time.process_time() - began < 5
