"""Sending requests, and dealing with what comes back: once, whoever tells it and however often."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from chassis import inbox
from chassis.database import Database, now
from chassis.logs import logger

from ..orders import paying
from ..orders.models import OrderRow
from .models import PaymentRequestRow
from .port import Outcome, PaymentProvider, ProviderSilentError, Status
from .states import OPEN, REQUEST

_LONGEST_WAIT = timedelta(minutes=10)


async def work_off_next(database: Database, provider: PaymentProvider, seconds: float) -> bool:
    """Send the next request, or ask what became of one; return whether there was any.

    :param seconds: after which the provider is asked about a request that it has not answered; longer each time.
    """
    claimed = await _claim(database, seconds)
    if claimed is None:
        return False
    row, known = claimed
    try:
        outcome = await provider.look_up(row.id) if known else None
        if outcome is None:
            outcome = await _send(provider, row)  # with the same key: what did arrive is not done twice
    except ProviderSilentError:
        logger().warning("payment provider silent", request=str(row.id), kind=row.kind, attempts=row.attempts)
        return True
    async with database.transaction() as session:
        await settle(session, row.id, outcome)
    return True


async def _claim(database: Database, seconds: float) -> tuple[PaymentRequestRow, bool] | None:
    """Take the next request and mark it as sent, before it is; tell whether it had been sent before."""
    earlier = aliased(PaymentRequestRow)
    async with database.transaction() as session:
        query = (
            select(PaymentRequestRow)
            .where(
                PaymentRequestRow.state.in_(OPEN),
                PaymentRequestRow.due_at <= now(),
                # An order's requests go out one after another: nothing is given back before it was taken.
                ~exists().where(
                    earlier.order_id == PaymentRequestRow.order_id,
                    earlier.id < PaymentRequestRow.id,
                    earlier.state.in_(OPEN),
                ),
            )
            .order_by(PaymentRequestRow.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = await session.scalar(query)
        if row is None:
            return None
        known = row.state != REQUEST.initial
        if not known:
            row.state = REQUEST.after(row.state, "send")
        row.attempts += 1
        row.due_at = now() + min(timedelta(seconds=seconds * 2 ** min(row.attempts - 1, 20)), _LONGEST_WAIT)
    return row, known


async def _send(provider: PaymentProvider, row: PaymentRequestRow) -> Outcome:
    reference = row.reference or ""
    if row.kind == "authorize":
        return await provider.authorize(row.id, amount=row.amount, currency=row.currency, token=row.token or "")
    if row.kind == "capture":
        return await provider.capture(row.id, reference=reference, amount=row.amount)
    if row.kind == "void":
        return await provider.void(row.id, reference=reference)
    return await provider.refund(row.id, reference=reference, amount=row.amount)


async def receive(session: AsyncSession, provider: PaymentProvider, headers: Mapping[str, str], body: bytes) -> None:
    """Take a webhook: a repeated one has no effect, nor has one that comes later than what it tells.

    :raises Problem: 401 when it is not the provider's.
    """
    event = provider.event(headers, body)
    if await inbox.first_delivery(session, consumer="payments", source=provider.name, event_id=event.id):
        await settle(session, event.key, event.outcome)


async def settle(session: AsyncSession, request_id: UUID, outcome: Outcome) -> None:
    """Take note of what became of a request; what is settled stays settled."""
    query = select(PaymentRequestRow).where(PaymentRequestRow.id == request_id)
    found = await session.scalar(query)
    if found is None or outcome.status is Status.PENDING:
        return
    # The order first, as everywhere: who changes an order holds it before anything of it.
    order = await session.scalar(select(OrderRow).where(OrderRow.id == found.order_id).with_for_update())
    row = await session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if order is None or row is None or row.state not in OPEN:
        return
    if row.state == REQUEST.initial:
        return  # nobody asked for that yet
    succeeded = outcome.status is Status.SUCCEEDED
    row.state = REQUEST.after(row.state, "succeed" if succeeded else "decline")
    row.reference = row.reference or outcome.reference or None
    row.reason = outcome.reason[:200] or None
    row.token = None  # of no use any more, so it is not kept
    await session.flush()
    await paying.settled(session, order, row.kind, row.amount, succeeded=succeeded)
