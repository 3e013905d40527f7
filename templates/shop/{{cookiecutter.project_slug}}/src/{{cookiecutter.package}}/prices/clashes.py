"""Which rules leave a price open: they are refused when they are made, not at the till."""

from dataclasses import dataclass
from datetime import datetime

from ..vocabulary.validity import overlap
from .rules import Level


@dataclass(frozen=True, kw_only=True)
class ListScope:
    """For whom and when a price list counts."""

    channel: str | None
    customer: str | None
    customer_group: str | None
    currency: str
    valid_from: datetime | None
    valid_until: datetime | None

    @property
    def whom(self) -> tuple[str | None, ...]:
        """For whom it counts, apart from time."""
        return (self.channel, self.customer, self.customer_group, self.currency)

    @property
    def ends(self) -> int:
        """On how many sides its time is limited."""
        return (self.valid_from is not None) + (self.valid_until is not None)


def lists_clash(one: ListScope, other: ListScope) -> bool:
    """Tell whether two price lists are equally specific for somebody at some moment."""
    same = one.whom == other.whom and one.ends == other.ends
    return same and overlap(one.valid_from, one.valid_until, other.valid_from, other.valid_until)


@dataclass(frozen=True, kw_only=True)
class DiscountScope:
    """For what, whom and when a discount counts, and in which order."""

    level: Level
    priority: int
    channel: str | None
    customer_group: str | None
    currency: str | None
    skus: frozenset[str] | None
    valid_from: datetime | None
    valid_until: datetime | None


def discounts_clash(one: DiscountScope, other: DiscountScope) -> bool:
    """Tell whether two discounts may meet on one line at some moment without saying which comes first.

    Those on lines come before those on the cart, whatever their priorities.
    """
    return (
        (one.level, one.priority) == (other.level, other.priority)
        and _meet(one.channel, other.channel)
        and _meet(one.customer_group, other.customer_group)
        and _meet(one.currency, other.currency)
        and (one.skus is None or other.skus is None or not one.skus.isdisjoint(other.skus))
        and overlap(one.valid_from, one.valid_until, other.valid_from, other.valid_until)
    )


def _meet(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
