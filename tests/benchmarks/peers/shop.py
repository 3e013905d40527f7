"""The peer: a cart's read and its new line as the FastAPI and SQLAlchemy documentation teach to write them.

ORM models with relationships, Pydantic response models, a session a request, one transaction a session, a token that is
checked with each request. It does the same work: every line is priced anew from lists with tiers and from discounts,
taxed, explained and stored. No middleware, no access log. `uvicorn peers.shop:app` serves it;
`python -m peers.shop TERMS` makes its tables with what the JSON object says, and prints a token and the carts' ids.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID, uuid4

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import DateTime, ForeignKey, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, selectinload

SIGNED_WITH = "of-this-measurement-and-nothing-else"
engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI(title="Shop")
bearer = HTTPBearer()


class Base(DeclarativeBase):
    """All tables of the peer."""

    type_annotation_map = {datetime: DateTime(timezone=True), dict[str, Any]: JSONB, list[Any]: JSONB}  # noqa: RUF012 - SQLAlchemy's declared way to map types


class Channel(Base):
    """A touchpoint that sells."""

    __tablename__ = "channels"

    key: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str]
    prices_include_tax: Mapped[bool]
    tax_rates: Mapped[list[Any]]


class Customer(Base):
    """Which group somebody belongs to."""

    __tablename__ = "customers"

    reference: Mapped[str] = mapped_column(primary_key=True)
    customer_group: Mapped[str | None]


class PriceList(Base):
    """A price list."""

    __tablename__ = "price_lists"

    key: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str | None]
    customer_group: Mapped[str | None]
    currency: Mapped[str]
    prices: Mapped[list["Price"]] = relationship()


class Price(Base):
    """What an article costs in a list."""

    __tablename__ = "prices"

    list_key: Mapped[str] = mapped_column(ForeignKey("price_lists.key"), primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True, index=True)
    tiers: Mapped[list[Any]]


class Discount(Base):
    """A rule that lowers prices."""

    __tablename__ = "discounts"

    key: Mapped[str] = mapped_column(primary_key=True)
    priority: Mapped[int]
    customer_group: Mapped[str | None]
    code: Mapped[str | None]
    percent: Mapped[str]


class CartRow(Base):
    """A cart."""

    __tablename__ = "carts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    version: Mapped[int] = mapped_column()
    owner: Mapped[str]
    channel: Mapped[str]
    currency: Mapped[str]
    country: Mapped[str]
    state: Mapped[str]
    codes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    lines: Mapped[list["LineRow"]] = relationship(order_by="LineRow.position")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's declared way to count versions


class LineRow(Base):
    """A line of a cart, with the price that its buyer saw and the reasons."""

    __tablename__ = "lines"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    cart_id: Mapped[UUID] = mapped_column(ForeignKey("carts.id"), index=True)
    position: Mapped[int]
    sku: Mapped[str]
    product: Mapped[str]
    name: Mapped[str]
    tax_class: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]
    tax_percent: Mapped[str]
    net: Mapped[int]
    tax: Mapped[int]
    gross: Mapped[int]
    explanation: Mapped[dict[str, Any]]


class ListConsidered(BaseModel):
    """A price list that was looked at."""

    key: str
    outcome: str


class RuleConsidered(BaseModel):
    """A discount that was looked at."""

    key: str
    outcome: str
    before: int | None = None
    after: int | None = None


class Explanation(BaseModel):
    """How a price came about."""

    price_list: str | None = None
    minimum_quantity: int | None = None
    base: int | None = None
    unit: int | None = None
    lists: list[ListConsidered]
    rules: list[RuleConsidered]


class Line(BaseModel):
    """A line as callers see it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    sku: str
    product: str
    name: str
    tax_class: str
    quantity: int
    unit_price: int
    tax_percent: str
    net: int
    tax: int
    gross: int
    explanation: Explanation


class Totals(BaseModel):
    """What a cart comes to."""

    net: int
    tax: int
    gross: int


class Cart(BaseModel):
    """A cart as callers see it."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    channel: str
    currency: str
    country: str
    state: str
    codes: list[str]
    lines: list[Line]
    totals: Totals


class LineDraft(BaseModel):
    """What is put in."""

    model_config = ConfigDict(extra="forbid")

    sku: Annotated[str, Field(min_length=1, max_length=60)]
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a session to one request."""
    async with sessions() as session:
        yield session


async def get_owner(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> str:
    """Check the token and return who sends it."""
    try:
        claims = jwt.decode(credentials.credentials, SIGNED_WITH, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401) from None
    return str(claims["sub"])


Session = Annotated[AsyncSession, Depends(get_session)]
Owner = Annotated[str, Depends(get_owner)]


@app.get("/v1/carts/{cart_id}", response_model=Cart)
async def read_cart(
    session: Session,
    owner: Owner,
    response: Response,
    cart_id: UUID,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Any:
    """Read one of the caller's carts."""
    cart = await _find(session, owner, cart_id)
    response.headers["ETag"] = f'"{cart.version}"'
    if if_none_match == response.headers["ETag"]:
        return Response(status_code=304, headers={"ETag": if_none_match})
    return shown(cart)


@app.post("/v1/carts/{cart_id}/lines", status_code=201, response_model=Cart)
async def add_line(session: Session, owner: Owner, response: Response, cart_id: UUID, draft: LineDraft) -> Cart:
    """Put pieces of an article into a cart; everything is priced again."""
    cart = await _find(session, owner, cart_id, lock=True)
    line = next((one for one in cart.lines if one.sku == draft.sku), None)
    if line is None:
        line = LineRow(sku=draft.sku, product=draft.sku, name=draft.sku, tax_class="standard", quantity=draft.quantity)
        line.position = len(cart.lines)
        cart.lines.append(line)
    else:
        line.quantity += draft.quantity
    with session.no_autoflush:
        await _price(session, owner, cart)
    cart.updated_at = datetime.now(UTC)
    await session.commit()
    response.headers["ETag"] = f'"{cart.version}"'
    response.headers["Location"] = f"/v1/carts/{cart.id}/lines/{line.id}"
    return shown(cart)


async def _find(session: AsyncSession, owner: str, cart_id: UUID, *, lock: bool = False) -> CartRow:
    query = select(CartRow).where(CartRow.id == cart_id, CartRow.owner == owner).options(selectinload(CartRow.lines))
    cart = await session.scalar(query.with_for_update() if lock else query)
    if cart is None:
        raise HTTPException(404)
    return cart


async def _price(session: AsyncSession, owner: str, cart: CartRow) -> None:
    channel = await session.get_one(Channel, cart.channel)
    customer = await session.get(Customer, owner)
    group = customer.customer_group if customer else None
    prices = select(PriceList, Price).join(PriceList.prices).where(Price.sku.in_([line.sku for line in cart.lines]))
    asked = (await session.execute(prices.where(PriceList.currency == cart.currency))).all()
    discounts = (await session.scalars(select(Discount).order_by(Discount.priority.desc()))).all()
    for line in cart.lines:
        lists = [(each, price) for each, price in asked if price.sku == line.sku]
        explanation = explain(line.quantity, cart, group, lists, discounts)
        line.explanation = explanation.model_dump(mode="json")
        line.unit_price = explanation.unit or 0
        line.tax_percent = next(each["percent"] for each in channel.tax_rates if each["country"] == cart.country)
        rate = Fraction(line.tax_percent) / 100
        worth = line.unit_price * line.quantity
        line.tax = round(worth - worth / (1 + rate)) if channel.prices_include_tax else round(worth * rate)
        line.gross = worth if channel.prices_include_tax else worth + line.tax
        line.net = line.gross - line.tax


def explain(
    quantity: int,
    cart: CartRow,
    group: str | None,
    lists: Sequence[tuple[PriceList, Price]],
    discounts: Sequence[Discount],
) -> Explanation:
    """Return what one piece costs: by the most specific list, less the discounts in the order of their priority."""
    made = Explanation(lists=[], rules=[])
    ordered = sorted(lists, key=lambda each: (each[0].customer_group is None, each[0].channel is None))
    for each, price in ordered:
        reached = [tier for tier in price.tiers if tier[0] <= quantity]
        if each.channel not in (None, cart.channel):
            outcome = "other_channel"
        elif each.customer_group not in (None, group):
            outcome = "other_customer_group"
        elif not reached:
            outcome = "below_lowest_tier"
        elif made.price_list is not None:
            outcome = "less_specific"
        else:
            outcome = "chosen"
            made.price_list = each.key
            made.minimum_quantity, made.base = reached[-1]
            made.unit = made.base
        made.lists.append(ListConsidered(key=each.key, outcome=outcome))
    for rule in discounts if made.unit is not None else ():
        if rule.customer_group not in (None, group):
            made.rules.append(RuleConsidered(key=rule.key, outcome="other_customer_group"))
        elif rule.code is not None and rule.code not in cart.codes:
            made.rules.append(RuleConsidered(key=rule.key, outcome="code_not_given"))
        else:
            after = max(0, round(made.unit * (1 - Fraction(rule.percent) / 100)))
            made.rules.append(RuleConsidered(key=rule.key, outcome="applied", before=made.unit, after=after))
            made.unit = after
    return made


def shown(cart: CartRow) -> Cart:
    """Return a cart as callers see it."""
    lines = [Line.model_validate(line) for line in cart.lines]
    return Cart(
        id=cart.id,
        version=cart.version,
        created_at=cart.created_at,
        updated_at=cart.updated_at,
        channel=cart.channel,
        currency=cart.currency,
        country=cart.country,
        state=cart.state,
        codes=cart.codes,
        lines=lines,
        totals=Totals(
            net=sum(line.net for line in lines),
            tax=sum(line.tax for line in lines),
            gross=sum(line.gross for line in lines),
        ),
    )


async def fill(terms: dict[str, Any]) -> None:
    """Make the tables with the terms that the service has, and as many carts as they say."""
    async with engine.begin() as setup:
        await setup.run_sync(Base.metadata.drop_all)
        await setup.run_sync(Base.metadata.create_all)
    owner, now = "ann", datetime.now(UTC)
    async with sessions() as session:
        rates = [{"country": "DE", "percent": "19"}]
        session.add(Channel(key="web", currency="EUR", prices_include_tax=True, tax_rates=rates))
        for key, (channel, group) in terms["lists"].items():
            prices = [Price(sku=sku, tiers=tiers) for sku, tiers in terms["prices"].items()]
            session.add(PriceList(key=key, channel=channel, customer_group=group, currency="EUR", prices=prices))
        for key, (priority, group, code, percent) in terms["discounts"].items():
            session.add(Discount(key=key, priority=priority, customer_group=group, code=code, percent=percent))
        carts = []
        for _ in range(terms["carts"]):
            cart = CartRow(owner=owner, channel="web", currency="EUR", country="DE", state="active", codes=[])
            cart.created_at = cart.updated_at = now
            cart.lines = [
                LineRow(position=n, sku=sku, product=sku, name=sku, tax_class="standard", quantity=2)
                for n, sku in enumerate(terms["prices"])
            ]
            carts.append(cart)
        await session.flush()
        for row in carts:
            await _price(session, owner, row)
        session.add_all(carts)
        await session.commit()
    token = jwt.encode({"sub": owner}, SIGNED_WITH, algorithm="HS256")
    print(json.dumps({"token": token, "carts": [str(row.id) for row in carts]}))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(fill(json.loads(sys.argv[1])))
