"""Which rules leave a price open: they are refused when they are made, not at the till."""

from dataclasses import dataclass
from datetime import datetime

from ..vocabulary.validity import overlap


@dataclass(frozen=True, kw_only=True)
class ListScope:
    """For whom and when a price list counts."""

    channel: str | None
    customer_group: str | None
    currency: str
    valid_from: datetime | None
    valid_until: datetime | None

    @property
    def ends(self) -> int:
        """On how many sides its time is limited."""
        return (self.valid_from is not None) + (self.valid_until is not None)


def lists_clash(one: ListScope, other: ListScope) -> bool:
    """Tell whether two price lists are equally specific for somebody at some moment."""
    same = (one.channel, one.customer_group, one.currency) == (other.channel, other.customer_group, other.currency)
    at_once = overlap(one.valid_from, one.valid_until, other.valid_from, other.valid_until)
    return same and one.ends == other.ends and at_once


@dataclass(frozen=True, kw_only=True)
class DiscountScope:
    """For what, whom and when a discount counts, and in which order."""

    priority: int
    channel: str | None
    customer_group: str | None
    currency: str | None
    skus: frozenset[str] | None
    valid_from: datetime | None
    valid_until: datetime | None


def discounts_clash(one: DiscountScope, other: DiscountScope) -> bool:
    """Tell whether two discounts may meet on one line at some moment without saying which comes first."""
    return (
        one.priority == other.priority
        and _meet(one.channel, other.channel)
        and _meet(one.customer_group, other.customer_group)
        and _meet(one.currency, other.currency)
        and (one.skus is None or other.skus is None or not one.skus.isdisjoint(other.skus))
        and overlap(one.valid_from, one.valid_until, other.valid_from, other.valid_until)
    )


def _meet(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
