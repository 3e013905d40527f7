"""`machgen rules`: what each rule asks, and why."""

from typing import TYPE_CHECKING, Any

import click

from machgen.cli import console, options

if TYPE_CHECKING:
    from machgen.check.model import Rule


@click.command("rules", short_help="Show what each rule asks, and why.")
@click.argument("rule", required=False, shell_complete=options.complete_rules)
@options.company
@options.as_json
def command(rule: str | None, as_json: bool, **company: Any) -> None:
    """Show the rules of `machgen check`, or one in full: why it is asked, from where, and how to mend."""
    from machgen.check.configuration import check_ids  # noqa: PLC0415 - after click, so that --help stays quick
    from machgen.check.model import covers  # noqa: PLC0415 - see above
    from machgen.cli.company import Company  # noqa: PLC0415 - see above

    rules = Company(**company, judged=()).rulebook().rules
    if rule:
        check_ids([rule.upper()], (each.id for each in rules), "RULE")
        rules = tuple(each for each in rules if covers(rule.upper(), each.id))
    if as_json:
        console.document([_document(each) for each in rules])
    elif len(rules) == 1:
        _describe(rules[0])
    else:
        console.result(*console.table([(each.id, each.level.word, each.title) for each in rules]))


def _document(rule: "Rule") -> dict[str, Any]:
    keys = ("id", "title", "why", "source", "mend", "applies_when", "fix")
    return {
        **{key: getattr(rule, key) for key in keys},
        "level": rule.level.word,
        "roles": sorted(rule.roles),
    }


def _describe(rule: "Rule") -> None:
    from textwrap import wrap  # noqa: PLC0415 - only one rule is described

    roles = f" ({', '.join(sorted(rule.roles))})" if rule.roles else ""
    console.result(f"{rule.id} {rule.level.word}: {rule.title}", "", *wrap(rule.why, 100), "")
    rows = [("mend", rule.mend), ("applies to", rule.applies_when + roles), ("source", rule.source)]
    rows += [("--fix", rule.fix)] if rule.fix else []
    console.result(*console.table(rows))
