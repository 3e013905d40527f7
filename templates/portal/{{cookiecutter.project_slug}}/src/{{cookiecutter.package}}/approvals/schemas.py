"""Approvals as callers see them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Key, Money

from ..access.permissions import Role
from ..vocabulary.shapes import Draft, Line, Moment, Patch, Shown, Text
from .periods import Period
from .states import ApprovalState, Decision


class ApprovalKind(StrEnum):
    """What is to be approved."""

    CART = "cart"
    QUOTE = "quote"


class Tier(BaseModel):
    """Who has to agree: so many members with a role in the unit or above it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "approver", "needed": 1}]})

    role: Role = Field(description="who may agree", examples=["approver"])
    needed: Annotated[int, Field(strict=True, ge=1, le=10, description="how many have to", examples=[1])] = 1


Categories = Annotated[
    list[Key], Field(max_length=100, description="categories of the catalog", examples=[["it-equipment"]])
]
CostCentres = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=100)]],
    Field(max_length=100, description="cost centres", examples=[["4711"]]),
]
Active = Annotated[bool, Field(strict=True)]
Tiers = Annotated[list[Tier], Field(min_length=1, max_length=5, description="asked one after the other")]


class RuleWritable(Draft):
    """What can be changed of a rule."""

    name: Line = Field(description="what people call it", examples=["More than a thousand"])
    active: Active = Field(True, description="whether it is asked")
    minimum: Money = Field(description="holds from this amount on, in this currency")
    categories: Categories = Field(default_factory=list)
    cost_centres: CostCentres = Field(default_factory=list)
    tiers: Tiers


class RuleDraft(RuleWritable):
    """What a caller writes: when somebody has to agree, and who. Empty lists mean: any."""

    unit_id: UUID = Field(description="the business unit for which it holds, and everything below it")


class RulePatch(Patch):
    """A change of a rule (RFC 7396): members that are left out stay."""

    # Defaults that nobody sees: only what was sent counts. A member that cannot be removed does not take null.
    name: Line = Field(default_factory=str)
    active: Active = Field(default_factory=bool)
    minimum: Money = Field(default_factory=lambda: Money(amount=0, currency="EUR"))
    categories: Categories = Field(default_factory=list)
    cost_centres: CostCentres = Field(default_factory=list)
    tiers: Tiers = Field(default_factory=list)


class ApprovalRule(Shown):
    """When somebody has to agree, and who."""

    unit_id: UUID = Field(description="the business unit for which it holds, and everything below it")
    name: str = Field(description="what people call it")
    active: bool = Field(description="whether it is asked")
    minimum: Money
    categories: list[str] = Field(description="one of these categories is bought; any, if there are none")
    cost_centres: list[str] = Field(description="charged to one of these; to any, if there are none")
    tiers: list[Tier] = Field(description="asked one after the other")


class LimitDraft(Draft):
    """What a caller writes: how much members may spend without asking."""

    unit_id: UUID = Field(description="the business unit for which it holds, and everything below it")
    role: Role = Field(description="for each member with this role", examples=["buyer"])
    limit: Money
    period: Period = Field(description="begins anew each", examples=["month"])


class LimitPatch(Patch):
    """A change of a limit (RFC 7396)."""

    # A default that nobody sees: only what was sent counts.
    limit: Money = Field(default_factory=lambda: Money(amount=0, currency="EUR"))


class LimitWritable(Draft):
    """What can be changed of a limit."""

    limit: Money


class SpendingLimit(Shown):
    """How much each member with a role may spend in a period without asking."""

    unit_id: UUID = Field(description="the business unit for which it holds, and everything below it")
    role: Role = Field(description="for each member with this role")
    limit: Money
    period: Period = Field(description="begins anew each")


class ApprovalDraft(Draft):
    """What a caller writes: what it wants to spend, on what."""

    unit_id: UUID = Field(description="the business unit that spends")
    kind: ApprovalKind = Field(description="what is to be approved", examples=["cart"])
    reference: Line = Field(max_length=100, description="its id where it lives", examples=["0190a5e0-cart"])
    amount: Money
    categories: Categories = Field(default_factory=list)
    cost_centre: Line | None = Field(None, max_length=100, description="what it is charged to", examples=["4711"])


class DecisionDraft(Draft):
    """What an approver says."""

    decision: Decision = Field(description="approve or reject", examples=["approve"])
    comment: Text | None = Field(None, description="why", examples=["In the budget."])


class AskedTier(Tier):
    """Who has to agree, why, and how many have."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "approver", "needed": 1, "reason": "rule: big", "approved": 0}]}
    )

    reason: str = Field(description="the rule or limit that asks")
    approved: int = Field(description="how many have agreed")


class ApprovalRequest(Shown):
    """What somebody wants to spend, and who has to agree."""

    unit_id: UUID = Field(description="the business unit that spends")
    person_id: UUID = Field(description="who asks, by the portal's own identifier")
    kind: ApprovalKind = Field(description="what is to be approved")
    reference: str = Field(description="its id where it lives")
    amount: Money
    categories: list[str] = Field(description="categories that are bought")
    cost_centre: str | None = Field(description="what it is charged to")
    state: ApprovalState = Field(description="pending, approved, rejected or withdrawn")
    tiers: list[AskedTier] = Field(description="who has to agree, one after the other; none: approved at once")
    tier: int = Field(description="how many of the tiers have agreed")
    decided_at: Moment | None = Field(description="when the last one did")
    released_at: Moment | None = Field(
        description="since when it counts towards no limit any more: its order was cancelled, or its cart has changed"
    )
