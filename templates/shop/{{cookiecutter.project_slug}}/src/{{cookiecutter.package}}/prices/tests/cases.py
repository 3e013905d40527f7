"""Random carts and rules: small worlds in which everything happens, and happens at once."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from ..clashes import DiscountScope, ListScope, discounts_clash, lists_clash
from ..rules import Discount, Level, PriceList, Rules, Situation, Tier, Wanted

DAY = datetime(2026, 3, 1, tzinfo=UTC)
SKUS = ["A", "B", "C", "D"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is asked, by whom, and under which rules."""

    wanted: list[Wanted]
    situation: Situation
    rules: Rules


def case(seed: int) -> Case:
    """Return one cart with rules that may stand beside each other; the same one for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - makes cases, guards nothing
    lists: list[PriceList] = []
    for number in range(dice.randrange(8)):
        made = _price_list(dice, f"list-{number}")
        if not any(lists_clash(list_scope(made), list_scope(other)) for other in lists):
            lists.append(made)
    discounts: list[Discount] = []
    for number in range(dice.randrange(8)):
        rule = _discount(dice, f"rule-{number}")
        if not any(discounts_clash(discount_scope(rule), discount_scope(other)) for other in discounts):
            discounts.append(rule)
    return Case(
        wanted=[Wanted(sku=dice.choice(SKUS), quantity=dice.choice([1, 2, 3, 10, 999])) for _ in range(5)],
        situation=Situation(
            channel=dice.choice(["web", "till"]),
            customer=dice.choice([None, "acme", "bolt"]),
            customer_group=dice.choice([None, "dealers", "vip"]),
            currency=dice.choice(["EUR", "EUR", "CHF"]),
            moment=_moment(dice) or DAY,
            codes=frozenset(dice.sample(["SPRING", "VIP"], dice.randrange(3))),
        ),
        rules=Rules(lists=lists, discounts=discounts),
    )


def _moment(dice: random.Random) -> datetime | None:
    return dice.choice([None, *(DAY + timedelta(days=number) for number in range(4))])


def _span(dice: random.Random) -> tuple[datetime | None, datetime | None]:
    begin, end = _moment(dice), _moment(dice)
    return (begin, end) if begin is None or end is None or begin < end else (end, None)


def _price_list(dice: random.Random, key: str) -> PriceList:
    begin, end = _span(dice)
    customer = dice.choice([None, None, None, "acme", "bolt"])
    return PriceList(
        key=key,
        channel=dice.choice([None, "web", "till"]),
        customer=customer,
        customer_group=dice.choice([None, "dealers", "vip"]) if customer is None else None,
        currency=dice.choice(["EUR", "EUR", "CHF"]),
        discountable=dice.random() < 0.8,
        valid_from=begin,
        valid_until=end,
        tiers={sku: _tiers(dice) for sku in SKUS if dice.random() < 0.7},
    )


def _tiers(dice: random.Random) -> tuple[Tier, ...]:
    minimums = sorted(dice.sample([1, 2, 3, 10, 500], dice.randint(1, 3)))
    return tuple(Tier(minimum=minimum, amount=dice.choice([0, 1, 108, 999, 1999, 123_456])) for minimum in minimums)


def _discount(dice: random.Random, key: str) -> Discount:
    begin, end = _span(dice)
    relative, level = dice.random() < 0.6, dice.choice([Level.LINE, Level.LINE, Level.CART])
    currency = dice.choice([None, "EUR", "CHF"]) if relative else dice.choice(["EUR", "CHF"])
    return Discount(
        key=key,
        level=level,
        priority=dice.randrange(4),
        exclusive=dice.random() < 0.3,
        channel=dice.choice([None, None, "web", "till"]),
        customer_group=dice.choice([None, None, "dealers", "vip"]),
        currency=currency,
        skus=dice.choice([None, frozenset(dice.sample(SKUS, dice.randint(1, 3)))]),
        minimum_quantity=dice.choice([1, 1, 3]),
        minimum_value=dice.choice([0, 0, 5_000]) if level is Level.CART and currency else 0,
        code=dice.choice([None, None, "SPRING", "VIP"]),
        valid_from=begin,
        valid_until=end,
        share=Fraction(dice.choice(["10", "12.5", "33.333", "50", "100", "0"])) / 100 if relative else None,
        amount=None if relative else dice.choice([1, 50, 5000]),
        budget=dice.choice([None, 0, 500, 100_000]) if currency else None,
    )


def list_scope(each: PriceList) -> ListScope:
    """Return for whom and when a list counts."""
    return ListScope(
        channel=each.channel,
        customer=each.customer,
        customer_group=each.customer_group,
        currency=each.currency,
        valid_from=each.valid_from,
        valid_until=each.valid_until,
    )


def discount_scope(each: Discount) -> DiscountScope:
    """Return for what, whom and when a discount counts."""
    return DiscountScope(
        level=each.level,
        priority=each.priority,
        channel=each.channel,
        customer_group=each.customer_group,
        currency=each.currency,
        skus=each.skus,
        valid_from=each.valid_from,
        valid_until=each.valid_until,
    )
