"""What the rest of the company learns about consents."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events import EventType


class ConsentFact(BaseModel):
    """Who has answered what; the newest answer of a purpose holds."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the answer")
    person_id: UUID = Field(description="the person, by the portal's own identifier")
    purpose: str = Field(description="what the data may be used for")
    text_version: str = Field(description="which text the person saw")


GIVEN = EventType(name="consent.given", summary="A person consented to a purpose.", data=ConsentFact)
WITHDRAWN = EventType(name="consent.withdrawn", summary="A person did not, or no longer, consent.", data=ConsentFact)
