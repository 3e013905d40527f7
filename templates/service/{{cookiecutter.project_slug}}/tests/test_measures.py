"""Measures, and prices per measure."""

import pytest

from chassis.measures import UNITS, Measurement, convert, unit_price


@pytest.mark.parametrize(
    ("value", "unit", "into", "expected"),
    [(750, "ml", "l", 0.75), (0.1, "m", "mm", 100), (60, "l/min", "m3/h", 3.6), (1, "MPa", "bar", 10)],
)
def test_measures_convert_without_rounding_noise(value: float, unit: str, into: str, expected: float) -> None:
    """0.1 m is 100 mm, not 100.00000000000001."""
    assert convert(value, unit, into) == expected


def test_unlike_measures_do_not_convert() -> None:
    """A length is no mass."""
    with pytest.raises(ValueError, match="mm measures length, kg measures mass"):
        convert(1, "mm", "kg")


@pytest.mark.parametrize(
    ("amount", "value", "unit", "expected"),
    [
        (1999, 750, "ml", (2665, "l")),
        (1, 2, "kg", (0, "kg")),
        (3, 2, "kg", (2, "kg")),
        (500, 250, "g", (2000, "kg")),
        (1000, 3, "piece", None),
        (1000, 1e-12, "kg", (10**15, "kg")),
        (1001, 1e-12, "kg", None),
        (1, 1e-300, "ml", None),
    ],
    ids=["round", "half down to even", "half up to even", "per kg", "by the piece", "largest", "too large", "traces"],
)
def test_unit_price_is_per_kilogram_litre_or_metre(
    amount: int, value: float, unit: str, expected: tuple[int, str] | None
) -> None:
    """Directive 98/6/EC: what is sold by measure shows its price per unit."""
    assert unit_price(amount, Measurement(value=value, unit=unit)) == expected


def test_every_quantity_has_a_first_unit() -> None:
    """Conversion goes through the unit whose factor is one."""
    first = {unit.quantity for unit in UNITS.values() if unit.factor == 1}

    assert first == {unit.quantity for unit in UNITS.values()}
