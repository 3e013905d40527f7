"""What the rest of the company learns about credit for sales."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import AttributionRow


class CreditedShare(BaseModel):
    """A share of a line."""

    line: UUID = Field(description="the order's line", examples=["0190a5e0-0000-7000-8000-000000000000"])
    territory: str = Field(description="the territory", examples=["north"])
    representative: str | None = Field(description="the representative", examples=["eva"])
    share: int = Field(description="in basis points", examples=[10_000])
    amount: int = Field(description="net, in minor units; negative: taken back", examples=[3600])


class AttributionFact(BaseModel):
    """Who was credited for an order."""

    order: UUID = Field(description="the order", examples=["0190a5e0-0000-7000-8000-000000000000"])
    channel: str = Field(description="where it was placed", examples=["web"])
    campaign: str | None = Field(description="what brought the buyer there", examples=["spring"])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    policy_version: int = Field(description="the version of the rules it goes by", examples=[7])
    reason: str | None = Field(description="why it was corrected or taken back", examples=["wrong territory"])
    shares: list[CreditedShare] = Field(description="all new entries of the ledger")


DECIDED = EventType(name="attribution.decided", summary="A sale was credited.", data=AttributionFact)
CORRECTED = EventType(name="attribution.corrected", summary="The credit for a sale has changed.", data=AttributionFact)


async def tell(session: AsyncSession, kind: EventType, order: Any, rows: list[AttributionRow]) -> None:
    """Record new entries of the ledger."""
    if not rows:
        return
    fact = AttributionFact(
        order=order.id,
        channel=order.channel,
        campaign=order.campaign,
        currency=order.currency,
        policy_version=rows[0].policy_version,
        reason=rows[0].reason,
        shares=[
            CreditedShare(
                line=UUID(row.line),
                territory=row.territory,
                representative=row.representative,
                share=row.share,
                amount=row.amount,
            )
            for row in rows
        ],
    )
    await record(session, kind, subject=f"orders/{order.id}", data=fact, tenant=order.tenant)
