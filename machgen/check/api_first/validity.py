"""A002: what the specifications themselves say must be so."""

import re
from collections.abc import Iterator

from machgen.check.api_first.contracts import Contract, api_of, definitions_of, of, parsed, place_of
from machgen.check.api_first.grammar import faults
from machgen.check.api_first.operations import METHODS, Api, template
from machgen.check.api_first.references import Node, References
from machgen.check.document import branches, walk
from machgen.check.facts import Facts, join, parent
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, rule, rules_in
from machgen.check.roots import Root

_TYPES = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})
_ITEM_FIELDS = frozenset({*METHODS, "$ref", "summary", "description", "servers", "parameters", "query"})
_STATUS = lazy_compile(r"(?:[1-5][0-9][0-9]|[1-5]XX|default)\Z")
# a response and a property can be called `default`, too
_DATA = lazy_compile(r"(?<!/responses)(?<!/properties)/(?:examples?|default|enum|const|x-[^/]*)(?:/|\Z)")


@rule(
    "A002",
    "The contract is valid",
    level=Level.ERROR,
    source="OpenAPI 2.0, 3.0.3 and 3.1.0; AsyncAPI 2.6 and 3.0; RFC 3986 and RFC 6901 for references; "
    "Protocol Buffers language specification",
    mend="Correct what is named, and let CI validate the contract.",
    applies_when="a service with an OpenAPI, AsyncAPI or protobuf description",
    roles=(Role.SERVICE,),
)
def valid(facts: Facts, root: Root) -> Iterator[Answer]:
    """Generators, gateways and documentation each guess another meaning into an invalid contract, or stop. It then
    promises nothing."""
    judged = [each for each in of(facts, root) if each.kind in {"openapi", "asyncapi"}]
    definitions = definitions_of(facts, root)
    if definitions:
        from machgen.check.api_first import protobuf_rules  # noqa: PLC0415 - few services have gRPC contracts

        for path in definitions:
            yield from protobuf_rules.invalid(facts, path)
    if not judged and not definitions:
        every = of(facts, root)
        yield NotApplicable(f"its contract is {every[0].kind}" if every else "no contract: A002-A021 are not judged")
    for contract in judged:
        if contract.error is not None:
            yield Flaw(
                f"the contract cannot be read: {contract.error.reason}",
                Place(contract.path, contract.error.line),
                "read",
            )
            continue
        found = _openapi(facts, contract) if contract.kind == "openapi" else _asyncapi(contract)
        for node, message in [*_shared(facts, contract), *found]:
            yield Flaw(message, place_of(facts, node), f"{node.pointer} {message}")


def _shared(facts: Facts, contract: Contract) -> Iterator[tuple[Node, str]]:
    info = contract.node.child("info")
    if not isinstance(info.value, dict):
        yield contract.node, "`info` is missing"
    else:
        for key in ("title", "version"):
            if not isinstance(info.get(key), str):
                found = "is missing" if info.get(key) is None else "is no text; put it in quotes"
                yield info.child(key), f"`info.{key}` {found}"
    dangling = _dangling(facts, contract)
    for pointer, value, _, name in walk(contract.document) if dangling else ():
        if name == "$ref" and isinstance(value, str) and value in dangling and not _DATA.search(pointer):
            yield Node(contract.path, pointer, value), dangling[value]


def _dangling(facts: Facts, contract: Contract) -> dict[str, str]:
    """The references that lead nowhere, each with what is wrong; those in examples included, which mean nothing."""
    held = (each.get("$ref") for each in branches(contract.document) if isinstance(each, dict))
    written = {ref for ref in held if isinstance(ref, str)}
    references = References(lambda other: parsed(facts, other))
    return {ref: problem for ref in written if (problem := _problem(facts, contract, references, ref))}


def _problem(facts: Facts, contract: Contract, references: References, ref: str) -> str:
    file, _, fragment = ref.partition("#")
    if "://" in file or file.startswith("/") or (fragment and not fragment.startswith("/")):
        return ""
    path = join(parent(contract.path), file) if file else contract.path
    if path is None or (file and path not in facts.known):
        return f"`$ref: {ref}` names a file that is not there"
    if parsed(facts, path) is None and file:
        return ""  # the file is there and says why it cannot be read
    found = references.target(Node(contract.path, "", {"$ref": ref}))
    return "" if found is not None or not fragment else f"`$ref: {ref}` leads nowhere"


def _openapi(facts: Facts, contract: Contract) -> Iterator[tuple[Node, str]]:
    api = api_of(facts, contract)
    modern = not api.version.startswith(("2.", "3.0"))
    paths = api.root.child("paths")
    if not isinstance(paths.value, dict) and not (
        modern and ("webhooks" in api.root.value or "components" in api.root.value)
    ):
        yield api.root, "`paths` is missing"
    seen: dict[str, str] = {}
    for path, item in paths.children():
        if not path.startswith("/"):
            yield item, f"the path {path} does not begin with a slash"
        if (first := seen.setdefault(template(path), path)) != path:
            yield item, f"the paths {first} and {path} are the same but for the names of their parameters"
        for field, each in api.references.resolved(item).children():
            if field not in _ITEM_FIELDS:
                yield each, f"{path} has a field {field}, which is no method and nothing else"
    yield from faults(api.root, api.version)
    yield from _operations(api, modern=modern)
    yield from _security(api)
    yield from _schemas(api, modern=modern)


def _operations(api: Api, *, modern: bool) -> Iterator[tuple[Node, str]]:
    for operation in api.operations:
        named = set(re.findall(r"\{([^{}]*)\}", operation.path))
        declared = {each.name for each in operation.parameters.values() if each.where == "path"}
        for name in sorted(named - declared):
            yield operation.node, f"{operation.name} does not describe its path parameter {name}"
        for each in operation.parameters.values():
            if each.where not in {"query", "path", "header", "cookie"}:
                yield each.node, f"the parameter {each.name} of {operation.name} is in {each.where}, which is no place"
            if each.where == "path" and each.name not in named:
                yield each.node, f"{operation.path} has no part {{{each.name}}} for its path parameter"
            if each.where == "path" and not each.required:
                yield each.node, f"the path parameter {each.name} of {operation.name} is not `required: true`"
        if not operation.responses and not modern:
            yield operation.node, f"{operation.name} has no responses"
        for status, response in operation.responses.items():
            if not _STATUS.match(status):
                yield response.node, f"{operation.name} has a response {status}, which is no status"


def _security(api: Api) -> Iterator[tuple[Node, str]]:
    known = api.schemes()
    holders = [api.root, *(each.node for each in api.operations)]
    for holder in holders:
        for each in holder.child("security").items():
            for name, node in each.children():
                if name not in known and ("/" not in name and "#" not in name):  # 3.2 also takes references
                    yield node, f"the security scheme {name} is not declared"


def _schemas(api: Api, *, modern: bool) -> Iterator[tuple[Node, str]]:
    for used in api.schemas.distinct:
        node, value = used.node, used.node.value
        if "$ref" in value and not modern:
            continue
        kinds = value.get("type")
        if isinstance(kinds, list) and not modern:
            yield node, f"a list of types is OpenAPI 3.1, and this says {api.version}"
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            known = isinstance(kind, str) and (kind in _TYPES or (kind == "file" and api.swagger))
            if kind is not None and not known:
                yield node, f"{kind} is no type"
            elif kind == "null" and not modern:
                yield node, f"the type null is OpenAPI 3.1, and this says {api.version}"
        if kinds == "array" and "items" not in value and not modern:
            yield node, "a list does not say what its `items` are"
        if modern and "nullable" in value:
            yield node.child("nullable"), "`nullable` is gone from OpenAPI 3.1 and means nothing: add the type null"
        required = value.get("required")
        if required is not None and not isinstance(required, list) and not (api.swagger or used.where):
            yield node.child("required"), "`required` is a list of names in a schema"


def _asyncapi(contract: Contract) -> Iterator[tuple[Node, str]]:
    node = contract.node
    if contract.version.startswith("2") and not isinstance(node.get("channels"), dict):
        yield node, "`channels` is missing"
    if not contract.version.startswith("3"):
        return
    for name, operation in node.child("operations").children():
        if operation.get("$ref") is not None:
            continue
        if operation.get("action") not in ("send", "receive"):
            yield operation, f"the operation {name} has neither `action: send` nor `action: receive`"
        if not isinstance(operation.get("channel"), dict):
            yield operation, f"the operation {name} names no channel"


RULES = rules_in(vars())
