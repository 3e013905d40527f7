"""Places in contracts, and where a `$ref` leads (RFC 6901 pointers, in the same file or in one beside it)."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from machgen.check.document import Map, Seq

DEEPEST = 50
"""References that lead to references; real contracts stay below 5."""

Load = Callable[[str], Any]
"""A repository path → the parsed file; None where it is not there or cannot be read."""


def _decoded(part: str) -> str:
    if "%" not in part:
        return part
    from urllib.parse import unquote  # noqa: PLC0415 - few references are percent-encoded

    return unquote(part)


@dataclass(slots=True, eq=False)
class Node:
    """A value in a contract and where it stands; not frozen, since a contract has tens of thousands of them.

    Args:
        path: The file.
        pointer: Its JSON pointer (RFC 6901) there.
        value: What stands there.
    """

    path: str
    pointer: str
    value: Any

    def child(self, key: str | int) -> "Node":
        """Return what stands under a key or index; None as its value where nothing does."""
        inner = None
        if isinstance(key, str):
            if isinstance(self.value, dict):
                inner = self.value.get(key)
            return Node(self.path, f"{self.pointer}/{escaped(key)}", inner)
        if isinstance(self.value, list) and key < len(self.value):
            inner = self.value[key]
        return Node(self.path, f"{self.pointer}/{key}", inner)

    def get(self, key: str) -> Any:
        """Return the value under a key; None where this is no mapping or has none."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def children(self) -> "list[tuple[str, Node]]":
        """Return the members of a mapping that are no extensions (`x-`), in order."""
        return [(key, each) for key, each in self.members() if not key.startswith("x-")]

    def members(self) -> "list[tuple[str, Node]]":
        """Return the members of a mapping, in order; of a mapping to names of the author's own, all are."""
        if not isinstance(self.value, dict):
            return []
        path, pointer = self.path, self.pointer
        return [(key, Node(path, f"{pointer}/{escaped(key)}", inner)) for key, inner in self.value.items()]

    def items(self) -> "list[Node]":
        """Return the items of a sequence, in order."""
        if not isinstance(self.value, list):
            return []
        return [Node(self.path, f"{self.pointer}/{index}", inner) for index, inner in enumerate(self.value)]


class References:
    """Follows references from node to node; loops and references to nowhere end in None.

    Args:
        load: Reads another file of the repository.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._targets: dict[tuple[str, str], Node | None] = {}

    def target(self, node: Node) -> Node | None:
        """Return what a node that is a `$ref` refers to; None where that is not there or is not in the repository."""
        ref = node.get("$ref")
        if not isinstance(ref, str):
            return None
        key = node.path, ref
        if key not in self._targets:
            self._targets[key] = self._found(*key)
        return self._targets[key]

    def _found(self, path: str, ref: str) -> Node | None:
        file, _, fragment = ref.partition("#")
        if "://" in file or file.startswith("/"):
            return None
        if file:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
        parts = [_decoded(part).replace("~1", "/").replace("~0", "~") for part in fragment.split("/")[1:]]
        found = Node(path, "", self._load(path))
        for part in parts:
            found = found.child(int(part) if isinstance(found.value, list) and part.isdigit() else part)
        return None if found.value is None else found

    def resolved(self, node: Node) -> Node:
        """Return the node at the end of a chain of references: the node itself where it is none, or leads nowhere."""
        for _ in range(DEEPEST):
            found = self.target(node)
            if found is None:
                break
            node = found
        return node


def escaped(key: str) -> str:
    """Return a key as RFC 6901 writes it in a pointer."""
    return key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key


def position(document: Any, pointer: str) -> tuple[int, int]:
    """Return line and column, from 1, of what a pointer names, or of its nearest ancestor that is there."""
    line, column, at = 1, 1, document
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, Map) and key in at:
            line, column, at = at.line_of(key), at.columns.get(key, 1), at[key]
        elif isinstance(at, Seq) and key.isdigit() and int(key) < len(at):
            line, column, at = at.line_of(int(key)), 1, at[int(key)]
        else:
            break
    return line, column
