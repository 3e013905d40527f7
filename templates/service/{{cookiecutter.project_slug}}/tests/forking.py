"""Processes that begin where the imports end: forked from one that has loaded the service already.

To load it takes a second of the processor, and the tests of crashes start dozens of processes. What is forked runs the
same command with the same environment and is killed the same way; tests of the start itself begin with an interpreter.
"""

import atexit
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from runpy import run_module

from chassis.__main__ import main
from chassis.project import ROOT

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["tests.forking", "chassis.server", "chassis.relay", "chassis.migrations", "jwt", "uvloop", "tests.settled"]
)
_LOCK = threading.Lock()  # multiprocessing looks after all processes at once, and not from two threads
_PACE_SECONDS = 0.01


def command(name: str) -> int:
    """Be ``python -m chassis NAME``; return the exit code."""
    return main([name])


def module(name: str) -> int:
    """Be ``python -m NAME``; return the exit code."""
    run_module(name, run_name="__main__")
    return 0


class ForkedProcess:
    """:func:`command` or :func:`module`, with as much of :class:`subprocess.Popen` as the tests need.

    :param program: what to be.
    :param name: of the command or of the module.
    :param environment: the whole of it.
    :param log: gets what the process prints.
    """

    def __init__(self, program: Callable[[str], int], name: str, environment: dict[str, str], log: Path) -> None:
        self._process = _CONTEXT.Process(target=_run, args=(program, name, environment, log), daemon=True)
        with _LOCK:
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        """Return the exit code once there is one; a signal's is negative."""
        with _LOCK:
            return self._process.exitcode

    def wait(self, timeout: float = 60) -> int:
        """Return the exit code.

        :raises TimeoutError: when there is none after so many seconds.
        """
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} goes on")
            time.sleep(_PACE_SECONDS)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # gone meanwhile
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _end_what_is_left() -> None:
    """End processes that nobody has stopped: multiprocessing would ask them to go, and wait for that for ever."""
    for process in multiprocessing.active_children():
        process.kill()


atexit.register(_end_what_is_left)  # after multiprocessing's own: what comes last is done first


def _run(program: Callable[[str], int], name: str, environment: dict[str, str], log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    code = program(name)
    sys.stdout.flush()
    sys.exit(code)
