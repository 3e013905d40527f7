"""What the shop asks of pricing, whoever answers: the embedded engine now, a service of its own later."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from .rules import Priced, Situation, Wanted


class Pricing(Protocol):
    """Says what lines cost, and why."""

    async def price(
        self, session: AsyncSession, tenant: str, situation: Situation, wanted: Sequence[Wanted]
    ) -> list[Priced]:
        """Price lines in their order; one without a price has ``unit`` ``None`` and an explanation of that.

        :param session: the transaction that the answer is used in; who asks elsewhere has no use for it.
        """
        ...

    async def lowest_before(self, session: AsyncSession, tenant: str, situation: Situation, sku: str) -> int | None:
        """Return the lowest price of the 30 days before the present reduction, in minor units; ``None`` if there is
        no reduction now, or was no price then (Directive 98/6/EC, article 6a)."""
        ...
