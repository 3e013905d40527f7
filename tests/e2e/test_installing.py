"""Locks are installed by uv where it can, and by pip where only pip can."""

import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.running import PATIENCE, REPOSITORY

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


@pytest.mark.parametrize(
    ("variables", "installer", "told"),
    [
        ({}, "uv", False),
        ({"PIP_INDEX_URL": "http://127.0.0.1:1/simple"}, "pip", False),
        ({"UV_LINK_MODE": "no such"}, "pip", True),
    ],
    ids=["uv", "an index that pip alone knows", "uv fails"],
)
def test_a_lock_is_installed(variables: Mapping[str, str], installer: str, told: bool, tmp_path: Path) -> None:
    """Whoever may not, or cannot, use uv gets the same from pip."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=PATIENCE)
    words: list[str | Path] = [
        "sh",
        REPOSITORY / "tools/install.sh",
        environment / "bin/python",
        locked(tmp_path),
        sys.executable,
    ]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    own = {"PIP_CONFIG_FILE": os.devnull, "UV_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(words, env={**kept, **own, **variables}, capture_output=True, timeout=PATIENCE, check=True)
    installers = [path.read_text().strip() for path in environment.glob(f"lib/*/site-packages/{PINNED}/INSTALLER")]

    assert [installer] == installers
    assert told == ("uv could not install" in done.stderr.decode())
