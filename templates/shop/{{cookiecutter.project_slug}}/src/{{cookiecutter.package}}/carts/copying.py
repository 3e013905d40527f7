"""A new cart of what was ordered: for another card after a payment was declined, or to buy the same once more."""

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import Database
from chassis.problems import FieldError, Problem

from ..agreements import service as agreements
from . import appraisal, service
from .agreed import Articles, ask
from .models import CartRow
from .schemas import CartCopy, CartDraft
from .service import Buyer


async def look_up_ordered(request: Request) -> None:
    """Ask the catalog for the articles of the cart that is copied, before anything is locked.

    They are left in ``request.state.articles``, or the trouble there was: a repeated request needs neither.
    """
    request.state.articles = {}
    try:
        asked = CartCopy.model_validate(await request.json())
    except ValidationError:
        return  # the endpoint says what is wrong with it
    database: Database = request.app.state.database
    caller: Principal = request.state.principal
    query = select(CartRow.channel, CartRow.lines).where(
        CartRow.id == asked.cart, CartRow.tenant == caller.tenant, CartRow.owner == caller.subject
    )
    async with database.reading() as session:
        found = (await session.execute(query)).one_or_none()
    if found is None:
        return
    channel, lines = found
    wanted = {line["sku"]: line["product"] for line in lines}
    request.state.articles = await ask(request.app.state.ports.catalog, channel, wanted)


async def copy(session: AsyncSession, buyer: Buyer, asked: CartCopy, articles: Articles | Problem) -> CartRow:
    """Fill a new cart of the buyer with what was ordered, at the prices of this moment.

    What was decided about the other one does not count for it: an approval is for one order. Nor do agreed prices, once
    they were ordered by.

    :param articles: what the catalog says about them now, or why it could not be asked.
    :raises Problem: 404 when the buyer has no such cart, 409 when it was not ordered, or followed an agreement that can
        still be ordered by, as after a declined payment; 422 when its channel sells an article of it no more, 503 or
        504 when the catalog could not be asked.
    """
    source = await service.find(session, buyer.caller, asked.cart)
    if source.state != "ordered":
        raise Problem(409, "not-ordered", f"A cart that is {source.state} is not copied; one that was ordered is.")
    if source.agreement_id is not None and await agreements.is_open(session, source.tenant, source.agreement_id):
        detail = "What was agreed is ordered again with a new cart that names the agreement."
        raise Problem(409, "agreement-binds", detail, extra={"agreement": str(source.agreement_id)})
    if isinstance(articles, Problem):
        raise articles
    lines = []
    for line in source.lines:
        article = articles.get(line["sku"])
        if article is None:
            detail = f"The channel {source.channel} does not sell {line['sku']} any more."
            at = FieldError(pointer="/cart", parameter=None, detail=detail)
            raise Problem(422, "unknown-article", detail, errors=[at])
        lines.append(appraisal.new_line(article, line["quantity"]))
    draft = CartDraft(
        channel=source.channel,
        country=source.country,
        business_unit=source.business_unit,
        campaign=source.campaign,
        codes=list(source.codes),
    )
    row = await service.create(session, buyer, draft)
    await service.fill(session, buyer, row, lines)
    return row
