"""What a cart comes to: its lines priced and taxed, its totals, and the answer that its readers get."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now
from chassis.identifiers import uuid7

from ..catalog.port import Article
from ..channels.models import ChannelRow
from ..prices.explanation import Explanation
from ..prices.port import Pricing
from ..prices.rules import Priced, Situation, Wanted
from ..prices.tax import Amounts, TaxRounding, amounts
from ..vocabulary.percent import share
from .models import CartRow
from .schemas import Approval, Minimum, Totals

_KNOWN = ("id", "sku", "product", "name", "product_group", "tax_class", "quantity", "agreed")


class Obstacle(StrEnum):
    """Why a line cannot be ordered."""

    NO_PRICE = "no_price"
    NO_TAX_RATE = "no_tax_rate"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a buyer gets in a channel.

    ``needs_approval``: whether the portal or the house says so; ``account_state`` is what the portal told, if it did.
    """

    channel: ChannelRow
    customer: str
    customer_group: str | None
    needs_approval: bool
    account_state: str | None
    pricing: Pricing


def new_line(article: Article, quantity: int) -> dict[str, Any]:
    """Return a line that has not been priced yet."""
    return {
        "id": str(uuid7()),
        "sku": article.sku,
        "product": article.product,
        "name": article.name,
        "product_group": article.product_group,
        "tax_class": article.tax_class,
        "quantity": quantity,
    }


async def priced_lines(
    session: AsyncSession, row: CartRow, lines: Sequence[dict[str, Any]], terms: Terms, moment: datetime
) -> list[dict[str, Any]]:
    """Return the lines at the prices of a moment; one that cannot be ordered says why."""
    situation = Situation(
        channel=row.channel,
        customer=terms.customer,
        customer_group=terms.customer_group,
        currency=row.currency,
        moment=moment,
        codes=frozenset(row.codes),
    )
    if row.agreement_id is not None:
        priced = [_agreed(line, row.agreement_id) for line in lines]
    else:
        wanted = [Wanted(sku=line["sku"], quantity=line["quantity"]) for line in lines]
        priced = await terms.pricing.price(session, row.tenant, situation, wanted) if wanted else []
    return [_priced(line, found, row.country, terms.channel) for line, found in zip(lines, priced, strict=True)]


def _agreed(line: dict[str, Any], agreement_id: UUID) -> Priced:
    unit: int = line["agreed"]
    explanation = Explanation(agreement=agreement_id, base=unit, unit=unit, lists=[])
    return Priced(sku=line["sku"], quantity=line["quantity"], base=unit, unit=unit, explanation=explanation)


def _priced(line: dict[str, Any], found: Priced, country: str, channel: ChannelRow) -> dict[str, Any]:
    percent = rate_of(channel, country, line["tax_class"])
    obstacle = Obstacle.NO_PRICE if found.unit is None else Obstacle.NO_TAX_RATE if percent is None else None
    known = {name: line[name] for name in _KNOWN if name in line}
    worth = Amounts(net=0, tax=0, gross=0)
    if found.unit is not None and percent is not None:
        worth = amounts(
            found.unit,
            found.quantity,
            share(percent),
            included=channel.prices_include_tax,
            rounding=TaxRounding(channel.tax_rounding),
            reduction=found.reduction,
        )
    return known | {
        "unit_price": found.unit or 0,
        "reduction": found.reduction,
        "tax_percent": percent or "0",
        "net": worth.net,
        "tax": worth.tax,
        "gross": worth.gross,
        "obstacle": obstacle,
        "explanation": found.explanation.model_dump(mode="json"),
    }


def rate_of(channel: ChannelRow, country: str, tax_class: str) -> str | None:
    """Return the percentage that a channel taxes a class with in a country, or nothing."""
    rates = channel.tax_rates
    return next(
        (each["percent"] for each in rates if (each["country"], each["tax_class"]) == (country, tax_class)), None
    )


def spent_budgets(lines: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Return what each discount took off these lines in all, in minor units."""
    spent: dict[str, int] = {}
    for line in lines:
        for rule in line["explanation"]["rules"]:
            if rule["outcome"] == "applied":
                saved = (rule["before"] - rule["after"]) * line["quantity"]
                spent[rule["key"]] = spent.get(rule["key"], 0) + saved
        for rule in line["explanation"]["cart_rules"]:
            if rule["outcome"] == "applied":
                spent[rule["key"]] = spent.get(rule["key"], 0) + rule["share"]
    return spent


def totals(lines: Sequence[dict[str, Any]]) -> Totals:
    """Return what lines come to."""
    return Totals(
        net=sum(line["net"] for line in lines),
        tax=sum(line["tax"] for line in lines),
        gross=sum(line["gross"] for line in lines),
        saved=sum(spent_budgets(lines).values()),
    )


def minimum(channel: ChannelRow, worth: Totals) -> Minimum | None:
    """Return the channel's order minimum, and what is missing to it."""
    if channel.order_minimum is None:
        return None
    value, counted = channel.order_minimum["value"], worth.gross if channel.prices_include_tax else worth.net
    return Minimum.model_validate(channel.order_minimum | {"missing": max(0, value["amount"] - counted)})


def _approval(row: CartRow) -> Approval | None:
    known = {"id": row.approval_id, "state": row.approval_state}
    return None if row.approval_id is None else Approval.model_validate(known)


def write(row: CartRow, channel: ChannelRow) -> None:
    """Write down what readers get, for the version that the next flush stores."""
    row.updated_at = now()
    version = (row.version or 0) + 1
    worth = totals(row.lines)
    # As the contract's `Cart` says; its lines were checked when they were made, so nothing is checked once more.
    cart = {
        "id": row.id,
        "version": version,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "channel": row.channel,
        "currency": row.currency,
        "country": row.country,
        "account": row.account,
        "business_unit": row.business_unit,
        "campaign": row.campaign,
        "codes": row.codes,
        "state": row.state,
        "merged_into": row.merged_into,
        "approval": _approval(row),
        "agreement": row.agreement_id,
        "prices_include_tax": channel.prices_include_tax,
        "lines": row.lines,
        "totals": worth,
        "order_minimum": minimum(channel, worth),
        "touched_at": row.touched_at,
    }
    row.body = to_json(cart)
