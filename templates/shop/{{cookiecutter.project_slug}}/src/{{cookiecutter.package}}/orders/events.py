"""What the rest of the company learns about orders. No names, no addresses: who may know reads them from the API."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import OrderRow

_ID = "0190a5e0-0000-7000-8000-000000000000"


class OrderedLine(BaseModel):
    """What was bought."""

    id: UUID = Field(description="the line", examples=[_ID])
    sku: str = Field(description="the article", examples=["C40-230V"])
    product: str = Field(description="the product it is a variant of", examples=["circulation-pump-c40"])
    name: str = Field(description="as the catalog called it", examples=["Circulation pump C40"])
    product_group: str | None = Field(description="category that sales are credited by", examples=["pumps"])
    quantity: int = Field(description="how many pieces", examples=[2])
    net: int = Field(description="before tax, in minor units", examples=[3600])
    gross: int = Field(description="with tax, in minor units", examples=[4284])


class OrderFact(BaseModel):
    """An order and its states."""

    id: UUID = Field(description="the order", examples=[_ID])
    version: int = Field(description="its version", examples=[1])
    number: str = Field(description="for people", examples=["260131-7K3M9QX2"])
    owner: str = Field(description="subject of the token that placed it", examples=["ann"])
    account: str | None = Field(description="the account that bought", examples=["acme"])
    business_unit: str | None = Field(description="part of the account", examples=["workshop"])
    cart: UUID = Field(description="the cart it was", examples=[_ID])
    agreement_id: UUID | None = Field(description="the accepted quote that it follows", examples=[_ID])
    channel: str = Field(description="where it was placed", examples=["web"])
    campaign: str | None = Field(description="what brought the buyer there", examples=["spring"])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    net: int = Field(description="before tax, in minor units", examples=[3600])
    tax: int = Field(description="the tax, in minor units", examples=[684])
    gross: int = Field(description="with tax, in minor units", examples=[4284])
    lines: list[OrderedLine] = Field(description="what was bought")
    purchase_order_number: str | None = Field(description="the buyer's own number", examples=["PO-4711"])
    erp_reference: str | None = Field(description="what the ERP calls it", examples=["A17"])
    order_state: str = Field(description="placed, confirmed, cancelled or completed", examples=["placed"])
    payment_state: str = Field(description="what became of the payment", examples=["pending"])
    shipment_state: str = Field(description="what became of the goods", examples=["pending"])
    cancelled_because: str | None = Field(description="null: it is not cancelled", examples=["payment_failed"])


class MovedPieces(BaseModel):
    """Pieces of a line."""

    line: UUID = Field(description="the order's line", examples=[_ID])
    sku: str = Field(description="the article", examples=["C40-230V"])
    quantity: int = Field(description="how many pieces", examples=[1])


class MovementFact(BaseModel):
    """Pieces of an order that left, arrived or came back."""

    id: UUID = Field(description="the shipment or return", examples=[_ID])
    order: UUID = Field(description="the order", examples=[_ID])
    number: str = Field(description="the order's number", examples=["260131-7K3M9QX2"])
    lines: list[MovedPieces] = Field(description="which pieces")
    value: int = Field(description="with tax, in minor units", examples=[2142])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    carrier: str | None = Field(None, description="who carries it", examples=["DHL"])
    tracking_number: str | None = Field(None, description="by its number there", examples=["JD014600006228974"])
    shipment_state: str = Field(description="what became of the whole order's goods", examples=["shipped"])


class PaymentFact(BaseModel):
    """What became of an order's payment."""

    order: UUID = Field(description="the order", examples=[_ID])
    number: str = Field(description="the order's number", examples=["260131-7K3M9QX2"])
    amount: int = Field(description="of this step, in minor units", examples=[4284])
    currency: str = Field(description="ISO 4217", examples=["EUR"])
    payment_state: str = Field(description="after this step", examples=["authorized"])
    authorized: int = Field(description="in all, in minor units", examples=[4284])
    captured: int = Field(description="in all, in minor units", examples=[0])
    refunded: int = Field(description="in all, in minor units", examples=[0])


PLACED = EventType(name="order.placed", summary="An order was placed.", data=OrderFact)
CONFIRMED = EventType(name="order.confirmed", summary="An order is certain to be paid.", data=OrderFact)
CANCELLED = EventType(name="order.cancelled", summary="An order was cancelled.", data=OrderFact)
COMPLETED = EventType(name="order.completed", summary="An order was paid and delivered, whole.", data=OrderFact)
DISPATCHED = EventType(name="shipment.dispatched", summary="Pieces of an order have left.", data=MovementFact)
DELIVERED = EventType(name="shipment.delivered", summary="Pieces of an order have arrived.", data=MovementFact)
RETURNED = EventType(name="return.received", summary="Pieces of an order came back.", data=MovementFact)
AUTHORIZED = EventType(name="payment.authorized", summary="A payment was authorised.", data=PaymentFact)
FAILED = EventType(name="payment.failed", summary="A payment was declined or never came.", data=PaymentFact)
CAPTURED = EventType(name="payment.captured", summary="Money was taken.", data=PaymentFact)
VOIDED = EventType(name="payment.voided", summary="An authorisation was given back.", data=PaymentFact)
REFUNDED = EventType(name="payment.refunded", summary="Money was given back.", data=PaymentFact)

ALL = (
    PLACED,
    CONFIRMED,
    CANCELLED,
    COMPLETED,
    DISPATCHED,
    DELIVERED,
    RETURNED,
    AUTHORIZED,
    FAILED,
    CAPTURED,
    VOIDED,
    REFUNDED,
)


def fact(order: OrderRow) -> OrderFact:
    """Return what an order's events tell."""
    known: dict[str, Any] = {
        name: getattr(order, name)
        for name in OrderFact.model_fields
        if name not in ("cart", "lines", "net", "tax", "gross")
    }
    worth = {name: order.totals[name] for name in ("net", "tax", "gross")}
    lines = [OrderedLine.model_validate(line) for line in order.lines]
    return OrderFact(**known, **worth, cart=order.cart_id, lines=lines)


async def tell(session: AsyncSession, kind: EventType, order: OrderRow) -> None:
    """Record what happened to an order."""
    await session.flush()
    await record(session, kind, subject=f"orders/{order.id}", data=fact(order), tenant=order.tenant)


async def tell_movement(session: AsyncSession, kind: EventType, order: OrderRow, moved: Any) -> None:
    """Record that pieces of an order moved: a shipment or a return."""
    await session.flush()
    skus = {line["id"]: line["sku"] for line in order.lines}
    data = MovementFact(
        id=moved.id,
        order=order.id,
        number=order.number,
        lines=[
            MovedPieces(line=UUID(line), sku=skus[line], quantity=quantity) for line, quantity in moved.lines.items()
        ],
        value=moved.value,
        currency=order.currency,
        carrier=getattr(moved, "carrier", None),
        tracking_number=getattr(moved, "tracking_number", None),
        shipment_state=order.shipment_state,
    )
    await record(session, kind, subject=f"orders/{order.id}", data=data, tenant=order.tenant)


async def tell_payment(session: AsyncSession, kind: EventType, order: OrderRow, amount: int) -> None:
    """Record what became of an order's payment."""
    data = PaymentFact(
        order=order.id,
        number=order.number,
        amount=amount,
        currency=order.currency,
        payment_state=order.payment_state,
        authorized=order.authorized,
        captured=order.captured,
        refunded=order.refunded,
    )
    await record(session, kind, subject=f"orders/{order.id}", data=data, tenant=order.tenant)
