"""Working out what touchpoints must show beside a price."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, now
from chassis.measures import unit_price
from chassis.problems import FieldError, Problem

from ..carts.appraisal import rate_of
from ..carts.service import Buyer, terms_of
from ..catalog.port import Article
from ..channels.models import ChannelRow
from ..prices.rules import Priced, Situation, Wanted
from ..prices.tax import TaxRounding, amounts
from ..vocabulary.percent import share
from .schemas import PricePerMeasure, Quote, QuoteRequest, Quotes


async def quote(database: Database, buyer: Buyer, asked: QuoteRequest) -> Quotes:
    """Price articles for a buyer. The catalog is asked first: nobody waits for it with a connection in hand.

    :raises Problem: 422 when the channel is not there or does not sell an article.
    """
    articles = [await _article(buyer, asked, index) for index in range(len(asked.lines))]
    async with database.reading() as session:
        return await _priced(session, buyer, asked, articles)


async def _priced(session: AsyncSession, buyer: Buyer, asked: QuoteRequest, articles: Sequence[Article]) -> Quotes:
    terms = await terms_of(session, buyer, asked.channel)
    channel, tenant = terms.channel, buyer.caller.tenant
    situation = Situation(
        channel=channel.key,
        customer=terms.customer,
        customer_group=terms.customer_group,
        currency=channel.currency,
        moment=now(),
        codes=frozenset(asked.codes),
    )
    wanted = [Wanted(sku=line.sku, quantity=line.quantity) for line in asked.lines]
    lines = []
    for article, priced in zip(articles, await terms.pricing.price(session, tenant, situation, wanted), strict=True):
        reduced = priced.unit is not None and channel.prices_include_tax
        lowest = await terms.pricing.lowest_before(session, tenant, situation, article.sku) if reduced else None
        lines.append(_quote(article, priced, channel, asked.country or channel.country, lowest))
    return Quotes(currency=channel.currency, prices_include_tax=channel.prices_include_tax, lines=lines)


async def _article(buyer: Buyer, asked: QuoteRequest, index: int) -> Article:
    line = asked.lines[index]
    article = await buyer.ports.catalog.article(asked.channel, line.sku, line.product)
    if article is None:
        detail = f"The channel {asked.channel} does not sell {line.sku}."
        at = FieldError(pointer=f"/lines/{index}/sku", parameter=None, detail=detail)
        raise Problem(422, "unknown-article", detail, errors=[at])
    return article


def _quote(article: Article, priced: Priced, channel: ChannelRow, country: str, lowest: int | None) -> Quote:
    percent = rate_of(channel, country, article.tax_class)
    one = whole = None
    if priced.unit is not None and percent is not None:
        one, whole = (
            amounts(
                priced.unit,
                quantity,
                share(percent),
                included=channel.prices_include_tax,
                rounding=TaxRounding(channel.tax_rounding),
                reduction=reduction,
            )
            for quantity, reduction in ((1, 0), (priced.quantity, priced.reduction))
        )
    measured = None
    if one is not None and article.content is not None and (found := unit_price(one.gross, article.content)):
        measured = PricePerMeasure(amount=found[0], unit=found[1])
    return Quote(
        sku=article.sku,
        name=article.name,
        quantity=priced.quantity,
        unit_price=priced.unit,
        gross_unit_price=one.gross if one else None,
        tax_percent=percent,
        reduction=priced.reduction,
        gross=whole.gross if whole else None,
        per_measure=measured,
        lowest_before=lowest,
        explanation=priced.explanation,
    )
