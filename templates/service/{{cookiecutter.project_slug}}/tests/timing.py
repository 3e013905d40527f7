"""Whether the time that answers take tells two kinds of requests apart."""

import random
from collections.abc import Awaitable, Callable
from time import perf_counter

_Request = Callable[[], Awaitable[object]]


async def slower(first: _Request, second: _Request, *, rounds: int, suspicious: float = 0.5) -> float:
    """Return the probability that the second one takes longer than the first one: 0.5 tells nothing, 0 and 1 tell all.

    They take turns, so whatever else the machine does meets both alike, and ranks are compared, so an outlier counts as
    one (Mann and Whitney, 1947). For two that are alike the standard deviation is 0.41 / sqrt(rounds).

    :param suspicious: farther than that from 0.5 it is measured again with more rounds, twice at most: what a busy
        machine did does not come again, what the service does comes every time.
    """
    told = await _measured(first, second, rounds)
    for more in (2, 4):
        if abs(told - 0.5) < suspicious:
            break
        told = await _measured(first, second, more * rounds)
    return told


async def _measured(first: _Request, second: _Request, rounds: int) -> float:
    taken: tuple[list[float], list[float]] = ([], [])
    # The order is drawn by lot: a scheduler has rhythms of its own, and one of two that alternate may fall in with it.
    dice = random.Random(rounds)  # noqa: S311 - chooses who is first, guards nothing
    for _ in range(rounds):
        for which in dice.sample((0, 1), 2):
            began = perf_counter()
            await (first, second)[which]()
            taken[which].append(perf_counter() - began)
    above = sum((late > early) + (late == early) / 2 for early in taken[0] for late in taken[1])
    return above / (len(taken[0]) * len(taken[1]))
