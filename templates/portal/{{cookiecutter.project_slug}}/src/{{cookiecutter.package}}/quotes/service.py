"""What can be done with quotes. Time is one of those who do something: an offer that is not accepted expires."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Database, now
from chassis.problems import FieldError, Problem

from ..access.permissions import Permission
from ..access.service import in_reach, the_one, unit_for
from ..accounts.service import account_that_may_buy
from ..people.service import ensure
from . import events
from .models import OfferRow, QuoteMoveRow, QuoteRow
from .schemas import OfferDraft, QuoteDraft
from .states import EXPIRE, OFFER, QUOTE, QuoteCustomerAction, QuoteState

_AT_ONCE = 100


def listed(
    caller: Principal, state: QuoteState | None = None, *, by: Permission = Permission.VIEW_QUOTES
) -> Select[QuoteRow]:
    """Return the query for the quotes within the caller's reach, or those in one state."""
    return _in_state(select(QuoteRow).where(in_reach(caller, QuoteRow, by)), state)


def of_tenant(caller: Principal, state: QuoteState | None = None) -> Select[QuoteRow]:
    """Return the query for all quotes of the caller's house, for those who work there."""
    return _in_state(select(QuoteRow).where(QuoteRow.tenant == caller.tenant), state)


def _in_state(query: Select[QuoteRow], state: QuoteState | None) -> Select[QuoteRow]:
    if state is None:
        return query
    overdue = and_(QuoteRow.state == QuoteState.OFFERED, QuoteRow.valid_until <= now())
    if state is QuoteState.EXPIRED:
        return query.where(or_(QuoteRow.state == QuoteState.EXPIRED, overdue))
    if state is QuoteState.OFFERED:
        return query.where(QuoteRow.state == QuoteState.OFFERED, QuoteRow.valid_until > now())
    return query.where(QuoteRow.state == state)


async def find(
    session: AsyncSession, caller: Principal, quote_id: UUID, by: Permission = Permission.VIEW_QUOTES
) -> QuoteRow:
    """Return one quote.

    :raises Problem: 404 when there is none for this caller, 403 when its roles do not allow it.
    """
    one = QuoteRow.id == quote_id
    return await the_one(session, listed(caller, by=by).where(one), name="quote", seen=listed(caller).where(one))


async def find_of_tenant(session: AsyncSession, caller: Principal, quote_id: UUID) -> QuoteRow:
    """Return one quote of the house.

    :raises Problem: 404 when there is none.
    """
    return await the_one(session, of_tenant(caller).where(QuoteRow.id == quote_id), name="quote")


async def find_offer(session: AsyncSession, row: QuoteRow, offer_id: UUID) -> OfferRow:
    """Return one offer of a quote.

    :raises Problem: 404 when there is none.
    """
    query = select(OfferRow).where(OfferRow.id == offer_id, OfferRow.quote_id == row.id)
    return await the_one(session, query, name="offer")


def state_of(row: QuoteRow) -> QuoteState:
    """Return the state that holds now: an offer expires whether or not somebody has written it down."""
    overdue = row.state == QuoteState.OFFERED and row.valid_until is not None and row.valid_until <= now()
    return QuoteState(QUOTE.after(row.state, EXPIRE) if overdue else row.state)


async def newest_offers(session: AsyncSession, rows: Sequence[QuoteRow]) -> Mapping[UUID, OfferRow]:
    """Return the newest offer of each quote that has one, by the quote's id."""
    ids = [row.id for row in rows if row.round]
    if not ids:
        return {}
    newest = (
        select(OfferRow.quote_id, func.max(OfferRow.round).label("round"))
        .where(OfferRow.quote_id.in_(ids))
        .group_by(OfferRow.quote_id)
        .subquery()
    )
    same = and_(newest.c.quote_id == OfferRow.quote_id, newest.c.round == OfferRow.round)
    return {offer.quote_id: offer for offer in await session.scalars(select(OfferRow).join(newest, same))}


def history(row: QuoteRow) -> Select[QuoteMoveRow]:
    """Return the query for the moves of a quote."""
    return select(QuoteMoveRow).where(QuoteMoveRow.quote_id == row.id)


async def ask(session: AsyncSession, caller: Principal, draft: QuoteDraft) -> QuoteRow:
    """Store a request for a price.

    :raises Problem: 404 or 403 when the caller may not buy for that unit, 409 when its account may not buy at all.
    """
    await unit_for(session, caller, draft.unit_id, Permission.EDIT_QUOTES)
    await account_that_may_buy(session, draft.unit_id)
    person = await ensure(session, caller)
    row = QuoteRow(
        tenant=caller.tenant,
        person_id=person.id,
        unit_id=draft.unit_id,
        state=QUOTE.initial,
        round=0,
        **draft.model_dump(mode="json", exclude={"unit_id"}),
    )
    session.add(row)
    await session.flush()
    await _remember(session, row, person.id, "request", None)
    await events.tell(session, row)
    return row


async def move(session: AsyncSession, caller: Principal, row: QuoteRow, action: str, comment: str | None) -> None:
    """Do something with a quote that takes it to another state.

    :raises Problem: 409 when it cannot be done in the present state (the problem names what can), or an offer would be
        accepted for an account that may not buy.
    """
    row.state = QUOTE.after(state_of(row), action)
    person = await ensure(session, caller)
    await session.flush()
    await _remember(session, row, person.id, action, comment)
    if action != QuoteCustomerAction.ACCEPT:
        await events.tell(session, row)
        return
    account = await account_that_may_buy(session, row.unit_id)
    offer = (await newest_offers(session, [row]))[row.id]
    await events.tell_accepted(session, row, offer, account.id, person)


async def offer(session: AsyncSession, caller: Principal, row: QuoteRow, draft: OfferDraft) -> OfferRow:
    """Make an offer. It is never changed; another one takes another round.

    :raises Problem: 409 when no offer can be made now, 422 when it would have expired already.
    """
    state = QUOTE.after(state_of(row), OFFER)
    if draft.valid_until <= now():
        detail = "an offer is valid for some time from now"
        errors = [FieldError(pointer="/valid_until", parameter=None, detail=detail)]
        raise Problem(422, "invalid-request", "The request does not fit the contract.", errors=errors)
    person = await ensure(session, caller)
    row.state, row.round, row.valid_until = state, row.round + 1, draft.valid_until
    made = OfferRow(
        tenant=row.tenant,
        quote_id=row.id,
        person_id=person.id,
        round=row.round,
        lines=[line.model_dump() for line in draft.lines],
        prices_include_tax=draft.prices_include_tax,
        valid_until=draft.valid_until,
    )
    session.add(made)
    await session.flush()
    await _remember(session, row, person.id, OFFER, None)
    await events.tell(session, row)
    return made


async def expire_overdue(database: Database) -> int:
    """Write down that offers have expired; several processes share the work.

    :returns: how many it were.
    """
    async with database.transaction() as session:
        overdue = select(QuoteRow).where(QuoteRow.state == QuoteState.OFFERED, QuoteRow.valid_until <= now())
        rows = list(await session.scalars(overdue.limit(_AT_ONCE).with_for_update(skip_locked=True)))
        for row in rows:
            row.state = QUOTE.after(row.state, EXPIRE)
        await session.flush()
        for row in rows:
            await _remember(session, row, None, EXPIRE, None)
            await events.tell(session, row)
    return len(rows)


async def _remember(
    session: AsyncSession, row: QuoteRow, person_id: UUID | None, action: str, comment: str | None
) -> None:
    move_row = QuoteMoveRow(tenant=row.tenant, quote_id=row.id, person_id=person_id, action=action, state=row.state)
    move_row.comment = comment
    session.add(move_row)
    await session.flush()
