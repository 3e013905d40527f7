"""Expressions and globs whose cost no author can drive up: they are simulated state by state, never by backtracking.

The language of expressions is I-Regexp (RFC 9485) without `\\p`, and with `\\d`, `\\w` and `\\s` for ASCII. A match is
of the whole text.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LONGEST = 200
"""Characters of an expression."""

LONGEST_TEXT = 2_000
"""Characters of a text; a longer one matches nothing."""

MOST_STATES = 1_000
"""States of an expression, repetitions written out."""

_NAMED = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \t\n\r\f\v", "n": "\n", "r": "\r", "t": "\t"}
_SPECIAL = frozenset("()[]{}|*+?.\\")


class Malformed(ValueError):
    """An expression that cannot be read; the message is a clause."""


class _Set(NamedTuple):
    """A set of characters: ranges, or all but them."""

    ranges: tuple[tuple[str, str], ...]
    negative: bool = False

    def has(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) is not self.negative


def _literal(character: str) -> _Set:
    return _Set(((character, character),))


_ANY = _Set((("\n", "\n"), ("\r", "\r")), negative=True)

_EVERYTHING: "_Tree" = ("times", _Set((), negative=True), 0, None)
_GLOBS: "dict[str, _Tree]" = {
    "**/": ("times", ("all", [_EVERYTHING, _literal("/")]), 0, 1),
    "**": _EVERYTHING,
    "*": ("times", _Set((("/", "/"),), negative=True), 0, None),
    "?": _Set((("/", "/"),), negative=True),
}


@dataclass(slots=True)
class _Graph:
    """States with edges that read a character, and edges that read nothing."""

    reads: list[tuple[_Set, int] | None] = field(default_factory=list)
    skips: list[list[int]] = field(default_factory=list)

    def state(self) -> int:
        if len(self.reads) >= MOST_STATES:
            raise Malformed(f"repeats more than {MOST_STATES} states")
        self.reads.append(None)
        self.skips.append([])
        return len(self.reads) - 1


# a tree: a set of characters, ("all", parts), ("any", parts), or ("times", part, least, most or None)
_Tree = _Set | tuple[str, "list[_Tree]"] | tuple[str, "_Tree", int, int | None]


class Expression:
    """One expression or glob, ready to match; `expression` and `glob` make it."""

    def __init__(self, tree: _Tree) -> None:
        self._graph = _Graph()
        start = self._graph.state()
        self._end = _link(self._graph, tree, start)
        self._start = self._closed({start})
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        if len(text) > LONGEST_TEXT:
            return False
        at = self._start
        for character in text:
            key = (at, character)
            if key not in self._steps:
                if len(self._steps) > 10_000:
                    self._steps.clear()
                edges = [edge for state in at if (edge := self._graph.reads[state])]
                self._steps[key] = self._closed({target for chars, target in edges if chars.has(character)})
            at = self._steps[key]
            if not at:
                return False
        return self._end in at

    def _closed(self, states: set[int]) -> frozenset[int]:
        waiting = list(states)
        while waiting:
            for target in self._graph.skips[waiting.pop()]:
                if target not in states:
                    states.add(target)
                    waiting.append(target)
        return frozenset(states)


def expression(text: str) -> Expression:
    """Read an expression; `^` before it and `$` after it change nothing.

    Raises:
        Malformed: It is none, or larger than the bounds.
    """
    if len(text) > LONGEST:
        raise Malformed(f"is longer than {LONGEST} characters")
    begun = text.removeprefix("^")
    return Expression(_Reader(begun[:-1] if _ends(begun) else begun).tree())


def _ends(text: str) -> bool:
    """Whether a text ends in `$` that is not escaped."""
    before = text.removesuffix("$")
    return before != text and (len(before) - len(before.rstrip("\\"))) % 2 == 0


@functools.lru_cache(maxsize=256)
def search(text: str) -> Expression | None:
    """Read a `pattern` of JSON Schema, which may match anywhere and is anchored where it says so (2020-12, 6.3.3).

    Returns:
        The expression, which then matches whole texts; None for one that is not simulated: it uses more of ECMA-262,
        or anchors some of its alternatives only.
    """
    anchored = text.startswith("^"), _ends(text)
    if "|" in text and anchored != (False, False) and not re.fullmatch(r"\^?\([^()]*\)\$?", text):
        return None
    try:
        inner = _Reader(text[anchored[0] : len(text) - anchored[1]]).tree()
        return Expression(
            ("all", [*([] if anchored[0] else [_EVERYTHING]), inner, *([] if anchored[1] else [_EVERYTHING])])
        )
    except Malformed:
        return None


@functools.lru_cache(maxsize=256)
def glob(text: str) -> Expression:
    """Read a glob over paths: `*` within a name, `?` one character, `**` across directories.

    A directory's name matches what is below it.

    Raises:
        Malformed: It is longer than the bounds.
    """
    text = text.strip("/")
    if len(text) > LONGEST:
        raise Malformed(f"is longer than {LONGEST} characters")
    parts: list[_Tree] = []
    at = 0
    while at < len(text):
        token = next((each for each in _GLOBS if text.startswith(each, at)), text[at])
        parts.append(_GLOBS.get(token) or _literal(token))
        at += len(token)
    parts.append(("times", ("all", [_literal("/"), _EVERYTHING]), 0, 1))
    return Expression(("all", parts))


def _link(graph: _Graph, tree: _Tree, start: int) -> int:
    """Add a tree's states after `start`; return the state in which it has matched."""
    if isinstance(tree, _Set):
        end = graph.state()
        middle = graph.state()
        graph.skips[start].append(middle)
        graph.reads[middle] = (tree, end)
        return end
    if len(tree) == 2:
        parts = tree[1]
        if tree[0] == "all":
            for part in parts:
                start = _link(graph, part, start)
            return start
        end = graph.state()
        for part in parts:
            graph.skips[_link(graph, part, start)].append(end)
        return end
    _, part, least, most = tree
    for _ in range(least):
        start = _link(graph, part, start)
    if most is None:
        again = graph.state()
        graph.skips[start].append(again)
        graph.skips[_link(graph, part, again)].append(again)
        return again
    end = graph.state()
    for _ in range(most - least):
        graph.skips[start].append(end)
        start = _link(graph, part, start)
    graph.skips[start].append(end)
    return end


class _Reader:
    """One reading of an expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def tree(self) -> _Tree:
        found = self.either()
        if self.at < len(self.text):
            raise Malformed(f"has a `{self.text[self.at]}` too many at {self.at + 1}")
        return found

    @property
    def next(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        if self.at >= len(self.text):
            raise Malformed("ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def either(self) -> _Tree:
        ways = [self.sequence()]
        while self.next == "|":
            self.at += 1
            ways.append(self.sequence())
        return ways[0] if len(ways) == 1 else ("any", ways)

    def sequence(self) -> _Tree:
        parts: list[_Tree] = []
        while self.next and self.next not in "|)":
            parts.append(self.repeated(self.atom()))
        return ("all", parts)

    def atom(self) -> _Tree:
        character = self.take()
        if character == "(":
            self.depth += 1
            if self.depth > 20:
                raise Malformed("is nested deeper than 20 groups")
            if self.next == "?":
                raise Malformed("uses `(?`, which is not in I-Regexp")
            inner = self.either()
            if self.take() != ")":
                raise Malformed("has a group that is not closed")
            self.depth -= 1
            return inner
        if character == "[":
            return self.characters()
        if character == ".":
            return _ANY
        if character == "\\":
            return _Set(tuple(_ranges(self.escaped())))
        if character in _SPECIAL or character in "^$":
            raise Malformed(f"has a `{character}` at {self.at} that means nothing there")
        return _literal(character)

    def escaped(self) -> str:
        character = self.take()
        if character in _NAMED:
            return _NAMED[character]
        if character.isalnum():
            raise Malformed(f"uses `\\{character}`, which is not in I-Regexp")
        return "\0" + character

    def characters(self) -> _Set:
        negative = self.next == "^"
        self.at += negative
        ranges: list[tuple[str, str]] = []
        while self.next != "]":
            character = self.take()
            if character == "\\":
                ranges += _ranges(self.escaped())
                continue
            high = character
            if self.next == "-" and self.text[self.at + 1 : self.at + 2] not in {"]", ""}:
                self.at += 1
                high = self.take()
                if high < character:
                    raise Malformed(f"has the range {character}-{high}, which is empty")
            ranges.append((character, high))
        self.at += 1
        if not ranges:
            raise Malformed("has a class without characters")
        return _Set(tuple(ranges), negative)

    def repeated(self, tree: _Tree) -> _Tree:
        plain: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if self.next in plain and self.next:
            least, most = plain[self.take()]
            return ("times", tree, least, most)
        if self.next != "{":
            return tree
        closed = self.text.find("}", self.at)
        first, comma, last = self.text[self.at + 1 : max(closed, self.at)].partition(",")
        if closed < 0 or not first.isdecimal() or (last and not last.isdecimal()) or len(first + last) > 6:
            raise Malformed("has a repetition that is not {n}, {n,} or {n,m}")
        self.at = closed + 1
        bound = (int(last) if last else None) if comma else int(first)
        if bound is not None and bound < int(first):
            raise Malformed(f"has the repetition {{{first},{last}}}, which is empty")
        return ("times", tree, int(first), bound)


def _ranges(text: str) -> Iterator[tuple[str, str]]:
    """The ranges in a named class; a character after NUL is itself."""
    if text.startswith("\0"):
        yield text[1], text[1]
        return
    at = 0
    while at < len(text):
        wide = text[at + 1 : at + 2] == "-"
        yield text[at], text[at + 2] if wide else text[at]
        at += 3 if wide else 1
