"""Migrations that are written from the models run as they are written."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from chassis.project import ROOT


def _run(directory: Path, *words: str) -> None:
    environment = {**os.environ, "PYTHONPATH": "src", "ENVIRONMENT": "dev", "DATABASE_URL": ""}
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own words

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_migration_written_from_the_models_runs(tmp_path: Path) -> None:
    """What ``make migration`` writes needs no mending by hand: it runs, and then nothing is missing."""
    for name in ("src", "migrations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for written in (tmp_path / "migrations" / "versions").glob("*.py"):
        if not written.name.startswith("0001_"):
            written.unlink()  # the domain's own: they are what is written anew

    _run(tmp_path, "chassis", "migrate")
    _run(tmp_path, "alembic", "revision", "--autogenerate", "--rev-id", "0900", "-m", "everything")
    _run(tmp_path, "chassis", "migrate")
    _run(tmp_path, "chassis", "migrate", "--check")
