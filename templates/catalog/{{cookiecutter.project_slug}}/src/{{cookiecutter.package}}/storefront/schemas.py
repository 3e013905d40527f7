"""What touchpoints get. These models describe it; the bytes were written at publication."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.measures import Content
from chassis.values import Key, Locale, Money, Sku

from ..categories.models import MAX_SIBLINGS
from ..vocabulary.localized import Slug

Id = Annotated[UUID, Field(description="the product", examples=["0190a5e0-0000-7000-8000-000000000000"])]
Text = Annotated[str, Field(description="in the language of the answer", examples=["Circulation pump C40"])]


class Picture(BaseModel):
    """A picture, drawing or film."""

    url: str = Field(description="where it is", examples=["/media/c40.webp"])
    alt: str | None = Field(description="what it shows", examples=["Circulation pump from the left"])


class ProductCard(BaseModel):
    """A product as lists show it."""

    id: Id
    key: Key
    slug: Slug
    name: Text
    media: list[Picture] = Field(description="the first picture, if there is one")
    list_price: Money | None = Field(description="the lowest of its variants; for display only")
    variants: int = Field(description="how many variants it has", examples=[2])


class ProductCards(BaseModel):
    """One page of products."""

    items: list[ProductCard] = Field(description="at most `limit` products, in the order asked for")
    next: str = Field("", description="cursor of the next page; absent on the last one", examples=["WzEyLDNd"])


class ShownAttribute(BaseModel):
    """An attribute of a variant."""

    name: str = Field(description="its name in code", examples=["max_head"])
    label: Text
    value: Any = Field(description="as the product type defines it", examples=[{"value": 4, "unit": "m"}])
    text: str | None = Field(description="the value as people read it", examples=["4 m"])


class UnitPrice(Money):
    """The price of one kilogram, litre, metre or square metre."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount": 1999, "currency": "EUR", "unit": "l"}]})

    unit: str = Field(description="kg, l, m or m2", examples=["l"])


class ShownVariant(BaseModel):
    """One thing that can be ordered."""

    sku: Sku
    gtin: str | None = Field(None, description="absent if it has none", examples=["4006381333931"])
    attributes: list[ShownAttribute] = Field(description="in the order of the product type")
    content: Content | None = Field(None, description="what one piece contains; absent if it does not say")
    list_price: Money | None = Field(None, description="in the channel's currency; absent without one")
    unit_price: UnitPrice | None = Field(None, description="absent for what is sold by the piece")


class ShownSeo(BaseModel):
    """What search engines show."""

    title: str | None = Field(description="null if there is none", examples=["Circulation pump C40"])
    description: str | None = Field(description="null if there is none", examples=["Quiet and frugal."])


class StorefrontProduct(BaseModel):
    """A product as a touchpoint shows it, in one language."""

    id: Id
    key: Key
    slug: Slug
    name: Text
    locale: Locale
    product_type: Key
    description: str | None = Field(description="null if there is none", examples=["For heating systems."])
    categories: list[Key] = Field(description="keys of the categories it is in")
    media: list[Picture] = Field(description="in the order of display")
    seo: ShownSeo = Field(description="what search engines show")
    slugs: dict[Locale, Slug] = Field(description="its slug in every language of the channel, for links between them")
    variants: list[ShownVariant] = Field(description="what can be ordered; the first one is shown first")
    traits: dict[str, Any] = Field(description="free data of the namespaces that the channel may see")


class RelatedProduct(BaseModel):
    """A product that another one refers to."""

    relation: str = Field(description="`related`, or the name of the attribute that refers to it", examples=["related"])
    product: ProductCard


class RelatedProducts(BaseModel):
    """The products that one refers to, as far as the channel shows them."""

    items: list[RelatedProduct] = Field(max_length=200, description="in their order")


class FacetValue(BaseModel):
    """A value and how many of the found products have it."""

    value: str = Field(description="what `filter` takes; of a boolean `true` or `false`", examples=["steel"])
    label: str = Field(description="the value as people read it", examples=["Stahl"])
    count: int = Field(description="how many products", examples=[12])


FacetKind = Literal["text", "number", "boolean", "enum", "measurement", "reference"]


class Facet(BaseModel):
    """The values of one searchable attribute. Its own filter does not narrow it."""

    name: str = Field(description="the attribute", examples=["material"])
    label: Text
    kind: FacetKind = Field(description="which kind of values it has: a switch, a range or a list", examples=["enum"])
    unit: str | None = Field(description="of a measurement: what `filter` counts in", examples=["mm"])
    values: list[FacetValue] = Field(description="the most frequent first")


class SearchResult(BaseModel):
    """One page of what was found."""

    items: list[ProductCard] = Field(description="the best matches first")
    total: int = Field(description="how many were found in all", examples=[42])
    facets: list[Facet] = Field(description="what the found products have in common, and what tells them apart")
    next: str = Field("", description="cursor of the next page; absent on the last one", examples=["WzEyLDNd"])


class CategoryNode(BaseModel):
    """A category with what is below it."""

    key: Key
    slug: str | None = Field(description="null if it has none in these languages", examples=["pumps"])
    name: Text
    description: str | None = Field(description="null if there is none", examples=["Everything that moves water."])
    children: list["CategoryNode"] = Field(max_length=MAX_SIBLINGS, description="in their order")


class CategoryTree(BaseModel):
    """The categories in which the channel shows products."""

    items: list[CategoryNode] = Field(max_length=MAX_SIBLINGS, description="the top of the tree, in its order")
