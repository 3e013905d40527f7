"""What the shop asks of a catalog, whoever answers."""

from dataclasses import dataclass
from typing import Protocol

from chassis.measures import Measurement


@dataclass(frozen=True, kw_only=True)
class Article:
    """Something that can be sold.

    ``product`` names the product that it is a variant of; ``product_group`` is the category that sales are credited by.
    ``content``: what one piece contains, for the price per kilogram or litre.
    """

    sku: str
    product: str
    name: str
    tax_class: str = "standard"
    product_group: str | None = None
    content: Measurement | None = None


class Catalog(Protocol):
    """Where articles are looked up.

    ``at_once``: whether it answers without waiting for anybody.
    """

    at_once: bool

    async def article(self, channel: str, sku: str, product: str | None = None) -> Article | None:
        """Return an article as the channel shows it, or nothing when it does not.

        :param product: id or slug of its product, where the caller knows it; spares the catalog a search.
        :raises Problem: 503 or 504 when the catalog cannot be asked.
        """
        ...
