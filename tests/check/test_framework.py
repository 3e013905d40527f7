"""The frame that every rule stands in: three-valued outcomes, places, fingerprints."""

import importlib
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from machgen.check.lazy_regex import lazily_compiled, lazy_compile
from machgen.check.model import Outcome, Role
from machgen.check.registry import all_rules
from machgen.check.roots import roots
from tests.check.judging import facts_of, found, outcomes, report_of

WORKFLOW = """
    on: push
    jobs:
      test:
        runs-on: ubuntu-24.04
        steps:
          - uses: actions/checkout@v4
          - uses: ./.github/actions/own
          - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
    """


def test_a_finding_names_the_file_and_the_line() -> None:
    """A movable tag is found where it stands; a local action and a full commit are not."""
    assert [
        ".github/workflows/ci.yml:6 actions/checkout is used at v4, which can be moved",
    ] == found("C301", {".github/workflows/ci.yml": WORKFLOW})


def test_a_rule_that_has_nothing_to_ask_does_not_pass() -> None:
    """Without workflows, C301 is not applicable."""
    assert [Outcome.NOT_APPLICABLE] == outcomes("C301", {"README.md": "hello"})


def test_the_owner_of_a_service_is_asked_per_root() -> None:
    """CODEOWNERS that covers one directory leaves the other without an owner."""
    files = {
        "CODEOWNERS": "/cart/ @shop/cart\n",
        "cart/pyproject.toml": '[project]\nname = "cart"\ndependencies = ["fastapi"]\n',
        "cart/Dockerfile": "FROM python:3.13.1\n",
        "search/package.json": '{"name": "search", "dependencies": {"express": "5.0.0"}}',
    }

    assert ["search/package.json:1 search has no owner: neither CODEOWNERS nor catalog-info.yaml names one"] == found(
        "M003", files
    )


def test_roles_come_with_their_reason() -> None:
    """Every role is inferred from something that the report can show."""
    facts = facts_of(
        {
            "api/package.json": '{"dependencies": {"express": "5"}}',
            "api/Dockerfile": "FROM node:22.1.0\n",
            "db/Dockerfile": "FROM postgres:17.2\n",
            "web/package.json": '{"dependencies": {"react": "19"}, "scripts": {"build": "vite build"}}',
            "load/requirements.txt": "locust==2.32\n",
            "lib/Cargo.toml": '[package]\nname = "lib"\nversion = "0.1.0"\n',
        }
    )

    assert [
        ("api", Role.SERVICE, "depends on express"),
        ("db", Role.DATA, "its image is built from postgres"),
        ("lib", Role.LIBRARY, "has no container file and no server framework is a dependency"),
        ("load", Role.TOOL, "depends on the load generator locust"),
        ("web", Role.TOUCHPOINT, "depends on react"),
    ] == [(root.path, root.role, root.reason) for root in facts.once(roots)]


def test_what_buildpacks_make_an_image_of_is_a_root() -> None:
    """Also where no manifest that is read here stands beside its descriptor; Julia's `Project.toml` is another thing."""
    descriptor = '[_]\nschema-version = "0.2"\nid = "shop.cart"\n'
    files = {
        "cart/project.toml": descriptor,
        "cart/Procfile": "web: ./cart\n",
        "nightly/project.toml": descriptor,
        "julia/Project.toml": 'name = "Shop"\n[deps]\n',
    }

    assert [
        ("cart", Role.SERVICE, "its Procfile starts a web process"),
        ("nightly", Role.TOOL, "buildpacks make its image"),
    ] == [(each.path, each.role, each.reason) for each in roots(facts_of(files))]
    assert ["cart"] == [each.root for each in report_of(files, "C001").judgements if each.outcome is Outcome.PASSED]


def test_a_fingerprint_survives_lines_that_move() -> None:
    """The same finding two lines further down is the same finding."""
    moved = "\n    # one\n    # two" + WORKFLOW
    before = report_of({".github/workflows/ci.yml": WORKFLOW}, "C301").findings[0]
    after = report_of({".github/workflows/ci.yml": moved}, "C301").findings[0]

    assert before.flaw.at.line + 2 == after.flaw.at.line
    assert before.fingerprint == after.fingerprint


def test_every_rule_is_explained() -> None:
    """A rule says why, from where, how to mend and when it applies, in sentences."""
    for rule in all_rules():
        assert rule.why.endswith("."), rule.id
        assert rule.mend.endswith("."), rule.id
        assert rule.source, rule.id
        assert rule.applies_when, rule.id
        assert len(rule.why) > 60, rule.id


def test_patterns_are_compiled_when_they_are_first_used() -> None:
    """A pattern costs nothing until a rule looks for it; the check's modules hold none that is compiled on import."""
    all_rules()
    checking = {name: module for name, module in sys.modules.items() if name.startswith("machgen.check.")}
    early = [
        f"{name}.{key}"
        for name, module in checking.items()
        for key, value in vars(module).items()
        if isinstance(value, re.Pattern)
    ]

    assert [] == early


def test_a_lazy_pattern_is_a_pattern() -> None:
    """It finds, replaces and splits as a compiled one does, and has its source; an error in it shows on first use."""
    lazy = lazy_compile(r"b+", re.IGNORECASE)

    assert ("b+", ["bb", "B"]) == (lazy.pattern, lazy.findall("abbcB"))
    assert ("a-c-", ["a", "c", ""], None) == (lazy.sub("-", "abbcB"), lazy.split("abbcB"), lazy.match("abb"))
    with pytest.raises(re.error):
        lazy_compile("(").search("")


def test_a_library_that_loads_may_be_given_lazy_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It compiles nothing until it looks for something, and those that load later compile as ever; also if it fails."""
    (tmp_path / "eager_patterns.py").write_text("import re\nONE, TWO = re.compile('a+'), re.compile('(')\n")
    (tmp_path / "broken_patterns.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)

    with lazily_compiled():
        loaded = importlib.import_module("eager_patterns")
    with pytest.raises(ZeroDivisionError), lazily_compiled():
        importlib.import_module("broken_patterns")

    assert (["aa"], re.Pattern) == (loaded.ONE.findall("baab"), type(re.compile("x")))


def test_every_lazy_pattern_compiles() -> None:
    """No pattern waits for a repository that uses it to show that it is broken."""
    all_rules()
    for name in [name for name in sys.modules if name.startswith("machgen.check.")]:
        for pattern in _patterns(list(vars(sys.modules[name]).values())):
            pattern.search(b"" if isinstance(pattern.pattern, bytes) else "")


def _patterns(values: list[object]) -> list[re.Pattern[Any]]:
    """The lazy patterns in module variables and in the tables that hold some of them."""
    found = []
    for value in values:
        if type(value) is type(lazy_compile("")):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += _patterns(list(value))
        elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
            found += _patterns(list(value.values()))
    return found
