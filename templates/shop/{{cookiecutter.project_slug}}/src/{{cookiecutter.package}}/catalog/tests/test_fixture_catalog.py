"""A catalog without a catalog."""

import json
from pathlib import Path

from ..fixture import FixtureCatalog
from ..port import Article


async def test_articles_of_a_file_are_all_there_are(tmp_path: Path) -> None:
    """What the file does not know is not sold."""
    path = tmp_path / "articles.json"
    path.write_text(json.dumps([{"sku": "B1", "product": "beans", "name": "Beans", "tax_class": "reduced"}]))
    catalog = FixtureCatalog(path)

    assert await catalog.article("web", "B1") == Article(sku="B1", product="beans", name="Beans", tax_class="reduced")
    assert await catalog.article("web", "B2") is None


async def test_without_a_file_everything_is_an_article() -> None:
    """A shop can be tried before there is anything else."""
    assert await FixtureCatalog(None).article("web", "C40") == Article(sku="C40", product="C40", name="C40")
