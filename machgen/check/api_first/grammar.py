"""What each object of an OpenAPI description may hold: the specification's meta-schema as a table, walked once.

Sources: OpenAPI 3.0.3 and 3.1.0 and the JSON Schemas that the OpenAPI Initiative publishes for them. Every field that a
description uses has to be one of its object's or begin with `x-`, and has to have its type.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from machgen.check.api_first.references import Node

MOST = 100
"""Faults of one description; who has more, has enough to begin with."""

# field:type; `!` required; types: s text, b truth value, n number, i whole number, * anything, or another object of
# this table; `[]` a list of them, `{}` a mapping to them. Lines that begin with 3.0 or 3.1 are for that version alone.
_GRAMMAR = """
openapi: openapi:s! info:info! servers:server[] components:components security:requirement[] tags:tag[]
openapi: externalDocs:docs
3.0 openapi: paths:paths!
3.1 openapi: paths:paths webhooks:item{} jsonSchemaDialect:s
info: title:s! version:s! description:s termsOfService:s contact:contact license:license
3.1 info: summary:s
contact: name:s url:s email:s
license: name:s! url:s
3.1 license: identifier:s
server: url:s! description:s variables:variable{}
variable: enum:s[] default:s! description:s
components: schemas:schema{} responses:response{} parameters:parameter{} examples:example{} requestBodies:body{}
components: headers:header{} securitySchemes:scheme{} links:link{} callbacks:callback{}
3.1 components: pathItems:item{}
item: $ref:s summary:s description:s servers:server[] parameters:parameter[] get:operation put:operation post:operation
item: delete:operation options:operation head:operation patch:operation trace:operation
operation: tags:s[] summary:s description:s externalDocs:docs operationId:s parameters:parameter[] requestBody:body
operation: callbacks:callback{} deprecated:b security:requirement[] servers:server[]
3.0 operation: responses:responses!
3.1 operation: responses:responses
docs: description:s url:s!
parameter: name:s! in:s! description:s required:b deprecated:b allowEmptyValue:b style:s explode:b allowReserved:b
parameter: schema:schema example:* examples:example{} content:media{}
body: description:s content:media{}! required:b
media: schema:schema example:* examples:example{} encoding:encoding{}
encoding: contentType:s headers:header{} style:s explode:b allowReserved:b
response: description:s! headers:header{} content:media{} links:link{}
example: summary:s description:s value:* externalValue:s
link: operationRef:s operationId:s parameters:* requestBody:* description:s server:server
header: description:s required:b deprecated:b allowEmptyValue:b style:s explode:b allowReserved:b schema:schema
header: example:* examples:example{} content:media{}
tag: name:s! description:s externalDocs:docs
scheme: type:s! description:s name:s in:s scheme:s bearerFormat:s flows:flows openIdConnectUrl:s
flows: implicit:flow password:flow clientCredentials:flow authorizationCode:flow
flow: authorizationUrl:s tokenUrl:s refreshUrl:s scopes:s{}!
schema: title:s multipleOf:n maximum:n minimum:n maxLength:i minLength:i pattern:s maxItems:i minItems:i uniqueItems:b
schema: maxProperties:i minProperties:i enum:*[] format:s description:s default:* not:schema allOf:schema[]
schema: oneOf:schema[] anyOf:schema[] items:schema properties:schema{} additionalProperties:schema discriminator:*
schema: readOnly:b writeOnly:b example:* externalDocs:docs deprecated:b xml:* type:* required:*
3.0 schema: nullable:b exclusiveMaximum:b exclusiveMinimum:b
3.1 schema: exclusiveMaximum:n exclusiveMinimum:n examples:*[] const:* if:schema then:schema else:schema
3.1 schema: dependentSchemas:schema{} prefixItems:schema[] contains:schema patternProperties:schema{}
3.1 schema: propertyNames:schema unevaluatedItems:schema unevaluatedProperties:schema $defs:schema{} $id:s
3.1 schema: dependentRequired:* maxContains:i minContains:i contentEncoding:s contentMediaType:s contentSchema:schema
3.1 schema: $schema:s $anchor:s $dynamicRef:s $dynamicAnchor:s $comment:s $vocabulary:*
"""
_REFERABLE = frozenset({"response", "parameter", "example", "body", "header", "scheme", "link", "callback", "schema"})
_WORDS: dict[str, tuple[tuple[type, ...], str]] = {
    "s": ((str,), "a text"),
    "b": ((bool,), "true or false"),
    "n": ((int, float), "a number"),
    "i": ((int,), "a whole number"),
}
_STYLES = {
    "path": {"matrix", "label", "simple"},
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "header": {"simple"},
    "cookie": {"form"},
}
_SCHEMES = {
    "apiKey": ("name", "in"),
    "http": ("scheme",),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
    "mutualTLS": (),
}
_FLOWS = {
    "implicit": ("authorizationUrl",),
    "password": ("tokenUrl",),
    "clientCredentials": ("tokenUrl",),
    "authorizationCode": ("authorizationUrl", "tokenUrl"),
}
_OPEN = {"paths": "item", "responses": "response", "callback": "item"}
"""Objects that map names of the author's own, and to what."""


class _Field(NamedTuple):
    kind: str
    many: str
    required: bool


def _table(version: str) -> dict[str, dict[str, _Field]]:
    table: dict[str, dict[str, _Field]] = {}
    for line in _GRAMMAR.strip().splitlines():
        head, _, rest = line.partition(": ")
        words = head.split()
        if len(words) == 2 and words[0] != version:
            continue
        for word in rest.split():
            name, _, kind = word.rpartition(":")
            bare = kind.rstrip("!")
            many = next((each for each in ("[]", "{}") if bare.endswith(each)), "")
            table.setdefault(words[-1], {})[name] = _Field(bare.removesuffix(many), many, kind.endswith("!"))
    return table


def faults(root: Node, version: str) -> Iterator[tuple[Node, str]]:
    """Give what the meta-schema refuses in an OpenAPI description.

    Args:
        root: The description.
        version: As it says; versions other than 3.0 and 3.1 are not judged.
    """
    if version.startswith(("3.0", "3.1")):
        yield from _Walk(version[:3]).faults(root)


class _Walk:
    """One walk through a description."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.table = _table(version)
        self.required = {
            kind: [name for name, field in fields.items() if field.required and (kind, name) not in _SAID_ELSEWHERE]
            for kind, fields in self.table.items()
        }

    def faults(self, root: Node) -> Iterator[tuple[Node, str]]:
        waiting: list[tuple[str, Node]] = [("openapi", root)]
        seen: set[tuple[str, int]] = set()
        count = 0
        while waiting and count < MOST:
            kind, node = waiting.pop()
            if (kind, id(node.value)) in seen and isinstance(node.value, dict | list):
                continue
            seen.add((kind, id(node.value)))
            below: list[tuple[str, Node]] = []
            for fault in self._object(kind, node, below):
                count += 1
                yield fault
            waiting.extend(reversed(below))

    def _object(self, kind: str, node: Node, below: list[tuple[str, Node]]) -> Iterator[tuple[Node, str]]:
        value = node.value
        if kind == "schema" and isinstance(value, bool) and (self.version == "3.1" or _is_additional(node)):
            return
        if not isinstance(value, dict):
            yield node, f"{_called(node)} is no mapping"
            return
        if "$ref" in value and (kind in _REFERABLE or kind == "item"):
            if not isinstance(value["$ref"], str):
                yield node.child("$ref"), "`$ref` is no text"
            return
        if kind in _OPEN:
            below += [(_OPEN[kind], each) for name, each in node.children() if not name.startswith("x-")]
            return
        if kind == "requirement":
            for name, each in node.children():
                if not isinstance(each.value, list) or not all(isinstance(scope, str) for scope in each.value):
                    yield each, f"the security requirement {name} is no list of scopes"
            return
        yield from self._fields(kind, node, below)
        if judge := _SPECIAL.get(kind):
            yield from judge(node, self.version)

    def _fields(self, kind: str, node: Node, below: list[tuple[str, Node]]) -> Iterator[tuple[Node, str]]:
        fields = self.table[kind]
        for name in self.required[kind]:
            if name not in node.value:
                yield node, f"{_called(node)} has no `{name}`"
        for name, value in node.value.items():
            field = fields.get(name)
            if field is None:
                if not name.startswith("x-") and not (kind == "schema" and self.version == "3.1") and kind != "item":
                    what = f"{_called(node)} has a field {name[:60]}, which OpenAPI {self.version} does not know"
                    yield node.child(name), what
            elif field.many or field.kind not in _WORDS:
                if field.many or field.kind != "*":
                    yield from self._field(node.child(name), name, field, below)
            elif _is_wrong(value, field.kind):
                yield node.child(name), f"`{name}` is not {_WORDS[field.kind][1]}"

    def _field(self, each: Node, name: str, field: _Field, below: list[tuple[str, Node]]) -> Iterator[tuple[Node, str]]:
        values = [each]
        if field.many == "[]":
            if not isinstance(each.value, list):
                yield each, f"`{name}` is no list"
                return
            values = each.items()
        elif field.many == "{}":
            if not isinstance(each.value, dict):
                yield each, f"`{name}` is no mapping"
                return
            values = [one for _, one in each.children()]
        if field.kind == "*":
            return
        if field.kind not in _WORDS:
            below += [(field.kind, one) for one in values]
            return
        for one in values:
            if _is_wrong(one.value, field.kind):
                yield one, f"`{name}` holds what is not {_WORDS[field.kind][1]}"


def _is_wrong(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind != "b"
    # a whole number that is written 1.0 is one in JSON Schema
    return not (isinstance(value, _WORDS[kind][0]) or (kind == "i" and isinstance(value, float) and value.is_integer()))


_SAID_ELSEWHERE = frozenset({("info", "title"), ("info", "version"), ("openapi", "info"), ("openapi", "paths"),
    ("operation", "responses")})  # fmt: skip
"""Missing fields that A002 names in other words."""


def _parameter(node: Node, version: str) -> Iterator[tuple[Node, str]]:
    place, style = node.get("in"), node.get("style")
    if isinstance(style, str) and isinstance(place, str) and style not in _STYLES.get(place, {style}):
        yield node.child("style"), f"the style {style} is none of a parameter in {place}"
    yield from _header(node, version)


def _header(node: Node, _version: str) -> Iterator[tuple[Node, str]]:
    if ("schema" in node.value) is ("content" in node.value):
        yield (
            node,
            f"{_called(node)} has {'both schema and' if 'schema' in node.value else 'neither schema nor'} content",
        )


def _scheme(node: Node, _version: str) -> Iterator[tuple[Node, str]]:
    type_ = node.get("type")
    if isinstance(type_, str) and type_ not in _SCHEMES:
        yield node.child("type"), f"{type_} is no type of security scheme"
    for name in _SCHEMES.get(str(type_), ()):
        if name not in node.value:
            yield node, f"{_called(node)} has no `{name}`"


def _flows(node: Node, _version: str) -> Iterator[tuple[Node, str]]:
    for name, each in node.children():
        for needed in _FLOWS.get(name, ()) if isinstance(each.value, dict) else ():
            if needed not in each.value:
                yield each, f"the flow {name} has no `{needed}`"


def _schema(node: Node, version: str) -> Iterator[tuple[Node, str]]:
    if "type" in node.value and not isinstance(node.get("type"), str | list):
        yield node.child("type"), "`type` is no text"
    required = node.get("required")
    if isinstance(required, list) and not all(isinstance(each, str) for each in required):
        yield node.child("required"), "`required` holds what is not a text"
    if required == [] and version == "3.0":
        yield node.child("required"), "`required` is empty, which OpenAPI 3.0 does not allow: leave it out"


_SPECIAL = {"parameter": _parameter, "header": _header, "scheme": _scheme, "flows": _flows, "schema": _schema}
"""What depends on more than one field."""


def _is_additional(node: Node) -> bool:
    return node.pointer.endswith("/additionalProperties")


def _called(node: Node) -> str:
    """How a message names an object: the end of its pointer."""
    if not node.pointer:
        return "the description"
    parts = [part.replace("~1", "/").replace("~0", "~") for part in node.pointer.split("/")]
    value: Any = node.value
    name = value.get("name") if isinstance(value, dict) else None
    said = f" {name}" if isinstance(name, str) and parts[-1].isdigit() else ""
    return f"`{'.'.join(parts[-2:])}`{said}"
