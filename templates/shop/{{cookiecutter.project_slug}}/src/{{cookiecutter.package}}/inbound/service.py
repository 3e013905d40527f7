"""What becomes of the portal's events."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.inbox import first_delivery
from chassis.problems import invalid
from chassis.received import ReceivedEvent

from ..accounts import service as accounts
from ..accounts.models import AccountRow
from ..agreements import service as agreements
from ..agreements.models import AgreementRow
from ..carts import approving
from .schemas import TellsAccount, TellsAgreement, TellsDecision, TellsMember, TellsPerson

CONSUMER = "shop"
_Model = TypeVar("_Model", bound=BaseModel)


async def take(session: AsyncSession, event: ReceivedEvent) -> None:
    """Let an event take effect, once. What nobody here wants to know is taken and forgotten.

    :raises Problem: 422 when it does not say what has to be known; its sender need not try again.
    """
    if event.type in _TOLD and await first_delivery(session, consumer=CONSUMER, source=event.source, event_id=event.id):
        await _TOLD[event.type](session, event)


async def _decided(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsDecision, event)
    try:
        cart_id = UUID(data.reference)
    except ValueError:
        return  # of something else than a cart
    await approving.decide(session, event.tenant, cart_id, data.id, data.decision)


async def _accepted(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsAgreement, event)
    lines = [{"sku": it.sku, "quantity": it.quantity, "unit_price": it.unit_price.amount} for it in data.lines]
    row = AgreementRow(
        id=data.id,
        tenant=event.tenant,
        account=str(data.account_id),
        business_unit=str(data.unit_id),
        buyer=data.buyer,
        person=data.person_id,
        currency=data.currency,
        prices_include_tax=data.prices_include_tax,
        valid_until=data.valid_until,
        lines=lines,
        order_id=None,
    )
    await agreements.keep(session, row)


async def _account(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsAccount, event)
    row = AccountRow(
        tenant=event.tenant,
        reference=str(data.id),
        state=data.state,
        needs_approval=data.needs_approval,
        sequence=event.order,
    )
    await accounts.note(session, row)


async def _forgotten(session: AsyncSession, event: ReceivedEvent) -> None:
    await agreements.part(session, event.tenant, _read(TellsPerson, event).person_id)


async def _parted(session: AsyncSession, event: ReceivedEvent) -> None:
    data = _read(TellsMember, event)
    if data.quotes:
        await agreements.part(session, event.tenant, data.person_id, data.quotes)


_TOLD: Mapping[str, Callable[[AsyncSession, ReceivedEvent], Awaitable[None]]] = {
    "account.created": _account,
    "account.changed": _account,
    "account.closed": _account,
    "account.person_erased": _forgotten,
    "approval.decided": _decided,
    "member.changed": _parted,
    "member.left": _parted,
    "quote.accepted": _accepted,
}


def _read(model: type[_Model], event: ReceivedEvent) -> _Model:
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        raise invalid(error.errors(), prefix=("body", "data")) from None
