"""Whether the time that answers take tells two kinds of requests apart."""

from collections.abc import Awaitable, Callable
from time import perf_counter


async def slower(
    first: Callable[[], Awaitable[object]], second: Callable[[], Awaitable[object]], *, rounds: int
) -> float:
    """Return the probability that the second one takes longer than the first one: 0.5 tells nothing, 0 and 1 tell all.

    They take turns, so whatever else the machine does meets both alike, and ranks are compared, so an outlier counts as
    one (Mann and Whitney, 1947). For two that are alike the standard deviation is 0.41 / sqrt(rounds).
    """
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(2 * rounds):
        # Neither is always the one that comes after the other.
        which = (number + number // 2) % 2
        began = perf_counter()
        await (first, second)[which]()
        taken[which].append(perf_counter() - began)
    above = sum((late > early) + (late == early) / 2 for early in taken[0] for late in taken[1])
    return above / (len(taken[0]) * len(taken[1]))
