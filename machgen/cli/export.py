"""`machgen export`: templates for those who bake without machgen."""

import click

from machgen.cli import console, options
from machgen.cli.offer import Offer
from machgen.errors import BadRequest
from machgen.export import plain, repository
from machgen.publish import publish, unrendered_fault
from machgen.target import check_target


@click.command("export", short_help="Write a template as a plain cookiecutter template.")
@click.argument("words", metavar="[TEMPLATE] DIR", nargs=-1, shell_complete=options.complete_templates)
@click.option(
    "--all", "whole", is_flag=True, help="Write all templates as one repository, for cookiecutter and Backstage."
)
@options.pack
def command(words: tuple[str, ...], whole: bool, pack: str | None, directory: str) -> None:
    """Write a template, its layers stacked, as a plain cookiecutter template to DIR.

    What cookiecutter bakes from it is what `machgen new` makes. With --all and no TEMPLATE, DIR becomes one repository:
    cookiecutter offers its templates as a menu, Backstage registers its catalog-info.yaml.
    """
    offer = Offer(pack, directory)
    if len(words) != (1 if whole else 2):
        wanted = "--all DIR" if whole else "TEMPLATE DIR, or --all DIR"
        raise BadRequest(f"export wants {wanted}", hint=f"the templates are: {', '.join(offer.descriptions())}")
    target = words[-1]
    check_target(target)
    if whole:
        templates = {name: offer.template(name)[0] for name in offer.descriptions()}
        tree, what = repository(templates), ", ".join(templates)
    else:
        tree, what = plain(offer.template(words[0])[0]), words[0]
    publish(tree, target, judge=unrendered_fault)
    console.result(f"Wrote {what} to {target}: {len(tree)} files.")
