"""What takes longer is told from what only happened to."""

import asyncio

from tests.timing import slower

ROUNDS = 12


class Request:
    """One that takes a while the first ``long`` times, and none afterwards."""

    def __init__(self, long: int) -> None:
        self.long = long
        self.asked = 0

    async def __call__(self) -> None:
        """Take its time."""
        self.asked += 1
        if self.asked <= self.long:
            await asyncio.sleep(0.003)


async def test_one_that_always_takes_longer_is_seen_however_often_it_is_measured() -> None:
    """Measuring again excuses nothing that comes every time."""
    slow = Request(long=1000)
    told = await slower(Request(long=0), slow, rounds=ROUNDS, suspicious=0.3)

    assert told > 0.9
    assert slow.asked == (1 + 2 + 4) * ROUNDS


async def test_one_that_took_longer_for_a_while_is_measured_again() -> None:
    """A moment in which the machine was busy says nothing of the service."""
    alike = Request(long=ROUNDS)
    told = await slower(Request(long=0), alike, rounds=ROUNDS, suspicious=0.49)

    assert alike.asked > ROUNDS
    assert told < 0.95
