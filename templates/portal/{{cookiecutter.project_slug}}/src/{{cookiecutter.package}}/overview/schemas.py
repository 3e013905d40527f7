"""The overview as callers see it."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.values import Money

from ..access.permissions import Role
from ..approvals.schemas import ApprovalKind
from ..orders.schemas import OrderSummary
from ..people.schemas import Preferences, Profile
from ..quotes.states import QuoteState
from ..vocabulary.shapes import Moment

Status = Literal["ok", "unavailable"]


class Section(BaseModel):
    """A part of the overview that stands for itself: when it is not available, the others are."""

    status: Status = Field("ok", description="`unavailable`: leave this part out and ask again later")


class PersonSection(Section):
    """Who is signed in."""

    profile: Profile | None = Field(None, description="what the person says about itself")
    preferences: Preferences | None = Field(None, description="what the person prefers")


class Place(BaseModel):
    """Where the person is a member."""

    unit_id: UUID = Field(description="the business unit")
    unit_name: str = Field(description="what people call it")
    account_id: UUID = Field(description="the account it belongs to")
    roles: list[Role] = Field(description="as what")


class PlacesSection(Section):
    """Where the person is a member."""

    items: list[Place] = Field(default_factory=list, description="oldest membership first")


class OrdersSection(Section):
    """The newest orders."""

    items: list[OrderSummary] = Field(default_factory=list, description="newest first, at most five")


class OpenQuote(BaseModel):
    """A quote that is not settled."""

    id: UUID = Field(description="the quote")
    title: str = Field(description="what it is about")
    state: QuoteState = Field(description="where it stands")
    valid_until: Moment | None = Field(description="until when the offer is good")


class QuotesSection(Section):
    """Quotes that are not settled."""

    items: list[OpenQuote] = Field(default_factory=list, description="newest first, at most five")


class WaitingApproval(BaseModel):
    """A request that somebody has to decide."""

    id: UUID = Field(description="the request")
    kind: ApprovalKind = Field(description="what is to be approved")
    amount: Money
    mine: bool = Field(description="whether the person asked itself, and others decide")


class ApprovalsSection(Section):
    """Requests that wait for a decision."""

    items: list[WaitingApproval] = Field(default_factory=list, description="oldest first, at most five")


class OpenCase(BaseModel):
    """A case that is not closed."""

    id: UUID = Field(description="the case")
    title: str = Field(description="what it is about")
    state: str = Field(description="where it stands")


class CasesSection(Section):
    """Cases that are not closed."""

    items: list[OpenCase] = Field(default_factory=list, description="newest first, at most five")


class OwnDevice(BaseModel):
    """A connected product."""

    id: UUID = Field(description="the device")
    name: str = Field(description="what people call it")
    product: str = Field(description="what it is, by its key in the catalog")
    serial_number: str = Field(description="which one it is")
    warranty_until: date | None = Field(description="the last day of its warranty, if it has one that ends")


class DevicesSection(Section):
    """Connected products."""

    items: list[OwnDevice] = Field(default_factory=list, description="newest first, at most five")


class Overview(BaseModel):
    """Everything that a touchpoint needs for the signed-in person."""

    person: PersonSection
    places: PlacesSection
    orders: OrdersSection
    quotes: QuotesSection
    approvals: ApprovalsSection
    cases: CasesSection
    devices: DevicesSection
