"""The catalog service: its storefront, as its contract describes it."""

import time
from collections import OrderedDict
from typing import Any

from chassis.measures import Measurement
from chassis.problems import Problem
from chassis.remote import Remote

from .port import Article

_MOST_KEPT = 10_000
_MOST_TRIED = 5


class HttpCatalog:
    """Asks ``/v1/storefront`` of a catalog service, and keeps what it heard for a while.

    While the catalog cannot be asked, what was heard before is still taken: a name that is a minute old harms nobody,
    a till that does not sell does. Prices and stock are never kept: they are the shop's own.
    """

    at_once = False

    def __init__(self, remote: Remote, *, locale: str, fresh_seconds: float) -> None:
        self._remote = remote
        self._locale = locale
        self._fresh_seconds = fresh_seconds
        self._kept: OrderedDict[tuple[str, str], tuple[float, Article | None]] = OrderedDict()

    async def article(self, channel: str, sku: str, product: str | None = None) -> Article | None:
        """Return an article as the channel shows it, or nothing when it does not."""
        kept = self._kept.get((channel, sku))
        if kept is not None and time.monotonic() - kept[0] < self._fresh_seconds:
            return kept[1]
        try:
            found = await self._look_up(channel, sku, product)
        except Problem:
            if kept is None:
                raise
            return kept[1]
        self._kept[channel, sku] = (time.monotonic(), found)
        self._kept.move_to_end((channel, sku))
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    async def _look_up(self, channel: str, sku: str, product: str | None) -> Article | None:
        view: dict[str, str | int] = {"channel": channel}
        if self._locale:
            view["locale"] = self._locale
        if product is not None:
            return await self._variant(view, product, sku)
        answer = await self._remote.get("/v1/storefront/search", view | {"q": sku, "limit": _MOST_TRIED})
        if answer.status_code != 200:
            return None
        for card in answer.json()["items"]:
            if (found := await self._variant(view, card["id"], sku)) is not None:
                return found
        return None

    async def _variant(self, view: dict[str, str | int], product: str, sku: str) -> Article | None:
        answer = await self._remote.get(f"/v1/storefront/products/{product}", view)
        if answer.status_code != 200:
            return None
        shown = answer.json()
        return next((_article(shown, variant) for variant in shown["variants"] if variant["sku"] == sku), None)


def _article(product: dict[str, Any], variant: dict[str, Any]) -> Article:
    content = variant.get("content")
    return Article(
        sku=variant["sku"],
        product=product["id"],
        name=product["name"],
        # What else is said of an article is the company's own: a trait that its channel may see.
        tax_class=str(product.get("traits", {}).get("tax", {}).get("class", "standard")),
        product_group=next(iter(product["categories"]), None),
        content=None if content is None else Measurement.model_validate(content),
    )
