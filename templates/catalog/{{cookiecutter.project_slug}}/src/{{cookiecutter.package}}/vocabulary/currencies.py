"""How many decimals a currency has (ISO 4217): amounts are whole minor units, search engines read decimals."""

from decimal import Decimal

_WITHOUT = {
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
}  # fmt: skip
_THREE = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}


def decimal_text(amount: int, currency: str) -> str:
    """Write an amount of minor units as a decimal number: ``1999`` of ``EUR`` is ``19.99``, of ``JPY`` ``1999``."""
    decimals = 0 if currency in _WITHOUT else 3 if currency in _THREE else 2
    return str(Decimal(amount).scaleb(-decimals))
