"""A cart of an agreement: what was agreed, at the prices that were, and nothing else."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Database
from chassis.problems import FieldError, Problem

from ..agreements import service as agreements
from ..agreements.models import AgreementRow
from ..catalog.port import Article, Catalog
from ..channels.models import ChannelRow
from . import appraisal
from .schemas import CartDraft

Articles = Mapping[str, Article | None]
"""What the catalog says about articles, by SKU."""


async def look_up_agreed(request: Request) -> None:
    """Ask the catalog for the articles of the agreement that a new cart follows, before anything is locked.

    They are left in ``request.state.articles``, or the trouble there was: a repeated request needs neither.
    """
    request.state.articles = {}
    try:
        draft = CartDraft.model_validate(await request.json())
    except ValidationError:
        return  # the endpoint says what is wrong with it
    if draft.agreement is None:
        return
    database: Database = request.app.state.database
    caller: Principal = request.state.principal
    async with database.reading() as session:
        try:
            row = await agreements.find(session, caller, draft.agreement)
        except Problem:
            return  # the endpoint says so, or repeats what it answered when there was one
    wanted = {line["sku"]: None for line in row.lines}
    request.state.articles = await ask(request.app.state.ports.catalog, draft.channel, wanted)


async def ask(catalog: Catalog, channel: str, wanted: Mapping[str, str | None]) -> Articles | Problem:
    """Return what the catalog says about some articles, or why it could not be asked.

    :param wanted: their products, where these are known, by SKU.
    """
    try:
        found = await asyncio.gather(*(catalog.article(channel, sku, product) for sku, product in wanted.items()))
    except Problem as trouble:
        return trouble
    return dict(zip(wanted, found, strict=True))


async def lines_of(
    session: AsyncSession, caller: Principal, channel: ChannelRow, agreement_id: UUID, articles: Articles | Problem
) -> tuple[AgreementRow, list[dict[str, Any]]]:
    """Return an agreement and the lines of a cart that follows it, with their prices and without their taxes.

    :raises Problem: 422 when the account has no such agreement, when the channel has another currency, shows prices in
        the other way about tax, or sells an article no more; 409 when nothing can be ordered by it any more; 503 or
        504 when the catalog could not be asked.
    """
    row = await agreements.find(session, caller, agreement_id)
    if (channel.currency, channel.prices_include_tax) != (row.currency, row.prices_include_tax):
        tax = "with" if row.prices_include_tax else "before"
        raise _unfit(f"Agreed prices are {tax} tax, in {row.currency}; those of the channel {channel.key} are not.")
    if isinstance(articles, Problem):
        raise articles
    lines = []
    for agreed in row.lines:
        article = articles.get(agreed["sku"])
        if article is None:
            raise _unfit(f"The channel {channel.key} does not sell {agreed['sku']}.")
        lines.append(appraisal.new_line(article, agreed["quantity"]) | {"agreed": agreed["unit_price"]})
    return row, lines


def _unfit(detail: str) -> Problem:
    at = FieldError(pointer="/channel", parameter=None, detail=detail)
    return Problem(422, "unfit-agreement", detail, errors=[at])


def refuse_change(agreement_id: UUID | None) -> None:
    """Refuse to change what was agreed.

    :raises Problem: 409 when there is an agreement.
    """
    if agreement_id is not None:
        raise Problem(409, "agreement-binds", "What was agreed is not changed; buy other things with another cart.")
