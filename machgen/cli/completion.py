"""`machgen completion`: what a shell needs to complete machgen's commands, options, templates and answers."""

import click

from machgen.cli import console


@click.command("completion", short_help="Print the completion script for a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash:  echo 'eval "$(machgen completion bash)"' >> ~/.bashrc
    zsh:   echo 'eval "$(machgen completion zsh)"' >> ~/.zshrc
    fish:  machgen completion fish > ~/.config/fish/completions/machgen.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - slow to import, rarely needed

    from machgen.cli.commands import COMPLETION, machgen  # noqa: PLC0415 - it is what has loaded this module

    completer = get_completion_class(shell)
    assert completer is not None  # noqa: S101 - told to the type checker: click knows the three shells
    console.script(completer(machgen, {}, "machgen", COMPLETION).source())
