"""Article numbers, measures and unit prices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..gtin import check_gtin
from ..localized import choose
from ..measures import UNITS, Measurement, convert, unit_price


@pytest.mark.parametrize("gtin", ["4006381333931", "96385074", "036000291452", "14006381333938"])
def test_genuine_gtin_is_kept(gtin: str) -> None:
    """GTIN-13, GTIN-8, GTIN-12 and GTIN-14 each weigh their digits from the right."""
    assert check_gtin(gtin) == gtin


@given(st.text(alphabet="0123456789", min_size=12, max_size=12))
def test_every_other_check_digit_is_refused(head: str) -> None:
    """Of ten possible last digits exactly one is right."""
    right = []
    for digit in "0123456789":
        try:
            right.append(check_gtin(head + digit))
        except ValueError:
            continue

    assert len(right) == 1


@pytest.mark.parametrize("wrong", ["", "4006381333932", "400638133393", "٤٠٠٦٣٨١٣٣٣٩٣١", "40063813339A1"])
def test_wrong_gtin_is_refused(wrong: str) -> None:
    """A slip of the pen is found."""
    with pytest.raises(ValueError, match="GTIN"):
        check_gtin(wrong)


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
    ],
    ids=["round", "half down to even", "half up to even", "per kg", "by the piece"],
)
def test_unit_price_is_per_kilogram_litre_or_metre(
    amount: int, value: float, unit: str, expected: tuple[int, str] | None
) -> None:
    """Directive 98/6/EC: what is sold by measure shows its price per unit."""
    assert unit_price(amount, Measurement(value=value, unit=unit)) == expected


def test_first_language_of_the_chain_wins() -> None:
    """A missing translation falls back; without any there is nothing."""
    assert choose({"en": "Pump", "de": "Pumpe"}, ["de-AT", "de", "en"]) == "Pumpe"
    assert choose({"fr": "Pompe"}, ["de", "en"]) is None


def test_every_quantity_has_a_first_unit() -> None:
    """Conversion goes through the unit whose factor is one."""
    first = {unit.quantity for unit in UNITS.values() if unit.factor == 1}

    assert first == {unit.quantity for unit in UNITS.values()}
