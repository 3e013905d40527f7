"""Exported templates are cookiecutter's: baked by cookiecutter itself, hooks and all, through pytest-cookies."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template, descriptions
from machgen.render import Renderer
from tests.templating import read

FREE = {"project_name": "Größe & \"Söhne\" 'GmbH' 😀", "description": "# no: comment, $HOME `id` \\ %s <b>"}


@pytest.fixture(scope="module", params=list(descriptions()))
def name(request: pytest.FixtureRequest) -> str:
    """Each built-in template in turn."""
    return str(request.param)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All templates, as `machgen export --all` writes them."""
    directory = tmp_path_factory.mktemp("exported") / "golden-paths"
    words = [sys.executable, "-m", "machgen", "export", "--all", str(directory)]
    subprocess.run(words, check=True, capture_output=True)
    return directory


def options(name: str) -> list[dict[str, Any]]:
    """Return answers that together make every choice of a template at least once."""
    questions = builtin_template(name)[0].questions
    choices = {k: raw for k, raw in questions.items() if isinstance(raw, list) and not k.startswith("_")}
    most = max([len(raw) for raw in choices.values()], default=1)
    sets = [{key: raw[index % len(raw)] for key, raw in choices.items()} for index in range(most)]
    free = {key: text for key, text in FREE.items() if key in questions}
    return [sets[0], *[{**each, **free} for each in sets]]


def test_baked_through_pytest_cookies_is_what_machgen_renders(cookies: Any, exported: Path, name: str) -> None:
    """The whole of cookiecutter, its hooks included, gives machgen's bytes and modes, and nothing beside them."""
    template, plan = builtin_template(name)
    for answers in options(name):
        result = cookies.bake(extra_context=answers, template=str(exported / name))
        renderer = Renderer(template, plan=plan)
        context = resolve(template, renderer, [Given(Source.FILE, "answers", answers)]).context

        assert (0, None) == (result.exit_code, result.exception)
        assert renderer.root(context) == result.project_path.name
        assert dict(renderer.tree(context)) == dict(read(result.project_path))
        empty = [str(path) for path in result.project_path.rglob("*") if path.is_dir() and not any(path.iterdir())]
        assert [] == empty, "a conditional file left its directory behind"


@pytest.mark.parametrize("slug", ["No Slug", "1st", "-x", "x" * 80, 'x"); import os; ("', "x\n", "../x", "äöü"])
def test_cookiecutter_refuses_what_machgen_refuses(cookies: Any, exported: Path, slug: str, name: str) -> None:
    """The validators travel along; what they refuse leaves no project behind."""
    result = cookies.bake(extra_context={"project_slug": slug}, template=str(exported / name))

    assert 0 != result.exit_code
    assert result.project_path is None


def test_the_menu_offers_every_template(exported: Path) -> None:
    """cookiecutter's own nested menu: title, description and a path that is there."""
    menu = json.loads((exported / "cookiecutter.json").read_text())["templates"]

    assert list(descriptions()) == list(menu)
    for entry in menu.values():
        assert (exported / entry["path"] / "cookiecutter.json").is_file()
        assert entry["title"]
        assert entry["description"]
