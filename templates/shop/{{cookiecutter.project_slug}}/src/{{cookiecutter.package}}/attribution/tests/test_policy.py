"""The policy: total, and to the cent."""

import random
from typing import Any

import pytest

from ..policy import NOBODY, WHOLE, Rule, Sale, Split, amounts, clash, decide

EVA, KAI = (
    Split(territory="north", representative="eva", share=7_000),
    Split(territory="south", representative="kai", share=3_000),
)
SALE = Sale(country="DE", postal_code="10115", product_group="pumps")


def _rule(key: str, priority: int = 1, **members: Any) -> Rule:
    open_rule: dict[str, Any] = {"country": None, "postal_codes": None, "product_group": None, "splits": (EVA, KAI)}
    return Rule(key=key, priority=priority, **open_rule | members)


@pytest.mark.parametrize(
    ("members", "matches"),
    [
        ({}, True),
        ({"country": "DE"}, True),
        ({"country": "AT"}, False),
        ({"country": "DE", "postal_codes": ("10000", "19999")}, True),
        ({"country": "DE", "postal_codes": ("10115", "10115")}, True),
        ({"country": "DE", "postal_codes": ("20000", "29999")}, False),
        ({"product_group": "pumps"}, True),
        ({"product_group": "valves"}, False),
    ],
)
def test_rule_matches_by_country_postal_code_and_product_group(members: dict[str, Any], matches: bool) -> None:
    """The ends of a range belong to it."""
    assert _rule("one", **members).matches(SALE) is matches


def test_assignment_beats_rules_and_priority_decides_among_them() -> None:
    """What nobody looks after is counted for nobody, and not lost."""
    low, high = _rule("low", 1), _rule("high", 2, country="DE")

    assert decide(SALE, [KAI], [low, high]).source == "assignment"
    assert decide(SALE, [], [low, high]).source == "rule:high"
    nobody = decide(SALE, [], [_rule("at", country="AT")])
    assert (nobody.source, nobody.splits[0].territory, nobody.splits[0].share) == ("default", NOBODY, WHOLE)


@pytest.mark.parametrize("amount", [0, 1, -1, 99, 100, 3_333, -9_999, 10**12 + 1])
def test_parts_add_up(amount: int) -> None:
    """Whatever the shares, every cent is credited, and taken back, once."""
    dice = random.Random(amount)  # noqa: S311 - makes cases, guards nothing
    for _ in range(200):
        cuts = sorted(dice.sample(range(1, WHOLE), dice.randrange(6)))
        shares = [end - begin for begin, end in zip([0, *cuts], [*cuts, WHOLE], strict=True)]
        splits = [Split(territory=str(index), representative=None, share=share) for index, share in enumerate(shares)]
        parts = amounts(amount, splits)

        assert sum(parts) == amount
        assert [-part for part in parts] == amounts(-amount, splits)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({}, {}, True),
        ({"country": "DE"}, {"country": "AT"}, False),
        ({"country": "DE"}, {}, True),
        (
            {"country": "DE", "postal_codes": ("10000", "19999")},
            {"country": "DE", "postal_codes": ("20000", "29999")},
            False,
        ),
        (
            {"country": "DE", "postal_codes": ("10000", "20000")},
            {"country": "DE", "postal_codes": ("20000", "29999")},
            True,
        ),
        ({"product_group": "pumps"}, {"product_group": "valves"}, False),
    ],
)
def test_rules_of_one_priority_may_not_meet(one: dict[str, Any], other: dict[str, Any], expected: bool) -> None:
    """Of another priority they may."""
    assert clash(_rule("one", **one), _rule("other", **other)) is expected
    assert clash(_rule("one", 1, **one), _rule("other", 2, **other)) is False
