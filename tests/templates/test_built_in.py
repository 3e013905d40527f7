"""Every built-in template in every supported combination: rendered by machgen = baked by cookiecutter."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.prompt import prompt_for_config

from machgen.bundle import builtin_template, descriptions, modules
from machgen.compose import Template
from machgen.plan import Plan, Step
from machgen.render import Renderer, plain
from tests.templating import bake

WORDS: dict[str, list[str]] = {
    "project_name": ["Größe & \"Söhne\" <shop> '24' 😀", "plain"],
    "description": ["# no: comment, {no} flow, $HOME `id` \\ %s * & ! | > @", "-"],
}
"""Free text that every format has to quote; machgen's own answers may also hold `{{`, which cookiecutter evaluates."""


def combinations() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every combination of choices and booleans of every template, free text alternating."""
    for name in descriptions():
        questions = builtin_template(name)[0].questions
        options = {key: raw for key, raw in questions.items() if isinstance(raw, list) and not key.startswith("_")}
        options |= {key: [True, False] for key, raw in questions.items() if isinstance(raw, bool)}
        free = {key: words for key, words in WORDS.items() if key in questions}
        for index, values in enumerate(itertools.product(*options.values())):
            answers = dict(zip(options, values, strict=True))
            yield name, answers
            yield name, {**answers, **{key: words[index % len(words)] for key, words in free.items()}}


CASES = list(combinations())


def resolved(template: Template, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Resolve the defaults with cookiecutter's own function; the given answers win."""
    questions = {**template.questions}
    for key, value in answers.items():
        raw = questions[key]
        questions[key] = [value, *[each for each in raw if each != value]] if isinstance(raw, list) else value
    return dict(plain(dict(prompt_for_config({"cookiecutter": questions}, no_input=True))))


@pytest.mark.parametrize(("name", "answers"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_machgen_renders_what_cookiecutter_bakes(name: str, answers: Mapping[str, Any], tmp_path: Path) -> None:
    """Byte for byte and mode for mode, from the sources and from the plan that the wheel ships."""
    template, _ = builtin_template(name)

    values = resolved(template, answers)
    baked = bake(template.files, tmp_path, **answers)

    assert dict(baked) == dict(Renderer(template).tree(values))
    assert dict(baked) == dict(Renderer(template, plan=shipped_plan(template)).tree(values))


def shipped_plan(template: Template) -> Plan:
    """Return the plan that the build writes into the wheel, read back as Python reads it."""
    module: dict[str, Any] = {}
    source = dict(modules({template.name: template}))
    exec(next(text for name, text in source.items() if name != "index"), module)  # noqa: S102 - our own build's output
    return Plan(tuple(Step(*step) for step in module["STEPS"]), module["TEXTS"])


@pytest.mark.parametrize("name", list(descriptions()))
def test_a_built_in_template_needs_no_engine_and_no_code(name: str) -> None:
    """All its text is lowered, and it has neither hooks nor extensions."""
    template, _ = builtin_template(name)
    plan = shipped_plan(template)

    assert [] == [step.source for step in plan.steps if isinstance(step.content, str) or step.name is None]
    assert [] == [path for path in template.files if path.startswith("hooks/")]
    assert "_extensions" not in template.questions


@pytest.mark.parametrize("name", list(descriptions()))
def test_template_code_holds_no_jinja(name: str) -> None:
    """Python, SQL, TypeScript and HTML are copied: an editor reads them as they stand."""
    template, _ = builtin_template(name)
    plan = shipped_plan(template)

    rendered = [step.source for step in plan.steps if step.content is not None]

    assert [] == [source for source in rendered if source.endswith((".py", ".sql", ".ts", ".tsx", ".html"))]
