"""The codes that generated services know, beside those of libraries that follow the standards."""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

from tests.templates.validators.conftest import ROOT, Run

CODES = ROOT / "templates/service/{{cookiecutter.project_slug}}/src/chassis/codes.py"
WITHDRAWN = {"ANG", "BGN", "CUC", "HRK", "SLL", "ZWL"}
"""Currencies that are kept because somebody's stored documents name them; a new one is added here and not taken out."""

_LISTED = """
import json, iso4217, pycountry
print(json.dumps({
    "CURRENCIES": {each.code: each.exponent for each in iso4217.Currency if each.exponent is not None},
    "COUNTRIES": sorted(each.alpha_2 for each in pycountry.countries),
    "LANGUAGES": sorted(each.alpha_2 for each in pycountry.languages if hasattr(each, "alpha_2")),
}))
"""


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """What the chassis knows; the module needs nothing but itself."""
    return runpy.run_path(str(CODES))


@pytest.fixture
def listed(run: Run, tmp_path: Path) -> dict[str, Any]:
    """What the standards list, by the newest libraries that are pinned."""
    found: dict[str, Any] = json.loads(run("python", "-c", _LISTED, cwd=tmp_path))
    return found


def test_currencies_are_those_of_iso_4217(known: dict[str, Any], listed: dict[str, Any]) -> None:
    """Each with its decimals, and beside them only what was withdrawn; the update of a library tells what is new."""
    present = {code: decimals for code, decimals in known["CURRENCIES"].items() if code not in WITHDRAWN}

    assert present == listed["CURRENCIES"]
    assert known["CURRENCIES"].keys() >= WITHDRAWN


def test_countries_are_those_of_iso_3166(known: dict[str, Any], listed: dict[str, Any]) -> None:
    """And Kosovo."""
    assert sorted(known["COUNTRIES"] - {"XK"}) == listed["COUNTRIES"]


def test_languages_are_those_of_iso_639(known: dict[str, Any], listed: dict[str, Any]) -> None:
    """Those with two letters."""
    assert sorted(known["LANGUAGES"]) == listed["LANGUAGES"]
