"""What becomes of the portal's events."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.inbox import first_delivery
from chassis.problems import invalid
from chassis.received import ReceivedEvent

from ..carts import approving
from .schemas import TellsDecision

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


_TOLD: Mapping[str, Callable[[AsyncSession, ReceivedEvent], Awaitable[None]]] = {"approval.decided": _decided}


def _read(model: type[_Model], event: ReceivedEvent) -> _Model:
    try:
        return model.model_validate(event.data)
    except ValidationError as error:
        raise invalid(error.errors(), prefix=("body", "data")) from None
