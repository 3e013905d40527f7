"""What can be done with agreements: keep them, look one up, order by it once."""

from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.problems import FieldError, Problem

from .models import AgreementRow

_OVER = "The quote has been ordered by already, or is not valid any more."


async def keep(session: AsyncSession, row: AgreementRow) -> None:
    """Store what was agreed; what was agreed before never changes."""
    if await session.get(AgreementRow, row.id) is None:
        session.add(row)
        await session.flush()


async def find(session: AsyncSession, caller: Principal, agreement_id: UUID) -> AgreementRow:
    """Return an agreement of the caller's account.

    :raises Problem: 422 when the account has no such agreement, 409 when nothing can be ordered by it any more.
    """
    query = select(AgreementRow).where(
        AgreementRow.id == agreement_id, AgreementRow.tenant == caller.tenant, AgreementRow.account == caller.account
    )
    row = await session.scalar(query)
    if row is None:
        detail = "The account has accepted no such quote."
        at = FieldError(pointer="/agreement", parameter=None, detail=detail)
        raise Problem(422, "unknown-agreement", detail, errors=[at])
    if row.order_id is not None or row.valid_until <= now():
        raise Problem(409, "agreement-over", _OVER)
    return row


async def bind(session: AsyncSession, tenant: str, agreement_id: UUID, order_id: UUID) -> None:
    """Let an order follow an agreement; of two at the same time, one does.

    :raises Problem: 409 when another order does, or the time is over.
    """
    result = await session.execute(
        update(AgreementRow)
        .where(
            AgreementRow.id == agreement_id,
            AgreementRow.tenant == tenant,
            AgreementRow.order_id.is_(None),
            AgreementRow.valid_until > now(),
        )
        .values(order_id=order_id)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
    if result.rowcount == 0:
        raise Problem(409, "agreement-over", _OVER)


async def release(session: AsyncSession, tenant: str, order_id: UUID) -> None:
    """Let another order follow the agreement of one that is cancelled."""
    await session.execute(
        update(AgreementRow)
        .where(AgreementRow.tenant == tenant, AgreementRow.order_id == order_id)
        .values(order_id=None)
        .execution_options(synchronize_session=False)
    )
