"""What the rest of the company learns about stock."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from .models import StockRow


class StockFact(BaseModel):
    """How much is left of an article at a location."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the stock item", examples=["0190a5e0-0000-7000-8000-000000000000"])
    sku: str = Field(description="the article", examples=["C40-230V"])
    location: str = Field(description="where it lies", examples=["berlin"])
    available: int = Field(description="how many pieces can still be sold", examples=[4])


LOW = EventType(name="stock.low", summary="Few pieces of an article can still be sold.", data=StockFact)
OUT = EventType(name="stock.out", summary="No piece of an article can be sold any more.", data=StockFact)


async def tell_if_few(session: AsyncSession, row: StockRow, *, before: int) -> None:
    """Record that stock ran low or out, when it did so just now.

    :param before: how many pieces could be sold before.
    """
    kind = None
    if row.available == 0 < before:
        kind = OUT
    elif 0 < row.available <= row.low_at < before:
        kind = LOW
    if kind is not None:
        fact = StockFact.model_validate(row)
        await record(session, kind, subject=f"stock-items/{row.id}", data=fact, tenant=row.tenant)
