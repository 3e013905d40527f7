"""`machgen check`: does this repository meet the standard?"""

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from machgen.cli import console, options
from machgen.errors import BadRequest

if TYPE_CHECKING:
    from machgen.check.company.rulebook import Rulebook
    from machgen.check.configuration import Configuration
    from machgen.check.engine import Report
    from machgen.check.facts import Facts
    from machgen.check.helm_process import Helm
    from machgen.cli.company import Company

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "badge", "baseline")
LEVELS = ("note", "warning", "error")


@click.command("check", short_help="Judge a repository: MACH, and safe to operate?")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--format",
    "shape",
    metavar="FORMAT",
    type=click.Choice(FORMATS),
    default="text",
    help=f"One of {', '.join(FORMATS)}.",
)
@click.option(
    "--select",
    metavar="RULES",
    multiple=True,
    shell_complete=options.complete_rules,
    help="Ask only these rules: ids or beginnings, with commas.",
)
@click.option(
    "--ignore", metavar="RULES", multiple=True, shell_complete=options.complete_rules, help="Do not ask these rules."
)
@click.option(
    "--profile",
    metavar="PROFILE",
    shell_complete=options.complete_profiles,
    help="reference (all), standard (no notes), starter (errors), or a company's own.",
)
@click.option(
    "--fail-on",
    metavar="LEVEL",
    type=click.Choice(LEVELS),
    default="note",
    help="The lowest level that ends with 1: note, warning or error.",
)
@click.option("--baseline", metavar="FILE", help="Only what is not in this baseline counts.")
@click.option("--base", metavar="REV", help="Compare contracts with those of this commit, tag or branch.")
@options.company
@click.option("--fix", is_flag=True, help="Make the edits that are safe, then check again.")
def command(  # noqa: PLR0913, PLR0917 - click passes one argument an option
    paths: tuple[str, ...],
    shape: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    profile: str | None,
    fail_on: str,
    baseline: str | None,
    base: str | None,
    fix: bool,
    **company: Any,
) -> int | None:
    """Judge the repository in PATH (default: here) from its files alone.

    Nothing is built, run or fetched. The answer is 0 without findings and 1 with some.
    """
    from machgen.check.reports import shown  # noqa: PLC0415 - after click, so that --help stays quick

    if len(paths) > 1 and shape not in {"text", "github"}:
        raise BadRequest(f"--format {shape} takes one PATH", hint="check one repository at a time")
    from machgen.cli.company import Company  # noqa: PLC0415 - see above

    asked = _Asked(
        select=options.rule_words(select),
        ignore=options.rule_words(ignore),
        profile=profile,
        baseline=baseline,
        base=base,
        company=Company(**company, judged=paths or (".",)),
    )
    found = 0
    for path in paths or (".",):
        report = _checked(path, asked, fix=fix)
        console.script(shown(report, shape))
        found += sum(each.level.word in LEVELS[LEVELS.index(fail_on) :] for each in report.findings)
    if found and shape != "baseline":
        click.get_current_context().exit(1)
    return None


class _Asked(NamedTuple):
    """What the command line asks for."""

    select: tuple[str, ...]
    ignore: tuple[str, ...]
    profile: str | None
    baseline: str | None
    base: str | None
    company: "Company"


def _checked(path: str, asked: _Asked, *, fix: bool) -> "Report":
    from machgen.check.configuration import apply, check_ids  # noqa: PLC0415 - see above
    from machgen.check.engine import judge  # noqa: PLC0415 - see above
    from machgen.check.facts import Facts  # noqa: PLC0415 - see above
    from machgen.check.files import Checkout, Revision  # noqa: PLC0415 - see above
    from machgen.check.model import covers  # noqa: PLC0415 - see above
    from machgen.check.registry import all_rules  # noqa: PLC0415 - see above

    for _ in range(5):
        base = Facts(Revision(path, asked.base)) if asked.base else None
        files = Checkout(path)
        all_rules()  # which takes as long as git takes to list the files
        facts = Facts(files, base, _helm)
        book = asked.company.rulebook(facts)
        check_ids(asked.ignore, (rule.id for rule in book.rules), "--ignore")
        configuration = _configured(facts, book, asked)
        rules = [
            rule for rule in configuration.rules(book.rules) if not any(covers(each, rule.id) for each in asked.ignore)
        ]
        report = apply(judge(facts, rules, second_core=True), configuration, facts)
        if not fix or not _fixed(path, facts, report):
            break
    return report


def _helm() -> "Helm | None":
    from machgen.check.helm_process import at_hand  # noqa: PLC0415 - few repositories have charts

    return at_hand()


def _configured(facts: "Facts", book: "Rulebook", asked: _Asked) -> "Configuration":
    from machgen.check.company.profiles import PROFILES  # noqa: PLC0415 - see above
    from machgen.check.configuration import (  # noqa: PLC0415 - see above
        check_ids,
        profile_named,
        read_baseline,
        read_configuration,
    )

    configuration = read_configuration(facts, book.rules, book.profiles)
    check_ids(asked.select, (rule.id for rule in book.rules), "--select")
    if asked.select:
        configuration = configuration._replace(select=asked.select)
    if asked.profile:
        profile = profile_named(asked.profile, {**PROFILES, **book.profiles}, "--profile")
        configuration = configuration._replace(profile=profile)
    if asked.baseline:
        text = options.read_text(asked.baseline, "name a file made by `--format baseline`")
        configuration = configuration._replace(baseline=configuration.baseline | read_baseline(text, asked.baseline))
    return configuration


def _fixed(path: str, facts: "Facts", report: "Report") -> bool:
    """Write what is safe to mend; False where nothing was."""
    from machgen.check.fixes import fixed  # noqa: PLC0415 - only --fix needs it
    from machgen.publish import replace_files  # noqa: PLC0415 - only --fix writes

    changed, mended = fixed(facts, report.findings)
    replace_files(path, changed)
    console.note(*(f"fixed {each.rule.id} in {each.flaw.at.path}:{each.flaw.at.line}" for each in mended))
    return bool(changed)
