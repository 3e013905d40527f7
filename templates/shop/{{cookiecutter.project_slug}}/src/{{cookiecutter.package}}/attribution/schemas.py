"""Attribution as callers see it."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.patterns import worded
from chassis.values import Country, Currency, Key

from ..customers.schemas import Reference
from ..vocabulary.stored import Stored
from .policy import WHOLE

_ID = "0190a5e0-0000-7000-8000-000000000000"
PostalCode = Annotated[
    str | None,
    Field(
        pattern=worded(
            r"^[A-Z0-9][-A-Z0-9 ]{0,11}$",
            "takes capital letters (A to Z) and digits, with `-` or spaces among them, at most 12 characters",
        ),
        description="null: no limit",
    ),
]


class CreditShare(BaseModel):
    """Who gets how much of a sale."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    territory: Key
    representative: Annotated[Key | None, Field(description="null: the territory alone")] = None
    share: Annotated[int, Field(strict=True, ge=1, le=WHOLE, description="in basis points", examples=[WHOLE])]


Splits = Annotated[list[CreditShare], Field(min_length=1, max_length=20, description="10,000 basis points in all")]


def _whole(splits: list[CreditShare]) -> None:
    if sum(split.share for split in splits) != WHOLE:
        raise ValueError("splits must add up to 10,000 basis points")
    if len({(split.territory, split.representative) for split in splits}) < len(splits):
        raise ValueError("splits name a territory and representative twice")


class AssignmentDraft(BaseModel):
    """An account that somebody looks after."""

    model_config = ConfigDict(extra="forbid")

    account: Reference
    splits: Splits

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _whole(self.splits)
        return self


class SalesAssignment(Stored):
    """An account that somebody looks after; beats every rule."""

    account: Reference
    splits: Splits


class RuleDraft(BaseModel):
    """A rule for sales that nobody is assigned to."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    priority: Annotated[int, Field(strict=True, ge=0, le=10_000, description="the higher one comes first")]
    country: Annotated[Country | None, Field(description="where it is sent; null: anywhere")] = None
    postal_code_from: PostalCode = None
    postal_code_to: PostalCode = None
    product_group: Annotated[Key | None, Field(description="of the article; null: any")] = None
    splits: Splits

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _whole(self.splits)
        if (self.postal_code_from is None) != (self.postal_code_to is None):
            raise ValueError("a range of postal codes has two ends")
        if self.postal_code_from is not None and self.country is None:
            raise ValueError("postal codes are those of one country")
        if self.postal_code_from is not None and str(self.postal_code_to) < self.postal_code_from:
            raise ValueError("postal_code_to must not be less than postal_code_from")
        return self


class AttributionRule(RuleDraft, Stored):
    """A rule for sales that nobody is assigned to."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class Attribution(BaseModel):
    """An entry of the ledger: a share of a line, credited or taken back."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="the entry", examples=[_ID])
    order_id: UUID = Field(description="the order", examples=[_ID])
    line: UUID = Field(description="the order's line", examples=[_ID])
    kind: Literal["decided", "reversed", "withdrawn", "corrected"] = Field(description="why there is an entry")
    territory: Key
    representative: Key | None = Field(description="null: the territory alone")
    channel: Key
    campaign: Key | None = Field(description="null: nothing known")
    share: int = Field(description="in basis points", examples=[WHOLE])
    amount: int = Field(description="net, in minor units; negative: taken back", examples=[3600])
    currency: Currency
    source: str = Field(description="`assignment`, `rule:key`, `default` or `correction`", examples=["rule:north"])
    reason: str | None = Field(description="why it was corrected or taken back; null: it was decided")
    policy_version: int = Field(description="the version of rules and assignments it goes by", examples=[7])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])


class Correction(BaseModel):
    """Another credit for an order: what was decided is taken back, and this is put in its place."""

    model_config = ConfigDict(extra="forbid")

    splits: Splits
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S", description="why; it is kept")]

    @model_validator(mode="after")
    def _complete(self) -> Self:
        _whole(self.splits)
        return self


class Attributions(BaseModel):
    """Entries of one order."""

    items: list[Attribution] = Field(max_length=20_000, description="the first one first")


class Contribution(BaseModel):
    """What a channel brought a territory and a representative."""

    channel: Key
    territory: Key
    representative: Key | None = Field(description="null: the territory alone")
    currency: Currency
    amount: int = Field(description="net, in minor units, after what was taken back", examples=[125_000])
    orders: int = Field(description="how many orders have a part in it", examples=[12])


class ContributionReport(BaseModel):
    """What channels brought in a period."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"begin": "2026-01-01", "end": "2026-02-01", "items": []}]}
    )

    begin: date = Field(description="first day, UTC", examples=["2026-01-01"])
    end: date = Field(description="the day after the last one, UTC", examples=["2026-02-01"])
    items: list[Contribution] = Field(max_length=10_000, description="the largest first")
