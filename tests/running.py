"""Running `machgen` as a user does: in a process of its own, in a directory of its own, on a terminal or not."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
MACHGEN = (sys.executable, "-m", "machgen")
PATIENCE = 60.0
"""Seconds that a process may take before a test gives up; a busy machine is slow."""


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


def environment(home: Path, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a user who has configured nothing."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MACHGEN_ANSWER_", "COOKIECUTTER_", "GIT_"))}
    set_here = {"HOME": str(home), "PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8", "TERM": "xterm", "NO_COLOR": "1"}
    return {**kept, **set_here, **(extra or {})}


def machgen(*args: str, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run `machgen` without a terminal."""
    done = subprocess.run(
        [*MACHGEN, *args],
        cwd=cwd,
        env=environment(cwd, env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())


def to_its_end(
    words: Sequence[str | Path], said: Path, *, cwd: Path, env: Mapping[str, str], seconds: float
) -> int | None:
    """Run a command that starts many others; return its exit code, or None where it went on for longer.

    A file and not a pipe, and a session of its own: a process that is left over holds nothing up, and is ended.

    Args:
        words: The command.
        said: The file for what it prints.
        cwd: The directory it runs in.
        env: All of its environment variables.
        seconds: What it may take.
    """
    with said.open("wb") as out:
        run = subprocess.Popen(
            words,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return run.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.wait(PATIENCE)


class Terminal:
    """`machgen` on a terminal: stdin and stderr are one, stdout goes to a file beside it.

    Args:
        args: The arguments.
        cwd: The directory it runs in.
        env: Further environment variables.
    """

    def __init__(self, *args: str, cwd: Path, env: Mapping[str, str] | None = None) -> None:
        self.shown = ""
        self.seen = 0
        self.out = cwd / ".stdout"
        self.ours, theirs = pty.openpty()
        with self.out.open("wb") as stdout:
            self.process = subprocess.Popen(
                [*MACHGEN, *args],
                cwd=cwd,
                env=environment(cwd, env),
                stdin=theirs,
                stdout=stdout,
                stderr=theirs,
                start_new_session=True,
                preexec_fn=_take_terminal,  # noqa: PLW1509 - no test starts threads; Ctrl-C needs a controlling terminal
            )
        os.close(theirs)

    def expect(self, text: str) -> None:
        """Wait until the terminal shows a text after what was expected before."""
        end = time.monotonic() + PATIENCE
        while (found := self.shown.find(text, self.seen)) < 0:
            assert time.monotonic() < end, f"{text!r} is not in {self.shown[self.seen :]!r}"
            if not self._read():
                raise AssertionError(f"ended without {text!r}: {self.shown[self.seen :]!r}")
        self.seen = found + len(text)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.ours, f"{line}\n".encode())

    def answer(self, prompts: Sequence[tuple[str, str]]) -> None:
        """Answer prompts in their order."""
        for prompt, line in prompts:
            self.expect(prompt)
            self.type(line)

    def press(self, key: bytes) -> None:
        """Press a key, such as Ctrl-C."""
        os.write(self.ours, key)

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        self.process.send_signal(number)

    def end(self) -> Ended:
        """Wait for the end and return what was printed, stderr as the terminal showed it."""
        while self._read():
            pass
        code = self.process.wait(PATIENCE)
        os.close(self.ours)
        return Ended(code, self.out.read_text(encoding="utf-8"), self.shown.replace("\r\n", "\n"))

    def _read(self) -> bool:
        ready, _, _ = select.select([self.ours], [], [], PATIENCE)
        assert ready, f"nothing happens after {self.shown[self.seen :]!r}"
        try:
            data = os.read(self.ours, 65536)
        except OSError:
            return False  # the other end is closed: Linux says EIO
        self.shown += data.decode()
        return bool(data)


def _take_terminal() -> None:
    import fcntl  # noqa: PLC0415 - runs in the child
    import termios  # noqa: PLC0415 - runs in the child

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
