"""Work that is done again and again beside the requests."""

import asyncio
import json

import pytest

from chassis import logs, workers
from chassis.database import Database
from chassis.problems import Problem
from chassis.settings import LogLevel
from chassis.workers import repeating, running
from tests.fixtures import SettingsFor


class Work:
    """What each step does: tell whether there is more, or fail."""

    def __init__(self, *steps: bool | Exception) -> None:
        self._steps = list(steps)
        self.done = asyncio.Event()
        self.taken = 0

    async def __call__(self, _database: Database) -> bool:
        """Take the next step."""
        self.taken += 1
        step = self._steps.pop(0)
        if not self._steps:
            self.done.set()
        if isinstance(step, Exception):
            raise step
        return step


@pytest.fixture
def database(tmp_path: object, settings_for: SettingsFor) -> Database:
    """Give a database that nobody asks."""
    return Database(settings_for(f"sqlite:///{tmp_path}/unused.db"))


async def test_work_goes_on_while_there_is_more(database: Database) -> None:
    """And waits when there is none; whoever stops it does not wait for the end of that."""
    work = Work(True, True, False)
    async with running(repeating("tests", work, idle_seconds=3600), database):
        await work.done.wait()

    assert work.taken == 3


async def test_work_may_begin_with_waiting(database: Database) -> None:
    """What is done once an hour need not be done by each process that begins."""
    work = Work(False)
    async with running(repeating("tests", work, idle_seconds=3600, at_once=False), database):
        await asyncio.sleep(0.01)

    assert work.taken == 0


async def test_failing_work_is_told_and_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a lost database nor a defect ends the process, with all the other work."""
    logs.configure(LogLevel.INFO, "service")
    monkeypatch.setattr(workers, "_TROUBLE_SECONDS", 0.01)
    work = Work(Problem(503, "database-unavailable"), OSError("gone"), ZeroDivisionError("a defect"), False)
    async with running(repeating("tests", work, idle_seconds=3600), database), asyncio.timeout(60):
        await work.done.wait()

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(each["event"], each["work"], each["level"]) for each in told] == [
        ("work interrupted", "tests", "warning"),
        ("work interrupted", "tests", "warning"),
        ("work failed", "tests", "error"),
    ]
    assert told[2]["exception"][0]["exc_value"] == "a defect"
