"""The catalog service, asked over HTTP as its contract says."""

from typing import Any

import httpx
import pytest

from chassis.measures import Measurement
from chassis.problems import Problem
from chassis.remote import Remote

from ..http import HttpCatalog
from ..port import Article

PUMP: dict[str, Any] = {
    "id": "0190a5e0-0000-7000-8000-000000000000",
    "name": "Umwälzpumpe C40",
    "categories": ["pumps"],
    "variants": [{"sku": "C40-115V"}, {"sku": "C40-230V", "content": {"value": 2.5, "unit": "kg"}}],
    "traits": {"tax": {"class": "reduced"}},
}
FOUND = Article(
    sku="C40-230V",
    product=PUMP["id"],
    name="Umwälzpumpe C40",
    tax_class="reduced",
    product_group="pumps",
    content=Measurement(value=2.5, unit="kg"),
)


class Service:
    """A catalog service that knows one pump, and can be switched off."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.away = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as the storefront does."""
        self.paths.append(request.url.path)
        if self.away:
            raise httpx.ConnectError("away", request=request)
        assert request.url.params["channel"] == "web"
        if request.url.path == "/v1/storefront/search":
            found = [{"id": PUMP["id"]}] if request.url.params["q"].startswith("C40") else []
            return httpx.Response(200, json={"items": found})
        if request.url.path.rpartition("/")[2] in (PUMP["id"], "pumpe-c40"):
            return httpx.Response(200, json=PUMP)
        return httpx.Response(404)

    def catalog(self, fresh_seconds: float = 60) -> HttpCatalog:
        """Return a client of this service."""
        client = httpx.AsyncClient(base_url="http://catalog", transport=httpx.MockTransport(self))
        return HttpCatalog(Remote("The catalog", client), locale="de", fresh_seconds=fresh_seconds)


async def test_article_is_found_by_its_sku() -> None:
    """By search, when nobody knows its product; what is like it is not it."""
    service = Service()
    catalog = service.catalog()

    assert await catalog.article("web", "C40-230V") == FOUND
    assert await catalog.article("web", "C40") is None
    assert await catalog.article("web", "X1") is None


async def test_product_spares_the_search() -> None:
    """A touchpoint that shows the product knows it."""
    service = Service()

    assert await service.catalog().article("web", "C40-230V", "pumpe-c40") == FOUND
    assert service.paths == ["/v1/storefront/products/pumpe-c40"]
    assert await service.catalog().article("web", "C40-230V", "unknown") is None


async def test_article_is_asked_for_once_in_a_while() -> None:
    """And taken as it was while the catalog is away; what nobody ever heard of cannot be sold then."""
    service = Service()
    kept, stale = service.catalog(), service.catalog(fresh_seconds=0)
    assert [await kept.article("web", "C40-230V") for _ in range(3)] == [FOUND] * 3
    assert await stale.article("web", "C40-230V") == FOUND
    assert len(service.paths) == 4
    service.away = True

    assert await stale.article("web", "C40-230V") == FOUND
    with pytest.raises(Problem) as raised:
        await stale.article("web", "C40-115V")
    assert raised.value.status == 503
