"""Reports of `machgen check` for programs, judged by the formats' own schemas, whatever the repository is called."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from machgen.check.reports import shown
from tests.check.judging import report_of
from tests.templates.validators.conftest import ROOT, TOOLS, Run, missing

SARIF = TOOLS / "node/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
JUNIT = ROOT / "tests" / "templates" / "validators" / "junit.xsd"

EVIL = "a\x1b[31m,b:c\r\n::error::x]]>|`<b>\"'&\u202e\udcff\ufffe[x](y)%0A"
REPOSITORIES: dict[str, Mapping[str, str | bytes]] = {
    "nothing": {},
    "a service": {
        "requirements.txt": "fastapi==0.130.0\n",
        "Dockerfile": "FROM python:latest\nCMD python app.py\n",
        "k8s.yaml": "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: a}\nspec: {}\n",
        "broken.json": "{",
    },
    "hostile names": {
        f"{EVIL}/Dockerfile": f"FROM {EVIL}:latest\n".encode("utf-8", "surrogateescape"),
        f"{EVIL}/requirements.txt": "fastapi\n",
        f".github/workflows/{EVIL}.yml": b'on: push\njobs:\n  a:\n    steps:\n      - uses: "x]]>\\u001b[0m/y@v1"\n',
    },
}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_sarif_is_valid(name: str, run: Run, tmp_path: Path) -> None:
    """SARIF 2.1.0, as OASIS publishes it."""
    if not SARIF.is_file():
        missing("@microsoft/jest-sarif", "run `make tools`")
    (tmp_path / "machgen.sarif").write_text(shown(report_of(REPOSITORIES[name]), "sarif"), encoding="utf-8")

    # one of the schema's patterns (a language tag) is only a regular expression to Python's taste
    run("check-jsonschema", "--regex-variant", "python", "--schemafile", SARIF, "machgen.sarif", cwd=tmp_path)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_junit_is_valid(name: str, run: Run, tmp_path: Path) -> None:
    """As Jenkins and GitLab read it; and the counts are those of the cases."""
    text = shown(report_of(REPOSITORIES[name]), "junit")
    (tmp_path / "machgen.xml").write_text(text, encoding="utf-8")
    run("xmlschema-validate", "--schema", JUNIT, "machgen.xml", cwd=tmp_path)
    suites = ElementTree.fromstring(text)  # noqa: S314 - our own output

    assert str(len(list(suites.iter("testcase")))) == suites.get("tests")
    assert str(len(list(suites.iter("failure")))) == suites.get("failures")


def test_sarif_fixes_replace_what_they_say(tmp_path: Path) -> None:
    """The region of a fix is the text that it replaces, and nothing around it."""
    repository = REPOSITORIES["a service"]
    results = json.loads(shown(report_of(repository, "C112"), "sarif"))["runs"][0]["results"]
    change: dict[str, Any] = results[0]["fixes"][0]["artifactChanges"][0]["replacements"][0]

    assert {"startLine": 1, "startColumn": 13, "endColumn": 26} == change["deletedRegion"]
    assert "batch/v1" == change["insertedContent"]["text"]
