"""A PostgreSQL server for the tests: the one that TEST_DATABASE_URL names, or a throwaway one on this machine."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

_PATIENCE_SECONDS = 300
"""How long one of PostgreSQL's programs may take; ``pg_ctl`` itself gives up after a minute."""


def programs() -> Path | None:
    """Return the directory of PostgreSQL's programs, the newest ones found, or nothing."""
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((directory for directory in found if (directory / "initdb").exists()), None)


_EMPTY = """
DO $$
DECLARE
  emptied CONSTANT regclass[] := ARRAY[{quoted}];
  may_delete CONSTANT boolean := current_setting('is_superuser') = 'on';
  used text;
  one regclass;
BEGIN
  LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE;
  SELECT string_agg(oid::regclass::text, ', ') INTO used FROM pg_class
    WHERE oid = ANY(emptied) AND (pg_relation_size(oid) > 8 * 8192 OR reltuples >= 0 OR NOT may_delete);
  IF used IS NOT NULL THEN
    EXECUTE 'TRUNCATE ' || used || ' CASCADE';
  END IF;
  IF may_delete THEN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT oid FROM pg_class WHERE oid = ANY(emptied) AND pg_relation_size(oid) > 0 LOOP
      EXECUTE 'DELETE FROM ' || one;
    END LOOP;
  END IF;
END $$
"""


def emptying(tables: Iterable[str]) -> str:
    """Return a statement that empties tables, once nobody is at work on them; no trigger hears of it.

    To truncate dozens of tables for each test takes longer than many a test, so those of a few pages that were never
    counted are emptied row by row: to the planner they are as good as new, as it takes any such table for one of ten
    pages. Only a superuser may do without triggers; for anybody else all are truncated.
    """
    names = [f'"{name}"' for name in tables]
    return _EMPTY.format(names=", ".join(names), quoted=", ".join(f"'{name}'" for name in names))


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def stopped(url: str) -> Iterator[None]:
    """Stop a throwaway server until the block ends."""
    control, user = _running[url]
    _run(user, *control, "-m", "immediate", "stop")
    try:
        yield
    finally:
        _run(user, *control, "start")


@contextmanager
def paused(url: str) -> Iterator[None]:
    """Stop a throwaway server from doing anything until the block ends: connections stay, and nobody answers."""
    leader = _leader(url)
    stopped_ones = [leader]
    try:
        _signal(leader, signal.SIGSTOP)  # first: from now on there are no new ones
        stopped_ones += _children(leader)
        for process in stopped_ones:
            _signal(process, signal.SIGSTOP)
        yield
    finally:
        for process in stopped_ones:
            _signal(process, signal.SIGCONT)


def processes(url: str | None) -> list[int]:
    """Return the ids of a throwaway server's processes; of another one, which may run elsewhere, none."""
    if url not in _running:
        return []
    leader = _leader(url)
    return [leader, *_children(leader)]


def _leader(url: str) -> int:
    control, _ = _running[url]
    return int((Path(control[2]) / "postmaster.pid").read_text().splitlines()[0])


def _signal(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # a connection's process ends with its connection, at any moment
        os.kill(process, number)


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


_running: dict[str, tuple[tuple[str | Path, ...], str | None]] = {}


@contextmanager
def throwaway_server(binaries: Path) -> Iterator[str]:
    """Run a server on a free port with its data in a temporary directory; yield its URL."""
    directory, port, user = Path(mkdtemp(prefix="postgres-")), free_port(), _unprivileged_user()
    if user is not None:
        shutil.chown(directory, user)
    try:
        _run(user, binaries / "initdb", "-D", directory, "-U", "test", "--auth=trust", "-E", "UTF8", "--no-sync")
        # Nothing has to survive a power cut here, so nothing waits for the disk.
        options = f"-p {port} -h 127.0.0.1 -k '' -c fsync=off -c full_page_writes=off -c max_connections=200"
        control = (binaries / "pg_ctl", "-D", directory, "-w", "-s", "-o", options, "-l", directory / "log")
        _run(user, *control, "start")
        url = f"postgresql://test@127.0.0.1:{port}/postgres"
        _running[url] = (control, user)
        try:
            yield url
        finally:
            del _running[url]
            _run(user, *control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: name somebody else to run it, where the tests do."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _run(user: str | None, *command: str | Path) -> None:
    nothing = subprocess.DEVNULL
    subprocess.run(command, check=True, user=user, stdin=nothing, stdout=nothing, cwd="/", timeout=_PATIENCE_SECONDS)  # noqa: S603 - our own words
