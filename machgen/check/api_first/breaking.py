"""A016's engine: which changes of an OpenAPI description break whoever relies on the old one.

One question decides a schema: is everything that the one side may send still what the other side accepts? For a
request the old consumer sends and the new service accepts; for a response the new service sends and the old consumer
accepts. Beyond that, by convention: what a consumer may read or write and is no longer described is a break, and what
is added to a response is none (consumers ignore what they do not know: RFC 9110 section 2.5, Postel's law).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from machgen.check.api_first.operations import Api, Body, Operation, Parameter, Response, template
from machgen.check.api_first.references import Node, escaped
from machgen.check.api_first.shapes import OPAQUE, Case

DEEPEST = 60
"""Schemas within schemas that are compared; real contracts stay below 15."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change that breaks, or one that cannot be judged.

    Args:
        message: One sentence.
        path: The file.
        pointer: Where, as a JSON pointer (RFC 6901): in the new description, or in the old one for what is gone.
        gone: Whether the pointer is one into the old description.
        unknown: Whether it cannot be decided.
    """

    message: str
    path: str
    pointer: str
    gone: bool = False
    unknown: bool = False


def breaking_changes(before: Api, after: Api) -> tuple[Change, ...]:
    """Return what breaks, in the order of the old description; each thing once, where it was first met.

    Args:
        before: The description that consumers rely on.
        after: The one that replaces it.
    """
    comparison = _Comparison(before, after)
    distinct: dict[tuple[str, str, str], Change] = {}
    for each in comparison.changes():
        distinct.setdefault((each.path, each.pointer, each.message.partition(" (")[0]), each)
    return tuple(distinct.values())


@dataclass(eq=False)
class _Side:
    """One direction of a comparison: what `narrow` allows has to be allowed by `wide`."""

    narrow: Api
    wide: Api
    request: bool
    where: str = ""


class _Comparison:
    def __init__(self, before: Api, after: Api) -> None:
        self.before, self.after = before, after
        self.known: dict[tuple[object, ...], list[Change]] = {}
        self.depth = 0

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
                yield _gone(operation.node, f"the {what} of {operation.name} is gone")
        hooks = {(each.path, each.method): each for each in self.after.webhooks}
        for operation in self.before.webhooks:
            other = hooks.get((operation.path, operation.method))
            if other is None:
                yield _gone(operation.node, f"the webhook {operation.path} is gone")
            elif operation.body and other.body:  # the service sends it, so it is judged as a response is
                side = _Side(self.after, self.before, request=False, where=f"webhook {operation.path}")
                yield from self._bodies(operation.body, other.body, side)

    def _key(self, api: Api, operation: Operation, *, full: bool) -> tuple[str, str]:
        prefix = next(iter(api.prefixes)) if full else ""
        return template(prefix + operation.path), operation.method

    def operation(self, old: Operation, new: Operation) -> Iterator[Change]:
        yield from self._parameters(old, new)
        yield from self._request(old, new)
        yield from self._responses(old, new)
        yield from self._security(old, new)

    def _parameters(self, old: Operation, new: Operation) -> Iterator[Change]:
        before, after = _by_position(old), _by_position(new)
        for key, parameter in before.items():
            now = after.get(key)
            title = f"the {parameter.where} parameter {parameter.name} of {new.name}"
            if now is None:
                if parameter.where != "path":
                    yield _gone(parameter.node, f"{title} is gone")
                continue
            if now.required and not parameter.required:
                yield _now(_at(now.node, "required"), f"{title} is now required")
            yield from self._serialised(parameter, now, title)
            side = _Side(self.before, self.after, request=True, where=title)
            yield from self._schemas((parameter.schema,), (now.schema,), side)
        for key, parameter in after.items():
            if key not in before and parameter.required and parameter.where != "path":
                title = f"the {parameter.where} parameter {parameter.name} of {new.name}"
                yield _now(parameter.node, f"{title} is new and required")

    def _serialised(self, old: Parameter, new: Parameter, title: str) -> Iterator[Change]:
        default = {"query": "form", "cookie": "form"}.get(old.where, "simple")
        styles = [each.node.get("style") or default for each in (old, new)]
        if styles[0] != styles[1]:
            yield _now(new.node, f"{title} is written in style {styles[1]} instead of {styles[0]}")
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
            yield _now(new.node, f"{title} joins its values in another way")

    def _request(self, old: Operation, new: Operation) -> Iterator[Change]:
        if old.body is None:
            if new.body is not None and new.body.required:
                yield _now(new.body.node, f"{new.name} now requires a request body")
            return
        if new.body is None:
            yield _gone(old.body.node, f"{new.name} takes no request body any more")
            return
        if new.body.required and not old.body.required:
            yield _now(_at(new.body.node, "required"), f"the request body of {new.name} is now required")
        side = _Side(self.before, self.after, request=True, where=f"request of {new.name}")
        yield from self._bodies(old.body, new.body, side)

    def _bodies(self, old: Body, new: Body, side: _Side) -> Iterator[Change]:
        for media, schema in old.content.items():
            other = _content(new.content, media)
            if other is None:
                yield _gone(old.node, f"the media type {media} is gone ({side.where})", f"/content/{escaped(media)}")
            elif isinstance(schema.value, dict) or isinstance(other.value, dict):
                narrow, wide = (schema, other) if side.request else (other, schema)
                yield from self._schemas((narrow,), (wide,), side)

    def _responses(self, old: Operation, new: Operation) -> Iterator[Change]:
        for status, response in old.responses.items():
            now = new.responses.get(status) or new.responses.get(f"{status[0]}XX")
            side = _Side(self.after, self.before, request=False, where=f"{status} of {new.name}")
            if now is None:
                if not response.is_error:
                    yield _gone(response.node, f"the response {status} of {new.name} is gone")
                continue
            yield from self._bodies(response.body, now.body, side)
            yield from self._headers(response, now, side)

    def _headers(self, old: Response, new: Response, side: _Side) -> Iterator[Change]:
        for name, header in old.headers.items():
            now = new.headers.get(name)
            if now is None:
                yield _gone(header, f"the response header {name} is gone ({side.where})")
                continue
            if header.get("required") is True and now.get("required") is not True:
                yield _now(now, f"the response header {name} is not always there any more ({side.where})")
            yield from self._schemas((self.after.header_schema(now),), (self.before.header_schema(header),), side)

    def _security(self, old: Operation, new: Operation) -> Iterator[Change]:
        accepted = [_scheme_set(each, self.after) for each in _alternatives(new)]
        for alternative in _alternatives(old):
            given = _scheme_set(alternative, self.before)
            if not any(_satisfies(given, each) for each in accepted):
                node = new.node.child("security") if new.node.get("security") is not None else new.node
                names = " and ".join(alternative) or "no credentials"
                scopes = sorted({scope for each in given.values() for scope in each})
                with_scopes = f" with {', '.join(scopes)}" if scopes else ""
                yield _now(node, f"{new.name} is no longer open to who has {names}{with_scopes}")

    # schemas

    def _schemas(self, narrow: tuple[Node, ...], wide: tuple[Node, ...], side: _Side) -> Iterator[Change]:
        """Everything that fulfils `narrow` and not `wide`."""
        key = (side.request, *(id(each.value) for each in narrow), None, *(id(each.value) for each in wide))
        if key not in self.known:
            self.known[key] = []  # a schema that holds itself: what is being compared counts as fitting
            self.depth += 1
            if self.depth > DEEPEST:
                self.known[key] = [_now((wide if side.request else narrow)[0], "nested too deeply", unknown=True)]
            else:
                self.known[key] = list(self._compared(narrow, wide, side))
            self.depth -= 1
        yield from self.known[key]

    def _compared(self, narrow: tuple[Node, ...], wide: tuple[Node, ...], side: _Side) -> Iterator[Change]:
        gives, takes = side.narrow.shapes.cases(narrow), side.wide.shapes.cases(wide)
        new = (wide if side.request else narrow)[0]
        if gives is None or takes is None:
            if [each.value for each in narrow] != [each.value for each in wide]:
                yield _now(new, f"a schema too intricate to compare ({side.where})", unknown=True)
            return
        for case in gives:
            best: list[Change] | None = None
            same = [other for other in takes if _kind_fits(case.type, other.type)]
            for other in sorted(same, key=lambda each: _likeness(case, each), reverse=True):
                found = list(self._case(case, other, side))
                if best is None or _weight(found) < _weight(best):
                    best = found
                if not best:
                    break
            if best is None:
                verb = "is no longer accepted" if side.request else "may now be returned"
                yield _now(new if side.request else case.node, f"{_kind(case)} {verb} ({side.where})")
            else:
                yield from best

    def _case(self, case: Case, other: Case, side: _Side) -> Iterator[Change]:
        new = (other if side.request else case).node
        verb = "is no longer accepted" if side.request else "may now be returned"
        yield from self._enum(case, other, new, side)
        if case.enum is None:
            yield from self._bounds(case, other, new, side)
            yield from self._formats(case, other, new, side)
        for word in OPAQUE | {"$ref"}:
            if word in other.words and other.words[word] != case.words.get(word):
                yield _now(new, f"`{word}` changed, which cannot be compared ({side.where})", unknown=True)
        if other.words.get("uniqueItems") and not case.words.get("uniqueItems"):
            yield _now(new, f"a list with equal items {verb} ({side.where})")
        if case.type in {"object", ""} and other.type in {"object", ""}:
            yield from self._objects(case, other, new, side)
        if other.items:
            if case.items:
                yield from self._schemas(case.items, other.items, side)
            elif case.type == "array":
                yield _now(new, f"a list of anything {verb} ({side.where})")

    def _enum(self, case: Case, other: Case, new: Node, side: _Side) -> Iterator[Change]:
        if other.enum is None:
            return
        if case.enum is None:
            verb = "are accepted" if side.request else "were returned"
            yield _now(new, f"only {_listed(other.enum)} {verb} ({side.where})")
            return
        missing = [each for each in case.enum if not any(type(each) is type(one) and each == one for one in other.enum)]
        if missing:
            verb = "is no longer accepted" if side.request else "may now be returned"
            yield _now(_at(new, "enum"), f"{_listed(tuple(missing))} {verb} ({side.where})")

    def _bounds(self, case: Case, other: Case, new: Node, side: _Side) -> Iterator[Change]:
        for bounds, mine, word in ((other.lower, case.lower, "least"), (other.upper, case.upper, "most")):
            for what, (limit, strict) in bounds.items():
                have = mine.get(what)
                sign = 1 if word == "least" else -1
                inside = have is not None and (
                    sign * have[0] > sign * limit or (have[0] == limit and (have[1] or not strict))
                )
                if not inside and not _implied(case, what, word, limit):
                    yield _now(new, _bound_message(what, word, limit, have, side))

    def _formats(self, case: Case, other: Case, new: Node, side: _Side) -> Iterator[Change]:
        wider = {("int32", "int64"), ("float", "double"), ("int32", "double"), ("int32", "float")}
        if other.format and case.format != other.format and (case.format, other.format) not in wider:
            if {case.type, other.type} == {"integer", "number"} and not other.format.startswith("int"):
                return
            old, now = (case, other) if side.request else (other, case)
            yield _now(new, f"the format is {now.format or 'free'} instead of {old.format or 'free'} ({side.where})")
        pattern, mine = other.words.get("pattern"), case.words.get("pattern")
        if pattern is not None and pattern != mine:
            if mine is None:
                word = "is now required" if side.request else "is no longer kept"
                yield _now(new, f"the pattern {pattern} {word} ({side.where})")
            else:
                yield _now(new, f"the pattern changed, which cannot be compared ({side.where})", unknown=True)
        step, own = other.words.get("multipleOf"), case.words.get("multipleOf")
        whole = case.type == "integer" and step == 1
        if isinstance(step, int | float) and step and not whole and (not isinstance(own, int | float) or own % step):
            yield _now(new, f"other numbers than multiples of {step} {_verb(side)} ({side.where})")

    def _objects(self, case: Case, other: Case, new: Node, side: _Side) -> Iterator[Change]:
        skipped = "readOnly" if side.request else "writeOnly"
        mine, theirs = _visible(case, skipped, side.narrow), _visible(other, skipped, side.wide)
        for name in sorted(other.required - case.required):
            if name in theirs or name not in other.properties:
                if name not in mine and name in theirs and side.request:
                    yield _now(theirs[name][0], f"the property {name} is new and required ({side.where})")
                elif name in mine or side.request:
                    word = "is now required" if side.request else "is not always there any more"
                    yield _now(_at(new, "required"), f"the property {name} {word} ({side.where})")
        old, now = (mine, theirs) if side.request else (theirs, mine)
        wide_open = (other if side.request else case).additional
        for name, nodes in old.items():
            if name in now:
                pair = (nodes, now[name]) if side.request else (now[name], nodes)
                yield from self._schemas(pair[0], pair[1], side)
            elif wide_open:
                pair = (nodes, wide_open) if side.request else (wide_open, nodes)
                yield from self._schemas(pair[0], pair[1], side)
            else:
                yield _gone(nodes[0], f"the property {name} is gone ({side.where})")
        if side.request and other.closed and not case.closed:
            yield _now(new, f"properties that are not described are no longer accepted ({side.where})")
        elif other.additional and case.additional:
            yield from self._schemas(case.additional, other.additional, side)
        elif other.additional and not case.closed:
            what = "are now bound to a schema" if side.request else "may be anything"
            yield _now(new, f"values of other properties {what} ({side.where})")
        elif other.additional and not side.request:
            yield _now(new, f"there are no other properties any more ({side.where})")


def _weight(found: list[Change]) -> tuple[bool, int]:
    return any(not each.unknown for each in found), len(found)


def _likeness(case: Case, other: Case) -> tuple[bool, int]:
    same = case.node.pointer.rpartition("/")[2] == other.node.pointer.rpartition("/")[2]
    return same, len(case.properties.keys() & other.properties.keys())


def _kind_fits(narrow: str, wide: str) -> bool:
    return not wide or narrow == wide or (narrow == "integer" and wide == "number")


def _kind(case: Case) -> str:
    if case.enum and case.type not in {"boolean", "null"}:
        return _listed(case.enum)
    words = {"": "any value", "null": "null", "object": "an object", "array": "a list", "integer": "an integer"}
    return words.get(case.type, f"a {case.type}")


def _listed(values: tuple[Any, ...]) -> str:
    import json  # noqa: PLC0415 - only a change needs it

    texts = [json.dumps(each, default=str) for each in values[:5]]
    return ", ".join(texts) + (f" and {len(values) - 5} more" if len(values) > 5 else "")


def _verb(side: _Side) -> str:
    return "are no longer accepted" if side.request else "may now be returned"


def _bound_message(what: str, word: str, limit: float, have: tuple[float, bool] | None, side: _Side) -> str:
    unit = {"length": "characters", "items": "items", "properties": "properties", "value": ""}[what]
    now = limit if side.request else have[0] if have else None
    was = (have[0] if have else None) if side.request else limit
    shown = [f"{each:g}" if each is not None else "unbounded" for each in (now, was)]
    kind = {"least": "lower", "most": "upper"}[word]
    return f"the {kind} bound{' of ' + unit if unit else ''} is {shown[0]} instead of {shown[1]} ({side.where})"


def _implied(case: Case, what: str, word: str, limit: float) -> bool:
    """Whether a format bounds what no keyword does."""
    if what == "value" and case.format in {"int32", "int64"}:
        power = 2.0 ** (31 if case.format == "int32" else 63)
        return limit <= -power if word == "least" else limit >= power - 1
    return False


def _visible(case: Case, skipped: str, api: Api) -> dict[str, tuple[Node, ...]]:
    return {
        name: nodes
        for name, nodes in case.properties.items()
        if not any(each.get(skipped) is True or api.references.resolved(each).get(skipped) is True for each in nodes)
    }


def _by_position(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """The parameters; those of the path by their place in it, since their names are not on the wire."""
    import re  # noqa: PLC0415 - a description that did not change is not compared

    places = {name: str(index) for index, name in enumerate(re.findall(r"\{([^{}]*)\}", operation.path))}
    return {
        (where, places.get(name, name) if where == "path" else name): each
        for (where, name), each in operation.parameters.items()
    }


def _content(content: dict[str, Node], media: str) -> Node | None:
    for name in (media, media.partition("/")[0] + "/*", "*/*"):
        if name in content:
            return content[name]
    return None


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


def _gone(node: Node, message: str, below: str = "") -> Change:
    return Change(message, node.path, node.pointer + below, gone=True)


def _now(node: Node, message: str, *, unknown: bool = False) -> Change:
    return Change(message, node.path, node.pointer, unknown=unknown)


def _at(node: Node, key: str) -> Node:
    """What stands under a key, or the node where the key is not there: a pointer names something."""
    return node.child(key) if isinstance(node.value, dict) and key in node.value else node
