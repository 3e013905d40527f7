"""Amounts of money as search engines read them: as decimals, and not in minor units."""

from decimal import Decimal

from chassis.codes import CURRENCIES


def decimal_text(amount: int, currency: str) -> str:
    """Write an amount of minor units as a decimal number: ``1999`` of ``EUR`` is ``19.99``, of ``JPY`` ``1999``."""
    return str(Decimal(amount).scaleb(-CURRENCIES[currency]))
