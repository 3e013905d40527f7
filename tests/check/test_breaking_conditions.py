"""A016: edits of keywords that make a schema depend on the value, each labelled by hand for requests and for responses.

`None` is what cannot be told: the check says so instead of guessing.
"""

import copy
import time
from typing import Any

import pytest

from machgen.check.api_first.breaking import breaking_changes
from machgen.check.api_first.operations import Api

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
SHORT = {"type": "string", "maxLength": 5}
THING = {"type": "object", "properties": {"kind": {"enum": ["a", "b"]}, "x": TEXT, "y": TEXT}}
CLOSED = {**THING, "additionalProperties": False}
LIST: dict[str, Any] = {"type": "array"}
PAIR = {**LIST, "prefixItems": [TEXT, NUMBER]}
A = {"properties": {"kind": {"const": "a"}}, "required": ["kind"]}
B = {"properties": {"kind": {"const": "b"}}, "required": ["kind"]}
NEVER = {"properties": {"kind": {"const": "c"}}, "required": ["kind"]}
X, Y, XY = {"required": ["x"]}, {"required": ["y"]}, {"required": ["x", "y"]}
BRANCH = {**THING, "if": A, "then": X}
MAP = {"type": "object"}
PARTS = {"allOf": [THING, {"type": "object", "properties": {"z": TEXT}}]}
KNOWN = {**PARTS, "unevaluatedProperties": False}

Label = bool | None
EDITS: list[tuple[str, dict[str, Any], dict[str, Any], Label, Label]] = [
    ("a condition comes", THING, BRANCH, True, False),
    ("a condition goes", BRANCH, THING, False, True),
    ("`then` asks for more", BRANCH, {**BRANCH, "then": XY}, True, False),
    ("`then` asks for less", {**BRANCH, "then": XY}, BRANCH, False, True),
    ("`then` bounds a property", BRANCH, {**BRANCH, "then": {**X, "properties": {"x": SHORT}}}, True, False),
    ("`else` comes", BRANCH, {**BRANCH, "else": Y}, True, False),
    ("`else` goes", {**BRANCH, "else": Y}, BRANCH, False, True),
    ("`else` speaks of what the condition speaks of", BRANCH, {**BRANCH, "else": {"required": ["kind"]}}, None, False),
    ("the condition changes", BRANCH, {**BRANCH, "if": B}, None, None),
    ("the condition moves behind a reference", BRANCH, {**BRANCH, "if": {"$ref": "#/components/schemas/A"}}, False, False),
    ("the condition gets a title", BRANCH, {**BRANCH, "if": {**A, "title": "an a"}}, False, False),
    ("a condition asks for what is required", {**THING, **X}, {**BRANCH, **X}, False, False),
    ("a condition that nothing fulfils comes", THING, {**BRANCH, "if": NEVER}, False, False),
    ("a second condition comes by allOf", BRANCH, {"allOf": [BRANCH, {"if": B, "then": Y}]}, None, False),
    ("a condition moves into allOf", BRANCH, {"allOf": [THING, {"if": A, "then": X}]}, False, False),
    ("a property needs another", THING, {**THING, "dependentRequired": {"x": ["y"]}}, True, False),
    ("a property needs another no more", {**THING, "dependentRequired": {"x": ["y"]}}, THING, False, True),
    ("a property needs what is required", {**THING, **Y}, {**THING, **Y, "dependentRequired": {"x": ["y"]}}, False, False),
    ("a property needs two", {**THING, "dependentRequired": {"x": ["y"]}}, {**THING, "dependentRequired": {"x": ["kind", "y"]}}, True, False),
    ("a property that cannot be there needs another", CLOSED, {**CLOSED, "dependentRequired": {"z": ["y"]}}, False, False),
    ("a property asks for a schema", THING, {**THING, "dependentSchemas": {"x": Y}}, True, False),
    ("a property asks for a schema no more", {**THING, "dependentSchemas": {"x": Y}}, THING, False, True),
    ("a property's schema gets a bound", {**THING, "dependentSchemas": {"x": Y}}, {**THING, "dependentSchemas": {"x": {**Y, "properties": {"y": SHORT}}}}, True, False),
    ("the same need, written as a schema", {**THING, "dependentRequired": {"x": ["y"]}}, {**THING, "dependentSchemas": {"x": Y}}, False, False),
    ("properties by pattern are bound", MAP, {**MAP, "patternProperties": {"^x-": TEXT}}, True, False),
    ("properties by pattern are free", {**MAP, "patternProperties": {"^x-": TEXT}}, MAP, False, True),
    ("properties by pattern get shorter", {**MAP, "patternProperties": {"^x-": TEXT}}, {**MAP, "patternProperties": {"^x-": SHORT}}, True, False),
    ("properties by pattern get longer", {**MAP, "patternProperties": {"^x-": SHORT}}, {**MAP, "patternProperties": {"^x-": TEXT}}, False, True),
    ("the pattern of names changes", {**MAP, "patternProperties": {"^x-": TEXT}}, {**MAP, "patternProperties": {"^y-": TEXT}}, None, None),
    ("a closed object takes names by pattern", CLOSED, {**CLOSED, "patternProperties": {"^x-": TEXT}}, False, False),
    ("a closed object takes no names by pattern", {**CLOSED, "patternProperties": {"^x-": TEXT}}, CLOSED, True, True),
    ("a property becomes one by pattern", {**MAP, "additionalProperties": False, "properties": {"ab": TEXT}}, {**MAP, "additionalProperties": False, "patternProperties": {"^a": TEXT}}, False, False),
    ("a property becomes another by pattern", {**MAP, "additionalProperties": False, "properties": {"ab": TEXT}}, {**MAP, "additionalProperties": False, "patternProperties": {"^a": NUMBER}}, True, True),
    ("names are bound", MAP, {**MAP, "propertyNames": {"pattern": "^[a-z]+$"}}, True, False),
    ("names are free", {**MAP, "propertyNames": {"pattern": "^[a-z]+$"}}, MAP, False, True),
    ("names get shorter", {**MAP, "propertyNames": {"maxLength": 9}}, {**MAP, "propertyNames": {"maxLength": 5}}, True, False),
    ("an item by place changes", PAIR, {**LIST, "prefixItems": [NUMBER, NUMBER]}, True, True),
    ("an item by place gets shorter", PAIR, {**LIST, "prefixItems": [SHORT, NUMBER]}, True, False),
    ("a third item is bound", PAIR, {**LIST, "prefixItems": [TEXT, NUMBER, TEXT]}, True, False),
    ("a second item is free", PAIR, {**LIST, "prefixItems": [TEXT]}, False, True),
    ("a pair is all there may be", PAIR, {**PAIR, "items": False}, True, False),
    ("a pair is not all there may be", {**PAIR, "items": False}, PAIR, False, True),
    ("a third item is bound where there is none", {**PAIR, "items": False}, {**LIST, "prefixItems": [TEXT, NUMBER, TEXT], "items": False}, False, True),
    ("the same items, by place and otherwise", {**LIST, "prefixItems": [TEXT, TEXT], "items": TEXT}, {**LIST, "items": TEXT}, False, False),
    ("what follows is bound", PAIR, {**PAIR, "items": TEXT}, True, False),
    ("a list must contain something", LIST, {**LIST, "contains": {"const": 1}}, True, False),
    ("a list need not contain anything", {**LIST, "contains": {"const": 1}}, LIST, False, True),
    ("a list must contain it twice", {**LIST, "contains": {"const": 1}}, {**LIST, "contains": {"const": 1}, "minContains": 2}, True, False),
    ("a list may contain it once", {**LIST, "contains": {"const": 1}}, {**LIST, "contains": {"const": 1}, "maxContains": 1}, True, False),
    ("a list contains what all its items are", {**LIST, "items": TEXT, "minItems": 1}, {**LIST, "items": TEXT, "minItems": 1, "contains": TEXT}, False, False),
    ("a list must contain something else", {**LIST, "contains": {"const": 1}}, {**LIST, "contains": {"const": 2}}, None, None),
    ("a list may contain something", LIST, {**LIST, "contains": {"const": 1}, "minContains": 0}, False, False),
    ("a list must contain something shorter", {**LIST, "contains": TEXT}, {**LIST, "contains": SHORT}, None, False),
    ("what no part speaks of is refused", PARTS, KNOWN, True, False),
    ("what no part speaks of is welcome", KNOWN, PARTS, False, False),
    ("the same door, by its other name", CLOSED, {**THING, "unevaluatedProperties": False}, False, False),
    ("a part of what is known loses a property", KNOWN, {"allOf": [THING], "unevaluatedProperties": False}, True, True),
    ("what no part speaks of gets shorter", {**PARTS, "unevaluatedProperties": TEXT}, {**PARTS, "unevaluatedProperties": SHORT}, True, False),
    ("what a condition does not speak of is refused", BRANCH, {**BRANCH, "unevaluatedProperties": False}, None, False),
    ("what follows no place is refused", PAIR, {**PAIR, "unevaluatedItems": False}, True, False),
    ("something is excluded", THING, {**THING, "not": X}, True, False),
    ("something is excluded no more", {**THING, "not": X}, THING, False, True),
    ("what was never possible is excluded", THING, {**THING, "not": TEXT}, False, False),
    ("more is excluded", {**TEXT, "not": {"const": "a"}}, {**TEXT, "not": {"enum": ["a", "b"]}}, None, False),
    ("less is excluded", {**TEXT, "not": {"enum": ["a", "b"]}}, {**TEXT, "not": {"const": "a"}}, False, None),
]  # fmt: skip


def verdict(before: dict[str, Any], after: dict[str, Any], *, request: bool) -> Label:
    """What A016 says to an edit of what is sent, or of what is returned."""

    def contract(schema: dict[str, Any]) -> Api:
        content = {"content": {"application/json": {"schema": copy.deepcopy(schema)}}}
        operation = {"requestBody": content} if request else {}
        answer = {"description": "ok"} | ({} if request else content)
        document = {
            "openapi": "3.1.0",
            "info": {"title": "a", "version": "1.0.0"},
            "paths": {"/a": {"post": {**operation, "responses": {"200": answer}}}},
            "components": {"schemas": {"A": A}},
        }
        return Api("a.yaml", document, lambda _path: None)

    found = breaking_changes(contract(before), contract(after))
    return True if any(not each.unknown for each in found) else None if found else False


@pytest.mark.parametrize(
    ("before", "after", "sent", "returned"), [pytest.param(*rest, id=name) for name, *rest in EDITS]
)
def test_an_edit_breaks_what_its_label_says(
    before: dict[str, Any], after: dict[str, Any], sent: Label, returned: Label
) -> None:
    """For whoever sends it, and for whoever is sent it."""
    assert (sent, returned) == (verdict(before, after, request=True), verdict(before, after, request=False))


def test_no_schema_differs_from_itself() -> None:
    """Of all of the table."""
    every = [schema for _, before, after, *_ in EDITS for schema in (before, after)]

    assert [] == [each for each in every if verdict(each, each, request=True) is not False]


def test_conditions_that_refer_to_each_other_are_compared_soon() -> None:
    """Twenty schemas, each of which leads to the next by ten references: ten to the power of twenty if written out."""
    names = [f"S{number}" for number in range(20)]
    leads = {
        name: {"properties": {f"p{place}": {"$ref": f"#/components/schemas/{following}"} for place in range(10)}}
        for name, following in zip(names, [*names[1:], "S0"], strict=True)
    }
    began = time.process_time()
    schemas = [
        {**THING, "if": {"$ref": "#/components/schemas/S0"}, "then": {"required": [each]}} for each in ("x", "y")
    ]
    documents = [
        {
            "openapi": "3.1.0",
            "paths": {"/a": {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}},
            "components": {"schemas": leads},
        }
        for schema in schemas
    ]
    breaking_changes(*(Api("a.yaml", each, lambda _path: None) for each in documents))

    assert time.process_time() - began < 2
