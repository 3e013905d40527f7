"""What the rest of the company learns about devices; never what they measure."""

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.events import EventType, record

from ..vocabulary.facts import UnitFact
from .models import DeviceRow


class DeviceFact(UnitFact):
    """Which device it is."""

    product: str = Field(description="key of the product")
    serial_number: str = Field(description="which piece of it")


REGISTERED = EventType(name="device.registered", summary="A customer connected a product.", data=DeviceFact)


async def tell(session: AsyncSession, row: DeviceRow) -> None:
    """Record that a device was registered, in the transaction that makes it so."""
    fact = DeviceFact.model_validate(row)
    await record(session, REGISTERED, subject=f"devices/{row.id}", data=fact, tenant=row.tenant)
