"""The price engine: what a line costs, and why. Pure: rules in, prices with their explanations out.

1. Of the price lists that match, the most specific one that has a price for the quantity is taken, never silently the
   cheapest: a customer group counts more than a channel, and that more than a limited time.
2. Discounts follow in the order of their priority. Each is rounded half to even to the currency's smallest unit, and
   none goes below zero.

Both choices are total: rules that would leave one open are refused when they are made (see :mod:`.clashes`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from ..vocabulary.validity import holds
from .explanation import Explanation, ListConsidered, ListOutcome, RuleConsidered, RuleOutcome


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Who asks, where and when. ``codes`` are the discount codes that were given."""

    channel: str
    customer_group: str | None
    currency: str
    moment: datetime
    codes: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Tier:
    """From this many pieces on, one costs this much, in minor units."""

    minimum: int
    amount: int


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """A price list with what it asks for the articles at hand; what is ``None`` matches everything.

    ``tiers`` are in ascending order of their minimum.
    """

    key: str
    channel: str | None
    customer_group: str | None
    currency: str
    valid_from: datetime | None
    valid_until: datetime | None
    tiers: Mapping[str, Sequence[Tier]]

    @property
    def specificity(self) -> tuple[bool, bool, int]:
        """How closely it fits who matches it; the greater one wins."""
        ends = (self.valid_from is not None) + (self.valid_until is not None)
        return (self.customer_group is not None, self.channel is not None, ends)


@dataclass(frozen=True, kw_only=True)
class Discount:
    """A rule that lowers a price: by ``share`` of it, or by ``amount`` minor units of ``currency`` a piece.

    ``skus``: the articles it is for, ``None`` for all. ``budget``: how much may still be given away, in minor units;
    ``None`` without a limit. An exclusive discount goes together with no other one.
    """

    key: str
    priority: int
    exclusive: bool
    channel: str | None
    customer_group: str | None
    currency: str | None
    skus: frozenset[str] | None
    minimum_quantity: int
    code: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    share: Fraction | None = None
    amount: int | None = None
    budget: int | None = None

    def lower(self, unit: int) -> int:
        """Return what is left of a unit price."""
        cut = unit * self.share if self.share is not None else Fraction(self.amount or 0)
        return max(0, round(unit - cut))  # Python rounds a fraction half to even, exactly


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many pieces of one article."""

    sku: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What one piece costs, in minor units, before and after discounts; ``unit`` is ``None`` if nothing prices it.

    ``spent`` maps discounts with a budget to what the whole line takes from it.
    """

    sku: str
    quantity: int
    base: int | None
    unit: int | None
    explanation: Explanation
    spent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything that may have a say."""

    lists: Sequence[PriceList]
    discounts: Sequence[Discount] = ()


def price(wanted: Sequence[Wanted], situation: Situation, rules: Rules) -> list[Priced]:
    """Price lines one after another; what a line takes from a budget, the next one finds gone."""
    lists = sorted(rules.lists, key=lambda each: (each.specificity, each.key), reverse=True)
    discounts = sorted(rules.discounts, key=lambda each: (-each.priority, each.key))
    budgets = {each.key: each.budget for each in discounts if each.budget is not None}
    priced = []
    for line in wanted:
        priced.append(_price(line, situation, lists, discounts, budgets))
        for key, amount in priced[-1].spent.items():
            budgets[key] -= amount
    return priced


def _price(
    line: Wanted,
    situation: Situation,
    lists: Sequence[PriceList],
    discounts: Sequence[Discount],
    budgets: dict[str, int],
) -> Priced:
    considered, chosen = _select(line, situation, lists)
    if chosen is None:
        explanation = Explanation(lists=considered)
        return Priced(sku=line.sku, quantity=line.quantity, base=None, unit=None, explanation=explanation)
    price_list, tier = chosen
    rules, unit, spent = _reduce(line, situation, tier.amount, discounts, budgets)
    explanation = Explanation(
        price_list=price_list.key,
        minimum_quantity=tier.minimum,
        base=tier.amount,
        unit=unit,
        lists=considered,
        rules=rules,
    )
    return Priced(
        sku=line.sku, quantity=line.quantity, base=tier.amount, unit=unit, explanation=explanation, spent=spent
    )


def _select(
    line: Wanted, situation: Situation, lists: Sequence[PriceList]
) -> tuple[list[ListConsidered], tuple[PriceList, Tier] | None]:
    considered: list[ListConsidered] = []
    chosen: tuple[PriceList, Tier] | None = None
    for each in lists:
        tiers = each.tiers.get(line.sku)
        if tiers is None:
            continue  # it says nothing about this article
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


def _reduce(
    line: Wanted, situation: Situation, base: int, discounts: Sequence[Discount], budgets: dict[str, int]
) -> tuple[list[RuleConsidered], int, dict[str, int]]:
    considered: list[RuleConsidered] = []
    applied: list[Discount] = []
    spent: dict[str, int] = {}
    unit = base
    for each in discounts:
        if each.skus is not None and line.sku not in each.skus:
            continue  # made for other articles: it was never in question here
        after = each.lower(unit)
        saved = (unit - after) * line.quantity
        outcome = _obstacle(each, line, situation) or _conflict(each, applied)
        if outcome is None and each.key in budgets and saved > budgets[each.key]:
            outcome = RuleOutcome.BUDGET_USED_UP
        if outcome is None:
            outcome = RuleOutcome.APPLIED
            considered.append(RuleConsidered(key=each.key, outcome=outcome, before=unit, after=after))
            applied.append(each)
            unit = after
            if each.key in budgets:
                spent[each.key] = saved
        else:
            considered.append(RuleConsidered(key=each.key, outcome=outcome))
    return considered, unit, spent


def _obstacle(each: Discount, line: Wanted, situation: Situation) -> RuleOutcome | None:
    checks = (
        (each.currency not in (None, situation.currency), RuleOutcome.OTHER_CURRENCY),
        (each.channel not in (None, situation.channel), RuleOutcome.OTHER_CHANNEL),
        (each.customer_group not in (None, situation.customer_group), RuleOutcome.OTHER_CUSTOMER_GROUP),
        (not holds(each.valid_from, each.valid_until, situation.moment), RuleOutcome.NOT_VALID_NOW),
        (each.code is not None and each.code not in situation.codes, RuleOutcome.CODE_NOT_GIVEN),
        (line.quantity < each.minimum_quantity, RuleOutcome.BELOW_MINIMUM_QUANTITY),
    )
    return next((outcome for failed, outcome in checks if failed), None)


def _conflict(each: Discount, applied: Sequence[Discount]) -> RuleOutcome | None:
    if any(other.exclusive for other in applied):
        return RuleOutcome.AFTER_EXCLUSIVE
    return RuleOutcome.EXCLUSIVE_AFTER_OTHERS if each.exclusive and applied else None
