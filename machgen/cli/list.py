"""`machgen list`: the templates on offer."""

import click

from machgen.cli import console, options
from machgen.cli.offer import Offer


@click.command("list", short_help="List the templates on offer.")
@options.pack
@options.as_json
def command(pack: str | None, directory: str, as_json: bool) -> None:
    """List the templates on offer: their names and what they make.

    A template that is broken keeps none of the others from the list; it is named, and the command ends with its error.
    """
    found, broken = Offer(pack, directory).survey()
    if as_json:
        console.document([{"name": name, "description": text} for name, text in found.items()])
    else:
        console.result(*console.table(list(found.items())))
    for error in broken:
        console.error(error.message, error.hint)
    if broken:
        click.get_current_context().exit(max(error.exit_code for error in broken))
