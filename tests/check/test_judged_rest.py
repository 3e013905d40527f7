"""What opening every finding on the other fifteen public repositories has taught: misses, and their look-alikes.

Every case is written anew, from the situation and not from the repository's text.
"""

from collections.abc import Mapping

import pytest

from machgen.check.model import Role
from tests.check.judging import found, places, report_of
from tests.check.test_judged import EXPRESS, FLASK, SPRING, pod

GRPC = (
    '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup><PackageReference Include="Grpc.AspNetCore" Version="2.70.0" />'
    '<Protobuf Include="prices.proto" GrpcServices="{0}" /></ItemGroup></Project>'
)
PRICES = {
    "prices/prices.csproj": GRPC.replace("{0}", "Server"),
    "cart/Program.cs": 'app.MapPost("/carts", Make);\n',
    "prices/prices.proto": 'syntax = "proto3";\nservice Prices {\n  rpc Get (A) returns (B);\n}\n',
}
UWSGI = {"Dockerfile": 'FROM python:3.14.0-slim\nCMD ["uwsgi", "--ini", "app.ini"]\n', "pyproject.toml": FLASK}
EMBEDDED = SPRING.replace(
    "</dependencies>",
    "\n<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId></dependency>\n<dependency><groupId>"
    "org.springframework.boot</groupId><artifactId>spring-boot-starter-data-jpa</artifactId></dependency></dependencies>",
)
POSTGRES = EMBEDDED.replace(
    "</dependencies>",
    "<dependency><groupId>org.postgresql</groupId><artifactId>postgresql</artifactId></dependency></dependencies>",
)
ACTUATOR = SPRING.replace("starter-web", "starter-actuator")
PHP = '{"require": {"slim/slim": "4"}}'


TELEMETRY = """
    [project]
    name = "a"
    dependencies = ["fastapi"]
    [project.optional-dependencies]
    obs = ["prometheus-client", "opentelemetry-sdk"]
"""


def workflow(run: str) -> str:
    """A workflow of GitHub's with one job that checks out and runs something."""
    return f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - run: {run}\n"


def manifest(name: str) -> str:
    """A Deployment of `cart` that sets one variable."""
    return pod("cart", f"          env: [{{name: {name}, value: node}}]\n")


MISSED = [
    pytest.param(
        "A001",
        {**PRICES, "cart/cart.csproj": GRPC.replace("{0}", "Client")},
        ["cart/cart.csproj:1"],
        id="A001 the only definitions are those of a service that it calls",
    ),
    pytest.param(
        "C203", {"pom.xml": EMBEDDED}, ["pom.xml:2"], id="C203 Spring makes a database in memory where none is named"
    ),
    pytest.param(
        "C204",
        {"pyproject.toml": TELEMETRY, "Dockerfile": "FROM python:3.14.0-slim\nRUN pip install .\nEXPOSE 80\n"},
        ["Dockerfile:1"],
        id="C204 telemetry is an extra that the image does not install",
    ),
    pytest.param(
        "C309",
        {".github/workflows/a.yml": workflow("./scripts/deploy.sh now")},
        [".github/workflows/a.yml:7"],
        id="C309 the first thing that a job starts is not there",
    ),
    pytest.param(
        "C206",
        {**UWSGI, "app.ini": "[uwsgi]\nmaster = true\n"},
        ["app.ini:1"],
        id="C206 uWSGI loads again instead of ending",
    ),
]


@pytest.mark.parametrize(("rule", "files", "expected"), MISSED)
def test_what_reviewers_missed_is_found(rule: str, files: Mapping[str, str], expected: list[str]) -> None:
    """At its line, and nothing else."""
    assert expected == places(rule, files)


WRONG = [
    pytest.param(
        "A001",
        {
            **PRICES,
            "cart/cart.csproj": GRPC.replace("{0}", "Both").replace("prices.proto", "../prices/prices.proto"),
        },
        id="A001 it serves what it compiles",
    ),
    pytest.param(
        "C201",
        {"cart/Dockerfile": "FROM node:24-slim\n", "cart/package.json": EXPRESS, "k8s.yaml": manifest("INSTANA_AGENT_HOST")},
        id="C201 the collector of a monitoring service reads it",
    ),
    pytest.param(
        "C202",
        {
            "go.mod": "module a\nrequire github.com/labstack/echo/v4 v4.13.0\n",
            "main.go": 'package main\nimport "github.com/labstack/echo/v4"\nfunc main() {\n\te := echo.New()\n'
            "\te.Use(middleware.Logger())\n}\n",
        },
        id="C202 echo logs JSON by itself",
    ),
    pytest.param(
        "C202",
        {
            "pom.xml": SPRING,
            "src/main/java/A.java": "class A {}\n",
            "src/main/resources/log4j2.xml": "<PatternLayout\n  pattern='{\"time\": \"%d\", \"message\": \"%msg\"}%n' />\n",
        },
        id="C202 a pattern of JSON in single quotes",
    ),
    pytest.param("C203", {"pom.xml": POSTGRES}, id="C203 an embedded database beside the real one"),
    pytest.param(
        "C203",
        {"pom.xml": EMBEDDED, "src/main/resources/application.yml": "spring:\n  datasource:\n    url: jdbc:h2:file:/data/a\n"},
        id="C203 an embedded database that writes a file",
    ),
    pytest.param(
        "C204",
        {"composer.json": '{"require": {"slim/slim": "4", "instana/instana-php-sdk": "1"}}', "index.php": "<?php\n"},
        id="C204 an agent's library for PHP",
    ),
    pytest.param(
        "C204",
        {"pyproject.toml": TELEMETRY, "Dockerfile": "FROM python:3.14.0-slim\nRUN pip install .[obs]\nEXPOSE 80\n"},
        id="C204 telemetry is an extra that the image installs",
    ),
    pytest.param("C309", {".github/workflows/a.yml": workflow("codecov.sh")}, id="C309 a command by its name"),
    pytest.param(
        "C309",
        {".github/workflows/a.yml": workflow("make tools\n      - run: ./tools/a.sh")},
        id="C309 a script that an earlier step may have made",
    ),
    pytest.param("C206", {**UWSGI, "app.ini": "[uwsgi]\ndie-on-term = true\n"}, id="C206 uWSGI is told to end"),
    pytest.param(
        "C206",
        {"Dockerfile": UWSGI["Dockerfile"].replace("CMD", "ENV UWSGI_DIE_ON_TERM=1\nCMD"), "pyproject.toml": FLASK},
        id="C206 uWSGI is told by the environment",
    ),
    pytest.param(
        "C206",
        {"package.json": EXPRESS.replace('"express": "4"', '"fastify": "5", "fastify-cli": "7"'), "app.js": "x\n"},
        id="C206 the command that starts Fastify closes it",
    ),
    pytest.param(
        "C206",
        {"composer.json": PHP, "package.json": '{"private": true}', "assets/app.js": "x\n"},
        id="C206 pages of a PHP program are built with Node",
    ),
    pytest.param(
        "M007",
        {"pom.xml": SPRING.replace("<project>", "<project><version>1.0</version>"), "CHANGELOG-2.0.md": "# 2.0.1\n"},
        id="M007 a changelog for each major version",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files"), WRONG)
def test_what_only_looks_like_it_is_not_found(rule: str, files: Mapping[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


def test_what_actuator_measures_is_not_called_missing() -> None:
    """It is there, and nothing exports it: the message says just that."""
    (said,) = found("C204", {"pom.xml": ACTUATOR, "src/main/java/A.java": "@SpringBootApplication class A {}\n"})

    assert said.endswith("this repository exports no metrics and no traces: no library for it is installed by default")


def roles(files: Mapping[str, str]) -> dict[str, Role]:
    """The role of each root."""
    return {each.path: each.role for each in report_of(files).roots}


def test_an_emitter_of_events_listens_to_no_port() -> None:
    """`.listen(` is a server's in a file that has to do with HTTP."""
    emitter = 'events.listen("made", () => fetch("https://example.org"));\n'
    server = 'import { Server } from "node:http";\nnew Server(answer).listen(80);\n'
    package = '{"private": true, "scripts": {"start": "node ."}}'

    assert {"": Role.LIBRARY} == roles({"package.json": package, "index.js": emitter})
    assert {"": Role.SERVICE} == roles({"package.json": package, "index.js": server})


def test_a_controller_makes_a_service_where_the_starter_comes_by_another_library() -> None:
    """A program that only takes messages is none."""
    files = {
        "a/Dockerfile": "FROM eclipse-temurin:21-jre\n",
        "a/build.gradle": 'dependencies {\n    implementation project(":web")\n}\n',
    }

    assert {"a": Role.SERVICE} == roles({**files, "a/src/main/java/A.java": "@RestController\nclass A {}\n"})
    assert {"a": Role.TOOL} == roles({**files, "a/src/main/java/A.java": "class A {}\n"})
