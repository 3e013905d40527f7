"""What becomes of an order as its payment goes on."""

from sqlalchemy.ext.asyncio import AsyncSession

from ..payments import requests
from ..stock import service as stock
from . import events
from .cancelling import cancel
from .models import OrderRow
from .states import ORDER, PAYMENT


async def begin(session: AsyncSession, order: OrderRow, token: str | None) -> None:
    """Begin to pay for a new order: ask for its amount, or, by invoice, trust the account."""
    if token is None:
        await settled(session, order, "authorize", order.gross, succeeded=True)
    else:
        await _ask(session, order, "authorize", order.gross, token)


async def capture(session: AsyncSession, order: OrderRow, amount: int) -> None:
    """Take money for what has left."""
    await _request(session, order, "capture", amount)


async def refund(session: AsyncSession, order: OrderRow, amount: int) -> None:
    """Give money back for what came back."""
    await _request(session, order, "refund", amount)


async def let_go(session: AsyncSession, order: OrderRow) -> None:
    """Give back what is held for an order that is cancelled, or will be once the provider has answered."""
    if order.payment_state == "authorized":
        await _request(session, order, "void", order.authorized)
    elif order.payment_state == "pending" and await requests.withdraw(session, order.id):
        order.payment_state = PAYMENT.after(order.payment_state, "void")
        await events.tell_payment(session, events.VOIDED, order, 0)


async def settled(session: AsyncSession, order: OrderRow, kind: str, amount: int, *, succeeded: bool) -> None:
    """Take note of what became of one step of the payment."""
    if not succeeded:
        await _failed(session, order, kind, amount)
    elif kind == "authorize":
        await _authorized(session, order, amount)
    elif kind == "capture":
        order.captured += amount
        action = "capture" if order.captured == order.authorized else "capture_part"
        order.payment_state = PAYMENT.after(order.payment_state, action)
        await events.tell_payment(session, events.CAPTURED, order, amount)
        await complete_if_done(session, order)
    elif kind == "void":
        order.authorized -= amount
        order.payment_state = PAYMENT.after(order.payment_state, "void")
        await events.tell_payment(session, events.VOIDED, order, amount)
    else:
        order.refunded += amount
        if order.payment_state != "partially_captured":
            action = "refund" if order.refunded == order.captured else "refund_part"
            order.payment_state = PAYMENT.after(order.payment_state, action)
        await events.tell_payment(session, events.REFUNDED, order, amount)
    await session.flush()


async def complete_if_done(session: AsyncSession, order: OrderRow) -> None:
    """Complete an order that was paid and delivered, whole."""
    paid = order.payment_state in ("captured", "partially_refunded", "refunded")
    if order.order_state == "confirmed" and order.shipment_state == "delivered" and paid:
        order.order_state = ORDER.after(order.order_state, "complete")
        await events.tell(session, events.COMPLETED, order)


async def _authorized(session: AsyncSession, order: OrderRow, amount: int) -> None:
    order.authorized += amount
    order.payment_state = PAYMENT.after(order.payment_state, "authorize")
    await events.tell_payment(session, events.AUTHORIZED, order, amount)
    if order.order_state == "cancelled":  # it took too long: nobody waits for it any more
        await let_go(session, order)
        return
    order.order_state = ORDER.after(order.order_state, "confirm")
    order.pay_until = None
    await stock.keep(session, order.id)
    await events.tell(session, events.CONFIRMED, order)


async def _failed(session: AsyncSession, order: OrderRow, kind: str, amount: int) -> None:
    if kind == "authorize":
        order.payment_state = PAYMENT.after(order.payment_state, "fail")
    await events.tell_payment(session, events.FAILED, order, amount)
    if kind == "authorize" and order.order_state == "placed":
        await cancel(session, order, "payment_failed")


async def _request(session: AsyncSession, order: OrderRow, kind: str, amount: int) -> None:
    # Nothing is not paid: it moves an order that costs nothing at all, once, and no other one.
    if not amount and (order.gross or order.payment_state != "authorized"):
        return
    if order.payment_method == "invoice" or not amount:
        await settled(session, order, kind, amount, succeeded=True)
    else:
        await _ask(session, order, kind, amount, None)


async def _ask(session: AsyncSession, order: OrderRow, kind: str, amount: int, token: str | None) -> None:
    await requests.ask(session, order.tenant, order.id, kind, amount=amount, currency=order.currency, token=token)
