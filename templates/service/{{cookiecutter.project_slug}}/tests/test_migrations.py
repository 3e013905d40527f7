"""Migrations: the chassis' and the domain's are branches of their own, and what is written from the models runs."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from chassis import migrations, revisions
from chassis.__main__ import main
from chassis.circuit import Unreachable
from chassis.database import Database, alone_with, patient_engine
from chassis.project import ROOT
from tests.fixtures import SettingsFor
from tests.processes import server_environment

LATER = '''"""What a newer chassis brings.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table("search_later", sa.Column("id", sa.Uuid(), primary_key=True))


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("search_later")
'''
"""A migration whose table nobody compares with the models, because of its name."""

FAMILY = '''"""A table, and rows below its rows.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Create the tables, with data."""
    op.create_table(
        "search_parents",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(10)),
    )
    key = sa.ForeignKey("search_parents.id", name="fk_search_children_parent", ondelete="CASCADE")
    op.create_table(
        "search_children",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("parent", sa.Integer(), key),
    )
    op.execute("INSERT INTO search_parents VALUES (1, 'Ann')")
    op.execute("INSERT INTO search_children VALUES (1, 1), (2, 1)")
'''
WRITTEN_ANEW = '''"""What `make migration` writes on SQLite for a table that loses a column.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Drop a column."""
    with op.batch_alter_table("search_parents") as batch_op:
        batch_op.drop_column("name")
'''
ORPHANED = '''"""Leaves children behind.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Forget the parents."""
    op.execute("DELETE FROM search_parents")
'''


@pytest.fixture
def versions(tmp_path: Path, fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the migrations to write into; the command line uses it on an empty database."""
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module in (migrations, revisions):
        monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])  # Alembic puts the copy's src before all others
    monkeypatch.setenv("DATABASE_URL", fresh_url)
    return tmp_path / "migrations" / "versions"


def _run(*words: str) -> None:
    assert main(words) == 0
    revisions.written.cache_clear()  # the next command is another process


def test_a_migration_written_from_the_models_runs(versions: Path) -> None:
    """What ``make migration`` writes needs no mending by hand: it runs, and then nothing is missing.

    The first one begins the domain's branch.
    """
    for written in versions.glob("*.py"):
        if not written.name.startswith("0001_"):
            written.unlink()
    _run("migration", "everything")
    _run("migrate")
    _run("migrate", "--check")

    (first,) = versions.glob("*_everything.py")
    assert 'branch_labels = ("domain",)\ndepends_on = "0001"\n' in first.read_text(encoding="utf-8")


def test_newer_chassis_comes_beneath_a_living_domain(versions: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A migration of the chassis runs on a database whose domain is at its newest migration already, and back again."""
    _run("migrate")
    (versions / "0002_later.py").write_text(LATER, encoding="utf-8")
    assert main(["migrate", "--check"]) == 1
    capsys.readouterr()
    _run("migrate")
    later = capsys.readouterr().out
    _run("migrate", "--check")
    _run("migration", "nothing new")
    _run("migrate", "--down", "chassis@0001")
    _run("migrate", "--down", "base")

    assert "is at 0002 and " in later
    (written,) = versions.glob("*_nothing_new.py")
    assert "down_revision = None" not in written.read_text(encoding="utf-8"), "it goes on where the domain is"


async def test_changed_table_keeps_what_refers_to_it(versions: Path, settings_for: SettingsFor, fresh_url: str) -> None:
    """On SQLite a table is changed by writing it anew: what refers to its rows does not go with the old one."""
    (versions / "0002_family.py").write_text(FAMILY, encoding="utf-8")
    (versions / "0003_written_anew.py").write_text(WRITTEN_ANEW, encoding="utf-8")
    database = Database(settings_for(fresh_url))
    async with database.opened():
        await migrations.upgrade(database.engine)
        children = await database.fetch("SELECT id, parent FROM search_children ORDER BY id")
        with pytest.raises(IntegrityError):
            async with database.transaction() as session:
                await session.execute(text("INSERT INTO search_children VALUES (3, 2)"))

    assert [tuple(row) for row in children] == [(1, 1), (2, 1)]


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)
async def test_orphans_are_refused_before_the_commit(versions: Path, settings_for: SettingsFor, fresh_url: str) -> None:
    """What SQLite does not enforce while it migrates is asked at the end; PostgreSQL has enforced it by then."""
    (versions / "0002_family.py").write_text(FAMILY, encoding="utf-8")
    (versions / "0003_orphaned.py").write_text(ORPHANED, encoding="utf-8")
    database = Database(settings_for(fresh_url))
    async with database.opened():
        with pytest.raises(CommandError, match="migration 0003 would leave rows of search_children without search_pa"):
            await migrations.upgrade(database.engine)
        present = (await revisions.state(database.engine)).present
        parents = await database.fetch("SELECT id FROM search_parents")

    assert "0003" not in present
    assert [tuple(row) for row in parents] == [(1,)]


@pytest.fixture
async def in_use(
    versions: Path, settings_for: SettingsFor, fresh_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Database, AsyncSession]]:
    """Give a database and a transaction that reads a table which the next migration changes; nobody is very patient."""
    monkeypatch.setattr(migrations, "_TABLE_SECONDS", 0.1)
    monkeypatch.setattr(migrations, "_AGAIN_SECONDS", 0.1)
    (versions / "0002_family.py").write_text(FAMILY, encoding="utf-8")
    database = Database(settings_for(fresh_url))
    async with database.opened():
        await migrations.upgrade(database.engine)
        (versions / "0003_written_anew.py").write_text(WRITTEN_ANEW, encoding="utf-8")
        async with database.transaction() as session:
            await session.execute(text("SELECT id FROM search_parents"))
            yield database, session


@pytest.mark.parametrize("fresh_url", ["postgresql"], indirect=True)
async def test_nobody_waits_long_behind_a_migration(
    in_use: tuple[Database, AsyncSession], caplog: pytest.LogCaptureFixture
) -> None:
    """A table that somebody reads in a long transaction is waited for in turns, in which others can read it too."""
    database, reader = in_use
    migrating = asyncio.create_task(migrations.upgrade(database.engine))
    async with asyncio.timeout(60):
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'"
        while not await database.fetch(waiting):  # noqa: ASYNC110 - the database tells nobody of it
            await asyncio.sleep(0.01)
        rows = await database.fetch("SELECT name FROM search_parents")
    await reader.commit()
    await migrating
    after = await database.fetch("SELECT * FROM search_parents")

    assert [tuple(row) for row in rows] == [("Ann",)]
    assert [tuple(row) for row in after] == [(1,)]
    assert "is in use; it is tried again" in caplog.text


@pytest.mark.parametrize("fresh_url", ["postgresql"], indirect=True)
async def test_migration_gives_up_on_a_table_that_is_never_free(
    in_use: tuple[Database, AsyncSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of it was done, and the next one that tries begins anew."""
    database, reader = in_use
    monkeypatch.setattr(migrations, "MIGRATION_SECONDS", 0.2)
    with pytest.raises(Unreachable, match="in use all the time"):
        await migrations.upgrade(database.engine)
    before = await database.fetch("SELECT name FROM search_parents")
    await reader.commit()
    await migrations.upgrade(database.engine)
    after = await database.fetch("SELECT * FROM search_parents")

    assert [tuple(row) for row in before] == [("Ann",)]
    assert [tuple(row) for row in after] == [(1,)]


async def test_database_of_newer_code_is_good_enough(versions: Path, settings_for: SettingsFor, fresh_url: str) -> None:
    """A release that is rolled back finds the tables of the newer one: it is ready, for migrations suit both."""
    (versions / "0002_later.py").write_text(LATER, encoding="utf-8")
    database = Database(settings_for(fresh_url))
    async with database.opened():
        await migrations.upgrade(database.engine)
        (versions / "0002_later.py").unlink()
        revisions.written.cache_clear()

        assert (await revisions.state(database.engine)).missing == ()


async def test_second_process_waits_for_the_first_ones_migrations(tmp_path: Path, settings_for: SettingsFor) -> None:
    """On SQLite, which lets one write at a time: while a process migrates, another learns at once how far the database
    is, and then waits for minutes for its turn, not for the driver's five seconds."""
    database = Database(settings_for(f"sqlite:///{tmp_path / 'one.db'}", database_timeout_seconds=0.1))
    async with database.opened(), patient_engine(database.engine.url).connect() as migrating:
        milliseconds = await migrating.scalar(text("PRAGMA busy_timeout"))  # in a transaction, so it has the write lock
        state = await revisions.state(database.engine)

    assert state.present == ()
    assert milliseconds == 600_000


async def test_one_process_migrates_at_a_time(
    tmp_path: Path, settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite each migration is committed by itself: whoever looked in between would run the rest once more."""
    monkeypatch.setattr(migrations, "MIGRATION_SECONDS", 0.1)
    database = Database(settings_for(f"sqlite:///{tmp_path / 'one.db'}"))
    async with database.opened():
        with alone_with(str(tmp_path / "one.db"), "migrate"), pytest.raises(Unreachable, match="another process"):
            await migrations.upgrade(database.engine)
        before = await revisions.state(database.engine)
        await migrations.upgrade(database.engine)
        after = await revisions.state(database.engine)

    assert (before.present, after.missing) == ((), ())


def test_what_is_missing_is_what_alembic_misses() -> None:
    """From nothing, from each migration and from all of them: read from the files, the answer is Alembic's."""
    scripts = migrations._scripts()
    steps = [(), tuple(scripts.get_heads()), *((script.revision,) for script in scripts.walk_revisions())]
    expected = []
    for present in steps:
        reached = {script.revision for script in scripts.get_all_current(present)}
        expected.append(tuple(sorted(set(scripts.get_heads()) - reached)))

    assert expected == [revisions.missing(present, revisions.written(ROOT)) for present in steps]


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        ((), ("b2", "m")),
        (("a",), ("b2", "m")),
        (("b1",), ("b2", "m")),
        (("b2",), ("m",)),
        (("m",), ("b2",)),
        (("m", "b2"), ()),
        (("newer",), ()),
    ],
)
def test_branches_merges_and_labels_are_followed(
    tmp_path: Path, present: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """A revision may have several before it, need another by its label, and be annotated; other files do not count."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    for name, said in {
        "a": 'down_revision = None\nbranch_labels = ("first",)',
        "b1": 'down_revision: str | None = "a"',
        "b2": 'down_revision = "b1"',
        "c": 'down_revision = None\ndepends_on = ["first"]',
        "m": 'down_revision = ("c",)',
    }.items():
        (versions / f"{name}_x.py").write_text(f'revision: str = "{name}"\n{said}\n', encoding="utf-8")
    (versions / "__init__.py").touch()

    assert revisions.missing(present, revisions.written(tmp_path)) == missing


def test_readiness_costs_no_alembic(tmp_path: Path) -> None:
    """A probe, and the start on a database that needs nothing, leave a library alone that takes a tenth of a second."""
    given = server_environment(tmp_path)
    ready = "import asyncio, sys; from chassis.app import create_app; from chassis.domain import load_domain\n" + (
        "async def ready():\n"
        "    app = create_app(load_domain().settings())\n"
        "    async with app.router.lifespan_context(app): await app.state.health.check()\n"
        "asyncio.run(ready()); print([name for name in sys.modules if name.startswith('alembic')])"
    )
    asked = [[sys.executable, "-m", "chassis", "migrate"], [sys.executable, "-c", ready]]
    said = [subprocess.run(words, cwd=ROOT, env=given, check=True, capture_output=True, timeout=60) for words in asked]  # noqa: S603 - our own words

    assert said[1].stdout.decode().splitlines()[-1] == "[]"
