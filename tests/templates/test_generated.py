"""A generated project is a project: its own lint, types and tests pass, whatever the answers were."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template, descriptions
from machgen.render import Renderer
from tests.templating import write

TOOLS = Path(__file__).parents[2] / ".tools"

ANSWERS: dict[str, Mapping[str, Any]] = {
    "defaults": {},
    "other names, other pipeline": {
        "project_slug": "spare-parts-24",
        "project_name": "Ersatzteile & \"Zubehör\" 'GmbH' 😀",
        "package": "parts",
        "description": "# no: comment {{ 7 * 7 }} ${HOME} \\ %s <b> — 'quoted'",
        "owner": "team.parts",
        "image": "localhost:5000/acme/parts",
        "ci": "gitlab",
    },
}


def run(project: Path, *targets: str) -> None:
    """Run make targets of the generated project in the environment that all of them share; they must succeed."""
    services = TOOLS / "services"
    if not services.exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    words = ["make", "--no-print-directory", f"VENV={services}", *targets]
    inherited = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")
    }
    done = subprocess.run(words, cwd=project, env=inherited, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, (done.stdout + done.stderr)[-6000:]


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS.keys())
@pytest.mark.parametrize("name", list(descriptions()))
def test_its_own_lint_types_and_tests_pass(name: str, answers: Mapping[str, Any], tmp_path: Path) -> None:
    """What a newcomer types first is green: `make lint types test`, on SQLite and, where it is at hand, PostgreSQL."""
    template, _ = builtin_template(name)
    renderer = Renderer(template)
    context = resolve(template, renderer, [Given(Source.FILE, "answers.toml", answers)]).context
    project = tmp_path / "project"
    write(renderer.tree(context), project)

    run(project, "lint", "types", "test")
