"""No test waits for ever: neither for a process that somebody left behind, nor for a lock that somebody holds."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from chassis.project import ROOT
from tests import fixtures, postgres
from tests.processes import ServerFactory, ServerProcess, server_environment, servers

_LEAVES_A_DEAF_ONE = """
import os, signal, time
from tests import forking

def deaf(told):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    told.send(os.getpid())
    time.sleep(3600)

if __name__ == "__main__":
    forking._CONTEXT.set_forkserver_preload([])
    told, tells = forking._CONTEXT.Pipe()
    forking._CONTEXT.Process(target=deaf, args=(tells,), daemon=True).start()
    print(told.recv())
"""


def test_process_that_was_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    """Asked to go it does not, as one that waits for a lost database; the tests end all the same, and end it."""
    script = tmp_path / "leaves_a_deaf_one.py"
    script.write_text(_LEAVES_A_DEAF_ONE)
    done = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, script],
        env=server_environment(tmp_path) | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )

    assert not _runs(int(done.stdout))


def _runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_all_processes_are_ended_though_one_of_them_fails_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is told, and nothing goes on behind it."""
    stop, started = ServerProcess.stop, list[ServerProcess]()

    def fail(server: ServerProcess) -> None:
        stop(server)
        raise TimeoutError("it goes on")

    def begin_two(start: ServerFactory) -> None:
        started.extend(start("relay") for _ in range(2))

    monkeypatch.setattr(ServerProcess, "stop", fail)
    with pytest.raises(TimeoutError, match="it goes on"), servers(tmp_path) as start:
        begin_two(start)
    codes = [server.process.poll() for server in started]

    assert len(codes) == 2
    assert None not in codes


@pytest.fixture
def throwaway(postgres_server: str | None) -> str:
    """Give a PostgreSQL server that may be held up."""
    if postgres_server not in postgres._running:
        pytest.skip("no PostgreSQL programs")
    return postgres_server


def _gone() -> int:
    """Return the id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


async def test_database_goes_on_though_one_of_its_processes_was_gone(
    throwaway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between being listed and being stopped a connection may end; the others go on when the pause is over."""
    gone, children = _gone(), postgres._children
    monkeypatch.setattr(postgres, "_children", lambda process: [gone, *children(process)])
    with postgres.paused(throwaway):
        pass

    await fixtures._execute(throwaway, "SELECT 1")


async def test_transaction_that_was_left_open_is_named(throwaway: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Emptying the tables waits for whoever has a lock on one; but not for ever, and the error says for whom."""
    monkeypatch.setattr(fixtures, "_LOCK_SECONDS", 0.2)
    await fixtures._execute(throwaway, "CREATE TABLE left_open (id int)")
    engine = create_async_engine(make_url(throwaway).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        await connection.execute(text("INSERT INTO left_open VALUES (1)"))
        with pytest.raises(AssertionError, match=r"lock timeout; .*idle in transaction INSERT INTO left_open"):
            await fixtures._execute(throwaway, postgres.emptying(["left_open"]))
    await engine.dispose()
    await fixtures._execute(throwaway, "DROP TABLE left_open")


async def test_tables_are_emptied_whatever_is_in_them(throwaway: str) -> None:
    """Those of a few rows, of many, those that were counted, that refer to each other, or whose rows nobody deletes."""
    names = ("few", "many", "counted", "kept")
    await fixtures._execute(
        throwaway,
        "CREATE TABLE few (id int PRIMARY KEY)",
        "CREATE TABLE many (id int REFERENCES few)",
        "CREATE TABLE counted (id int REFERENCES few)",
        "CREATE TABLE kept (id int)",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'kept'; END $$",
        "CREATE TRIGGER keep BEFORE DELETE ON kept FOR EACH ROW EXECUTE FUNCTION keep()",
        "INSERT INTO few VALUES (1)",
        "INSERT INTO many SELECT 1 FROM generate_series(1, 5000)",
        "INSERT INTO counted VALUES (1)",
        "INSERT INTO kept VALUES (1)",
        "ANALYZE counted",
        postgres.emptying(names),
    )
    counts = " UNION ALL ".join(f"SELECT count(*) AS left_over FROM {name}" for name in names)  # noqa: S608 - our own
    await fixtures._execute(
        throwaway,
        f"DO $$ BEGIN ASSERT (SELECT sum(left_over) FROM ({counts}) AS all_of_them) = 0; END $$",  # noqa: S608 - our own
        f"DROP TABLE {', '.join(names)}",
        "DROP FUNCTION keep",
    )
