"""Workers: the domain's work beside the requests, in every process."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import SQLAlchemyError

from chassis.database import Database
from chassis.logs import logger
from chassis.problems import Problem

_TROUBLE_SECONDS = 5.0

Worker = Callable[[Database, asyncio.Event], Coroutine[None, None, None]]
"""Works until the event is set, and then finishes what it has begun."""

Step = Callable[[Database], Awaitable[bool]]
"""Does some of the work there is, and tells whether there may be more."""


def repeating(name: str, step: Step, *, idle_seconds: float, at_once: bool = True) -> Worker:
    """Return a worker that repeats a step until it is told to stop.

    A lost database is waited for. So is whoever mends a defect: one kind of work fails then, and says so every few
    seconds; to end the process would end all the others with it, again and again.

    :param name: what is done, for the logs.
    :param idle_seconds: how long to wait when there was nothing to do.
    :param at_once: whether to begin with the step, or with the waiting.
    """

    async def work(database: Database, stopping: asyncio.Event) -> None:
        pause = 0.0 if at_once else idle_seconds
        while True:
            with suppress(TimeoutError):
                # Even without a pause others get their turn between two steps.
                await asyncio.wait_for(stopping.wait(), pause) if pause else await asyncio.sleep(0)
            if stopping.is_set():
                return
            pause = await _taken(name, step, database, idle_seconds)

    return work


async def _taken(name: str, step: Step, database: Database, idle_seconds: float) -> float:
    """Take a step, and return how long to wait until the next one."""
    try:
        return 0.0 if await step(database) else idle_seconds
    except (SQLAlchemyError, Problem, OSError) as error:
        logger().warning("work interrupted", work=name, reason=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - the boundary of what one kind of work can do to the others
        logger().error("work failed", work=name, exc_info=error)
    return _TROUBLE_SECONDS


@asynccontextmanager
async def running(worker: Worker, database: Database) -> AsyncIterator[None]:
    """Let a worker run in the background of the block."""
    stopping = asyncio.Event()
    task = asyncio.create_task(worker(database, stopping))
    task.add_done_callback(_replace_process_if_failed)
    try:
        yield
    finally:
        stopping.set()
        await asyncio.wait([task])


def _replace_process_if_failed(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        # A defect: its work would wait for ever. The orchestrator starts another process in this one's place.
        logger().critical("worker failed", exc_info=error)
        signal.raise_signal(signal.SIGTERM)
