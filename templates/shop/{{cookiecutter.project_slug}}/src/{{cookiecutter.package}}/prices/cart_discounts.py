"""Discounts on the whole cart: what they take off together, and which part of it is each line's.

A line keeps its unit price and gets a share of what is taken off, in proportion to what it comes to, to the cent: so
its tax, a return of some of its pieces and the credit for its sale need no other rules. Lines that an exclusive
discount has lowered already, and those whose prices take no discounts, stay out of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..vocabulary.apportionment import apportion
from .explanation import CartRuleConsidered, RuleOutcome
from .obstacles import excluded, out_of_place
from .rules import Discount, Priced, Situation


@dataclass(kw_only=True)
class Line:
    """A line after the discounts on lines: ``applied`` are those that lowered it, ``left`` is what it still costs."""

    priced: Priced
    applied: list[Discount]
    discountable: bool
    considered: list[CartRuleConsidered] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.left = (self.priced.unit or 0) * self.priced.quantity


def reduced(
    lines: Sequence[Line], situation: Situation, discounts: Sequence[Discount], budgets: dict[str, int]
) -> list[Priced]:
    """Return the lines with their shares.

    :param discounts: in the order in which they count.
    :param budgets: what is left of each; what is given away is taken from it.
    """
    for each in discounts:
        _consider(each, lines, situation, budgets)
    return [_result(line) for line in lines]


def _consider(each: Discount, lines: Sequence[Line], situation: Situation, budgets: dict[str, int]) -> None:
    meant = [
        line for line in lines if line.priced.unit is not None and (each.skus is None or line.priced.sku in each.skus)
    ]
    outcome = out_of_place(each, situation)
    takers = []
    for line in meant:
        reason = outcome or excluded(each, line.applied, discountable=line.discountable)
        if reason is None:
            takers.append(line)
        else:
            line.considered.append(CartRuleConsidered(key=each.key, outcome=reason))
    before = sum(line.left for line in takers)
    after = each.lower(before)
    outcome = _missed(each, takers, before, before - after, budgets)
    if outcome is not RuleOutcome.APPLIED:
        for line in takers:
            line.considered.append(CartRuleConsidered(key=each.key, outcome=outcome))
        return
    if each.key in budgets:
        budgets[each.key] -= before - after
    for line, share in zip(takers, apportion(before - after, [line.left for line in takers]), strict=True):
        line.considered.append(
            CartRuleConsidered(key=each.key, outcome=outcome, before=before, after=after, share=share)
        )
        line.applied.append(each)
        line.left -= share


def _missed(each: Discount, takers: Sequence[Line], before: int, saved: int, budgets: dict[str, int]) -> RuleOutcome:
    if sum(line.priced.quantity for line in takers) < each.minimum_quantity:
        return RuleOutcome.BELOW_MINIMUM_QUANTITY
    if before < each.minimum_value:
        return RuleOutcome.BELOW_MINIMUM_VALUE
    if each.key in budgets and saved > budgets[each.key]:
        return RuleOutcome.BUDGET_USED_UP
    return RuleOutcome.APPLIED


def _result(line: Line) -> Priced:
    shares = {rule.key: rule.share for rule in line.considered if rule.share is not None}
    budgeted = {each.key for each in line.applied if each.budget is not None}
    return replace(
        line.priced,
        reduction=sum(shares.values()),
        spent=line.priced.spent | {key: share for key, share in shares.items() if key in budgeted},
        explanation=line.priced.explanation.model_copy(update={"cart_rules": line.considered}),
    )
