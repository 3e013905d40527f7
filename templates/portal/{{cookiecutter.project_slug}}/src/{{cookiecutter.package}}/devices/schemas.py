"""Devices as callers see them."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chassis.patterns import worded
from chassis.values import Key, Sku

from ..vocabulary.shapes import Draft, Line, Moment, Patch, Quantity, Shown
from .warranty import WarrantyState

MOST_MEASUREMENTS = 500
"""How many a device may send at once: one statement, and a body far below the limit."""

SerialNumber = Annotated[
    str,
    # Capital letters only: what is one number has one spelling, so that it cannot be registered twice.
    StringConstraints(
        pattern=worded(
            r"^[A-Z0-9]([-A-Z0-9_./]*[A-Z0-9])?$",
            "takes capital letters (A to Z) and digits, with `-`, `_`, `.` or `/` between them",
        ),
        max_length=60,
    ),
    Field(description="which piece of the product, as its type plate says", examples=["C40-2026-000017"]),
]


class PartKind(StrEnum):
    """What a part is for."""

    SPARE_PART = "spare_part"
    CONSUMABLE = "consumable"


class Part(BaseModel):
    """What a device needs some day."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    kind: PartKind = Field(description="replaced when broken, or when used up", examples=["consumable"])
    quantity: Quantity
    interval_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] | None = Field(
        None, description="after how many days it is due again; null: when it is needed", examples=[180]
    )


Parts = Annotated[list[Part], Field(max_length=200, description="spare parts and consumables")]
FirstDay = Annotated[date | None, Field(description="first day of the warranty", examples=["2026-01-31"])]
LastDay = Annotated[date | None, Field(description="last day of the warranty", examples=["2028-01-30"])]


class DeviceDraft(Draft):
    """What a caller writes: which device is whose."""

    unit_id: UUID = Field(description="the business unit that has it")
    product: Key = Field(description="key of the product")
    serial_number: SerialNumber
    name: Line = Field(description="how its owner calls it", examples=["Boiler room, left"])


class DevicePatch(Patch):
    """A change of a device by its owner (RFC 7396)."""

    # A default that nobody sees: only what was sent counts.
    name: Line = Field(default_factory=str, description="how its owner calls it")


class DeviceName(Draft):
    """What the owner of a device may change."""

    name: Line


class Care(Draft):
    """What the house may write about a device."""

    warranty_from: FirstDay = None
    warranty_until: LastDay = None
    parts: Parts = Field(default_factory=list)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warranty_until is not None and (self.warranty_from is None or self.warranty_until < self.warranty_from):
            raise ValueError("a warranty begins before it ends")
        return self


class CarePatch(Patch):
    """A change of warranty and parts (RFC 7396): members that are left out stay, `null` removes a day."""

    warranty_from: FirstDay = None
    warranty_until: LastDay = None
    parts: Parts = Field(default_factory=list)


class Device(Shown):
    """A connected product."""

    unit_id: UUID = Field(description="the business unit that has it")
    product: str = Field(description="key of the product")
    serial_number: str = Field(description="which piece of it")
    name: str = Field(description="how its owner calls it")
    warranty_from: FirstDay
    warranty_until: LastDay
    warranty_state: WarrantyState = Field(description="whether the warranty holds today")
    parts: Parts
    connected: bool = Field(description="whether it has a credential to send with")


class DeviceCredential(BaseModel):
    """What a device proves with who it is."""

    credential: str = Field(description="told this once; the device sends it as `device-credential`")


class Measurement(BaseModel):
    """What a device measured."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    metric: Key = Field(description="what was measured", examples=["flow-temperature"])
    time: Moment
    value: Annotated[
        float,
        Field(
            strict=True, allow_inf_nan=False, ge=-1e18, le=1e18, description="in the metric's own unit", examples=[61.5]
        ),
    ]


class Telemetry(Draft):
    """What a device sends at once."""

    measurements: Annotated[
        list[Measurement],
        Field(min_length=1, max_length=MOST_MEASUREMENTS, description="in any order; repeated ones count once"),
    ]


class TelemetryReceipt(BaseModel):
    """What became of what a device sent."""

    stored: int = Field(description="how many were new")
    skipped: int = Field(description="how many were known already, or older than is kept")
