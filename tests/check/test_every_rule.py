"""Every rule is tried: at least two repositories that violate it, and two that only look as if they did."""

import importlib
from typing import Any

import pytest

from machgen.check.registry import all_rules
from tests.check import test_breaking, test_compatibility, test_routes
from tests.check.test_fixes import MODULES


def cases(*names: str) -> dict[str, int]:
    """How many repositories each rule has in the lists of these names."""
    found: dict[str, int] = {}
    for module in MODULES:
        for name in names:
            for case in getattr(importlib.import_module(f"tests.check.test_{module}"), name, ()):
                rule = getattr(case, "values", case)[0]
                found[rule] = found.get(rule, 0) + 1
    return found


def parameters(test: Any) -> int:
    """How many cases a parametrized test has."""
    return len(next(mark for mark in test.pytestmark if mark.name == "parametrize").args[1])


VIOLATED = cases("VIOLATIONS", "MISSED") | {
    "A016": sum(bool(breaking) for *_, breaking in test_breaking.EDITS),
    "A020": parameters(test_routes.test_what_one_side_lacks_is_named),
    "A021": parameters(test_compatibility.test_versions_that_part_are_found),
}
KEPT = cases("LOOKALIKES", "WRONG") | {
    "A016": sum(not breaking for *_, breaking in test_breaking.EDITS),
    "A020": parameters(test_routes.test_what_agrees_is_not_found),
    "A021": parameters(test_compatibility.test_versions_that_agree_or_are_not_said_are_not_found),
}


@pytest.mark.parametrize("rule", [each.id for each in all_rules()])
def test_a_rule_has_violations_and_lookalikes(rule: str) -> None:
    """Two of each at least."""
    assert (True, True) == (VIOLATED.get(rule, 0) >= 2, KEPT.get(rule, 0) >= 2)


def test_edits_of_contracts_are_sixty() -> None:
    """Those that break somebody and those that do not."""
    assert len(test_breaking.EDITS) >= 60
