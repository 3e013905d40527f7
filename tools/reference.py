"""Write the generated reference pages again: what the commands say about themselves. `make docs` runs it."""

import inspect
import os
from pathlib import Path

import click

import machgen.cli
from machgen.cli.commands import COMMANDS
from machgen.cli.commands import machgen as group

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
WIDTH = 100
"""Columns of the help texts, whatever terminal this runs on."""

_HEAD = """\
# Commands

Written by `make docs` from the commands' own help. Results go to stdout, everything else to stderr; `--json` prints one
JSON document. `NO_COLOR` is honoured. What answers a question, and which answer counts, is in [answers](answers.md).
"""
_CODES = """\
## Exit codes

The same for every command. `--debug` before the command shows the traceback of an error.

"""


def commands() -> str:
    """Return the page of all commands."""

    def page(command: click.Command, words: str, parent: click.Context | None) -> tuple[str, click.Context]:
        settings = {**command.context_settings, "terminal_width": WIDTH, "max_content_width": WIDTH}
        context = click.Context(command, info_name=words, parent=parent, **settings)
        return f"```\n$ {context.command_path} --help\n{command.get_help(context)}\n```\n", context

    text, above = page(group, "machgen", None)
    parts = [_HEAD, text]
    for name in COMMANDS:
        command = group.get_command(above, name)
        assert command is not None  # noqa: S101 - told to the type checker: the name is from the table
        parts.append(f"## machgen {name}\n\n{page(command, name, above)[0]}")
    codes = [
        line.split(None, 1) for line in (inspect.getdoc(machgen.cli) or "").splitlines() if line[:5].strip().isdigit()
    ]
    rows = "\n".join(f"| {code} | {meaning} |" for code, meaning in codes)
    parts.append(f"{_CODES}| code | meaning |\n|---|---|\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    os.environ.pop("COLUMNS", None)
    PAGE.write_text(commands(), encoding="utf-8")
