"""A generated project is a project: its own lint, types and tests pass, whatever the answers were."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template, descriptions
from machgen.render import Renderer
from machgen.tree import Tree
from tests.running import to_its_end
from tests.templates import mypy_cache
from tests.templating import write

TOOLS = Path(__file__).parents[2] / ".tools"

OTHER = "other names, other pipeline"
ANSWERS: dict[str, Mapping[str, Any]] = {
    "defaults": {},
    OTHER: {
        "project_slug": "spare-parts-24",
        "project_name": "Ersatzteile & \"Zubehör\" 'GmbH' 😀",
        "package": "parts",
        "description": "# no: comment {{ 7 * 7 }} ${HOME} \\ %s <b> — 'quoted'",
        "owner": "team.parts",
        "image": "localhost:5000/acme/parts",
        "ci": "gitlab",
    },
}


def run(project: Path, *targets: str, variables: Mapping[str, str] | None = None) -> None:
    """Run make targets of the generated project in the environment that all of them share; they must succeed."""
    services = TOOLS / "services"
    if not services.exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    # one process: several of these tests run side by side already
    words = ["make", "--no-print-directory", f"VENV={services}", "WORKERS=0", *targets]
    inherited = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "VIRTUAL_ENV")
    }
    said = project.parent / "said.txt"
    code = to_its_end(words, said, cwd=project, env={**inherited, **(variables or {})}, seconds=PATIENCE_SECONDS)

    assert 0 == code, said.read_text(errors="replace")[-8000:]


PATIENCE_SECONDS = 1500
"""What one call of make may take: several times what it takes where three of them run side by side."""

JUDGES = ("architecture", "auth", "contract", "docs", "event_contract", "fuzz", "migrations")
"""The chassis' tests that judge the whole service, by its contracts, its settings, its migrations and its documents."""


def own_tests(name: str, tree: Tree) -> list[str]:
    """Return the files of tests to run, or nothing for all: what the chassis does is tested with the service alone."""
    layers = builtin_template(name)[0].layers
    if len(layers) == 1:
        return []
    below = rendered(layers[0], OTHER)
    own = [path for path, file in tree.items() if path not in below or below[path].data != file.data]
    tests = [path for path in own if re.search(r"(^|/)test_\w+\.py$", path)]
    return sorted({*tests, *(f"tests/test_{judge}.py" for judge in JUDGES)})


def rendered(name: str, answers: str) -> Tree:
    """Render one template."""
    template, _ = builtin_template(name)
    renderer = Renderer(template)
    return renderer.tree(resolve(template, renderer, [Given(Source.FILE, "answers.toml", ANSWERS[answers])]).context)


@pytest.mark.parametrize("answers", ANSWERS)
@pytest.mark.parametrize("name", descriptions())
def test_its_own_lint_and_types_pass(name: str, answers: str, tmp_path: Path) -> None:
    """The first half of what a newcomer types: `make lint types`."""
    project = tmp_path / "project"
    write(rendered(name, answers), project)

    run(project, "lint")
    with mypy_cache.shared() as cache:
        run(project, "types", variables={"MYPY_CACHE_DIR": str(cache)})


@pytest.mark.long
@pytest.mark.parametrize("name", descriptions())
def test_its_own_tests_pass(name: str, tmp_path: Path) -> None:
    """The other half, `make test`: on SQLite and, where it is at hand, PostgreSQL.

    The tests run under the names that are not the defaults. Of a layer only its own run here, and those that judge the
    whole. Coverage is for the service's own pipeline, on a newer Python: while 3.11 traces, the end of a thread that
    used greenlets can keep the main thread in one instruction for ever (tracing begins it anew as long as anything is
    pending).
    """
    tree = rendered(name, OTHER)
    project = tmp_path / "project"
    write(tree, project)

    chosen = " ".join(own_tests(name, tree)) or '-m "not alone"'
    run(project, "test", f"ARGS={chosen}")


@pytest.mark.soak
def test_its_measurements_hold_where_nothing_else_runs(tmp_path: Path) -> None:
    """The service's tests that measure the machine: overload, hostile callers, rolling restarts."""
    project = tmp_path / "project"
    write(rendered("service", "defaults"), project)

    run(project, "test", "ARGS=-m alone")
