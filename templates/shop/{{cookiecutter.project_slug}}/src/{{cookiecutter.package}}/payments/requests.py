"""Writing down what a provider is to be asked, in the transaction that makes it necessary."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now

from .models import PaymentRequestRow
from .states import OPEN, REQUEST


async def ask(  # noqa: PLR0913 - a request has so many parts
    session: AsyncSession,
    tenant: str,
    order_id: UUID,
    kind: str,
    *,
    amount: int,
    currency: str,
    token: str | None = None,
) -> None:
    """Write down a request; a worker sends it once this has been committed, after those made before for the order.

    :param kind: ``authorize``, ``capture``, ``void`` or ``refund``.
    """
    reference = None
    if kind != "authorize":
        query = select(PaymentRequestRow.reference).where(
            PaymentRequestRow.order_id == order_id,
            PaymentRequestRow.kind == "authorize",
            PaymentRequestRow.state == "succeeded",
        )
        reference = await session.scalar(query)
    session.add(
        PaymentRequestRow(
            tenant=tenant,
            order_id=order_id,
            kind=kind,
            amount=amount,
            currency=currency,
            token=token,
            reference=reference,
            state=REQUEST.initial,
            attempts=0,
            due_at=now(),
        )
    )


async def withdraw(session: AsyncSession, order_id: UUID) -> bool:
    """Withdraw what was not sent yet; return whether nothing is under way then.

    The rows are locked: a worker that is just sending one is waited for, and has marked it as sent before.
    """
    query = (
        select(PaymentRequestRow)
        .where(PaymentRequestRow.order_id == order_id, PaymentRequestRow.state.in_(OPEN))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    open_ones = list(await session.scalars(query))
    for row in open_ones:
        if row.state == REQUEST.initial:
            row.state = REQUEST.after(row.state, "withdraw")
    return all(row.state not in OPEN for row in open_ones)
