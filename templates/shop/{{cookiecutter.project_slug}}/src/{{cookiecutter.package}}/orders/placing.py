"""Placing an order: what the buyer saw is what is bought, or nothing is."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now
from chassis.guests import is_guest
from chassis.identifiers import uuid7
from chassis.problems import FieldError, Problem

from ..accounts.service import refuse_inactive
from ..agreements import service as agreements
from ..attribution import ledger
from ..carts import appraisal
from ..carts import service as carts
from ..carts.approving import refuse_unapproved
from ..carts.models import CartRow
from ..carts.schemas import Totals
from ..carts.service import Buyer
from ..channels.models import ChannelRow
from ..channels.schemas import Enforcement
from ..discounts.models import DiscountRow
from ..stock import service as stock
from . import events, paying
from .models import OrderRow
from .schemas import Address, OrderDraft, PaymentMethod
from .service import new_number, pay_until
from .states import ORDER, PAYMENT, SHIPMENT

_PRICED = ("unit_price", "reduction", "net", "tax", "gross")


async def place(session: AsyncSession, buyer: Buyer, draft: OrderDraft, pay_minutes: float) -> OrderRow:
    """Make an order of a cart: prices, stock, budgets, payment and events in one transaction, or nothing at all.

    What many buyers want at once, stock and budgets, is locked last and always in the same order.

    :raises Problem: 404 for somebody else's cart; 409 when the cart is not active, its account may not buy, a price has
        changed since the buyer saw it, pieces, a budget or an agreement are gone, or the order minimum is missed; 422
        when the request contradicts the cart.
    """
    caller = buyer.caller
    cart = await carts.find(session, caller, draft.cart)
    buyer = buyer.of(cart)
    terms = await carts.terms_of(session, buyer, cart.channel)
    shipping = draft.shipping_address or draft.billing_address
    _refuse_contradictions(cart, draft, shipping, buyer)
    refuse_inactive(terms.account_state)
    if terms.needs_approval:
        refuse_unapproved(cart)
    # Whether a cart may be ordered says its table, before anything else is looked at.
    await carts.move(session, cart, "order")
    lines = await appraisal.priced_lines(session, cart, cart.lines, terms, now())
    _refuse_other_prices(cart.lines, lines)
    totals = appraisal.totals(lines)
    _refuse_below_minimum(terms.channel, totals)
    order = _order(cart, draft, shipping, lines, totals, terms.channel)
    order.pay_until = pay_until(pay_minutes)
    if order.agreement_id is not None:
        await agreements.bind(session, caller, order.agreement_id, order.id)
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line["sku"]] = wanted.get(line["sku"], 0) + line["quantity"]
    hold = stock.Hold(
        tenant=order.tenant,
        holder=order.id,
        locations=tuple(terms.channel.locations),
        expires_at=order.pay_until,
        for_order=True,
    )
    await stock.reserve(session, hold, wanted)
    await _spend_budgets(session, order)
    session.add(order)
    await events.tell(session, events.PLACED, order)
    await ledger.credit(session, order)
    await paying.begin(session, order, draft.payment.token)
    await session.flush()
    return order


def _refuse_contradictions(cart: CartRow, draft: OrderDraft, shipping: Address, buyer: Buyer) -> None:
    problem = None
    if not cart.lines and cart.state == "active":
        problem = "/cart", "The cart is empty."
    elif cart.account != buyer.caller.account:
        problem = "/cart", "The cart was filled for another account."
    elif shipping.address_country != cart.country:
        pointer = "/shipping_address" if draft.shipping_address else "/billing_address"
        problem = f"{pointer}/address_country", f"The cart is priced and taxed for {cart.country}."
    elif draft.payment.method is PaymentMethod.INVOICE and buyer.caller.account is None:
        problem = "/payment/method", "Invoices are for accounts."
    elif draft.payment.method is PaymentMethod.CARD and buyer.ports.payments is None:
        problem = "/payment/method", "Cards are not taken here: no payment provider is set up."
    elif draft.email is None and is_guest(cart.owner):
        problem = "/email", "A guest says where news of the order go."
    if problem is not None:
        pointer, detail = problem
        at = FieldError(pointer=pointer, parameter=None, detail=detail)
        raise Problem(422, "invalid-request", detail, errors=[at])


def _refuse_other_prices(seen: Sequence[dict[str, Any]], present: Sequence[dict[str, Any]]) -> None:
    """Refuse what the buyer has not seen. It tells which lines; a cart that is priced anew shows why."""
    changed = [
        {
            "line": line["id"],
            "sku": line["sku"],
            "seen": {name: line[name] for name in _PRICED},
            "present": {name: other[name] for name in _PRICED},
            "obstacle": other["obstacle"],
        }
        for line, other in zip(seen, present, strict=True)
        if other["obstacle"] is not None or any(line[name] != other[name] for name in _PRICED)
    ]
    if changed:
        names = ", ".join(str(each["sku"]) for each in changed)
        raise Problem(
            409,
            "price-changed",
            f"Prices have changed since the cart was priced: {names}. Price it again and ask its buyer.",
            extra={"lines": changed},
        )


def _refuse_below_minimum(channel: ChannelRow, totals: Totals) -> None:
    minimum = appraisal.minimum(channel, totals)
    if minimum is not None and minimum.missing and minimum.enforcement is Enforcement.HARD:
        detail = f"{minimum.missing} minor units are missing to the channel's order minimum."
        raise Problem(409, "order-minimum", detail, extra={"order_minimum": minimum.model_dump(mode="json")})


def _order(  # noqa: PLR0913, PLR0917 - everything that an order is made of
    cart: CartRow,
    draft: OrderDraft,
    shipping: Address,
    lines: list[dict[str, Any]],
    totals: Totals,
    channel: ChannelRow,
) -> OrderRow:
    return OrderRow(
        id=uuid7(),
        tenant=cart.tenant,
        number=new_number(now()),
        cart_id=cart.id,
        owner=cart.owner,
        account=cart.account,
        business_unit=cart.business_unit,
        agreement_id=cart.agreement_id,
        channel=cart.channel,
        campaign=cart.campaign,
        currency=cart.currency,
        prices_include_tax=channel.prices_include_tax,
        lines=lines,
        totals=totals.model_dump(),
        billing_address=draft.billing_address.model_dump(),
        shipping_address=shipping.model_dump(),
        email=draft.email,
        purchase_order_number=draft.purchase_order_number,
        erp_reference=None,
        payment_method=draft.payment.method.value,
        order_state=ORDER.initial,
        payment_state=PAYMENT.initial,
        shipment_state=SHIPMENT.initial,
        cancelled_because=None,
        progress={line["id"]: {"shipped": 0, "returned": 0} for line in lines},
        authorized=0,
        captured=0,
        refunded=0,
        pay_until=None,
    )


async def _spend_budgets(session: AsyncSession, order: OrderRow) -> None:
    """Take what the order's discounts give away from their budgets; two orders cannot spend the same money."""
    spent = appraisal.spent_budgets(order.lines)
    if not spent:
        return
    query = select(DiscountRow.key).where(
        DiscountRow.tenant == order.tenant,
        DiscountRow.ended_at.is_(None),
        DiscountRow.budget.is_not(None),
        DiscountRow.key.in_(sorted(spent)),
    )
    for key in sorted(await session.scalars(query)):
        result = await session.execute(
            update(DiscountRow)
            .where(
                DiscountRow.tenant == order.tenant,
                DiscountRow.key == key,
                DiscountRow.ended_at.is_(None),
                DiscountRow.spent + spent[key] <= DiscountRow.budget,
            )
            .values(spent=DiscountRow.spent + spent[key], updated_at=DiscountRow.updated_at)
            .execution_options(synchronize_session=False)
        )
        assert isinstance(result, CursorResult)  # noqa: S101 - tells the type checker what an UPDATE gives
        if result.rowcount == 0:
            raise Problem(
                409,
                "price-changed",
                f"The budget of the discount {key} was used up just now. Price the cart again and ask its buyer.",
                extra={"lines": []},
            )
