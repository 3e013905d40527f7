"""A catalog without a catalog: articles from a file, or whatever is asked for. For a shop that stands alone."""

import json
from pathlib import Path
from typing import Any

from chassis.measures import Measurement

from .port import Article


class FixtureCatalog:
    """Articles of a JSON file: ``[{"sku": "C40", "product": "c40", "name": "Pump", "tax_class": "standard", …}]``.

    Without a file every SKU is an article of the standard tax class, called what its SKU is.
    """

    at_once = True

    def __init__(self, path: Path | None) -> None:
        """Read the file, if there is one.

        :raises ValueError: when it holds something else.
        """
        entries: list[dict[str, Any]] = [] if path is None else json.loads(path.read_text(encoding="utf-8"))
        self._any = path is None
        self._articles = {each["sku"]: _article(each) for each in entries}

    async def article(self, channel: str, sku: str, product: str | None = None) -> Article | None:  # noqa: ARG002 - the port's signature; here every channel shows the same
        """Return the article of the file; every channel shows all of them."""
        found = self._articles.get(sku)
        return Article(sku=sku, product=sku, name=sku) if found is None and self._any else found


def _article(entry: dict[str, Any]) -> Article:
    content = entry.get("content")
    return Article(**entry | {"content": Measurement.model_validate(content) if content else None})
