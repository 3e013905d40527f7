"""Product types: what they allow, and what they protect."""

import asyncio
from typing import Any, get_args

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalog import PUMP_TYPE, found, product, publish, put, replace, small_catalog, variant

from ...storefront.schemas import FacetKind
from ..attributes import faults, shown, terms
from ..canonical import canonical
from ..definitions import check_for
from ..schemas import AttributeDefinition, AttributeType, ProductTypeDraft

DEFINITIONS = {each.name: each for each in ProductTypeDraft.model_validate(PUMP_TYPE).attributes}


def _type(**members: Any) -> Any:
    return AttributeDefinition.model_validate({"name": "a", "label": {"en": "A"}, "type": members}).type


KINDS: list[tuple[dict[str, Any], list[Any], list[Any]]] = [
    ({"kind": "text"}, ["a"], ["", 1, None, "x" * 1001]),
    (
        {"kind": "localized_text"},
        [{"de": "ja"}],
        ["ja", {}, {"de": ""}, {"??": "ja"}, {"zz": "ja"}, {"de": "ja" * 10_001}],
    ),
    ({"kind": "number"}, [0, -1.5], [True, "1", 1e16, 10**400]),
    ({"kind": "boolean"}, [True], [0, "true"]),
    ({"kind": "enum", "options": [{"key": "a", "label": {"en": "A"}}]}, ["a"], ["b", "", ["a"]]),
    ({"kind": "set", "element": {"kind": "text"}}, [[], ["a", "b"]], [["a", "a"], "a", [1]]),
    (
        {"kind": "measurement", "unit": "mm"},
        [{"value": 1, "unit": "m"}],
        [{"value": 1, "unit": "kg"}, {"value": 1}, 1, {"value": "1", "unit": "mm"}, {"value": 1, "unit": []}],
    ),
    ({"kind": "reference", "target": "product"}, ["c40"], ["", 4]),
]
"""Every kind of attribute, with values that fit and values that do not."""


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    KINDS,
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_value_fits_its_type_or_is_named(kind: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    """Each kind takes its own values and says what is wrong with others."""
    assert [check_for(_type(**kind))(value) for value in good] == [""] * len(good)
    assert all(check_for(_type(**kind))(value) for value in bad)


def test_every_kind_is_checked_and_known_to_facets() -> None:
    """Whoever adds a kind adds its values above, and its name to what touchpoints may be told."""
    offered = {get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(AttributeType)[0])}
    counted = {kind["kind"] for kind, good, _ in KINDS if terms(_type(**kind), good[-1])}

    assert {kind["kind"] for kind, _, _ in KINDS} == offered
    assert counted - {"set"} == set(get_args(FacetKind))  # a set counts as what it holds


def test_constraints_hold_between_variants() -> None:
    """The three constraints each find their own mistake, and where it is."""
    head, more = {"value": 4, "unit": "m"}, {"value": 5, "unit": "m"}
    volt = {"value": 230, "unit": "V"}
    found = faults(
        DEFINITIONS.values(),
        [
            {"max_head": head, "voltage": volt, "approval": "VDE-1"},
            {"max_head": more, "voltage": volt, "approval": "VDE-1", "colour": "red"},
        ],
    )

    assert [(fault.path[2], fault.detail) for fault in found] == [
        ("colour", "the product type has no such attribute"),
        ("max_head", "all variants must have the same value"),
        ("approval", "another variant of this product has this value"),
        ("voltage", "another variant has the same combination of voltage"),
    ]


def _number(name: str, constraint: str) -> AttributeDefinition:
    members = {"name": name, "label": {"en": name}, "type": {"kind": "number"}, "constraint": constraint}
    return AttributeDefinition.model_validate(members)


CONSTRAINED = [
    _number("alone", "unique"),
    _number("size", "combination_unique"),
    _number("colour", "combination_unique"),
    _number("shared", "same_for_all"),
]
VARIANTS = st.lists(
    st.dictionaries(st.sampled_from(["alone", "size", "colour", "shared"]), st.sampled_from([1, 1.0, 2, 3])), max_size=5
)


@given(VARIANTS)
def test_constraints_find_what_is_wrong_and_nothing_else(variants: list[dict[str, float]]) -> None:
    """Whatever variants there are: each constraint complains exactly when it is broken, absent values included."""
    alone = [values["alone"] for values in variants if "alone" in values]
    combined = [(values.get("size"), values.get("colour")) for values in variants]
    shared = {values.get("shared") for values in variants}
    broken = {
        "another variant of this product has this value": len(set(alone)) < len(alone),
        "another variant has the same combination of size, colour": len(set(combined)) < len(combined),
        "all variants must have the same value": len(shared) > 1,
    }

    assert {fault.detail for fault in faults(CONSTRAINED, variants)} == {
        text for text, found in broken.items() if found
    }


def test_equal_values_are_equal_however_they_are_written() -> None:
    """4.0 is 4, and the order of members means nothing."""
    assert canonical(4.0) == canonical(4)
    assert canonical({"unit": "m", "value": 1}) == canonical({"value": 1.0, "unit": "m"})
    assert check_for(_type(kind="set", element={"kind": "number"}))([1, 1.0]) == "a value appears twice"
    twice = [{"value": 1, "unit": "m"}, {"value": 1.0, "unit": "m"}]
    assert check_for(_type(kind="set", element={"kind": "measurement", "unit": "m"}))(twice) == "a value appears twice"


def test_values_are_found_and_shown() -> None:
    """Filters compare in the type's own unit; people read labels in their language."""
    head, material = DEFINITIONS["max_head"].type, DEFINITIONS["material"].type

    assert terms(head, {"value": 400, "unit": "cm"}) == ["4"]
    assert shown(head, {"value": 400, "unit": "cm"}, ["de"]) == "400 cm"
    assert (terms(material, "steel"), shown(material, "steel", ["de"])) == (["steel"], "Stahl")
    assert terms(_type(kind="set", element={"kind": "number"}), [1, 2.5]) == ["1", "2.5"]
    assert terms(_type(kind="boolean"), True) == ["true"]
    assert shown(_type(kind="boolean"), False, ["de-AT", "en"]) == "Nein"
    assert shown(_type(kind="boolean", true_label={"en": "approved"}), True, ["de", "en"]) == "approved"
    assert shown(_type(kind="boolean"), True, ["zh"]) == "Yes"


@pytest.mark.parametrize(
    "attribute",
    [
        {"type": {"kind": "enum", "options": []}},
        {"type": {"kind": "enum", "options": [{"key": "a", "label": {"en": "A"}}] * 2}},
        {"type": {"kind": "measurement", "unit": "furlong"}},
        {"type": {"kind": "colour"}},
        {"type": {"kind": "boolean"}, "constraint": "unique"},
        {"type": {"kind": "text"}, "internal": True, "searchable": True},
        {"type": {"kind": "text"}, "name": "Not A Name"},
    ],
    ids=lambda value: str(value)[:40],
)
async def test_definition_that_makes_no_sense_is_refused(ann: httpx.AsyncClient, attribute: dict[str, Any]) -> None:
    """A type is checked when it is made, not when the first product fails."""
    definition = {"name": "a", "label": {"en": "A"}} | attribute
    response = await ann.post("/v1/product-types", json=PUMP_TYPE | {"attributes": [definition]})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith("/attributes/0")


async def test_key_is_unique_and_never_changes(ann: httpx.AsyncClient) -> None:
    """Other systems hold on to it."""
    created = await put(ann, "product-types", PUMP_TYPE)
    again = await ann.post("/v1/product-types", json=PUMP_TYPE)
    path = f"/v1/product-types/{created['id']}"
    renamed = await ann.put(path, json=PUMP_TYPE | {"key": "other"}, headers={"If-Match": '"1"'})

    assert (again.status_code, again.json()["type"]) == (409, "urn:problem-type:key-taken")
    assert (renamed.status_code, renamed.json()["type"]) == (409, "urn:problem-type:key-changed")
    listed = (await ann.get("/v1/product-types", params={"key": "pump"})).json()
    assert [each["id"] for each in listed["items"]] == [created["id"]]


async def test_type_in_use_cannot_be_deleted(ann: httpx.AsyncClient) -> None:
    """Not before its last product is gone."""
    created = await put(ann, "product-types", PUMP_TYPE)
    made = await put(ann, "products", product("c40"))
    path, tag = f"/v1/product-types/{created['id']}", {"If-Match": '"1"'}

    refused = await ann.delete(path, headers=tag)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Products have this type, such as c40.")
    assert (await ann.delete(f"/v1/products/{made['id']}", headers=tag)).status_code == 204
    assert (await ann.delete(path, headers=tag)).status_code == 204
    assert (await ann.get(path)).status_code == 404


async def test_change_that_breaks_products_is_refused_with_the_list(ann: httpx.AsyncClient) -> None:
    """What products hold decides; everything else may change."""
    created = await put(ann, "product-types", PUMP_TYPE)
    for key in ("c40", "c60"):
        values = {"material": "steel", "max_head": {"value": 4, "unit": "m"}}
        await put(ann, "products", product(key, variants=[variant(key.upper(), attributes=values)]))
    without_head = [each for each in PUMP_TYPE["attributes"] if each["name"] != "max_head"]
    refused = await replace(ann, "product-types", created, attributes=without_head)

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:products-would-break")
    assert [error["detail"] for error in refused.json()["errors"]] == [
        f"{key}: variant 1, max_head: the product type has no such attribute" for key in ("c40", "c60")
    ]
    without_cost = [each for each in PUMP_TYPE["attributes"] if each["name"] != "cost"]
    assert (await replace(ann, "product-types", created, attributes=without_cost)).status_code == 200


async def test_values_that_repeat_cannot_become_unique(ann: httpx.AsyncClient) -> None:
    """A constraint holds for the products that are there, or it is not made."""
    numbered = {"name": "number", "label": {"en": "Number"}, "type": {"kind": "number"}}
    created = await put(ann, "product-types", PUMP_TYPE | {"attributes": [numbered]})
    for key in ("c40", "c60"):
        await put(ann, "products", product(key, variants=[variant(key.upper(), attributes={"number": 7})]))
    refused = await replace(ann, "product-types", created, attributes=[numbered | {"constraint": "unique"}])

    assert [error["detail"] for error in refused.json()["errors"]] == ["c60: number has the value that c40 has"]


async def test_unchanged_type_makes_no_new_version(ann: httpx.AsyncClient) -> None:
    """Saying the same again changes nothing."""
    created = await put(ann, "product-types", PUMP_TYPE)
    path = f"/v1/product-types/{created['id']}"
    same = await ann.put(path, json=PUMP_TYPE, headers={"If-Match": '"1"'})

    assert (same.status_code, same.json()) == (200, created)
    assert (await ann.get(path, headers={"If-None-Match": '"1"'})).status_code == 304


async def test_what_became_unique_is_kept_unique(ann: httpx.AsyncClient) -> None:
    """The values that products hold already are taken from then on; given up, the constraint binds nobody."""
    numbered = {"name": "number", "label": {"en": "Number"}, "type": {"kind": "number"}}
    created = await put(ann, "product-types", PUMP_TYPE | {"attributes": [numbered]})
    await put(ann, "products", product("c40", variants=[variant("C40", attributes={"number": 7})]))
    other = product("c60", variants=[variant("C60", attributes={"number": 7.0})])
    for constraint, expected in (("unique", 409), ("none", 201)):
        changed = await replace(ann, "product-types", created, attributes=[numbered | {"constraint": constraint}])
        created = changed.json()
        answer = await ann.post("/v1/products", json=other)

        assert (changed.status_code, answer.status_code) == (200, expected)
    refused = await replace(ann, "product-types", created, attributes=[numbered | {"constraint": "unique"}])
    assert refused.status_code == 409


async def test_what_is_published_counts_as_well(ann: httpx.AsyncClient) -> None:
    """Touchpoints go on showing what staged products do not say any more: that must fit, and be whole."""
    await small_catalog(ann)
    values = {"material": "bronze", "max_head": {"value": 4, "unit": "m"}}
    made = await put(ann, "products", product("c40", variants=[variant("C40", attributes=values)]))
    await publish(ann, made)
    await replace(ann, "products", await found(ann, "products", "c40"), variants=[variant("C40")])
    pump = await found(ann, "product-types", "pump")
    without_bronze = [
        each | {"type": each["type"] | {"options": each["type"]["options"][:1]}} if each["name"] == "material" else each
        for each in PUMP_TYPE["attributes"]
    ]
    required = [each | {"required": True} if each["name"] == "approval" else each for each in PUMP_TYPE["attributes"]]
    refused = [await replace(ann, "product-types", pump, attributes=each) for each in (without_bronze, required)]

    assert [[error["detail"] for error in answer.json()["errors"]] for answer in refused] == [
        ["c40: published variant 1, material: not one of steel"],
        ["c40: published variant 1, approval: required, and missing"],
    ]
    await publish(ann, made)
    assert (await replace(ann, "product-types", pump, attributes=without_bronze)).status_code == 200


async def test_type_and_products_changed_at_once_fit_each_other(ann: httpx.AsyncClient) -> None:
    """An option goes while products take it: whoever is first, no product holds what its type does not know."""
    await put(ann, "product-types", PUMP_TYPE)
    without_bronze = [
        each | {"type": each["type"] | {"options": each["type"]["options"][:1]}} if each["name"] == "material" else each
        for each in PUMP_TYPE["attributes"]
    ]
    for number in range(8):
        key = f"c{number}"
        made = await put(ann, "products", product(key))
        pump = await found(ann, "product-types", "pump")
        bronze = [variant(key.upper(), attributes={"material": "bronze"})]
        took, went = await asyncio.gather(
            replace(ann, "products", made, variants=bronze),
            replace(ann, "product-types", pump, attributes=without_bronze),
        )

        assert (took.status_code, went.status_code) in ((200, 409), (422, 200))
        if took.status_code == 200:
            await replace(ann, "products", took.json(), variants=[])
        else:
            await replace(ann, "product-types", went.json(), attributes=PUMP_TYPE["attributes"])


def test_values_that_mean_the_same_are_the_same() -> None:
    """Neither another unit, nor the order of a set, nor how a number or a letter is written tells them apart."""
    parts = {"name": "parts", "label": {"en": "P"}, "type": {"kind": "set", "element": {"kind": "text"}}}
    definitions = [*DEFINITIONS.values(), AttributeDefinition.model_validate(parts | {"constraint": "same_for_all"})]
    here = {
        "max_head": {"value": 4, "unit": "m"},
        "voltage": {"value": 230, "unit": "V"},
        "approval": "\u00c4",
        "parts": ["a", "b"],
    }
    there = {
        "max_head": {"value": 400.0, "unit": "cm"},
        "voltage": {"value": 0.23, "unit": "kV"},
        "approval": "A\u0308",
        "parts": ["b", "a"],
    }

    assert [(fault.path[2], fault.detail) for fault in faults(definitions, [here, there])] == [
        ("approval", "another variant of this product has this value"),
        ("voltage", "another variant has the same combination of voltage"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(999999999999999, "999999999999999"), (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"), (-2.50, "-2.5"), (4.0, "4")],
)
def test_numbers_are_written_as_people_do(value: float, text: str) -> None:
    """All their digits, without what computers add, and without exponents."""
    assert (shown(_type(kind="number"), value, ["en"]), terms(_type(kind="number"), value)) == (text, [text])


def _measuring(key: str, unit: str, **members: Any) -> dict[str, Any]:
    attribute = {"name": "length", "label": {"en": "Length"}, "type": {"kind": "measurement", "unit": unit}} | members
    return {"key": key, "name": {"en": key}, "attributes": [attribute]}


async def test_searchable_attribute_means_the_same_in_every_type(ann: httpx.AsyncClient) -> None:
    """Facets count all types together: a pipe of 1 m must not be shown among screws of 1 mm."""
    screw = await put(ann, "product-types", _measuring("screw", "mm", searchable=True))
    refused = await ann.post("/v1/product-types", json=_measuring("pipe", "m", searchable=True))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:other-meaning")
    assert refused.json()["errors"] == [{"detail": "length is a measurement in mm in screw"}]
    pipe = await put(ann, "product-types", _measuring("pipe", "m"))

    async def change(thing: dict[str, Any], unit: str, **members: Any) -> int:
        attributes = _measuring("", unit, **members)["attributes"]
        return (await replace(ann, "product-types", thing, attributes=attributes)).status_code

    assert await change(pipe, "m", searchable=True) == 409
    assert await change(pipe, "mm", searchable=True) == 200
    assert await change(screw, "m") == 200


async def test_of_two_types_at_once_that_differ_one_is_refused(ann: httpx.AsyncClient) -> None:
    """Neither sees the other before it is there."""
    both = [_measuring("screw", "mm", searchable=True), _measuring("pipe", "m", searchable=True)]
    answers = await asyncio.gather(*(ann.post("/v1/product-types", json=each) for each in both))

    assert sorted(each.status_code for each in answers) == [201, 409]
