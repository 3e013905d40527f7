"""The contracts of a repository: OpenAPI and AsyncAPI descriptions, GraphQL schemas, protobuf services.

OpenAPI, AsyncAPI and protobuf are read; GraphQL is found, and the rules about OpenAPI do not apply to it.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from machgen.check.api_first.operations import Api
from machgen.check.api_first.references import Node, position
from machgen.check.document import Map, Unreadable
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import NotApplicable, Place
from machgen.check.roots import Root, root_of, services

_HEAD = lazy_compile(
    r"(?:^|[{,])[ \t]*(?:(openapi|swagger|asyncapi)|[\"'](openapi|swagger|asyncapi)[\"'])\s*:\s*[\"']?(\d+\.[\d.]+)",
    re.MULTILINE,
)
_JSON = lazy_compile(r"open-?api|swagger|async-?api|contract|spec|api|schema", re.IGNORECASE)
_LEARNED = lazy_compile(r"(?:\A|/)(?:docs?|documentation|specs?)(?=/)")
_OTHERS = lazy_compile(
    r"(?:\A|/)(?:clients?|consumers?|external|upstreams?|third[-_]?party|integrations?|adapters?|generated[-_]clients?|"
    r"templates?|\{\{[^/]*\}\})/"
)
_GRPC = lazy_compile(r"^[ \t]*service\s{1,99}\w+\s{0,99}\{", re.MULTILINE)
_GRAPHQL = lazy_compile(r"^[ \t]*(?:extend[ \t]+)?(?:type[ \t]+(?:Query|Mutation)\b|schema\s{0,99}\{)", re.MULTILINE)


class Contract(NamedTuple):
    """One contract.

    Args:
        kind: `openapi`, `asyncapi`, `graphql` or `protobuf`.
        version: Of its specification, as written; empty for GraphQL and protobuf.
        path: The file.
        document: What it says; None where it is not read or cannot be.
        error: Why it cannot be read.
    """

    kind: str
    version: str
    path: str
    document: Map | None = None
    error: Unreadable | None = None

    def at(self, pointer: str = "") -> Place:
        """Return the place of what a JSON pointer names, or of its nearest ancestor."""
        return Place(self.path, *position(self.document, pointer))

    @property
    def node(self) -> Node:
        """The document as a node."""
        return Node(self.path, "", self.document)


def contracts(facts: Facts) -> tuple[Contract, ...]:
    """Return the repository's own contracts, by path; those of others that it keeps for their clients are none."""
    found: list[Contract] = []
    for path in facts.paths:
        low = path.lower()
        # documentation and `spec` are where contracts live; tests and samples are not
        if not low.endswith((".yaml", ".yml", ".json", ".graphql", ".graphqls", ".gql", ".proto")):
            continue
        if facts.is_beside(_LEARNED.sub("", path)) or _OTHERS.search(path):
            continue
        if low.endswith((".yaml", ".yml")) or (low.endswith(".json") and _JSON.search(low)):
            found += _described(facts, path)
        elif low.endswith(".proto"):
            found += [Contract("protobuf", "", path)] if _GRPC.search(facts.text(path) or "") else []
        elif low.endswith((".graphql", ".graphqls", ".gql")):
            found += [Contract("graphql", "", path)] if _GRAPHQL.search(facts.text(path) or "") else []
    return tuple(_distinct(found))


def _described(facts: Facts, path: str) -> Iterator[Contract]:
    text = facts.text(path) or ""
    if "openapi" not in text and "swagger" not in text and "asyncapi" not in text:
        return
    match = _HEAD.search(text)
    if match is None:
        return
    key = match[1] or match[2]
    kind = "asyncapi" if key == "asyncapi" else "openapi"
    document: Any = parsed(facts, path)
    if isinstance(document, Map):
        version = document.get(key)
        if version is not None:
            yield Contract(kind, str(version), path, document)
    elif path in facts.unreadable:
        yield Contract(kind, match[3], path, error=facts.unreadable[path])


def parsed(facts: Facts, path: str) -> Any:
    """Return what a YAML or JSON file says; None where it is not there or cannot be read."""
    if path not in facts.known:
        return None
    if path.lower().endswith(".json"):
        return facts.json(path)
    documents = facts.yaml(path)
    return documents[0] if documents else None


_COPIES = lazy_compile(r"(?:\A|/)(?:clients?|consumers?|external|upstreams?|generated[-_]clients?)/")


def copies(facts: Facts) -> tuple[Contract, ...]:
    """Return the OpenAPI descriptions of others that services keep to make clients from, by path."""
    return tuple(
        each
        for path in facts.paths
        if path.lower().endswith((".yaml", ".yml", ".json")) and _COPIES.search(path) and not facts.is_beside(path)
        for each in _described(facts, path)
        if each.kind == "openapi" and each.document is not None
    )


def _distinct(found: list[Contract]) -> Iterator[Contract]:
    """The same description as YAML and as JSON counts once."""
    seen: set[object] = set()
    for each in sorted(found, key=lambda one: (one.path.endswith(".json"), one.path)):
        paths = each.node.child("paths").value or each.node.child("channels").value
        info = each.node.child("info")
        key: object = each.path
        if isinstance(paths, dict) and paths:
            key = (each.kind, str(info.get("title")), each.path.rpartition("/")[0], tuple(sorted(paths)))
        if key not in seen:
            seen.add(key)
            yield each


def owned(facts: Facts) -> dict[str, tuple[Contract, ...]]:
    """Return the contracts of each service, by the root's path.

    A contract belongs to the service whose directory holds it; beside them all, to the one service there is, or to
    the one whose name is part of its path.
    """
    serving = facts.once(services)
    found: dict[str, list[Contract]] = {root.path: [] for root in serving}
    for contract in facts.once(contracts):
        holder = root_of(facts, contract.path)
        if holder is not None and holder.path in found:
            found[holder.path].append(contract)
            continue
        if len(serving) == 1 and (holder is None or not holder.path):
            found[serving[0].path].append(contract)
            continue
        parts = re.split(r"[/.]", contract.path)
        for root in serving:
            if root.path and root.path.rpartition("/")[2] in parts:
                found[root.path].append(contract)
    return {path: tuple(each) for path, each in found.items()}


def of(facts: Facts, root: Root, kind: str = "") -> tuple[Contract, ...]:
    """Return a service's contracts, or those of one kind that can be read."""
    every = facts.once(owned).get(root.path, ())
    return tuple(each for each in every if not kind or (each.kind == kind and each.document is not None))


def definitions_of(facts: Facts, root: Root) -> tuple[str, ...]:
    """Return the `.proto` files of a service that define gRPC services."""
    return tuple(each.path for each in of(facts, root) if each.kind == "protobuf")


def api_of(facts: Facts, contract: Contract) -> Api:
    """Return the operations of an OpenAPI description; they are read once."""
    known = facts.once(_apis)
    if contract.path not in known:
        known[contract.path] = Api(contract.path, contract.document, lambda path: parsed(facts, path))
    return known[contract.path]


def _apis(_facts: Facts) -> dict[str, Api]:
    return {}


def no_openapi(facts: Facts, root: Root) -> NotApplicable:
    """Return why a rule about OpenAPI is not asked of a service."""
    kinds = sorted({each.kind for each in of(facts, root)})
    if not kinds:
        return NotApplicable("no contract: A002-A021 are not judged")
    return NotApplicable(f"its contract is {' and '.join(kinds)}, not an OpenAPI description that can be read")


def place_of(facts: Facts, node: Node) -> Place:
    """Return where a node stands."""
    return Place(node.path, *position(parsed(facts, node.path), node.pointer))
