"""YAML, JSON and TOML with the line of everything, and bounds on what a hostile file can cost.

Parsed mappings are `Map` and sequences are `Seq`: ordinary dictionaries and lists that know where they stand. Keys are
strings always. YAML's aliases share one value and are counted as if each were written out, so that no rule that walks
a document can be made to walk for ever.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any

from machgen.check.lazy_regex import lazily_compiled, lazy_compile

DEEPEST = 100
"""Nested mappings and sequences. Real files stay below 30."""

MOST = 500_000
"""Values in one file, every alias counted with all that it stands for."""


class Unreadable(ValueError):
    """A file that does not say what it should.

    Args:
        reason: A clause: "not YAML: …".
        line: From 1.
    """

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


class Map(dict[str, Any]):
    """A mapping that knows where it and each of its keys stand.

    `path` and `origins` are empty until mappings of several files are merged (Kustomize): then `path` is the file of
    the mapping itself, and `origins` the file and line of keys that came from elsewhere.
    """

    __slots__ = ("column", "columns", "line", "lines", "origins", "path")

    def __init__(self, line: int = 1, column: int = 1) -> None:
        self.line = line
        self.column = column
        self.lines: dict[str, int] = {}
        self.columns: dict[str, int] = {}
        self.path = ""
        self.origins: dict[str, tuple[str, int]] = {}

    def line_of(self, key: str) -> int:
        """The line of a key; the mapping's own where the key is missing."""
        return self.lines.get(key, self.line)


class Seq(list[Any]):
    """A sequence that knows where it and each of its items stand."""

    __slots__ = ("column", "line", "lines")

    def __init__(self, line: int = 1, column: int = 1) -> None:
        self.line = line
        self.column = column
        self.lines: list[int] = []

    def line_of(self, index: int) -> int:
        """The line of an item."""
        return self.lines[index] if 0 <= index < len(self.lines) else self.line


_BRANCHES = (dict, list)
_NUMBER = lazy_compile(r"[-+]?(?:0o[0-7]+|0x[0-9a-fA-F]+|[0-9]+)\Z")
_FLOAT = lazy_compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def _plain(text: str) -> object:
    """A plain scalar's value by YAML 1.2's core schema, which is what Kubernetes, GitHub and GitLab mean."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "-+.0123456789" and len(text) < 40:
        if _NUMBER.match(text):
            return int(text, 8 if "0o" in text else 16 if "0x" in text else 10)
        if _FLOAT.match(text):
            return float(text)
    return text


@cache
def _yaml() -> ModuleType:
    """PyYAML, loaded where there is YAML to read."""
    # libyaml's parser needs none of PyYAML's own patterns, and to compile them takes half of the import
    with lazily_compiled():
        import yaml  # noqa: PLC0415 - a repository without YAML does not pay for it

    return yaml


def read_yaml(text: str) -> list[Any]:
    """Parse every document of a YAML stream.

    Tags are ignored, so nothing is ever constructed from one. Merge keys (`<<`) are resolved.

    Args:
        text: The stream.

    Returns:
        The documents, empty ones included as None.

    Raises:
        Unreadable: It is not YAML, or it is deeper or larger than a person writes.
    """
    yaml = _yaml()
    try:
        return _build(getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text), yaml)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise Unreadable(f"not YAML: {problem}", mark.line + 1 if mark else 1) from None
    except (ValueError, RecursionError, UnicodeError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"not YAML: {error}") from None


def _build(loader: Any, yaml: Any) -> list[Any]:  # noqa: C901, PLR0912, PLR0915 - one event kind a branch; an explicit stack, so that no nesting can exhaust the interpreter's
    documents: list[Any] = []
    stack: list[tuple[Any, ...]] = []
    at: Any = None  # the Map or Seq that is being filled
    key: str | None = None  # in a mapping, the key that waits for its value
    line = column = 1  # of that key
    begun, named = 0, None  # how many values were seen before it, and its anchor
    anchors: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    seen = 0
    next_event = loader.get_event
    scalar, alias, end = yaml.ScalarEvent, yaml.AliasEvent, yaml.StreamEndEvent
    start_map, start_seq = yaml.MappingStartEvent, yaml.SequenceStartEvent
    end_map, end_seq = yaml.MappingEndEvent, yaml.SequenceEndEvent
    start_document = yaml.DocumentStartEvent
    while True:
        event = next_event()
        kind = type(event)
        anchor: str | None = None
        if kind is scalar:
            anchor = event.anchor
            value: Any = event.value
            if event.implicit[0] and (key is not None or type(at) is not Map or anchor is not None):
                value = _plain(value)
        elif kind is start_map or kind is start_seq:
            anchor = event.anchor
            mark = event.start_mark
            value = (Map if kind is start_map else Seq)(mark.line + 1, mark.column + 1)
        elif kind is end_map or kind is end_seq:
            if named is not None:
                sizes[named] = seen - begun
            at, key, line, column, begun, named = stack.pop()
            continue
        elif kind is alias:
            name = event.anchor
            if name not in anchors:
                raise Unreadable(f"not YAML: the alias *{name[:40]} has no anchor", event.start_mark.line + 1)
            if name not in sizes:
                raise Unreadable("an alias stands inside of what it names", event.start_mark.line + 1)
            value = anchors[name]
            seen += sizes[name]
        elif kind is start_document:
            anchors, sizes = {}, {}
            documents.append(None)
            continue
        elif kind is end:
            return documents
        else:
            continue
        seen += 1
        if seen > MOST:
            raise Unreadable(f"more than {MOST:,} values")
        if anchor is not None:
            anchors[anchor] = value
            sizes.pop(anchor, None)
            if kind is scalar:
                sizes[anchor] = 1
        mark = event.start_mark
        if at is None:
            documents[-1] = value
        elif type(at) is Seq:
            at.append(value)
            at.lines.append(mark.line + 1)
        elif key is None:
            key = event.value if kind is scalar else _as_key(value)
            line, column = mark.line + 1, mark.column + 1
        else:
            if key == "<<":
                _merge(at, value)
                seen += len(at)
            else:
                at[key] = value
                at.lines[key] = line
                at.columns[key] = column
            key = None
        if kind is start_map or kind is start_seq:
            if len(stack) >= DEEPEST:
                raise Unreadable(f"nested deeper than {DEEPEST} levels", mark.line + 1)
            stack.append((at, key, line, column, begun, named))
            at, key, begun, named = value, None, seen, anchor


def _as_key(value: object) -> str:
    return value if isinstance(value, str) else f"<{type(value).__name__.lower()}>"


def _merge(into: Map, value: Any) -> None:
    for merged in value if isinstance(value, Seq) else [value]:
        if isinstance(merged, Map) and merged is not into:
            for name in list(merged):
                if name not in into:
                    into[name] = merged[name]
                    into.lines[name] = merged.line_of(name)


def read_json(text: str) -> Any:
    """Parse JSON, or JSON with comments as the tools of the Node world write it.

    Lines come from reading the same text as YAML, of which JSON is a part; a text that only JSON understands gives
    values whose line is 1.

    Args:
        text: The document.

    Raises:
        Unreadable: It is neither, or deeper than a person writes.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise Unreadable(f"not JSON: {getattr(error, 'msg', error)}", line) from None
    if len(text) < 400_000:
        try:
            documents = read_yaml(text)
        except Unreadable:
            pass
        else:
            if len(documents) == 1 and isinstance(documents[0], Map | Seq):
                return documents[0]
    return _with_lines(plain)


def read_toml(text: str) -> Map:
    """Parse TOML; tables and keys carry their lines as far as a look at the text finds them.

    Args:
        text: The document.

    Raises:
        Unreadable: It is not TOML.
    """
    import tomllib  # noqa: PLC0415 - not every repository has TOML

    try:
        plain = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        match = re.search(r"line (\d+)", str(error))
        raise Unreadable(f"not TOML: {error}", int(match[1]) if match else 1) from None
    placed = _with_lines(plain)
    assert isinstance(placed, Map)  # noqa: S101 - a TOML document is a table (TOML 1.0); for the type checker
    _place_tables(placed, text)
    return placed


_TABLE = lazy_compile(r"\s*\[\[?([^\]]+)\]")
_KEY = lazy_compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")
_PART = lazy_compile(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'")


def _place_tables(document: Map, text: str) -> None:
    table: Any = document
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _descend(document, [part.strip("\"'") for part in _PART.findall(header[1])], number)
        elif key := _KEY.match(line):
            _descend(table, [part.strip("\"'") for part in _PART.findall(key[1])], number)


def _descend(at: Any, parts: list[str], line: int) -> Any:
    for part in parts:
        if isinstance(at, Seq) and at:
            at = at[-1]
        if not isinstance(at, Map) or part not in at:
            return None
        at.lines.setdefault(part, line)
        at = at[part]
        if isinstance(at, Map) and at.line == 1:
            at.line = line
    return at


def _with_lines(plain: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise Unreadable(f"nested deeper than {DEEPEST} levels")
    if isinstance(plain, dict):
        placed = Map()
        for key, value in plain.items():
            placed[key] = _with_lines(value, depth + 1)
        return placed
    if isinstance(plain, list):
        items = Seq()
        items.extend(_with_lines(value, depth + 1) for value in plain)
        return items
    return plain


def walk(value: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any, str | int]]:
    """Give every value below `value` once, however often aliases repeat it.

    Args:
        value: A parsed document.
        pointer: The JSON pointer (RFC 6901) of `value`.

    Yields:
        The JSON pointer, the value, the mapping or sequence that holds it, and its key or index there.
    """
    stack: list[tuple[str, Any]] = [(pointer, value)]
    visited: set[int] = set()
    while stack:
        where, at = stack.pop()
        if id(at) in visited:
            continue
        below: list[tuple[str, Any]] = []
        if isinstance(at, dict):
            visited.add(id(at))
            for key, inner in at.items():
                there = f"{where}/{key.replace('~', '~0').replace('/', '~1')}"
                yield there, inner, at, key
                below.append((there, inner))
        elif isinstance(at, list):
            visited.add(id(at))
            for index, inner in enumerate(at):
                yield f"{where}/{index}", inner, at, index
                below.append((f"{where}/{index}", inner))
        stack.extend(reversed(below))


def branches(value: Any) -> Iterator[Any]:
    """Give every mapping and sequence at and below `value` once, in any order; a cheaper `walk` without pointers."""
    waiting = [value] if isinstance(value, _BRANCHES) else []
    visited: set[int] = set()
    while waiting:
        at = waiting.pop()
        if id(at) not in visited:
            visited.add(id(at))
            yield at
            waiting += [each for each in (at.values() if isinstance(at, dict) else at) if isinstance(each, _BRANCHES)]


def dig(value: Any, *keys: str | int) -> Any:
    """Return what stands at the end of a path of keys and indexes; None where it leads nowhere."""
    for key in keys:
        if isinstance(value, dict) and isinstance(key, str):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """Return a sequence; an empty one for anything else, whatever a file says where one is meant."""
    return value if isinstance(value, list) else []


def table(value: Any) -> dict[str, Any]:
    """Return a mapping; an empty one for anything else, whatever a file says where one is meant."""
    return value if isinstance(value, dict) else {}


def maps(value: Any) -> Iterator[Map]:
    """Give the mappings in a sequence; nothing where it is none."""
    if isinstance(value, list):
        for item in value:
            if isinstance(item, Map):
                yield item
