"""What machgen makes meets the standard that machgen asks of others: every template, every choice."""

import itertools
from collections.abc import Iterator, Mapping

import pytest

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template, descriptions
from machgen.check.company.profiles import PROFILES
from machgen.check.configuration import Configuration, apply
from machgen.check.engine import judge
from machgen.check.facts import Facts
from machgen.check.files import TreeFiles
from machgen.check.model import Outcome, Role
from machgen.check.registry import all_rules
from machgen.questions import Kind, questions
from machgen.render import Renderer

NOT_READ = {"C109"}
"""Rules whose answer no file of a generated service gives: how long uvicorn drains is read from the environment."""


def combinations() -> Iterator[tuple[str, dict[str, object]]]:
    """Every template with every combination of the answers that are choices."""
    for name in descriptions():
        asked = [each for each in questions(builtin_template(name)[0]) if each.kind is Kind.CHOICE]
        for values in itertools.product(*([choice.value for choice in each.choices] for each in asked)):
            yield name, dict(zip((each.key for each in asked), values, strict=True))


CASES = [
    pytest.param(name, answers, id=f"{name} {' '.join(map(str, answers.values()))}") for name, answers in combinations()
]


@pytest.mark.parametrize(("name", "answers"), CASES)
def test_a_generated_service_has_no_findings(name: str, answers: Mapping[str, object]) -> None:
    """Judged as rendered, by every rule, notes included; and what could not be judged is known by name."""
    template, plan = builtin_template(name)
    renderer = Renderer(template, plan=plan)
    given = {"project_slug": "order-intake", **answers}
    tree = renderer.tree(resolve(template, renderer, [Given(Source.FILE, "answers", given)]).context)
    facts = Facts(TreeFiles(tree))
    report = apply(judge(facts, list(all_rules())), Configuration(PROFILES["reference"]), facts)

    assert [] == [(each.rule.id, each.flaw.at.path, each.flaw.at.line, each.flaw.message) for each in report.findings]
    assert [("", Role.SERVICE)] == [(root.path, root.role) for root in report.roots]
    assert () == report.unreadable
    assert {each.rule.id for each in report.judgements if each.outcome is Outcome.UNKNOWN} <= NOT_READ
