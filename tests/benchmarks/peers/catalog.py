"""The peer: the storefront's reads as the FastAPI and SQLAlchemy documentation teach to write them.

ORM models with eager relationships, Pydantic response models, a session a request, one transaction a session, keyset
paging, an ETag from a version column that is read alone where the caller has a copy. No middleware, no access log.
`uvicorn peers.catalog:app` serves it; `python -m peers.catalog SOURCE_URL` fills its tables from a catalog's published
entries, so that both answer with the same products.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from pydantic import BaseModel
from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI(title="Catalog")


class Base(DeclarativeBase):
    """All tables of the peer."""


class Product(Base):
    """A product with texts in several languages."""

    __tablename__ = "products"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(index=True)
    version: Mapped[int]
    key: Mapped[str]
    product_type: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    slug: Mapped[dict[str, str]] = mapped_column(JSONB)
    description: Mapped[dict[str, str | None]] = mapped_column(JSONB)
    seo: Mapped[dict[str, Any]] = mapped_column(JSONB)
    traits: Mapped[dict[str, Any]] = mapped_column(JSONB)
    channels: Mapped[list["ProductChannel"]] = relationship()
    categories: Mapped[list["ProductCategory"]] = relationship()
    media: Mapped[list["Media"]] = relationship(order_by="Media.position")
    variants: Mapped[list["Variant"]] = relationship(order_by="Variant.position")


class ProductChannel(Base):
    """A channel that shows a product."""

    __tablename__ = "product_channels"

    channel: Mapped[str] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), primary_key=True, index=True)


class ProductCategory(Base):
    """A category that a product is in."""

    __tablename__ = "product_categories"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)


class Media(Base):
    """A picture of a product."""

    __tablename__ = "media"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]
    alt: Mapped[dict[str, str | None]] = mapped_column(JSONB)


class Variant(Base):
    """One thing that can be ordered; its attributes are kept as they are shown, by language."""

    __tablename__ = "variants"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str]
    gtin: Mapped[str | None]
    attributes: Mapped[dict[str, list[dict[str, Any]]]] = mapped_column(JSONB)
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    amount: Mapped[int | None]
    currency: Mapped[str | None]


class Money(BaseModel):
    """Minor units of a currency."""

    amount: int
    currency: str


class Picture(BaseModel):
    """A picture."""

    url: str
    alt: str | None


class ProductCard(BaseModel):
    """A product as lists show it."""

    id: UUID
    key: str
    slug: str
    name: str
    media: list[Picture]
    list_price: Money | None
    variants: int


class ProductCards(BaseModel):
    """One page of products."""

    items: list[ProductCard]
    next: int | None


class ShownAttribute(BaseModel):
    """An attribute of a variant."""

    name: str
    label: str
    value: Any
    text: str | None


class ShownVariant(BaseModel):
    """One thing that can be ordered."""

    sku: str
    gtin: str | None
    attributes: list[ShownAttribute]
    content: dict[str, Any] | None
    list_price: Money | None


class Seo(BaseModel):
    """What search engines show."""

    title: str | None
    description: str | None


class ShownProduct(BaseModel):
    """A product in one language."""

    id: UUID
    key: str
    slug: str
    name: str
    locale: str
    product_type: str
    description: str | None
    categories: list[str]
    media: list[Picture]
    seo: Seo
    slugs: dict[str, str]
    variants: list[ShownVariant]
    traits: dict[str, Any]


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a session to one request."""
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


@app.get("/v1/storefront/products", response_model=ProductCards)
async def list_products(
    session: Session,
    channel: str,
    locale: str = "de",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: int | None = None,
) -> ProductCards:
    """List the products of a channel, the newest first."""
    query = (
        select(Product)
        .join(Product.channels)
        .where(ProductChannel.channel == channel)
        .order_by(Product.number.desc())
        .limit(limit)
        .options(selectinload(Product.media), selectinload(Product.variants))
    )
    if after is not None:
        query = query.where(Product.number < after)
    products = (await session.scalars(query)).all()
    return ProductCards(
        items=[card(product, locale) for product in products],
        next=products[-1].number if len(products) == limit else None,
    )


@app.get("/v1/storefront/products/{product_id}", response_model=ShownProduct)
async def read_product(  # noqa: PLR0917 - query and headers
    session: Session,
    response: Response,
    product_id: UUID,
    channel: str,
    locale: str = "de",
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """Read one product of a channel."""
    condition = Product.id == product_id, Product.channels.any(ProductChannel.channel == channel)
    if if_none_match is not None:
        version = await session.scalar(select(Product.version).where(*condition))
        if if_none_match == f'"{version}"':
            return Response(status_code=304, headers={"ETag": if_none_match})
    product = await session.scalar(
        select(Product)
        .where(*condition)
        .options(selectinload(Product.media), selectinload(Product.variants), selectinload(Product.categories))
    )
    if product is None:
        raise HTTPException(404)
    response.headers["ETag"] = f'"{product.version}"'
    return shown(product, locale)


def card(product: Product, locale: str) -> ProductCard:
    """Return a product as lists show it."""
    prices = [one for one in product.variants if one.amount is not None]
    cheapest = min(prices, key=lambda one: one.amount, default=None)
    return ProductCard(
        id=product.id,
        key=product.key,
        slug=product.slug[locale],
        name=product.name[locale],
        media=[Picture(url=one.url, alt=one.alt[locale]) for one in product.media[:1]],
        list_price=Money(amount=cheapest.amount, currency=cheapest.currency) if cheapest else None,
        variants=len(product.variants),
    )


def shown(product: Product, locale: str) -> ShownProduct:
    """Return a product in one language."""
    return ShownProduct(
        id=product.id,
        key=product.key,
        slug=product.slug[locale],
        name=product.name[locale],
        locale=locale,
        product_type=product.product_type,
        description=product.description[locale],
        categories=[one.category for one in product.categories],
        media=[Picture(url=one.url, alt=one.alt[locale]) for one in product.media],
        seo=Seo(**product.seo[locale]),
        slugs=product.slug,
        variants=[
            ShownVariant(
                sku=one.sku,
                gtin=one.gtin,
                attributes=[ShownAttribute(**each) for each in one.attributes[locale]],
                content=one.content,
                list_price=Money(amount=one.amount, currency=one.currency) if one.amount is not None else None,
            )
            for one in product.variants
        ],
        traits=product.traits,
    )


async def fill(source: str) -> None:
    """Make the tables and copy what the channel `web` of a catalog shows in German and English."""
    connection = await asyncpg.connect(source)
    rows = await connection.fetch(
        "SELECT product_id, channel, locale, body FROM entries ORDER BY id",
    )
    await connection.close()
    bodies: dict[str, dict[str, Any]] = {}
    channels: dict[str, set[str]] = {}
    for product_id, channel, locale, body in rows:
        channels.setdefault(product_id, set()).add(channel)
        bodies.setdefault(product_id, {}).setdefault(locale, json.loads(body))
    async with engine.begin() as setup:
        await setup.run_sync(Base.metadata.drop_all)
        await setup.run_sync(Base.metadata.create_all)
    async with sessions() as session:
        for number, (product_id, shown_in) in enumerate(bodies.items()):
            session.add(_product(number, shown_in, sorted(channels[product_id])))
            if number % 1000 == 999:
                await session.commit()
                session.expunge_all()
        await session.commit()


def _product(number: int, bodies: dict[str, Any], channels: list[str]) -> Product:
    bodies.setdefault("en", bodies["de"])
    one = bodies["de"]
    return Product(
        id=UUID(one["id"]),
        number=number,
        version=1,
        key=one["key"],
        product_type=one["product_type"],
        name={locale: each["name"] for locale, each in bodies.items()},
        slug=one["slugs"],
        description={locale: each["description"] for locale, each in bodies.items()},
        seo={locale: each["seo"] for locale, each in bodies.items()},
        traits=one["traits"],
        channels=[ProductChannel(channel=channel) for channel in channels],
        categories=[ProductCategory(category=category) for category in one["categories"]],
        media=[
            Media(
                position=at,
                url=picture["url"],
                alt={locale: each["media"][at]["alt"] for locale, each in bodies.items()},
            )
            for at, picture in enumerate(one["media"])
        ],
        variants=[
            Variant(
                position=at,
                sku=variant["sku"],
                gtin=variant.get("gtin"),
                attributes={locale: each["variants"][at]["attributes"] for locale, each in bodies.items()},
                content=variant.get("content"),
                amount=variant["list_price"]["amount"] if variant.get("list_price") else None,
                currency=variant["list_price"]["currency"] if variant.get("list_price") else None,
            )
            for at, variant in enumerate(one["variants"])
        ],
    )


if __name__ == "__main__":
    asyncio.run(fill(sys.argv[1]))
