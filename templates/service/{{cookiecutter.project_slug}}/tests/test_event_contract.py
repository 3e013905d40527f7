"""The contract of the events on disk is what the code publishes."""

import importlib
import pkgutil
from typing import Any

import yaml

from chassis.contract import dump
from chassis.domain import load_domain
from chassis.event_contract import build
from chassis.events import EventType
from chassis.project import ROOT, project


def _committed() -> Any:
    return yaml.safe_load((ROOT / "contract" / "asyncapi.yaml").read_text(encoding="utf-8"))


def test_committed_contract_is_made_from_the_code() -> None:
    """Every declared event is in the contract with its schema and nothing else is: run ``make contract``."""
    assert build(project(), load_domain()) == _committed()


def test_written_contract_reads_back() -> None:
    """What ``make contract`` writes is the contract."""
    assert yaml.safe_load(dump(_committed())) == _committed()


def test_every_event_type_in_the_code_is_declared() -> None:
    """An event that a module defines and the domain does not list would be published without a contract."""
    package = importlib.import_module(project().package)
    found = {
        value.name
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if ".tests" not in module.name
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, EventType)
    }

    assert found == {kind.name for kind in load_domain().events}
