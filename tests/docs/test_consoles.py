"""The documentation's consoles show what the commands print."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]


def load() -> ModuleType:
    """Import tools/consoles.py, which is a script and no package."""
    specification = importlib.util.spec_from_file_location("consoles", REPOSITORY / "tools" / "consoles.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    sys.modules["consoles"] = module
    specification.loader.exec_module(module)
    return module


consoles = load()


@pytest.mark.parametrize("page", consoles.pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_page_shows_what_its_commands_print(page: Path) -> None:
    """Run every console of the page; `make docs` writes the page again."""
    for step, actual in consoles.play(page):
        assert consoles.matches(step.expected, actual), f"$ {step.command}\n" + "\n".join(actual)


def test_a_page_whose_shell_ends_early_is_not_taken_for_a_good_one(tmp_path: Path) -> None:
    """The steps that were never run are not skipped in silence."""
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo a\na\n$ exit\n$ echo b\nc\n```\n")

    with pytest.raises(RuntimeError, match="the shell ended after `exit`"):
        consoles.play(page)


@pytest.mark.parametrize(
    ("expected", "actual", "verdict"),
    [
        (("a",), ("a",), True),
        (("a",), ("b",), False),
        (("a …", "…", "z"), ("a 1", "b", "c", "z"), True),
        (("a …", "…", "z"), ("a 1", "b"), False),
        ((), ("a",), False),
        (("…",), (), True),
        (("a.b",), ("axb",), False),
    ],
)
def test_an_ellipsis_stands_for_what_may_differ(
    expected: tuple[str, ...], actual: tuple[str, ...], verdict: bool
) -> None:
    """Everything else has to be the same."""

    assert verdict is consoles.matches(expected, actual)
