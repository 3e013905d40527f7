"""What the rest of the company learns about what touchpoints see."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record, record_many

from ..products.models import ProductRow
from .models import PublicationRow


class PublicationFact(BaseModel):
    """Which product, in which version, for which channels, from when until when."""

    id: UUID = Field(description="the product", examples=["0190a5e0-0000-7000-8000-000000000000"])
    key: str = Field(description="its key", examples=["circulation-pump-c40"])
    version: int = Field(description="the version that was frozen", examples=[1])
    publication_id: UUID = Field(description="the publication", examples=["0190a5e0-0000-7000-8000-000000000001"])
    channels: list[str] = Field(description="keys of the channels", examples=[["web"]])
    valid_from: datetime = Field(description="when touchpoints begin to see it", examples=["2026-01-31T12:00:00Z"])
    valid_until: datetime | None = Field(description="when they cease to", examples=["2026-12-31T12:00:00Z"])


PUBLISHED = EventType(
    name="product.published", summary="A version of a product was frozen for channels.", data=PublicationFact
)
UNPUBLISHED = EventType(name="product.unpublished", summary="A publication was withdrawn.", data=PublicationFact)


async def tell(session: AsyncSession, kind: EventType, product: ProductRow, publication: PublicationRow) -> None:
    """Record what happened, in the transaction that makes it so."""
    await record(session, kind, subject=f"products/{product.id}", data=_fact(product, publication))


async def tell_all(
    session: AsyncSession, kind: EventType, happened: Sequence[tuple[ProductRow, PublicationRow]]
) -> None:
    """Record what happened to many products."""
    facts = [(f"products/{product.id}", _fact(product, publication)) for product, publication in happened]
    await record_many(session, kind, facts)


def _fact(product: ProductRow, publication: PublicationRow) -> PublicationFact:
    return PublicationFact(
        id=product.id,
        key=product.key,
        version=publication.product_version,
        publication_id=publication.id,
        channels=publication.channels,
        valid_from=publication.valid_from,
        valid_until=publication.withdrawn_at or publication.valid_until,
    )
