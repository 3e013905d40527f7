"""What the rest of the company learns about imports."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import ImportRow


class ImportFact(BaseModel):
    """Which import, and what became of its lines."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the import", examples=["0190a5e0-0000-7000-8000-000000000000"])
    state: Literal["finished", "failed"] = Field(
        description="finished, or failed where the service gave up before the end", examples=["finished"]
    )
    lines: int = Field(description="how many lines there were", examples=[2000])
    created: int = Field(description="how many of them made a product", examples=[1990])
    updated: int = Field(description="how many changed one", examples=[5])
    unchanged: int = Field(description="how many said what was there already", examples=[3])
    rejected: int = Field(description="how many were refused", examples=[2])


FINISHED = EventType(name="import.finished", summary="An import was worked off, or given up.", data=ImportFact)


async def tell_finished(session: AsyncSession, row: ImportRow) -> None:
    """Record the end of an import, in the transaction that makes it so."""
    await record(session, FINISHED, subject=f"product-imports/{row.id}", data=ImportFact.model_validate(row))
