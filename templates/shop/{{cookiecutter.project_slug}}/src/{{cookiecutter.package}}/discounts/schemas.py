"""Discounts as callers see them."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chassis.patterns import worded
from chassis.values import Currency, Key, Sku

from ..prices.rules import Level
from ..prices.schemas import Amount, Channel, Group, Quantity
from ..vocabulary.percent import Percent
from ..vocabulary.stored import Stored
from ..vocabulary.validity import Until, Validity

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", description="for people", examples=["Spring"])]
Code = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^[A-Z0-9]([-A-Z0-9]{0,48}[A-Z0-9])?$",
            "takes capital letters (A to Z) and digits, with `-` between them, at most 50 characters",
        ),
        max_length=50,
    ),
    Field(description="what a buyer types in", examples=["SPRING-26"]),
]
Budget = Annotated[
    int | None, Field(ge=0, le=10**15, description="most that is given away in all, in minor units; null: no limit")
]


class Stacking(StrEnum):
    """Whether it goes together with others."""

    COMBINES = "combines"
    EXCLUSIVE = "exclusive"


class DiscountDraft(Validity):
    """What a caller writes: a whole discount without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    name: Name
    level: Level = Field(
        Level.LINE,
        description="`line` lowers the price of one piece; `cart` what all articles that it is for come to together",
        examples=["line"],
    )
    priority: int = Field(ge=0, le=10_000, strict=True, description="the higher one comes first", examples=[100])
    stacking: Stacking = Field(
        Stacking.COMBINES, description="`exclusive` goes together with no other one", examples=["combines"]
    )
    channel: Channel = None
    customer_group: Group = None
    currency: Currency | None = Field(None, description="only in this currency; needed for `amount` and `budget`")
    skus: list[Sku] | None = Field(None, min_length=1, max_length=5000, description="only these; null: every article")
    minimum_quantity: Quantity = 1
    minimum_value: Annotated[
        int,
        Field(strict=True, ge=0, le=10**15, description="of these articles together, in minor units; for `cart`"),
    ] = 0
    code: Code | None = Field(None, description="only for who gives it; null: for everybody")
    percent: Percent | None = Field(None, description="percent off; or else `amount`")
    amount: Amount | None = Field(None, description="minor units off one piece, or off the cart; or else `percent`")
    budget: Budget = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("either percent or amount")
        if self.level is Level.LINE and self.minimum_value:
            raise ValueError("minimum_value is for discounts on the cart")
        if self.currency is None and (self.amount is not None or self.budget is not None or self.minimum_value):
            raise ValueError("amount, budget and minimum_value need a currency")
        return self


class DiscountPatch(BaseModel):
    """A change of a discount (RFC 7396). What it does never changes: past prices must stay explicable."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    valid_until: Until = None
    budget: Budget = None


class Discount(DiscountDraft, Stored):
    """A discount."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    spent: int = Field(description="what was given away so far, in minor units", examples=[0])
