"""A service for every test: the real app on a real database, SQLite and, where there is one, PostgreSQL."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from chassis import migrations
from chassis.app import create_app
from chassis.database import Base, Database
from chassis.domain import load_domain
from chassis.keys import DevelopmentKeys
from chassis.settings import Settings
from tests import postgres
from tests.turns import is_one_of_several, taking_turns

SettingsFor = Callable[..., Settings]

_LOCK_SECONDS = 60.0
"""How long the emptying of a database waits for a transaction that a test before has left open."""

_OTHERS = "SELECT datname, pid, state, query FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle'"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio, as the server does."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _turn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let a test that is marked ``alone`` run while no other process of ``pytest -n`` runs any."""
    if not is_one_of_several(request.config):
        yield
        return
    alone = request.node.get_closest_marker("alone") is not None
    with taking_turns(tmp_path_factory.getbasetemp().parent, alone=alone):
        yield


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own settings out of the tests, and what a test before this one set up for its logs."""
    structlog.reset_defaults()
    forget_settings(monkeypatch)


def forget_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every setting out of the environment."""
    for name in load_domain().settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str | None]:
    """Give the URL of a PostgreSQL server, if there is one."""
    given, binaries = os.environ.get("TEST_DATABASE_URL"), postgres.programs()
    if given:
        yield given
    elif binaries:
        with postgres.throwaway_server(binaries) as url:
            yield url
    else:
        yield None


@pytest.fixture(scope="session")
async def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one SQLite file; every test gets a copy."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    await _migrate(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
async def migrated_postgres(postgres_server: str | None, tmp_path_factory: pytest.TempPathFactory) -> str | None:
    """Make and migrate one database on the PostgreSQL server; every test finds it empty."""
    if postgres_server is None:
        return None
    migrated = await _new_database(postgres_server, f"test_{os.getpid()}")
    await _migrate(migrated, tmp_path_factory.mktemp("postgres"))
    return migrated


async def _new_database(server: str, name: str) -> str:
    await _execute(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


async def _execute(url: str, *statements: str) -> None:
    engine = create_async_engine(
        make_url(url).set(drivername="postgresql+asyncpg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"server_settings": {"lock_timeout": f"{1000 * _LOCK_SECONDS:.0f}ms"}},
    )
    try:
        async with engine.connect() as connection:
            for statement in statements:
                try:
                    await connection.execute(text(statement))
                except DBAPIError as error:
                    others = [" ".join(map(str, row)) for row in await connection.execute(text(_OTHERS))]
                    raise AssertionError(f"{statement}: {error.orig}; connections at work: {others}") from error
    finally:
        await engine.dispose()


async def _migrate(url: str, var_dir: Path) -> None:
    database = Database(Settings(database_url=SecretStr(url), var_dir=var_dir))
    await migrations.upgrade(database.engine)
    await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_sqlite: Path, migrated_postgres: str | None
) -> str:
    """Give an empty, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "test.db"
        shutil.copy(migrated_sqlite, path)
        return f"sqlite:///{path}"
    if migrated_postgres is None:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install its programs")
    await _execute(migrated_postgres, postgres.emptying(Base.metadata.tables))
    return migrated_postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str | None) -> str:
    """Give an empty database without tables; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'fresh.db'}"
    if postgres_server is None:
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install its programs")
    return asyncio.run(_new_database(postgres_server, f"fresh_{os.getpid()}"))


@pytest.fixture
def settings_for(tmp_path: Path) -> SettingsFor:
    """Give a function that makes settings for a test."""

    def make(url: str, **changes: object) -> Settings:
        values: dict[str, object] = {
            "database_url": SecretStr(url),
            "database_silence_seconds": 10.0,  # a machine that runs tests may hold PostgreSQL up
            "relay_embedded": False,
            "var_dir": tmp_path,
        }
        return load_domain().settings.model_validate(values | changes)

    return make


@dataclass(frozen=True, kw_only=True)
class Service:
    """A started app, and ways to call it."""

    app: FastAPI
    keys: DevelopmentKeys
    anonymous: httpx.AsyncClient

    def token(self, subject: str, *scopes: str, seconds: int = 3600, claims: Mapping[str, str] | None = None) -> str:
        """Mint a token; without scopes it grants all there are."""
        granted = frozenset(scopes) or frozenset(load_domain().scopes)
        return self.keys.mint(subject=subject, scopes=granted, seconds=seconds, claims=claims)

    def as_(self, subject: str, *scopes: str, **claims: str) -> httpx.AsyncClient:
        """Return a client that sends a token of this person, with claims such as ``tenant`` and ``account``."""
        token = self.token(subject, *scopes, claims=claims)
        return _client(self.app, {"Authorization": f"Bearer {token}"})


def _client(app: FastAPI, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    hooks = {"response": [_says_where_and_which]}
    return httpx.AsyncClient(transport=transport, base_url="http://service", headers=headers, event_hooks=hooks)


async def _says_where_and_which(response: httpx.Response) -> None:
    """See that a 201 says where to read what was made, and what has a version has its tag, as the contract promises."""
    assert response.status_code != 201 or "location" in response.headers, f"no Location: {response.request.url}"
    untagged = response.is_success and "etag" not in response.headers
    if untagged and response.headers.get("content-type") == "application/json" and (body := await response.aread()):
        version = json.loads(body).get("version")
        assert not isinstance(version, int), f"no ETag: {response.request.method} {response.request.url}"


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Start the app in this process, as uvicorn would."""
    app = create_app(settings)
    async with app.router.lifespan_context(app), _client(app, {}) as anonymous:
        yield Service(app=app, keys=DevelopmentKeys(settings.var_dir), anonymous=anonymous)


@pytest.fixture
async def service(database_url: str, settings_for: SettingsFor) -> AsyncIterator[Service]:
    """Give a service of the test's own."""
    async with running(settings_for(database_url)) as started:
        yield started


@pytest.fixture
def ann(service: Service) -> httpx.AsyncClient:
    """Give a client of somebody who may do everything with what is hers."""
    return service.as_("ann")
