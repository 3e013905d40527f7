"""Locks are installed by uv where it can, and by pip where only pip can."""

import hashlib
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.running import PATIENCE, REPOSITORY, machgen

PINNED = "tiny-1.dist-info"
WHEEL = {
    "tiny.py": "",
    f"{PINNED}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1\n",
    f"{PINNED}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{PINNED}/RECORD": f"tiny.py,,\n{PINNED}/METADATA,,\n{PINNED}/WHEEL,,\n{PINNED}/RECORD,,\n",
}


def locked(directory: Path) -> Path:
    """Make a wheel, and a lock that asks for it and nothing else."""
    wheel = directory / "tiny-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in WHEEL.items():
            archive.writestr(name, data)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = directory / "lock.txt"
    lock.write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return lock


def empty(directory: Path) -> Path:
    """Make an environment of nothing, and return its Python."""
    environment = directory / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=PATIENCE)
    return environment / "bin" / "python"


def borrowing(directory: Path) -> None:
    """Make an environment that has the pip and the uv of this one, without waiting for their installation."""
    python = empty(directory)
    own = next(python.parents[1].glob("lib/*/site-packages"))
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    (python.parent / "uv").symlink_to(Path(sysconfig.get_path("scripts")) / "uv")


def said(words: Sequence[str | Path], directory: Path, variables: Mapping[str, str]) -> str:
    """Run a command for somebody who has configured neither pip nor uv, but for these variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    own = {"PIP_CONFIG_FILE": os.devnull, "UV_CACHE_DIR": str(directory / "cache")}
    env = {**kept, **own, **variables}
    return subprocess.run(words, env=env, stderr=subprocess.PIPE, timeout=PATIENCE, check=True).stderr.decode()


def installers(directory: Path) -> Sequence[str]:
    """Return who says that they installed it."""
    environment = directory / "environment"
    return [path.read_text().strip() for path in environment.glob(f"lib/*/site-packages/{PINNED}/INSTALLER")]


WHO = pytest.mark.parametrize(
    ("variables", "installer", "told"),
    [
        ({}, "uv", False),
        ({"PIP_INDEX_URL": "http://127.0.0.1:1/simple"}, "pip", False),
        ({"UV_LINK_MODE": "no such"}, "pip", True),
    ],
    ids=["uv", "an index that pip alone knows", "uv fails"],
)


@WHO
def test_a_lock_is_installed(variables: Mapping[str, str], installer: str, told: bool, tmp_path: Path) -> None:
    """Whoever may not, or cannot, use uv gets the same from pip."""
    words: list[str | Path] = ["sh", REPOSITORY / "tools/install.sh", empty(tmp_path), locked(tmp_path), sys.executable]
    err = said(words, tmp_path, variables)

    assert [installer] == installers(tmp_path)
    assert told == ("uv could not install" in err)


@WHO
def test_a_service_installs_alike(variables: Mapping[str, str], installer: str, told: bool, tmp_path: Path) -> None:
    """The Makefile of a generated service makes the environment, unless there is one, and installs the lock."""
    borrowing(tmp_path)
    machgen("new", "service", str(tmp_path / "service"), "--no-input", "--no-git", cwd=tmp_path)
    where = [f"VENV={tmp_path / 'environment'}", f"LOCK={locked(tmp_path)}"]
    err = said(["make", "-C", tmp_path / "service", *where, "setup"], tmp_path, variables)

    assert [installer] == installers(tmp_path)
    assert told == ("no such" in err)
