"""What becomes of others' events: each is a whole picture of its subject, so the newest one wins, whenever it comes."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.inbox import first_delivery
from chassis.problems import Problem, invalid
from chassis.received import ReceivedEvent
from chassis.values import Money

from ..approvals import service as approvals
from ..approvals.asking import release
from ..approvals.events import tell_refused
from ..approvals.schemas import ApprovalDraft, ApprovalKind
from ..orders.models import DocumentRow, InvoiceRow, OrderAxisRow, OrderPartRow, OrderRow
from ..people.models import PersonRow
from ..units.models import UnitRow
from ..vocabulary.rows import insert_unless_there
from .buyers import remember, unit_of_buyer, whose_order
from .schemas import TellsApproval, TellsDocument, TellsInvoice, TellsOrder, TellsPart

CONSUMER = "portal"
_MOST_CATEGORIES = 100
_Model = TypeVar("_Model", bound=BaseModel)
_Table = type[OrderRow] | type[OrderPartRow] | type[OrderAxisRow] | type[InvoiceRow] | type[DocumentRow]


async def take(session: AsyncSession, event: ReceivedEvent) -> None:
    """Let an event take effect, once. What nobody here wants to know is taken and forgotten.

    :raises Problem: 422 when it does not say what has to be known; its sender need not try again.
    """
    kind = event.type.partition(".")[0]
    if kind not in _TOLD or not await first_delivery(
        session, consumer=CONSUMER, source=event.source, event_id=event.id
    ):
        return
    await _TOLD[kind](session, event)


async def _order(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsOrder, event)
    values: dict[str, Any] = {
        "number": data.number,
        "purchase_order_number": data.purchase_order_number,
        "state": data.order_state,
        "currency": data.currency,
        "total": data.gross,
        "lines": [line.model_dump(mode="json") for line in data.lines],
    }
    known = select(OrderRow.id).where(OrderRow.tenant == event.tenant, OrderRow.id == data.id)
    whose = {} if await session.scalar(known) else await whose_order(session, event.tenant, data)
    await _project(session, OrderRow, event, data.id, values, placed_at=event.time, **whose)
    if event.type == "order.cancelled" and data.cart is not None:
        await release(session, event.tenant, data.cart)
    axes = {"payment": data.payment_state, "shipment": data.shipment_state}
    for kind, state in axes.items():
        if state is not None:
            await _project(session, OrderAxisRow, event, data.id, {"state": state}, axis=kind)


async def _part(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsPart, event)
    kind = event.type.partition(".")[0]
    values = {"order_id": data.order, "kind": kind, "state": event.type.partition(".")[2], "details": data.details}
    await _project(session, OrderPartRow, event, data.id or data.order, values)
    for axis, state in (("payment", data.payment_state), ("shipment", data.shipment_state)):
        if state is not None:
            await _project(session, OrderAxisRow, event, data.order, {"state": state}, axis=axis)


async def _invoice(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsInvoice, event)
    values = data.model_dump(exclude={"id", "unit_id", "buyer", "total"})
    values |= {"total": data.total.amount, "currency": data.total.currency}
    values |= await _whose(session, event.tenant, data)
    await _project(session, InvoiceRow, event, data.id, values)


async def _document(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsDocument, event)
    values = data.model_dump(exclude={"id", "unit_id", "buyer"}) | {"withdrawn": event.type == "document.withdrawn"}
    values |= await _whose(session, event.tenant, data)
    await _project(session, DocumentRow, event, data.id, values)


async def _approval(session: AsyncSession, event: ReceivedEvent) -> None:
    """Ask for a shop's buyer what the shop wants to know. It gets its answer in any case: its cart is frozen."""
    if event.type != "approval.requested":
        return
    data = _read(TellsApproval, event)
    unit_id = await unit_of_buyer(session, event.tenant, data.owner, data.account, data.business_unit)
    asked = unit_id is not None and await _ask(session, event.tenant, unit_id, data)
    if not asked:
        await tell_refused(session, event.tenant, data.id, str(data.cart))


async def _ask(session: AsyncSession, tenant: str, unit_id: UUID, data: TellsApproval) -> bool:
    draft = ApprovalDraft(
        unit_id=unit_id,
        kind=ApprovalKind.CART,
        reference=str(data.cart),
        amount=Money(amount=data.gross, currency=data.currency),
        categories=data.categories[:_MOST_CATEGORIES],
        cost_centre=data.cost_centre,
    )
    buyer = Principal(subject=data.owner, scopes=frozenset(), tenant=tenant)
    await release(session, tenant, data.cart)  # a cart that is asked about anew has changed, and was not ordered
    try:
        await approvals.ask(session, buyer, draft, data.id)
    except Problem:  # the buyer may not spend for that unit
        return False
    return True


_TOLD: Mapping[str, Callable[[AsyncSession, ReceivedEvent], Any]] = {
    "approval": _approval,
    "order": _order,
    "shipment": _part,
    "payment": _part,
    "return": _part,
    "invoice": _invoice,
    "document": _document,
}


def _read(model: type[_Model], event: ReceivedEvent) -> _Model:
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        raise invalid(error.errors(), prefix=("body", "data")) from None


async def _whose(session: AsyncSession, tenant: str, data: TellsInvoice | TellsDocument) -> dict[str, UUID | None]:
    """Find out whose it is, as the ERP says. A unit of another tenant is nobody's; what is of no unit is the buyer's
    own, in the account that it has as a person or may open yet."""
    person_id = await remember(session, tenant, data.buyer)
    if data.unit_id is None:
        if person_id is not None:  # see whose_order
            await session.execute(select(PersonRow.id).where(PersonRow.id == person_id).with_for_update())
        return {"unit_id": await unit_of_buyer(session, tenant, data.buyer, None, None), "person_id": person_id}
    unit = select(UnitRow.id).where(UnitRow.tenant == tenant, UnitRow.id == data.unit_id)
    return {"unit_id": await session.scalar(unit), "person_id": person_id}


async def _project(
    session: AsyncSession, table: _Table, event: ReceivedEvent, thing: UUID, values: dict[str, Any], **first: Any
) -> None:
    """Store what was told, unless something newer was. ``first`` is what only the first event decides."""
    values |= {"sequence": event.order, "told_at": now()}
    if await insert_unless_there(session, table, tenant=event.tenant, id=thing, **first, **values):
        return
    newer = (table.tenant == event.tenant) & (table.id == thing) & (table.sequence < event.order)
    if table is OrderAxisRow:
        newer &= OrderAxisRow.axis == first["axis"]
    await session.execute(update(table).where(newer).values(**values).execution_options(synchronize_session=False))
