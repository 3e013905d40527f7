"""Quotes as callers see them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Currency, Money, Sku

from ..vocabulary.shapes import Draft, Line, Moment, Quantity, Shown, Text
from .states import QuoteCustomerAction, QuoteStaffAction, QuoteState

Amount = Annotated[
    int, Field(strict=True, ge=0, le=10**15, description="in the currency's smallest unit", examples=[1999])
]
_LINES = [{"sku": "C40-230V", "quantity": 40}]
_OFFERED = [{"sku": "C40-230V", "quantity": 40, "unit_price": 17900}]


class RequestedLine(BaseModel):
    """What a price is asked for."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Quantity
    target_price: Amount | None = Field(None, description="what the customer would like to pay for one")
    note: Line | None = Field(None, description="what the house should know", examples=["with flange"])


class OfferedLine(BaseModel):
    """What it costs."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Quantity
    unit_price: Amount
    note: Line | None = Field(None, description="what the customer should know", examples=["two weeks"])


class QuoteDraft(Draft):
    """What a caller writes: a request for a price."""

    unit_id: UUID = Field(description="the business unit that would buy")
    title: Line = Field(description="what it is about", examples=["Pumps for plant Cologne"])
    comment: Text | None = Field(None, description="what the house should know", examples=["Delivery in May."])
    currency: Currency
    lines: list[RequestedLine] = Field(min_length=1, max_length=500, description="what for", examples=[_LINES])


class OfferDraft(Draft):
    """What the house offers. All prices are in the quote's currency."""

    lines: list[OfferedLine] = Field(min_length=1, max_length=500, description="what it costs", examples=[_OFFERED])
    prices_include_tax: Annotated[bool, Field(strict=True)] = Field(
        False, description="whether prices are gross, as consumers must see them; else tax comes on top"
    )
    valid_until: Moment


class QuoteTransition(Draft):
    """What the customer does with a quote."""

    action: QuoteCustomerAction = Field(description="accept, decline, renegotiate or withdraw", examples=["accept"])
    comment: Text | None = Field(None, description="why", examples=["Go ahead."])


class StaffQuoteTransition(Draft):
    """What the house does with a quote."""

    action: QuoteStaffAction = Field(description="review or refuse", examples=["review"])
    comment: Text | None = Field(None, description="why", examples=["We do not make these any more."])


class Offer(BaseModel):
    """An offer as it was made. The one of an accepted quote binds both sides."""

    id: UUID = Field(description="UUID version 7")
    round: int = Field(description="counts the offers of the quote, from 1")
    lines: list[OfferedLine] = Field(description="what it costs")
    prices_include_tax: bool = Field(description="whether prices are gross; else tax comes on top")
    total: Money
    valid_until: Moment
    offered_at: Moment


class Quote(Shown):
    """A request for a price and the newest offer."""

    unit_id: UUID = Field(description="the business unit that would buy")
    title: str = Field(description="what it is about")
    comment: str | None = Field(description="what the house should know")
    currency: Currency
    lines: list[RequestedLine] = Field(description="what a price was asked for")
    state: QuoteState = Field(description="where it stands; `docs/states.md` has the moves")
    actions: list[str] = Field(description="what the customer can do with it now")
    offer: Offer | None = Field(description="the newest offer; binding once the quote is accepted")


class QuoteMove(BaseModel):
    """One move of a quote."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="UUID version 7")
    action: str = Field(description="what was done")
    state: QuoteState = Field(description="where the quote stood afterwards")
    comment: str | None = Field(description="why")
    moved_at: Moment
