"""A payment provider behind HTTP: what a company writes in front of its own provider, in whatever language.

``PUT /v1/payment-requests/{key}`` with ``kind`` (``authorize``, ``capture``, ``void``, ``refund``), ``amount``,
``currency``, ``token`` and ``reference`` does something once, however often it is sent, and answers with ``status``
(``succeeded``, ``declined``, ``pending``), ``reference`` and ``reason``. ``GET`` of the same address says what became
of it, or 404 when it never arrived. What happens later is told by webhook: the same members and ``key``, signed as
Standard Webhooks 1.0 says.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx

from .messages import event_of, outcome_of
from .port import Outcome, ProviderEvent, ProviderSilentError

NAME = "remote"


class RemoteProvider:
    """Asks it. Whatever is not an answer leaves the outcome unknown, and so do answers that are none."""

    name = NAME

    def __init__(self, client: httpx.AsyncClient, *, api_key: str, secret: bytes) -> None:
        """Take a client of :func:`chassis.clients.service_client`, which stays its maker's to close.

        :param secret: signs its webhooks.
        """
        self._client = client
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._secret = secret

    async def authorize(self, key: UUID, *, amount: int, currency: str, token: str) -> Outcome:
        """Hold an amount on the card that the token stands for."""
        return await self._do(key, kind="authorize", amount=amount, currency=currency, token=token)

    async def capture(self, key: UUID, *, reference: str, amount: int) -> Outcome:
        """Take some of what an authorisation holds."""
        return await self._do(key, kind="capture", reference=reference, amount=amount)

    async def void(self, key: UUID, *, reference: str) -> Outcome:
        """Let go what an authorisation still holds."""
        return await self._do(key, kind="void", reference=reference)

    async def refund(self, key: UUID, *, reference: str, amount: int) -> Outcome:
        """Give back some of what was taken."""
        return await self._do(key, kind="refund", reference=reference, amount=amount)

    async def look_up(self, key: UUID) -> Outcome | None:
        """Return what became of a request, or nothing when it never arrived."""
        return await self._answer("GET", key)

    def event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Read a webhook."""
        return event_of(NAME, self._secret, headers, body)

    async def _do(self, key: UUID, **asked: Any) -> Outcome:
        outcome = await self._answer("PUT", key, asked)
        if outcome is None:
            raise ProviderSilentError
        return outcome

    async def _answer(self, method: str, key: UUID, asked: Mapping[str, Any] | None = None) -> Outcome | None:
        path = f"/v1/payment-requests/{key}"
        try:
            answer = await self._client.request(method, path, json=asked, headers=self._headers)
            if answer.status_code == 404:
                return None
            answer.raise_for_status()
            return outcome_of(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderSilentError from error
