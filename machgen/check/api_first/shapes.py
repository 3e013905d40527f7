"""What a JSON Schema of a contract allows, as a union of plain cases that can be compared.

`allOf` is merged, `anyOf`, `oneOf`, lists of types and `nullable` become cases, 3.0's and 3.1's spellings of one
thing become the same. Sources: JSON Schema 2020-12 (validation), OpenAPI 3.0.3 and 3.1.0, section Schema Object.
"""

import itertools
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from machgen.check.api_first.references import Node, References
from machgen.check.document import table

MOST = 64
"""Cases of one schema; above, it is opaque."""

MOST_PARTS = 2_000
"""Schemas that one schema is put together from; above, it is opaque."""

OPAQUE = frozenset({"$dynamicRef", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords whose meaning is not compared: a change of one is said to be unknown. `unevaluated…` is one where it depends
on the value which properties or items are evaluated; elsewhere it says what `additionalProperties` and `items` say."""

CONDITIONAL = frozenset({"if", "dependentSchemas", "contains", "not"})
"""Keywords that make more of a schema depend on the value, or ask something of some items."""

_LOWER = {"minLength": "length", "minItems": "items", "minProperties": "properties"}
_UPPER = {"maxLength": "length", "maxItems": "items", "maxProperties": "properties"}
_IMPLIED = (
    (
        "object",
        {
            "properties",
            "required",
            "additionalProperties",
            "minProperties",
            "maxProperties",
            "patternProperties",
            "propertyNames",
            "dependentRequired",
            "dependentSchemas",
        },
    ),
    ("array", {"items", "minItems", "maxItems", "uniqueItems", "prefixItems", "contains"}),
    ("string", {"minLength", "maxLength", "pattern"}),
    ("number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}),
)


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Case(NamedTuple):
    """One way to be valid.

    Args:
        node: Where it is written.
        type: A JSON type, `integer`, or empty for any.
        enum: The values allowed; None for all.
        lower: What is bounded → the bound and whether it is itself excluded.
        upper: Likewise.
        words: Keywords compared as they are: `pattern`, `multipleOf`, `default`, `uniqueItems`, and the opaque ones.
        format: Empty where none.
        required: Names of properties that must be there.
        properties: Name → what it must fulfil, all of it.
        additional: What other properties must fulfil; None where nothing is said, empty where they are forbidden.
        items: What items must fulfil, those of `prefix` left out.
        prefix: What the first items must fulfil, each by its place.
        patterns: Expression → what properties must fulfil whose names it matches.
        names: What the names of properties must fulfil.
        dependent: Name → names of properties that must be there where it is.
        conditions: The schemas that have a keyword of `CONDITIONAL`.
    """

    node: Node
    type: str = ""
    enum: tuple[Any, ...] | None = None
    lower: Mapping[str, tuple[float, bool]] = _NOTHING
    upper: Mapping[str, tuple[float, bool]] = _NOTHING
    words: Mapping[str, Any] = _NOTHING
    format: str = ""
    required: frozenset[str] = frozenset()
    properties: Mapping[str, tuple[Node, ...]] = _NOTHING
    additional: tuple[Node, ...] | None = None
    closed: bool = False
    items: tuple[Node, ...] = ()
    prefix: tuple[tuple[Node, ...], ...] = ()
    patterns: Mapping[str, tuple[Node, ...]] = _NOTHING
    names: tuple[Node, ...] = ()
    dependent: Mapping[str, frozenset[str]] = _NOTHING
    conditions: tuple[Node, ...] = ()


class Shapes:
    """Reads schemas of one contract.

    Args:
        references: Follows its references.
        version: The specification's version, which decides what stands beside a `$ref` and what `nullable` means.
    """

    def __init__(self, references: References, version: str) -> None:
        self.references = references
        self.old = version.startswith(("2.", "3.0"))
        self._parts = 0
        self._known: dict[tuple[tuple[int, str], ...], tuple[Case, ...] | None] = {}

    def cases(self, nodes: Iterable[Node]) -> tuple[Case, ...] | None:
        """Return the ways to fulfil all of `nodes`; None where there are too many to compare, or loops.

        No case at all means that nothing is allowed.
        """
        asked = tuple(nodes)
        key = tuple((id(node.value), node.pointer) for node in asked)
        if key not in self._known:
            self._parts = 0
            try:
                self._known[key] = self._all([self._expand(node, 0) for node in asked])
            except _TooMany:
                self._known[key] = None
        return self._known[key]

    def _all(self, parts: "list[tuple[Case, ...]]") -> tuple[Case, ...]:
        found: tuple[Case, ...] = parts[0] if parts else ()
        for more in parts[1:]:
            if len(found) * len(more) > MOST:
                raise _TooMany
            merged = (_merged(a, b) for a, b in itertools.product(found, more))
            found = tuple(case for case in merged if case is not None)
        return found

    def _expand(self, node: Node, depth: int) -> tuple[Case, ...]:
        self._parts += 1
        if depth > 20 or self._parts > MOST_PARTS:
            raise _TooMany
        if node.value is False:
            return ()
        if not isinstance(node.value, dict):
            return (Case(node),)
        parts: list[tuple[Case, ...]] = []
        if "$ref" in node.value:
            target = self.references.target(node)
            if target is None:
                return (Case(node, words={"$ref": node.value["$ref"]}),)
            if self.old or len(node.value) == 1:
                return self._expand(target, depth + 1)
            parts.append(self._expand(target, depth + 1))
        parts.append(self._own(node))
        parts += [self._expand(each, depth + 1) for each in node.child("allOf").items()]
        for key in ("anyOf", "oneOf"):
            branches = node.child(key).items()
            if branches:
                union = [case for each in branches for case in self._expand(each, depth + 1)]
                if len(union) > MOST:
                    raise _TooMany
                parts.append(tuple(union))
        found = tuple(_evaluated(case, node) for case in self._all(parts))
        if self.old and node.value.get("nullable") is True and "type" not in node.value and len(parts) > 1:
            # 3.0.3 leaves it open; everybody who writes it beside allOf or oneOf means it
            found = (*found, Case(node, "null"))
        return found

    def _own(self, node: Node) -> tuple[Case, ...]:
        """The keywords that stand in the schema itself, a case for each type."""
        value = node.value
        enum = value.get("enum")
        allowed = tuple(enum) if isinstance(enum, list) else ((value["const"],) if "const" in value else None)
        kinds = value.get("type")
        listed = kinds if isinstance(kinds, list) else [kinds]
        types = [kind for kind in listed if isinstance(kind, str)]
        if not types:
            types = [next((kind for kind, words in _IMPLIED if words & value.keys()), "")]
        if not types[0] and allowed is not None:
            types = list(dict.fromkeys(_type_of(each) for each in allowed))
        if self.old and value.get("nullable") is True and "null" not in types and types[0]:
            types.append("null")
        base = self._constrained(node)
        found = []
        for kind in types:
            fitting = None if allowed is None else tuple(each for each in allowed if _fits(each, kind))
            if kind == "boolean" and fitting is None:
                fitting = (False, True)
            if fitting != ():
                found.append(base._replace(type=kind, enum=fitting) if kind != "null" else Case(node, "null"))
        return tuple(_of_its_kind(each) for each in found)

    def _constrained(self, node: Node) -> Case:
        value = node.value
        lower, upper = _bounds(value)
        words = {key: value[key] for key in ("pattern", "multipleOf", "default", "$dynamicRef") if key in value}
        if "contentMediaType" in value and "type" in value and "contentEncoding" not in value:
            words["contentMediaType"] = value["contentMediaType"]
        if value.get("uniqueItems") is True:
            words["uniqueItems"] = True
        required = value.get("required")
        additional = value.get("additionalProperties")
        form = value.get("format")
        if not isinstance(form, str):
            # 3.1 says with contentEncoding what 3.0 said with formats
            form = "byte" if value.get("contentEncoding") == "base64" else ""
            form = "binary" if not form and "contentMediaType" in value and "type" not in value else form
        return Case(
            node,
            lower=lower,
            upper=upper,
            words=words,
            format=form,
            required=_names(required),
            properties={name: (each,) for name, each in node.child("properties").members()},
            additional=(node.child("additionalProperties"),) if isinstance(additional, dict) and additional else None,
            closed=additional is False,
            items=(node.child("items"),) if isinstance(value.get("items"), dict) else (),
            prefix=tuple((each,) for each in node.child("prefixItems").items()),
            patterns={name: (each,) for name, each in node.child("patternProperties").members()},
            names=(node.child("propertyNames"),) if isinstance(value.get("propertyNames"), dict) else (),
            dependent={name: _names(listed) for name, listed in table(value.get("dependentRequired")).items()},
            conditions=(node,) if CONDITIONAL & value.keys() else (),
        )


def _names(listed: object) -> frozenset[str]:
    return frozenset(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else frozenset()


def _evaluated(case: Case, node: Node) -> Case:
    """A case with what its schema says of the properties and items that nothing else in it speaks of."""
    rest = {key: node.value[key] for key in ("unevaluatedProperties", "unevaluatedItems") if key in node.value}
    if not rest or any({"if", "dependentSchemas", "contains"} & each.value.keys() for each in case.conditions):
        return case._replace(words={**case.words, **rest}) if rest else case
    others, last = rest.get("unevaluatedProperties"), rest.get("unevaluatedItems")
    if case.additional is None and others is False:
        case = case._replace(closed=True)
    elif case.additional is None and isinstance(others, dict) and others:
        case = case._replace(additional=(node.child("unevaluatedProperties"),))
    if not case.items and last is False:
        case = case._replace(upper={**case.upper, **_at_most(case, len(case.prefix))})
    elif not case.items and isinstance(last, dict) and last:
        case = case._replace(items=(node.child("unevaluatedItems"),))
    return case


def _at_most(case: Case, items: int) -> dict[str, tuple[float, bool]]:
    known = case.upper.get("items")
    return {"items": (min(items, known[0]) if known else items, False)} if case.type in {"array", ""} else {}


_BOUNDED = {"string": "length", "array": "items", "object": "properties", "integer": "value", "number": "value"}
_WORDS = {
    "pattern": ("string",),
    "contentMediaType": ("string",),
    "multipleOf": ("integer", "number"),
    "uniqueItems": ("array",),
}
_NUMERIC = frozenset({"int32", "int64", "float", "double"})


def _of_its_kind(case: Case) -> Case:
    """A type without the keywords of others: a pattern says nothing about numbers (JSON Schema, Validation, 6)."""
    if not case.type:
        return case
    what = _BOUNDED.get(case.type)
    return case._replace(
        lower={key: bound for key, bound in case.lower.items() if key == what},
        upper={key: bound for key, bound in case.upper.items() if key == what},
        words={key: value for key, value in case.words.items() if case.type in _WORDS.get(key, (case.type,))},
        format="" if case.type == "string" and case.format in _NUMERIC else case.format,
    )


class _TooMany(Exception):
    pass


def _bounds(value: dict[str, Any]) -> tuple[dict[str, tuple[float, bool]], dict[str, tuple[float, bool]]]:
    lower: dict[str, tuple[float, bool]] = {}
    upper: dict[str, tuple[float, bool]] = {}
    for key, of in _LOWER.items():
        if _is_number(value.get(key)) and value[key] > 0:
            lower[of] = (value[key], False)
    for key, of in _UPPER.items():
        if _is_number(value.get(key)):
            upper[of] = (value[key], False)
    prefix = value.get("prefixItems")
    if value.get("items") is False:
        upper["items"] = (len(prefix) if isinstance(prefix, list) else 0, False)
    for key, bounds, tighter in (("inimum", lower, max), ("aximum", upper, min)):
        plain, exclusive = value.get(f"m{key}"), value.get(f"exclusiveM{key}")
        if plain is not None and _is_number(plain):
            bounds["value"] = (float(plain), exclusive is True)
        if exclusive is not None and _is_number(exclusive):
            strict = (float(exclusive), True)
            known = bounds.get("value")
            if known is None or (tighter(known[0], strict[0]) == strict[0]):
                bounds["value"] = strict
    return lower, upper


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    for kind, python in (("boolean", bool), ("string", str), ("integer", int), ("number", float), ("array", list)):
        if isinstance(value, python):
            return kind
    return "object"


def _fits(value: object, kind: str) -> bool:
    own = _type_of(value)
    whole = isinstance(value, float) and value.is_integer()
    return not kind or own == kind or (kind == "number" and own == "integer") or (kind == "integer" and whole)


def _both(a: tuple[Node, ...], b: tuple[Node, ...]) -> tuple[Node, ...]:
    """All of the nodes, those that are the same schema once."""
    return tuple({id(node.value): node for node in (*a, *b)}.values())


def _merged(a: Case, b: Case) -> Case | None:
    """What fulfils both; None where nothing does."""
    if a.type and b.type and a.type != b.type and {a.type, b.type} != {"integer", "number"}:
        return None
    kind = "integer" if "integer" in {a.type, b.type} else a.type or b.type
    enum = a.enum if b.enum is None else b.enum
    if a.enum is not None and b.enum is not None:
        enum = tuple(each for each in a.enum if each in b.enum)
    if enum is not None:
        enum = tuple(each for each in enum if _fits(each, kind))
        if not enum:
            return None
    lower = {key: max(bounds[key] for bounds in (a.lower, b.lower) if key in bounds) for key in {**a.lower, **b.lower}}
    upper = {
        key: min(
            (bounds[key] for bounds in (a.upper, b.upper) if key in bounds), key=lambda each: (each[0], not each[1])
        )
        for key in {**a.upper, **b.upper}
    }
    names = {**a.properties, **b.properties}
    additional = (
        None if a.additional is None and b.additional is None else _both(a.additional or (), b.additional or ())
    )
    named = next((each for each in (b, a) if each.properties or each.enum is not None or each.type), a)
    return Case(
        named.node,
        kind,
        enum,
        lower,
        upper,
        {**a.words, **b.words},
        a.format or b.format,
        a.required | b.required,
        {name: _both(a.properties.get(name, ()), b.properties.get(name, ())) for name in names},
        additional,
        a.closed or b.closed,
        _both(a.items, b.items),
        tuple(_both(item_at(a, place), item_at(b, place)) for place in range(max(len(a.prefix), len(b.prefix)))),
        {name: _both(a.patterns.get(name, ()), b.patterns.get(name, ())) for name in {**a.patterns, **b.patterns}},
        _both(a.names, b.names),
        {
            name: a.dependent.get(name, frozenset()) | b.dependent.get(name, frozenset())
            for name in {**a.dependent, **b.dependent}
        },
        _both(a.conditions, b.conditions),
    )


def item_at(case: Case, place: int) -> tuple[Node, ...]:
    """Return what the item at a place of a list must fulfil."""
    return case.prefix[place] if place < len(case.prefix) else case.items
