"""What the rest of the company learns: a person is to be forgotten everywhere."""

from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events import EventType


class PersonErased(BaseModel):
    """Who was forgotten. Whoever has copies by this identifier forgets them too."""

    person_id: UUID = Field(description="the person, by the portal's own identifier")


ERASED = EventType(name="account.person_erased", summary="A person was forgotten.", data=PersonErased)
