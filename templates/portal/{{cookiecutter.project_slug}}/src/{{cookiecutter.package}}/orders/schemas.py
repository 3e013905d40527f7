"""Orders and invoices as callers see them."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.values import Money

from ..vocabulary.shapes import Moment


class OrderLine(BaseModel):
    """What was ordered."""

    model_config = ConfigDict(extra="ignore")

    id: UUID | None = Field(None, description="the line, by the shop's identifier")
    sku: str = Field(description="stock keeping unit")
    name: str | None = Field(None, description="what it was called then")
    quantity: int = Field(description="how many")
    gross: int = Field(description="what all of it cost then, with tax, in the currency's smallest unit")


class OrderPart(BaseModel):
    """A shipment, payment or return of an order."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID = Field(description="by the identifier of who told it")
    kind: str = Field(description="shipment, payment or return")
    state: str = Field(description="as told last")
    details: dict[str, Any] = Field(description="what else was told, such as carrier and tracking number")


class OrderSummary(BaseModel):
    """An order in a list."""

    id: UUID = Field(description="the order, by the shop's identifier")
    unit_id: UUID = Field(description="the business unit that ordered")
    number: str = Field(description="what people call it", examples=["2026-000123"])
    purchase_order_number: str | None = Field(description="what the customer calls it")
    placed_at: Moment
    state: str = Field(description="as the shop told last", examples=["confirmed"])
    payment_state: str | None = Field(description="as the shop told last", examples=["paid"])
    shipment_state: str | None = Field(description="as the shop told last", examples=["partially_shipped"])
    total: Money


class Order(OrderSummary):
    """An order, as the newest event told it."""

    lines: list[OrderLine] = Field(description="what was ordered")
    parts: list[OrderPart] = Field(description="its shipments, payments and returns")


class Invoice(BaseModel):
    """An invoice, as the newest event told it."""

    id: UUID = Field(description="the invoice, by the ERP's identifier")
    unit_id: UUID = Field(description="the business unit that pays")
    number: str = Field(description="what people call it")
    order_id: UUID | None = Field(description="the order it is for")
    document_id: UUID | None = Field(description="the document to look at")
    issued_at: Moment
    due_at: Moment | None = Field(description="when it is to be paid")
    state: str = Field(description="as the ERP told last", examples=["open"])
    total: Money
