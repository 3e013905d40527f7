"""Rendered templates to judge, each baked once a session."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config

SERVICE = Path(__file__).resolve().parents[2] / "templates" / "service"

Bake = Callable[[Mapping[str, str]], Path]


@pytest.fixture(scope="session")
def baked(tmp_path_factory: pytest.TempPathFactory) -> Bake:
    """Bake the service template with the given answers; the directory is shared, so nobody writes into it.

    The answers go to cookiecutter as they are: its own ``extra_context`` would evaluate them as templates.
    """
    cache: dict[tuple[tuple[str, str], ...], Path] = {}

    def bake(answers: Mapping[str, str]) -> Path:
        key = tuple(sorted(answers.items()))
        if key not in cache:
            plain = {name: value for name, value in answers.items() if "{" not in value}
            context = generate_context(str(SERVICE / "cookiecutter.json"), extra_context=plain)
            config = {**prompt_for_config(context, no_input=True), **answers}
            directory = generate_files(
                repo_dir=str(SERVICE),
                context={"cookiecutter": config},
                output_dir=str(tmp_path_factory.mktemp("baked")),
                accept_hooks=False,
            )
            cache[key] = Path(directory)
        return cache[key]

    return bake


@pytest.fixture(scope="session", params=["github", "gitlab"])
def project(request: pytest.FixtureRequest, baked: Bake) -> Path:
    """The service in its default answers, once for each kind of continuous integration."""
    return baked({"ci": request.param})
