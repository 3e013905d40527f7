"""Article numbers and languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..currencies import decimal_text
from ..gtin import check_gtin
from ..localized import choose


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


def test_first_language_of_the_chain_wins() -> None:
    """A missing translation falls back; without any there is nothing."""
    assert choose({"en": "Pump", "de": "Pumpe"}, ["de-AT", "de", "en"]) == "Pumpe"
    assert choose({"fr": "Pompe"}, ["de", "en"]) is None


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (1999, "EUR", "19.99"),
        (5, "EUR", "0.05"),
        (1999, "JPY", "1999"),
        (1999, "KWD", "1.999"),
        (100, "CHF", "1.00"),
        (1, "CLF", "0.0001"),
    ],
)
def test_amounts_are_written_with_the_currencys_decimals(amount: int, currency: str, expected: str) -> None:
    """ISO 4217: most currencies have two, some none, three or four."""
    assert decimal_text(amount, currency) == expected
