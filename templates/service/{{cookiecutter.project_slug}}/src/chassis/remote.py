"""Questions to another service that may be slow, failing or gone: a deadline, few repetitions, no asking in vain."""

import asyncio
import time
from collections.abc import Mapping

import httpx

from chassis.clients import calling
from chassis.problems import Problem

_PASSING = frozenset({429, 500, 502, 503, 504})


class Remote:
    """Another service as this process knows it.

    Each question has a deadline for everything it takes. A failure is repeated once, as long as repetitions stay a
    tenth of the questions: when everything fails, twice the load would not help. After so many failures in a row
    nobody is asked for a while, then one question finds out.
    """

    def __init__(  # noqa: PLR0913 - each of them is a limit with a name
        self,
        name: str,
        client: httpx.AsyncClient,
        *,
        seconds: float = 1.0,
        retry_share: float = 0.1,
        failures: int = 5,
        pause_seconds: float = 5.0,
    ) -> None:
        """Take a client of :func:`chassis.clients.service_client`, which stays its maker's to close.

        :param name: the service, as callers may know it.
        :param seconds: longest time for one question with its repetition.
        """
        self.name = name
        self._client = client
        self._seconds = seconds
        self._retry_share = retry_share
        self._budget = 1.0
        self._most_failures = failures
        self._pause_seconds = pause_seconds
        self._failures = 0
        self._silent_until = 0.0

    async def get(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        """Ask, and return an answer that is not a failure of the other side; a 404 is an answer.

        :raises Problem: 503 or 504, as :func:`chassis.clients.calling` says; 503 at once while nobody is asked.
        """
        moment = time.monotonic()
        if moment < self._silent_until:
            raise Problem(
                503,
                "dependency-unavailable",
                f"{self.name} cannot be reached.",
                headers={"Retry-After": str(max(1, round(self._silent_until - moment)))},
            )
        if self._failures >= self._most_failures:
            self._silent_until = moment + self._pause_seconds  # for the others, until this question is answered
        self._budget = min(self._budget + self._retry_share, 10.0)
        with calling(self.name):
            try:
                async with asyncio.timeout(self._seconds):
                    response = await self._ask(path, params)
            except TimeoutError as error:
                self._failed()
                raise httpx.ReadTimeout("deadline") from error
            except httpx.HTTPError:
                self._failed()
                raise
        self._failures, self._silent_until = 0, 0.0
        return response

    async def _ask(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        try:
            return await self._once(path, params)
        except httpx.HTTPError:
            if self._budget < 1:
                raise
            self._budget -= 1
            return await self._once(path, params)

    async def _once(self, path: str, params: Mapping[str, str | int]) -> httpx.Response:
        response = await self._client.get(path, params=params)
        if response.status_code in _PASSING:
            response.raise_for_status()
        return response

    def _failed(self) -> None:
        self._failures += 1
        if self._failures >= self._most_failures:
            self._silent_until = time.monotonic() + self._pause_seconds
