"""C001-C010: container files that violate a rule, and others that only look as if."""

import pytest

from machgen.check.model import Outcome
from tests.check.judging import found, outcomes, places

PY = '[project]\nname = "cart"\nversion = "1.0.0"\ndependencies = ["fastapi==0.130.0"]\n'
NODE = '{"name": "cart", "dependencies": {"express": "5.0.1"}, "devDependencies": {"jest": "30.0.0"}}'
GOOD = """
    FROM python:3.13.1-slim
    COPY src src
    USER 10001:10001
    HEALTHCHECK CMD ["python", "-m", "cart", "check"]
    CMD ["python", "-m", "cart"]
    """


def with_file(text: str, **more: str) -> dict[str, str]:
    """A Python service with this Dockerfile."""
    return {"pyproject.toml": PY, "Dockerfile": text, **more}


SPRING = "<project><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>"
GO = {
    "go.mod": "module example.com/cart\nrequire github.com/gin-gonic/gin v1.11.0\n",
    "main.go": "package main\n\nfunc main() {}\n",
}


VIOLATIONS = [
    ("C002", "a JDK of the day", {"pom.xml": SPRING, "Dockerfile": "FROM eclipse-temurin:latest\n"}, ["Dockerfile:1"]),
    ("C003", "Java as root", {"pom.xml": SPRING, "Dockerfile": 'FROM eclipse-temurin:21-jre\nENTRYPOINT ["java", "-jar", "cart.jar"]\n'}, ["Dockerfile:1"]),
    ("C006", "Node without an ignore file", {"package.json": NODE, "Dockerfile": "FROM node:22.1.0-slim\nCOPY . .\n", ".env": "A=1\n"}, ["Dockerfile:2"]),
    ("C007", "a password for Java", {"pom.xml": SPRING, "Dockerfile": "FROM eclipse-temurin:21-jre\nENV SPRING_DATASOURCE_PASSWORD=hunter22\n"}, ["Dockerfile:2"]),
    ("C008", "Go without a shell", {**GO, "Dockerfile": "FROM gcr.io/distroless/static-debian12:nonroot\nHEALTHCHECK CMD /cart health || exit 1\n"}, ["Dockerfile:2"]),
    ("C010", "Go 1.18", {**GO, "Dockerfile": "FROM golang:1.18.10 AS build\nFROM scratch\n"}, ["Dockerfile:1"]),
    ("C001", "a Python service", {"pyproject.toml": PY}, ["pyproject.toml:1"]),
    ("C001", "only a development container", {"package.json": NODE, ".devcontainer/Dockerfile": "FROM node:22.1.0\n", "Dockerfile.dev": "FROM node:22.1.0\n"}, ["package.json:1"]),
    ("C002", "no tag", with_file("FROM python\n"), ["Dockerfile:1"]),
    ("C002", "a variant tag in a copy", with_file("FROM python:3.13.1\nCOPY --from=busybox:musl /bin/sh /bin/sh\n"), ["Dockerfile:2"]),
    ("C002", "latest by a default", with_file("ARG TAG=latest\nFROM node:${TAG}\n"), ["Dockerfile:2"]),
    ("C003", "no USER", with_file("FROM python:3.13.1\nCMD [\"x\"]\n"), ["Dockerfile:1"]),
    ("C003", "root again at the end", with_file("FROM node:22.1.0\nUSER node\nUSER root\n"), ["Dockerfile:3"]),
    ("C003", "a name", with_file("FROM node:22.1.0\nUSER node\n"), ["Dockerfile:2"]),
    ("C004", "shell form", with_file("FROM python:3.13.1\nCMD python -m cart\n"), ["Dockerfile:2"]),
    ("C004", "reload", with_file("FROM python:3.13.1\nCMD [\"uvicorn\", \"cart:app\", \"--reload\"]\n"), ["Dockerfile:2"]),
    ("C004", "behind an npm script", {"package.json": '{"dependencies": {"express": "5"}, "scripts": {"start": "nodemon app.js"}}', "Dockerfile": "FROM node:22.1.0\nCMD [\"npm\", \"start\"]\n"}, ["Dockerfile:2"]),
    ("C005", "a Go toolchain", {"go.mod": "module example.com/cart\n", "main.go": "package main\nfunc main() { http.ListenAndServe() }\n", "Dockerfile": "FROM golang:1.26.1\nRUN go build\n"}, ["Dockerfile:1"]),
    ("C005", "a compiler stays", with_file("FROM python:3.13.1-slim\nRUN apt-get update && apt-get install -y gcc libpq-dev\n"), ["Dockerfile:2"]),
    ("C005", "development dependencies", {"package.json": NODE, "Dockerfile": "FROM node:22.1.0-slim\nRUN npm ci\n"}, ["Dockerfile:2"]),
    ("C006", "no ignore file", with_file("FROM python:3.13.1\nCOPY . .\n"), ["Dockerfile:2"]),
    ("C006", "the history goes in", with_file("FROM python:3.13.1\nADD . /app\n", **{".dockerignore": "*.pyc\n"}), [".dockerignore:1"]),
    ("C006", "settings go in", with_file("FROM python:3.13.1\nCOPY ./ .\n", **{".dockerignore": ".git\n", ".env.example": "A=1\n"}), [".dockerignore:1"]),
    ("C007", "a password in ENV", with_file("FROM python:3.13.1\nENV DB_PASSWORD=hunter22\n"), ["Dockerfile:2"]),
    ("C007", "a token as an argument", with_file("FROM node:22.1.0\nARG NPM_TOKEN\nRUN npm ci\n"), ["Dockerfile:2"]),
    ("C007", "a key in a layer", with_file("FROM node:22.1.0\nCOPY id_rsa /root/.ssh/id_rsa\n"), ["Dockerfile:2"]),
    ("C008", "nothing asks", with_file("FROM python:3.13.1\n"), ["Dockerfile:1"]),
    ("C008", "curl is not there", with_file("FROM python:3.13.1-slim\nHEALTHCHECK CMD curl -f http://localhost/ || exit 1\n"), ["Dockerfile:2"]),
    ("C008", "compose calls what is not there", with_file("FROM python:3.13.1-slim\n", **{"compose.yaml": "services:\n  cart:\n    build: .\n    healthcheck:\n      test: [CMD-SHELL, 'curl -f http://localhost:8000/livez']\n"}), ["compose.yaml:5"]),
    ("C008", "a probe without a shell", with_file("FROM node:22.1.0-slim\nLABEL a=b\n", **{"k8s.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  template:\n    spec:\n      containers:\n        - name: cart\n          image: cart:1\n          livenessProbe:\n            exec: {command: [sh, -c, 'wget -qO- localhost:8000']}\n"}), ["k8s.yaml:11"]),
    ("C009", "a script is run", with_file("FROM python:3.13.1\nRUN curl -sSL https://example.com/install.sh | bash\n"), ["Dockerfile:2"]),
    ("C009", "an installer without a version", {"package.json": NODE, "Dockerfile": "FROM node:22.1.0\nRUN npm install -g pm2 && pip install gunicorn\n"}, ["Dockerfile:2", "Dockerfile:2"]),
    ("C010", "Python 3.8", with_file("FROM python:3.8-slim\n"), ["Dockerfile:1"]),
    ("C010", "Node 18 on buster", with_file("FROM node:18.20-buster\n"), ["Dockerfile:1", "Dockerfile:1"]),
    ("C010", ".NET 6", with_file("FROM mcr.microsoft.com/dotnet/aspnet:6.0\n"), ["Dockerfile:1"]),
]  # fmt: skip

LOOKALIKES = [
    ("C002", "a JRE by major version", {"pom.xml": SPRING, "Dockerfile": "FROM eclipse-temurin:21-jre\n"}),
    ("C003", ".NET's own user", {"Cart.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "Dockerfile": "FROM mcr.microsoft.com/dotnet/aspnet:9.0\nUSER $APP_UID\n"}),
    ("C006", "Go takes what it names", {**GO, "Dockerfile": "FROM golang:1.26.1 AS build\nCOPY go.mod main.go ./\nFROM scratch\n"}),
    ("C007", "the name of a file", {"package.json": NODE, "Dockerfile": "FROM node:22.1.0-slim\nENV DB_PASSWORD_FILE=/run/secrets/db\n"}),
    ("C008", "Go asks itself", {**GO, "Dockerfile": 'FROM gcr.io/distroless/static-debian12:nonroot\nHEALTHCHECK CMD ["/cart", "health"]\n'}),
    ("C010", "Java 21", {"pom.xml": SPRING, "Dockerfile": "FROM eclipse-temurin:21-jre-noble\n"}),
    ("C008", "compose calls what is installed", with_file("FROM python:3.13.1-slim\nRUN apt-get update && apt-get install -y curl\n", **{"compose.yaml": "services:\n  cart:\n    build: .\n    healthcheck: {test: 'curl -f http://localhost:8000/livez'}\n"})),
    ("C008", "compose asks Python", with_file("FROM python:3.13.1-slim\n", **{"compose.yaml": "services:\n  cart:\n    build: .\n    healthcheck: {test: [CMD, python, -c, 'import urllib.request']}\n"})),
    ("C001", "Jib makes the image", {"pom.xml": "<project><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies><build><plugins><plugin><artifactId>jib-maven-plugin</artifactId></plugin></plugins></build></project>"}),
    ("C001", "the container file is one directory up", {"docker/Dockerfile": "FROM python:3.13.1\n", "pyproject.toml": PY}),
    ("C001", "a library", {"Cargo.toml": '[package]\nname = "money"\n'}),
    ("C001", "a container file for all", {"internal/a/go.mod": "module a\nrequire github.com/go-chi/chi/v5 v5.0.0\n", "internal/a/main.go": "package main\n", "docker/app/Dockerfile": "FROM golang:1.26.1\nARG SERVICE\n"}),
    ("C002", "by digest", with_file("FROM python@sha256:" + "a" * 64 + "\n")),
    ("C002", "a stage is no image", with_file("FROM python:3.13.1 AS build\nFROM build\nCOPY --from=build /a /a\nCOPY --from=0 /a /a\n")),
    ("C002", "scratch has no version", with_file("FROM scratch\n")),
    ("C002", "a version in the argument", with_file("ARG PYTHON_IMAGE=python:3.13.1-slim\nFROM ${PYTHON_IMAGE}\n")),
    ("C003", "a number", with_file(GOOD)),
    ("C003", "the manifests say who", with_file("FROM python:3.13.1\n", **{"k8s.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  template:\n    spec:\n      securityContext: {runAsUser: 10001}\n      containers: [{name: cart, image: 'cart:1.0.0'}]\n"})),
    ("C003", "a database switches users itself", {"Dockerfile": "FROM postgres:17.2\n"}),
    ("C003", "inherited from a stage", with_file("FROM python:3.13.1 AS run\nUSER 10001\nFROM run\nCOPY a a\n")),
    ("C004", "exec replaces the shell", with_file("FROM python:3.13.1\nCMD exec gunicorn cart:app --workers $WORKERS\n")),
    ("C004", "reload in a stage that is not the image", with_file("FROM python:3.13.1 AS dev\nCMD uvicorn cart:app --reload\nFROM python:3.13.1\nCMD [\"uvicorn\", \"cart:app\"]\n")),
    ("C004", "a production script", {"package.json": '{"dependencies": {"express": "5"}, "scripts": {"start": "node app.js", "dev": "nodemon app.js"}}', "Dockerfile": "FROM node:22.1.0\nCMD [\"npm\", \"start\"]\n"}),
    ("C005", "the compiler is in the first stage", with_file("FROM python:3.13.1 AS build\nRUN apt-get install -y gcc\nFROM python:3.13.1-slim\nCOPY --from=build /v /v\n")),
    ("C005", "removed in the same layer", with_file("FROM python:3.13.1-alpine\nRUN apk add --no-cache gcc && pip install -r r.txt && apk del gcc\n")),
    ("C005", "only what runs", {"package.json": NODE, "Dockerfile": "FROM node:22.1.0-slim\nRUN npm ci --omit=dev\n"}),
    ("C006", "a list of what goes in", with_file("FROM python:3.13.1\nCOPY . .\n", **{".dockerignore": "*\n!src\n"})),
    ("C006", "a copy from another stage", with_file("FROM python:3.13.1 AS a\nFROM a\nCOPY --from=a . .\n")),
    ("C006", "both are kept out", with_file("FROM python:3.13.1\nCOPY . .\n", **{".dockerignore": "**/.git\n.env*\n", ".env.example": ""})),
    ("C007", "no secret in these", with_file("FROM python:3.13.1\nENV TOKEN_URL=https://login.example.com DB_PASSWORD_FILE=/run/secrets/db MAX_TOKENS=4096 SECRET_KEY=\"\"\n")),
    ("C007", "a mounted secret", with_file("FROM node:22.1.0\nRUN --mount=type=secret,id=npm_token npm ci\nCOPY .env.example .\n")),
    ("C008", "its own command", with_file(GOOD)),
    ("C008", "curl is installed", with_file("FROM python:3.13.1-slim\nRUN apt-get install -y curl\nHEALTHCHECK CMD curl -f http://localhost/\n")),
    ("C008", "compose asks", with_file("FROM python:3.13.1\n", **{"compose.yaml": "services:\n  cart:\n    build: .\n    healthcheck: {test: [CMD, x]}\n"})),
    ("C009", "a version and a checksum", with_file("FROM python:3.13.1\nRUN curl -sSLO https://example.com/latest/tool.sh && sha256sum -c sums\nRUN pip install gunicorn==23.0.0 -r requirements.txt\n")),
    ("C009", "a versioned script", with_file("FROM python:3.13.1\nRUN curl -LsSf https://astral.sh/uv/0.9.1/install.sh | sh\n")),
    ("C010", "still supported", with_file("FROM python:3.13.1-slim-bookworm\n")),
    ("C010", "another image called so", with_file("FROM example.com/team/python:3.8\n")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_what_violates_is_found_where_it_stands(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found, at its line, and nothing else is."""
    assert expected == places(rule, files)


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


def test_what_the_build_decides_is_unknown() -> None:
    """A base that only the build's caller knows is neither passed nor found."""
    assert [Outcome.UNKNOWN] == outcomes("C002", {"Dockerfile": "ARG BASE\nFROM ${BASE}\n"})


def test_a_user_that_an_unknown_base_sets_is_unknown() -> None:
    """A company's base image may well set the user."""
    assert [Outcome.UNKNOWN] == outcomes("C003", {"Dockerfile": "FROM registry.example.com/base/python:2.1\n"})
