"""What is read of others' events. They may say more; what the portal needs, they have to say."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chassis.patterns import worded
from chassis.values import Currency, Key, Money

from ..vocabulary.files import FileName, MediaType
from ..vocabulary.shapes import Moment

_State = Annotated[str, StringConstraints(min_length=1, max_length=30)]
_Number = Annotated[str, StringConstraints(min_length=1, max_length=50)]
_Cents = Annotated[int, Field(ge=0, le=10**15)]


def _id_or_nothing(value: object) -> object:
    """A unit that has no identifier of the portal's is nobody's here."""
    try:
        return UUID(str(value))
    except ValueError:
        return None


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: UUID


class _Whose(_Told):
    unit_id: Annotated[UUID | None, BeforeValidator(_id_or_nothing)] = Field(
        None, validation_alias=AliasChoices("unit_id", "business_unit")
    )
    buyer: str | None = Field(None, max_length=255, validation_alias=AliasChoices("buyer", "owner"))


class ToldLine(BaseModel):
    """A line of an order. ``gross`` is what all of it cost, with tax, in minor units."""

    model_config = ConfigDict(extra="ignore")

    id: UUID | None = None
    sku: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    name: Annotated[str, StringConstraints(max_length=300)] | None = None
    quantity: Annotated[int, Field(ge=1)]
    gross: _Cents


class TellsOrder(_Whose):
    """An order as a whole: every ``order.*`` event carries it."""

    account: Annotated[UUID | None, BeforeValidator(_id_or_nothing)] = None
    cart: UUID | None = None
    number: _Number
    purchase_order_number: Annotated[str, StringConstraints(max_length=100)] | None = None
    order_state: _State
    payment_state: _State | None = None
    shipment_state: _State | None = None
    currency: Currency
    gross: _Cents
    lines: list[ToldLine] = Field(max_length=1_000)


class TellsPart(BaseModel):
    """A shipment, return or payment of an order, and what it makes of the order as a whole."""

    model_config = ConfigDict(extra="allow")

    id: UUID | None = None
    order: UUID
    payment_state: _State | None = None
    shipment_state: _State | None = None

    @property
    def details(self) -> dict[str, Any]:
        """Everything else that was told."""
        return dict(self.model_extra or {})


class TellsApproval(_Told):
    """A cart that is frozen until it is approved; ``id`` is that of the request."""

    cart: UUID
    owner: str = Field(min_length=1, max_length=255)
    account: Annotated[UUID | None, BeforeValidator(_id_or_nothing)] = None
    business_unit: Annotated[UUID | None, BeforeValidator(_id_or_nothing)]
    gross: _Cents
    currency: Currency
    categories: list[Key] = Field(default_factory=list, max_length=500)
    cost_centre: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None


class TellsInvoice(_Whose):
    """An invoice as a whole."""

    number: _Number
    order_id: UUID | None = None
    document_id: UUID | None = None
    issued_at: Moment
    due_at: Moment | None = None
    state: _State
    total: Money


class TellsDocument(_Whose):
    """A document as a whole. ``location`` is its path in the document store."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=50)]
    name: FileName
    media_type: MediaType
    size: Annotated[int, Field(ge=0, le=2**50)]
    order_id: UUID | None = None
    published_at: Moment
    # No way out of the store: no scheme, no host, nothing that goes up.
    location: Annotated[
        str,
        StringConstraints(
            pattern=worded(
                r"^[A-Za-z0-9_-]+([./][A-Za-z0-9_-]+)*$",
                "takes a relative path of letters, digits, `-` and `_`, with single `.` or `/` between them",
            ),
            max_length=500,
        ),
    ]
