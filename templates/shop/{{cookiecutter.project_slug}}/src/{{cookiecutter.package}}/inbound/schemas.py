"""What is read of the portal's events. They may say more; what the shop needs, they have to say."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Currency, Moment, Money, Sku


class AgreedLine(BaseModel):
    """Pieces of an article, and what one of them costs."""

    model_config = ConfigDict(extra="ignore")

    sku: Sku
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: Money


class TellsAgreement(BaseModel):
    """``quote.accepted``: what an account and the house have agreed on."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    account_id: UUID
    unit_id: UUID
    buyer: str | None = Field(None, min_length=1, max_length=255)
    person_id: UUID | None = None
    currency: Currency
    prices_include_tax: bool = False
    valid_until: Moment
    lines: list[AgreedLine] = Field(min_length=1, max_length=500)


class TellsAccount(BaseModel):
    """``account.*``: how an account stands."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    state: str = Field(min_length=1, max_length=20)
    needs_approval: bool


class TellsPerson(BaseModel):
    """``account.person_erased``: somebody was forgotten."""

    model_config = ConfigDict(extra="ignore")

    person_id: UUID


class TellsMember(TellsPerson):
    """``member.left``, ``member.changed``: somebody acts for a unit no more, or not as before.

    ``quotes`` are those that it has accepted and orders by no more.
    """

    quotes: list[UUID]


class TellsDecision(BaseModel):
    """``approval.decided``: ``id`` is the request's, which the shop gave it, and ``reference`` the cart's."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    kind: str
    reference: str
    decision: Literal["approved", "rejected", "withdrawn"]
