"""What reviewers of public repositories said: findings that were wrong, as tiny repositories, and what was missed.

Every case is written anew, from the situation and not from the repository's text.
"""

from collections.abc import Mapping

import pytest

from machgen.check.model import Outcome, Role
from tests.check.judging import facts_of, found, outcomes, places, report_of

SPRING = (
    "<project><dependencies><dependency><groupId>org.springframework.boot</groupId>"
    "<artifactId>spring-boot-starter-web</artifactId></dependency></dependencies></project>"
)
FLASK = '[project]\nname = "a"\ndependencies = ["flask"]\n'
EXPRESS = '{"private": true, "scripts": {"start": "node ."}, "dependencies": {"express": "4"}}'


def pod(image: str, more: str = "") -> str:
    """A Deployment of one container; `more` continues the container."""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {image}}}\nspec:\n  selector: {{matchLabels: "
        f"{{app: {image}}}}}\n  template:\n    metadata: {{labels: {{app: {image}}}}}\n    spec:\n      containers:\n"
        f"        - name: app\n          image: {image}\n{more}"
    )


RUN_AS = "          securityContext: {runAsUser: 1000}\n"

WRONG = [
    pytest.param(
        "C003",
        {
            "cart/Dockerfile": "FROM eclipse-temurin:21-jre\nUSER app\nCMD java -jar a.jar\n",
            "cart/pom.xml": SPRING,
            "cart/chart/Chart.yaml": "name: cart\n",
            "cart/chart/values.yaml": "securityContext:\n  runAsNonRoot: true\n  runAsUser: 1000\n",
        },
        id="C003 the chart's default values say who runs it",
    ),
    pytest.param(
        "C003",
        {
            "src/helper/Dockerfile": 'FROM python:3.13.1\nCMD ["python", "a.py"]\n',
            "src/helper/requirements.txt": "flask==3.0.0\n",
            "src/cart/Dockerfile": "FROM python:3.13.1\nUSER 1000\n",
            "kustomize/kustomization.yaml": "resources: [cart.yaml]\n",
            "kustomize/cart.yaml": pod("cart"),
            "kustomize/components/helper/kustomization.yaml": "kind: Component\nresources: [helper.yaml]\n",
            "kustomize/components/helper/helper.yaml": pod("helper", RUN_AS),
        },
        id="C003 only an optional component runs it, as a user",
    ),
    pytest.param(
        "C003",
        {"mobile/android.Dockerfile": 'FROM scratch\nCOPY a.apk /a.apk\nENTRYPOINT ["/a.apk"]\n'},
        id="C003 the image carries a package for phones out of the build",
    ),
    pytest.param(
        "C008",
        {
            "src/helper/Dockerfile": 'FROM python:3.13.1\nEXPOSE 80\nCMD ["python", "a.py"]\n',
            "src/helper/requirements.txt": "flask==3.0.0\n",
            "kustomize/kustomization.yaml": "resources: []\n",
            "kustomize/components/helper/kustomization.yaml": "kind: Component\nresources: [helper.yaml]\n",
            "kustomize/components/helper/helper.yaml": pod(
                "helper", "          livenessProbe: {httpGet: {port: 80}}\n          readinessProbe: {httpGet: {port: 80}}\n"
            ),
        },
        id="C008 only an optional component runs it, with probes",
    ),
    pytest.param(
        "C001",
        {
            "backend/Dockerfile": "FROM node:22.1.0 AS pages\nCOPY ./frontend /pages\nRUN npm run build\n"
            "FROM python:3.13.1\nCOPY --from=pages /pages/dist /pages\n",
            "backend/pyproject.toml": FLASK,
            "frontend/package.json": '{"dependencies": {"react": "19"}, "scripts": {"build": "vite build"}}',
        },
        id="C001 the service's image builds the front end too",
    ),
    pytest.param(
        "C001",
        {"ratings/Dockerfile": "FROM php:8.3-apache\nEXPOSE 80\nCOPY html/ /var/www/html\n",
         "ratings/html/composer.json": '{"type": "project", "require": {"symfony/framework-bundle": "^7"}}'},
        id="C001 the container file stands above the program's own directory",
    ),
    pytest.param(
        "A001",
        {
            "pb/demo.proto": 'syntax = "proto3";\nservice Ads { rpc Get(A) returns (A); }\nmessage A {}\n',
            "src/ad/build.gradle": 'dependencies {\n    implementation (\n            "com.google:a:1.7.0",\n'
            '            "io.grpc:grpc-netty:1.7.0")\n}\n',
            "src/ad/Dockerfile": "FROM eclipse-temurin:21-jre\nEXPOSE 80\n",
            "src/ad/src/main/java/Ad.java": "class Ad { void a() { ServerBuilder.forPort(80); } }",
        },
        id="A001 gRPC among several Gradle dependencies in one call",
    ),
    pytest.param(
        "A001",
        {"gateway/pom.xml": SPRING.replace("</dependencies>", "<dependency><groupId>org.springframework.cloud</groupId>"
            "<artifactId>spring-cloud-starter-netflix-zuul</artifactId></dependency></dependencies>")},
        id="A001 a gateway has no API of its own",
    ),
    pytest.param(
        "C203",
        {"pom.xml": SPRING, "src/main/java/OrderEntity.java":
            '@Table("orders")\nclass OrderEntity {\n  private List<Item> items = new ArrayList<>();\n'
            "  void put(Item item) { items.add(item); }\n}\n"},
        id="C203 the rows of an entity are not the process's",
    ),
    pytest.param(
        "C307",
        {"fields.py": 'class Kind:\n    TEXT = "Text"\n    SECRET = "Secret"\n    CLIENT_SECRET = "ClientSecret"\n'},
        id="C307 a value of an enumeration",
    ),
    pytest.param(
        "C207",
        {"pyproject.toml": FLASK, ".semgrep/rules/calls.py": "import requests\n\nrequests.get(url)\n"},
        id="C207 the samples of a linter's rules",
    ),
    pytest.param(
        "C202",
        {"pyproject.toml": FLASK, "app.py": "import logging\n", "logging.conf":
            '[formatter_generic]\nformat={"at": "%(asctime)s", "message": "%(message)s"}\n'},
        id="C202 the format is a JSON object",
    ),
    pytest.param(
        "C108",
        {"logging/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: logging}\n", "shop/cart.yaml": pod("cart")},
        id="C108 the namespace is another directory's",
    ),
    pytest.param(
        "M008",
        {
            "pom.xml": SPRING,
            "src/test/java/ATest.java": "class ATest {}\n",
            ".circleci/config.yml": "version: 2.1\nsetup: true\njobs:\n  setup:\n    steps:\n"
            "      - run: {command: ./generate.sh > config.yml}\n",
        },
        id="M008 the pipeline is generated",
    ),
    pytest.param(
        "M008",
        {
            "pom.xml": SPRING,
            "src/test/java/ATest.java": "class ATest {}\n",
            ".circleci/config.yml": "version: 2.1\norbs: {build: acme/build@1.0.0}\njobs:\n  lint:\n    steps:\n"
            "      - run: {command: make lint}\nworkflows:\n  all:\n    jobs: [lint, build/test]\n",
        },
        id="M008 an orb may run them",
    ),
    pytest.param(
        "C201",
        {
            "cart/pom.xml": SPRING,
            "cart/Dockerfile": "FROM eclipse-temurin:21-jre\n",
            "compose.yaml": "services:\n  cart:\n    build: cart\n    environment:\n      EVENTUATE_DATABASE_SCHEMA: cart\n",
        },
        id="C201 a library binds properties of its own",
    ),
    pytest.param(
        "M010",
        {
            ".github/workflows/a.yml": "on: push\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n"
            "        with: {context: a, tags: '${{ steps.a.outputs.IMAGE }}:${{ steps.a.outputs.VERSION }}'}\n",
            ".github/workflows/b.yml": "on: push\njobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n"
            "        with: {context: b, tags: '${{ steps.a.outputs.IMAGE }}:${{ steps.a.outputs.VERSION }}'}\n",
        },
        id="M010 the names are expressions with blanks",
    ),
    pytest.param(
        "M002",
        {
            "a/requirements.txt": "flask==3.0.0\n",
            "b/requirements.txt": "flask==3.0.0\n",
            "a/Dockerfile": "FROM python:3.13.1\n",
            "b/Dockerfile": "FROM python:3.13.1\n",
            "db/init.sql": "CREATE SCHEMA a;\nCREATE SCHEMA b;\n",
            "compose.yaml": "services:\n  a:\n    build: a\n    environment: {DB: 'postgres://u@db/shop'}\n"
            "  b:\n    build: b\n    environment: {DB: 'postgres://u@db/shop'}\n",
        },
        id="M002 a script makes a schema for each",
    ),
    pytest.param(
        "C306",
        {"config/jwt/private-test.pem": "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 3 + "\n"},
        id="C306 a key whose name says that it is the tests'",
    ),
    pytest.param(
        "C204",
        {"pom.xml": SPRING.replace("</dependencies>", "".join(
            f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId></dependency>" for group, name in (
                ("io.micrometer", "micrometer-registry-stackdriver"), ("com.google.cloud", "spring-cloud-gcp-starter-trace")))
            + "</dependencies>")},
        id="C204 a cloud's own tracing",
    ),
    pytest.param(
        "A013",
        {"Dockerfile": "FROM a:1\nEXPOSE 80\n", "openapi.yaml": "openapi: 3.1.0\ninfo: {title: a, version: 1.0.0}\n"
            "paths:\n  /v1/guest-sessions:\n    post: {responses: {'201': {description: a token}}}\n"},
        id="A013 a session is begun anew",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files"), WRONG)
def test_what_reviewers_found_right_is_left_alone(rule: str, files: Mapping[str, str]) -> None:
    """Each was a finding once, on a well-known repository, and no reviewer agreed with it."""
    judged = found(rule, files)

    assert [] == judged


MISSED = [
    pytest.param(
        "M002",
        {
            "contacts/requirements.txt": "flask==3.0.0\n",
            "users/requirements.txt": "flask==3.0.0\n",
            "contacts/Dockerfile": "FROM python:3.13.1\n",
            "users/Dockerfile": "FROM python:3.13.1\n",
            "k8s/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata:\n"
            "  DB_URI: postgresql://admin@accounts-db:5432/accounts\n",
            "k8s/contacts.yaml": pod("contacts", "          envFrom: [{configMapRef: {name: db}}]\n"),
            "k8s/users.yaml": pod(
                "users",
                "          env: [{name: URI, valueFrom: {configMapKeyRef: {name: db, key: DB_URI}}}]\n",
            ),
        },
        ["k8s/users.yaml:12"],
        id="M002 by a ConfigMap",
    ),
    pytest.param(
        "M002",
        {
            "a/app.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web" />',
            "b/requirements.txt": "flask==3.0.0\n",
            "a/Dockerfile": "FROM mcr.microsoft.com/dotnet/aspnet:10.0\n",
            "b/Dockerfile": "FROM python:3.13.1\n",
            ".env": "DB_HOST=db  # the one\nDB_PASSWORD=x\n",
            "compose.yaml": "services:\n  a:\n    build: a\n    environment:\n"
            "      - CONNECTION=Host=${DB_HOST};Username=u;Database=shop\n"
            "  b:\n    build: b\n    environment:\n      - DB=postgres://u:${DB_PASSWORD}@${DB_HOST}/shop\n",
        },
        ["compose.yaml:9"],
        id="M002 by the variables of .env, in two notations",
    ),
    pytest.param(
        "H002",
        {
            "pyproject.toml": FLASK.replace("flask", "fastapi"),
            "app/main.py": 'app = FastAPI()\napp.frontend("/", directory=PAGES)\n',
        },
        ["app/main.py:2"],
        id="H002 FastAPI's front end",
    ),
    pytest.param(
        "C308",
        {"Extensions.cs": "options.Authority = url;\noptions.RequireHttpsMetadata = false;\n"},
        ["Extensions.cs:2"],
        id="C308 keys over plain HTTP",
    ),
    pytest.param(
        "C010",
        {"Dockerfile": "FROM java:8-jre\n", "db/Dockerfile": "FROM mongo:3\n"},
        ["Dockerfile:1", "db/Dockerfile:1"],
        id="C010 an image that is given up, and an old database",
    ),
    pytest.param(
        "M001",
        {
            "go.mod": "module a\n\nrequire github.com/labstack/echo/v4 v4.0.0\n",
            "cmd/barista/main.go": "package main\n",
            "docker/Dockerfile-barista": "FROM golang:1.25 AS build\nRUN go build -o /bin/app ./cmd/barista\n"
            'FROM scratch\nUSER 1\nCOPY --from=build /bin/app /app\nCMD ["/app"]\n',
            "docker/Dockerfile-kitchen": "FROM golang:1.25 AS build\nRUN go build -o /bin/app ./cmd/kitchen\n"
            'FROM scratch\nUSER 1\nCOPY --from=build /bin/app /app\nCMD ["/app"]\n',
        },
        ["docker/Dockerfile-kitchen:1"],
        id="M001 container files named with a hyphen, two programs of one name",
    ),
]


@pytest.mark.parametrize(("rule", "files", "expected"), MISSED)
def test_what_reviewers_missed_is_found(rule: str, files: Mapping[str, str], expected: list[str]) -> None:
    """Each stood in a well-known repository, was named by a reviewer and not by the check."""
    judged = places(rule, files)

    assert expected == judged


ROLES = [
    pytest.param(
        {"package.json": '{"dependencies": {"react": "19", "next": "16", "express": "5"}, "scripts": {"start": "next"}}'},
        Role.TOUCHPOINT,
        id="react, next and express",
    ),
    pytest.param({"package.json": EXPRESS}, Role.SERVICE, id="express to start"),
    pytest.param(
        {"package.json": '{"files": ["dist"], "bin": {"a": "a.js"}, "dependencies": {"express": "4"}}'},
        Role.LIBRARY,
        id="a published package with a server's parts",
    ),
    pytest.param(
        {"package.json": '{"main": "index.js", "dependencies": {"express": "4"}}', "index.js": "module.exports = {};\n"},
        Role.LIBRARY,
        id="express that nothing starts",
    ),
    pytest.param(
        {"composer.json": '{"type": "symfony-bundle", "require": {"symfony/framework-bundle": "^7"}}'},
        Role.LIBRARY,
        id="a Symfony bundle",
    ),
    pytest.param(
        {"composer.json": '{"type": "library", "require": {"symfony/framework-bundle": "^7"}}', "public/index.php": "<?php\n"},
        Role.SERVICE,
        id="a Symfony program that is also a package",
    ),
    pytest.param(
        {"web.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web" />', "Program.cs": "builder.Services.AddRazorPages();\n",
         "src/Pages/Index.cshtml": "<h1>Cart</h1>\n"},
        Role.TOUCHPOINT,
        id="Razor pages",
    ),
    pytest.param(
        {"api.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web" />', "Program.cs": 'app.MapGet("/carts", f);\n',
         "src/Pages/Index.cshtml": "<h1>Cart</h1>\n"},
        Role.SERVICE,
        id="Razor pages beside an API",
    ),
    pytest.param(
        {"pyproject.toml": FLASK, "app.py": '@app.route("/", methods=["GET", "POST"])\ndef vote(): ...\n',
         "templates/index.html": "<h1>Vote</h1>\n"},
        Role.TOUCHPOINT,
        id="one page and nothing else",
    ),
    pytest.param(
        {"pyproject.toml": FLASK, "app.py": '@app.route("/")\ndef a(): ...\n\n@app.get("/votes")\ndef b(): ...\n',
         "templates/index.html": "<h1>Vote</h1>\n"},
        Role.SERVICE,
        id="a page beside data",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "role"), ROLES)
def test_a_root_has_the_role_that_reviewers_gave_it(files: Mapping[str, str], role: Role) -> None:
    """What a program depends on is not always what it is: packages, full-stack frameworks and pages are told apart."""
    judged = report_of(files, "M003").roots

    assert [role] == [root.role for root in judged]


def test_binary_files_are_no_reading_errors() -> None:
    """Fonts, sounds and databases hold no text; only what should be text and is not counts as unreadable."""
    binary = {f"a.{ending}": b"\x00\x01\x02" for ending in ("otf", "mp3", "sqlite", "keystore")}
    judged = report_of({**binary, "a/.DS_Store": b"\x00\x00", "a.py": b"\x00\x00"})

    assert (("a.py", 1, "binary"),) == judged.unreadable


def test_hidden_directories_hold_no_program() -> None:
    """A tool's own directory is searched for secrets, and not for how the program calls or logs."""
    files = {"pyproject.toml": FLASK, ".tool/a.py": "import requests\n\nrequests.get(url)\n", "b.py": ""}

    assert [Outcome.PASSED] == outcomes("C207", files)
    assert facts_of(files).known == set(files)
