"""What the shop asks of a payment provider, whoever answers. Shaped so that Stripe's and Adyen's APIs fit.

Every request has a key that the provider knows it by: the same key again is the same request, with the same answer and
no second effect (Stripe's ``Idempotency-Key``, Adyen's ``idempotency-key``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Status(StrEnum):
    """What became of a request."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    PENDING = "pending"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A provider's answer. ``reference`` is what it calls the payment, ``reason`` why it declined."""

    status: Status
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ProviderEvent:
    """What a provider told by itself. ``id`` tells a repetition."""

    id: str
    key: UUID
    outcome: Outcome


class ProviderSilentError(Exception):
    """The provider did not answer: nobody knows whether it did what it was asked."""


class PaymentProvider(Protocol):
    """Where money is held, taken and given back. Amounts are in minor units.

    Each of them raises :class:`ProviderSilentError` when the outcome is unknown.
    """

    name: str

    async def authorize(self, key: UUID, *, amount: int, currency: str, token: str) -> Outcome:
        """Hold an amount on the card that the token stands for."""
        ...

    async def capture(self, key: UUID, *, reference: str, amount: int) -> Outcome:
        """Take some of what an authorisation holds."""
        ...

    async def void(self, key: UUID, *, reference: str) -> Outcome:
        """Let go what an authorisation still holds."""
        ...

    async def refund(self, key: UUID, *, reference: str, amount: int) -> Outcome:
        """Give back some of what was taken."""
        ...

    async def look_up(self, key: UUID) -> Outcome | None:
        """Return what became of a request, or nothing when it never arrived."""
        ...

    def event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Read a webhook.

        :raises Problem: 401 when it is not the provider's.
        """
        ...
