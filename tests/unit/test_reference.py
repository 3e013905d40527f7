"""The reference pages say what the code does: no more, no less."""

import re
import tomllib
from pathlib import Path

import pytest

from machgen.answers import Source
from machgen.check.configuration import KEYS as CHECK_KEYS
from machgen.cli.given import LARGEST_FILE
from machgen.origin import Origin
from machgen.project import own_files
from machgen.questions import DEEPEST_MAPPING, LARGEST_MAPPING, LONGEST_TEXT, Kind
from machgen.tree import Tree
from tools.reference import PAGE, RULES_PAGE, commands, rules

ROOT = Path(__file__).parents[2]
PAGES = PAGE.parent

# what looks like a key in the code and is none: names of Python's, and what cookiecutter itself adds to the answers
NO_KEYS = {
    *("__file__", "__main__", "__prompt__", "__pycache__", "_builtin", "_digest", "_files", "_names"),
    *("_checkout", "_cookiecutter", "_output_dir", "_repo_dir", "_template"),
}


def headings(page: str) -> list[str]:
    """Return the names that a page has headings for."""
    return re.findall(r"^##+ `\[?([\w.-]+)\]?`$", (PAGES / page).read_text(encoding="utf-8"), re.MULTILINE)


def test_the_commands_page_is_what_the_commands_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make docs` writes it again."""
    monkeypatch.delenv("COLUMNS", raising=False)

    assert commands() == PAGE.read_text(encoding="utf-8")


def test_the_rules_page_is_what_the_rules_say() -> None:
    """`make docs` writes it again."""
    assert rules() == RULES_PAGE.read_text(encoding="utf-8")


def test_every_template_key_is_documented() -> None:
    """Those that the code looks for, and no others."""
    # what judges repositories reads no template
    engine = [
        path for path in sorted((ROOT / "machgen").rglob("*.py")) if ROOT / "machgen" / "check" not in path.parents
    ]
    code = "".join(path.read_text(encoding="utf-8") for path in engine)
    found = set(re.findall(r"""["'](__?[a-z][a-z0-9_]*)["']""", code)) - NO_KEYS

    assert sorted({*found, "templates"}) == sorted(headings("template-keys.md"))


def test_every_key_of_machgen_toml_is_documented() -> None:
    """In the order in which they are written."""
    origin = Origin("gh:a/b", "v1", "0" * 40, "templates")
    answers = {"a": "x", "b": {"c": None}}
    written = own_files("tiny", origin, "sha256:" + "0" * 64, answers, Tree())["machgen.toml"].data.decode()
    expected = []
    for table, values in tomllib.loads(written).items():
        expected += [table, *(f"{table}.{key}" for key in values if not table.startswith("answers"))]

    assert expected == headings("machgen-toml.md")


def test_the_answers_page_has_every_source_in_order() -> None:
    """Weakest first, as the enumeration has them; and every kind of question."""
    text = (PAGES / "answers.md").read_text(encoding="utf-8")
    sources = re.findall(r"^\| ([a-z ]+?) \|", text.split("## What fits")[0], re.MULTILINE)[1:]

    assert [
        source.name.lower().replace("_", " ").replace("template", "template default") for source in Source
    ] == sources
    kinds = {"text": Kind.TEXT, "choice": Kind.CHOICE, "boolean": Kind.BOOLEAN, "dictionary": Kind.MAPPING}
    assert set(Kind) == {kind for word, kind in kinds.items() if f"| {word} |" in text}


def test_the_answers_page_has_the_limits() -> None:
    """Numbers are the code's."""
    text = (PAGES / "answers.md").read_text(encoding="utf-8")

    assert f"at most {LONGEST_TEXT:,} characters" in text
    assert f"at most {LARGEST_MAPPING:,} characters of JSON, {DEEPEST_MAPPING} levels" in text
    assert f"at most {LARGEST_FILE // 1024} KiB" in text


def test_every_key_of_the_check_is_documented() -> None:
    """Those that a repository can set, and no others."""
    assert CHECK_KEYS == set(headings("check.md"))
