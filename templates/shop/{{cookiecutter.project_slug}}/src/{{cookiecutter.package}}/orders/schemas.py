"""Orders as callers see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.patterns import worded
from chassis.values import Country, Currency, Key

from ..carts.schemas import BusinessUnit, Campaign, CartLine, Totals
from ..vocabulary.stored import Stored

_ID = "0190a5e0-0000-7000-8000-000000000000"


class Address(BaseModel):
    """A postal address, in schema.org's words."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    name: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", description="person or company")]
    company: Annotated[str | None, Field(max_length=200, description="where the person is; null: at home")] = None
    street_address: Annotated[
        str, Field(min_length=1, max_length=300, pattern=r"\S", description="street and number", examples=["Hof 1"])
    ]
    postal_code: Annotated[
        str,
        Field(
            pattern=worded(
                r"^[A-Z0-9][-A-Z0-9 ]{0,11}$",
                "takes capital letters (A to Z) and digits, with `-` or spaces among them, at most 12 characters",
            ),
            description="as written there",
            examples=["10115"],
        ),
    ]
    address_locality: Annotated[
        str, Field(min_length=1, max_length=200, pattern=r"\S", description="town", examples=["Berlin"])
    ]
    address_region: Annotated[str | None, Field(max_length=200, description="state or region; null: none")] = None
    address_country: Country


class PaymentMethod(StrEnum):
    """How an order is paid."""

    CARD = "card"
    INVOICE = "invoice"


class PaymentDraft(BaseModel):
    """How the buyer pays."""

    model_config = ConfigDict(extra="forbid")

    method: PaymentMethod = Field(description="`invoice` is for accounts", examples=["card"])
    token: Annotated[
        str | None,
        Field(
            pattern=worded(r"^[!-~]{1,200}$", "takes 1 to 200 printable ASCII characters without spaces"),
            description="what the provider gave for the card",
            examples=["tok_ok"],
        ),
    ] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.method is PaymentMethod.CARD) != (self.token is not None):
            raise ValueError("a card needs a token, an invoice has none")
        return self


PurchaseOrder = Annotated[
    str | None,
    Field(min_length=1, max_length=100, description="the buyer's own number for it; null: none", examples=["PO-4711"]),
]


class OrderDraft(BaseModel):
    """What a caller writes: the cart says what is bought, and the rules what it costs."""

    model_config = ConfigDict(extra="forbid")

    cart: UUID = Field(description="the cart that is ordered, whole", examples=[_ID])
    billing_address: Address
    shipping_address: Address | None = Field(None, description="left out: the billing address")
    payment: PaymentDraft
    email: Annotated[
        str | None,
        Field(
            pattern=worded(r"^[^@\s]{1,64}@[^@\s]{1,189}$", "takes an address such as `ann@example.com`"),
            description="where news of it go",
            examples=["ann@example.com"],
        ),
    ] = None
    purchase_order_number: PurchaseOrder = None


class OrderLine(CartLine):
    """What was bought, as agreed, and what became of it."""

    shipped: int = Field(description="pieces that have left", examples=[1])
    returned: int = Field(description="pieces that came back", examples=[0])


class Order(Stored):
    """An order. Amounts are in minor units."""

    number: str = Field(description="for people", examples=["260131-7K3M9QX2"])
    cart: UUID = Field(description="the cart it was", examples=[_ID])
    account: str | None = Field(description="the account that bought; null: a person for themselves", examples=["acme"])
    business_unit: BusinessUnit
    agreement: UUID | None = Field(description="the accepted quote that it follows; null: the shop's own prices")
    channel: Key
    campaign: Campaign
    currency: Currency
    prices_include_tax: bool = Field(description="whether unit prices are gross", examples=[True])
    lines: list[OrderLine] = Field(max_length=500, description="as agreed when it was placed")
    totals: Totals
    billing_address: Address
    shipping_address: Address
    email: str | None = Field(description="where news of it go; null: not given", examples=["ann@example.com"])
    purchase_order_number: PurchaseOrder
    erp_reference: str | None = Field(description="what the ERP calls it; null: it does not know it", examples=["A17"])
    payment_method: PaymentMethod = Field(description="card or invoice", examples=["card"])
    order_state: str = Field(description="placed, confirmed, cancelled or completed", examples=["confirmed"])
    payment_state: str = Field(description="what became of the payment", examples=["authorized"])
    shipment_state: str = Field(description="what became of the goods", examples=["partially_shipped"])
    cancelled_because: str | None = Field(
        description="`payment_failed`, `payment_timeout`, or the reason that was given; null: it is not cancelled",
        examples=["payment_failed"],
    )
    authorized: int = Field(description="what the payment provider holds or has paid", examples=[4284])
    captured: int = Field(description="what was taken", examples=[2142])
    refunded: int = Field(description="what was given back", examples=[0])
    outstanding: int = Field(
        description="what has left and stayed away, and was not paid yet; below zero: what is to be given back",
        examples=[0],
    )


class Reason(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[
        Key,
        Field(
            description="any word or few, written as a key so that it can be counted: lower-case letters (a to z) and"
            " digits, single `-`, `_` or `.` between them, at most 100 characters; left out: `not-given`",
            examples=["changed-mind", "ordered-twice", "delivery-too-late", "found-cheaper"],
        ),
    ] = "not-given"


class LineQuantity(BaseModel):
    """Pieces of a line."""

    model_config = ConfigDict(extra="forbid")

    line: UUID = Field(description="the order's line", examples=[_ID])
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="how many pieces", examples=[1])]


class Pieces(BaseModel):
    """Pieces of several lines."""

    model_config = ConfigDict(extra="forbid")

    lines: list[LineQuantity] = Field(min_length=1, max_length=500, description="each line at most once")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({each.line for each in self.lines}) < len(self.lines):
            raise ValueError("a line appears twice")
        return self


class ShipmentDraft(Pieces):
    """A parcel that leaves."""

    carrier: Annotated[str | None, Field(max_length=100, description="who carries it", examples=["DHL"])] = None
    tracking_number: Annotated[str | None, Field(max_length=100, description="by its number there")] = None


class Shipment(BaseModel):
    """A parcel."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the shipment", examples=[_ID])
    lines: list[LineQuantity] = Field(max_length=500, description="what is in it")
    value: int = Field(description="what is paid for it, in minor units", examples=[2142])
    carrier: str | None = Field(description="null: not said", examples=["DHL"])
    tracking_number: str | None = Field(description="null: not said", examples=["JD014600006228974"])
    delivered_at: datetime | None = Field(description="null: not yet", examples=["2026-02-02T10:00:00Z"])
    created_at: datetime = Field(description="when it left", examples=["2026-01-31T12:00:00Z"])


class ReturnDraft(Pieces):
    """Pieces that came back."""

    reason: Annotated[str | None, Field(max_length=500, description="why", examples=["too loud"])] = None
    restock_location: Annotated[Key | None, Field(description="who takes them; null: they cannot be sold")] = None


class Return(BaseModel):
    """Pieces that came back."""

    id: UUID = Field(description="the return", examples=[_ID])
    lines: list[LineQuantity] = Field(max_length=500, description="what came back")
    value: int = Field(description="what is refunded, in minor units", examples=[2142])
    reason: str | None = Field(description="null: not said", examples=["too loud"])
    restocked_location: str | None = Field(description="location that took them; null: none", examples=["berlin"])
    created_at: datetime = Field(description="when they came back", examples=["2026-02-10T12:00:00Z"])


class OrderPatch(BaseModel):
    """A change of an order (RFC 7396): only what other systems call it."""

    model_config = ConfigDict(extra="forbid")

    erp_reference: Annotated[str | None, Field(min_length=1, max_length=100, description="what the ERP calls it")] = (
        None
    )
