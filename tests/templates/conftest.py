"""Rendered templates to judge, each rendered once a session."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import pytest

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template, descriptions
from machgen.render import Renderer
from tests.templating import write


class Bake(Protocol):
    """Renders a built-in template; the directory is shared, so nobody writes into it."""

    def __call__(self, answers: Mapping[str, str], template: str = "service") -> Path:
        """Return the project that the answers make of the template."""
        ...


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Bake:
    """Render with machgen; test_exported.py proves that cookiecutter bakes the same bytes."""
    cache: dict[tuple[str, tuple[tuple[str, str], ...]], Path] = {}

    def bake(answers: Mapping[str, str], template: str = "service") -> Path:
        key = (template, tuple(sorted(answers.items())))
        if key not in cache:
            composed, plan = builtin_template(template)
            renderer = Renderer(composed, plan=plan)
            context = resolve(composed, renderer, [Given(Source.FILE, "answers", answers)]).context
            cache[key] = tmp_path_factory.mktemp("baked") / renderer.root(context)
            write(renderer.tree(context), cache[key])
        return cache[key]

    return bake


@pytest.fixture(
    scope="session", params=[(name, ci) for name in descriptions() for ci in ("github", "gitlab")], ids=":".join
)
def project(request: pytest.FixtureRequest, baked: Bake) -> Path:
    """Every built-in template in its default answers, once for each kind of continuous integration."""
    name, ci = request.param
    return baked({"ci": ci}, name)
