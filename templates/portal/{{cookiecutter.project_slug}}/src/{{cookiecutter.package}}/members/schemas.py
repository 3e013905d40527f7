"""Members as other members see them."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from ..access.permissions import Role
from ..vocabulary.shapes import Draft, Patch, Shown


def _once(roles: list[Role]) -> list[Role]:
    return sorted(set(roles))


Roles = Annotated[
    list[Role],
    Field(min_length=1, max_length=len(Role), description="what the member is to the unit", examples=[["buyer"]]),
    AfterValidator(_once),
]


class MemberPatch(Patch):
    """A change of a member (RFC 7396)."""

    # A default that nobody sees: only what was sent counts. Roles cannot be removed altogether.
    roles: Roles = Field(default_factory=list)


class MemberWritable(Draft):
    """What can be changed of a member."""

    roles: Roles


class MemberPerson(BaseModel):
    """A person as other members see it."""

    id: UUID = Field(description="the person, by the portal's own identifier")
    name: str | None = Field(description="what the person calls itself")
    email: str | None = Field(description="where the person can be reached")


class Member(Shown):
    """A person in a business unit, and everything below it."""

    unit_id: UUID = Field(description="the business unit")
    roles: list[Role] = Field(description="what the member is to the unit")
    person: MemberPerson
