"""Carts over HTTP. Changes answer with the whole cart, in the bytes that the next read gets too."""

from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic_core import from_json

from chassis.auth import Caller, Principal
from chassis.database import Database, Session
from chassis.merge_patch import patched
from chassis.operation import beforehand, idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch, etag
from chassis.problems import Problem

from ..ports import Plugged
from . import approving, copying, service
from .agreed import look_up_agreed
from .lookup import look_up
from .models import CartRow
from .schemas import (
    ApprovalAsked,
    Cart,
    CartCopy,
    CartDraft,
    CartLine,
    CartMerge,
    CartPatch,
    CartStateChange,
    LineDraft,
    LinePatch,
)
from .service import Buyer

router = resource_router("/v1/carts", tag="carts")
merges = resource_router("/v1/cart-merges", tag="carts")
copies = resource_router("/v1/cart-copies", tag="carts")

CartId = Annotated[UUID, Path(description="the cart's id")]
LineId = Annotated[UUID, Path(description="the line's id")]
_BODY = "SELECT version, body FROM carts WHERE handle = $1 AND tenant = $2 AND owner = $3"


class _Written(NamedTuple):
    version: int
    body: bytes


@router.get("", summary="List your carts")
@requires("shop:buy")
async def list_carts(
    caller: Caller,
    session: Session,
    page: PageRequest,
    state: Annotated[str | None, Query(max_length=10, description="only in this state")] = None,
) -> Page[Cart]:
    """List the caller's carts, oldest first."""
    query = service.owned(caller)
    rows, following = await page.fetch(
        session, query if state is None else query.where(CartRow.state == state), CartRow.id
    )
    return Page(items=[Cart.model_validate_json(row.body) for row in rows], next=following)


@router.post("", status_code=201, summary="Create a cart", response_model=Cart, responses={409: {}})
@beforehand(look_up_agreed)
@idempotent(required=False)
@requires("shop:buy")
async def create_cart(request: Request, caller: Caller, session: Session, ports: Plugged, draft: CartDraft) -> Response:
    """Create a cart that belongs to the caller: an empty one, or what was agreed in a quote that its account accepted,
    or the caller itself where its token names no account. Such a cart is ordered as it is, once, and until the quote
    ends."""
    buyer = Buyer(caller=caller, ports=ports)
    return _answer(await service.create(session, buyer, draft, request.state.articles), 201)


@router.get("/{cart_id}", summary="Read a cart", response_model=Cart)
@requires("shop:buy")
async def read_cart(request: Request, caller: Caller, cart_id: CartId, copy: IfNoneMatch) -> Response:
    """Read one of the caller's carts, at the prices of its last change."""
    found = await _written(request, caller, cart_id)
    copy.check(found)
    return _answer(found)


@router.patch("/{cart_id}", summary="Change a cart", response_model=Cart, responses={409: {}})
@requires("shop:buy")
async def update_cart(
    caller: Caller, session: Session, ports: Plugged, cart_id: CartId, seen: IfMatch, patch: CartPatch
) -> Response:
    """Change where it is sent, which unit buys, and the codes; everything is priced again."""
    row = await service.find(session, caller, cart_id)
    seen.check(row)
    present = CartDraft(
        channel=row.channel, country=row.country, business_unit=row.business_unit, codes=list(row.codes)
    )
    await service.change(session, Buyer(caller=caller, ports=ports), row, patched(present, patch))
    return _answer(row)


@router.delete("/{cart_id}", status_code=204, summary="Delete a cart", responses={409: {}})
@requires("shop:buy")
async def delete_cart(caller: Caller, session: Session, cart_id: CartId, seen: IfMatch) -> None:
    """Throw a cart away; one that was ordered or merged stays for the record."""
    row = await service.find(session, caller, cart_id)
    seen.check(row)
    await service.discard(session, row)


@router.post("/{cart_id}/lines", status_code=201, summary="Put an article in", response_model=Cart, responses={409: {}})
@beforehand(look_up)
@idempotent(required=False)
@requires("shop:buy")
async def add_line(
    request: Request, caller: Caller, session: Session, ports: Plugged, cart_id: CartId, draft: LineDraft
) -> Response:
    """Put pieces of an article into a cart; what is in it already gets more. Everything is priced again."""
    row = await service.find(session, caller, cart_id)
    line_id = await service.add(session, Buyer(caller=caller, ports=ports), row, draft, request.state.answer)
    response = _answer(row, 201)
    response.headers["Location"] = f"/v1/carts/{row.id}/lines/{line_id}"
    return response


@router.get("/{cart_id}/lines/{line_id}", summary="Read a line")
@requires("shop:buy")
async def read_line(request: Request, caller: Caller, cart_id: CartId, line_id: LineId, copy: IfNoneMatch) -> CartLine:
    """Read one line of a cart, at the price of the cart's last change. Its `ETag` is the cart's."""
    found = await _written(request, caller, cart_id)
    line = next((each for each in from_json(found.body)["lines"] if each["id"] == str(line_id)), None)
    if line is None:
        raise service.no_such_line()
    copy.check(found)
    return CartLine.model_validate(line)


@router.patch("/{cart_id}/lines/{line_id}", summary="Change a quantity", response_model=Cart, responses={409: {}})
@requires("shop:buy")
async def update_line(
    caller: Caller,
    session: Session,
    ports: Plugged,
    cart_id: CartId,
    line_id: LineId,
    seen: IfMatch,
    patch: LinePatch,
) -> Response:
    """Change the quantity of a line; everything is priced again. `If-Match` names the cart's version."""
    row = await service.find(session, caller, cart_id)
    seen.check(row)
    await service.set_quantity(session, Buyer(caller=caller, ports=ports), row, line_id, patch.quantity)
    return _answer(row)


@router.delete("/{cart_id}/lines/{line_id}", summary="Take a line out", response_model=Cart, responses={409: {}})
@requires("shop:buy")
async def delete_line(
    caller: Caller, session: Session, ports: Plugged, cart_id: CartId, line_id: LineId, seen: IfMatch
) -> Response:
    """Take a line out of a cart; the others are priced again. `If-Match` names the cart's version."""
    row = await service.find(session, caller, cart_id)
    seen.check(row)
    await service.remove_line(session, Buyer(caller=caller, ports=ports), row, line_id)
    return _answer(row)


@router.post("/{cart_id}/price-updates", summary="Price a cart again", response_model=Cart, responses={409: {}})
@idempotent(required=False)
@requires("shop:buy")
async def update_prices(caller: Caller, session: Session, ports: Plugged, cart_id: CartId) -> Response:
    """Price every line by the rules of this moment, such as after an order was refused with `price-changed`."""
    row = await service.find(session, caller, cart_id)
    await service.reprice(session, Buyer(caller=caller, ports=ports), row)
    return _answer(row)


@router.post("/{cart_id}/state-changes", summary="Freeze or thaw a cart", response_model=Cart, responses={409: {}})
@idempotent(required=False)
@requires("shop:write")
async def change_cart_state(caller: Caller, session: Session, cart_id: CartId, asked: CartStateChange) -> Response:
    """Freeze anybody's cart while an approval is pending, or thaw it; for the service that decides about approvals."""
    row = await service.find_any(session, caller.tenant, cart_id)
    await service.move(session, row, asked.action)
    return _answer(row)


@router.post(
    "/{cart_id}/approval-requests",
    status_code=202,
    summary="Have a cart approved",
    response_model=Cart,
    responses={409: {}},
)
@idempotent(required=False)
@requires("shop:buy")
async def request_approval(
    request: Request, caller: Caller, session: Session, cart_id: CartId, asked: ApprovalAsked
) -> Response:
    """Ask the people of the cart's business unit whether it may be ordered. It is frozen until they have decided, or
    the buyer has taken the request back where it is decided; read the cart again to learn what was. An approval is for
    what is in the cart: it is gone with the first change that is not just a lower price."""
    row = await service.find(session, caller, cart_id)
    await approving.ask(session, row, asked, answered=bool(request.app.state.settings.events_senders))
    return _answer(row, 202)


@merges.post("", summary="Merge a guest's cart", response_model=Cart, responses={404: {}, 409: {}})
@idempotent(required=False)
@requires("shop:buy")
async def merge_carts(request: Request, caller: Caller, session: Session, ports: Plugged, asked: CartMerge) -> Response:
    """Put a guest's lines into a cart of the caller, who was that guest before signing in. A repetition changes
    nothing and answers with the cart that has them."""
    claims = request.app.state.guest_tokens.claims(asked.guest_token)
    if claims is None or claims["tenant"] != caller.tenant:
        raise Problem(404, "not-found", "There is no such guest.")
    guest = Principal(subject=claims["sub"], scopes=frozenset(), tenant=caller.tenant)
    return _answer(await service.merge(session, Buyer(caller=caller, ports=ports), guest, asked))


@copies.post(
    "", status_code=201, summary="Fill a cart with what was ordered", response_model=Cart, responses={404: {}, 409: {}}
)
@beforehand(copying.look_up_ordered)
@idempotent(required=False)
@requires("shop:buy")
async def copy_cart(request: Request, caller: Caller, session: Session, ports: Plugged, asked: CartCopy) -> Response:
    """Fill a new cart with what the caller has ordered by another one: to pay in another way after a payment was
    declined, or to buy the same once more. It is priced as of now, and where that is asked for it is approved anew.
    What followed an agreement is ordered again with a new cart that names the agreement."""
    return _answer(await copying.copy(session, Buyer(caller=caller, ports=ports), asked, request.state.articles), 201)


async def _written(request: Request, caller: Principal, cart_id: UUID) -> _Written:
    """Return what readers get of one of the caller's carts."""
    database: Database = request.app.state.database
    rows = await database.fetch(_BODY, cart_id.hex, caller.tenant, caller.subject)
    if not rows:
        raise service.no_such_cart()
    return _Written(rows[0][0], rows[0][1])


def _answer(found: CartRow | _Written, status: int = 200) -> Response:
    headers = {"ETag": etag(found), "Cache-Control": "private, no-cache"}
    if isinstance(found, CartRow) and status == 201:
        headers["Location"] = f"/v1/carts/{found.id}"
    return Response(found.body, status, headers, media_type="application/json")
