"""The database goes away and comes back: no restart, no lie, and nobody waits in vain."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.__main__ import main
from chassis.database import Database
from chassis.problems import Problem
from chassis.settings import Settings
from tests import example, postgres
from tests.fixtures import SettingsFor
from tests.processes import ServerFactory, ServerProcess, servers
from tests.scale import SOAK, scale

AWAY_SECONDS = scale(2.5, 30.0)
# A machine that does other things meanwhile is slow for reasons of its own: `make soak` alone looks at the clock.
LONGEST_WAIT = scale(6.0, 1.0)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[str]:
    """Give a migrated PostgreSQL that a test may stop."""
    binaries = postgres.programs()
    if binaries is None:
        pytest.skip("no PostgreSQL programs")
    with postgres.throwaway_server(binaries) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        assert main(["migrate"]) == 0
        yield url


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What somebody got: the end of waiting (monotonic seconds), the status, and how many seconds it took."""

    at: float
    status: int
    seconds: float


@dataclass
class Caller(threading.Thread):
    """Somebody who asks one thing again and again."""

    url: str
    method: str
    headers: dict[str, str]
    answers: list[Answer] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Ask until :attr:`done`."""
        body = example.draft() if self.method == "POST" else None
        with httpx.Client(headers=self.headers, timeout=20) as client:
            while not self.done.is_set():
                began = time.monotonic()
                status = client.request(self.method, self.url, json=body).status_code
                now = time.monotonic()
                self.answers.append(Answer(at=now, status=status, seconds=now - began))
                self.done.wait(0.02)


def _callers(server: ServerProcess) -> dict[str, Caller]:
    headers = {"Authorization": f"Bearer {server.token('ann')}"}
    asked = {
        "alive": ("GET", "/livez"),
        "ready": ("GET", "/readyz"),
        "read": ("GET", example.COLLECTION),
        "write": ("POST", example.COLLECTION),
    }
    return {name: Caller(server.url + path, method, headers) for name, (method, path) in asked.items()}


@pytest.mark.parametrize("away", [postgres.stopped, postgres.paused], ids=["stopped", "hanging"])
def test_lost_database_is_survived(
    own_postgres: str, start: ServerFactory, away: Callable[[str], AbstractContextManager[None]]
) -> None:
    """Alive all the time; not ready and 503 within a second while it is gone; as before soon after it is back.

    It goes while requests are under way, and it goes in two ways: its connections end, or they stay and are silent.
    """
    server = start(DATABASE_URL=own_postgres, RATE_LIMIT_REQUESTS="0", DATABASE_SILENCE_SECONDS="0.7")
    server.wait_until_ready()
    callers = _callers(server)
    for caller in callers.values():
        caller.start()
    time.sleep(0.5)
    gone = time.monotonic()
    with away(own_postgres):
        time.sleep(AWAY_SECONDS)
        back = time.monotonic()
    returned = time.monotonic()
    if SOAK:
        time.sleep(LONGEST_WAIT + 0.3)
    else:
        _wait_until_good(callers, returned)
    for caller in callers.values():
        caller.done.set()
    for caller in callers.values():
        caller.join(60)
    told = {name: [(one.status, one.at) for one in caller.answers] for name, caller in callers.items()}

    assert {status for status, _ in told["alive"]} == {200}
    for name, good in (("ready", 200), ("read", 200), ("write", 201)):
        # Nothing but good and 503, and nobody waits for either of them.
        assert {status for status, _ in told[name]} == {good, 503}, name
        if SOAK:
            assert max(one.seconds for one in callers[name].answers) < LONGEST_WAIT, name
            # A second after it went every answer is a refusal, and a second after it is back none is.
            assert {status for status, at in told[name] if gone + LONGEST_WAIT < at < back} == {503}, name
            assert [status for status, at in told[name] if status == 503 and at > returned + LONGEST_WAIT] == [], name
        assert told[name][-1][0] == good, name


def _wait_until_good(callers: dict[str, Caller], since: float) -> None:
    """Return when everybody got something good again, or has waited too long for it."""
    deadline = time.monotonic() + LONGEST_WAIT

    def is_served(caller: Caller) -> bool:
        last = caller.answers[-1]
        return last.at > since and last.status < 400

    while time.monotonic() < deadline and not all(map(is_served, callers.values())):
        time.sleep(0.02)


async def _ask(url: str) -> Problem:
    database = Database(Settings(database_url=SecretStr(url)))
    async with database.opened():
        with pytest.raises(Problem) as raised:
            async with database.reading() as session:
                await session.execute(text("SELECT 1"))
    return raised.value


async def test_database_that_never_answers_is_unavailable() -> None:
    """A host that takes the connection and stays silent, as behind a dead load balancer: 503, in less than a second."""
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        problem = await _ask(f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/notes")

    assert (problem.status, problem.kind) == (503, "database-unavailable")
    if SOAK:
        assert time.monotonic() - began < LONGEST_WAIT


async def test_database_whose_name_is_gone_is_unavailable() -> None:
    """A stopped container takes its name with it: 503, not 500."""
    problem = await _ask("postgresql://ann@database.invalid/notes")

    assert (problem.status, problem.kind) == (503, "database-unavailable")


async def test_statement_that_takes_too_long_is_given_up(database_url: str, settings_for: SettingsFor) -> None:
    """PostgreSQL may be there and slow: 503 when the time that settings allow one statement is over."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no statement that sleeps")
    database = Database(settings_for(database_url, database_timeout_seconds=0.2))
    async with database.opened():
        with pytest.raises(Problem, match="503 database-unavailable"):
            async with database.transaction() as session:
                await session.execute(text("SELECT pg_sleep(10)"))


@pytest.mark.parametrize("error", [TimeoutError, ConnectionResetError])
async def test_what_else_the_domain_waits_for_is_not_the_database(
    database_url: str, settings_for: SettingsFor, error: type[OSError]
) -> None:
    """Within a transaction something else may be too slow or gone; to call that a lost database would be a lie."""
    database = Database(settings_for(database_url))
    async with database.opened():
        for work in (database.transaction, database.reading):
            with pytest.raises(error, match="of something else"):
                await _use(work(), error("of something else"))


async def _use(work: AbstractAsyncContextManager[AsyncSession], error: OSError) -> None:
    async with work as session:
        await session.execute(text("SELECT 1"))
        raise error
