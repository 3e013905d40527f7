"""What can be done with agreements: keep them, look one up, order by it once."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now, take_turns
from chassis.problems import FieldError, Problem

from .models import AgreementRow, PartingRow

_OVER = "The quote has been ordered by already, or is not valid any more."
_UNKNOWN = (
    "No such quote was accepted for {}. One that was accepted a moment ago may still be on its way: try again. "
    "Who accepted a quote orders by it with a token that names no account; colleagues need one that names theirs."
)


async def keep(session: AsyncSession, row: AgreementRow) -> None:
    """Store what was agreed; what was agreed before never changes."""
    await take_turns(session, f"agreements of {row.person}")
    if await session.get(AgreementRow, row.id) is not None:
        return
    parted = select(PartingRow.id).where(
        PartingRow.tenant == row.tenant, or_(PartingRow.id == row.id, PartingRow.id == row.person)
    )
    if await session.scalar(parted.limit(1)) is not None:
        row.buyer = None
    session.add(row)
    await session.flush()


def _is_callers(caller: Principal) -> ColumnElement[bool]:
    """Return the condition for agreements of the account that a token names, or else of those that its subject made."""
    own = AgreementRow.buyer == caller.subject if caller.account is None else AgreementRow.account == caller.account
    return and_(AgreementRow.tenant == caller.tenant, own)


async def find(session: AsyncSession, caller: Principal, agreement_id: UUID) -> AgreementRow:
    """Return an agreement of the caller's account, or one that the caller accepted without naming an account.

    :raises Problem: 422 when the caller has no such agreement, 409 when nothing can be ordered by it any more.
    """
    row = await session.scalar(select(AgreementRow).where(AgreementRow.id == agreement_id, _is_callers(caller)))
    if row is None:
        detail = _UNKNOWN.format("you" if caller.account is None else "your account")
        at = FieldError(pointer="/agreement", parameter=None, detail=detail)
        raise Problem(422, "unknown-agreement", detail, errors=[at])
    if row.order_id is not None or row.valid_until <= now():
        raise Problem(409, "agreement-over", _OVER)
    return row


async def is_open(session: AsyncSession, tenant: str, agreement_id: UUID) -> bool:
    """Tell whether something can still be ordered by an agreement."""
    query = select(AgreementRow.id).where(
        AgreementRow.tenant == tenant,
        AgreementRow.id == agreement_id,
        AgreementRow.order_id.is_(None),
        AgreementRow.valid_until > now(),
    )
    return await session.scalar(query) is not None


async def bind(session: AsyncSession, caller: Principal, agreement_id: UUID, order_id: UUID) -> None:
    """Let an order follow an agreement; of two at the same time, one does.

    :raises Problem: 409 when another order does, the time is over, or it is not the caller's any more.
    """
    result = await session.execute(
        update(AgreementRow)
        .where(
            AgreementRow.id == agreement_id,
            _is_callers(caller),
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


async def part(session: AsyncSession, tenant: str, person: UUID, quotes: Collection[UUID] | None = None) -> None:
    """Let somebody order no more by quotes that they have accepted, nor by those that are heard of later.

    :param quotes: which; ``None`` means all, as of a person who was forgotten.
    """
    # Neither of two events that come at the same time sees the other one; in line, the second one does.
    await take_turns(session, f"agreements of {person}")
    theirs = update(AgreementRow).where(AgreementRow.tenant == tenant, AgreementRow.person == person)
    left = theirs if quotes is None else theirs.where(AgreementRow.id.in_(quotes))
    await session.execute(left.values(buyer=None).execution_options(synchronize_session=False))
    named = {person} if quotes is None else set(quotes)
    known = await session.scalars(select(PartingRow.id).where(PartingRow.id.in_(named)))
    session.add_all([PartingRow(tenant=tenant, id=each) for each in sorted(named.difference(known))])
    await session.flush()
