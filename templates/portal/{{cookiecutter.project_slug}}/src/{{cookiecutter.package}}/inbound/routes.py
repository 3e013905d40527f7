"""Inbound events over HTTP: a CloudEvents webhook of our own services and the ERP."""

from chassis.database import Session
from chassis.operation import resource_router
from chassis.received import ReceivedEvent, Sender, from_sender

from . import service

router = resource_router("/v1/events", tag="events")


@router.post("", status_code=204, summary="Take an event")
@from_sender
async def receive_event(_sender: Sender, session: Session, event: ReceivedEvent) -> None:
    """Take an event of the shop or the ERP: about an order, shipment, payment, return, invoice or document, or
    `approval.requested`, which asks the people of a cart's business unit and is answered with `approval.decided`.

    A repeated one takes effect once. Every event is a whole picture of its subject, so they may come in any order:
    the one with the highest `sequence` of a subject holds. Other types are taken and forgotten.
    """
    await service.take(session, event)
