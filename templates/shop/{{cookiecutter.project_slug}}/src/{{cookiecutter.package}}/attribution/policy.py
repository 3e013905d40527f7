"""The policy: who is credited for a line. Pure, total, and to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..vocabulary.apportionment import apportion

WHOLE = 10_000
"""Basis points of everything."""

NOBODY = "unassigned"
"""The territory of sales that no rule knows; they are counted, not lost."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """A share of a sale, in basis points."""

    territory: str
    representative: str | None
    share: int


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule; what is ``None`` matches everything. Postal codes of one country compare as texts, ends included."""

    key: str
    priority: int
    country: str | None
    postal_codes: tuple[str, str] | None
    product_group: str | None
    splits: tuple[Split, ...]

    def matches(self, sale: "Sale") -> bool:
        """Tell whether a sale falls under the rule."""
        return (
            self.country in (None, sale.country)
            and self.product_group in (None, sale.product_group)
            and (self.postal_codes is None or self.postal_codes[0] <= sale.postal_code <= self.postal_codes[1])
        )


@dataclass(frozen=True, kw_only=True)
class Sale:
    """What a rule may ask about a line."""

    country: str
    postal_code: str
    product_group: str | None


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Who is credited, and by what: ``assignment``, ``rule:key`` or ``default``."""

    source: str
    splits: tuple[Split, ...]


def decide(sale: Sale, assigned: Sequence[Split], rules: Sequence[Rule]) -> Decision:
    """Decide about a line: an assignment of the account beats rules, the rule of the highest priority the others."""
    if assigned:
        return Decision(source="assignment", splits=tuple(assigned))
    matching = [rule for rule in rules if rule.matches(sale)]
    if matching:
        first = max(matching, key=lambda rule: rule.priority)
        return Decision(source=f"rule:{first.key}", splits=first.splits)
    return Decision(source="default", splits=(Split(territory=NOBODY, representative=None, share=WHOLE),))


def clash(one: Rule, other: Rule) -> bool:
    """Tell whether two rules may match one sale without saying which comes first."""

    def meet(mine: str | None, yours: str | None) -> bool:
        return mine is None or yours is None or mine == yours

    apart = (
        one.postal_codes is not None
        and other.postal_codes is not None
        and (one.postal_codes[1] < other.postal_codes[0] or other.postal_codes[1] < one.postal_codes[0])
    )
    return (
        one.priority == other.priority
        and meet(one.country, other.country)
        and meet(one.product_group, other.product_group)
        and not apart
    )


def amounts(amount: int, splits: Sequence[Split]) -> list[int]:
    """Divide an amount by shares; the parts add up to it. What rounding leaves goes to the largest remainders."""
    return apportion(amount, [split.share for split in splits])
