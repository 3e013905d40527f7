"""`machgen check`: does this repository meet the standard?"""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from machgen.cli import console
from machgen.errors import BadRequest

if TYPE_CHECKING:
    from machgen.check.configuration import Configuration
    from machgen.check.engine import Report
    from machgen.check.facts import Facts

FORMATS = ("text", "json", "sarif", "junit", "github", "markdown", "badge", "baseline")
PROFILES = ("reference", "standard", "starter")
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
@click.option("--select", metavar="RULES", multiple=True, help="Ask only these rules: ids or beginnings, with commas.")
@click.option("--ignore", metavar="RULES", multiple=True, help="Do not ask these rules.")
@click.option(
    "--profile",
    metavar="PROFILE",
    type=click.Choice(PROFILES),
    help="reference (all), standard (no notes) or starter (errors).",
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
) -> int | None:
    """Judge the repository in PATH (default: here) from its files alone.

    Nothing is built, run or fetched. The answer is 0 without findings and 1 with some.
    """
    from machgen.check.reports import shown  # noqa: PLC0415 - after click, so that --help stays quick

    if len(paths) > 1 and shape not in {"text", "github"}:
        raise BadRequest(f"--format {shape} takes one PATH", hint="check one repository at a time")
    found = 0
    for path in paths or (".",):
        report = _checked(path, _words(select), _words(ignore), profile, baseline, base, fix=fix)
        console.script(shown(report, shape))
        found += sum(each.level.word in LEVELS[LEVELS.index(fail_on) :] for each in report.findings)
    if found and shape != "baseline":
        click.get_current_context().exit(1)
    return None


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip().upper() for each in given for word in each.split(",") if word.strip())


def _checked(  # noqa: PLR0913, PLR0917 - as many as the command has options
    path: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    profile: str | None,
    baseline: str | None,
    base: str | None,
    *,
    fix: bool,
) -> "Report":
    from machgen.check.configuration import apply, check_ids  # noqa: PLC0415 - see above
    from machgen.check.engine import judge  # noqa: PLC0415 - see above
    from machgen.check.facts import Facts  # noqa: PLC0415 - see above
    from machgen.check.files import Checkout, Revision  # noqa: PLC0415 - see above
    from machgen.check.registry import all_rules  # noqa: PLC0415 - see above

    rules = all_rules()
    check_ids(ignore, (rule.id for rule in rules), "--ignore")
    for _ in range(5):
        facts = Facts(Checkout(path), Facts(Revision(path, base)) if base else None)
        configuration = _configured(facts, select, profile, baseline)
        asked = [rule for rule in configuration.rules(rules) if not (ignore and rule.id.startswith(ignore))]
        report = apply(judge(facts, asked), configuration, facts)
        if not fix or not _fixed(path, facts, report):
            break
    return report


def _configured(facts: "Facts", select: tuple[str, ...], profile: str | None, baseline: str | None) -> "Configuration":
    from machgen.check.configuration import check_ids, read_baseline, read_configuration  # noqa: PLC0415 - see above
    from machgen.check.registry import all_rules  # noqa: PLC0415 - see above

    rules = all_rules()
    configuration = read_configuration(facts, rules)
    check_ids(select, (rule.id for rule in rules), "--select")
    if select:
        configuration = replace(configuration, select=select)
    if profile:
        configuration = replace(configuration, profile=profile)
    if baseline:
        try:
            with open(baseline, encoding="utf-8") as file:
                text = file.read()
        except OSError as error:
            raise BadRequest(f"{baseline}: {error.strerror}", hint="name a file made by `--format baseline`") from None
        except UnicodeDecodeError:
            text = ""
        configuration = replace(configuration, baseline=configuration.baseline | read_baseline(text, baseline))
    return configuration


def _fixed(path: str, facts: "Facts", report: "Report") -> bool:
    """Write what is safe to mend; False where nothing was."""
    from machgen.check.fixes import fixed  # noqa: PLC0415 - only --fix needs it
    from machgen.publish import replace_files  # noqa: PLC0415 - only --fix writes

    changed, mended = fixed(facts, report.findings)
    replace_files(path, changed)
    console.note(*(f"fixed {each.rule.id} in {each.flaw.at.path}:{each.flaw.at.line}" for each in mended))
    return bool(changed)
