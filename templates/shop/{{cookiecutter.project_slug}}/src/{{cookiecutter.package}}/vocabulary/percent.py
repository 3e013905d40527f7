"""Percentages: exact decimals, written as text so that no float comes near money."""

from fractions import Fraction
from typing import Annotated

from pydantic import StringConstraints
from pydantic.fields import Field

from chassis.patterns import worded

Percent = Annotated[
    str,
    StringConstraints(
        pattern=worded(
            r"^(0|[1-9][0-9]?|100)(\.[0-9]{1,3})?$",
            "takes a number from 0 to 100 with at most three decimals, such as `12.5`",
        ),
        max_length=7,
    ),
    Field(description="percent, an exact decimal as text", examples=["19"]),
]


def share(percent: str) -> Fraction:
    """Return what a percentage is of one: ``"19"`` is 19/100."""
    return Fraction(percent) / 100
