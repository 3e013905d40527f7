"""The worker: finds carts that nobody has touched for long, and says so once."""

from datetime import timedelta

from sqlalchemy import select, update

from chassis.database import Database, now

from . import events
from .models import CartRow
from .states import CART

_AT_ONCE = 100


async def note_abandoned(database: Database, hours: float) -> bool:
    """Note some carts that have been abandoned; return whether there may be more of them."""
    async with database.transaction() as session:
        query = (
            select(CartRow)
            .where(
                CartRow.state == CART.initial,
                CartRow.touched_at < now() - timedelta(hours=hours),
                CartRow.abandoned_at.is_(None),
            )
            .order_by(CartRow.touched_at)
            .limit(_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        rows = list(await session.scalars(query))
        if not rows:
            return False
        for row in rows:
            if row.lines:
                await events.tell_abandoned(session, row)
        # Not a change that its buyer made: neither version nor time of change moves.
        await session.execute(
            update(CartRow)
            .where(CartRow.id.in_([row.id for row in rows]))
            .values(abandoned_at=now(), updated_at=CartRow.updated_at)
            .execution_options(synchronize_session=False)
        )
    return len(rows) == _AT_ONCE
