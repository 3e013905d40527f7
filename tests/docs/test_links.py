"""No page leads nowhere."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
_CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    """Every link within the repository names a file or directory that is there."""
    links = _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))
    local = [link.split("#")[0] for link in links if not re.match(r"[a-z]+:", link) and not link.startswith("#")]

    assert [] == [link for link in local if not (page.parent / link).exists()]


def test_decisions_are_numbered_once() -> None:
    """`docs/decisions/NNNN-title.md`: the number is how others refer to it."""
    numbers = [path.name[:4] for path in sorted((REPOSITORY / "docs" / "decisions").glob("*.md"))]

    assert sorted(set(numbers)) == numbers
