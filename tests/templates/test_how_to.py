"""The generated how-to pages are true: their commands and changes, taken word for word, make a green service."""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.running import to_its_end
from tests.templates import mypy_cache

TOOLS = Path(__file__).parents[2] / ".tools"
PATIENCE_SECONDS = 900
PAGES = ("add-a-resource", "add-an-event", "add-a-setting", "take-in-events", "grow-a-resource")
QUICK = "src tests/test_contract.py tests/test_docs.py tests/test_event_contract.py"
THOROUGH = f"{QUICK} tests/test_architecture.py tests/test_auth.py tests/test_fuzz.py tests/test_migrations.py"
"""The domain's own tests and those of the chassis that judge a domain: after each step, and after the last one."""
CATALOG = "src/pumps tests/test_contract.py -k 'test_contract or sqlite and (brand or whole) or every_kind or fits_its'"
"""Those of the catalog's own tests that the page about products touches; the others run with their own template."""
NOT_EXECUTED = "text"
"""The language of a block that shows what is done elsewhere."""


class Block(NamedTuple):
    """One fenced block of a page."""

    line: int
    language: str
    text: str


def blocks(page: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page, those in lists without their indentation."""
    for found in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```$", page, re.MULTILINE | re.DOTALL):
        if found[2] != NOT_EXECUTED:
            yield Block(page[: found.start()].count("\n") + 1, found[2], textwrap.dedent(found[3]))


def change(project: Path, diff: str) -> None:
    """Make a change: each part's old lines are there exactly once, and give way to its new ones."""
    head, _, parts = diff.partition("\n")
    (file,) = project.glob(head.removeprefix("--- "))  # a migration is named after the time
    text = file.read_text(encoding="utf-8")
    for part in parts.split("@@\n"):
        lines = part.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")

        assert 1 == text.count(old), f"{file}: these lines are there {text.count(old)} times:\n{old}"
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def follow(project: Path, block: Block, tests: str) -> None:
    """Do what a block says, in the environment that all generated projects share."""
    if block.language == "diff":
        change(project, block.text)
    elif block.language == "python":
        head, _, text = block.text.partition("\n")
        (project / head.removeprefix("# ")).write_text(text, encoding="utf-8")
    else:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TEST_DATABASE_URL")}
        settings = {"VENV": str(TOOLS / "services"), "WORKERS": "0", "ARGS": f"-q {tests}"}
        settings["MYPY_CACHE_DIR"] = str(project.parent / "mypy")
        script = ["bash", "-euo", "pipefail", "-c", block.text]
        said = project.parent / "said.txt"
        code = to_its_end(script, said, cwd=project, env=kept | settings, seconds=PATIENCE_SECONDS)

        assert 0 == code, f"line {block.line}:\n{block.text}\n{said.read_text(errors='replace')[-6000:]}"


def made(template: str, project: Path) -> Path:
    """Make a project, as a user does."""
    if not (TOOLS / "services").exists():
        pytest.fail("run `make tools` first: it makes the environment of the generated services")
    machgen(project.parent, "new", template, project.name, "--no-input", "--no-git")
    mypy_cache.copy(project.parent / "mypy")
    return project


def machgen(directory: Path, *words: str) -> str:
    """Run a command that must succeed; return what it says."""
    environment = os.environ | {"PYTHONPATH": str(TOOLS.parent)}
    command = [sys.executable, "-m", "machgen", *words]
    return subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True, text=True).stdout


def test_pages_make_what_they_promise(tmp_path: Path) -> None:
    """`machgen new service ticketing`, then every block of every page in order: each step of each page is green.

    At the end the service has resources of its own, one below the other, an event, a setting, states, others' events,
    and nothing of the example.
    """
    project = made("service", tmp_path / "ticketing")
    for page in PAGES:
        found = list(blocks((project / "docs" / f"{page}.md").read_text(encoding="utf-8")))

        assert {"sh", "diff", "python"} == {block.language for block in found}
        for block in found:
            follow(project, block, THOROUGH if block == found[-1] and page == PAGES[-1] else QUICK)

    sources = "".join(path.read_text(encoding="utf-8") for path in (project / "src" / "ticketing").rglob("*.py"))
    contract = (project / "contract" / "openapi.yaml").read_text(encoding="utf-8")
    events = (project / "contract" / "asyncapi.yaml").read_text(encoding="utf-8")
    assert [] == re.findall(r"(?i)\bnotes?\b", sources)
    assert {"/v1/labels/{label_id}:", "/v1/labels/{label_id}/aliases:", "/v1/events:"} <= set(contract.split())
    assert "/v1/notes" not in contract
    assert "label.recoloured:" in events
    assert "No findings." == machgen(project, "check", "--profile", "reference").splitlines()[-1]


def test_pages_of_the_catalog_make_what_they_promise(tmp_path: Path) -> None:
    """Products get a member of their own, from the editor to the facet, and product types a kind of attribute."""
    project = made("catalog", tmp_path / "pumps")
    for block in blocks((project / "docs" / "add-to-products.md").read_text(encoding="utf-8")):
        follow(project, block, CATALOG)

    contract = (project / "contract" / "openapi.yaml").read_text(encoding="utf-8")
    assert {"brand:", "DateType:"} <= set(contract.split())


def test_a_change_that_does_not_fit_is_noticed(tmp_path: Path) -> None:
    """A page that has fallen behind the code fails; it is not followed halfway."""
    (tmp_path / "a.py").write_text("one = 1\ntwo = 2\n")

    with pytest.raises(AssertionError, match="0 times"):
        change(tmp_path, "--- a.py\n-three = 3\n+three = 4\n")
    change(tmp_path, "--- a.py\n one = 1\n+half = 1.5\n@@\n-two = 2\n")

    assert (tmp_path / "a.py").read_text() == "one = 1\nhalf = 1.5\n"
