"""What the rest of the company learns about carts."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import CartRow


class AbandonedCart(BaseModel):
    """Which cart lies untouched, and since when. Whose it is, is read from the API by who may know."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the cart", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="its version", examples=[3])
    channel: str = Field(description="where it was filled", examples=["web"])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    value: int = Field(description="what it comes to with tax, in minor units", examples=[4284])
    touched_at: datetime = Field(description="when its buyer last did something", examples=["2026-01-31T12:00:00Z"])


ABANDONED = EventType(name="cart.abandoned", summary="A cart with lines lies untouched.", data=AbandonedCart)


async def tell_abandoned(session: AsyncSession, row: CartRow) -> None:
    """Record that a cart was abandoned, in the transaction that notes it."""
    value = sum(int(line["gross"]) for line in row.lines)
    fact = AbandonedCart(
        id=row.id,
        version=row.version,
        channel=row.channel,
        currency=row.currency,
        value=value,
        touched_at=row.touched_at,
    )
    await record(session, ABANDONED, subject=f"carts/{row.id}", data=fact, tenant=row.tenant)
