"""Carts as callers see them."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.patterns import worded
from chassis.values import Country, Currency, Key, Money, Sku

from ..channels.schemas import Enforcement
from ..discounts.schemas import Code
from ..prices.explanation import Explanation
from ..vocabulary.percent import Percent
from ..vocabulary.stored import Stored

_ID = "0190a5e0-0000-7000-8000-000000000000"

Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="how many pieces", examples=[2])]
BusinessUnit = Annotated[Key | None, Field(description="part of the account that buys; null: none")]
Campaign = Annotated[Key | None, Field(description="what brought the buyer here; null: nothing known")]
ShipTo = Annotated[Country, Field(description="where it is sent, which decides about taxes")]
Codes = Annotated[list[Code], Field(max_length=10, description="discount codes that were given")]
ProductName = Annotated[
    str | None,
    Field(
        pattern=worded(r"^[a-z0-9-]+$", "takes an id or a slug: lower-case letters (a to z), digits and `-`"),
        max_length=200,
        description="id or slug of its product, where known; spares a search",
        examples=["circulation-pump-c40"],
    ),
]


class CartDraft(BaseModel):
    """What a caller writes: whose cart it is says the token, what it costs say the rules."""

    model_config = ConfigDict(extra="forbid")

    channel: Key
    country: ShipTo | None = Field(None, description="where it is sent; left out: the channel's country")
    business_unit: BusinessUnit = None
    campaign: Campaign = None
    codes: Codes = Field(default_factory=list)
    agreement: UUID | None = Field(
        None, description="a quote that the account accepted: the cart is what was agreed, at the prices that were"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.agreement is not None and (self.codes or self.business_unit is not None):
            raise ValueError("an agreement says which unit buys, and its prices know no codes")
        return self


class CartPatch(BaseModel):
    """A change of a cart (RFC 7396): members that are left out stay; lists are replaced."""

    model_config = ConfigDict(extra="forbid")

    country: ShipTo = Field(default_factory=str)
    business_unit: BusinessUnit = None
    codes: Codes = Field(default_factory=list)


class LineDraft(BaseModel):
    """So many more pieces of an article."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Quantity = 1
    product: ProductName = None


class LinePatch(BaseModel):
    """Another quantity."""

    model_config = ConfigDict(extra="forbid")

    quantity: Quantity


class CartLine(BaseModel):
    """An article in a cart, at the price that its buyer was shown; amounts are in minor units."""

    id: UUID = Field(description="the line", examples=[_ID])
    sku: Sku
    product: str = Field(description="the product it is a variant of", examples=["circulation-pump-c40"])
    name: str = Field(description="as the catalog calls it", examples=["Circulation pump C40"])
    product_group: str | None = Field(description="category that sales are credited by", examples=["pumps"])
    quantity: Quantity
    unit_price: int = Field(description="one piece, with tax if the channel's prices include it", examples=[1800])
    reduction: int = Field(
        description="what discounts on the whole cart take off this line, in the same way", examples=[0]
    )
    tax_class: Key
    tax_percent: Percent
    net: int = Field(description="the line before tax", examples=[3600])
    tax: int = Field(description="the line's tax", examples=[684])
    gross: int = Field(description="the line with tax", examples=[4284])
    obstacle: Literal["no_price", "no_tax_rate"] | None = Field(description="why it cannot be ordered; null: it can")
    explanation: Explanation


class Totals(BaseModel):
    """What a cart comes to, in minor units."""

    net: int = Field(description="before tax", examples=[3600])
    tax: int = Field(description="the tax", examples=[684])
    gross: int = Field(description="with tax: what is paid", examples=[4284])
    saved: int = Field(description="what discounts took off in all", examples=[400])


class Minimum(BaseModel):
    """What a cart must come to in its channel."""

    value: Money
    enforcement: Enforcement = Field(description="`hard` refuses the order", examples=["hard"])
    missing: int = Field(description="what is still missing, in minor units; 0: it is reached", examples=[1400])


class Approval(BaseModel):
    """Whether a cart may be ordered, by those who approve in its business unit."""

    id: UUID = Field(description="the request, as the portal knows it too", examples=[_ID])
    state: Literal["pending", "approved", "rejected", "withdrawn"] = Field(description="what became of it")


class Cart(Stored):
    """A cart."""

    channel: Key
    currency: Currency
    country: ShipTo
    account: str | None = Field(description="the account that buys; null: a person for themselves", examples=["acme"])
    business_unit: BusinessUnit
    campaign: Campaign
    codes: Codes
    state: str = Field(description="active, frozen, merged or ordered", examples=["active"])
    merged_into: UUID | None = Field(description="the cart that has its lines now; null: not merged")
    approval: Approval | None = Field(description="null: not asked for, or the cart has changed since")
    agreement: UUID | None = Field(description="the quote that was accepted; null: the shop's own prices")
    prices_include_tax: bool = Field(description="whether unit prices are gross", examples=[False])
    lines: list[CartLine] = Field(max_length=500, description="in the order in which they were put in")
    totals: Totals
    order_minimum: Minimum | None = Field(description="null: the channel has none")
    touched_at: datetime = Field(description="when its buyer last did something", examples=["2026-01-31T12:00:00Z"])


class ApprovalAsked(BaseModel):
    """What those who approve should know beside the cart."""

    model_config = ConfigDict(extra="forbid")

    cost_centre: Annotated[
        str | None,
        Field(min_length=1, max_length=100, pattern=r"\S", description="what it is charged to", examples=["4711"]),
    ] = None


class CartStateChange(BaseModel):
    """Another state of a cart."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["freeze", "thaw"] = Field(description="freeze it while an approval is pending, or thaw it again")


class CartCopy(BaseModel):
    """What was ordered, to be ordered anew."""

    model_config = ConfigDict(extra="forbid")

    cart: UUID = Field(description="a cart of the caller's that was ordered; an order names it", examples=[_ID])


class CartMerge(BaseModel):
    """A guest's cart, for the account that the guest has signed in to. The guest's token proves whose it was."""

    model_config = ConfigDict(extra="forbid")

    guest_token: Annotated[str, Field(min_length=1, max_length=1000, description="the token of the guest's session")]
    guest_cart: UUID = Field(description="the guest's cart", examples=[_ID])
    cart: UUID | None = Field(None, description="the cart that takes its lines; null: a new one")
