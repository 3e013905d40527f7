"""The circuit breaker: silence opens it, slowness does not, and a process that was held up itself blames nobody."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from chassis.circuit import Circuit, Unreachable
from tests.events import until


@asynccontextmanager
async def _watched(ask: Callable[[], Awaitable[None]], cuts: list[str] | None = None) -> AsyncIterator[Circuit]:
    circuit = Circuit(ask, lambda: (cuts if cuts is not None else []).append("cut"), seconds=0.1)
    async with circuit.watching():
        yield circuit


async def test_silence_ends_what_waits_and_refuses_what_comes() -> None:
    """The first in vain waits for as long as the silence may last, all others not at all; then it closes by itself."""
    speaks = asyncio.Event()
    speaks.set()
    cuts: list[str] = []
    async with _watched(lambda: _wait(speaks), cuts) as circuit:
        began = time.monotonic()
        speaks.clear()
        with pytest.raises(Unreachable):
            async with circuit.guard():
                await asyncio.sleep(5)
        waited = time.monotonic() - began
        with pytest.raises(Unreachable):
            async with circuit.guard():
                raise AssertionError("it must not begin")
        speaks.set()
        await until(lambda: not circuit.is_open)
        async with circuit.guard():
            pass

    assert waited < 1
    assert cuts


async def _wait(speaks: asyncio.Event) -> None:
    await speaks.wait()


async def test_slow_is_not_silent() -> None:
    """While work is answered, a question that is not is no reason to cut everybody off."""
    async with _watched(lambda: asyncio.sleep(5)) as circuit:
        for _ in range(40):
            await asyncio.sleep(0.01)
            circuit.answered()
        assert not circuit.is_open


async def test_one_broken_question_is_not_silence() -> None:
    """A connection may end by itself, or by an administrator's hand: the next question decides."""
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        if asked % 2:
            raise ConnectionResetError

    cuts: list[str] = []
    async with _watched(ask, cuts):
        await until(lambda: asked > 6)

    assert cuts == []


async def test_late_answer_is_not_silence() -> None:
    """The first question has nearly all of the time: that another is asked meanwhile takes nothing from it."""
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.3)

    cuts: list[str] = []
    circuit = Circuit(ask, lambda: cuts.append("cut"), seconds=0.5)
    async with circuit.watching():
        await until(lambda: asked > 3)

    assert cuts == []


async def test_own_delay_is_not_silence() -> None:
    """A process that was held up finds the answer only when it looks; the time before that does not count."""
    async with _watched(lambda: asyncio.sleep(0.01)) as circuit:
        opened = False
        for _ in range(5):
            time.sleep(0.2)  # noqa: ASYNC251 - holds up the process, as a long computation does
            await asyncio.sleep(0.001)
            opened = opened or circuit.is_open

    assert not opened


async def test_work_that_takes_its_time_to_end_does_not_keep_the_circuit_open() -> None:
    """It is told once to end; asked again meanwhile, the silent side is heard as soon as it speaks."""
    speaks, ends = asyncio.Event(), asyncio.Event()
    speaks.set()
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        await speaks.wait()

    async def work() -> None:
        async with circuit.guard():
            try:
                await asyncio.sleep(60)
            finally:
                await ends.wait()

    async with _watched(ask) as circuit:
        working = asyncio.create_task(work())
        await asyncio.sleep(0)
        speaks.clear()
        await until(lambda: circuit.is_open)
        before = asked
        await until(lambda: asked > before + 4)
        speaks.set()
        await until(lambda: not circuit.is_open)
        ends.set()
        (outcome,) = await asyncio.gather(working, return_exceptions=True)

    assert isinstance(outcome, Unreachable)


async def test_work_that_fails_by_itself_is_not_disturbed() -> None:
    """An error inside stays that error."""
    async with _watched(lambda: asyncio.sleep(0)) as circuit:
        with pytest.raises(LookupError):
            async with circuit.guard():
                raise LookupError


async def test_question_under_way_is_finished_at_the_end() -> None:
    """Who asks may be opening a connection: it is not torn away from it, but nobody waits for ever either."""
    finished: list[str] = []

    async def ask() -> None:
        await asyncio.sleep(0.02)
        finished.append("closed")

    async with _watched(ask):
        await asyncio.sleep(0)
    began = time.monotonic()
    async with _watched(lambda: asyncio.sleep(60)):
        await asyncio.sleep(0)

    assert finished == ["closed"]
    assert time.monotonic() - began < 5
