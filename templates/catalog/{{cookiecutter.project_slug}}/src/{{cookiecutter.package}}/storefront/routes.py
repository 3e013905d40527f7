"""The storefront over HTTP: public reads, answered with bytes that were prepared at publication."""

import hashlib
import json
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any
from xml.sax.saxutils import escape

from fastapi import Header, Path, Query, Request, Response
from pydantic import StringConstraints

from chassis.database import Database
from chassis.operation import public
from chassis.paging import PageRequest
from chassis.patterns import worded
from chassis.preconditions import is_fresh
from chassis.prepared import prepared_router
from chassis.problems import Problem
from chassis.values import Key, Locale

from ..search.index import index_of
from ..vocabulary.moments import moment
from ..vocabulary.names import Name
from . import facets, reading
from .reading import Question, View
from .schemas import CategoryTree, ProductCards, RelatedProducts, SearchResult, StorefrontProduct
from .searching import Asked, search
from .tree import tree

router = prepared_router("/v1/storefront", tag="storefront")

JSON, LINKED_DATA = "application/json", "application/ld+json"
_TAG_ALONE = "e.etag, e.visible_until"
_SECONDS = 60
_SITEMAP_PART = 10_000
_WEIGHT = re.compile(r"[01](\.[0-9]{0,3})?")

ChannelKey = Annotated[Key, Query(description="the touchpoint that asks")]
Language = Annotated[
    Locale | None, Query(description="the language wanted; the channel's best fitting one is taken, else its default")
]
Category = Annotated[Key | None, Query(description="only products in this category or below")]
Filters = Annotated[
    list[
        Annotated[
            str,
            StringConstraints(
                pattern=worded(reading.FILTER, "takes an attribute, a colon and a value, such as `material:brass`"),
                max_length=560,
            ),
        ]
    ],
    Query(
        alias="filter",
        max_length=20,
        description=(
            "`attribute:value,value` or `attribute:from..to`; repeat it for several attributes. A comma that belongs to"
            " a value follows a backslash"
        ),
        examples=[["material:steel,bronze", "max_head:4..10"]],
    ),
]
IdOrSlug = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        pattern=worded(r"^[a-z0-9-]+$", "takes an id or a slug: lower-case letters (a to z), digits and `-`"),
        description="the product's id, or its slug",
    ),
]
Copy = Annotated[str | None, Header(alias="If-None-Match", description="ETag of the copy at hand: 304 if still fresh")]


class Sort(StrEnum):
    """Orders of a list; products without a price come last in both orders by price."""

    NEWEST = "newest"
    NAME = "name"
    PRICE = "price"
    PRICE_DESCENDING = "-price"


@router.get("/products", summary="List published products", response_model=ProductCards, responses={404: {}})
@public
async def list_storefront_products(
    request: Request,
    page: PageRequest,
    channel: ChannelKey,
    locale: Language = None,
    category: Category = None,
    wanted: Filters = [],  # noqa: B006 - never changed; FastAPI shows it in the contract
    sort: Annotated[Sort, Query(description="what comes first")] = Sort.NEWEST,
    copy: Copy = None,
) -> Response:
    """List what the channel shows, as cards."""
    database = _database(request)
    view = await _view(database, channel, locale)
    filters = await facets.existing(database, view, reading.filters(wanted))
    question = Question(view=view, category=category, filters=filters)
    found = await reading.cards(database, question, sort=sort, limit=page.limit, position=page.position)
    body = b'{"items":[' + b",".join(found.cards) + b"]"
    if found.position is not None:
        body += b',"next":"' + page.cursor(found.position).encode() + b'"'
    return _cacheable(body + b"}", copy)


@router.get(
    "/products/{id_or_slug}",
    summary="Read a published product",
    response_model=StorefrontProduct,
    responses={200: {"content": {LINKED_DATA: {"schema": {"type": "object"}}}}},
)
@public
async def read_storefront_product(
    request: Request,
    id_or_slug: IdOrSlug,
    channel: ChannelKey,
    locale: Language = None,
    accept: Annotated[str, Header(description="`application/ld+json` for schema.org's words")] = JSON,
    copy: Copy = None,
) -> Response:
    """Read one product as the channel shows it, by its id or by its slug in the language asked for."""
    database = _database(request)
    linked = _wants_linked_data(accept)
    # The copy at hand is most often fresh: then the tag alone is read.
    whole = f"{_TAG_ALONE}, {'e.linked_data' if linked else 'e.body'}"
    view, row = await _entry(database, channel, locale, id_or_slug, _TAG_ALONE if copy else whole)
    headers = _product_headers(view, row, linked=linked)
    if copy:
        if is_fresh(copy, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        # As of now and with its tag: something else may have been published since that was asked for.
        view = reading.present(view.channel, view.locale)
        found = await reading.product(database, view, id_or_slug, whole)
        if found is None:
            raise _gone()
        row, headers = found, _product_headers(view, found, linked=linked)
    return Response(bytes(row[2]), media_type=LINKED_DATA if linked else JSON, headers=headers)


@router.get(
    "/products/{id_or_slug}/related",
    summary="List related products",
    response_model=RelatedProducts,
    responses={404: {}},
)
@public
async def list_related_products(
    request: Request, id_or_slug: IdOrSlug, channel: ChannelKey, locale: Language = None, copy: Copy = None
) -> Response:
    """List the products that one refers to, as far as the channel shows them."""
    database = _database(request)
    view, row = await _entry(database, channel, locale, id_or_slug, "e.id")
    items = [
        b'{"relation":"' + relation.encode() + b'","product":' + bytes(card) + b"}"
        for relation, card in await reading.related(database, view, row[0])
    ]
    return _cacheable(b'{"items":[' + b",".join(items) + b"]}", copy)


@router.get("/search", summary="Search published products", response_model=SearchResult, responses={404: {}})
@public
async def search_products(
    request: Request,
    page: PageRequest,
    channel: ChannelKey,
    q: Annotated[str, Query(max_length=200, description="words, or their beginnings; slips are forgiven")] = "",
    locale: Language = None,
    category: Category = None,
    wanted: Filters = [],  # noqa: B006 - as above
    facet: Annotated[
        list[Name], Query(max_length=20, description="attributes to count; left out: all searchable ones")
    ] = [],  # noqa: B006 - as above
    copy: Copy = None,
) -> Response:
    """Find products by words, narrowed by category and attributes, and count what tells them apart.

    Names count more than attributes, these more than descriptions. Without words everything is found, the newest
    first. The counts of an attribute are not narrowed by its own filter.
    """
    database = _database(request)
    chain = await reading.language(database, channel, locale)
    match = await index_of(database).match(database, q)
    if q.strip() and match is None:
        return _cacheable(b'{"items":[],"total":0,"facets":[]}', copy)
    view = reading.present(channel, chain[0])
    filters = await facets.existing(database, view, reading.filters(wanted))
    question = Question(view=view, category=category, filters=filters, match=match)
    asked = Asked(question=question, facets=facet, limit=page.limit, position=page.position)
    found = await search(database, request.app.state.search_indexes, asked)
    shown = await facets.shown(database, view, chain, found.counts.facets)
    body = b'{"items":[' + b",".join(found.page.cards) + b'],"total":%d' % found.counts.total
    body += b',"facets":' + _dump(shown)
    if found.page.position is not None:
        body += b',"next":"' + page.cursor(found.page.position).encode() + b'"'
    return _cacheable(body + b"}", copy)


@router.get("/categories", summary="Read the category tree", response_model=CategoryTree, responses={404: {}})
@public
async def read_category_tree(
    request: Request, channel: ChannelKey, locale: Language = None, copy: Copy = None
) -> Response:
    """Read the categories in which the channel shows products, nested and in their order."""
    database = _database(request)
    chain = await reading.language(database, channel, locale)
    items = await tree(database, reading.present(channel, chain[0]), chain)
    return _cacheable(_dump({"items": items}), copy)


@router.get(
    "/sitemap",
    summary="Read the sitemap",
    responses={200: {"content": {"application/xml": {"schema": {"type": "string"}}}}, 404: {}},
    response_class=Response,
)
@public
async def read_sitemap(
    request: Request,
    channel: ChannelKey,
    locale: Language = None,
    part: Annotated[int, Query(ge=1, le=1000, description="ten thousand products a part; ask until one is empty")] = 1,
    copy: Copy = None,
) -> Response:
    """List the URLs of what the channel shows, as search engines read it (sitemaps.org, protocol 0.9)."""
    database = _database(request)
    chain = await reading.language(database, channel, locale)
    site = next(iter(await database.fetch("SELECT site FROM channels WHERE key = $1", channel)), (None,))[0]
    if site is None:
        raise Problem(404, "no-site", "The channel has no site to build URLs from.")
    statement = reading.Statement()
    where = statement.visible(reading.present(channel, chain[0]))
    rows = await database.fetch(
        f"SELECT e.slug, e.visible_from FROM entries e WHERE {where} ORDER BY e.id LIMIT {_SITEMAP_PART}"  # noqa: S608 - our own words and placeholders
        f" OFFSET {(part - 1) * _SITEMAP_PART}",
        *statement.parameters,
    )
    urls = "".join(
        f"<url><loc>{escape(site.rstrip('/'))}/{slug}</loc><lastmod>{moment(begin):%Y-%m-%dT%H:%M:%SZ}</lastmod></url>"
        for slug, begin in rows
    )
    text = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'
    return _cacheable(text.encode(), copy, media_type="application/xml")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _view(database: Database, channel: str, locale: str | None) -> View:
    chain = await reading.language(database, channel, locale)
    return reading.present(channel, chain[0])


async def _entry(
    database: Database, channel: str, locale: str | None, id_or_slug: str, columns: str
) -> tuple[View, Sequence[Any]]:
    """Read a product; only when the language asked for is not one of the channel's, look which one fits."""
    if locale is not None:
        view = reading.present(channel, locale)
        if (row := await reading.product(database, view, id_or_slug, columns)) is not None:
            return view, row
    # Looked for twice, each time as of now: a look that waited while one version took another's place saw neither.
    for _ in range(2 if locale is None else 1):
        view = await _view(database, channel, locale)
        if (row := await reading.product(database, view, id_or_slug, columns)) is not None:
            return view, row
    raise _gone()


def _wants_linked_data(accept: str) -> bool:
    """Tell whether a caller would rather have JSON-LD than JSON (RFC 9110, section 12.5.1)."""
    if LINKED_DATA not in accept.lower():
        return False
    weights: dict[str, float] = {}
    for each in accept.lower().split(","):
        media_range, *parameters = (part.strip() for part in each.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        weights[media_range] = float(weight) if _WEIGHT.fullmatch(weight) else 1.0
    linked = weights.get(LINKED_DATA, 0.0)
    return linked > 0 and linked >= weights.get(JSON, 0.0)


def _gone() -> Problem:
    return Problem(404, "not-found", "There is no such product.")


def _product_headers(view: View, row: Sequence[Any], *, linked: bool) -> dict[str, str]:
    tag = f'"{row[0]}-ld"' if linked else f'"{row[0]}"'
    seconds = min(_SECONDS, max(0, (row[1] - view.moment) // 1_000_000))
    return {"ETag": tag, "Cache-Control": f"public, max-age={seconds}", "Vary": "Accept"}


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _cacheable(body: bytes, copy: str | None, *, media_type: str = JSON) -> Response:
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={_SECONDS}"}
    if copy and is_fresh(copy, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)
