"""Inbound events over HTTP: a CloudEvents webhook of our own services."""

from chassis.database import Session
from chassis.operation import resource_router
from chassis.received import ReceivedEvent, Sender, from_sender

from . import service

router = resource_router("/v1/events", tag="events")


@router.post("", status_code=204, summary="Take an event")
@from_sender
async def receive_event(_sender: Sender, session: Session, event: ReceivedEvent) -> None:
    """Take an event of the portal: `approval.decided` thaws the cart that waits for it, the prices of
    `quote.accepted` bind the order that follows it, and `account.*` says who may buy, and whose orders have to be
    approved first. After `member.left` and `account.person_erased` a person orders by no quote that it has accepted.

    A repeated one takes effect once. Other types are taken and forgotten.
    """
    await service.take(session, event)
