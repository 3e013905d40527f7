"""Tax: net, tax and gross of a line. Where it is rounded decides about cents, so it is said and never assumed.

3 pieces of 1.08 at 19 % are 3.86 when the tax of the line is rounded, and 3.87 when the tax of one piece is.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class TaxRounding(StrEnum):
    """What is rounded to the currency's smallest unit, half to even."""

    LINE = "line"
    UNIT = "unit"


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Amounts in minor units; ``net + tax == gross``."""

    net: int
    tax: int
    gross: int


def amounts(unit: int, quantity: int, rate: Fraction, *, included: bool, rounding: TaxRounding) -> Amounts:
    """Return what a line comes to.

    :param unit: price of one piece in minor units, with the tax in it if ``included``.
    :param rate: the tax as a share of the net amount: 19/100.
    """
    of_price = rate / (1 + rate) if included else rate
    by_line = rounding is TaxRounding.LINE
    tax = round(unit * quantity * of_price) if by_line else round(unit * of_price) * quantity
    price = unit * quantity
    if included:
        return Amounts(net=price - tax, tax=tax, gross=price)
    return Amounts(net=price, tax=tax, gross=price + tax)
