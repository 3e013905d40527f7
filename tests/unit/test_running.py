"""Running commands that start others: nothing that they leave behind holds a test up, or outlives it."""

import os
import time
from pathlib import Path

from tests.running import to_its_end

LEAVES_ONE = ["sh", "-c", "sleep 3600 & echo $!"]
GOES_ON = ["sh", "-c", "echo $$; sleep 3600; echo"]


def test_a_process_that_is_left_over_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    """It has the output open, which somebody who reads a pipe to its end waits for."""
    code = to_its_end(LEAVES_ONE, tmp_path / "said", cwd=tmp_path, env=os.environ, seconds=30)

    assert 0 == code
    assert has_ended(int((tmp_path / "said").read_text()))


def test_a_command_that_goes_on_for_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    """What it said until then is there to read."""
    code = to_its_end(GOES_ON, tmp_path / "said", cwd=tmp_path, env=os.environ, seconds=0.5)

    assert code is None
    assert has_ended(int((tmp_path / "said").read_text()))


def has_ended(pid: int) -> bool:
    """Say whether a process is gone, or dead and only not yet fetched by its parent."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
