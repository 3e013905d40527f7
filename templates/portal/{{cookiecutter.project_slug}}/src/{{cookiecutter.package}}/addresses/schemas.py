"""Addresses as callers see them."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from chassis.patterns import worded
from chassis.values import Country

from ..vocabulary.shapes import Draft, Line, Patch, Shown

PostalCode = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^[A-Z0-9][A-Z0-9 -]{0,18}[A-Z0-9]$",
            "takes capital letters (A to Z) and digits, with `-` or spaces between them",
        ),
        max_length=20,
    ),
    Field(description="as the country writes it", examples=["50667"]),
]
Use = Annotated[bool, Field(strict=True)]


class AddressWritable(Draft):
    """What can be changed of an address."""

    recipient: Line = Field(description="whose name is at the door", examples=["Example Works Ltd, Ann Example"])
    street: Line = Field(description="street and number", examples=["Domkloster 4"])
    additional: Line | None = Field(None, description="floor, gate, department", examples=["Gate 3"])
    postal_code: PostalCode | None = None
    city: Line = Field(description="town or city", examples=["Köln"])
    region: Line | None = Field(None, max_length=100, description="state or province, where that matters")
    country: Country
    shipping: Use = Field(True, description="whether goods may go there")
    billing: Use = Field(True, description="whether invoices may go there")


class AddressDraft(AddressWritable):
    """What a caller writes: an address of a business unit."""

    unit_id: UUID = Field(description="the business unit whose address it is")


class AddressPatch(Patch):
    """A change of an address (RFC 7396): members that are left out stay, `null` removes."""

    # Defaults that nobody sees: only what was sent counts. A member that cannot be removed does not take null.
    recipient: Line = Field(default_factory=str)
    street: Line = Field(default_factory=str)
    additional: Line | None = None
    postal_code: PostalCode | None = None
    city: Line = Field(default_factory=str)
    region: Line | None = Field(None, max_length=100)
    country: Country = Field(default_factory=str)
    shipping: Use = Field(default_factory=bool)
    billing: Use = Field(default_factory=bool)


class Address(Shown):
    """An address of a business unit."""

    model_config = ConfigDict(from_attributes=True)

    unit_id: UUID = Field(description="the business unit whose address it is")
    recipient: str = Field(description="whose name is at the door")
    street: str = Field(description="street and number")
    additional: str | None = Field(description="floor, gate, department")
    postal_code: str | None = Field(description="as the country writes it")
    city: str = Field(description="town or city")
    region: str | None = Field(description="state or province")
    country: Country
    shipping: bool = Field(description="whether goods may go there")
    billing: bool = Field(description="whether invoices may go there")
