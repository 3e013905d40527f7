"""The error boundary: every way in which a command may end becomes a line on stderr and an exit code."""

import atexit
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from types import FrameType
from typing import TYPE_CHECKING

from machgen.cli import console
from machgen.errors import BadRequest, MachgenError, Surroundings

if TYPE_CHECKING:
    import click

DEFECT = 70
INTERRUPTED = 130
NOBODY_READS = 141


class Terminated(KeyboardInterrupt):
    """The process was told to end, by another signal than Ctrl-C's; what is staged is cleaned up all the same.

    Args:
        signal: The signal's number.
    """

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


def run(args: Sequence[str]) -> int:
    """Run a command line.

    Args:
        args: The arguments after the program's name.

    Returns:
        The exit code.
    """
    code = 0
    try:
        console.prepare()
        code = _bounded(args)
        console.flush()
    except BrokenPipeError:
        console.abandon()
        return NOBODY_READS
    except Surroundings as error:
        console.abandon()
        if code == 0:
            console.error(error.message, error.hint)
        return error.exit_code
    return code


def _bounded(args: Sequence[str]) -> int:
    """The error boundary: every way a command may end becomes a line on stderr and an exit code."""
    debug = "--debug" in takewhile(lambda arg: arg.startswith("-"), args)
    try:
        return _dispatch(args)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the boundary: users see no tracebacks
        code = _tell(error)
        if debug:
            console.traceback()
        return code


def _tell(error: BaseException) -> int:
    """Say how the command ended, and return the exit code."""
    if isinstance(error, MachgenError):
        console.error(error.message, error.hint)
        return error.exit_code
    if isinstance(error, Terminated):
        console.interrupted("terminated")
        return 128 + error.signal
    if isinstance(error, (KeyboardInterrupt, EOFError)):  # Ctrl-C; or Ctrl-D where an answer was asked for
        console.interrupted("interrupted")
        return INTERRUPTED
    if isinstance(error, OSError):
        console.error(_failure(error), "mend that, then run the command again")
        return Surroundings.exit_code
    console.error(
        f"a defect of machgen: {type(error).__name__}: {error}",
        "please report it, with what `machgen --debug …` prints for the same command",
    )
    return DEFECT


def _dispatch(args: Sequence[str]) -> int:
    import click  # noqa: PLC0415 - inside the boundary: an interrupt while it loads is an interrupt

    from machgen.cli.commands import COMMANDS, complete, machgen  # noqa: PLC0415 - loads click

    if (completed := complete()) is not None:
        return completed
    try:
        # not `machgen.main()`: it has an error boundary of its own, which prints and exits
        with machgen.make_context("machgen", list(args)) as context:
            machgen.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as missing:
        console.usage(missing.format_message())
        return BadRequest.exit_code
    except click.UsageError as misused:
        raise _misused(misused, next((f"machgen {arg}" for arg in args if arg in COMMANDS), "machgen")) from misused
    return 0


def _misused(error: "click.UsageError", command: str) -> BadRequest:
    """Say a wrong command line in this program's words."""
    hint = getattr(error, "hint", "") or f"{command} --help shows what there is"
    message = error.format_message()
    if close := getattr(error, "possibilities", None):
        # click's own text of a mistyped name has the suggestions in it
        hint, message = f"did you mean {close[0]}?", error.message
    return BadRequest(message[:1].lower() + message[1:].rstrip("."), hint=hint)


def _failure(error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def catch_signals() -> None:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: what is staged is cleaned up."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise Terminated(number)

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` has it ignored, and so it stays
            signal.signal(number, end)


def ignore_signals() -> None:
    """Let nothing interrupt the end: all is said, and Python's shutdown would answer a late Ctrl-C with a traceback."""
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, signal.SIG_IGN)


def leave(code: int) -> None:
    """End the process with a code once what others asked Python to do at its end is done.

    Where a thread still runs, Python's own end waits for it.
    """
    import threading  # noqa: PLC0415 - most commands have loaded it by now, and those that have not start sooner

    if threading.active_count() == 1:
        atexit._run_exitfuncs()  # as multiprocessing does in the processes that it forks
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError, AttributeError):  # all was said, or it is closed, or there is none
                stream.flush()
        os._exit(code)
    raise SystemExit(code)
