"""Quotes over HTTP, for customers and for those who look after them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.values import Money

from ..access.permissions import Permission
from . import service
from .models import OfferRow, QuoteMoveRow, QuoteRow
from .schemas import (
    Offer,
    OfferDraft,
    OfferedLine,
    Quote,
    QuoteDraft,
    QuoteMove,
    QuoteTransition,
    RequestedLine,
    StaffQuoteTransition,
)
from .states import QUOTE, QuoteCustomerAction, QuoteState

router = resource_router("/v1/quotes", tag="quotes")
staff = resource_router("/v1/staff/quotes", tag="staff")

QuoteId = Annotated[UUID, Path(description="the quote's id")]
OfferId = Annotated[UUID, Path(description="the offer's id")]
InState = Annotated[QuoteState | None, Query(description="only those in this state")]


def _offer(row: OfferRow, currency: str) -> Offer:
    lines = [OfferedLine.model_validate(line) for line in row.lines]
    return Offer(
        id=row.id,
        round=row.round,
        lines=lines,
        prices_include_tax=row.prices_include_tax,
        total=Money(amount=sum(line.quantity * line.unit_price for line in lines), currency=currency),
        valid_until=row.valid_until,
        offered_at=row.offered_at,
    )


async def shown(session: Session, rows: Sequence[QuoteRow]) -> list[Quote]:
    """Return quotes with their newest offers."""
    offers = await service.newest_offers(session, rows)
    return [
        Quote(
            id=row.id,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            unit_id=row.unit_id,
            title=row.title,
            comment=row.comment,
            currency=row.currency,
            lines=[RequestedLine.model_validate(line) for line in row.lines],
            state=(state := service.state_of(row)),
            actions=[action for action in QUOTE.allowed(state) if action in set(QuoteCustomerAction)],
            offer=_offer(offers[row.id], row.currency) if row.id in offers else None,
        )
        for row in rows
    ]


@router.get("", summary="List quotes")
@requires("portal:read")
async def list_quotes(caller: Caller, session: Session, page: PageRequest, state: InState = None) -> Page[Quote]:
    """List the caller's quotes, or everyone's where its roles show them; oldest first."""
    rows, following = await page.fetch(session, service.listed(caller, state), QuoteRow.id)
    return Page(items=await shown(session, rows), next=following)


@router.post("", status_code=201, summary="Ask for a price", responses={404: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_quote(caller: Caller, session: Session, draft: QuoteDraft, response: Response) -> Quote:
    """Ask the house for a price."""
    row = await service.ask(session, caller, draft)
    response.headers["Location"] = f"/v1/quotes/{row.id}"
    response.headers["ETag"] = etag(row)
    return (await shown(session, [row]))[0]


@router.get("/{quote_id}", summary="Read a quote")
@requires("portal:read")
async def read_quote(caller: Caller, session: Session, quote_id: QuoteId, copy: IfNoneMatch) -> Quote:
    """Read one quote."""
    row = await service.find(session, caller, quote_id)
    copy.check(row)
    return (await shown(session, [row]))[0]


@router.get("/{quote_id}/transitions", summary="List what was done with a quote")
@requires("portal:read")
async def list_quote_transitions(
    caller: Caller, session: Session, page: PageRequest, quote_id: QuoteId
) -> Page[QuoteMove]:
    """List every move of a quote, oldest first."""
    row = await service.find(session, caller, quote_id)
    rows, following = await page.fetch(session, service.history(row), QuoteMoveRow.id)
    return Page(items=[QuoteMove.model_validate(one) for one in rows], next=following)


@router.post("/{quote_id}/transitions", summary="Accept, decline, renegotiate or withdraw", responses={409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_quote_transition(
    caller: Caller, session: Session, quote_id: QuoteId, seen: IfMatch, transition: QuoteTransition
) -> Quote:
    """Do something with a quote. Accepting binds both sides to the prices of the newest offer."""
    row = await service.find(session, caller, quote_id, Permission.EDIT_QUOTES)
    seen.check(row)
    await service.move(session, caller, row, transition.action, transition.comment)
    seen.changed(row)
    return (await shown(session, [row]))[0]


@staff.get("", summary="List all quotes")
@requires("portal:staff")
async def list_staff_quotes(caller: Caller, session: Session, page: PageRequest, state: InState = None) -> Page[Quote]:
    """List the quotes of all customers of the caller's house, oldest first."""
    rows, following = await page.fetch(session, service.of_tenant(caller, state), QuoteRow.id)
    return Page(items=await shown(session, rows), next=following)


@staff.get("/{quote_id}", summary="Read any quote")
@requires("portal:staff")
async def read_staff_quote(caller: Caller, session: Session, quote_id: QuoteId, copy: IfNoneMatch) -> Quote:
    """Read one quote of a customer of the caller's house."""
    row = await service.find_of_tenant(session, caller, quote_id)
    copy.check(row)
    return (await shown(session, [row]))[0]


@staff.post("/{quote_id}/transitions", summary="Review or refuse", responses={409: {}})
@idempotent(required=False)
@requires("portal:staff")
async def create_staff_quote_transition(
    caller: Caller, session: Session, quote_id: QuoteId, seen: IfMatch, transition: StaffQuoteTransition
) -> Quote:
    """Begin to work on a quote, or refuse to offer."""
    row = await service.find_of_tenant(session, caller, quote_id)
    seen.check(row)
    await service.move(session, caller, row, transition.action, transition.comment)
    seen.changed(row)
    return (await shown(session, [row]))[0]


@staff.post("/{quote_id}/offers", status_code=201, summary="Make an offer", responses={409: {}})
@idempotent(required=True)
@requires("portal:staff")
async def create_offer(
    caller: Caller, session: Session, quote_id: QuoteId, seen: IfMatch, draft: OfferDraft, response: Response
) -> Offer:
    """Offer prices. What was offered is never changed; a new offer takes another round."""
    row = await service.find_of_tenant(session, caller, quote_id)
    seen.check(row)
    made = await service.offer(session, caller, row, draft)
    seen.changed(row)
    response.headers["Location"] = f"/v1/staff/quotes/{row.id}/offers/{made.id}"
    return _offer(made, row.currency)


@staff.get("/{quote_id}/offers/{offer_id}", summary="Read an offer")
@requires("portal:staff")
async def read_offer(caller: Caller, session: Session, quote_id: QuoteId, offer_id: OfferId) -> Offer:
    """Read one offer as it was made, of whatever round."""
    row = await service.find_of_tenant(session, caller, quote_id)
    return _offer(await service.find_offer(session, row, offer_id), row.currency)
