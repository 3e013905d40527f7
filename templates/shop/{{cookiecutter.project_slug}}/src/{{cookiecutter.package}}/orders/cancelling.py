"""Undoing what an order had taken: stock and discount budgets."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from ..agreements import service as agreements
from ..attribution import ledger
from ..carts.appraisal import spent_budgets
from ..discounts.models import DiscountRow
from ..stock import service as stock
from . import events
from .models import OrderRow
from .states import ORDER, SHIPMENT


async def cancel(session: AsyncSession, order: OrderRow, reason: str) -> None:
    """Cancel an order of which nothing has left; what is held of its payment is its caller's to give back.

    :raises Problem: 409 when it cannot be cancelled any more.
    """
    # The goods first: their answer says more than "confirmed orders cannot be cancelled".
    order.shipment_state = SHIPMENT.after(order.shipment_state, "cancel")
    order.order_state = ORDER.after(order.order_state, "cancel")
    order.cancelled_because = reason
    order.pay_until = None
    await stock.release(session, order.tenant, order.id)
    if order.agreement_id is not None:
        await agreements.release(session, order.tenant, order.id)
    for key, amount in sorted(spent_budgets(order.lines).items()):
        await session.execute(
            update(DiscountRow)
            .where(
                DiscountRow.tenant == order.tenant,
                DiscountRow.key == key,
                DiscountRow.budget.is_not(None),
                DiscountRow.spent >= amount,
            )
            .values(spent=DiscountRow.spent - amount, updated_at=DiscountRow.updated_at)
            .execution_options(synchronize_session=False)
        )
    await events.tell(session, events.CANCELLED, order)
    await ledger.take_back(session, order, {line["id"]: line["net"] for line in order.lines}, f"cancelled: {reason}")
