"""What prices are made of: rules, who asks, and what comes of it. Amounts are in minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from .explanation import Explanation


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Who asks, where and when.

    ``customer`` is the account that buys, or the person where there is none. ``codes`` are the discount codes that were
    given.
    """

    channel: str
    customer: str | None
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

    One with a ``customer`` holds contract prices. ``discountable``: whether discounts may lower what it asks.
    ``tiers`` are in ascending order of their minimum.
    """

    key: str
    channel: str | None
    customer: str | None
    customer_group: str | None
    currency: str
    discountable: bool
    valid_from: datetime | None
    valid_until: datetime | None
    tiers: Mapping[str, Sequence[Tier]]

    @property
    def specificity(self) -> tuple[bool, bool, bool, int]:
        """How closely it fits who matches it; the greater one wins."""
        ends = (self.valid_from is not None) + (self.valid_until is not None)
        return (self.customer is not None, self.customer_group is not None, self.channel is not None, ends)


class Level(StrEnum):
    """What a discount lowers: the price of one piece, line by line, or what the lines of a cart come to together."""

    LINE = "line"
    CART = "cart"


@dataclass(frozen=True, kw_only=True)
class Discount:
    """A rule that lowers a price: by ``share`` of it, or by ``amount`` minor units of ``currency``.

    On the level of lines that is off one piece, on the level of the cart off all articles that it is for.
    ``skus``: these articles, ``None`` for all. ``minimum_quantity`` and ``minimum_value`` are of the line, or of all
    these articles. ``budget``: how much may still be given away, in minor units; ``None`` without a limit. An exclusive
    discount goes together with no other one.
    """

    key: str
    level: Level
    priority: int
    exclusive: bool
    channel: str | None
    customer_group: str | None
    currency: str | None
    skus: frozenset[str] | None
    minimum_quantity: int
    minimum_value: int
    code: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    share: Fraction | None = None
    amount: int | None = None
    budget: int | None = None

    def lower(self, price: int) -> int:
        """Return what is left of a price."""
        cut = price * self.share if self.share is not None else Fraction(self.amount or 0)
        return max(0, round(price - cut))  # Python rounds a fraction half to even, exactly


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """So many pieces of one article."""

    sku: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class Priced:
    """What one piece costs, in minor units, before and after discounts; ``unit`` is ``None`` if nothing prices it.

    ``reduction`` is what discounts on the whole cart take off the line beside that. ``spent`` maps discounts with a
    budget to what the whole line takes from it.
    """

    sku: str
    quantity: int
    base: int | None
    unit: int | None
    explanation: Explanation
    reduction: int = 0
    spent: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Everything that may have a say."""

    lists: Sequence[PriceList]
    discounts: Sequence[Discount] = ()
