"""Manifests as a renderer takes them: copies whose every mapping knows its file."""

from typing import Any

from machgen.check.document import Map, Seq, branches, maps
from machgen.check.facts import Facts


class NotRendered(Exception):
    """A kustomization or chart asks for what is not rendered here; the text says what."""


def load(facts: Facts, path: str) -> list[Map]:
    """Return copies of the objects in a manifest file, lists taken apart, each knowing its file."""
    found: list[Map] = []
    for document in facts.yaml(path):
        if isinstance(document, Map):
            items = maps(document.get("items")) if document.get("kind") == "List" else iter((document,))
            found += [copy(item, path) for item in items if "kind" in item and "apiVersion" in item]
    return found


def copy(value: Any, path: str, budget: list[int] | None = None) -> Any:
    """Return a deep copy whose mappings know their file.

    Raises:
        NotRendered: Aliases make it larger than a person writes.
    """
    if budget is None:
        # aliases that a person writes repeat a few values a few times
        budget = [5 * sum(map(len, branches(value))) + 1000] if isinstance(value, Map | Seq) else [1]
    budget[0] -= 1
    if budget[0] < 0:
        raise NotRendered(f"{path} repeats itself by aliases beyond measure")
    if isinstance(value, Map):
        made = Map(value.line, value.column)
        made.path = value.path or path
        made.lines, made.columns, made.origins = dict(value.lines), dict(value.columns), dict(value.origins)
        for key, inner in value.items():
            made[key] = copy(inner, path, budget)
        return made
    if isinstance(value, Seq):
        items = Seq(value.line, value.column)
        items.lines = list(value.lines)
        items.extend(copy(inner, path, budget) for inner in value)
        return items
    return value


def put(holder: Map, key: str, value: Any, path: str, line: int) -> None:
    """Set a key that comes from another file than its mapping."""
    holder[key] = value
    holder.origins[key] = (path, line)
