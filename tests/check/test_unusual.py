"""Repositories that say the same in unusual ways: other tools, other files, other words than those of the corpus."""

from collections.abc import Mapping

import pytest

from tests.check.judging import found

CI = ".github/workflows/ci.yml"


def runs(command: str) -> dict[str, str]:
    """A pipeline that runs one command."""
    return {CI: f"on: push\njobs:\n  a:\n    steps:\n      - run: {command}\n"}


def python(where: str) -> dict[str, str]:
    """A service in Python."""
    return {f"{where}/pyproject.toml": f'[project]\nname = "{where}"\nversion = "1"\ndependencies = ["fastapi"]\n'}


def node(name: str, more: str = "") -> dict[str, str]:
    """A service of Node's, in a workspace."""
    asked = f'{{"express": "5.0.1"{more}}}'
    return {
        f"{name}/package.json": f'{{"name": "@acme/{name}", "version": "1.2.0",\n"dependencies": {asked}}}',
        f"{name}/Dockerfile": "FROM node:22.1.0\nEXPOSE 80\n",
    }


def go(name: str, more: str = "") -> dict[str, str]:
    """A service of Go's, in a module of its own."""
    return {
        f"{name}/go.mod": f"module example.com/{name}\n\nrequire github.com/gin-gonic/gin v1.10.0\n{more}",
        f"{name}/main.go": "package main\n\nfunc main() {\n}\n",
        f"{name}/Dockerfile": "FROM scratch\nEXPOSE 80\n",
    }


WEB = '<Project Sdk="Microsoft.NET.Sdk.Web" />'
SPRING = "<project><artifactId>{}</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>"
TWO = python("orders") | python("billing")


def deployment(name: str, image: str, database: str) -> str:
    """A Deployment with a connection string."""
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: a
          image: acme/{image}:1.0.0
          env:
            - name: DATABASE_URL
              value: postgresql://u@db/{database}
---
"""


def program(name: str) -> dict[str, str]:
    """A program of a Go module, with the container file that builds it."""
    return {
        f"cmd/{name}/main.go": "package main\n\nfunc main() {\n}\n",
        f"docker/{name}.Dockerfile": f"FROM golang:1.24.1 AS b\nRUN go build -o /x ./cmd/{name}\nFROM scratch\nCMD ['/x']\n",
    }


def composed(*names: str, database: str = "shop") -> dict[str, str]:
    """Programs of one root, and the ports and the database that a compose file gives them."""
    services = "".join(
        f"  {name}:\n    build: {{context: ., dockerfile: docker/{name}.Dockerfile}}\n    ports: ['8080']\n"
        f"    environment:\n      DATABASE_URL: postgres://u@db/{database.format(name)}\n"
        for name in names
    )
    module = {"go.mod": "module example.com/shop\n\nrequire github.com/gin-gonic/gin v1.10.0\n"}
    return (
        {k: v for name in names for k, v in program(name).items()} | module | {"compose.yaml": f"services:\n{services}"}
    )


VIOLATIONS = [
    ("M002", "ASP.NET's settings", {f"{n}/{p}": t for n in ("orders", "billing") for p, t in ((f"{n}.csproj", WEB), ("appsettings.json", '{"ConnectionStrings": {\n"Default": "Server=sql;Database=Shop;User Id=app"}}'))}, ["orders/appsettings.json:2 billing and orders share Shop on sql"]),
    ("M002", "Spring's settings in containers", {f"{n}/{p}": t for n in ("a", "b") for p, t in (("pom.xml", SPRING.format(n)), ("src/main/resources/application-docker.yml", "spring:\n  data:\n    mongodb:\n      uri: mongodb://mongo/shop\n"))}, ["b/src/main/resources/application-docker.yml:4 a and b share shop on mongo"]),
    ("M002", "programs of one root", composed("orders", "billing"), ["compose.yaml:11 docker/orders.Dockerfile and docker/billing.Dockerfile share shop on db"]),
    ("M003", "a directory of another name", {"services/orders/package.json": node("orders")["orders/package.json"], "CODEOWNERS": "/orders/ @a\nbilling/ @b\n"}, ["services/orders/package.json:1 services/orders has no owner: neither CODEOWNERS nor catalog-info.yaml names one"]),
    ("M006", "a workspace's package", node("orders", ', "@acme/billing": "workspace:^"') | node("billing"), ["orders/package.json:2 orders depends on the code of billing"]),
    ("M006", "a workspace's package by its version", {"package.json": '{"private": true, "workspaces": ["*"]}'} | node("orders", ', "@acme/billing": "^1.0.0"') | node("billing"), ["orders/package.json:2 orders depends on the code of billing"]),
    ("M006", "a module that go.work links", {"go.work": "go 1.24\n\nuse (\n\t./orders\n\t./billing\n)\n"} | go("orders", "require example.com/billing v0.1.0\n") | go("billing"), ["orders/go.mod:4 orders depends on the code of billing"]),
    ("M006", "a member of uv's workspace", python("billing") | {"orders/pyproject.toml": '[project]\nname = "orders"\ndependencies = ["fastapi", "billing"]\n\n[tool.uv.sources]\nbilling = {workspace = true}\n'}, ["orders/pyproject.toml:3 orders depends on the code of billing"]),
    ("M006", "a package of Python's beside it", TWO | {"billing/models.py": "", "orders/app/main.py": "import os\n\nfrom billing.models import Invoice\n"}, ["orders/app/main.py:3 orders imports billing.models of billing"]),
    ("M008", "a script that only builds", TWO | {"orders/tests/test_a.py": "", "billing/tests/test_a.py": "", "ci/build.sh": "docker build orders\n"} | runs("./ci/build.sh"), [f"{CI}:1 no pipeline runs the tests of billing", f"{CI}:1 no pipeline runs the tests of orders"]),
]  # fmt: skip

LOOKALIKES = [
    ("M002", "a worker from the image of its service", TWO | {"k8s/a.yaml": deployment("orders", "orders", "orders") + deployment("orders-worker", "orders", "orders") + deployment("billing", "billing", "billing")}),
    ("M002", "ASP.NET's settings for one's own machine", {f"{n}/{p}": t for n in ("orders", "billing") for p, t in ((f"{n}.csproj", WEB), ("appsettings.json", '{"ConnectionStrings": {"A": "Server=.;Database=Shop", "B": "Server=(localdb)\\\\MSSQLLocalDB;Database=Shop"}}'))}),
    ("M002", "settings that the environment replaces", {f"{n}/{p}": t for n in ("orders", "billing") for p, t in ((f"{n}.csproj", WEB), ("appsettings.json", '{"ConnectionStrings": {"A": "Server=sql;Database=Shop"}}'))} | {"compose.yaml": "services:\n" + "".join(f"  {n}:\n    build: {n}\n    environment: ['ConnectionStrings__A=Server=sql;Database={n}']\n" for n in ("orders", "billing"))}),
    ("M002", "programs of one root with a database each", composed("orders", "billing", database="{}")),
    ("M002", "a service and its worker", composed("orders", "orders-worker")),
    ("M003", "the owner of a section", {"orders/package.json": node("orders")["orders/package.json"], ".gitlab/CODEOWNERS": "[Back end][2] @acme/back-end\n/orders/\n"}),
    ("M003", "every directory of that name", {"services/orders/package.json": node("orders")["orders/package.json"], "CODEOWNERS": "orders/ @acme/orders\n"}),
    ("M006", "another version comes from the registry", {"package.json": '{"private": true, "workspaces": ["*"]}'} | node("orders", ', "@acme/billing": "^0.9.0"') | node("billing")),
    ("M006", "no workspace links them", node("orders", ', "@acme/billing": "^1.0.0"') | node("billing")),
    ("M006", "a package of its own by the sibling's name", TWO | {"billing/models.py": "", "orders/billing/models.py": "", "orders/main.py": "from billing.models import Invoice\n"}),
    ("M006", "an installed package by the sibling's name", TWO | {"billing/models.py": "", "orders/requirements.txt": "billing==1.0.0\n", "orders/main.py": "from billing.models import Invoice\n"}),
    ("M008", "a script that runs them", python("orders") | {"orders/tests/test_a.py": "", "ci/all.sh": "set -e\npytest -q\n"} | runs("./ci/all.sh")),
    ("M008", "one package of a workspace", node("orders") | {"orders/a.test.ts": ""} | runs("pnpm --filter @acme/orders run test")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_violations_are_found(rule: str, files: Mapping[str, str], expected: list[str]) -> None:
    """At their file and line, by name."""
    assert expected == found(rule, files)


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_lookalikes_are_not(rule: str, files: Mapping[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)
