"""Price quotes as callers see them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Country, Currency, Key, Sku

from ..carts.schemas import Codes, ProductName, Quantity
from ..prices.explanation import Explanation
from ..vocabulary.percent import Percent


class QuotedLine(BaseModel):
    """So many pieces of an article."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Quantity = 1
    product: ProductName = None


class QuoteRequest(BaseModel):
    """What somebody wants to know the price of."""

    model_config = ConfigDict(extra="forbid")

    channel: Key
    country: Annotated[Country | None, Field(description="where it is sent; left out: the channel's country")] = None
    codes: Codes = Field(default_factory=list)
    lines: list[QuotedLine] = Field(min_length=1, max_length=100, description="priced together, as in a cart")


class PricePerMeasure(BaseModel):
    """What one kilogram, litre, metre or square metre costs (Directive 98/6/EC, article 2b)."""

    amount: int = Field(description="in minor units", examples=[2665])
    unit: str = Field(description="kg, l, m or m2", examples=["l"])


class Quote(BaseModel):
    """What an article costs. Amounts are in minor units."""

    sku: Sku
    name: str = Field(description="as the catalog calls it", examples=["Circulation pump C40"])
    quantity: Quantity
    unit_price: int | None = Field(description="one piece, as the channel shows prices; null: nothing prices it")
    gross_unit_price: int | None = Field(description="one piece with tax; null: nothing prices or taxes it")
    reduction: int = Field(
        description="what discounts on all lines together take off this one, as the channel shows prices", examples=[0]
    )
    tax_percent: Percent | None = Field(description="null: the channel does not tax its class in this country")
    gross: int | None = Field(description="the line with tax; null: nothing prices or taxes it", examples=[4284])
    per_measure: PricePerMeasure | None = Field(description="with tax; null for what is sold by the piece")
    lowest_before: int | None = Field(
        description="where a reduction is shown: the lowest unit price of the 30 days before it; else null",
        examples=[1990],
    )
    explanation: Explanation


class Quotes(BaseModel):
    """What articles cost the caller now."""

    currency: Currency
    prices_include_tax: bool = Field(description="whether unit prices are gross", examples=[True])
    lines: list[Quote] = Field(max_length=100, description="in the order asked for")
