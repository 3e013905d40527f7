"""What becomes of an order as its payment goes on: money follows the goods.

What has left and did not come back is to be paid, what was taken and not given back has been. Whatever moves one of
them asks the provider for the difference. So what was declined is made up for, and nothing is asked for twice.
"""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.logs import logger
from chassis.problems import Problem

from ..payments import requests
from ..stock import service as stock
from . import events
from .cancelling import cancel
from .models import OrderRow
from .pieces import portion
from .states import ORDER, PAYMENT

_NOW = timedelta()
_PAUSES = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
"""How long to wait after a request was declined, and declined again, before it is made once more."""


async def begin(session: AsyncSession, order: OrderRow, token: str | None) -> None:
    """Begin to pay for a new order: ask for its amount, or, by invoice, trust the account."""
    if token is None:
        await settled(session, order, "authorize", order.gross, succeeded=True)
    else:
        await _ask(session, order, "authorize", order.gross, token)


def outstanding(order: OrderRow) -> int:
    """Return what is to be paid and was not yet, in minor units; below zero: what is to be given back."""
    kept = 0
    for line in order.lines:
        counts = order.progress[line["id"]]
        kept += portion(line["gross"], line["quantity"], counts["returned"], counts["shipped"])
    return kept - (order.captured - order.refunded)


async def settle_up(session: AsyncSession, order: OrderRow, *, wait: timedelta = _NOW) -> None:
    """Ask for what is outstanding beside what is under way already.

    :param wait: how long to leave the provider alone before.
    """
    await requests.withdraw_repetitions(session, order.id)
    under_way = await requests.under_way(session, order.id)
    difference = outstanding(order) - sum(under_way.values())
    # Nothing is not paid: it moves an order that costs nothing at all, once, and no other one.
    if difference > 0 or (not order.gross and order.payment_state == "authorized"):
        await _request(session, order, "capture", difference, wait)
    elif difference < 0:
        await _request(session, order, "refund", -difference, wait)
    elif not under_way:
        await _finish(session, order, wait)


async def ask_again(session: AsyncSession, order: OrderRow) -> None:
    """Ask now for what the provider has declined before: somebody has talked to the buyer, or to the bank.

    :raises Problem: 409 when there is nothing to ask for, or when the provider has not answered yet.
    """
    await requests.withdraw_repetitions(session, order.id)
    if await requests.under_way(session, order.id):
        raise Problem(409, "payment-under-way", "The payment provider has not answered the last request yet.")
    if order.order_state == "cancelled" and order.payment_state == "authorized":
        await let_go(session, order)
    elif outstanding(order):
        await settle_up(session, order)
    else:
        raise Problem(409, "nothing-outstanding", "What has left and stayed away is paid, and nothing else is.")
    await session.flush()


async def let_go(session: AsyncSession, order: OrderRow) -> None:
    """Give back what is held for an order that is cancelled, or will be once the provider has answered."""
    if order.payment_state == "authorized":
        await _request(session, order, "void", order.authorized, _NOW)
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
        whole = order.captured == order.authorized or _is_paid_up(order)
        action = "capture" if whole else "capture_part"
        order.payment_state = PAYMENT.after(order.payment_state, action)
        await events.tell_payment(session, events.CAPTURED, order, amount)
        await complete_if_done(session, order)
    elif kind == "void":
        order.authorized -= amount
        order.payment_state = PAYMENT.after(order.payment_state, "void")
        await events.tell_payment(session, events.VOIDED, order, amount)
        await complete_if_done(session, order)
    else:
        order.refunded += amount
        if order.payment_state != "partially_captured":
            action = "refund" if order.refunded == order.captured else "refund_part"
            order.payment_state = PAYMENT.after(order.payment_state, action)
        await events.tell_payment(session, events.REFUNDED, order, amount)
    await session.flush()


async def complete_if_done(session: AsyncSession, order: OrderRow) -> None:
    """Complete an order that was paid and delivered, whole; or of which nothing is to be paid, as all came back."""
    paid = order.payment_state in ("captured", "partially_refunded", "refunded", "voided")
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
    if kind != "authorize":
        await _follow_up(session, order, kind)
    elif order.order_state == "placed":
        await cancel(session, order, "payment_failed")


async def _follow_up(session: AsyncSession, order: OrderRow, kind: str) -> None:
    """Make a declined request once more, later; after the last time it is left to people (:func:`ask_again`)."""
    await requests.withdraw(session, order.id)
    declined = await requests.declined_in_a_row(session, order.id)
    if declined > len(_PAUSES):
        logger().error("payment given up", order=str(order.id), kind=kind, outstanding=outstanding(order))
    elif kind == "void":
        await _request(session, order, "void", order.authorized, _PAUSES[declined - 1])
    else:
        await settle_up(session, order, wait=_PAUSES[declined - 1])


async def _finish(session: AsyncSession, order: OrderRow, wait: timedelta) -> None:
    """End a payment of which nothing is outstanding, once nothing more can leave."""
    if not _is_paid_up(order):
        return
    if order.payment_state == "authorized":  # everything came back before any of it was paid
        await _request(session, order, "void", order.authorized, wait)
    elif order.payment_state == "partially_captured":  # the rest came back before it was paid
        order.payment_state = PAYMENT.after(order.payment_state, "capture")
        await complete_if_done(session, order)


def _is_paid_up(order: OrderRow) -> bool:
    return order.shipment_state in ("shipped", "delivered") and outstanding(order) <= 0


async def _request(session: AsyncSession, order: OrderRow, kind: str, amount: int, wait: timedelta) -> None:
    if order.payment_method == "invoice" or not amount:
        await settled(session, order, kind, amount, succeeded=True)
    else:
        await _ask(session, order, kind, amount, None, wait)


async def _ask(  # noqa: PLR0913, PLR0917 - a request has so many parts
    session: AsyncSession, order: OrderRow, kind: str, amount: int, token: str | None, wait: timedelta = _NOW
) -> None:
    await requests.ask(
        session, order.tenant, order.id, kind, amount=amount, currency=order.currency, token=token, wait=wait
    )
