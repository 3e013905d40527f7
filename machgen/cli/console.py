"""The terminal: the one module that prints.

Results go to stdout, everything else to stderr. What packs and answers bring along is escaped here, line by line, so
that no caller can forget it: a template's description moves no cursor and sets no title.
"""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from machgen.errors import Surroundings
from machgen.names import printable


def result(*lines: str) -> None:
    """Print lines of the command's result."""
    for line in lines:
        _write(sys.stdout, printable(line))


def document(value: Any) -> None:
    """Print the command's result as one JSON document."""
    _write(sys.stdout, json.dumps(value, indent=2))


def script(text: str) -> None:
    """Print a text of our own as it is: a completion script, a help page."""
    _write(sys.stdout, text.rstrip("\n"))


def note(*lines: str) -> None:
    """Tell the user something that is not the result."""
    for line in lines:
        _write(sys.stderr, printable(line))


def usage(text: str) -> None:
    """Print a help page where a command was expected."""
    _write(sys.stderr, text.rstrip("\n"))


def progress(line: str) -> None:
    """Say that something slow has begun, to a person who is waiting for it."""
    if _is_terminal(sys.stderr):
        _write(sys.stderr, printable(line))


def error(message: str, hint: str = "") -> None:
    """Print what went wrong and the next step."""
    for line in _labelled("error:", "31", message):
        _write(sys.stderr, line)
    for line in _labelled("hint:", "36", hint) if hint else ():
        _write(sys.stderr, line)


def interrupted(signal: str = "interrupted") -> None:
    """Print that the run was cut short."""
    if _is_terminal(sys.stderr):
        _write(sys.stderr, "")  # the terminal has echoed ^C onto the line of the prompt
    _write(sys.stderr, signal)


def traceback() -> None:
    """Print the traceback of the exception that is being handled, for `--debug`."""
    from traceback import format_exc  # noqa: PLC0415 - only `--debug` needs it

    _write(sys.stderr, format_exc().rstrip("\n"))


def is_interactive() -> bool:
    """Say whether a person can be asked: questions go to stderr and answers come from stdin."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def ask(prompt: str) -> str:
    """Ask for one line.

    Args:
        prompt: What is shown before the cursor.

    Returns:
        What was typed, without surrounding white space.

    Raises:
        EOFError: The input is closed (Ctrl-D).
    """
    if sys.stderr is None or sys.stdin is None:
        raise EOFError
    sys.stderr.write(f"{printable(prompt)} ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def table(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Return rows as lines with their columns aligned."""
    if not rows:
        return []
    safe = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in safe) for column in range(len(safe[0]) - 1)]
    return [
        indent + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in safe
    ]


def prepare() -> None:
    """Let every text be shown and read, whatever the terminal's encoding: what does not fit is escaped."""
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "backslashreplace")):
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)


def flush() -> None:
    """Hand over what was printed.

    Raises:
        BrokenPipeError: The reader is gone.
        Surroundings: It cannot be written, as to a full disk.
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def abandon() -> None:
    """Give up standard output, so that Python's own flush at exit does not fail on a closed pipe or a full disk."""
    try:
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        pass  # there is no descriptor behind it, as under a test's capture: nothing to give up


def _labelled(label: str, colour: str, text: str) -> list[str]:
    first, *rest = text.split("\n")
    shown = f"\x1b[1;{colour}m{label}\x1b[0m" if _is_coloured(sys.stderr) else label
    return [f"{shown} {printable(first)}", *(f"{' ' * len(label)} {printable(line)}" for line in rest)]


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _is_coloured(stream: TextIO | None) -> bool:
    # https://no-color.org: present and not empty, whatever its value
    return _is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _write(stream: TextIO | None, line: str) -> None:
    if stream is None:
        return
    try:
        stream.write(line + "\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> Surroundings:
    return Surroundings(f"the output cannot be written: {error.strerror}", hint="see where it is redirected to")
