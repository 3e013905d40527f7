"""Writing down what a provider is to be asked, in the transaction that makes it necessary."""

from datetime import timedelta
from itertools import takewhile
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
    wait: timedelta = timedelta(),
) -> None:
    """Write down a request; a worker sends it once this has been committed, after those made before for the order.

    :param kind: ``authorize``, ``capture``, ``void`` or ``refund``.
    :param wait: before it is sent.
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
            due_at=now() + wait,
        )
    )
    await session.flush()


async def withdraw(session: AsyncSession, order_id: UUID) -> bool:
    """Withdraw what was not sent yet; return whether nothing is under way then.

    The rows are locked: a worker that is just sending one is waited for, and has marked it as sent before.
    """
    open_ones = await _open_ones(session, order_id)
    for row in open_ones:
        _withdraw(row)
    await session.flush()
    return all(row.state not in OPEN for row in open_ones)


async def withdraw_repetitions(session: AsyncSession, order_id: UUID) -> None:
    """Withdraw what waits to be asked for once more: it is to be asked for anew, and perhaps not all of it."""
    for row in await _open_ones(session, order_id):
        if row.due_at > now():
            _withdraw(row)
    await session.flush()


async def under_way(session: AsyncSession, order_id: UUID) -> dict[UUID, int]:
    """Return what each open request will have moved to the house, in minor units; what it gives back is below zero."""
    signs = {"capture": 1, "refund": -1}
    return {row.id: signs.get(row.kind, 0) * row.amount for row in await _open_ones(session, order_id)}


async def declined_in_a_row(session: AsyncSession, order_id: UUID) -> int:
    """Return how many requests were declined since one succeeded."""
    query = (
        select(PaymentRequestRow.state)
        .where(PaymentRequestRow.order_id == order_id, PaymentRequestRow.state.in_(("succeeded", "declined")))
        .order_by(PaymentRequestRow.id.desc())
    )
    return len(list(takewhile(lambda state: state == "declined", await session.scalars(query))))


async def _open_ones(session: AsyncSession, order_id: UUID) -> list[PaymentRequestRow]:
    query = (
        select(PaymentRequestRow)
        .where(PaymentRequestRow.order_id == order_id, PaymentRequestRow.state.in_(OPEN))
        .order_by(PaymentRequestRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(await session.scalars(query))


def _withdraw(row: PaymentRequestRow) -> None:
    if row.state == REQUEST.initial:
        row.state = REQUEST.after(row.state, "withdraw")
