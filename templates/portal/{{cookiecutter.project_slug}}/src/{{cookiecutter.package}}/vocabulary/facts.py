"""What events tell: which thing, in which version, and whose it is. Who may see more reads it from the API.

Persons are named by the portal's own identifier, so no event has to be taken back when one is forgotten. One names what
tokens call somebody, too: ``quote.accepted``, because the shop knows its buyers by nothing else. Whoever keeps that
forgets it with ``account.person_erased``.
"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Fact(BaseModel):
    """What happened to one thing."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the thing", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="its version after the change", examples=[1])


class UnitFact(Fact):
    """What happened to a thing of a business unit."""

    unit_id: UUID = Field(description="the business unit it belongs to")
