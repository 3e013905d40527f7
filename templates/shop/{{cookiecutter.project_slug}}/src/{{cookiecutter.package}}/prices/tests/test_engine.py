"""The price engine: to the cent what the rules say, the same every time, and with reasons that hold."""

import os
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.scale import scale

from ...vocabulary.percent import share
from ..engine import Discount, PriceList, Rules, Situation, Tier, Wanted, price
from ..explanation import Explanation, RuleOutcome
from ..tax import TaxRounding, amounts
from . import reference
from .cases import DAY, case

EXAMPLES = scale(1_500, 100_000)
SEED = int(os.environ.get("PRICE_SEED", "1"))

WEB = Situation(channel="web", customer_group=None, currency="EUR", moment=DAY)
RETAIL = PriceList(
    key="retail",
    channel=None,
    customer_group=None,
    currency="EUR",
    valid_from=None,
    valid_until=None,
    tiers={"A": (Tier(minimum=1, amount=2000), Tier(minimum=10, amount=1800)), "B": (Tier(minimum=5, amount=100),)},
)
TEN_OFF = Discount(
    key="ten-off",
    priority=10,
    exclusive=False,
    channel=None,
    customer_group=None,
    currency=None,
    skus=None,
    minimum_quantity=1,
    code=None,
    valid_from=None,
    valid_until=None,
    share=Fraction(1, 10),
)


def test_random_carts_cost_what_the_reference_says() -> None:
    """Engine and reference agree to the cent on every cart, no valid set of rules leaves a price open, and every
    explanation replays to its price: from the base through what was applied, nothing else had a hand in it."""
    seen: Counter[str] = Counter()
    for seed in range(SEED, SEED + EXAMPLES):
        made = case(seed)
        priced = price(made.wanted, made.situation, made.rules)
        assert [each.unit for each in priced] == reference.unit_prices(made.wanted, made.situation, made.rules), seed
        rules = {each.key: each for each in made.rules.discounts}
        assert [_replayed(each.explanation, rules) for each in priced] == [each.unit for each in priced], seed
        seen.update(outcome for each in priced for outcome in _outcomes(each.explanation))

    assert set(RuleOutcome) <= seen.keys()  # a run that never met a case has tested nothing of it


def _replayed(explanation: Explanation, rules: dict[str, Discount]) -> int | None:
    """Return the price that an explanation leads to, step by step."""
    unit = explanation.base
    for step in explanation.rules:
        if step.outcome is RuleOutcome.APPLIED:
            assert unit is not None
            assert (step.before, step.after) == (unit, rules[step.key].lower(unit))
            unit = step.after
    assert unit == explanation.unit
    return unit


def _outcomes(explanation: Explanation) -> list[str]:
    return [each.outcome for each in explanation.lists] + [each.outcome for each in explanation.rules]


def test_price_does_not_depend_on_the_order_of_rules() -> None:
    """Selection is total: whatever order the database gives them in, the answer is one."""
    for seed in range(SEED, SEED + EXAMPLES // 5):
        made = case(seed)
        dice = random.Random(seed)  # noqa: S311 - shuffles, guards nothing
        shuffled = Rules(
            lists=dice.sample(list(made.rules.lists), len(made.rules.lists)),
            discounts=dice.sample(list(made.rules.discounts), len(made.rules.discounts)),
        )

        assert price(made.wanted, made.situation, shuffled) == price(made.wanted, made.situation, made.rules), seed


def test_random_lines_are_taxed_as_the_reference_says() -> None:
    """Net, tax and gross agree to the cent in all four modes, and always add up."""
    dice = random.Random(SEED)  # noqa: S311 - makes cases, guards nothing
    for _ in range(EXAMPLES):
        unit, quantity = dice.randrange(100_000), dice.randint(1, 1000)
        percent = dice.choice(["0", "2.6", "7", "8.1", "19", "25.5", "100"])
        for included in (True, False):
            for rounding in TaxRounding:
                found = amounts(unit, quantity, share(percent), included=included, rounding=rounding)
                by_line = rounding is TaxRounding.LINE
                expected = reference.amounts(unit, quantity, percent, included=included, by_line=by_line)

                assert (found.net, found.tax, found.gross) == expected
                assert found.net + found.tax == found.gross


@pytest.mark.parametrize(("rounding", "gross"), [(TaxRounding.LINE, 386), (TaxRounding.UNIT, 387)])
def test_line_tax_and_unit_tax_differ(rounding: TaxRounding, gross: int) -> None:
    """Three pieces of 1.08 at 19 %: a cent lies between the two, so the channel says which it is."""
    assert amounts(108, 3, share("19"), included=False, rounding=rounding).gross == gross


@pytest.mark.parametrize(
    ("sku", "quantity", "unit"),
    [("A", 9, 2000), ("A", 10, 1800), ("B", 4, None), ("B", 5, 100), ("C", 1, None)],
    ids=["first tier", "second tier", "below the lowest tier", "at the lowest tier", "no price"],
)
def test_tier_follows_the_quantity(sku: str, quantity: int, unit: int | None) -> None:
    """The highest tier that is reached counts; without one there is no price, and not a price of zero."""
    (found,) = price([Wanted(sku=sku, quantity=quantity)], WEB, Rules(lists=[RETAIL]))

    assert found.unit == unit


def test_most_specific_list_wins_though_it_is_dearer() -> None:
    """Never silently the cheapest: who made a list for the dealers meant it."""
    dear = {"A": (Tier(minimum=1, amount=2500),)}
    for_web, for_dealers = replace(RETAIL, key="web", channel="web"), replace(RETAIL, key="dealers", tiers=dear)
    for_dealers = replace(for_dealers, customer_group="dealers")
    dealer = replace(WEB, customer_group="dealers")
    (found,) = price([Wanted(sku="A", quantity=1)], dealer, Rules(lists=[RETAIL, for_web, for_dealers]))

    assert found.unit == 2500
    assert [(each.key, each.outcome.value) for each in found.explanation.lists] == [
        ("dealers", "chosen"),
        ("web", "less_specific"),
        ("retail", "less_specific"),
    ]


def test_rounding_follows_each_discount() -> None:
    """1.05 less 50 % is 0.52 (half to even), and less another 50 % 0.26; rounded once at the end it would be too."""
    tiers = {"A": (Tier(minimum=1, amount=105),)}
    half = replace(TEN_OFF, key="half", share=Fraction(1, 2))
    again = replace(half, key="again", priority=5)
    (found,) = price(
        [Wanted(sku="A", quantity=1)], WEB, Rules(lists=[replace(RETAIL, tiers=tiers)], discounts=[again, half])
    )

    assert [(each.key, each.before, each.after) for each in found.explanation.rules] == [
        ("half", 105, 52),
        ("again", 52, 26),
    ]


def test_no_price_goes_below_zero() -> None:
    """A voucher of 50.00 on 20.00 gives 20.00 away, and its budget loses no more than that."""
    voucher = replace(TEN_OFF, key="voucher", share=None, amount=5000, currency="EUR", budget=2500)
    (found,) = price([Wanted(sku="A", quantity=1)], WEB, Rules(lists=[RETAIL], discounts=[voucher]))

    assert (found.unit, found.spent) == (0, {"voucher": 2000})


def test_budget_is_shared_by_the_lines_of_a_cart() -> None:
    """What the first line takes, the second one finds gone; a rule is applied whole or not at all."""
    rule = replace(TEN_OFF, currency="EUR", budget=500)
    lines = [Wanted(sku="A", quantity=2), Wanted(sku="A", quantity=1)]
    first, second = price(lines, WEB, Rules(lists=[RETAIL], discounts=[rule]))

    assert (first.unit, first.spent) == (1800, {"ten-off": 400})
    assert (second.unit, second.spent) == (2000, {})
    assert [each.outcome.value for each in second.explanation.rules] == ["budget_used_up"]
