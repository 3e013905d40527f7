"""A016 and A021 over repositories, with a base in memory and in git."""

import json
import subprocess
from pathlib import Path

import pytest

from machgen.check.engine import judge
from machgen.check.facts import Facts
from machgen.check.model import Outcome
from machgen.check.registry import all_rules
from machgen.cli.boundary import run
from tests.check.judging import facts_of, found, outcomes

API = """
    openapi: 3.1.0
    info: {title: Cart, version: 1.2.0}
    paths:
      /carts:
        get:
          parameters:
            - {name: limit, in: query, schema: {type: integer, maximum: 100}}
          responses: {'200': {description: ok}}
    """
SWAGGER = '{"swagger": "2.0", "info": {"title": "Cart", "version": "1.0.0"},\n"paths": {"/carts": {"get": {"responses": {"200": {"description": "ok",\n"schema": {"type": "object", "properties": {"id": {"type": "string"}}}}}}}}}'
SERVICE = {"package.json": '{"name": "cart", "version": "1.2.0", "dependencies": {"express": "5.0.1"}}'}
GO = {"go.mod": "module example.com/cart\n\nrequire github.com/gin-gonic/gin v1.10.0\n"}


def compared(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What A016 finds between two states of a repository."""
    facts = Facts(facts_of(after).files, facts_of(before))
    report = judge(facts, [rule for rule in all_rules() if rule.id == "A016"])
    return [f"{each.flaw.at.path}:{each.flaw.at.line} {each.flaw.message}" for each in report.findings]


def test_a_narrower_parameter_is_found_in_the_new_contract() -> None:
    """At its line, with the JSON pointer."""
    after = {**SERVICE, "openapi.yaml": API.replace("100", "50")}

    assert [
        "openapi.yaml:7 the upper bound is 50 instead of 100 (the query parameter limit of GET /carts) at "
        "/paths/~1carts/get/parameters/0/schema"
    ] == compared({**SERVICE, "openapi.yaml": API}, after)


def test_a_property_that_goes_is_found_in_swagger() -> None:
    """JSON and Swagger 2.0; the line is that of what held it."""
    after = {**GO, "docs/swagger.json": SWAGGER.replace('"id"', '"key"')}

    assert [
        "docs/swagger.json:3 the property id is gone (200 of GET /carts) at "
        "/paths/~1carts/get/responses/200/schema/properties/id"
    ] == compared({**GO, "docs/swagger.json": SWAGGER}, after)


def test_a_contract_that_goes_is_found() -> None:
    """Whoever built a client from it has nothing to build from."""
    assert ["openapi.yaml:1 the contract openapi.yaml is gone"] == compared({**SERVICE, "openapi.yaml": API}, SERVICE)


@pytest.mark.parametrize(
    "after",
    [
        {**SERVICE, "contract/openapi.yaml": API},
        {**SERVICE, "openapi.yaml": API.replace("3.1.0", "3.0.3").replace("100", "500")},
        {**SERVICE, "openapi.yaml": API + "  /new: {get: {responses: {'200': {description: ok}}}}\n"},
    ],
    ids=["moved", "wider", "more"],
)
def test_what_breaks_nobody_is_not_found(after: dict[str, str]) -> None:
    """A file that moves, a bound that widens, a path that comes."""
    assert [] == compared({**SERVICE, "openapi.yaml": API}, after)


def test_without_a_base_there_is_nothing_to_compare() -> None:
    """It is said, and it is no pass."""
    assert [Outcome.NOT_APPLICABLE] == outcomes("A016", {**SERVICE, "openapi.yaml": API})


def test_the_base_is_a_revision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--base` reads the old contract from git, in a part of the repository too."""
    service = tmp_path / "cart"
    service.mkdir()
    (service / "package.json").write_text(SERVICE["package.json"])
    document = {"openapi": "3.1.0", "info": {"title": "a"}, "paths": {"/a": {"get": {"responses": {}}}}}
    (service / "openapi.json").write_text(json.dumps(document))
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "a"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    (service / "openapi.json").write_text(json.dumps({**document, "paths": {}}))

    assert 1 == run(["check", str(service), "--select", "A016", "--base", "HEAD"])
    assert "the path of GET /a is gone at /paths/~1a/get" in capsys.readouterr().out


def test_a_base_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear error, and the next step; an option in disguise is no revision either."""
    assert 2 == run(["check", str(tmp_path), "--base", "--output=x"])
    assert "not a revision of the git repository" in capsys.readouterr().err


@pytest.mark.parametrize(
    "files",
    [
        {**SERVICE, "openapi.yaml": API.replace("1.2.0", "1.1.0")},
        {"pom.xml": "<project><artifactId>cart</artifactId><version>2.0.0-SNAPSHOT</version><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>", "openapi.yaml": API},
    ],
    ids=["node", "java"],
)  # fmt: skip
def test_versions_that_part_are_found(files: dict[str, str]) -> None:
    """The contract's line is shown, the message names both."""
    assert 1 == len(found("A021", files))
    assert found("A021", files)[0].startswith("openapi.yaml:2 the contract says version 1.")


@pytest.mark.parametrize(
    "files",
    [
        {**SERVICE, "openapi.yaml": API},
        {**SERVICE, "openapi.yaml": API.replace("1.2.0", "v1")},
        {**GO, "api.yaml": API},
    ],
    ids=["the same", "no version of a release", "no version in the manifest"],
)
def test_versions_that_agree_or_are_not_said_are_not_found(files: dict[str, str]) -> None:
    """Only two full versions can part."""
    assert [] == found("A021", files)
