"""How many decimals a currency has (ISO 4217, list one): amounts are minor units, search engines read decimals."""

from decimal import Decimal

_WITHOUT = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
}  # fmt: skip
_THREE = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
_FOUR = {"CLF", "UYW"}
_DECIMALS = dict.fromkeys(_WITHOUT, 0) | dict.fromkeys(_THREE, 3) | dict.fromkeys(_FOUR, 4)
"""Those that have not two."""


def decimal_text(amount: int, currency: str) -> str:
    """Write an amount of minor units as a decimal number: ``1999`` of ``EUR`` is ``19.99``, of ``JPY`` ``1999``."""
    return str(Decimal(amount).scaleb(-_DECIMALS.get(currency, 2)))
