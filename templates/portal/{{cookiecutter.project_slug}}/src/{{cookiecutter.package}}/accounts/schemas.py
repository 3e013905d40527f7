"""Accounts as callers see them."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from chassis.patterns import worded

from ..vocabulary.shapes import Draft, Line, Patch, Shown


class AccountKind(StrEnum):
    """Who buys."""

    PERSON = "person"
    COMPANY = "company"


class AccountState(StrEnum):
    """Whether one may."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    CLOSED = "closed"


VatId = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^[A-Z]{2}[A-Z0-9+*]{2,13}$", "takes a VAT number with its country, without spaces, such as `DE123456789`"
        ),
        max_length=15,
    ),
    Field(description="VAT identification number (Directive 2006/112/EC, article 215)", examples=["DE123456789"]),
]


class AccountWritable(Draft):
    """What can be changed of an account."""

    name: Line = Field(description="name of the person or firm", examples=["Example Works Ltd"])
    vat_id: VatId | None = None
    registration_number: Line | None = Field(None, max_length=100, description="in the register of companies")


class AccountDraft(AccountWritable):
    """What a caller writes: a new customer."""

    kind: AccountKind = Field(description="person or company", examples=["company"])


class AccountPatch(Patch):
    """A change of an account (RFC 7396): members that are left out stay, `null` removes."""

    # A default that nobody sees: only what was sent counts. A name cannot be removed.
    name: Line = Field(default_factory=str)
    vat_id: VatId | None = None
    registration_number: Line | None = Field(None, max_length=100)


class AccountStatusPatch(Patch):
    """What the company decides about an account (RFC 7396)."""

    number: Line | None = Field(None, max_length=50, description="customer number in the ERP")
    # A default that nobody sees: only what was sent counts. A state cannot be removed.
    state: AccountState = Field(default_factory=lambda: AccountState.ACTIVE)


class AccountStatus(Draft):
    """What the company decides about an account."""

    number: Line | None = Field(None, max_length=50)
    state: AccountState


class Account(Shown):
    """A customer."""

    kind: AccountKind = Field(description="person or company")
    name: str = Field(description="name of the person or firm")
    vat_id: str | None = Field(description="VAT identification number")
    registration_number: str | None = Field(description="in the register of companies")
    number: str | None = Field(description="customer number in the ERP; the company's to set")
    state: AccountState = Field(description="active, blocked or closed; the company's to set")
    needs_approval: bool = Field(description="whether it has approval rules or spending limits")


class OpenedAccount(Account):
    """A new customer, with the unit in which its maker is the admin."""

    unit_id: UUID = Field(description="the account's own business unit")
