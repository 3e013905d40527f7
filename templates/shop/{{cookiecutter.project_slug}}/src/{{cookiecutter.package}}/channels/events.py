"""What the rest of the company learns about channels."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import ChannelRow

Change = Literal["created", "changed", "deleted"]


class ChannelFact(BaseModel):
    """Which channel, and what happened to it; who may see more reads it from the API."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the channel", examples=["0190a5e0-0000-7000-8000-000000000000"])
    key: str = Field(description="its key", examples=["web"])
    version: int = Field(description="its version after the change", examples=[1])
    change: Change = Field(description="created, changed or deleted", examples=["changed"])


CHANGED = EventType(
    name="channel.changed", summary="The terms of a channel were created, changed or deleted.", data=ChannelFact
)


async def tell(session: AsyncSession, row: ChannelRow, change: Change) -> None:
    """Record what happened to a channel, in the transaction that makes it so."""
    fact = ChannelFact(id=row.id, key=row.key, version=row.version, change=change)
    await record(session, CHANGED, subject=f"channels/{row.id}", data=fact)
