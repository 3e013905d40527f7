"""The contract against the running service: what it allows works, what it forbids is refused, nothing breaks.

`make test` asks for a few cases of each kind on SQLite, `make fuzz` for many on both databases.
"""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from chassis.project import ROOT
from tests import example
from tests.processes import servers
from tests.scale import PATIENCE_SECONDS

_PATIENCE_SECONDS = PATIENCE_SECONDS - 60
"""The error says what schemathesis has told until then; the stack of this process would say nothing."""


def test_service_keeps_its_contract(tmp_path: Path, fresh_url: str) -> None:
    """Every phase and every check of schemathesis, with a real token and data to find."""
    if fresh_url.startswith("postgresql") and "FUZZ_EXAMPLES" not in os.environ:
        pytest.skip("`make fuzz` does it on PostgreSQL too")
    with servers(tmp_path) as start:
        server = start(DATABASE_URL=fresh_url, RATE_LIMIT_REQUESTS="0", LOG_LEVEL="warning")
        server.wait_until_ready()
        authorization = f"Bearer {server.token('ann')}"
        with httpx.Client(base_url=server.url, headers={"Authorization": authorization}) as client:
            known = example.seed(client)
        result = subprocess.run(  # noqa: S603 - our own words
            [
                Path(sys.executable).with_name("schemathesis"),
                "--config-file",
                ROOT / "schemathesis.toml",
                "run",
                f"{server.url}/openapi.json",
                f"--header=Authorization: {authorization}",
                "--checks=all",
                f"--max-examples={os.environ.get('FUZZ_EXAMPLES', '10')}",
                f"--seed={os.environ.get('FUZZ_SEED', '1')}",
            ],
            cwd=tmp_path,
            env=known
            | {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )

    assert result.returncode == 0, result.stdout + result.stderr
