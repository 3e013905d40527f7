"""What can be done with discounts."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now, take_turns
from chassis.problems import Problem

from ..prices.clashes import DiscountScope, discounts_clash
from ..prices.rules import Level
from .models import DiscountRow
from .schemas import DiscountDraft


def listed(tenant: str, key: str | None = None) -> Select[DiscountRow]:
    """Return the query for the discounts of a house that have not ended, or for the one with that key."""
    query = select(DiscountRow).where(DiscountRow.tenant == tenant, DiscountRow.ended_at.is_(None))
    return query if key is None else query.where(DiscountRow.key == key)


async def find(session: AsyncSession, tenant: str, discount_id: UUID) -> DiscountRow:
    """Return one discount.

    :raises Problem: 404 when the house has no such discount.
    """
    row = await session.scalar(listed(tenant).where(DiscountRow.id == discount_id))
    if row is None:
        raise Problem(404, "not-found", "There is no such discount.")
    return row


async def create(session: AsyncSession, tenant: str, draft: DiscountDraft) -> DiscountRow:
    """Store a new discount; it counts at once, in its time.

    :raises Problem: 409 when the key is taken, or when it could meet another one of its priority on a line.
    """
    await take_turns(session, f"discounts of {tenant}")
    if await session.scalar(listed(tenant, draft.key)):
        raise Problem(409, "key-taken", f"There is a discount {draft.key} already.")
    row = DiscountRow(tenant=tenant, spent=0, ended_at=None, **draft.model_dump())
    await _refuse_clash(session, row)
    session.add(row)
    await session.flush()
    return row


async def change(session: AsyncSession, row: DiscountRow, draft: DiscountDraft) -> None:
    """Change the name, the end and the budget of a discount.

    :raises Problem: 409 when it could then meet another one of its priority on a line.
    """
    await take_turns(session, f"discounts of {row.tenant}")
    row.name, row.valid_until, row.budget = draft.name, draft.valid_until, draft.budget
    with session.no_autoflush:
        await _refuse_clash(session, row)
    await session.flush()


async def end(session: AsyncSession, row: DiscountRow) -> None:
    """End a discount now; it stays for the history of prices."""
    row.ended_at = now()
    await session.flush()


async def _refuse_clash(session: AsyncSession, row: DiscountRow) -> None:
    for other in await session.scalars(listed(row.tenant)):
        if other.id != row.id and discounts_clash(_scope(row), _scope(other)):
            raise Problem(
                409,
                "discount-clash",
                f"The discount {other.key} has the priority {row.priority} too, and both may meet on one line: "
                "say which comes first.",
            )


def _scope(row: DiscountRow) -> DiscountScope:
    return DiscountScope(
        level=Level(row.level),
        priority=row.priority,
        channel=row.channel,
        customer_group=row.customer_group,
        currency=row.currency,
        skus=None if row.skus is None else frozenset(row.skus),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
