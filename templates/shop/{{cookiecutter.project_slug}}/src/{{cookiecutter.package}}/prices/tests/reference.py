"""An independent way to the same price: slow, in exact rationals, and written from the rules alone.

It shares the vocabulary of the engine (the shape of the rules) and none of its decisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..rules import Discount, PriceList, Rules, Situation, Tier, Wanted


class UndecidedError(AssertionError):
    """Two rules were equally good: the answer would be an accident."""


def half_even(value: Fraction) -> int:
    """Round to the nearest whole number, and from the middle to the even one."""
    below = value.numerator // value.denominator
    rest = value - below
    if rest == Fraction(1, 2):
        return below if below % 2 == 0 else below + 1
    return below if rest < Fraction(1, 2) else below + 1


def prices(wanted: Sequence[Wanted], situation: Situation, rules: Rules) -> list[tuple[int | None, int]]:
    """Return what one piece of each line costs, and what is taken off the whole line beside that."""
    left = {each.key: each.budget for each in rules.discounts}
    on_lines = [each for each in rules.discounts if each.level == "line"]
    lines = [_line(line, situation, Rules(lists=rules.lists, discounts=on_lines), left) for line in wanted]
    for rule in _in_order([each for each in rules.discounts if each.level == "cart" and _counts(each, situation)]):
        _lower_together(rule, lines, left)
    return [(line.unit, line.unit * line.quantity - line.worth if line.unit is not None else 0) for line in lines]


@dataclass
class _Line:
    sku: str
    quantity: int
    unit: int | None
    worth: int
    closed: bool  # to every discount
    used: list[Discount]


def _in_order(rules: list[Discount]) -> list[Discount]:
    return sorted(rules, key=lambda each: each.priority, reverse=True)


def _line(line: Wanted, situation: Situation, rules: Rules, left: dict[str, int | None]) -> _Line:
    chosen = _chosen(line, situation, rules.lists)
    if chosen is None:
        return _Line(line.sku, line.quantity, None, 0, True, [])
    unit = max((tier for tier in chosen.tiers[line.sku] if tier.minimum <= line.quantity), key=_minimum).amount
    used = list[Discount]()
    fitting = [each for each in rules.discounts if _fits(each, line, situation) and chosen.discountable]
    while fitting:
        highest = max(each.priority for each in fitting)
        first = [each for each in fitting if each.priority == highest]
        if len(first) > 1:
            raise UndecidedError([each.key for each in first])
        rule = first[0]
        fitting.remove(rule)
        if used and (rule.exclusive or used[-1].exclusive):
            continue
        lower = _less(rule, unit)
        if _afford(rule, (unit - lower) * line.quantity, left):
            unit = lower
            used.append(rule)
    return _Line(line.sku, line.quantity, unit, unit * line.quantity, not chosen.discountable, used)


def _minimum(tier: Tier) -> int:
    return tier.minimum


def _less(rule: Discount, price: int) -> int:
    exact = price * (1 - rule.share) if rule.share is not None else Fraction(price - (rule.amount or 0))
    return half_even(max(exact, Fraction(0)))


def _afford(rule: Discount, given: int, left: dict[str, int | None]) -> bool:
    budget = left[rule.key]
    if budget is None:
        return True
    if given > budget:
        return False
    left[rule.key] = budget - given
    return True


def _lower_together(rule: Discount, lines: list[_Line], left: dict[str, int | None]) -> None:
    """Take something off several lines: each gives its exact part rounded down, then the cents that are missing come
    one by one from the line that gave the least of what it should have."""
    open_ones = [
        line
        for line in lines
        if line.unit is not None
        and (rule.skus is None or line.sku in rule.skus)
        and not line.closed
        and not any(other.exclusive for other in line.used)
        and not (rule.exclusive and line.used)
    ]
    for line in open_ones:
        rivals = [other for other in line.used if (other.level, other.priority) == ("cart", rule.priority)]
        if rivals:
            raise UndecidedError([rule.key, *(other.key for other in rivals)])
    worth = sum(line.worth for line in open_ones)
    if sum(line.quantity for line in open_ones) < rule.minimum_quantity or worth < rule.minimum_value:
        return
    given = worth - _less(rule, worth)
    if not _afford(rule, given, left):
        return
    due = [Fraction(given * line.worth, worth) if worth else Fraction(0) for line in open_ones]
    parts = [part.numerator // part.denominator for part in due]
    while sum(parts) < given:
        owing = [exact - part for exact, part in zip(due, parts, strict=True)]
        parts[owing.index(max(owing))] += 1
    for line, part in zip(open_ones, parts, strict=True):
        line.worth -= part
        line.used.append(rule)


def _chosen(line: Wanted, situation: Situation, lists: Sequence[PriceList]) -> PriceList | None:
    """Look for a contract first, then for lists made for the group, then for everybody's; each for the channel first.
    Of two in time and out of it, the one that is limited in time is meant."""
    asking = [
        each
        for each in lists
        if each.currency == situation.currency
        and (each.valid_from is None or situation.moment >= each.valid_from)
        and (each.valid_until is None or situation.moment < each.valid_until)
        and any(tier.minimum <= line.quantity for tier in each.tiers.get(line.sku, ()))
    ]
    whom: list[tuple[str | None, str | None]] = [(None, None)]
    if situation.customer_group:
        whom.insert(0, (None, situation.customer_group))
    if situation.customer:
        whom.insert(0, (situation.customer, None))
    for customer, group in whom:
        for channel in (situation.channel, None):
            for ends in (2, 1, 0):
                found = [
                    each
                    for each in asking
                    if (each.customer, each.customer_group, each.channel) == (customer, group, channel)
                    and [each.valid_from, each.valid_until].count(None) == 2 - ends
                ]
                if len(found) > 1:
                    raise UndecidedError([each.key for each in found])
                if found:
                    return found[0]
    return None


def _fits(each: Discount, line: Wanted, situation: Situation) -> bool:
    mine = (each.skus is None or line.sku in each.skus) and line.quantity >= each.minimum_quantity
    return mine and _counts(each, situation)


def _counts(each: Discount, situation: Situation) -> bool:
    return (
        (each.currency is None or each.currency == situation.currency)
        and (each.channel is None or each.channel == situation.channel)
        and (each.customer_group is None or each.customer_group == situation.customer_group)
        and (each.valid_from is None or situation.moment >= each.valid_from)
        and (each.valid_until is None or situation.moment < each.valid_until)
        and (each.code is None or each.code in situation.codes)
    )


def amounts(
    unit: int, quantity: int, percent: str, *, included: bool, by_line: bool, reduction: int
) -> tuple[int, int, int]:
    """Return net, tax and gross of a line: piece by piece, or as one."""
    rate = Fraction(percent) / 100
    whole = unit * quantity - reduction
    cheap = whole // quantity
    pieces = [whole] if by_line else [cheap + (number < whole - cheap * quantity) for number in range(quantity)]
    tax = sum(
        half_even(price * rate if not included else price - price / (1 + rate)) for price in map(Fraction, pieces)
    )
    return (whole - tax, tax, whole) if included else (whole, tax, whole + tax)
