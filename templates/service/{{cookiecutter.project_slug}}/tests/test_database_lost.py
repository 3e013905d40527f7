"""The database goes away and comes back: no restart, no lie."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from chassis.__main__ import main
from chassis.database import Database
from chassis.problems import Problem
from chassis.settings import Settings
from tests import example, postgres
from tests.processes import ServerFactory, servers


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


def test_lost_database_is_survived(start: ServerFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alive all the time, not ready and 503 while it is gone, and everything as before when it is back."""
    binaries = postgres.programs()
    if binaries is None:
        pytest.skip("no PostgreSQL programs")
    with postgres.throwaway_server(binaries) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        assert main(["migrate"]) == 0
        server = start(DATABASE_URL=url, DATABASE_TIMEOUT_SECONDS="1")
        server.wait_until_ready()
        headers = {"Authorization": f"Bearer {server.token('ann')}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=10) as client:
            created = client.post(example.COLLECTION, json=example.draft())
            with postgres.stopped(url):
                began = time.monotonic()
                gone = [client.post(example.COLLECTION, json=example.draft()) for _ in range(5)]
                waited = time.monotonic() - began
                alive, ready = client.get("/livez"), client.get("/readyz")
            server.wait_until_ready(10)
            back = [client.get(example.COLLECTION) for _ in range(5)]

    assert created.status_code == 201
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in gone] == [(503, "5")] * 5
    assert waited < 5
    assert (alive.status_code, ready.status_code) == (200, 503)
    assert ready.json()["type"] == "urn:problem-type:database-unavailable"
    assert [answer.status_code for answer in back] == [200] * 5
    assert len(back[0].json()["items"]) == 1


async def _ask(url: str) -> Problem:
    database = Database(Settings(database_url=SecretStr(url), database_timeout_seconds=0.2))
    with pytest.raises(Problem) as raised:
        async with database.reading() as session:
            await session.execute(text("SELECT 1"))
    await database.close()
    return raised.value


async def test_database_that_never_answers_is_unavailable() -> None:
    """A host that takes the connection and stays silent, as behind a dead load balancer: 503, not 500."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        problem = await _ask(f"postgresql://ann@127.0.0.1:{silent.getsockname()[1]}/notes")

    assert (problem.status, problem.kind) == (503, "database-unavailable")


async def test_database_whose_name_is_gone_is_unavailable() -> None:
    """A stopped container takes its name with it: 503, not 500."""
    problem = await _ask("postgresql://ann@database.invalid/notes")

    assert (problem.status, problem.kind) == (503, "database-unavailable")
