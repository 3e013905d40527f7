"""Workers: the domain's work beside the requests, in every process."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from chassis.database import Database
from chassis.logs import logger

Worker = Callable[[Database, asyncio.Event], Coroutine[None, None, None]]
"""Works until the event is set, and then finishes what it has begun."""


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
