"""Rate limits: how many requests one caller may send, told with every answer.

The headers are those of the IETF draft "RateLimit header fields for HTTP". Requests are counted per process: behind a
load balancer the limit of the whole service is this one times the replicas. It keeps one caller from starving the
others; a quota that is sold belongs into the gateway.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.problems import Problem


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left to a caller: ``remaining`` of ``limit`` requests for the next ``seconds``."""

    limit: int
    window: int
    remaining: int
    seconds: int

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields of the draft."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={self.window}',
            "RateLimit": f'"default";r={max(0, self.remaining)};t={self.seconds}',
        }


class RateLimiter:
    """Counts requests per caller in windows of fixed length; the memory it takes is given back with each window."""

    def __init__(self, *, limit: int, window: int) -> None:
        self._limit = limit
        self._window = window
        self._ends = 0.0
        self._counts: dict[str, int] = {}

    def take(self, caller: str) -> Allowance | None:
        """Count one request.

        :returns: what is left, or nothing when there is no limit.
        :raises Problem: 429 when nothing is left.
        """
        if not self._limit:
            return None
        now = time.monotonic()
        if now >= self._ends:
            self._counts.clear()
            self._ends = now + self._window
        count = self._counts.get(caller, 0) + 1
        self._counts[caller] = count
        allowance = Allowance(
            limit=self._limit,
            window=self._window,
            remaining=self._limit - count,
            seconds=max(1, round(self._ends - now)),
        )
        if allowance.remaining < 0:
            raise Problem(
                429,
                "rate-limited",
                f"More than {self._limit} requests in {self._window} s; try again in {allowance.seconds} s.",
                headers={"Retry-After": str(allowance.seconds), **allowance.headers},
            )
        return allowance
