"""Price lists and their prices as callers see them."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.values import Currency, Key, Sku

from ..customers.schemas import Reference
from ..vocabulary.stored import Stored
from ..vocabulary.validity import Until, Validity

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", description="for people", examples=["Retail"])]
Channel = Annotated[Key | None, Field(description="only in this channel; null: in all")]
Group = Annotated[Key | None, Field(description="only for customers of this group; null: for all")]
Contract = Annotated[
    Reference | None,
    Field(description="contract prices, only for this customer: its reference; null: for all, or the group"),
]
Discountable = Annotated[bool, Field(strict=True, description="whether discounts may lower what it asks")]
Amount = Annotated[
    int, Field(strict=True, ge=0, le=10**12, description="in the currency's smallest unit", examples=[1999])
]
Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="how many pieces", examples=[1])]


class PriceListDraft(Validity):
    """What a caller writes: a whole price list without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    name: Name
    channel: Channel = None
    customer: Contract = None
    customer_group: Group = None
    currency: Currency
    discountable: Discountable = True

    @model_validator(mode="after")
    def _for_one(self) -> Self:
        if self.customer is not None and self.customer_group is not None:
            raise ValueError("either customer or customer_group: a customer has one group")
        return self


class PriceListPatch(BaseModel):
    """A change of a price list (RFC 7396). For whom it counts never changes: past prices must stay explicable."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    valid_until: Until = None


class PriceList(PriceListDraft, Stored):
    """A price list."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class PriceTier(BaseModel):
    """What one piece costs from a quantity on."""

    model_config = ConfigDict(extra="forbid")

    minimum_quantity: Quantity
    amount: Amount


Tiers = Annotated[list[PriceTier], Field(min_length=1, max_length=50, description="in ascending order of quantity")]


class NewPrice(BaseModel):
    """What a list is to ask for an article from now on; no tiers: nothing any more."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    tiers: Tiers | None = Field(None, description="null: the list has no price for it any more")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        minimums = [tier.minimum_quantity for tier in self.tiers or ()]
        if any(later <= earlier for earlier, later in pairwise(minimums)):
            raise ValueError("tiers must ascend by minimum_quantity")
        return self


class PriceChanges(BaseModel):
    """New prices of one list, taken over together or not at all."""

    model_config = ConfigDict(extra="forbid")

    prices: list[NewPrice] = Field(min_length=1, max_length=1000, description="each article at most once")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({price.sku for price in self.prices}) < len(self.prices):
            raise ValueError("an article appears twice")
        return self


class PriceChangesResult(BaseModel):
    """What became of new prices."""

    created: int = Field(description="articles that had no price in the list", examples=[990])
    changed: int = Field(description="articles whose price is another one now", examples=[8])
    unchanged: int = Field(description="articles that had this price already", examples=[2])
    ended: int = Field(description="articles without a price from now on", examples=[0])


class Price(BaseModel):
    """What a list asks for an article."""

    sku: Sku
    tiers: list[PriceTier] = Field(description="in ascending order of quantity")
    recorded_at: datetime = Field(description="since when, RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
