"""Options and arguments that several commands share, each declared once."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from machgen.errors import BadRequest

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


def company(function: Decorated) -> Decorated:
    """Add `--rules`, `--pack`, `--directory`, `--plugin` and `--trust`: where a company's own rules come from."""
    for option in (
        click.option("--trust", metavar="DIGEST", multiple=True, help="Run the plugin whose files have this digest."),
        click.option("--plugin", metavar="NAME", multiple=True, help="Rules in Python, installed beside machgen."),
        click.option(
            "--directory", metavar="SUBDIR", default="", help="The directory inside the pack where its rules/ is."
        ),
        click.option("--pack", metavar="SOURCE", help="A pack whose rules/*.yaml are asked too: a directory, URL@REF."),
        click.option(
            "--rules", metavar="FILE", multiple=True, help="A file of declared rules that is asked too (YAML)."
        ),
    ):
        function = option(function)
    return function


def rule_words(given: tuple[str, ...]) -> tuple[str, ...]:
    """Split what `--select` and `--ignore` say into ids and beginnings of ids."""
    return tuple(word.strip().upper() for each in given for word in each.split(",") if word.strip())


def read_text(path: str, hint: str) -> str:
    """Read a file that the command line names; text that is not UTF-8 is empty.

    Raises:
        BadRequest: It cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise BadRequest(f"{path}: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError:
        return ""


def complete_rules(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Complete a rule's id, also after a comma."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    from machgen.check.registry import all_rules  # noqa: PLC0415 - only completion needs it

    before, comma, word = incomplete.rpartition(",")
    found = [each for each in all_rules() if each.id.startswith(word.upper())]
    return [CompletionItem(f"{before}{comma}{each.id}", help=each.title) for each in found]


def complete_profiles(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    """Complete the name of one of machgen's own profiles."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    from machgen.check.company.profiles import PROFILES  # noqa: PLC0415 - only completion needs it

    return [CompletionItem(name) for name in PROFILES if name.startswith(incomplete)]


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
