"""Paths into parsed files: the part of JSONPath (RFC 9535) that names values, without filters and slices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from machgen.check.document import Map, Seq
from machgen.check.lazy_regex import lazy_compile

MOST = 20_000
"""Values that one query gives of one document."""

_STEP = lazy_compile(
    r"(?P<deep>\.\.)?(?:"
    r"\.?(?P<name>[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff-]*)"
    r"|\[\s*'(?P<single>[^']*)'\s*\]|\[\s*\"(?P<double>[^\"]*)\"\s*\]"
    r"|\[\s*(?P<index>-?\d{1,6})\s*\]"
    r"|(?P<any>\.?\*|\[\s*\*\s*\]))"
)


class Malformed(ValueError):
    """A path that cannot be read; the message is a clause."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One value that a path leads to.

    Args:
        value: The value.
        holder: The mapping or sequence that holds it; None for the document itself.
        key: Its key or index there.
        name: The path as it was walked, for messages.
    """

    value: Any
    holder: Any = None
    key: str | int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    key: str | int | None
    deep: bool


class Query:
    """One path, ready to walk.

    Args:
        text: `$.spec.containers[*].image`, `metadata.labels['app.kubernetes.io/name']`, `$..image`; the `$` may be
            left out.

    Raises:
        Malformed: It is no path of this kind.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._steps: list[_Step] = []
        rest = text.strip().removeprefix("$")
        at = 0
        while at < len(rest):
            match = _STEP.match(rest, at)
            if match is None or (at and match["name"] and match[0][0] != "." and not match["deep"]):
                raise Malformed(f"is no path from {rest[at:][:20]!r} on")
            at = match.end()
            named = next((match[each] for each in ("name", "single", "double") if match[each] is not None), None)
            key: str | int | None = int(match["index"]) if match["index"] else named
            self._steps.append(_Step(key, bool(match["deep"])))
        if len(self._steps) > 30:
            raise Malformed("has more than 30 steps")

    def hits(self, document: Any) -> list[Hit]:
        """Return what the path leads to in a document, each value once; what it costs grows with the document only."""
        found = [Hit(document)]
        for step in self._steps:
            # aliases share one value: it is walked once, however often a document repeats it
            walked: set[tuple[int, str | int]] = set()
            after: list[Hit] = []
            for hit in _holders(found) if step.deep else found:
                for inner in _inside(hit, step.key):
                    assert inner.key is not None  # noqa: S101 - for the type checker: a step leads into a holder
                    key = (id(inner.holder), inner.key)
                    if key not in walked and len(after) < MOST:
                        walked.add(key)
                        after.append(inner)
            found = after
        return found


def _holders(found: list[Hit]) -> Iterator[Hit]:
    """Give every mapping and sequence at or below what was found, in order, each once."""
    waiting = list(reversed(found))
    seen: set[int] = set()
    while waiting:
        hit = waiting.pop()
        if isinstance(hit.value, Map | Seq) and id(hit.value) not in seen:
            seen.add(id(hit.value))
            yield hit
            waiting.extend(reversed(list(_inside(hit, None))))


def _inside(hit: Hit, key: str | int | None) -> Iterator[Hit]:
    value = hit.value
    if isinstance(value, Map):
        for each in value if key is None else [key]:
            if isinstance(each, str) and each in value:
                yield Hit(value[each], value, each, f"{hit.name}.{each}" if hit.name else each)
    elif isinstance(value, Seq):
        for index in range(len(value)) if key is None else [key]:
            if isinstance(index, int) and -len(value) <= index < len(value):
                at = index % len(value)
                yield Hit(value[at], value, at, f"{hit.name}[{at}]")
