"""Measures: a number with a unit, comparable with others of its kind; and what a price is per kilogram or litre."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chassis.values import LARGEST_AMOUNT


@dataclass(frozen=True)
class Unit:
    """A unit of measure: its quantity, and how many of the quantity's first unit it is."""

    quantity: str
    factor: Decimal


def _units(quantity: str, **factors: str) -> dict[str, Unit]:
    return {name: Unit(quantity, Decimal(factor)) for name, factor in factors.items()}


UNITS = {
    **_units("length", m="1", mm="0.001", cm="0.01", km="1000"),
    **_units("area", m2="1", cm2="0.0001"),
    **_units("volume", l="1", ml="0.001", cl="0.01", m3="1000"),
    **_units("mass", kg="1", g="0.001", mg="0.000001", t="1000"),
    **_units("count", piece="1"),
    **_units("power", W="1", kW="1000"),
    **_units("pressure", bar="1", mbar="0.001", Pa="0.00001", kPa="0.01", MPa="10"),
    **_units("flow", **{"m3/h": "1", "l/min": "0.06", "l/s": "3.6"}),
    **_units("voltage", V="1", mV="0.001", kV="1000"),
    **_units("current", A="1", mA="0.001"),
    **_units("frequency", Hz="1", kHz="1000"),
    **_units("temperature", **{"°C": "1"}),
    **_units("speed", **{"1/min": "1"}),
    **_units("time", s="1", min="60", h="3600"),
    **_units("sound", **{"dB(A)": "1"}),
    **_units("ratio", **{"%": "1"}),
}
"""The units there are. Add one here; those of one quantity are converted into each other."""


def check_unit(code: str) -> str:
    """Return a known unit as it is.

    :raises ValueError: when it is not known.
    """
    if code not in UNITS:
        raise ValueError(f"not a known unit; there are {', '.join(UNITS)}")
    return code


UnitCode = Annotated[
    str, AfterValidator(check_unit), Field(max_length=10, description="unit of measure", examples=["mm"])
]


class Measurement(BaseModel):
    """A number with a unit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"value": 750, "unit": "ml"}]})

    value: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e15, le=1e15, description="how many")]
    unit: UnitCode


class Content(Measurement):
    """What a variant contains; more than nothing."""

    value: Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0, le=1e12, description="how many")]


def convert(value: float, unit: str, into: str) -> float:
    """Return the value in another unit of the same quantity.

    :raises ValueError: when the units measure different things.
    """
    here, there = UNITS[unit], UNITS[into]
    if here.quantity != there.quantity:
        raise ValueError(f"{unit} measures {here.quantity}, {into} measures {there.quantity}")
    return float(Decimal(str(value)) * here.factor / there.factor)


_BASE = {"mass": "kg", "volume": "l", "length": "m", "area": "m2"}


def unit_price(amount: int, content: Measurement) -> tuple[int, str] | None:
    """Return the price of one kilogram, litre, metre or square metre (Directive 98/6/EC, article 2b).

    :param amount: price of the content, in minor units.
    :returns: the price in minor units, rounded half to even, and the unit; ``None`` for what is sold by the piece, and
        where so little is contained that the price would be no amount of money.
    """
    unit = UNITS[content.unit]
    base = _BASE.get(unit.quantity)
    if base is None or content.value <= 0:
        return None
    quantity = Decimal(str(content.value)) * unit.factor / UNITS[base].factor
    price = Decimal(amount) / quantity
    if price > LARGEST_AMOUNT:
        return None
    return int(price.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)), base
