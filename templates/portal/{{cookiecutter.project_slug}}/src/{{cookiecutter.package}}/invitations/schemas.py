"""Invitations as callers see them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from chassis.patterns import worded

from ..access.permissions import Role
from ..members.schemas import Roles
from ..people.schemas import Email
from ..vocabulary.shapes import Draft, Moment, Shown
from .states import InvitationState

Token = Annotated[
    str,
    StringConstraints(
        pattern=worded(r"^[A-Za-z0-9_-]{43}$", "takes the 43 characters of a token as they were sent"), max_length=43
    ),
    Field(description="the secret of the invitation", examples=["Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE"]),
]


class InvitationDraft(Draft):
    """Whom to invite, where, and as what."""

    unit_id: UUID = Field(description="the business unit to join")
    email: Email
    roles: Roles


class Acceptance(Draft):
    """The token of the invitation that the caller accepts."""

    token: Token


class Invitation(Shown):
    """An invitation."""

    unit_id: UUID = Field(description="the business unit to join")
    email: str | None = Field(description="who is invited; gone when the person was forgotten")
    roles: list[Role] = Field(description="as what")
    state: InvitationState = Field(description="pending, accepted, revoked or expired")
    expires_at: Moment


class InvitationToken(BaseModel):
    """The token of an invitation, which is told this once and kept nowhere."""

    token: Token
    expires_at: Moment
