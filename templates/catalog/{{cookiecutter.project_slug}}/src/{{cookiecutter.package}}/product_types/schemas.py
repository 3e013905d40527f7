"""Product types as callers see them."""

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chassis.measures import UnitCode
from chassis.patterns import worded
from chassis.values import Key

from ..vocabulary.localized import LocalizedName, LocalizedNamePatch
from ..vocabulary.names import Name


class Strict(BaseModel):
    """What callers write: nothing but what is named."""

    model_config = ConfigDict(extra="forbid")


class TextType(Strict):
    """A text that is the same in every language, such as a model number."""

    kind: Literal["text"]


class LocalizedTextType(Strict):
    """A text in several languages."""

    kind: Literal["localized_text"]


class NumberType(Strict):
    """A number without unit."""

    kind: Literal["number"]


class BooleanType(Strict):
    """Yes or no."""

    kind: Literal["boolean"]
    true_label: LocalizedName | None = Field(
        None, description="what people read; left out: yes", examples=[{"de": "zugelassen", "en": "approved"}]
    )
    false_label: LocalizedName | None = Field(
        None, description="what people read; left out: no", examples=[{"de": "ungeprüft", "en": "untested"}]
    )


class EnumOption(Strict):
    """One of the values of an enum."""

    key: Annotated[
        str,
        StringConstraints(
            min_length=1,
            max_length=100,
            pattern=worded(
                r"^[A-Za-z0-9]([-A-Za-z0-9_.]*)$",
                "takes letters (A to Z), digits, `-`, `_` and `.`; a letter or digit comes first",
            ),
        ),
    ] = Field(description="what products hold", examples=["stainless-steel"])
    label: LocalizedName


class EnumType(Strict):
    """One of some listed values."""

    kind: Literal["enum"]
    options: list[EnumOption] = Field(min_length=1, max_length=1000, description="the values, in their order")

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_repeated([option.key for option in self.options], "option")
        return self

    @cached_property
    def labels(self) -> dict[str, dict[str, str]]:
        """The options' labels by their keys."""
        return {option.key: option.label for option in self.options}


class MeasurementType(Strict):
    """A number with a unit. Products may use any unit of the same quantity."""

    kind: Literal["measurement"]
    unit: UnitCode


class ReferenceType(Strict):
    """The key of another product or of a category."""

    kind: Literal["reference"]
    target: Literal["product", "category"] = Field(description="what is referred to", examples=["product"])


class SetType(Strict):
    """Several different values of one type."""

    kind: Literal["set"]
    element: Annotated[
        TextType | NumberType | EnumType | MeasurementType | ReferenceType,
        Field(discriminator="kind", description="the type of the values"),
    ]


AttributeType = Annotated[
    TextType | LocalizedTextType | NumberType | BooleanType | EnumType | SetType | MeasurementType | ReferenceType,
    Field(discriminator="kind", description="which values there are"),
]


class Constraint(StrEnum):
    """What must hold between the values of several variants.

    - `unique`: no other variant of any product of this type has the value
    - `combination_unique`: no two variants of a product agree in all attributes with this constraint
    - `same_for_all`: all variants of a product have the same value
    """

    NONE = "none"
    UNIQUE = "unique"
    COMBINATION_UNIQUE = "combination_unique"
    SAME_FOR_ALL = "same_for_all"


class AttributeDefinition(Strict):
    """One attribute of a product type."""

    name: Name
    label: LocalizedName
    type: AttributeType
    required: bool = Field(False, description="whether a published variant must have it")
    searchable: bool = Field(
        False, description="whether search finds it and counts it in facets; then it means the same in every type"
    )
    internal: bool = Field(False, description="whether it is kept from touchpoints, such as a cost price")
    constraint: Constraint = Field(Constraint.NONE, description="what must hold between variants")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.internal and self.searchable:
            raise ValueError("an internal attribute cannot be searchable")
        if self.constraint is Constraint.UNIQUE and self.type.kind not in ("text", "number"):
            raise ValueError("only a text or a number can be unique")
        return self


class ProductTypeDraft(Strict):
    """What a caller writes: a whole product type without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key: Key
    name: LocalizedName
    attributes: list[AttributeDefinition] = Field(
        default_factory=list, max_length=200, description="the attributes, in the order in which they are shown"
    )

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        _refuse_repeated([attribute.name for attribute in self.attributes], "attribute")
        return self


class ProductTypePatch(Strict):
    """A change of a product type (RFC 7396): members that are left out stay; a list is replaced as a whole."""

    name: LocalizedNamePatch | None = None
    attributes: (
        Annotated[list[AttributeDefinition], Field(max_length=200, description="all attributes, in their order")] | None
    ) = None


class ProductType(ProductTypeDraft):
    """A product type."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")

    id: UUID = Field(description="UUID version 7", examples=["0190a5e0-0000-7000-8000-000000000000"])
    version: int = Field(description="counts the changes, from 1", examples=[1])
    created_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])
    updated_at: datetime = Field(description="RFC 3339, UTC", examples=["2026-01-31T12:00:00Z"])


def _refuse_repeated(names: list[str], what: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise ValueError(f"{what} {', '.join(repeated)} appears twice")
