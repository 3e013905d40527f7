"""What the rest of the company learns about carts."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import CartRow

_ID = "0190a5e0-0000-7000-8000-000000000000"


class AbandonedCart(BaseModel):
    """Which cart lies untouched, and since when. Whose it is, is read from the API by who may know."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the cart", examples=[_ID])
    version: int = Field(description="its version", examples=[3])
    channel: str = Field(description="where it was filled", examples=["web"])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    value: int = Field(description="what it comes to with tax, in minor units", examples=[4284])
    touched_at: datetime = Field(description="when its buyer last did something", examples=["2026-01-31T12:00:00Z"])


class ApprovalRequested(BaseModel):
    """What is to be approved. The service that decides answers with ``approval.decided`` about the same ``id``."""

    id: UUID = Field(description="the request for approval", examples=[_ID])
    cart: UUID = Field(description="the cart, which is frozen until it is decided", examples=[_ID])
    owner: str = Field(description="subject of the token that asks", examples=["ann"])
    account: str = Field(description="the account that would buy", examples=["acme"])
    business_unit: str = Field(description="part of the account, whose people are asked", examples=["workshop"])
    gross: int = Field(description="what it comes to with tax, in minor units", examples=[4284])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    categories: list[str] = Field(description="product groups in the cart", examples=[["pumps"]])
    cost_centre: str | None = Field(description="what it is charged to", examples=["4711"])


APPROVAL_REQUESTED = EventType(
    name="approval.requested", summary="A cart is frozen until somebody has approved it.", data=ApprovalRequested
)
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


async def tell_approval_requested(session: AsyncSession, row: CartRow, gross: int, cost_centre: str | None) -> None:
    """Record what is to be approved, in the transaction that freezes the cart."""
    known = {name: getattr(row, name) for name in ("owner", "account", "business_unit", "currency")}
    groups = {line["product_group"] for line in row.lines} - {None}
    fact = ApprovalRequested.model_validate(
        known
        | {
            "id": row.approval_id,
            "cart": row.id,
            "gross": gross,
            "categories": sorted(groups),
            "cost_centre": cost_centre,
        }
    )
    await record(session, APPROVAL_REQUESTED, subject=f"carts/{row.id}", data=fact, tenant=row.tenant)
