"""Whether a value certainly breaks a schema; what cannot be told counts as fitting.

Source: JSON Schema 2020-12, Validation. Patterns are simulated state by state where they can be, since a hostile one
could run for ever; what uses more of ECMA-262, and formats that are not plain, count as fitting.
"""

from typing import Any

from machgen.check.api_first.operations import Api
from machgen.check.api_first.references import Node
from machgen.check.api_first.shapes import Case, item_at
from machgen.check.expressions import LONGEST, LONGEST_TEXT, search
from machgen.check.lazy_regex import lazy_compile

_FORMATS = {
    "uuid": lazy_compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"),
    "date": lazy_compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\Z"),
    "date-time": lazy_compile(
        r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)\Z"
    ),
    "email": lazy_compile(r"[^@\s]+@[^@\s]+\Z"),
    "uri": lazy_compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*\Z"),
    "ipv4": lazy_compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z"),
}


def broken(api: Api, node: Node, value: Any, depth: int = 0) -> str:
    """Return why a value cannot be an instance of a schema; empty where it may be one.

    Args:
        api: The description that the schema is part of.
        node: The schema.
        value: The value, as parsed.
        depth: How deep in the value; below 20 nothing is looked at any more.
    """
    return _broken(api, (node,), value, depth)


def _broken(api: Api, nodes: tuple[Node, ...], value: Any, depth: int) -> str:
    cases = api.shapes.cases(nodes) if depth < 20 else None
    if cases is None:
        return ""
    reasons = [_against(api, case, value, depth) for case in cases]
    if not reasons or not all(reasons):
        return ""
    fitting = [reason for case, reason in zip(cases, reasons, strict=True) if is_of(value, case.type)]
    return (
        fitting[0]
        if len(fitting) == 1
        else reasons[0]
        if len(reasons) == 1
        else f"{_shown(value)} fits none of the alternatives"
    )


def is_of(value: Any, kind: str) -> bool:
    """Whether a parsed value has a JSON type; any where the type is empty."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return (isinstance(value, int) and not isinstance(value, bool)) or (
                isinstance(value, float) and value.is_integer()
            )
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case "null":
            return value is None
    return True


def _against(api: Api, case: Case, value: Any, depth: int) -> str:
    if not is_of(value, case.type):
        article = "an" if case.type[0] in "aeio" else "a"
        return f"{_shown(value)} is not {article + ' ' + case.type if case.type != 'null' else 'null'}"
    if case.enum is not None and value not in case.enum:
        return f"{_shown(value)} is none of {', '.join(_shown(each) for each in case.enum[:6])}"
    if isinstance(value, str):
        return _text(case, value)
    if isinstance(value, list):
        if case.words.get("uniqueItems") is True and any(each in value[:at] for at, each in enumerate(value[:200])):
            return "two items are equal"
        asked = ((item_at(case, place), each) for place, each in enumerate(value[:200]))
        return _size(case, "items", len(value), "items") or next(
            filter(None, (_broken(api, nodes, each, depth + 1) for nodes, each in asked if nodes)), ""
        )
    if isinstance(value, dict):
        return _object(api, case, value, depth)
    if isinstance(value, int | float) and not isinstance(value, bool):
        step = case.words.get("multipleOf")
        if isinstance(value, int) and isinstance(step, int) and step > 0 and value % step:
            return f"{_shown(value)} is no multiple of {step}"
        return _size(case, "value", value, "")
    return ""


def _text(case: Case, value: str) -> str:
    form = _FORMATS.get(case.format)
    if form is not None and not form.match(value):
        return f"{_shown(value)} is no {case.format}"
    pattern = case.words.get("pattern")
    matching = search(pattern) if isinstance(pattern, str) and len(pattern) <= LONGEST else None
    if matching is not None and len(value) <= LONGEST_TEXT and not matching.matches(value):
        return f"{_shown(value)} does not match {pattern}"
    return _size(case, "length", len(value), "characters")


def _size(case: Case, what: str, size: float, unit: str) -> str:
    if what in case.lower:
        limit, strict = case.lower[what]
        if size < limit or (strict and size == limit):
            return f"{size:g} {unit}".strip() + f" is below the least, {limit:g}"
    if what in case.upper:
        limit, strict = case.upper[what]
        if size > limit or (strict and size == limit):
            return f"{size:g} {unit}".strip() + f" is above the most, {limit:g}"
    return ""


def _object(api: Api, case: Case, value: dict[str, Any], depth: int) -> str:
    for name in sorted(case.required - value.keys()):
        nodes = case.properties.get(name, ())
        if not any(each.get("readOnly") or each.get("writeOnly") for each in nodes):
            return f"the required property {name} is missing"
    for name, inner in value.items():
        if name in case.properties:
            if reason := _broken(api, case.properties[name], inner, depth + 1):
                return f"{name}: {reason}"
        elif case.closed and not case.patterns:
            return f"there is no property {name}"
    return ""


def _shown(value: Any) -> str:
    import json  # noqa: PLC0415 - only what is wrong is shown

    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
