"""The terminal and the error boundary, in one process."""

import importlib
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click
import pytest

from machgen.cli import console
from machgen.cli.boundary import Terminated, run
from machgen.cli.commands import COMMANDS, Commands, machgen
from machgen.errors import Negative, Surroundings
from tests.running import PATIENCE, environment


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def command(**_given: Any) -> NoReturn:
        raise error

    return command


ENDS = {
    "done": (None, 0, ""),
    "the answer is no": (Negative("two findings"), 1, "error: two findings\n"),
    "surroundings": (Surroundings("disk full", hint="free some"), 3, "error: disk full\nhint: free some\n"),
    "interrupted": (KeyboardInterrupt(), 130, "interrupted\n"),
    "end of input": (EOFError(), 130, "interrupted\n"),
    "terminated": (Terminated(15), 143, "terminated\n"),
    "hung up": (Terminated(1), 129, "terminated\n"),
    "an error of the system": (
        PermissionError(13, "Permission denied", "/x\x1b"),
        3,
        "error: /x\\x1b: Permission denied\nhint: mend that, then run the command again\n",
    ),
    "a defect": (
        KeyError("x"),
        70,
        "error: a defect of machgen: KeyError: 'x'\n"
        "hint: please report it, with what `machgen --debug …` prints for the same command\n",
    ),
}


@pytest.mark.parametrize(("error", "code", "said"), ENDS.values(), ids=ENDS.keys())
def test_every_end_has_its_code_and_its_line(
    error: BaseException | None,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exactly one line, and one hint where there is a next step; never a traceback."""
    callback = raising(error) if error else lambda **_given: None
    monkeypatch.setattr(Commands, "get_command", lambda *_: click.Command("list", callback=callback))

    assert code == run(["list"])
    assert ("", said) == capsys.readouterr()


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After the line, and only where it is asked for before the command."""
    monkeypatch.setattr(Commands, "get_command", lambda *_: click.Command("list", callback=raising(KeyError("x"))))

    assert 70 == run(["--debug", "list"])
    assert capsys.readouterr().err.splitlines()[-1] == "KeyError: 'x'"


def test_nobody_reading_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As a shell reports SIGPIPE."""
    monkeypatch.setattr(console, "abandon", lambda: None)
    monkeypatch.setattr(Commands, "get_command", lambda *_: click.Command("list", callback=raising(BrokenPipeError())))

    assert 141 == run(["list"])
    assert ("", "") == capsys.readouterr()


def test_the_table_of_commands_is_what_the_commands_say() -> None:
    """Help is listed without loading a command; this holds the list against the commands."""
    loaded = {name: importlib.import_module(f"machgen.cli.{name}").command for name in COMMANDS}

    assert COMMANDS == {name: command.get_short_help_str(limit=200) for name, command in loaded.items()}
    assert list(COMMANDS) == [command.name for command in loaded.values()]
    assert list(COMMANDS) == machgen.list_commands(click.Context(machgen))


def test_every_option_is_explained() -> None:
    """No option without help; an option that takes something says what."""
    for name in COMMANDS:
        for parameter in importlib.import_module(f"machgen.cli.{name}").command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"
                assert parameter.is_flag or parameter.metavar, f"{name} {parameter.opts}"


def test_lines_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """Each call is lines; what would move the cursor or turn the text around is shown as what it is."""
    console.result("a\x1b[2Jb", "c\nd", "e\u202ef", "Größe →")
    console.note("x\ry")
    console.error("one\ntwo\x07", "three\x00")
    out, err = capsys.readouterr()

    assert "a\\x1b[2Jb\nc\\nd\ne\\u202ef\nGröße →\n" == out
    assert "x\\ry\nerror: one\n       two\\x07\nhint: three\\x00\n" == err


def test_documents_are_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON escapes everything that a terminal or an encoding could trip over."""
    console.document({"k": "ö\x1b\u202e\udcff"})

    assert '{\n  "k": "\\u00f6\\u001b\\u202e\\udcff"\n}\n' == capsys.readouterr().out


def test_columns_are_aligned() -> None:
    """By what is shown, not by what it was before it was escaped."""
    assert ["a\\x07  1", "bb     2"] == console.table([("a\x07", "1"), ("bb", "2")])
    assert [] == console.table([])


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour(
    environment: dict[str, str],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a terminal that has it, unless NO_COLOR says otherwise."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(console, "_is_terminal", lambda _stream: True)
    console.error("x")

    assert ("\x1b[" in capsys.readouterr().err) is coloured


def test_asking_needs_both_ends() -> None:
    """Under a test's capture there is nobody to ask."""
    assert not console.is_interactive()
    assert os.environ.get("PYTEST_CURRENT_TEST")


@pytest.mark.parametrize("waits", [False, True])
def test_the_command_leaves_without_python_s_own_end(waits: bool, tmp_path: Path) -> None:
    """What others registered is done and what was printed is there; a thread that still runs is waited for."""
    program = f"""
        import atexit, sys, threading, time
        from machgen.cli.boundary import leave

        class Loud:
            def __del__(self):
                print("taken apart")

        loud = Loud()
        atexit.register(lambda: print("registered"))
        print("said")
        if {waits}:
            threading.Thread(target=lambda: (time.sleep(0.2), print("waited for"))).start()
        leave(7)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment(tmp_path)
    )

    slow = ["said", "waited for", "registered", "taken apart"]
    assert (7, "", slow if waits else ["said", "registered"]) == (
        done.returncode,
        done.stderr,
        done.stdout.splitlines(),
    )
