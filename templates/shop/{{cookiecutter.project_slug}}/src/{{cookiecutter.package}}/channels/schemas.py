"""Channels as callers see them."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.values import Country, Currency, Key, Money

from ..prices.tax import TaxRounding
from ..vocabulary.percent import Percent
from ..vocabulary.stored import Stored

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", description="for people", examples=["Shop"])]
IncludeTax = Annotated[
    bool, Field(strict=True, description="whether its prices are gross, as consumers must see them", examples=[True])
]
Rounding = Annotated[
    TaxRounding, Field(description="whether the tax of a line is rounded, or that of one piece", examples=["line"])
]


class TaxRate(BaseModel):
    """What is paid on articles of a class that are sent to a country."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"country": "DE", "percent": "19"}]})

    country: Country
    tax_class: Key = Field("standard", description="class of the article", examples=["standard"])
    percent: Percent


class Enforcement(StrEnum):
    """What happens below an order minimum."""

    HARD = "hard"
    SOFT = "soft"


class OrderMinimum(BaseModel):
    """What a cart must come to, before tax if prices are without it."""

    model_config = ConfigDict(extra="forbid")

    value: Money
    enforcement: Enforcement = Field(
        Enforcement.HARD, description="`hard` refuses the order, `soft` only says so in the cart", examples=["hard"]
    )


TaxRates = Annotated[list[TaxRate], Field(max_length=200, description="what is not listed here cannot be ordered")]
Locations = Annotated[
    list[Key], Field(max_length=50, description="where stock is taken from, first things first; empty: anywhere")
]


class ChannelDraft(BaseModel):
    """What a caller writes: a whole channel without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Annotated[Key | None, Field(description="never changes; made up if left out")] = None
    prices_include_tax: IncludeTax = False
    name: Name
    currency: Currency
    country: Country
    tax_rounding: Rounding = TaxRounding.LINE
    tax_rates: TaxRates = Field(default_factory=list)
    order_minimum: OrderMinimum | None = Field(None, description="null: none")
    locations: Locations = Field(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = [(each.country, each.tax_class) for each in self.tax_rates]
        if len(set(named)) < len(named):
            raise ValueError("tax_rates: a country and class appear twice")
        if self.order_minimum is not None and self.order_minimum.value.currency != self.currency:
            raise ValueError("order_minimum must be in the channel's currency")
        return self


class ChannelPatch(BaseModel):
    """A change of a channel (RFC 7396): members that are left out stay, `null` removes; lists are replaced."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    tax_rounding: Rounding | None = None
    tax_rates: TaxRates | None = None
    order_minimum: OrderMinimum | None = Field(None, description="null: none")
    locations: Locations | None = None


class Channel(Stored):
    """A channel."""

    key: Key
    prices_include_tax: IncludeTax
    name: Name
    currency: Currency
    country: Country
    tax_rounding: Rounding
    tax_rates: TaxRates
    order_minimum: OrderMinimum | None = Field(description="null: none")
    locations: Locations
