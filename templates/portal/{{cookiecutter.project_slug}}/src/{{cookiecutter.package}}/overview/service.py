"""The sections of the overview. Each has a few small queries of its own, so that each can fail by itself."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.values import Money

from ..access.permissions import Permission, Role
from ..access.service import in_reach, me
from ..approvals.models import ApprovalRequestRow
from ..approvals.schemas import Kind
from ..approvals.states import ApprovalState
from ..cases.models import CaseRow
from ..cases.states import CaseState
from ..members.models import MembershipRow
from ..orders.models import OrderRow
from ..orders.schemas import OrderSummary
from ..orders.service import axes_of, orders
from ..people.schemas import Preferences, Profile
from ..people.service import mine, preferred
from ..quotes.models import QuoteRow
from ..quotes.service import state_of
from ..quotes.states import QUOTE
from ..units.models import UnitRow
from .schemas import (
    ApprovalsSection,
    CasesSection,
    OpenCase,
    OpenQuote,
    OrdersSection,
    PersonSection,
    Place,
    PlacesSection,
    QuotesSection,
    WaitingApproval,
)

_MOST = 5
_MOST_PLACES = 50


async def person(session: AsyncSession, caller: Principal) -> PersonSection:
    """Say who is signed in."""
    row, preferences = await session.scalar(mine(caller)), await session.scalar(preferred(caller))
    return PersonSection(
        profile=Profile(version=0) if row is None else Profile.model_validate(row),
        preferences=Preferences(version=0)
        if preferences is None
        else Preferences(**preferences.document, version=preferences.version),
    )


async def places(session: AsyncSession, caller: Principal) -> PlacesSection:
    """Say where the person is a member."""
    query = (
        select(MembershipRow, UnitRow)
        .join(UnitRow, UnitRow.id == MembershipRow.unit_id)
        .where(MembershipRow.tenant == caller.tenant, MembershipRow.person_id == me(caller))
        .order_by(MembershipRow.id)
        .limit(_MOST_PLACES)
    )
    return PlacesSection(
        items=[
            Place(
                unit_id=unit.id,
                unit_name=unit.name,
                account_id=unit.account_id,
                roles=[Role(one.role) for one in membership.granted],
            )
            for membership, unit in await session.execute(query)
        ]
    )


async def recent_orders(session: AsyncSession, caller: Principal) -> OrdersSection:
    """Show the newest orders."""
    query = orders(caller).order_by(OrderRow.placed_at.desc(), OrderRow.id.desc()).limit(_MOST)
    rows = list(await session.scalars(query))
    axes = await axes_of(session, rows)
    return OrdersSection(
        items=[
            OrderSummary(
                id=row.id,
                unit_id=row.unit_id,
                number=row.number,
                purchase_order_number=row.purchase_order_number,
                placed_at=row.placed_at,
                state=row.state,
                payment_state=axes.get((row.id, "payment")),
                shipment_state=axes.get((row.id, "shipment")),
                total=Money(amount=row.total, currency=row.currency),
            )
            for row in rows
            if row.unit_id is not None
        ]
    )


async def open_quotes(session: AsyncSession, caller: Principal) -> QuotesSection:
    """Show the quotes that are not settled."""
    live = [state for state in QUOTE.states if state not in QUOTE.final]
    query = select(QuoteRow).where(in_reach(caller, QuoteRow, Permission.VIEW_QUOTES), QuoteRow.state.in_(live))
    rows = await session.scalars(query.order_by(QuoteRow.id.desc()).limit(_MOST))
    return QuotesSection(
        items=[OpenQuote(id=row.id, title=row.title, state=state_of(row), valid_until=row.valid_until) for row in rows]
    )


async def waiting_approvals(session: AsyncSession, caller: Principal) -> ApprovalsSection:
    """Show the requests that wait for a decision: the person's own, and those of units where it may decide."""
    own = ApprovalRequestRow.person_id == me(caller)
    query = select(ApprovalRequestRow, own.label("own")).where(
        in_reach(caller, ApprovalRequestRow, Permission.VIEW_APPROVALS),
        ApprovalRequestRow.state == ApprovalState.PENDING,
    )
    found = await session.execute(query.order_by(ApprovalRequestRow.id).limit(_MOST))
    return ApprovalsSection(
        items=[
            WaitingApproval(
                id=row.id,
                kind=Kind(row.kind),
                amount=Money(amount=row.amount, currency=row.currency),
                mine=bool(is_own),
            )
            for row, is_own in found
        ]
    )


async def open_cases(session: AsyncSession, caller: Principal) -> CasesSection:
    """Show the cases that are not closed."""
    query = select(CaseRow).where(in_reach(caller, CaseRow, Permission.VIEW_CASES), CaseRow.state != CaseState.CLOSED)
    rows = await session.scalars(query.order_by(CaseRow.id.desc()).limit(_MOST))
    return CasesSection(items=[OpenCase(id=row.id, title=row.title, state=row.state) for row in rows])
