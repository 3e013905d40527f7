"""People as they see themselves."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.patterns import worded
from chassis.values import Currency, Key, Locale

from ..vocabulary.shapes import Draft, Line, Moment, Patch

Email = Annotated[
    str,
    StringConstraints(
        pattern=worded(r"^[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}$", "takes an address such as `ann@example.com`"),
        max_length=320,
    ),
    Field(description="e-mail address (RFC 5321)", examples=["ann@example.com"]),
]
Phone = Annotated[
    str,
    StringConstraints(
        pattern=worded(r"^\+[1-9][0-9]{3,14}$", "takes an international number such as `+49401234567` (E.164)"),
        max_length=16,
    ),
    Field(description="telephone number (E.164)", examples=["+4922112345"]),
]
Topics = Annotated[
    dict[Key, Annotated[bool, Field(strict=True)]],
    Field(max_length=50, description="whether to be told about a topic", examples=[{"order-shipped": True}]),
]
TopicsPatch = Annotated[
    dict[Key, Annotated[bool, Field(strict=True)] | None],
    Field(max_length=50, description="topics to change; `null` removes one", examples=[{"order-shipped": None}]),
]


class ProfileDraft(Draft):
    """What a person says about itself."""

    name: Line | None = Field(None, description="what to call the person", examples=["Ann Example"])
    email: Email | None = None
    phone: Phone | None = None
    locale: Locale | None = None


class ProfilePatch(Patch):
    """A change of a profile (RFC 7396): members that are left out stay, `null` removes."""

    name: Line | None = None
    email: Email | None = None
    phone: Phone | None = None
    locale: Locale | None = None


class Profile(ProfileDraft):
    """A person, as it says it is. Version 0 is the profile of somebody who has said nothing yet."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    version: int = Field(description="counts the changes", examples=[1])


class PreferencesDraft(Draft):
    """What a person prefers."""

    currency: Currency | None = None
    default_unit_id: UUID | None = Field(None, description="the business unit that touchpoints begin with")
    notifications: Topics = Field(default_factory=dict)


class PreferencesPatch(Patch):
    """A change of preferences (RFC 7396): members that are left out stay, `null` removes."""

    currency: Currency | None = None
    default_unit_id: UUID | None = None
    notifications: TopicsPatch = Field(default_factory=dict)


class Preferences(PreferencesDraft):
    """What a person prefers. Version 0 is what holds for somebody who has said nothing yet."""

    version: int = Field(description="counts the changes", examples=[1])


Purpose = Annotated[Key, Field(description="what the data may be used for", examples=["newsletter"])]


class ConsentDraft(Draft):
    """An answer to a question about consent (Regulation (EU) 2016/679, article 7)."""

    purpose: Purpose
    granted: bool = Field(strict=True, description="yes or no", examples=[True])
    source: Line = Field(description="where the person was asked", examples=["web checkout"], max_length=100)
    text_version: Line = Field(description="which text the person saw", examples=["2026-01"], max_length=100)


class Consent(BaseModel):
    """An answer as it was given. The newest one of a purpose holds."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="UUID version 7")
    purpose: Purpose
    granted: bool = Field(description="yes or no")
    source: str = Field(description="where the person was asked")
    text_version: str = Field(description="which text the person saw")
    recorded_at: Moment
