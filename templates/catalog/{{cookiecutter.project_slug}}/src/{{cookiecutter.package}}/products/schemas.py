"""Products as the people who look after them see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chassis.measures import Content
from chassis.patterns import worded
from chassis.values import Key, Money, Sku

from ..vocabulary.gtin import Gtin
from ..vocabulary.localized import (
    LocalizedName,
    LocalizedNamePatch,
    LocalizedSlug,
    LocalizedSlugPatch,
    LocalizedText,
    LocalizedTextPatch,
)
from ..vocabulary.names import Name

Url = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^(https://[^\s/@\\]+/[^\s]*|/([^\s/\\][^\s]*)?)$",
            "takes an https:// address, or a path that begins with one `/`",
        ),
        max_length=2000,
    ),
    Field(description="absolute https URL, or a path on the touchpoint's own media host", examples=["/media/c40.webp"]),
]
Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=200), Field(description="its name there", examples=["4711-0815"])
]
Attributes = Annotated[
    dict[Name, Any],
    Field(
        max_length=200,
        description="attribute values by name, as the product type defines them",
        examples=[{"housing_material": "cast-iron", "max_head": {"value": 4, "unit": "m"}}],
    ),
]


class Strict(BaseModel):
    """What callers write: nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class VariantDraft(Strict):
    """One thing that can be ordered."""

    sku: Sku
    gtin: Gtin | None = None
    attributes: Attributes = Field(default_factory=dict)
    content: Content | None = Field(None, description="what one piece contains; gives the unit price")
    list_prices: list[Money] = Field(
        default_factory=list, max_length=20, description="for display only, one a currency; pricing happens elsewhere"
    )

    @model_validator(mode="after")
    def _one_price_a_currency(self) -> Self:
        if len(self.list_prices) > 1 and len({price.currency for price in self.list_prices}) < len(self.list_prices):
            raise ValueError("a currency appears twice")
        return self


class Media(Strict):
    """A picture, drawing or film; the order in the list is the order on display."""

    url: Url
    alt: LocalizedText = Field(default_factory=dict)


class Seo(Strict):
    """What search engines show."""

    title: LocalizedText = Field(default_factory=dict)
    description: LocalizedText = Field(default_factory=dict)


class ProductDraft(Strict):
    """What a caller writes: a whole product without what the service adds."""

    key: Key
    product_type: Key
    name: LocalizedName
    slug: LocalizedSlug = Field(default_factory=dict)
    description: LocalizedText = Field(default_factory=dict)
    categories: list[Key] = Field(default_factory=list, max_length=50, description="keys of the categories it is in")
    variants: list[VariantDraft] = Field(
        default_factory=list, max_length=250, description="what can be ordered; the first one is shown first"
    )
    media: list[Media] = Field(default_factory=list, max_length=100, description="in the order of display")
    seo: Seo = Field(default_factory=Seo)
    related: list[Key] = Field(default_factory=list, max_length=100, description="keys of related products")
    external_references: dict[Name, Reference] = Field(
        default_factory=dict,
        max_length=20,
        description="what other systems call it",
        examples=[{"erp": "4711-0815", "pim": "P-20991"}],
    )
    traits: dict[Name, dict[str, Any]] = Field(
        default_factory=dict,
        max_length=50,
        description="free data by namespace; shown to a touchpoint only where its channel says so",
        examples=[{"logistics": {"pallet": 48}}],
    )
    archived: bool = Field(False, description="whether it is kept for the record only")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        for what, values in (
            ("categories", self.categories),
            ("related", self.related),
            ("sku", [variant.sku for variant in self.variants]),
        ):
            if len(values) > 1 and len(set(values)) < len(values):
                raise ValueError(f"{what}: {next(value for value in values if values.count(value) > 1)} appears twice")
        return self


class SeoPatch(Strict):
    """A change of what search engines show."""

    title: LocalizedTextPatch | None = None
    description: LocalizedTextPatch | None = None


class ProductPatch(Strict):
    """A change of a product (RFC 7396): members that are left out stay, `null` removes; a list is replaced whole."""

    name: LocalizedNamePatch | None = None
    slug: LocalizedSlugPatch | None = None
    description: LocalizedTextPatch | None = None
    categories: Annotated[list[Key], Field(max_length=50, description="keys of the categories it is in")] | None = None
    variants: Annotated[list[VariantDraft], Field(max_length=250, description="all variants")] | None = None
    media: Annotated[list[Media], Field(max_length=100, description="in the order of display")] | None = None
    seo: SeoPatch | None = None
    related: Annotated[list[Key], Field(max_length=100, description="keys of related products")] | None = None
    external_references: dict[Name, Reference | None] | None = Field(
        None, max_length=20, description="what other systems call it"
    )
    traits: dict[Name, dict[str, Any] | None] | None = Field(None, max_length=50, description="free data by namespace")
    archived: bool | None = Field(None, description="whether it is kept for the record only")


class ProductState(StrEnum):
    """Where a product stands: `draft` is seen by nobody, `published` by touchpoints, `archived` is for the record."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Product(ProductDraft):
    """A product as it is being worked on."""

    model_config = ConfigDict(extra="ignore")

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    state: ProductState = Field(description="draft, published or archived", examples=["draft"])
    published_version: int | None = Field(
        description="the version that was published last and not withdrawn; another `version` was edited since",
        examples=[1],
    )
    published_at: datetime | None = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
