"""A002 beside openapi-spec-validator: hundreds of damaged descriptions, and both find the same of them wrong."""

import copy
import json
import random
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.check.judging import report_of
from tests.templates.validators.conftest import ROOT, locate

JSON, TEXT = "application/json", {"type": "string"}
SEED: dict[str, Any] = {
    "openapi": "",
    "info": {"title": "a", "version": "1.0.0", "contact": {"name": "b"}, "license": {"name": "MIT"}},
    "servers": [{"url": "https://{host}/v1", "variables": {"host": {"default": "a", "enum": ["a"]}}}],
    "security": [{"key": []}],
    "tags": [{"name": "pets", "externalDocs": {"url": "https://example.com"}}],
    "paths": {
        "/pets": {
            "parameters": [{"name": "q", "in": "query", "style": "form", "explode": True, "schema": TEXT}],
            "post": {
                "tags": ["pets"],
                "operationId": "addPet",
                "deprecated": False,
                "requestBody": {
                    "required": True,
                    "content": {JSON: {"schema": {"$ref": "#/components/schemas/Pet"}, "example": {"id": 1}}},
                },
                "responses": {
                    "201": {
                        "description": "made",
                        "headers": {"Location": {"schema": {"type": "string"}, "required": True}},
                        "links": {"get": {"operationId": "addPet", "parameters": {"a": "b"}}},
                    },
                    "default": {"$ref": "#/components/responses/Problem"},
                },
                "callbacks": {"made": {"{$url}": {"post": {"responses": {"200": {"description": "ok"}}}}}},
            },
        },
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "integer", "minimum": 1},
                    "names": {"type": "array", "items": {"type": "string", "maxLength": 9}, "uniqueItems": True},
                    "kind": {"oneOf": [{"type": "string", "enum": ["a"]}, {"type": "number"}]},
                },
                "additionalProperties": False,
            }
        },
        "responses": {"Problem": {"description": "wrong", "content": {JSON: {"schema": {"type": "object"}}}}},
        "securitySchemes": {
            "key": {"type": "apiKey", "name": "X-Key", "in": "header"},
            "flow": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "https://a.b", "scopes": {"a": "b"}}},
            },
        },
        "examples": {"one": {"summary": "one", "value": 1}},
    },
}
NOT_COMPARED = ("example", "enum", "value", "parameters/a", "callbacks", "url", "tokenUrl", "$ref")
"""What the two weigh differently on purpose: data, formats of addresses, references (which A002 follows itself)."""

STRICTER = ("is not declared", "leads nowhere", "what its `items` are", "`type` is no text")
"""What the specification's text asks for and its meta-schema does not."""

JUDGE = (
    "import json, sys\n"
    "from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator\n"
    "for line in sys.stdin:\n"
    "    spec = json.loads(line)\n"
    "    judge = OpenAPIV30SpecValidator if spec['openapi'].startswith('3.0') else OpenAPIV31SpecValidator\n"
    "    try:\n"
    "        fault = next(iter(judge(spec).iter_errors()), None)\n"
    "    except Exception as error:\n"
    "        fault = error\n"
    "    print(json.dumps(str(fault)[:300] if fault else ''))\n"
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a description."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


def damaged(version: str, seed: int) -> dict[str, Any]:
    """The description with one thing missing, of another type, or too much."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    spec = copy.deepcopy(SEED) | {"openapi": version}
    every = [each for each in places(spec) if each != ("openapi",)]
    at = chance.choice([each for each in every if not any(word in "/".join(map(str, each)) for word in NOT_COMPARED)])
    holder: Any = spec
    for key in at[:-1]:
        holder = holder[key]
    match chance.randrange(3):
        case 0 if isinstance(holder, dict):
            del holder[at[-1]]
        case 1 if isinstance(holder, dict):
            holder["unheard"] = 1
        case _:
            holder[at[-1]] = chance.choice([17, "text", True, [], {}, None, 1.5])
    return spec


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_both_say_the_same(version: str) -> None:
    """Which of the damaged descriptions is valid, by the meta-schema and by the table of A002."""
    specs = [SEED | {"openapi": version}, *(damaged(version, seed) for seed in range(150))]
    lines = "".join(json.dumps(spec) + "\n" for spec in specs)
    python = str(locate("openapi-spec-validator")).replace("openapi-spec-validator", "python")
    done = subprocess.run([python, "-c", JUDGE], input=lines, capture_output=True, text=True, check=True, cwd=ROOT)
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    missed, invented = [], []
    for spec, fault in zip(specs, theirs, strict=True):
        files = {"package.json": '{"dependencies": {"express": "5"}}', "openapi.json": json.dumps(spec, indent=1)}
        ours = [each.flaw.message for each in report_of(files, "A002").findings]
        missed += [fault] if fault and not ours else []
        invented += [each for each in ours if not fault and not any(word in each for word in STRICTER)]

    assert theirs[0] == ""
    assert ([], []) == (missed, invented)
