"""The contract on disk is the contract that is served."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from chassis import idempotency
from chassis.contract import dump
from chassis.patterns import words_of
from chassis.project import ROOT
from tests import example
from tests.fixtures import Service


def _committed() -> Any:
    return yaml.safe_load((ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8"))


async def test_served_contract_is_the_committed_one(service: Service) -> None:
    """A changed API changes the contract in the same commit: run ``make contract``."""
    served = (await service.anonymous.get("/openapi.json")).json()

    assert served == _committed()


def test_written_contract_reads_back() -> None:
    """What ``make contract`` writes is the contract, whatever the title holds."""
    contract = _committed() | {"info": {"title": 'It\'s "new": é\n', "version": "1"}}

    assert yaml.safe_load(dump(contract)) == contract


def _operations() -> list[Any]:
    return [
        pytest.param(operation, id=operation["operationId"])
        for operations in _committed()["paths"].values()
        for operation in operations.values()
    ]


@pytest.mark.parametrize("operation", _operations())
def test_operation_is_described(operation: dict[str, Any]) -> None:
    """Each operation says what it does, who may call it and how it fails."""
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert "security" in operation
    assert {"500", "503"} <= operation["responses"].keys()
    for parameter in operation.get("parameters", []):
        assert parameter["description"], parameter["name"]


def test_repeated_post_can_be_known() -> None:
    """Each POST takes an Idempotency-Key, but for those that a list names with their reason."""
    without = {
        operations["post"]["operationId"]
        for operations in _committed()["paths"].values()
        if "post" in operations
        and "Idempotency-Key" not in {one["name"] for one in operations["post"].get("parameters", [])}
    }

    assert example.WITHOUT_KEY.keys() == without
    assert all(example.WITHOUT_KEY.values())


def test_every_pattern_is_explained() -> None:
    """What callers write by a pattern is refused in words: each pattern of the contract has some."""
    without = {pattern for pattern in _patterns(_committed()) if words_of(pattern) is None}

    assert without == {idempotency.PATTERN}  # it is checked by hand, with words of its own


def _patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(pattern := value.get("pattern"), str):
            yield pattern
        yield from (found for one in value.values() for found in _patterns(one))
    elif isinstance(value, list):
        yield from (found for one in value for found in _patterns(one))


async def test_answers_fit_the_contract(ann: httpx.AsyncClient) -> None:
    """The documented members are the ones that are sent."""
    created = (await ann.post(example.COLLECTION, json=example.draft())).json()

    assert created.keys() == _committed()["components"]["schemas"][example.SCHEMA]["properties"].keys()
