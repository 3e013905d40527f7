"""Migrations: the chassis' and the domain's are branches of their own, and what is written from the models runs."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import migrations
from chassis.__main__ import main
from chassis.database import Database
from chassis.project import ROOT
from tests.fixtures import SettingsFor

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


@pytest.fixture
def versions(tmp_path: Path, fresh_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a copy of the migrations to write into; the command line uses it on an empty database."""
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(migrations, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])  # Alembic puts the copy's src before all others
    monkeypatch.setenv("DATABASE_URL", fresh_url)
    migrations._scripts.cache_clear()
    yield tmp_path / "migrations" / "versions"
    migrations._scripts.cache_clear()


def _run(*words: str) -> None:
    assert main(words) == 0
    migrations._scripts.cache_clear()  # the next command is another process


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

    assert later.endswith(" and 0002.\n")
    (written,) = versions.glob("*_nothing_new.py")
    assert "down_revision = None" not in written.read_text(encoding="utf-8"), "it goes on where the domain is"


async def test_database_of_newer_code_is_good_enough(versions: Path, settings_for: SettingsFor, fresh_url: str) -> None:
    """A release that is rolled back finds the tables of the newer one: it is ready, for migrations suit both."""
    (versions / "0002_later.py").write_text(LATER, encoding="utf-8")
    database = Database(settings_for(fresh_url))
    async with database.opened():
        await migrations.upgrade(database.engine)
        migrations._scripts.cache_clear()
        (versions / "0002_later.py").unlink()

        assert (await migrations.state(database.engine)).missing == ()
