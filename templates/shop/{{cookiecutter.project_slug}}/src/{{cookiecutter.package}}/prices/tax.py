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


def amounts(  # noqa: PLR0913 - what a line and its tax are made of
    unit: int, quantity: int, rate: Fraction, *, included: bool, rounding: TaxRounding, reduction: int = 0
) -> Amounts:
    """Return what a line comes to.

    :param unit: price of one piece in minor units, with the tax in it if ``included``.
    :param reduction: taken off the whole line. Where the tax of one piece is rounded, some pieces cost a cent less then
        than others.
    :param rate: the tax as a share of the net amount: 19/100.
    """
    of_price = rate / (1 + rate) if included else rate
    price = unit * quantity - reduction
    if rounding is TaxRounding.LINE:
        tax = round(price * of_price)
    else:
        each, dearer = divmod(price, quantity)
        tax = round(each * of_price) * (quantity - dearer) + round((each + 1) * of_price) * dearer
    if included:
        return Amounts(net=price - tax, tax=tax, gross=price)
    return Amounts(net=price, tax=tax, gross=price + tax)
