"""Why something costs what it costs: every list and rule that was considered, and what became of it."""

from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Key


class ListOutcome(StrEnum):
    """What became of a price list."""

    CHOSEN = "chosen"
    LESS_SPECIFIC = "less_specific"
    BELOW_LOWEST_TIER = "below_lowest_tier"
    OTHER_CURRENCY = "other_currency"
    OTHER_CHANNEL = "other_channel"
    OTHER_CUSTOMER_GROUP = "other_customer_group"
    NOT_VALID_NOW = "not_valid_now"


class RuleOutcome(StrEnum):
    """What became of a discount."""

    APPLIED = "applied"
    OTHER_CURRENCY = "other_currency"
    OTHER_CHANNEL = "other_channel"
    OTHER_CUSTOMER_GROUP = "other_customer_group"
    NOT_VALID_NOW = "not_valid_now"
    CODE_NOT_GIVEN = "code_not_given"
    BELOW_MINIMUM_QUANTITY = "below_minimum_quantity"
    BELOW_MINIMUM_VALUE = "below_minimum_value"
    NOT_DISCOUNTABLE = "not_discountable"
    AFTER_EXCLUSIVE = "after_exclusive"
    EXCLUSIVE_AFTER_OTHERS = "exclusive_after_others"
    BUDGET_USED_UP = "budget_used_up"


class ListConsidered(BaseModel):
    """A price list that was looked at."""

    model_config = ConfigDict(frozen=True)

    key: Key
    outcome: ListOutcome = Field(description="what became of it", examples=["chosen"])


class RuleConsidered(BaseModel):
    """A discount that was looked at; with the unit price before and after it, where it was applied."""

    model_config = ConfigDict(frozen=True)

    key: Key
    outcome: RuleOutcome = Field(description="what became of it", examples=["applied"])
    before: int | None = Field(None, description="unit price before it, in minor units", examples=[2000])
    after: int | None = Field(None, description="unit price after it, in minor units", examples=[1800])


class CartRuleConsidered(BaseModel):
    """A discount on the whole cart that was looked at; where it was applied, with what the lines that it is for came to
    before and after it, and which part of the difference is this line's."""

    model_config = ConfigDict(frozen=True)

    key: Key
    outcome: RuleOutcome = Field(description="what became of it", examples=["applied"])
    before: int | None = Field(None, description="these lines before it, in minor units", examples=[12_000])
    after: int | None = Field(None, description="these lines after it, in minor units", examples=[11_000])
    share: int | None = Field(None, description="what this line has of the difference", examples=[300])


class Explanation(BaseModel):
    """How a price came about: from ``base`` of ``price_list`` through the applied ``rules``, in their order, to the
    unit price, and from the line at that price through the shares of the applied ``cart_rules``."""

    model_config = ConfigDict(frozen=True)

    agreement: UUID | None = Field(None, description="the accepted quote whose price it is; null: the shop's own")
    price_list: Key | None = Field(None, description="the list that was chosen; null if none has a price")
    minimum_quantity: int | None = Field(None, description="the tier of that list: from this many on", examples=[1])
    base: int | None = Field(None, description="unit price of that tier, in minor units", examples=[2000])
    unit: int | None = Field(None, description="unit price after all rules, in minor units", examples=[1800])
    lists: list[ListConsidered] = Field(description="lists with a price for the article, the most specific one first")
    rules: list[RuleConsidered] = Field(
        default_factory=list, description="discounts on the line, in the order of their priority"
    )
    cart_rules: list[CartRuleConsidered] = Field(
        default_factory=list, description="discounts on the whole cart that follow them, in the order of their priority"
    )
