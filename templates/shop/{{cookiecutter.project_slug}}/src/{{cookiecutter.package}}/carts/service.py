"""What can be done with carts. Every query filters by house and owner: somebody else's cart does not exist."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from chassis.auth import Principal
from chassis.database import now
from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from ..accounts.models import AccountRow
from ..accounts.service import is_callers
from ..channels import service as channels
from ..channels.models import ChannelRow
from ..customers.models import CustomerRow
from ..customers.service import is_caller, reference_of
from ..ports import Ports
from . import agreed, appraisal
from .appraisal import Terms
from .lookup import Answer, article_of
from .models import CartRow
from .schemas import CartDraft, CartMerge, LineDraft
from .states import CART

NONE: agreed.Articles = {}
_MOST_LINES = 500
_MOST_PIECES = 1_000_000
_MOST_WORTH = 10**15


@dataclass(frozen=True, kw_only=True)
class Buyer:
    """Who buys, and whom the shop asks for them."""

    caller: Principal
    ports: Ports

    def of(self, row: CartRow) -> "Buyer":
        """Return the buyer as whom it fills this cart. One whose token names no account buys for that of the quote
        which it has accepted: on its terms, and with its obligations."""
        if row.agreement_id is None or self.caller.account is not None:
            return self
        return replace(self, caller=replace(self.caller, account=row.account))


def owned(caller: Principal) -> Select[CartRow]:
    """Return the query for a caller's carts."""
    return select(CartRow).where(CartRow.tenant == caller.tenant, CartRow.owner == caller.subject)


async def find(session: AsyncSession, caller: Principal, cart_id: UUID, *, body: bool = False) -> CartRow:
    """Return one of the caller's carts, locked until the transaction ends.

    :param body: whether what readers get comes along; whoever changes the cart writes it anew.
    :raises Problem: 404 when the caller has no such cart.
    """
    query = owned(caller).where(CartRow.id == cart_id).with_for_update()
    return _found(await session.scalar(query if body else query.options(defer(CartRow.body, raiseload=True))))


async def find_any(session: AsyncSession, tenant: str, cart_id: UUID) -> CartRow:
    """Return anybody's cart in a house, locked until the transaction ends.

    :raises Problem: 404 when the house has no such cart.
    """
    query = select(CartRow).where(CartRow.tenant == tenant, CartRow.id == cart_id)
    return _found(await session.scalar(query.with_for_update()))


def _found(row: CartRow | None) -> CartRow:
    if row is None:
        raise no_such_cart()
    return row


def no_such_cart() -> Problem:
    """Return the problem of a cart that is not there, or not the caller's."""
    return Problem(404, "not-found", "There is no such cart.")


def no_such_line() -> Problem:
    """Return the problem of a line that a cart has not."""
    return Problem(404, "not-found", "There is no such line in the cart.")


async def terms_of(session: AsyncSession, buyer: Buyer, channel: str) -> Terms:
    """Return what a buyer gets in a channel."""
    query = (
        select(
            ChannelRow,
            CustomerRow.customer_group,
            CustomerRow.needs_approval,
            AccountRow.needs_approval,
            AccountRow.state,
        )
        .select_from(ChannelRow)
        .outerjoin(CustomerRow, is_caller(buyer.caller))
        .outerjoin(AccountRow, is_callers(buyer.caller))
        .where(ChannelRow.tenant == buyer.caller.tenant, ChannelRow.key == channel)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        raise channels.unknown(channel)
    row, group, *asked, state = found
    return Terms(
        channel=row,
        customer=reference_of(buyer.caller),
        customer_group=group,
        needs_approval=any(asked),
        account_state=state,
        pricing=buyer.ports.pricing,
    )


async def create(
    session: AsyncSession, buyer: Buyer, draft: CartDraft, articles: agreed.Articles | Problem = NONE
) -> CartRow:
    """Store a new cart of the buyer: an empty one, or one that follows an agreement.

    :param articles: those of the agreement, or why the catalog could not be asked for them.
    :raises Problem: 409 or 422 when the cart cannot follow the agreement, 503 or 504 without the catalog.
    """
    channel = await channels.named(session, buyer.caller.tenant, draft.channel)
    made, cart_id = now(), uuid7()
    row = CartRow(
        id=cart_id,
        handle=cart_id.hex,
        tenant=buyer.caller.tenant,
        owner=buyer.caller.subject,
        account=buyer.caller.account,
        business_unit=draft.business_unit,
        channel=channel.key,
        currency=channel.currency,
        country=draft.country or channel.country,
        campaign=draft.campaign,
        codes=sorted(set(draft.codes)),
        lines=[],
        state=CART.initial,
        merged_into=None,
        approval_id=None,
        approval_state=None,
        approved_gross=None,
        agreement_id=None,
        created_at=made,
        touched_at=made,
        abandoned_at=None,
    )
    if draft.agreement is not None:
        agreement, lines = await agreed.lines_of(session, buyer.caller, channel, draft.agreement, articles)
        row.agreement_id, row.account, row.business_unit = agreement.id, agreement.account, agreement.business_unit
        terms = await terms_of(session, buyer.of(row), channel.key)
        row.lines = await appraisal.priced_lines(session, row, lines, terms, row.touched_at)
    appraisal.write(row, channel)
    session.add(row)
    await session.flush()
    return row


async def change(session: AsyncSession, buyer: Buyer, row: CartRow, draft: CartDraft) -> None:
    """Change where it is sent, which unit buys, and the codes; everything is priced again."""
    if draft.business_unit != row.business_unit or draft.codes:
        agreed.refuse_change(row.agreement_id)
    with session.no_autoflush:
        if draft.business_unit != row.business_unit:
            row.approval_id = row.approval_state = row.approved_gross = None
        row.country, row.business_unit = draft.country or row.country, draft.business_unit
        row.codes = sorted(set(draft.codes))
        await _edit(session, buyer, row, lambda lines: lines)


async def add(
    session: AsyncSession, buyer: Buyer, row: CartRow, draft: LineDraft, answer: Answer | None = None
) -> UUID:
    """Put pieces of an article into a cart, and return the line that they are in.

    :param answer: the catalog's, where it was asked before.

    :raises Problem: 422 when the channel does not sell the article, or nothing prices or taxes it.
    """
    _refuse_unless_active(row)
    present = next((line for line in row.lines if line["sku"] == draft.sku), None)
    if present is not None:
        quantity = present["quantity"] + draft.quantity
        await set_quantity(session, buyer, row, UUID(present["id"]), quantity)
        return UUID(present["id"])
    article = await article_of(buyer.ports.catalog, row.channel, draft, answer)
    if article is None:
        raise _refused("unknown-article", f"The channel {row.channel} does not sell {draft.sku}.", "/sku")
    line = appraisal.new_line(article, draft.quantity)
    await _edit(session, buyer, row, lambda lines: [*lines, line])
    _refuse_obstacle(row.lines[-1])
    return UUID(line["id"])


async def set_quantity(session: AsyncSession, buyer: Buyer, row: CartRow, line_id: UUID, quantity: int) -> None:
    """Change the quantity of a line.

    :raises Problem: 404 when there is no such line, 422 when nothing prices that quantity.
    """
    _line(row, line_id)
    if quantity > _MOST_PIECES:
        raise _refused("too-many-pieces", f"A line holds at most {_MOST_PIECES} pieces.", "/quantity")
    await _edit(
        session,
        buyer,
        row,
        lambda lines: [line | {"quantity": quantity} if line["id"] == str(line_id) else line for line in lines],
    )
    _refuse_obstacle(_line(row, line_id))


async def remove_line(session: AsyncSession, buyer: Buyer, row: CartRow, line_id: UUID) -> None:
    """Take a line out of a cart.

    :raises Problem: 404 when there is no such line.
    """
    _line(row, line_id)
    await _edit(session, buyer, row, lambda lines: [line for line in lines if line["id"] != str(line_id)])


async def reprice(session: AsyncSession, buyer: Buyer, row: CartRow) -> None:
    """Price every line by the rules of this moment."""
    await _edit(session, buyer, row, lambda lines: lines)


async def fill(session: AsyncSession, buyer: Buyer, row: CartRow, lines: list[dict[str, Any]]) -> None:
    """Put lines into a cart in place of those that it has, at the prices of this moment."""
    await _edit(session, buyer, row, lambda _present: lines)


async def _edit(
    session: AsyncSession,
    buyer: Buyer,
    row: CartRow,
    changed: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
) -> None:
    _refuse_unless_active(row)
    pieces, lines = _pieces(row.lines), changed(row.lines)
    if _pieces(lines) != pieces:
        agreed.refuse_change(row.agreement_id)
    if len(lines) > _MOST_LINES:
        raise Problem(409, "cart-full", f"A cart holds at most {_MOST_LINES} lines.")
    with session.no_autoflush:  # one UPDATE, one version: what readers get is written for it
        terms = await terms_of(session, buyer.of(row), row.channel)
        row.touched_at, row.abandoned_at = now(), None
        row.lines = await appraisal.priced_lines(session, row, lines, terms, row.touched_at)
        gross = appraisal.totals(row.lines).gross
        if gross > _MOST_WORTH:
            raise Problem(409, "cart-full", f"A cart comes to at most {_MOST_WORTH} minor units.")
        if row.approved_gross is not None and (gross > row.approved_gross or _pieces(row.lines) != pieces):
            # Something else was approved; what has only become cheaper was approved, too.
            row.approval_id = row.approval_state = row.approved_gross = None
        appraisal.write(row, terms.channel)
    await session.flush()


async def move(session: AsyncSession, row: CartRow, action: str, *, merged_into: UUID | None = None) -> None:
    """Bring a cart into another state.

    :raises Problem: 409 when that leads nowhere from here.
    """
    channel = await channels.named(session, row.tenant, row.channel)
    row.state = CART.after(row.state, action)
    row.merged_into = merged_into
    if action == "thaw" and row.approval_state == "pending":  # by the house: who was asked is not waited for any more
        row.approval_id = row.approval_state = None
    appraisal.write(row, channel)
    await session.flush()


async def discard(session: AsyncSession, row: CartRow) -> None:
    """Delete a cart.

    :raises Problem: 409 when it is part of a record.
    """
    _refuse_unless_active(row)
    await session.delete(row)
    await session.flush()


async def merge(session: AsyncSession, buyer: Buyer, guest: Principal, asked: CartMerge) -> CartRow:
    """Put a guest's lines into a cart of the buyer, once: a repetition returns the cart that has them.

    :raises Problem: 404 when the guest or the buyer has no such cart, 409 when one of them can take no part in it.
    """
    # Both are locked in one order, whoever merges what into what at the same time.
    wanted = [each for each in (asked.guest_cart, asked.cart) if each is not None]
    await session.execute(select(CartRow.id).where(CartRow.id.in_(wanted)).order_by(CartRow.id).with_for_update())
    source = await find(session, guest, asked.guest_cart)
    if source.merged_into is not None:
        return await find(session, buyer.caller, source.merged_into, body=True)
    if asked.cart is None:
        draft = CartDraft(
            channel=source.channel, country=source.country, campaign=source.campaign, codes=list(source.codes)
        )
        target = await create(session, buyer, draft)
    else:
        target = await find(session, buyer.caller, asked.cart)
    if target.channel != source.channel:
        raise Problem(409, "other-channel", "Carts of two channels cannot be merged: they have other terms.")
    added = {line["sku"]: line["quantity"] for line in source.lines}
    both = [
        line | {"quantity": min(line["quantity"] + added.get(line["sku"], 0), _MOST_PIECES)} for line in target.lines
    ]
    here = {line["sku"] for line in target.lines}
    both += [line | {"id": str(uuid7())} for line in source.lines if line["sku"] not in here]
    with session.no_autoflush:
        target.codes = sorted({*target.codes, *source.codes})[:10]
        await _edit(session, buyer, target, lambda _lines: both)
    await move(session, source, "merge", merged_into=target.id)
    return target


def _pieces(lines: Sequence[dict[str, Any]]) -> list[tuple[str, int]]:
    return sorted((line["sku"], line["quantity"]) for line in lines)


def _line(row: CartRow, line_id: UUID) -> dict[str, Any]:
    found = next((line for line in row.lines if line["id"] == str(line_id)), None)
    if found is None:
        raise no_such_line()
    return found


def _refuse_unless_active(row: CartRow) -> None:
    if row.state != CART.initial:
        raise Problem(
            409,
            "illegal-transition",
            f"A cart that is {row.state} cannot be changed.",
            extra={"state": row.state, "allowed": list(CART.allowed(row.state))},
        )


def _refuse_obstacle(line: dict[str, Any]) -> None:
    if line["obstacle"] == appraisal.Obstacle.NO_PRICE:
        raise _refused("no-price", f"Nothing prices {line['quantity']} of {line['sku']} here.", "/sku")
    if line["obstacle"] == appraisal.Obstacle.NO_TAX_RATE:
        raise _refused("no-tax-rate", f"The channel has no rate for {line['tax_class']} in this country.", "/sku")


def _refused(kind: str, detail: str, pointer: str) -> Problem:
    return Problem(422, kind, detail, errors=[FieldError(pointer=pointer, parameter=None, detail=detail)])
