"""What shop and portal tell each other: whatever the one's contract allows, the other one understands."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.templates.conftest import Bake

SERVICES = Path(__file__).parents[2] / ".tools" / "services" / "bin" / "python"
TAKEN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("shop", "portal"): {
        "approval.requested": "TellsApproval",
        "order.placed": "TellsOrder",
        "order.confirmed": "TellsOrder",
        "order.cancelled": "TellsOrder",
        "order.completed": "TellsOrder",
        "shipment.dispatched": "TellsPart",
        "shipment.delivered": "TellsPart",
        "return.received": "TellsPart",
        "payment.authorized": "TellsPart",
        "payment.failed": "TellsPart",
        "payment.captured": "TellsPart",
        "payment.voided": "TellsPart",
        "payment.refunded": "TellsPart",
    },
    ("portal", "shop"): {
        "account.created": "TellsAccount",
        "account.changed": "TellsAccount",
        "account.closed": "TellsAccount",
        "approval.decided": "TellsDecision",
        "quote.accepted": "TellsAgreement",
        "member.changed": "TellsMember",
        "member.left": "TellsMember",
        "account.person_erased": "TellsPerson",
    },
}
"""Which event of the first one the second one reads with which of its models."""

READ = """
import importlib, json, sys
schemas = importlib.import_module(sys.argv[1] + ".inbound.schemas")
for line in sys.stdin:
    model, data = json.loads(line)
    getattr(schemas, model).model_validate(data)
    print(model)
"""


def told(contract: Mapping[str, Any], event: str) -> Iterator[dict[str, Any]]:
    """Yield what an event may say: the least that it has to, with nothing where nothing is allowed, and all it can."""
    schemas = contract["components"]["schemas"]

    def example(schema: Mapping[str, Any], *, least: bool) -> Any:
        while "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        if schema.get("anyOf"):
            nothing = [one for one in schema["anyOf"] if one.get("type") == "null"]
            something = next(one for one in schema["anyOf"] if one not in nothing)
            return None if nothing and least else example({**schema, "anyOf": [], **something}, least=least)
        if "properties" in schema:
            names = schema.get("required", []) if least else schema["properties"]
            return {name: example(schema["properties"][name], least=least) for name in names}
        if schema.get("type") == "array":
            return [example(schema["items"], least=least)]
        known = {"uuid": "0190a5e0-0000-7000-8000-000000000000", "date-time": "2026-01-31T12:00:00Z"}
        kind = {"integer": 1, "boolean": True, "string": "x"}.get(schema.get("type", ""))
        return (schema.get("enum") or schema.get("examples") or [known.get(schema.get("format", ""), kind)])[0]

    envelope = contract["components"]["messages"][event]["payload"]["allOf"][1]
    for least in (True, False):
        yield example(envelope["properties"]["data"], least=least)


@pytest.mark.parametrize(("teller", "taker"), TAKEN, ids="->".join)
def test_what_is_told_is_understood(baked: Bake, teller: str, taker: str) -> None:
    """From the teller's contract, for every event that the taker reads, the most and the least that it may say."""
    if not SERVICES.exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    contract = yaml.safe_load(
        (baked({"project_slug": teller}, teller) / "contract" / "asyncapi.yaml").read_text(encoding="utf-8")
    )
    events = TAKEN[teller, taker]
    said = [json.dumps([model, data]) for event, model in events.items() for data in told(contract, event)]
    project = baked({"project_slug": taker}, taker)
    done = subprocess.run(
        [SERVICES, "-c", READ, taker],
        cwd=project,
        env=os.environ | {"PYTHONPATH": str(project / "src"), "PYTHONDONTWRITEBYTECODE": "1"},
        input="\n".join(said),
        capture_output=True,
        text=True,
        check=False,
    )

    assert "" == done.stderr
    assert [model for model in events.values() for _ in range(2)] == done.stdout.split()


@pytest.mark.parametrize(("teller", "taker"), TAKEN, ids="->".join)
def test_everything_that_is_read_is_told(baked: Bake, teller: str, taker: str) -> None:
    """Whatever the teller's contract has and the taker knows the kind of is in the table above."""
    contract = yaml.safe_load(
        (baked({"project_slug": teller}, teller) / "contract" / "asyncapi.yaml").read_text(encoding="utf-8")
    )
    source = (baked({"project_slug": taker}, taker) / "src" / taker / "inbound" / "service.py").read_text(
        encoding="utf-8"
    )
    known = source.partition("_TOLD: ")[2].partition("\n}")[0]
    taken = [name for name in contract["channels"] if f'"{name}"' in known or f'"{name.partition(".")[0]}"' in known]

    assert sorted(TAKEN[teller, taker]) == sorted(taken)
