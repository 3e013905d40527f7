"""The ports of the shop, plugged as the settings say: what is embedded today may be a service of its own tomorrow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from chassis.clients import service_client
from chassis.remote import Remote

from .catalog.fixture import FixtureCatalog
from .catalog.http import HttpCatalog
from .catalog.port import Catalog
from .prices.embedded import EmbeddedPricing
from .prices.port import Pricing
from .settings import ShopSettings


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Whom the shop asks."""

    catalog: Catalog
    pricing: Pricing


@asynccontextmanager
async def plugged(app: FastAPI) -> AsyncIterator[None]:
    """Open the ports for as long as the app serves."""
    settings: ShopSettings = app.state.settings
    pricing = EmbeddedPricing()
    if not settings.catalog_url:
        path = Path(settings.catalog_fixture) if settings.catalog_fixture else None
        app.state.ports = Ports(catalog=FixtureCatalog(path), pricing=pricing)
        yield
        return
    async with service_client(settings.catalog_url, seconds=settings.catalog_seconds) as client:
        remote = Remote("The catalog", client, seconds=settings.catalog_seconds)
        catalog = HttpCatalog(remote, locale=settings.catalog_locale, fresh_seconds=settings.catalog_fresh_seconds)
        app.state.ports = Ports(catalog=catalog, pricing=pricing)
        yield


async def _ports(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


Plugged = Annotated[Ports, Depends(_ports)]
