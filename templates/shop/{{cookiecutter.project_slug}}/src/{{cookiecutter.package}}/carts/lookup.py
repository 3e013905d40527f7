"""The article that a new line is about, asked for before anything is locked."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import Request
from pydantic import ValidationError

from chassis.auth import Principal
from chassis.database import Database
from chassis.problems import Problem

from ..catalog.port import Article, Catalog
from ..ports import Ports
from .schemas import LineDraft

_CHANNEL = "SELECT channel FROM carts WHERE handle = $1 AND tenant = $2 AND owner = $3"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the catalog said: an article, or nothing, or why it could not be asked."""

    article: Article | None = None
    trouble: Problem | None = None


async def look_up(request: Request) -> None:
    """Ask the catalog for the article of a new line, and leave the answer in ``request.state.answer``.

    Only whoever needs the answer hears of trouble: what is in the cart already gets more without it.
    """
    ports: Ports = request.app.state.ports
    request.state.answer = None if ports.catalog.at_once else await _answer(request, ports.catalog)


async def _answer(request: Request, catalog: Catalog) -> Answer | None:
    database: Database = request.app.state.database
    caller: Principal = request.state.principal
    try:
        cart, draft = UUID(request.path_params["cart_id"]), LineDraft.model_validate(await request.json())
    except (ValueError, ValidationError):
        return None  # the endpoint says what is wrong with it
    rows = await database.fetch(_CHANNEL, cart.hex, caller.tenant, caller.subject)
    if not rows:
        return None
    try:
        return Answer(article=await catalog.article(rows[0][0], draft.sku, draft.product))
    except Problem as trouble:
        return Answer(trouble=trouble)


async def article_of(catalog: Catalog, channel: str, draft: LineDraft, answer: Answer | None) -> Article | None:
    """Return the article of a new line, or nothing when the channel does not sell it.

    :raises Problem: 503 or 504 when the catalog could not be asked.
    """
    if answer is None:
        return await catalog.article(channel, draft.sku, draft.product)
    if answer.trouble is not None:
        raise answer.trouble
    return answer.article
