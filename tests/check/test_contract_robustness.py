"""Contracts that say what they should not: every rule answers, and none fails."""

import copy
import json
import random
import time
from typing import Any

import pytest

from machgen.check.engine import judge
from machgen.check.facts import Facts
from machgen.check.registry import all_rules
from tests.check.contracts import NODE
from tests.check.judging import facts_of
from tests.check.test_breaking import NEW, OLD, PETS, SWAGGER, parsed

EVENTS = """
asyncapi: 3.0.0
info: {title: a, version: 1.0.0}
channels: {a: {address: a, messages: {m: {payload: {type: object}}}}}
operations: {send: {action: send, channel: {$ref: '#/channels/a'}}}
"""
JUNK: list[Any] = [
    None, [], {}, "", 0, -1, 1.5, True, "x", [None], {"$ref": "#/"}, {"$ref": "#/components/schemas/A"}, {"$ref": 1},
    [[]], {"a": None}, "#/x", {"type": ["string", None, 3]}, {"type": {}}, {"enum": [None, {}, []]},
    {"allOf": [{"$ref": "#"}]}, {"anyOf": [{"type": "string"}] * 70},
]  # fmt: skip
KEYS = ["$ref", "type", "enum", "items", "required", "properties", "example", "examples", "minimum", "security", "in"]


def holders(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document where a value stands."""
    found: list[tuple[Any, Any]] = []
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        found += holders(value[key])
    return found


def mutated(document: Any, chance: random.Random) -> Any:
    """A document with junk in one to five places."""
    changed = copy.deepcopy(document)
    for _ in range(chance.randint(1, 5)):
        places = holders(changed)
        if not places:
            break
        holder, key = chance.choice(places)
        if isinstance(holder, dict) and chance.random() < 0.2:
            key = chance.choice(KEYS)
        holder[key] = copy.deepcopy(chance.choice(JUNK))
    return changed


@pytest.mark.parametrize("seed", range(60))
def test_no_contract_makes_a_rule_fail(seed: int) -> None:
    """Junk anywhere is a finding or nothing, before and after, never an error."""
    chance = random.Random(seed)  # noqa: S311 - the same junk each time
    rules = [rule for rule in all_rules() if rule.letter in {"A", "H"}]
    text = chance.choice([PETS, OLD, NEW, SWAGGER, EVENTS])
    name = "asyncapi.json" if text is EVENTS else "openapi.json"
    before = parsed(text)
    old = facts_of({**NODE, name: json.dumps(before)})
    new = facts_of({**NODE, name: json.dumps(mutated(before, chance)), "a.js": "app.get('/pets', a);\n"})

    for now, then in ((new, old), (old, new)):
        report = judge(Facts(now.files, Facts(then.files)), rules)
        assert {rule.id for rule in rules} == {each.rule.id for each in report.judgements}


BOMBS = {
    "allOf twice itself": "{S: {allOf: [{$ref: '#/components/schemas/S'}, {$ref: '#/components/schemas/S'}], properties: {x: {$ref: '#/components/schemas/S'}}}}",
    "aliases": "{S: &s {allOf: [&t {properties: {a: *s, b: *s}}, {anyOf: [*t, *s, *s]}], properties: {x: *s, y: *s}}}",
    "a long chain": "{S: {$ref: '#/components/schemas/S0'}, "
    + ", ".join(f"S{n}: {{properties: {{x: {{$ref: '#/components/schemas/S{n + 1}'}}}}}}" for n in range(2000))
    + "}",
}


@pytest.mark.parametrize("schemas", BOMBS.values(), ids=BOMBS)
def test_schemas_that_hold_themselves_cost_little(schemas: str) -> None:
    """Neither a hang nor an exhausted stack."""
    body = "{content: {application/json: {schema: {$ref: '#/components/schemas/S'}, example: {x: {x: {x: 1}}}}}}"
    text = (
        "openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\npaths: {/a: {post: {requestBody: "
        f"{body}, responses: {{'200': {{$ref: '#/components/responses/R'}}}}}}}}}}\n"
        f"components: {{responses: {{R: {body}}}, schemas: {schemas}}}\n"
    )
    rules = [rule for rule in all_rules() if rule.letter in {"A", "H"}]
    started = time.process_time()
    judge(
        Facts(facts_of({**NODE, "openapi.yaml": text}).files, facts_of({**NODE, "openapi.yaml": text + "# 2\n"})), rules
    )

    assert 5.0 > time.process_time() - started


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.js", ("if user-agent " * 140 + "\n") * 400),
        ("a.js", "router.route('/a')" + ".get((" * 60_000),
        ("a.cs", "a = b.MapGet " * 70_000),
        ("A.java", "@RestController " + '@GetMapping("' * 70_000),
        ("a.py", "app = Router" * 70_000 + '@app.get("/a")'),
        ("a.js", "express.static(" * 60_000),
    ],
)
def test_hostile_code_costs_little(name: str, text: str) -> None:
    """No pattern of these rules takes for ever on text that almost matches."""
    rules = [
        rule for rule in all_rules() if rule.id in {"A001", "A017", "A020", "H001", "H002", "H004", "H005", "H006"}
    ]
    # in lines that a person could have written: longer ones are not looked through
    lines = "\n".join(text[start : start + 1500] for start in range(0, len(text), 1500))
    files = {**NODE, "openapi.json": json.dumps(parsed(PETS)), name: lines}
    started = time.process_time()
    judge(facts_of(files), rules)

    assert 5.0 > time.process_time() - started
