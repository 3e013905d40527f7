"""The domain: what is sold, and how it is described. One folder a resource."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from chassis.domain import Domain

from .assortments.routes import router as assortments
from .categories import events as category_events
from .categories.routes import router as categories
from .channels.routes import router as channels
from .imports import events as import_events
from .imports.routes import router as imports
from .imports.worker import work as import_products
from .product_types import events as product_type_events
from .product_types.routes import router as product_types
from .products import events as product_events
from .products.routes import router as products
from .publications import events as publication_events
from .publications import worker as publication_worker
from .publications.routes import router as publications
from .settings import CatalogSettings
from .storefront.live import LiveIndexes
from .storefront.routes import router as storefront


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: CatalogSettings = app.state.settings
    async with LiveIndexes(app.state.database, settings.search_memory_entries).opened() as app.state.search_indexes:
        yield


DOMAIN = Domain(
    settings=CatalogSettings,
    lifespan=_lifespan,
    routers=(storefront, product_types, categories, products, publications, channels, assortments, imports),
    events=(
        product_type_events.CHANGED,
        category_events.CHANGED,
        product_events.CHANGED,
        publication_events.PUBLISHED,
        publication_events.UNPUBLISHED,
        import_events.FINISHED,
    ),
    workers=(import_products, *publication_worker.WORKERS),
    scopes={
        "catalog:read": "read the catalog as it is being worked on",
        "catalog:write": "change and publish the catalog",
    },
    tags={
        "storefront": "What touchpoints show: public, cacheable, and only what is published for them.",
        "product types": "Which attributes the products of a kind have.",
        "categories": "The tree in which products are found.",
        "products": "Products and their variants, as they are being worked on.",
        "publications": "What is frozen for touchpoints, and when they see it.",
        "channels": "The touchpoints, their languages and currency.",
        "assortments": "Which products a channel may see, and when.",
        "imports": "Many products at once, from a file of another system.",
    },
)
