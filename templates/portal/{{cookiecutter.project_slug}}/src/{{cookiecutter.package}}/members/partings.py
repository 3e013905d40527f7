"""What somebody who leaves a unit, or is less to it than before, can order by no more."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now

from ..access.permissions import Permission, Reach, roles_with
from ..access.service import granted_to
from ..quotes.models import QuoteMoveRow, QuoteRow
from ..quotes.states import QuoteCustomerAction, QuoteState
from ..units.models import UnitPath
from .models import MembershipRow


async def lost_quotes(session: AsyncSession, row: MembershipRow) -> Sequence[UUID]:
    """Return the quotes that a member has accepted, that are still good, and that it has no more to do with.

    Those are of the unit or below it, and no role that remains reaches them.
    """
    granted = granted_to(literal(row.tenant), literal(row.person_id)).subquery()
    roles = roles_with(Permission.EDIT_QUOTES, Reach.OWN)
    still = select(granted.c.unit_id).where(granted.c.role.in_(roles))
    below = select(UnitPath.descendant).where(UnitPath.ancestor == row.unit_id)
    accepted = select(QuoteMoveRow.quote_id).where(
        QuoteMoveRow.person_id == row.person_id, QuoteMoveRow.action == QuoteCustomerAction.ACCEPT
    )
    query = select(QuoteRow.id).where(
        QuoteRow.id.in_(accepted),
        QuoteRow.state == QuoteState.ACCEPTED,
        QuoteRow.valid_until > now(),
        QuoteRow.unit_id.in_(below),
        QuoteRow.unit_id.not_in(still),
    )
    return list(await session.scalars(query.order_by(QuoteRow.id)))
