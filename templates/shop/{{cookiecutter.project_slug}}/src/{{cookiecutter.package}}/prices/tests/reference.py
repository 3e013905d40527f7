"""An independent way to the same price: slow, in exact rationals, and written from the rules alone.

It shares the vocabulary of the engine (the shape of the rules) and none of its decisions.
"""

from collections.abc import Sequence
from fractions import Fraction

from ..engine import Discount, PriceList, Rules, Situation, Wanted


class UndecidedError(AssertionError):
    """Two rules were equally good: the answer would be an accident."""


def half_even(value: Fraction) -> int:
    """Round to the nearest whole number, and from the middle to the even one."""
    below = value.numerator // value.denominator
    rest = value - below
    if rest == Fraction(1, 2):
        return below if below % 2 == 0 else below + 1
    return below if rest < Fraction(1, 2) else below + 1


def unit_prices(wanted: Sequence[Wanted], situation: Situation, rules: Rules) -> list[int | None]:
    """Return what one piece of each line costs."""
    left = {each.key: each.budget for each in rules.discounts}
    return [_unit_price(line, situation, rules, left) for line in wanted]


def _unit_price(line: Wanted, situation: Situation, rules: Rules, left: dict[str, int | None]) -> int | None:
    base = _base(line, situation, rules.lists)
    if base is None:
        return None
    unit, used = base, list[Discount]()
    fitting = [each for each in rules.discounts if _fits(each, line, situation)]
    while fitting:
        highest = max(each.priority for each in fitting)
        first = [each for each in fitting if each.priority == highest]
        if len(first) > 1:
            raise UndecidedError([each.key for each in first])
        rule = first[0]
        fitting.remove(rule)
        if used and (rule.exclusive or used[-1].exclusive):
            continue
        exact = unit * (1 - rule.share) if rule.share is not None else Fraction(unit - (rule.amount or 0))
        lower = half_even(max(exact, Fraction(0)))
        given = (unit - lower) * line.quantity
        budget = left[rule.key]
        if budget is not None:
            if given > budget:
                continue
            left[rule.key] = budget - given
        unit = lower
        used.append(rule)
    return unit


def _base(line: Wanted, situation: Situation, lists: Sequence[PriceList]) -> int | None:
    """Look for lists made for the group and the channel first, then the group, then the channel, then everybody."""
    asking = [
        each
        for each in lists
        if each.currency == situation.currency
        and (each.valid_from is None or situation.moment >= each.valid_from)
        and (each.valid_until is None or situation.moment < each.valid_until)
        and any(tier.minimum <= line.quantity for tier in each.tiers.get(line.sku, ()))
    ]
    for group in [situation.customer_group, None] if situation.customer_group else [None]:
        for channel in (situation.channel, None):
            for ends in (2, 1, 0):
                found = [
                    each
                    for each in asking
                    if (each.customer_group, each.channel) == (group, channel)
                    and [each.valid_from, each.valid_until].count(None) == 2 - ends
                ]
                if len(found) > 1:
                    raise UndecidedError([each.key for each in found])
                if found:
                    reached = [tier for tier in found[0].tiers[line.sku] if tier.minimum <= line.quantity]
                    return max(reached, key=lambda tier: tier.minimum).amount
    return None


def _fits(each: Discount, line: Wanted, situation: Situation) -> bool:
    return (
        (each.skus is None or line.sku in each.skus)
        and (each.currency is None or each.currency == situation.currency)
        and (each.channel is None or each.channel == situation.channel)
        and (each.customer_group is None or each.customer_group == situation.customer_group)
        and (each.valid_from is None or situation.moment >= each.valid_from)
        and (each.valid_until is None or situation.moment < each.valid_until)
        and (each.code is None or each.code in situation.codes)
        and line.quantity >= each.minimum_quantity
    )


def amounts(unit: int, quantity: int, percent: str, *, included: bool, by_line: bool) -> tuple[int, int, int]:
    """Return net, tax and gross of a line."""
    rate = Fraction(percent) / 100
    pieces, times = (1, quantity) if not by_line else (quantity, 1)
    price = Fraction(unit * pieces)
    exact = price * rate if not included else price - price / (1 + rate)
    tax = half_even(exact) * times
    whole = unit * quantity
    return (whole - tax, tax, whole) if included else (whole, tax, whole + tax)
