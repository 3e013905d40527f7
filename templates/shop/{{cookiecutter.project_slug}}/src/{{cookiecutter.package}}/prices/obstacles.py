"""Why a discount does not count: for whoever asks, or beside others on the same line."""

from collections.abc import Sequence

from ..vocabulary.validity import holds
from .explanation import RuleOutcome
from .rules import Discount, Situation


def out_of_place(each: Discount, situation: Situation) -> RuleOutcome | None:
    """Return why a discount does not count here, now, for this buyer; nothing when it does."""
    checks = (
        (each.currency not in (None, situation.currency), RuleOutcome.OTHER_CURRENCY),
        (each.channel not in (None, situation.channel), RuleOutcome.OTHER_CHANNEL),
        (each.customer_group not in (None, situation.customer_group), RuleOutcome.OTHER_CUSTOMER_GROUP),
        (not holds(each.valid_from, each.valid_until, situation.moment), RuleOutcome.NOT_VALID_NOW),
        (each.code is not None and each.code not in situation.codes, RuleOutcome.CODE_NOT_GIVEN),
    )
    return next((outcome for failed, outcome in checks if failed), None)


def excluded(each: Discount, applied: Sequence[Discount], *, discountable: bool) -> RuleOutcome | None:
    """Return why a discount does not go together with a line's price or the discounts on it; nothing when it does."""
    if not discountable:
        return RuleOutcome.NOT_DISCOUNTABLE
    if any(other.exclusive for other in applied):
        return RuleOutcome.AFTER_EXCLUSIVE
    return RuleOutcome.EXCLUSIVE_AFTER_OTHERS if each.exclusive and applied else None
