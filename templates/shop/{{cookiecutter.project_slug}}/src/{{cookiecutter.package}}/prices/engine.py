"""The price engine: what lines cost, and why. Pure: rules in, prices with their explanations out.

1. Of the price lists that match, the most specific one that has a price for the quantity is taken, never silently the
   cheapest: a contract with the customer counts more than a customer group, that more than a channel, and that more
   than a limited time.
2. Discounts on lines follow in the order of their priority. Each is rounded half to even to the currency's smallest
   unit, and none goes below zero.
3. Discounts on the whole cart come last (see :mod:`.cart_discounts`).

All choices are total: rules that would leave one open are refused when they are made (see :mod:`.clashes`).
"""

from collections.abc import Sequence

from ..vocabulary.validity import holds
from .cart_discounts import Line, reduced
from .explanation import Explanation, ListConsidered, ListOutcome, RuleConsidered, RuleOutcome
from .obstacles import excluded, out_of_place
from .rules import Discount, Level, Priced, PriceList, Rules, Situation, Tier, Wanted


def price(wanted: Sequence[Wanted], situation: Situation, rules: Rules) -> list[Priced]:
    """Price lines one after another; what a line takes from a budget, the next one finds gone."""
    lists = sorted(rules.lists, key=lambda each: (each.specificity, each.key), reverse=True)
    discounts = sorted(rules.discounts, key=lambda each: (-each.priority, each.key))
    on_lines = [each for each in discounts if each.level is Level.LINE]
    on_cart = [each for each in discounts if each.level is Level.CART]
    budgets = {each.key: each.budget for each in discounts if each.budget is not None}
    lines = [_price(each, situation, lists, on_lines, budgets) for each in wanted]
    return reduced(lines, situation, on_cart, budgets) if on_cart else [line.priced for line in lines]


def _price(
    line: Wanted,
    situation: Situation,
    lists: Sequence[PriceList],
    discounts: Sequence[Discount],
    budgets: dict[str, int],
) -> Line:
    considered, chosen = _select(line, situation, lists)
    if chosen is None:
        explanation = Explanation(lists=considered)
        nothing = Priced(sku=line.sku, quantity=line.quantity, base=None, unit=None, explanation=explanation)
        return Line(priced=nothing, applied=[], discountable=False)
    price_list, tier = chosen
    reduction = _Reduction(line, tier.amount, discountable=price_list.discountable)
    for each in discounts:
        reduction.consider(each, situation, budgets)
    explanation = Explanation(
        price_list=price_list.key,
        minimum_quantity=tier.minimum,
        base=tier.amount,
        unit=reduction.unit,
        lists=considered,
        rules=reduction.considered,
    )
    priced = Priced(
        sku=line.sku,
        quantity=line.quantity,
        base=tier.amount,
        unit=reduction.unit,
        explanation=explanation,
        spent=reduction.spent,
    )
    return Line(priced=priced, applied=reduction.applied, discountable=price_list.discountable)


def _select(
    line: Wanted, situation: Situation, lists: Sequence[PriceList]
) -> tuple[list[ListConsidered], tuple[PriceList, Tier] | None]:
    considered: list[ListConsidered] = []
    chosen: tuple[PriceList, Tier] | None = None
    for each in lists:
        tiers = each.tiers.get(line.sku)
        if tiers is None or each.customer not in (None, situation.customer):
            continue  # it says nothing about this article, or is a contract with somebody else: nobody's business here
        reached = [tier for tier in tiers if tier.minimum <= line.quantity]
        if (outcome := _mismatch(each, situation)) is not None:
            pass
        elif not reached:
            outcome = ListOutcome.BELOW_LOWEST_TIER
        elif chosen is not None:
            outcome = ListOutcome.LESS_SPECIFIC
        else:
            outcome, chosen = ListOutcome.CHOSEN, (each, reached[-1])
        considered.append(ListConsidered(key=each.key, outcome=outcome))
    return considered, chosen


def _mismatch(each: PriceList, situation: Situation) -> ListOutcome | None:
    checks = (
        (each.currency != situation.currency, ListOutcome.OTHER_CURRENCY),
        (each.channel not in (None, situation.channel), ListOutcome.OTHER_CHANNEL),
        (each.customer_group not in (None, situation.customer_group), ListOutcome.OTHER_CUSTOMER_GROUP),
        (not holds(each.valid_from, each.valid_until, situation.moment), ListOutcome.NOT_VALID_NOW),
    )
    return next((outcome for failed, outcome in checks if failed), None)


class _Reduction:
    """The price of one piece on its way down."""

    def __init__(self, line: Wanted, base: int, *, discountable: bool) -> None:
        self.unit = base
        self.considered: list[RuleConsidered] = []
        self.applied: list[Discount] = []
        self.spent: dict[str, int] = {}
        self._line = line
        self._discountable = discountable

    def consider(self, each: Discount, situation: Situation, budgets: dict[str, int]) -> None:
        """Apply a discount, or say why not; a budget loses what the whole line saves."""
        if each.skus is not None and self._line.sku not in each.skus:
            return  # made for other articles: it was never in question here
        after = each.lower(self.unit)
        saved = (self.unit - after) * self._line.quantity
        outcome = out_of_place(each, situation)
        if outcome is None and self._line.quantity < each.minimum_quantity:
            outcome = RuleOutcome.BELOW_MINIMUM_QUANTITY
        outcome = outcome or excluded(each, self.applied, discountable=self._discountable)
        if outcome is None and each.key in budgets and saved > budgets[each.key]:
            outcome = RuleOutcome.BUDGET_USED_UP
        if outcome is not None:
            self.considered.append(RuleConsidered(key=each.key, outcome=outcome))
            return
        considered = RuleConsidered(key=each.key, outcome=RuleOutcome.APPLIED, before=self.unit, after=after)
        self.considered.append(considered)
        self.applied.append(each)
        self.unit = after
        if each.key in budgets:
            self.spent[each.key] = saved
            budgets[each.key] -= saved
