"""Cases as callers see them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.patterns import worded
from chassis.values import Key

from ..vocabulary.files import FileName, MediaType
from ..vocabulary.shapes import Draft, Line, Moment, Shown, Text
from .states import CaseCustomerAction, CaseStaffAction, CaseState


class Attachment(BaseModel):
    """What is known about an attached file; the file itself lies where files lie."""

    model_config = ConfigDict(extra="forbid")

    name: FileName = Field(description="file name", examples=["leak.jpg"])
    media_type: MediaType = Field(description="what is in it", examples=["image/jpeg"])
    size: Annotated[int, Field(strict=True, ge=1, le=2**40)] = Field(description="in bytes", examples=[182233])
    sha256: Annotated[
        str,
        StringConstraints(
            pattern=worded(r"^[0-9a-f]{64}$", "takes 64 hexadecimal digits in lower case"), max_length=64
        ),
    ] = Field(description="tells whether it is still the same file", examples=["0" * 64])


Attachments = Annotated[list[Attachment], Field(max_length=20, description="what is attached")]


class MessageDraft(Draft):
    """What somebody says."""

    text: Text = Field(description="what is said", examples=["It leaks at the flange."])
    attachments: Attachments = Field(default_factory=list)


class StaffMessageDraft(MessageDraft):
    """What the house says."""

    internal: Annotated[bool, Field(strict=True)] = Field(False, description="whether it is for the house alone")


class CaseDraft(Draft):
    """What a caller writes: what it needs help with."""

    unit_id: UUID = Field(description="the business unit that needs help")
    title: Line = Field(description="what it is about", examples=["Pump C40 leaks"])
    topic: Key = Field(description="which kind of help", examples=["repair"])
    order_id: UUID | None = Field(None, description="the order it is about")
    message: MessageDraft


class CaseTransition(Draft):
    """What the customer does with a case."""

    action: CaseCustomerAction = Field(description="reopen or close", examples=["close"])


class StaffCaseTransition(Draft):
    """What the house does with a case."""

    action: CaseStaffAction = Field(description="take, ask or resolve", examples=["take"])


class Case(Shown):
    """What a customer needs help with."""

    unit_id: UUID = Field(description="the business unit that needs help")
    title: str = Field(description="what it is about")
    topic: str = Field(description="which kind of help")
    state: CaseState = Field(description="where it stands; `docs/states.md` has the moves")
    order_id: UUID | None = Field(description="the order it is about")


class CaseMessage(BaseModel):
    """What somebody said."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="UUID version 7")
    by_house: bool = Field(description="whether the house said it")
    text: str = Field(description="what was said")
    attachments: list[Attachment] = Field(description="what was attached")
    written_at: Moment


class StaffCaseMessage(CaseMessage):
    """What somebody said, as the house sees it."""

    internal: bool = Field(description="whether it is for the house alone")
