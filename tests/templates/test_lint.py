"""Template code is linted where it stands by the rules that the generated service is linted by."""

import tomllib
from pathlib import Path

import pytest

from machgen.answers import resolve
from machgen.bundle import builtin_template, descriptions
from machgen.render import Renderer

IN_PLACE = Path(__file__).parents[2] / "tools" / "template-ruff.toml"
ONLY_IN_PLACE = {"N999", "RUF200"}
"""Rules that only the unrendered names and the unrendered pyproject.toml offend."""


@pytest.mark.parametrize("name", list(descriptions()))
def test_both_lint_configurations_ask_the_same(name: str) -> None:
    """Rules, exceptions and line length are those of the rendered pyproject.toml."""
    template, plan = builtin_template(name)
    renderer = Renderer(template, plan=plan)
    tree = renderer.tree(resolve(template, renderer).context)
    generated = tomllib.loads(tree["pyproject.toml"].data.decode())["tool"]["ruff"]
    here = tomllib.loads(IN_PLACE.read_text(encoding="utf-8"))

    assert generated["lint"]["select"] == here["lint"]["select"]
    assert set(generated["lint"]["ignore"]) == set(here["lint"]["ignore"]) - ONLY_IN_PLACE
    assert (generated["line-length"], generated["target-version"]) == (here["line-length"], here["target-version"])
