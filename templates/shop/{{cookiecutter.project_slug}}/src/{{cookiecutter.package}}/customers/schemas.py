"""Customers as callers see them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from chassis.patterns import worded
from chassis.values import Key

from ..vocabulary.stored import Stored

Reference = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=worded(r"^\S+$", "takes no spaces"),
        description="the `account` of tokens, or their `sub` where they name no account",
        examples=["acme"],
    ),
]
NeedsApproval = Annotated[
    bool,
    Field(
        strict=True,
        description="whether its orders have to be approved by its own people first, also without rules in the portal",
    ),
]
Group = Annotated[Key | None, Field(description="whose price lists and discounts count; null: none")]


class CustomerDraft(BaseModel):
    """What a caller writes: a whole customer without what the service adds."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    reference: Reference
    customer_group: Group = None
    needs_approval: NeedsApproval = False


class CustomerPatch(BaseModel):
    """A change of a customer (RFC 7396): `null` removes."""

    model_config = ConfigDict(extra="forbid")

    customer_group: Group = None
    # A default that nobody sees: only what was sent counts.
    needs_approval: NeedsApproval = Field(default_factory=bool)


class Customer(Stored):
    """A customer."""

    reference: Reference
    customer_group: Group
    needs_approval: NeedsApproval
