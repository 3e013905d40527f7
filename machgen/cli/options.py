"""Options and arguments that several commands share, each declared once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def pack(function: Decorated) -> Decorated:
    """Add `--pack` and `--directory`: where the template comes from."""
    function = click.option(
        "--directory",
        metavar="SUBDIR",
        default="",
        help="The directory inside the pack where its templates are.",
    )(function)
    return click.option(
        "--pack",
        metavar="SOURCE",
        help="Where the template comes from: a directory, URL@REF, gh:owner/name@REF. Default: the built-in templates.",
    )(function)


def as_json(function: Decorated) -> Decorated:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def template(*, required: bool = True) -> Callable[[Decorated], Decorated]:
    """Add the argument TEMPLATE, completed by the shell from the built-in templates."""
    return click.argument("template", required=required, shell_complete=complete_templates)


def complete_templates(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Complete the name of a built-in template."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    from machgen.bundle import descriptions  # noqa: PLC0415 - only completion needs it

    return [CompletionItem(name, help=text) for name, text in descriptions().items() if name.startswith(incomplete)]


def answers(context: click.Context, _parameter: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete `key=value` from the questions of the built-in template named before."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    from machgen.bundle import builtin_template, descriptions  # noqa: PLC0415 - only completion needs it
    from machgen.questions import Kind, questions  # noqa: PLC0415 - only completion needs it

    # while an option's value is being typed, the words before it are not yet taken for arguments
    words = [str(context.params.get("template")), *context.args]
    name = next((word for word in words if word in descriptions()), None)
    if name is None:
        return []
    items = []
    for question in questions(builtin_template(name)[0]):
        values = {Kind.CHOICE: [str(c.value) for c in question.choices], Kind.BOOLEAN: ["yes", "no"]}
        texts = [f"{question.key}={value}" for value in values.get(question.kind, [""])]
        items += [CompletionItem(text, help=question.prompt) for text in texts if text.startswith(incomplete)]
    return items
