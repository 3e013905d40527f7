"""Shopping lists as callers see them."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from chassis.values import Sku

from ..vocabulary.shapes import Draft, Line, Patch, Quantity, Shown


class ListLine(BaseModel):
    """Something to order again."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    quantity: Quantity
    note: Line | None = Field(None, description="what to remember about it", examples=["for the second boiler"])


Name = Annotated[Line, Field(description="what the list is for", examples=["Monthly filters"])]
Shared = Annotated[
    bool, Field(strict=True, description="whether members of the unit with rights to all its lists use it too")
]
Lines = Annotated[
    list[ListLine],
    Field(max_length=500, description="in the person's order", examples=[[{"sku": "C40-230V", "quantity": 2}]]),
]


class ShoppingListDraft(Draft):
    """What a caller writes: a whole list without what the service adds."""

    name: Name
    shared: Shared = False
    lines: Lines = Field(default_factory=list)
    unit_id: UUID | None = Field(None, description="the business unit that orders; needed for a shared list")

    @model_validator(mode="after")
    def _with_whom(self) -> Self:
        if self.shared and self.unit_id is None:
            raise ValueError("a shared list belongs to a business unit: name its unit_id")
        return self


class ShoppingListPatch(Patch):
    """A change of a list (RFC 7396): members that are left out stay, `null` removes."""

    # Defaults that nobody sees: only what was sent counts. A member that cannot be removed does not take null.
    name: Name = Field(default_factory=str)
    shared: Shared = Field(default_factory=bool)
    lines: Lines = Field(default_factory=list)
    unit_id: UUID | None = None


class ShoppingList(Shown):
    """A list of what is ordered again and again."""

    name: str = Field(description="what the list is for")
    shared: bool = Field(description="whether other members of the unit use it too")
    lines: list[ListLine] = Field(description="in the person's order")
    unit_id: UUID | None = Field(description="the business unit that orders")
