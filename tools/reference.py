"""Write the generated reference pages again: what the commands and rules say about themselves. `make docs` runs it."""

import inspect
import os
from pathlib import Path
from textwrap import fill

import click

import machgen.cli
from machgen.check.registry import all_rules
from machgen.check.reports import LETTERS
from machgen.cli.commands import COMMANDS
from machgen.cli.commands import machgen as group

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
RULES_PAGE = PAGE.with_name("rules.md")
WIDTH = 100
"""Columns of the help texts, whatever terminal this runs on."""

_HEAD = """\
# Commands

Written by `make docs` from the commands' own help. Results go to stdout, everything else to stderr; `--json` prints one
JSON document. `NO_COLOR` is honoured. What answers a question, and which answer counts, is in [answers](answers.md).
"""
_RULES_HEAD = """\
# Rules

Written by `make docs` from the rules of [`machgen check`](commands.md#machgen-check) themselves: what each asks, why,
and how to mend. What a rule cannot decide from the files it calls unknown; it never guesses. How to set findings aside,
with a reason, is in [check a repository](../how-to/check-a-repository.md).
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


def rules() -> str:
    """Return the page of all rules of `machgen check`, by letter."""
    parts = [_RULES_HEAD]
    for letter, title in LETTERS.items():
        group = [rule for rule in all_rules() if rule.letter == letter]
        if group:
            parts.append(f"## {letter}: {title}\n")
        for rule in group:
            roles = f" ({', '.join(sorted(rule.roles))})" if rule.roles else ""
            parts.append(
                f"### {rule.id} {rule.title}\n\n{fill(rule.why, 120)}\n\n"
                f"- level: {rule.level.word}\n- applies to: {rule.applies_when}{roles}\n- mend: {rule.mend}\n"
                f"- source: {rule.source}\n" + (f"- `--fix`: {rule.fix}\n" if rule.fix else "")
            )
    return "\n".join(parts)


if __name__ == "__main__":
    os.environ.pop("COLUMNS", None)
    PAGE.write_text(commands(), encoding="utf-8")
    RULES_PAGE.write_text(rules(), encoding="utf-8")
