"""Events: facts about the domain, recorded in the transaction that makes them true.

A type of event is declared once, beside the feature that records it, and listed in the domain's ``DOMAIN``. What is
rolled back is never published, what is committed always is: :mod:`chassis.outbox` keeps it, :mod:`chassis.relay`
takes it from there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import correlation
from chassis.cloudevents import CloudEvent, Occasion
from chassis.database import DESTINATIONS, now
from chassis.identifiers import uuid7
from chassis.outbox import OutboxRow, number, store

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class EventType:
    """A kind of event that the service publishes, as ``contract/asyncapi.yaml`` describes it.

    ``name`` is the CloudEvents ``type``, such as ``note.created``: what kind of thing, and what happened to it.
    ``summary`` is the sentence that explains it in the contract, ``data`` is the model of its payload.
    """

    name: str
    summary: str
    data: type[BaseModel]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not the name of a type of event such as 'note.created'")


async def record(session: AsyncSession, kind: EventType, *, subject: str, data: BaseModel, tenant: str = "") -> UUID:
    """Record that something happened. It is published if, and only if, the session's transaction is committed.

    :param subject: the resource it happened to, such as ``notes/0190…``; events of one subject are delivered in the
        order of their commits, and within one transaction in the order of these calls.
    :param tenant: whose it is, as the caller's token says.
    :returns: the event's id, by which consumers tell a repeated delivery.
    """
    happened = CloudEvent(_occasion(kind, tenant), uuid7(), subject, _text(kind, data))
    for destination in session.info[DESTINATIONS]:
        session.add(OutboxRow(happened, destination))
    return happened.id


async def record_many(
    session: AsyncSession, kind: EventType, happened: Sequence[tuple[str, BaseModel]], *, tenant: str = ""
) -> None:
    """Record that the same happened to many things: what :func:`record` does, in a few statements for all of them.

    :param happened: subject and data of each event, in their order.
    """
    texts = [_text(kind, data) for _, data in happened]
    subjects = [subject for subject, _ in happened]
    sequences = await number(session, subjects)
    occasion = _occasion(kind, tenant)
    events = [CloudEvent(occasion, uuid7(), subject, text) for subject, text in zip(subjects, texts, strict=True)]
    await store(session, events, sequences, session.info[DESTINATIONS])


def _occasion(kind: EventType, tenant: str) -> Occasion:
    traceparent, tracestate = correlation.traceparent.get(), correlation.tracestate.get()
    return Occasion(type=kind.name, time=now(), tenant=tenant, traceparent=traceparent, tracestate=tracestate)


def _text(kind: EventType, data: BaseModel) -> str:
    if not isinstance(data, kind.data):
        raise TypeError(f"{kind.name} carries {kind.data.__name__}, not {type(data).__name__}")
    return data.model_dump_json()
