"""Another service that is slow, failing or gone."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from chassis.problems import Problem
from chassis.remote import Remote


class Other:
    """The other service; what it answers next is a list of statuses, an exception, or seconds to wait."""

    def __init__(self, *moods: int | float | type[httpx.RequestError]) -> None:
        self.moods = list(moods)
        self.asked = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer as told, and 200 when there is nothing more to be told."""
        self.asked += 1
        mood = self.moods.pop(0) if self.moods else 200
        if isinstance(mood, type):
            raise mood("no", request=request)
        if isinstance(mood, float):
            await asyncio.sleep(mood)
            mood = 200
        return httpx.Response(mood)


def _remote(other: Callable[[httpx.Request], object], **options: float) -> Remote:
    client = httpx.AsyncClient(base_url="http://other", transport=httpx.MockTransport(other))  # type: ignore[arg-type]
    return Remote("The catalog", client, **options)  # type: ignore[arg-type] # two of them are whole numbers


async def _status(remote: Remote) -> int:
    try:
        return (await remote.get("/", {})).status_code
    except Problem as problem:
        return problem.status


@pytest.mark.parametrize("mood", [500, 503, 429, httpx.ConnectError, httpx.ReadError, httpx.DecodingError])
async def test_failure_that_may_pass_is_asked_again(mood: int | type[httpx.RequestError]) -> None:
    """Once; its caller sees nothing of it."""
    other = Other(mood)

    assert (await _status(_remote(other)), other.asked) == (200, 2)


async def test_answer_is_an_answer() -> None:
    """What is not there, or not allowed, will not be there a moment later."""
    other = Other(404)

    assert (await _status(_remote(other)), other.asked) == (404, 1)


async def test_answer_that_cannot_be_decoded_is_none() -> None:
    """A proxy in between that garbles what it compresses is a failure of the other side, and none of ours."""
    garbled = httpx.MockTransport(
        lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))
    )
    remote = Remote("The catalog", httpx.AsyncClient(base_url="http://other", transport=garbled))

    assert await _status(remote) == 503


async def test_repetitions_have_a_budget() -> None:
    """When everything fails, ten questions are not twenty."""
    other = Other(*[500] * 40)
    remote = _remote(other, failures=100)
    found = [await _status(remote) for _ in range(10)]

    assert (found, other.asked) == ([503] * 10, 12)


async def test_slow_answer_is_not_waited_for() -> None:
    """The deadline is for everything, repetitions too."""
    assert await _status(_remote(Other(5.0), seconds=0.02)) == 504


async def test_nobody_is_asked_in_vain() -> None:
    """After failures in a row callers hear it at once; after a while one question finds out, and all go on."""
    other = Other(*[500] * 5)
    remote = _remote(other, failures=3, retry_share=0, pause_seconds=0.05)
    remote._budget = 0
    before = [await _status(remote) for _ in range(6)]
    asked = other.asked
    await asyncio.sleep(0.06)
    still_failing = [await _status(remote) for _ in range(2)]
    other.moods.clear()
    await asyncio.sleep(0.06)
    after = [await _status(remote) for _ in range(3)]

    assert (before, asked) == ([503] * 6, 3)
    assert (still_failing, after) == ([503, 503], [200] * 3)
    assert other.asked == asked + 1 + 3
