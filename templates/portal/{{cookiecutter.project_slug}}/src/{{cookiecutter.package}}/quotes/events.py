"""What the rest of the company learns about quotes. The shop learns from ``quote.accepted`` which prices bind it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record
from chassis.values import Currency, Money, Sku

from ..people.models import PersonRow
from ..vocabulary.facts import UnitFact
from .models import OfferRow, QuoteRow
from .states import QuoteState


class AgreedLine(BaseModel):
    """A price that both sides have agreed on."""

    sku: Sku
    quantity: int = Field(description="how many")
    unit_price: Money


class QuoteAccepted(UnitFact):
    """Which prices bind the order that refers to this quote."""

    model_config = ConfigDict(from_attributes=True)

    account_id: UUID = Field(description="the account that buys")
    person_id: UUID = Field(description="who accepted it, by the portal's own identifier")
    buyer: str = Field(description="who accepted it, as tokens name them", examples=["ann"])
    currency: Currency
    valid_until: datetime = Field(description="until when it can be ordered at these prices")
    lines: list[AgreedLine] = Field(description="what costs how much")
    prices_include_tax: bool = Field(description="whether these prices are gross; else tax comes on top")


def _kind(name: str, summary: str) -> EventType:
    return EventType(name=f"quote.{name}", summary=summary, data=UnitFact)


ACCEPTED = EventType(
    name="quote.accepted", summary="A customer accepted an offer: its prices bind the order.", data=QuoteAccepted
)
REQUESTED = _kind("requested", "A customer asked for a price.")
IN_REVIEW = _kind("in_review", "The house works on a quote.")
OFFERED = _kind("offered", "The house made an offer.")
DECLINED = _kind("declined", "The customer declined, or the house refused to offer.")
RENEGOTIATION = _kind("renegotiation", "The customer wants another offer.")
WITHDRAWN = _kind("withdrawn", "The customer withdrew the request.")
EXPIRED = _kind("expired", "An offer was not accepted in time.")
_BY_STATE = {
    QuoteState.REQUESTED: REQUESTED,
    QuoteState.IN_REVIEW: IN_REVIEW,
    QuoteState.OFFERED: OFFERED,
    QuoteState.DECLINED: DECLINED,
    QuoteState.RENEGOTIATION: RENEGOTIATION,
    QuoteState.WITHDRAWN: WITHDRAWN,
    QuoteState.EXPIRED: EXPIRED,
}
ALL = (ACCEPTED, *_BY_STATE.values())


async def tell(session: AsyncSession, row: QuoteRow) -> None:
    """Record where a quote stands now, in the transaction that makes it so."""
    fact = UnitFact.model_validate(row)
    await record(session, _BY_STATE[QuoteState(row.state)], subject=f"quotes/{row.id}", data=fact, tenant=row.tenant)


async def tell_accepted(
    session: AsyncSession, row: QuoteRow, offer: OfferRow, account_id: UUID, person: PersonRow
) -> None:
    """Record what was agreed on and by whom, in the transaction that makes it so."""
    lines = [
        AgreedLine(
            sku=line["sku"],
            quantity=line["quantity"],
            unit_price=Money(amount=line["unit_price"], currency=row.currency),
        )
        for line in offer.lines
    ]
    fact = QuoteAccepted(
        id=row.id,
        version=row.version,
        unit_id=row.unit_id,
        account_id=account_id,
        person_id=person.id,
        buyer=person.subject,
        currency=row.currency,
        valid_until=offer.valid_until,
        lines=lines,
        prices_include_tax=offer.prices_include_tax,
    )
    await record(session, ACCEPTED, subject=f"quotes/{row.id}", data=fact, tenant=row.tenant)
