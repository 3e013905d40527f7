"""The commands, each loaded only when it is called.

The group knows their names and short descriptions from a table, so that `machgen --help` imports none of them; a test
holds the table against the commands themselves.
"""

import importlib
import os
from typing import Any

import click

from machgen import __version__

COMMANDS = {
    "new": "Make a project from a template.",
    "list": "List the templates on offer.",
    "show": "Show a template: its layers, questions and files.",
    "export": "Write a template as a plain cookiecutter template.",
    "check": "Judge a repository: MACH, and safe to operate?",
    "rules": "Show what each rule asks, and why.",
    "completion": "Print the completion script for a shell.",
}
COMPLETION = "_MACHGEN_COMPLETE"
"""The environment variable by which a shell asks for completions."""


class UnknownCommand(click.UsageError):
    """There is no such command.

    Args:
        name: What was typed.
        ctx: The group's context.
    """

    def __init__(self, name: str, ctx: click.Context) -> None:
        from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

        super().__init__(f"no command {name!r}", ctx)
        close = get_close_matches(name, COMMANDS, 1)
        self.hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(COMMANDS)}"


class Commands(click.Group):
    """The group of the commands in `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load one command, or return None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"machgen.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UnknownCommand(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, no_args_is_help=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="machgen", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def machgen(**_options: Any) -> None:
    """Make headless, API-first, cloud-native services from cookiecutter templates.

    `machgen new service my-service` makes your first one.
    """


def complete() -> int | None:
    """Answer a shell that asks for completions; None where none does."""
    instruction = os.environ.get(COMPLETION)
    if not instruction:
        return None
    from click.shell_completion import shell_complete  # noqa: PLC0415 - only completion needs it

    return shell_complete(machgen, {}, "machgen", COMPLETION, instruction)
