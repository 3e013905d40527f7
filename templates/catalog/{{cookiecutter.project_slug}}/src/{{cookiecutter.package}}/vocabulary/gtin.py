"""Global Trade Item Numbers: EAN, UPC and their kin (GS1 General Specifications, section 7.9)."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chassis.patterns import worded

_LENGTHS = (8, 12, 13, 14)
_VALUES = bytes.maketrans(b"0123456789", bytes(range(10)))


def check_gtin(text: str) -> str:
    """Return a GTIN with 8, 12, 13 or 14 digits as it is.

    :raises ValueError: when the length is another one or the check digit does not fit.
    """
    if len(text) not in _LENGTHS or not (text.isascii() and text.isdigit()):
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    # From the right, the digit beside the check digit weighs three, the next one, and so on.
    digits = text.encode().translate(_VALUES)
    expected = -(3 * sum(digits[-2::-2]) + sum(digits[-3::-2])) % 10
    if digits[-1] != expected:
        raise ValueError(f"the check digit of this GTIN would be {expected}")
    return text


Gtin = Annotated[
    str,
    AfterValidator(check_gtin),
    Field(
        min_length=8,
        max_length=14,
        pattern=worded(r"^[0-9]+$", "takes digits"),
        description="GTIN (EAN, UPC) with a right check digit",
        examples=["4006381333931"],
    ),
]
