"""Calls to other services: with deadlines, with the request's correlation, and with errors that callers understand."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from chassis import correlation
from chassis.problems import Problem


def service_client(base_url: str, *, seconds: float = 5.0, connections: int = 20) -> httpx.AsyncClient:
    """Return a client for another service; make one per service, in the lifespan, and close it there.

    :param seconds: longest time for a connection, and for each piece of the answer.
    :param connections: most connections at once; who waits longer than ``seconds`` for one fails.
    """
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(seconds),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        event_hooks={"request": [_correlate]},
        follow_redirects=False,
    )


@contextmanager
def calling(name: str) -> Iterator[None]:
    """Turn what goes wrong with a call into an answer for our own caller.

    :param name: the other service, as callers may know it.
    :raises Problem: 503 when it cannot be reached or fails itself, 504 when it is too slow.
    """
    try:
        yield
    except httpx.TimeoutException as error:
        raise Problem(504, "dependency-timeout", f"{name} did not answer in time.") from error
    except httpx.HTTPError as error:  # also an answer that cannot be decoded
        raise Problem(
            503, "dependency-unavailable", f"{name} cannot be reached.", headers={"Retry-After": "5"}
        ) from error


async def _correlate(request: httpx.Request) -> None:
    request.headers.update(correlation.headers())
