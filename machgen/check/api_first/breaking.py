"""A016's engine: which changes of an OpenAPI description break whoever relies on the old one.

What a change of a schema breaks is in `schema_changes`.
"""

from collections.abc import Iterable, Iterator

from machgen.check.api_first.operations import Api, Body, Operation, Parameter, Response, template
from machgen.check.api_first.references import Node, escaped
from machgen.check.api_first.schema_changes import Change, SchemaComparison, Side, at_key, changed, gone


def breaking_changes(before: Api, after: Api) -> tuple[Change, ...]:
    """Return what breaks, in the order of the old description; each thing once, where it was first met.

    Args:
        before: The description that consumers rely on.
        after: The one that replaces it.
    """
    return distinct(_Comparison(before, after).changes())


def distinct(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return each change once, where it was first met."""
    found: dict[tuple[str, str, str], Change] = {}
    for each in changes:
        found.setdefault((each.path, each.pointer, each.message.partition(" (")[0]), each)
    return tuple(found.values())


class _Comparison(SchemaComparison):
    def __init__(self, before: Api, after: Api) -> None:
        super().__init__()
        self.before, self.after = before, after

    def changes(self) -> Iterator[Change]:
        full = len(self.before.prefixes) == len(self.after.prefixes) == 1
        shared = self.before.prefixes & self.after.prefixes
        old = {self._key(self.before, each, full=full and not shared): each for each in self.before.operations}
        new = {self._key(self.after, each, full=full and not shared): each for each in self.after.operations}
        paths = {path for path, _ in new}
        for key, operation in old.items():
            if key in new:
                yield from self.operation(operation, new[key])
            else:
                what = "operation" if key[0] in paths else "path"
                yield gone(operation.node, f"the {what} of {operation.name} is gone")
        yield from self._sent("webhook", self.before.webhooks, self.after.webhooks)
        after = self.after.callbacks()
        for (of, name), sent in self.before.callbacks().items():
            if of in {each.name for each in self.after.operations}:
                yield from self._sent(f"callback {name} of {of}", sent, after.get((of, name), ()))

    def _sent(self, what: str, before: tuple[Operation, ...], after: tuple[Operation, ...]) -> Iterator[Change]:
        """What the service itself sends, webhooks and callbacks: judged as responses are."""
        now = {(each.path, each.method): each for each in after}
        for operation in before:
            other = now.get((operation.path, operation.method))
            title = f"{what} {operation.path}"
            if other is None:
                yield gone(operation.node, f"the {title} is gone")
            elif operation.body and other.body:
                side = Side(self.after, self.before, request=False, where=title)
                yield from self._bodies(operation.body, other.body, side)

    def _key(self, api: Api, operation: Operation, *, full: bool) -> tuple[str, str]:
        prefix = next(iter(api.prefixes)) if full else ""
        return template(prefix + operation.path), operation.method

    def operation(self, old: Operation, new: Operation) -> Iterator[Change]:
        yield from self._parameters(old, new)
        yield from self._request(old, new)
        yield from self._responses(old, new)
        yield from self._security(old, new)
        yield from self._servers(old, new)

    def _servers(self, old: Operation, new: Operation) -> Iterator[Change]:
        """An operation may name servers of its own, which take the place of the document's."""
        before, after = self.before.prefixes_in(old.node), self.after.prefixes_in(new.node)
        if before or after:
            gone = sorted((before or self.before.prefixes) - (after or self.after.prefixes))
            if gone:
                node = new.node.child("servers") if after else new.node
                yield changed(node, f"{new.name} is no longer served below {gone[0] or '/'}")

    def _parameters(self, old: Operation, new: Operation) -> Iterator[Change]:
        before, after = _by_position(old), _by_position(new)
        for key, parameter in before.items():
            now = after.get(key)
            title = f"the {parameter.where} parameter {parameter.name} of {new.name}"
            if now is None:
                if parameter.where != "path":
                    yield gone(parameter.node, f"{title} is gone")
                continue
            if now.required and not parameter.required:
                yield changed(at_key(now.node, "required"), f"{title} is now required")
            yield from self._serialised(parameter, now, title)
            side = Side(self.before, self.after, request=True, where=title)
            yield from self.schemas((parameter.schema,), (now.schema,), side)
        for key, parameter in after.items():
            if key not in before and parameter.required and parameter.where != "path":
                title = f"the {parameter.where} parameter {parameter.name} of {new.name}"
                yield changed(parameter.node, f"{title} is new and required")

    def _serialised(self, old: Parameter, new: Parameter, title: str) -> Iterator[Change]:
        default = {"query": "form", "cookie": "form"}.get(old.where, "simple")
        styles = [each.node.get("style") or default for each in (old, new)]
        if styles[0] != styles[1]:
            yield changed(new.node, f"{title} is written in style {styles[1]} instead of {styles[0]}")
        explodes = [
            each.node.get("explode") if isinstance(each.node.get("explode"), bool) else style == "form"
            for each, style in zip((old, new), styles, strict=True)
        ]
        if self.before.swagger or self.after.swagger:
            explodes = [each.node.get("collectionFormat") or "csv" for each in (old, new)]
            explodes = explodes if self.before.swagger and self.after.swagger else [None, None]
        kinds = [(each.schema.get("type")) for each in (old, new)]
        if (
            explodes[0] != explodes[1]
            and styles[0] == styles[1]
            and any(kind in ("array", "object") or isinstance(kind, list) for kind in kinds)
        ):
            yield changed(new.node, f"{title} joins its values in another way")

    def _request(self, old: Operation, new: Operation) -> Iterator[Change]:
        if old.body is None:
            if new.body is not None and new.body.required:
                yield changed(new.body.node, f"{new.name} now requires a request body")
            return
        if new.body is None:
            yield gone(old.body.node, f"{new.name} takes no request body any more")
            return
        if new.body.required and not old.body.required:
            yield changed(at_key(new.body.node, "required"), f"the request body of {new.name} is now required")
        side = Side(self.before, self.after, request=True, where=f"request of {new.name}")
        yield from self._bodies(old.body, new.body, side)

    def _bodies(self, old: Body, new: Body, side: Side) -> Iterator[Change]:
        for media, schema in old.content.items():
            others = _taking(new.content, media) if side.request else _giving(new.content, media)
            if not others:
                yield gone(old.node, f"the media type {media} is gone ({side.where})", f"/content/{escaped(media)}")
            for other in others:
                if isinstance(schema.value, dict) or isinstance(other.value, dict):
                    narrow, wide = (schema, other) if side.request else (other, schema)
                    yield from self.schemas((narrow,), (wide,), side)

    def _responses(self, old: Operation, new: Operation) -> Iterator[Change]:
        for status, response in old.responses.items():
            now = new.responses.get(status) or new.responses.get(f"{status[0]}XX")
            side = Side(self.after, self.before, request=False, where=f"{status} of {new.name}")
            if now is None:
                if not response.is_error:
                    yield gone(response.node, f"the response {status} of {new.name} is gone")
                continue
            yield from self._bodies(response.body, now.body, side)
            yield from self._headers(response, now, side)

    def _headers(self, old: Response, new: Response, side: Side) -> Iterator[Change]:
        for name, header in old.headers.items():
            now = new.headers.get(name)
            if now is None:
                yield gone(header, f"the response header {name} is gone ({side.where})")
                continue
            if header.get("required") is True and now.get("required") is not True:
                yield changed(now, f"the response header {name} is not always there any more ({side.where})")
            yield from self.schemas((self.after.header_schema(now),), (self.before.header_schema(header),), side)

    def _security(self, old: Operation, new: Operation) -> Iterator[Change]:
        accepted = [_scheme_set(each, self.after) for each in _alternatives(new)]
        for alternative in _alternatives(old):
            given = _scheme_set(alternative, self.before)
            if not any(_satisfies(given, each) for each in accepted):
                node = new.node.child("security") if new.node.get("security") is not None else new.node
                names = " and ".join(alternative) or "no credentials"
                scopes = sorted({scope for each in given.values() for scope in each})
                with_scopes = f" with {', '.join(scopes)}" if scopes else ""
                yield changed(node, f"{new.name} is no longer open to who has {names}{with_scopes}")


def _by_position(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """The parameters; those of the path by their place in it, since their names are not on the wire."""
    import re  # noqa: PLC0415 - a description that did not change is not compared

    places = {name: str(index) for index, name in enumerate(re.findall(r"\{([^{}]*)\}", operation.path))}
    return {
        (where, places.get(name, name) if where == "path" else name): each
        for (where, name), each in operation.parameters.items()
    }


def _taking(content: dict[str, Node], media: str) -> list[Node]:
    """What is made of a body of a media type that is sent: by the most exact name or range."""
    names = (media, media.partition("/")[0] + "/*", "*/*")
    return [content[name] for name in names if name in content][:1]


def _giving(content: dict[str, Node], media: str) -> list[Node]:
    """What may be returned to who was told this media type or range; a wider range than that would be a surprise."""
    if media in content:
        return [content[media]]
    start = media.removesuffix("*").removesuffix("*/")
    return [node for name, node in content.items() if media.endswith("*") and name.startswith(start)]


def _alternatives(operation: Operation) -> list[dict[str, list[str]]]:
    return operation.security or [{}]


def _scheme_set(alternative: dict[str, list[str]], api: Api) -> dict[tuple[str, ...], frozenset[str]]:
    schemes = api.schemes()
    found = {}
    for name, scopes in alternative.items():
        node = schemes.get(name)
        key = _scheme_key(node) if node else ("undeclared", name)
        found[key] = (
            frozenset(scope for scope in scopes if isinstance(scope, str)) if isinstance(scopes, list) else frozenset()
        )
    return found


def _scheme_key(node: Node) -> tuple[str, ...]:
    kind = str(node.get("type"))
    if kind == "apiKey":
        return kind, str(node.get("in")), str(node.get("name")).lower()
    if kind in {"http", "basic"}:
        return "http", str(node.get("scheme") or "basic").lower()
    if kind == "openIdConnect":
        return kind, str(node.get("openIdConnectUrl"))
    return (kind,)


def _satisfies(given: dict[tuple[str, ...], frozenset[str]], asked: dict[tuple[str, ...], frozenset[str]]) -> bool:
    return all(scheme in given and scopes <= given[scheme] for scheme, scopes in asked.items())
