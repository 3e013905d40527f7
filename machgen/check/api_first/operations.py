"""What an OpenAPI description offers: its operations, in one form for Swagger 2.0, OpenAPI 3.0 and 3.1.

Sources: OpenAPI 2.0, 3.0.3 and 3.1.0. Swagger's `body` and `formData` parameters become request bodies, its
`produces` and `consumes` become media types.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from machgen.check.api_first.references import Load, Node, References
from machgen.check.api_first.shapes import Shapes
from machgen.check.api_first.walking import SchemaIndex

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The fixed fields of a path item that are operations."""

_NO_PARAMETER = frozenset({"accept", "content-type", "authorization"})


class Parameter(NamedTuple):
    """One parameter of an operation, references followed.

    Args:
        name: As written; header names compare letters folded.
        where: `query`, `path`, `header` or `cookie`.
        node: The parameter object.
        schema: Its schema; in Swagger 2.0 the parameter itself.
        required: Whether it must be given.
    """

    name: str
    where: str
    node: Node
    schema: Node
    required: bool

    @property
    def key(self) -> tuple[str, str]:
        """What makes it this parameter."""
        return self.where, self.name.lower() if self.where == "header" else self.name


class Body(NamedTuple):
    """What a request or response carries.

    Args:
        node: Where it is described.
        content: Media type, lower case and without parameters → schema; its value is None where there is none.
        required: For a request: whether it must be sent.
        media: Media type → the media type object (3.x only).
    """

    node: Node
    content: dict[str, Node]
    required: bool = False
    media: Mapping[str, Node] = MappingProxyType({})


class Response(NamedTuple):
    """One response of an operation.

    Args:
        status: `200`, `4XX` or `default`.
        node: The response object, references followed.
        body: What it carries.
        headers: Name in lower case → header object, references followed.
    """

    status: str
    node: Node
    body: Body
    headers: dict[str, Node]

    @property
    def is_error(self) -> bool:
        """Whether it says that something went wrong; `default` counts as that."""
        return self.status[0] in "45d"


class Operation(NamedTuple):
    """One method on one path.

    Args:
        path: The template, as written.
        method: Lower case.
        node: The operation object.
        parameters: Those of the path item included, by place and name.
        body: What the request carries; None where nothing.
        responses: By status.
        security: Alternatives, each scheme → scopes; None where neither the operation nor the document says anything.
        inherits: Whether `security` is the document's.
    """

    path: str
    method: str
    node: Node
    parameters: dict[tuple[str, str], Parameter]
    body: Body | None
    responses: dict[str, Response]
    security: list[dict[str, list[str]]] | None
    inherits: bool

    @property
    def name(self) -> str:
        """What messages call it: `GET /notes`."""
        return f"{self.method.upper()} {self.path}"


class Api:
    """One OpenAPI description.

    Args:
        path: The file.
        document: What it says, parsed.
        load: Reads other files that it refers to.
    """

    def __init__(self, path: str, document: Any, load: Load) -> None:
        self.root = Node(path, "", document)
        self.references = References(lambda other: document if other == path else load(other))
        self.version = str(self.root.get("openapi") or self.root.get("swagger") or "")
        self.swagger = self.version.startswith("2")
        self.shapes = Shapes(self.references, self.version)
        self._shared: dict[tuple[str, int], Response] = {}
        self.operations = tuple(self._operations("paths"))
        self.webhooks = tuple(self._operations("webhooks"))
        self.schemas = SchemaIndex(self)

    @property
    def prefixes(self) -> frozenset[str]:
        """The paths that the servers put before the operations' paths, variables as they are written."""
        if self.swagger:
            return frozenset({str(self.root.get("basePath") or "").rstrip("/")})
        return self.prefixes_in(self.root) or frozenset({""})

    def prefixes_in(self, node: Node) -> frozenset[str]:
        """The paths that the servers named at a node itself put before paths; none where it names no servers."""
        urls = [str(each.get("url") or "") for each in node.child("servers").items()]
        return frozenset(re.sub(r"\A(?:[a-z]+:)?//[^/]*", "", url).rstrip("/") for url in urls)

    def callbacks(self) -> "dict[tuple[str, str], tuple[Operation, ...]]":
        """Return what the service calls back, by the operation's and the callback's name."""
        found: dict[tuple[str, str], tuple[Operation, ...]] = {}
        for operation in self.operations:
            for name, written in operation.node.child("callbacks").children():
                sent = [
                    self._operation(expression, method, item.child(method), [])
                    for expression, item in self.references.resolved(written).children()
                    for method in METHODS
                    if isinstance(item.get(method), dict)
                ]
                found[operation.name, name] = tuple(sent)
        return found

    def schemes(self) -> dict[str, Node]:
        """Return the security schemes, by name."""
        holder = self.root if self.swagger else self.root.child("components")
        named = holder.child("securityDefinitions" if self.swagger else "securitySchemes")
        return {name: self.references.resolved(each) for name, each in named.children()}

    def _operations(self, key: str) -> list[Operation]:
        found = []
        for path, written in self.root.child(key).children():
            item = self.references.resolved(written)
            shared = self._parameters(item.child("parameters"))
            found += [
                self._operation(path, method, item.child(method), shared)
                for method in METHODS
                if isinstance(item.get(method), dict)
            ]
        return found

    def _operation(self, path: str, method: str, node: Node, shared: list[Node]) -> Operation:
        given: dict[tuple[str, str], Parameter] = {}
        form: list[Node] = []
        body: Body | None = None
        for each in [*shared, *self._parameters(node.child("parameters"))]:
            where, name = each.get("in"), each.get("name")
            if where == "body":
                body = self._swagger_body(node, each)
            elif where == "formData":
                form.append(each)
            elif isinstance(where, str) and isinstance(name, str):
                parameter = Parameter(name, where, each, self._schema_of(each), each.get("required") is True)
                if where != "header" or name.lower() not in _NO_PARAMETER:
                    given[parameter.key] = parameter
        if form and body is None:
            body = self._swagger_form(node, form)
        if "requestBody" in (node.value or {}):
            written = self.references.resolved(node.child("requestBody"))
            body = self._body(written, required=written.get("required") is True)
        responses = {str(status): self._response(str(status), each, node) for status, each in self._statuses(node)}
        own = node.get("security")
        security = own if isinstance(own, list) else self.root.get("security")
        alternatives = [each for each in security if isinstance(each, dict)] if isinstance(security, list) else None
        return Operation(path, method, node, given, body, responses, alternatives, not isinstance(own, list))

    def _parameters(self, node: Node) -> list[Node]:
        return [self.references.resolved(each) for each in node.items()]

    def _schema_of(self, parameter: Node) -> Node:
        if self.swagger:
            return parameter
        if isinstance(parameter.get("content"), dict):
            return next((each.child("schema") for _, each in parameter.child("content").children()), parameter)
        return parameter.child("schema")

    def _body(self, node: Node, *, required: bool = False) -> Body:
        media = {_media_type(name): each for name, each in node.child("content").children()}
        return Body(node, {name: each.child("schema") for name, each in media.items()}, required, media)

    def _types(self, operation: Node, key: str) -> list[str]:
        own = operation.get(key)
        named = own if isinstance(own, list) else self.root.get(key)
        return [_media_type(str(each)) for each in named] if isinstance(named, list) and named else ["application/json"]

    def _swagger_body(self, operation: Node, parameter: Node) -> Body:
        content = dict.fromkeys(self._types(operation, "consumes"), parameter.child("schema"))
        return Body(parameter, content, parameter.get("required") is True)

    def _swagger_form(self, operation: Node, form: list[Node]) -> Body:
        properties = {str(each.get("name")): each.value for each in form}
        required = [str(each.get("name")) for each in form if each.get("required") is True]
        schema = {"type": "object", "properties": properties, "required": required}
        node = Node(operation.path, f"{operation.pointer}/parameters", schema)
        types = [each for each in self._types(operation, "consumes") if "form" in each]
        return Body(node, dict.fromkeys(types or ["application/x-www-form-urlencoded"], node), bool(required))

    def _statuses(self, node: Node) -> list[tuple[str, Node]]:
        return node.child("responses").children()

    def _response(self, status: str, written: Node, operation: Node) -> Response:
        node = self.references.resolved(written)
        if node is written or self.swagger:
            return self._described(status, node, operation)
        # most operations refer to the same few errors, and one target is one node
        key = status, id(node)
        if key not in self._shared:
            self._shared[key] = self._described(status, node, operation)
        return self._shared[key]

    def _described(self, status: str, node: Node, operation: Node) -> Response:
        body = self._body(node)
        if self.swagger and isinstance(node.get("schema"), dict):
            body = Body(node, dict.fromkeys(self._types(operation, "produces"), node.child("schema")))
        headers = {name.lower(): self.references.resolved(each) for name, each in node.child("headers").children()}
        return Response(status.upper() if status != "default" else status, node, body, headers)

    def header_schema(self, header: Node) -> Node:
        """Return the schema of a header object."""
        return self._schema_of(header)


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def template(path: str) -> str:
    """Return a path with its parameters' names left out, so that renaming one changes nothing."""
    if "://" in path:
        from urllib.parse import urlsplit  # noqa: PLC0415 - few contracts name whole addresses as paths

        path = urlsplit(path).path
    return re.sub(r"\{[^{}]*\}", "{}", path)
