"""Events: facts about the domain, recorded in the transaction that makes them true (transactional outbox).

An event is written to the table ``outbox`` beside the change itself. What is rolled back is never published, what is
committed always is: :mod:`chassis.relay` takes it from there.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import BigInteger, Index, Integer, String, Text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis import correlation
from chassis.database import RECORDED, Base, now
from chassis.identifiers import uuid7
from chassis.project import project

MEDIA_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, kw_only=True)
class EventType:
    """A kind of event that the service publishes, as ``contract/asyncapi.yaml`` describes it.

    ``name`` is the CloudEvents ``type``, such as ``note.created``; ``data`` is the model of its payload.
    """

    name: str
    summary: str
    data: type[BaseModel]


class OutboxRow(Base):
    """An event that waits to be published. Published ones are deleted; dead letters stay.

    ``sequence`` is the order of publication within one ``subject``: a transaction takes its number after it has
    changed the resource, so whoever changes the same resource later has the higher number.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index(None, "subject", "sequence"),)

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str] = mapped_column(String(200))
    document: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]
    dead_at: Mapped[datetime | None] = mapped_column(index=True)
    last_error: Mapped[str | None] = mapped_column(Text)


class InboxRow(Base):
    """An event of another service that has been taken in."""

    __tablename__ = "inbox"

    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(default=now)


async def record(session: AsyncSession, kind: EventType, *, subject: str, data: BaseModel) -> UUID:
    """Record that something happened; call it after the change was flushed.

    :param subject: the resource it happened to, such as ``notes/0190…``; events of one subject keep their order.
    :returns: the event's id, by which consumers tell a repeated delivery.
    """
    if not isinstance(data, kind.data):
        raise TypeError(f"{kind.name} carries {kind.data.__name__}, not {type(data).__name__}")
    event_id, time = uuid7(), now()
    document: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event_id),
        "source": f"/services/{project().name}",
        "type": kind.name,
        "subject": subject,
        "time": time.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data.model_dump(mode="json"),
    }
    if trace := correlation.traceparent.get():
        document["traceparent"] = trace  # CloudEvents' extension for distributed tracing
    session.add(
        OutboxRow(
            event_id=event_id,
            type=kind.name,
            subject=subject,
            document=json.dumps(document, ensure_ascii=False),
            recorded_at=time,
            available_at=time,
        )
    )
    await session.flush()
    session.info[RECORDED] = True
    return event_id


async def first_delivery(session: AsyncSession, *, source: str, event_id: str) -> bool:
    """Tell whether an event of another service is new, and remember it in the transaction that handles it.

    Delivery is at least once; a consumer that does nothing when this is ``False`` acts exactly once.
    """
    if await session.get(InboxRow, (source, event_id)) is not None:
        return False
    session.add(InboxRow(source=source, event_id=event_id))
    await session.flush()
    return True
