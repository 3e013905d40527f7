"""Pricing by the shop itself: rules from its own tables, the engine, and the history for the lowest price."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..discounts.models import DiscountRow
from ..vocabulary.percent import share
from ..vocabulary.validity import holds
from .engine import price
from .explanation import ListOutcome, RuleOutcome
from .models import PriceListRow, PriceRow
from .present import rules_now, tiers
from .rules import Discount, Level, Priced, PriceList, Rules, Situation, Tier, Wanted

_PERIOD = timedelta(days=30)


class EmbeddedPricing:
    """The price engine on the rules in the shop's own tables."""

    async def price(
        self, session: AsyncSession, tenant: str, situation: Situation, wanted: Sequence[Wanted]
    ) -> list[Priced]:
        """Price lines by the rules of this moment."""
        skus = sorted({line.sku for line in wanted})
        return price(wanted, situation, await rules_now(session, tenant, situation, skus))

    async def lowest_before(self, session: AsyncSession, tenant: str, situation: Situation, sku: str) -> int | None:
        """Return the lowest price of one piece in the 30 days before the present reduction."""
        history = await _history(session, tenant, situation, sku)
        return history.lowest_before(situation, sku)


def _price_list(row: PriceListRow, prices: dict[str, Sequence[Tier]]) -> PriceList:
    return PriceList(
        key=row.key,
        channel=row.channel,
        customer=row.customer,
        customer_group=row.customer_group,
        currency=row.currency,
        discountable=row.discountable,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        tiers=prices,
    )


def _discount(row: DiscountRow) -> Discount:
    return Discount(
        key=row.key,
        level=Level(row.level),
        priority=row.priority,
        exclusive=row.stacking == "exclusive",
        channel=row.channel,
        customer_group=row.customer_group,
        currency=row.currency,
        skus=None if row.skus is None else frozenset(row.skus),
        minimum_quantity=row.minimum_quantity,
        minimum_value=row.minimum_value,
        code=row.code,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        share=None if row.percent is None else share(row.percent),
        amount=row.amount,
        budget=None if row.budget is None else row.budget - row.spent,
    )


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A rule and the time in which the shop knew it."""

    rule: PriceList | Discount
    begin: datetime
    end: datetime | None

    @property
    def counts_from(self) -> datetime:
        """Since when it may have made a difference."""
        return max(self.begin, self.rule.valid_from or self.begin)


@dataclass(frozen=True, kw_only=True)
class History:
    """Every rule about one article that was known at some time."""

    known: Sequence[_Known]

    def at(self, situation: Situation, sku: str, moment: datetime) -> Priced:
        """Price one piece as it was at a moment."""
        alive = [each.rule for each in self.known if holds(each.begin, each.end, moment)]
        rules = Rules(
            lists=[rule for rule in alive if isinstance(rule, PriceList)],
            discounts=[rule for rule in alive if isinstance(rule, Discount)],
        )
        return price([Wanted(sku=sku, quantity=1)], replace(situation, moment=moment), rules)[0]

    def lowest_before(self, situation: Situation, sku: str) -> int | None:
        """Return the lowest price of the 30 days before the present reduction began.

        What made it cheaper one after another is one reduction: it began with the first of them.
        """
        began = self._reduced_since(situation, sku)
        if began is None:
            return None
        moments = {began - _PERIOD}
        for each in self.known:
            for moment in (each.begin, each.end, each.rule.valid_from, each.rule.valid_until):
                if moment is not None and began - _PERIOD < moment < began:
                    moments.add(moment)
        units = [self.at(situation, sku, moment).unit for moment in moments]
        return min((unit for unit in units if unit is not None), default=None)

    def _reduced_since(self, situation: Situation, sku: str) -> datetime | None:
        explanation = self.at(situation, sku, situation.moment).explanation
        applied = {each.key for each in explanation.rules if each.outcome is RuleOutcome.APPLIED}
        lists = {each.key for each in explanation.lists if each.outcome is ListOutcome.CHOSEN}
        beginnings = [
            each.counts_from
            for each in self.known
            if holds(each.begin, each.end, situation.moment)
            and (
                (isinstance(each.rule, Discount) and each.rule.key in applied)
                # A list with an end is an offer, where another list says what it costs without.
                or (
                    isinstance(each.rule, PriceList)
                    and each.rule.key in lists
                    and each.rule.valid_until is not None
                    and any(other.outcome is ListOutcome.LESS_SPECIFIC for other in explanation.lists)
                )
            )
        ]
        return min(beginnings, default=None)


async def _history(session: AsyncSession, tenant: str, situation: Situation, sku: str) -> History:
    since = situation.moment - timedelta(days=400)  # reductions that last longer are no reductions any more
    prices = (
        select(PriceListRow, PriceRow)
        .join(PriceRow, PriceRow.list_id == PriceListRow.id)
        .where(
            PriceRow.tenant == tenant,
            PriceRow.sku == sku,
            PriceListRow.currency == situation.currency,
            or_(PriceListRow.customer.is_(None), PriceListRow.customer == situation.customer),
            or_(PriceRow.replaced_at.is_(None), PriceRow.replaced_at > since),
        )
    )
    known = [
        _Known(
            rule=_price_list(row, {sku: tiers(entry.tiers)}),
            begin=max(row.created_at, entry.recorded_at),
            end=min((end for end in (row.ended_at, entry.replaced_at) if end is not None), default=None),
        )
        for row, entry in (await session.execute(prices)).all()
    ]
    # What is taken off a whole cart is no price of an article.
    discounts = select(DiscountRow).where(
        DiscountRow.tenant == tenant,
        DiscountRow.level == Level.LINE,
        or_(DiscountRow.ended_at.is_(None), DiscountRow.ended_at > since),
    )
    known += [
        _Known(rule=replace(_discount(row), budget=None), begin=row.created_at, end=row.ended_at)
        for row in await session.scalars(discounts)
    ]
    return History(known=known)
