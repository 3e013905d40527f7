"""The service as a process: what happens at start and stop, seen from outside."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from chassis import migrations
from chassis.__main__ import main
from chassis.database import Database
from chassis.domain import load_domain
from chassis.keys import DevelopmentKeys, signing_key
from chassis.placeholders import weak_secrets
from chassis.project import ROOT
from chassis.settings import Settings
from tests import example
from tests.fixtures import SettingsFor
from tests.processes import ServerFactory, ServerProcess, server_environment, servers


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


@pytest.fixture
def start_anew(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers as the command line does, each with an interpreter of its own."""
    with servers(tmp_path, loaded=False) as factory:
        yield factory


def _chassis(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "chassis", *arguments],
        cwd=ROOT,
        env=server_environment(directory) | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def test_first_start_needs_nothing(start_anew: ServerFactory, tmp_path: Path) -> None:
    """An empty directory is enough: database, keys and tables are made, and a minted token works."""
    server = start_anew()
    server.wait_until_ready()
    token = _chassis(tmp_path, "token", "--subject", "ann").stdout.strip()
    headers = {"Authorization": f"Bearer {token}"}
    created = httpx.post(server.url + example.COLLECTION, json=example.draft(), headers=headers)
    ready = _chassis(tmp_path, "check-ready", PORT=str(server.port))

    assert created.status_code == 201
    assert (ready.returncode, ready.stdout) == (0, '{"status":"ready"}\n')
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("development-*")} == {0o600}


def test_two_services_share_no_secret(tmp_path: Path) -> None:
    """Keys are made on the spot, never copied with the code."""
    made = []
    for name in ("one", "two"):
        settings = Settings(var_dir=tmp_path / name)
        key = DevelopmentKeys(settings.var_dir).mint(subject="ann", scopes=frozenset(), seconds=60).rpartition(".")[2]
        files = {path.name: path.read_bytes() for path in settings.var_dir.iterdir()}
        made.append({"secret": signing_key(settings), "token": key.encode(), **files})

    assert made[0].keys() == made[1].keys()
    assert [name for name in made[0] if made[0][name] == made[1][name]] == []


def test_sigterm_loses_nobodys_request(start: ServerFactory) -> None:
    """Readiness goes first, new and running requests are answered meanwhile, and the exit code is 0.

    A machine on which asking takes longer than the drain has shown nothing: then the drain takes longer too.
    """
    for drain_seconds in (1, 10, 60):
        server = start(DRAIN_SECONDS=str(drain_seconds))
        server.wait_until_ready()
        began = time.monotonic()
        with _asking(server) as answers:
            server.terminate()
            readiness = _not_ready(server)
            while len(answers) <= 20 and _NONE not in answers:
                time.sleep(0.01)
        if time.monotonic() - began < drain_seconds:
            break

    assert readiness == (503, "close")
    assert set(answers) == {200}
    assert server.process.wait(10) == 0


_NONE = 0
"""Instead of a status: nobody answered."""


@contextmanager
def _asking(server: ServerProcess) -> Iterator[list[int]]:
    """Ask again and again, on a new connection each time, until the block ends; give the answers."""
    answers: list[int] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set() and _NONE not in answers:
            try:
                answers.append(server.get("/livez")[0])
            except OSError:
                answers.append(_NONE)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        yield answers
    finally:
        stop.set()
        asking.join(60)


def _not_ready(server: ServerProcess) -> tuple[int, str]:
    """Ask until it is no longer ready; return what that answer was, and what it says of its connection."""
    try:
        while (answer := server.get("/readyz"))[0] == 200:
            pass
    except OSError:
        return _NONE, ""
    return answer[0], answer[1]["connection"]


def test_ctrl_c_stops_at_once(start_anew: ServerFactory) -> None:
    """Somebody who develops does not wait for a load balancer."""
    server = start_anew(DRAIN_SECONDS="60")
    server.wait_until_ready()
    server.process.send_signal(signal.SIGINT)

    assert server.process.wait(5) in (0, 130, -signal.SIGINT)


def test_taken_port_is_said_plainly(start: ServerFactory) -> None:
    """A start that fails has an exit code and a reason."""
    first = start()
    first.wait_until_ready()
    second = start(PORT=str(first.port))

    assert second.process.wait(15) == 3
    assert "address already in use" in second.log.read_text()


def test_processes_that_start_together_migrate_one_after_the_other(fresh_url: str, settings_for: SettingsFor) -> None:
    """The lock of a migration is gone when it is done, though the process goes on."""

    async def start_both() -> None:
        databases = [Database(settings_for(fresh_url)) for _ in range(2)]
        for database in databases:
            async with asyncio.timeout(10):
                await migrations.upgrade(database.engine)
        for database in databases:
            await database.close()

    asyncio.run(start_both())


COMPLETE = {
    "ENVIRONMENT": "prod",
    "DATABASE_URL": "postgresql://svc:9f8a7b6c@127.0.0.1:1/svc",
    "SECRET_KEY": "0123456789abcdef0123456789abcdef",
    "AUTH_ISSUER": "https://issuer.test",
    "AUTH_AUDIENCE": "api",
}

SUBSCRIBED = {"EVENTS_PUBLISHER": "http", "EVENTS_SUBSCRIBERS": "erp=https://erp.test/in,shop=https://shop.test/in"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict.fromkeys([name for name in COMPLETE if name != "ENVIRONMENT"], ""),
         "ENVIRONMENT=prod needs DATABASE_URL, SECRET_KEY, AUTH_ISSUER, AUTH_AUDIENCE"),
        ({"SECRET_KEY": "changeme-changeme-changeme-changeme"}, "SECRET_KEY is a placeholder or too short"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is a placeholder or too short"),
        ({"DATABASE_URL": "postgresql://svc:changeme@db/svc"}, "DATABASE_URL holds a placeholder password"),
        ({"DATABASE_URL": "postgresql://postgres:postgres@db/svc"}, "DATABASE_URL holds a placeholder password"),
        ({"SECRET_KEY": "0" * 64}, "SECRET_KEY is a placeholder or too short"),
        (SUBSCRIBED | {"EVENTS_SECRETS": "erp=9f8a7b6c9f8a7b6c9f8a7b6c"}, "needs EVENTS_SECRETS for shop"),
        (SUBSCRIBED | {"EVENTS_SECRETS": "erp=9f8a7b6c9f8a7b6c9f8a7b6c,shop=changeme-changeme-changeme"},
         "EVENTS_SECRETS for shop is a placeholder or too short (24 characters)"),
        ({"EVENTS_SENDERS": "pim=9f8a7b6c"}, "EVENTS_SENDERS for pim is a placeholder or too short (24 characters)"),
        ({"EVENTS_PUBLISHER": "nats"}, "ENVIRONMENT=prod needs EVENTS_NATS_URL"),
        ({"EVENTS_PUBLISHER": "nats", "EVENTS_NATS_URL": "nats://svc:changeme@nats:4222"},
         "EVENTS_NATS_URL holds a placeholder password"),
        ({"SECRET_KEY": "short", "AUTH_AUDIENCE": "", "DATABASE_URL": "postgresql://svc:secret@db/svc"},
         "ENVIRONMENT=prod needs AUTH_AUDIENCE; DATABASE_URL holds a placeholder password; SECRET_KEY is"),
        ({"DATABASE_URL": "mysql://svc@db/svc"}, "DATABASE_URL: 'mysql' is neither postgresql nor sqlite"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL: not a database URL"),
        ({"AUTH_ISSUER": "http://issuer.test"}, "AUTH_ISSUER must be an https:// URL"),
        ({"AUTH_JWKS_URL": "http://issuer.test/keys"}, "AUTH_JWKS_URL must be an https:// URL"),
        ({"AUTH_ALGORITHMS": "RS256,HS256"}, "AUTH_ALGORITHMS: 'HS256' is not an asymmetric signature algorithm"),
        ({"AUTH_ALGORITHMS": "none"}, "AUTH_ALGORITHMS: 'none' is not an asymmetric signature algorithm"),
        ({"PORT": "http"}, "PORT: Input should be a valid integer"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_wrong_settings_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], changes: dict[str, str], message: str
) -> None:
    """Outside dev every missing or placeholder secret is named, and no secret is printed."""
    for name, value in (COMPLETE | changes).items():
        monkeypatch.setenv(name, value)
    code = main(["serve"])

    said = capsys.readouterr().err
    assert code == 2
    assert message in said
    assert "9f8a7b6c" not in said


@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, field in load_domain().settings.model_fields.items()
        if field.annotation in (SecretStr, dict[str, SecretStr]) and name not in ("database_url", "events_nats_url")
    ),
)
def test_no_secret_may_be_a_placeholder(name: str) -> None:
    """Every secret that there is, also one that the domain has added, is looked at outside ``dev``."""
    kind = load_domain().settings.model_fields[name].annotation
    given = SecretStr("changeme-changeme-changeme-changeme")
    value = given if kind is SecretStr else {"partner": given}
    changed = load_domain().settings().model_copy(update={name: value})

    assert [one.partition(" ")[0] for one in weak_secrets(changed, {})] == [name.upper()]


def test_start_without_secrets_is_refused(tmp_path: Path) -> None:
    """The same from outside: an exit code and one line, no stack."""
    result = _chassis(tmp_path, "serve", ENVIRONMENT="prod")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == ("settings: ENVIRONMENT=prod needs DATABASE_URL, SECRET_KEY, AUTH_ISSUER, AUTH_AUDIENCE\n")


def test_tokens_are_made_only_in_dev(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is an issuer, nobody else makes tokens."""
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)

    assert main(["token"]) == 2
    assert capsys.readouterr().out == ""


def test_check_ready_says_when_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The container's health check fails with a sentence."""
    monkeypatch.setenv("PORT", "1")

    assert main(["check-ready"]) == 1
    assert "http://127.0.0.1:1 does not answer" in capsys.readouterr().err


def test_migrations_go_up_down_and_up(
    fresh_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each migration can be taken back, and the models agree with the tables, on both databases."""
    monkeypatch.setenv("DATABASE_URL", fresh_url)

    assert main(["migrate", "--check"]) == 1
    assert "not up to date" in capsys.readouterr().err
    for arguments in [[], ["--check"], ["--down", "base"], [], ["--check"]]:
        assert main(["migrate", *arguments]) == 0
