"""A piece that kills the process that works on it: tried a few times, and then given up like any other failure."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from chassis.database import Database
from tests.events import connected
from tests.fixtures import SettingsFor

from .. import service as importing
from ..ahead import ReadAhead
from ..models import ImportPiece

_WORKER = """
import asyncio, os, signal
from datetime import timedelta
from chassis.database import Database
from chassis.domain import load_domain
from {package}.imports import failures, service
from {package}.imports.ahead import ReadAhead

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does when memory runs out

async def main():
    database = Database(load_domain().settings())
    await service.work_off_next(database, ReadAhead())
    await database.close()

service.take_in = die
failures.MOST_ATTEMPTS, failures._FIRST_PAUSE = 2, timedelta(0)
asyncio.run(main())
"""


async def test_piece_that_kills_the_process_is_given_up(
    database_url: str, settings_for: SettingsFor, tmp_path: Path
) -> None:
    """Each death has been counted before it; after the last one the next process gives up, and says where."""
    async with connected(settings_for(database_url)) as database:
        job, count = await importing.receive(database, _piece(), publish=False, lines_days=1)
        async with database.transaction() as session:
            await importing.queue(session, job, count)
        deaths = [_work(database_url, tmp_path) for _ in range(3)]
        left = await _pieces(database, job)
        while await importing.work_off_next(database, ReadAhead()):
            pass
        async with database.reading() as session:
            found = await importing.find(session, job)

    assert deaths == [-9, -9, 0]
    assert (found.state, found.failure, found.lines, left) == (
        "failed",
        "given up at line 7 after 2 attempts; the process ended during the last one",
        0,
        [],
    )


async def _piece() -> AsyncIterator[bytes]:
    yield b'7\t{"key": "poison"}'


def _work(url: str, directory: Path) -> int:
    """Let a process of its own work off one piece; return how it ended."""
    words = [sys.executable, "-c", _WORKER.format(package=__name__.partition(".")[0])]
    environment = {"DATABASE_URL": url, "VAR_DIR": str(directory), "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(words, env=environment, stderr=subprocess.DEVNULL, timeout=60, check=False)  # noqa: S603 - our own words
    return done.returncode


async def _pieces(database: Database, import_id: UUID) -> list[int]:
    async with database.reading() as session:
        query = select(ImportPiece.position).where(ImportPiece.import_id == import_id)
        return list(await session.scalars(query))
