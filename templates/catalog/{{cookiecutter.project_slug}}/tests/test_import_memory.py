"""A big file is taken in and worked off in memory that does not depend on its size."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.catalog import PUMP_TYPE, product
from tests.processes import ServerProcess, servers
from tests.scale import scale

MEGABYTES = scale(20, 100)
"""A hundred is the most that a file may have."""

MOST_GROWTH = scale(40, 60) * 1024 * 1024
_TEXT = "Quiet and frugal, for heating and drinking water. " * 200


def _lines(size: int) -> Iterator[bytes]:
    """Yield products of ten kilobytes until there are so many bytes; a few lines are broken, one is a megabyte long."""
    sent, number = 0, 0
    while True:
        line = json.dumps(product(f"c{number}", description={"en": _TEXT})).encode() + b"\n"
        if number % 500 == 250:
            line = b'{"key": "' + b"x" * 1_000_000 + b"\n"
        sent, number = sent + len(line), number + 1
        if sent > size:
            return
        yield line


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_big_file_takes_little_memory(fresh_url: str, tmp_path: Path) -> None:
    """Neither receiving the file nor working it off lets the process grow by more than some megabytes."""
    with servers(tmp_path) as start:
        server = start(DATABASE_URL=fresh_url, LOG_LEVEL="warning", RATE_LIMIT_REQUESTS="0", RELAY_EMBEDDED="false")
        server.wait_until_ready()
        headers = {"Authorization": f"Bearer {server.token('ann')}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120) as client:
            assert client.post("/v1/product-types", json=PUMP_TYPE).status_code == 201
            _import(client, 512 * 1024)  # whatever is loaded at the first use is loaded now
            before = _resident(server, "VmRSS")
            Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")  # the highest mark counts from here
            job = _import(client, MEGABYTES * 1024 * 1024 - 1024)
        growth = _resident(server, "VmHWM") - before

    assert job["lines"] == job["created"] + job["unchanged"] + job["rejected"] > 80 * MEGABYTES
    assert job["rejected"] > 0
    assert growth < MOST_GROWTH, f"{growth / 2**20:.0f} MiB"


def _import(client: httpx.Client, size: int) -> Any:
    headers = {"Content-Type": "application/x-ndjson"}
    accepted = client.post("/v1/product-imports", content=_lines(size), headers=headers)
    assert accepted.status_code == 202, accepted.text
    deadline = time.monotonic() + 600
    while True:
        job = client.get(accepted.headers["location"]).json()
        if job["state"] == "finished":
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.2)


def _resident(server: ServerProcess, name: str) -> int:
    """Return a figure of the process's memory in bytes, as Linux counts it."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = [each for each in status.splitlines() if each.startswith(f"{name}:")]
    return int(line.split()[1]) * 1024
