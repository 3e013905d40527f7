"""Every schema that a contract uses, with the name that it goes by and the direction that it travels in."""

from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from machgen.check.api_first.references import Node
from machgen.check.lazy_regex import lazy_compile

if TYPE_CHECKING:
    from machgen.check.api_first.operations import Api, Operation
    from machgen.check.api_first.shapes import Case

REQUEST, RESPONSE, UNUSED = "request", "response", "unused"


class Used(NamedTuple):
    """A schema where it is used.

    Args:
        node: The schema as written; it may be a reference.
        name: The property or parameter that it describes; empty for a whole body or an item.
        side: `request`, `response` or `unused`.
        owner: The object schema that has the property; None for parameters and bodies.
        where: For a parameter its place: `query`, `path`, `header`, `cookie`; else empty.
    """

    node: Node
    name: str
    side: str
    owner: Node | None = None
    where: str = ""


class SchemaIndex:
    """Every schema of one description, from one walk that all rules share.

    Args:
        api: The description.
    """

    def __init__(self, api: "Api") -> None:
        self._api = api

    @cached_property
    def used(self) -> tuple[Used, ...]:
        """Every schema: each once in requests, in responses, and else as unused."""
        return tuple(_schemas(self._api))

    @cached_property
    def distinct(self) -> tuple[Used, ...]:
        """Every schema once, whatever its direction."""
        places: dict[tuple[str, str], Used] = {}
        for each in self.used:
            places.setdefault((each.node.path, each.node.pointer), each)
        return tuple(places.values())


def _schemas(api: "Api") -> Iterator[Used]:
    seen: set[tuple[int, str]] = set()
    for operation in (*api.operations, *api.webhooks):
        for parameter in operation.parameters.values():
            yield from _below(api, Used(parameter.schema, parameter.name, REQUEST, None, parameter.where), seen)
        if operation.body:
            for schema in operation.body.content.values():
                yield from _below(api, Used(schema, "", REQUEST), seen)
        for response in operation.responses.values():
            for schema in response.body.content.values():
                yield from _below(api, Used(schema, "", RESPONSE), seen)
    used = {key for key, _ in seen}
    holder = api.root.child("definitions") if api.swagger else api.root.child("components").child("schemas")
    for _, node in holder.children():
        if id(node.value) not in used:
            yield from _below(api, Used(node, "", UNUSED), seen)


def _below(api: "Api", used: Used, seen: set[tuple[int, str]]) -> Iterator[Used]:
    stack = [used]
    while stack:
        each = stack.pop()
        node, side = each.node, each.side
        value = node.value
        key = (id(value), side)
        if not isinstance(value, dict) or key in seen:
            continue
        seen.add(key)
        yield each
        target = api.references.target(node)
        below = [Used(target, "", side)] if target is not None else []
        if "properties" in value:
            below += [Used(inner, name, side, node) for name, inner in node.child("properties").members()]
        for word in ("allOf", "anyOf", "oneOf", "prefixItems"):
            if word in value:
                below += [Used(inner, "", side) for inner in node.child(word).items()]
        below += [Used(node.child(word), "", side) for word in ("items", "additionalProperties") if word in value]
        stack += reversed(below)


def cases(api: "Api", node: Node) -> "tuple[Case, ...]":
    """Return the ways to fulfil a schema; none where they cannot be told."""
    return api.shapes.cases((node,)) or ()


def input_of(operation: "Operation", where: str, *names: str) -> bool:
    """Whether an operation has one of the parameters, letters and separators folded."""
    folded = {name.lower().replace("-", "").replace("_", "") for name in names}
    return any(
        each.where == where and each.name.lower().replace("-", "").replace("_", "") in folded
        for each in operation.parameters.values()
    )


_WORD = lazy_compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@cache
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in any convention, lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))
