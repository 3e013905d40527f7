"""C115: fields that Kubernetes knows, with values of the type that it takes."""

import functools
import json
import os
from collections.abc import Iterator
from typing import Any

from machgen.check.cloud_native.manifests import MANIFESTS, unjudged
from machgen.check.document import Map
from machgen.check.facts import Facts, place
from machgen.check.kubernetes import Object, cluster
from machgen.check.model import Answer, Flaw, Level, rule, rules_in

_EXPECTED = {"s": "a text", "i": "a whole number", "b": "true or false", "n": "a number", "x": "a number or a text"}
_DEEPEST = 40
_OURS = frozenset({"x-generated", "sops"})


@rule(
    "C115",
    "Manifests are valid by Kubernetes' schema",
    level=Level.ERROR,
    source="Kubernetes API reference 1.37 (OpenAPI description); Kubernetes Docs, API concepts: field validation",
    mend="Correct the field's name, its place or its type; quote numbers and `true` where a text is asked for.",
    applies_when=f"{MANIFESTS} of kinds that Kubernetes itself defines; custom resources are not judged",
)
def schema_valid(facts: Facts) -> Iterator[Answer]:
    """A field with a wrong name is dropped without a word: the limit, the probe or the policy is not there. A value of
    a wrong type is refused, and with it the deployment."""
    yield from unjudged(facts)
    table = _table()
    for each in facts.once(cluster).objects:
        number = table["kinds"].get(f"{each.api} {each.kind}")
        if number is not None:
            yield from _Walk(each, table["definitions"]).fields(each.node, number)


@functools.cache
def _table() -> dict[str, Any]:
    """The fields of Kubernetes' own kinds, written by tools/kubernetes_fields.py."""
    # beside the package's own modules; importlib.resources costs more than the rest of the rule
    beside = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(os.path.join(beside, "kubernetes_fields.json"), encoding="utf-8") as file:
        table: dict[str, Any] = json.load(file)
    return table


class _Walk:
    """One object's way through the table."""

    def __init__(self, each: Object, definitions: list[dict[str, Any]]) -> None:
        self.each, self.definitions = each, definitions

    def fields(self, node: Map, number: int, path: str = "", depth: int = 0) -> Iterator[Flaw]:
        """Check a mapping's fields against a definition."""
        known = self.definitions[number]["f"]
        for key, value in node.items():
            there = f"{path}.{key}".lstrip(".")
            if key in known:
                yield from self.value((node, key), value, known[key], there, depth)
            elif not (depth == 0 and key in _OURS) and not key.startswith("x-"):
                import difflib  # noqa: PLC0415 - only a wrong field needs it

                close = difflib.get_close_matches(key, known, 1)
                yield self.flaw((node, key), there, f"is no field{f'; did you mean {close[0]}?' if close else ''}")
        for key in self.definitions[number].get("r", ()):
            if node.get(key) is None:
                yield self.flaw((node, None), f"{path}.{key}".lstrip("."), "is missing")

    def value(self, at: tuple[Any, Any], value: Any, kind: Any, path: str, depth: int) -> Iterator[Flaw]:
        """Check a value against its type in the table: a letter, a definition's number, a list or a map of one."""
        if value is None or kind == "o" or depth > _DEEPEST:
            return
        if isinstance(kind, str):
            if not _fits(value, kind):
                yield self.flaw(at, path, f"is not {_EXPECTED[kind]}")
        elif isinstance(kind, list) and len(kind) == 1:
            if not isinstance(value, list):
                yield self.flaw(at, path, "is not a list")
                return
            for index, item in enumerate(value):
                yield from self.value((value, index), item, kind[0], f"{path}[{index}]", depth + 1)
        elif not isinstance(value, Map):
            yield self.flaw(at, path, "is not a mapping")
        elif isinstance(kind, int):
            yield from self.fields(value, kind, path, depth + 1)
        else:
            for key, item in value.items():
                yield from self.value((value, key), item, kind[1], f"{path}.{key}", depth + 1)

    def flaw(self, at: tuple[Any, Any], path: str, said: str) -> Flaw:
        """Say what is wrong with the field at a path."""
        return Flaw(f"{self.each.title}: {path} {said}", place(self.each.path, *at), f"{self.each.title}/{path}")


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, Map | list):
        return False
    if kind == "s":
        return isinstance(value, str)
    if kind == "b":
        return isinstance(value, bool)
    if kind == "i":
        return isinstance(value, int) and not isinstance(value, bool)
    return not isinstance(value, bool) and (kind == "x" or isinstance(value, int | float))


RULES = rules_in(vars())
