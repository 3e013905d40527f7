"""A generated project is a project: its own lint, types and tests pass, whatever the answers were."""

import os
import subprocess
from collections.abc import Iterator, Mapping
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


def cases() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield what to make of what: a layer's own tests run once, under the names that are not its defaults."""
    for name in descriptions():
        for answers in ANSWERS:
            quick = answers == "defaults" and len(builtin_template(name)[0].layers) > 1
            yield name, answers, ("lint", "types") if quick else ("lint", "types", "test")


@pytest.mark.parametrize(
    ("name", "answers", "targets"),
    list(cases()),
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_its_own_lint_types_and_tests_pass(name: str, answers: str, targets: tuple[str, ...], tmp_path: Path) -> None:
    """What a newcomer types first is green: `make lint types test`, on SQLite and, where it is at hand, PostgreSQL."""
    template, _ = builtin_template(name)
    renderer = Renderer(template)
    context = resolve(template, renderer, [Given(Source.FILE, "answers.toml", ANSWERS[answers])]).context
    project = tmp_path / "project"
    write(renderer.tree(context), project)

    run(project, *targets)
