"""The price engine: to the cent what the rules say, the same every time, and with reasons that hold."""

import os
import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from tests.scale import scale

from ...vocabulary.percent import share
from ..engine import price
from ..explanation import Explanation, RuleOutcome
from ..rules import Discount, Level, Priced, PriceList, Rules, Situation, Tier, Wanted
from ..tax import TaxRounding, amounts
from . import reference
from .cases import DAY, case

EXAMPLES = scale(1_500, 100_000)
SEED = int(os.environ.get("PRICE_SEED", "1"))

WEB = Situation(channel="web", customer=None, customer_group=None, currency="EUR", moment=DAY)
RETAIL = PriceList(
    key="retail",
    channel=None,
    customer=None,
    customer_group=None,
    currency="EUR",
    discountable=True,
    valid_from=None,
    valid_until=None,
    tiers={"A": (Tier(minimum=1, amount=2000), Tier(minimum=10, amount=1800)), "B": (Tier(minimum=5, amount=100),)},
)
TEN_OFF = Discount(
    key="ten-off",
    level=Level.LINE,
    priority=10,
    exclusive=False,
    channel=None,
    customer_group=None,
    currency=None,
    skus=None,
    minimum_quantity=1,
    minimum_value=0,
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
        found = [(each.unit, each.reduction) for each in priced]
        assert found == reference.prices(made.wanted, made.situation, made.rules), seed
        rules = {each.key: each for each in made.rules.discounts}
        assert [_replayed(each, rules) for each in priced] == found, seed
        assert _shares_add_up(priced, rules), seed
        seen.update(outcome for each in priced for outcome in _outcomes(each.explanation))

    assert set(RuleOutcome) <= seen.keys()  # a run that never met a case has tested nothing of it


def _replayed(priced: Priced, rules: dict[str, Discount]) -> tuple[int | None, int]:
    """Return the price of a piece, and what is taken off the line, that an explanation leads to, step by step."""
    explanation = priced.explanation
    unit, reduction = explanation.base, 0
    for step in explanation.rules:
        if step.outcome is RuleOutcome.APPLIED:
            assert unit is not None
            assert (step.before, step.after) == (unit, rules[step.key].lower(unit))
            unit = step.after
    assert unit == explanation.unit
    for taken in explanation.cart_rules:
        if taken.outcome is RuleOutcome.APPLIED:
            assert taken.before is not None
            assert taken.after == rules[taken.key].lower(taken.before)
            reduction += taken.share or 0
    return unit, reduction


def _shares_add_up(priced: list[Priced], rules: dict[str, Discount]) -> bool:
    """Tell whether the lines' shares of each discount on the cart are what it took off, and no line is below zero."""
    shares, taken = Counter[str](), dict[str, int]()
    for line in priced:
        for each in line.explanation.cart_rules:
            if each.outcome is RuleOutcome.APPLIED:
                assert each.before is not None
                assert each.after is not None
                shares[each.key] += each.share or 0
                taken[each.key] = each.before - each.after
    left = [(line.unit or 0) * line.quantity - line.reduction for line in priced]
    return shares == Counter(taken) and min(left) >= 0 and all(rules[key].level is Level.CART for key in taken)


def _outcomes(explanation: Explanation) -> list[str]:
    return [
        *(each.outcome for each in explanation.lists),
        *(each.outcome for each in explanation.rules),
        *(each.outcome for each in explanation.cart_rules),
    ]


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
        unit, quantity = dice.randrange(100_000), dice.choice([1, 2, 3, 7, 10, 60])
        reduction = dice.choice([0, dice.randint(0, unit * quantity)])
        percent = dice.choice(["0", "2.6", "7", "8.1", "19", "25.5", "100"])
        for included in (True, False):
            for rounding in TaxRounding:
                asked: dict[str, Any] = {"included": included, "reduction": reduction}
                found = amounts(unit, quantity, share(percent), rounding=rounding, **asked)
                by_line = rounding is TaxRounding.LINE
                expected = reference.amounts(unit, quantity, percent, by_line=by_line, **asked)

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


CART = replace(TEN_OFF, key="cart", level=Level.CART)
"""Ten percent off the whole cart."""


def test_contract_counts_before_everything_else() -> None:
    """What was agreed with a customer is what it pays, dearer or not; others never learn that there is a contract."""
    dear = {"A": (Tier(minimum=1, amount=2500),)}
    contract = replace(RETAIL, key="acme", customer="acme", tiers=dear)
    dealers = replace(RETAIL, key="dealers", customer_group="dealers", channel="web")
    acme = replace(WEB, customer="acme", customer_group="dealers")
    (mine,), (others,) = (
        price([Wanted(sku="A", quantity=1)], each, Rules(lists=[RETAIL, contract, dealers]))
        for each in (acme, replace(acme, customer="bolt"))
    )

    assert (mine.unit, [each.key for each in mine.explanation.lists]) == (2500, ["acme", "dealers", "retail"])
    assert (others.unit, [each.key for each in others.explanation.lists]) == (2000, ["dealers", "retail"])


def test_list_may_refuse_every_discount() -> None:
    """A contract's last word: neither its lines nor their part of the cart become cheaper."""
    final = replace(RETAIL, discountable=False, tiers={"A": RETAIL.tiers["A"]})
    others = replace(RETAIL, key="others", tiers={"B": (Tier(minimum=1, amount=100),)})
    lines = [Wanted(sku="A", quantity=1), Wanted(sku="B", quantity=1)]
    first, second = price(lines, WEB, Rules(lists=[final, others], discounts=[TEN_OFF, CART]))

    assert (first.unit, first.reduction, second.unit, second.reduction) == (2000, 0, 90, 9)
    assert [each.outcome.value for each in first.explanation.rules] == ["not_discountable"]
    assert [each.outcome.value for each in first.explanation.cart_rules] == ["not_discountable"]


def test_what_a_cart_saves_is_divided_to_the_cent() -> None:
    """5.00 off three lines of 20.00, 20.00 and 1.00: the cent that rounding leaves goes to the largest remainder."""
    voucher = replace(CART, share=None, amount=500, currency="EUR", minimum_value=4_100)
    lists = [replace(RETAIL, tiers={sku: (Tier(minimum=1, amount=amount),) for sku, amount in PRICES.items()})]
    lines = [Wanted(sku=sku, quantity=1) for sku in PRICES]
    priced = price(lines, WEB, Rules(lists=lists, discounts=[voucher]))
    without = price(lines[:2], WEB, Rules(lists=lists, discounts=[voucher]))

    assert [each.reduction for each in priced] == [244, 244, 12]
    assert [each.explanation.cart_rules[0].model_dump() for each in priced][2] == {
        "key": "cart", "outcome": "applied", "before": 4_100, "after": 3_600, "share": 12,
    }  # fmt: skip
    assert [each.explanation.cart_rules[0].outcome.value for each in without] == ["below_minimum_value"] * 2


PRICES = {"A": 2_000, "B": 2_000, "C": 100}


def test_cart_leaves_out_what_an_exclusive_discount_lowered() -> None:
    """And an exclusive one on the cart leaves out what any other one lowered."""
    alone = replace(TEN_OFF, key="alone", skus=frozenset("A"), exclusive=True)
    lists = [replace(RETAIL, tiers={sku: (Tier(minimum=1, amount=amount),) for sku, amount in PRICES.items()})]
    lines = [Wanted(sku=sku, quantity=1) for sku in PRICES]
    priced = price(lines, WEB, Rules(lists=lists, discounts=[alone, CART]))
    other = price(lines, WEB, Rules(lists=lists, discounts=[alone, replace(CART, exclusive=True)]))

    assert [(each.unit, each.reduction) for each in priced] == [(1_800, 0), (2_000, 200), (100, 10)]
    assert [each.reduction for each in other] == [0, 200, 10]
    assert [each.explanation.cart_rules[0].outcome.value for each in other] == ["after_exclusive", "applied", "applied"]


@pytest.mark.parametrize(("rounding", "tax"), [(TaxRounding.LINE, 58), (TaxRounding.UNIT, 57)])
def test_tax_of_a_reduced_line(rounding: TaxRounding, tax: int) -> None:
    """Three pieces of 1.08 less 0.20 are 3.04 before 19 %: piece by piece, two cost 1.01 and one 1.02."""
    found = amounts(108, 3, share("19"), included=False, rounding=rounding, reduction=20)

    assert (found.net, found.tax) == (304, tax)
