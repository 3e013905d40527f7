"""Every schema that a contract uses, with the name that it goes by and the direction that it travels in."""

from collections.abc import Iterator
from dataclasses import dataclass

from machgen.check.api_first.operations import Api, Operation
from machgen.check.api_first.references import Node
from machgen.check.api_first.shapes import Case

REQUEST, RESPONSE, UNUSED = "request", "response", "unused"


@dataclass(frozen=True, slots=True, eq=False)
class Used:
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


def schemas(api: Api) -> Iterator[Used]:
    """Give every schema of a description: each once in requests, in responses, and else as unused."""
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


def distinct(api: Api) -> Iterator[Used]:
    """Give every schema once, whatever its direction."""
    seen: set[tuple[str, str]] = set()
    for each in schemas(api):
        key = (each.node.path, each.node.pointer)
        if key not in seen:
            seen.add(key)
            yield each


def _below(api: Api, used: Used, seen: set[tuple[int, str]]) -> Iterator[Used]:
    stack = [used]
    while stack:
        each = stack.pop()
        value = each.node.value
        key = (id(value), each.side)
        if not isinstance(value, dict) or key in seen:
            continue
        seen.add(key)
        yield each
        target = api.references.target(each.node)
        below = [Used(target, "", each.side, None)] if target is not None else []
        for name, node in _named(each.node.child("properties")):
            below.append(Used(node, name, each.side, each.node))
        for word in ("allOf", "anyOf", "oneOf", "prefixItems"):
            below += [Used(node, "", each.side) for node in each.node.child(word).items()]
        for word in ("items", "additionalProperties"):
            below.append(Used(each.node.child(word), "", each.side))
        stack += reversed(below)


def _named(node: Node) -> list[tuple[str, Node]]:
    return [(name, node.child(name)) for name in node.value] if isinstance(node.value, dict) else []


def cases(api: Api, node: Node) -> tuple[Case, ...]:
    """Return the ways to fulfil a schema; none where they cannot be told."""
    return api.shapes.cases((node,)) or ()


def input_of(operation: Operation, where: str, *names: str) -> bool:
    """Whether an operation has one of the parameters, letters and separators folded."""
    folded = {name.lower().replace("-", "").replace("_", "") for name in names}
    return any(
        each.where == where and each.name.lower().replace("-", "").replace("_", "") in folded
        for each in operation.parameters.values()
    )


def words_of(name: str) -> list[str]:
    """Return the words of a name in any convention, lower case."""
    import re  # noqa: PLC0415 - only contracts need it

    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", name)]
