"""M001-M010: repositories that violate a rule, and others that only look as if."""

import pytest

from machgen.check.model import Outcome, Role
from machgen.check.roots import roots
from tests.check.judging import facts_of, found, outcomes

CART = {"cart/package.json": '{"name": "cart", "version": "1.0.0", "dependencies": {"express": "5.0.1"}}'}
SEARCH = {"search/pyproject.toml": '[project]\nname = "search"\nversion = "1.0.0"\ndependencies = ["fastapi"]\n'}
TWO = {**CART, **SEARCH}
FILE = 'FROM python:3.13.1\nCMD ["python", "-m", "a"]\n'


def compose(cart: str, search: str) -> str:
    """A compose file with two services that are built here."""
    return f"services:\n  cart:\n    build: cart\n    {cart}\n  search:\n    build: search\n    {search}\n"


def url(database: str) -> str:
    """An environment with a connection string."""
    return f"environment: {{DATABASE_URL: 'postgresql://u:$PW@db:5432/{database}'}}"


SPRING = "<project><artifactId>{0}</artifactId><version>1.0.0</version><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency>{1}</dependencies></project>"
CI = ".github/workflows/ci.yml"
RUN = "on: push\njobs:\n  a:\n    steps:\n      - run: {0}\n"

NUGET = {
    "Cart.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup><PackageReference Include="Npgsql" Version="9.0.0" /></ItemGroup></Project>'
}

VIOLATIONS = [
    ("M001", "a worker beside the server", {**SEARCH, "search/Dockerfile": FILE, "search/worker.Dockerfile": "FROM python:3.13.1\nCMD [\"celery\"]\n"}, ["search/worker.Dockerfile:1"]),
    ("M001", "two programs of Go", {"go.mod": "module example.com/a\n\nrequire github.com/gin-gonic/gin v1.10.0\n", "Dockerfile.api": "FROM scratch\nENTRYPOINT [\"/api\"]\n", "Dockerfile.billing": "FROM scratch\nENTRYPOINT [\"/billing\"]\n"}, ["Dockerfile.billing:1"]),
    ("M002", "one database in compose", {**TWO, "compose.yaml": compose(url("shop"), url("shop"))}, ["compose.yaml:7"]),
    ("M002", "one database in Spring", {f"{n}/{p}": t for n in ("a", "b") for p, t in (("pom.xml", SPRING.format(n, "")), ("src/main/resources/application.yml", "spring:\n  datasource:\n    url: jdbc:mysql://db:3306/shop\n"))}, ["b/src/main/resources/application.yml:3"]),
    ("M002", "one volume", {**TWO, "compose.yaml": compose("volumes: ['data:/data']", "volumes: ['data:/var']")}, ["compose.yaml:7"]),
    ("M003", "nobody", {**CART}, ["cart/package.json:1"]),
    ("M003", "an owner of something else", {**SEARCH, ".github/CODEOWNERS": "/cart/ @a\n"}, ["search/pyproject.toml:1"]),
    ("M004", "everything on every push", {**TWO, CI: RUN.format("make build")}, [f"{CI}:1"]),
    ("M004", "GitLab without changes", {**TWO, ".gitlab-ci.yml": "build:\n  script: [make]\n"}, [".gitlab-ci.yml:1"]),
    ("M005", "no descriptor", {**CART}, ["cart/package.json:1"]),
    ("M005", "without an owner", {**SEARCH, "search/catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: search}\nspec: {type: service, lifecycle: production}\n"}, ["search/catalog-info.yaml:1"]),
    ("M006", "a path dependency", {**SEARCH, "cart/package.json": '{"dependencies": {"express": "5.0.1",\n"search": "file:../search"}}'}, ["cart/package.json:2"]),
    ("M006", "an import across", {**TWO, "cart/src/a.ts": "import { find } from '../../search/src/find';\n"}, ["cart/src/a.ts:1"]),
    ("M006", "a sibling's artifact", {"a/pom.xml": SPRING.format("a", ""), "b/pom.xml": SPRING.format("b", "\n<dependency><groupId>com.example</groupId><artifactId>a</artifactId></dependency>")}, ["b/pom.xml:2"]),
    ("M007", "neither", {"package.json": '{"dependencies": {"express": "5"}}'}, ["package.json:1", "package.json:1"]),
    ("M007", "no notes", {**SEARCH}, ["search/pyproject.toml:1"]),
    ("M008", "no tests", {**CART, "e2e/cart.test.ts": "", CI: RUN.format("npm test")}, ["cart/package.json:1"]),
    ("M008", "no pipeline", {**SEARCH, "search/tests/test_a.py": ""}, ["search/pyproject.toml:1"]),
    ("M008", "a pipeline that only builds", {**SEARCH, "search/tests/test_a.py": "", CI: RUN.format("docker build .")}, [f"{CI}:1"]),
    ("M008", "a pipeline that skips them", {"pom.xml": SPRING.format("a", ""), "src/test/java/ATest.java": "", CI: RUN.format("./mvnw package -DskipTests")}, [f"{CI}:1"]),
    ("M008", "a pipeline that only smokes", {"pom.xml": SPRING.format("a", ""), "src/test/java/ATest.java": "", CI: RUN.format("sh deploy/smoke-test.sh")}, [f"{CI}:1"]),
    ("M009", "no lock", {**CART}, ["cart/package.json:1"]),
    ("M009", "a loose requirement", {"requirements.txt": "flask==3.1.0\nrequests>=2\n"}, ["requirements.txt:2"]),
    ("M009", "a moving version", {"pom.xml": SPRING.format("a", "\n<dependency><groupId>g</groupId><artifactId>x</artifactId><version>LATEST</version></dependency>")}, ["pom.xml:2"]),
    ("M009", "an empty lock of NuGet", {**NUGET, "packages.lock.json": '{"version": 1, "dependencies": {}}'}, ["packages.lock.json:1"]),
    ("M009", "an empty lock of Go", {"go.mod": "module example.com/a\nrequire github.com/gin-gonic/gin v1.10.0\n", "go.sum": ""}, ["go.sum:1"]),
    ("M010", "one name in compose", {**TWO, "compose.yaml": compose("image: shop/app:1.0", "image: shop/app:1.0")}, ["compose.yaml:7"]),
    ("M010", "one name in a pipeline", {**TWO, CI: "on: push\njobs:\n  a:\n    steps:\n      - uses: docker/build-push-action@v6\n        with: {context: cart, tags: 'shop/app:1'}\n      - uses: docker/build-push-action@v6\n        with: {context: search, tags: 'shop/app:1'}\n"}, [f"{CI}:7"]),
]  # fmt: skip

LOOKALIKES = [
    ("M001", "its own migrations", {**SEARCH, "search/Dockerfile": FILE, "search/Dockerfile.migrations": "FROM python:3.13.1\nCMD [\"alembic\"]\n"}),
    ("M001", "another base for the same program", {**SEARCH, "search/Dockerfile": FILE, "search/Dockerfile.alpine": "FROM python:3.13.1-alpine\nCMD [\"x\"]\n"}),
    ("M002", "two databases on one server", {**TWO, "compose.yaml": compose(url("cart"), url("search"))}),
    ("M002", "two schemas of one database", {**TWO, "compose.yaml": compose(url("shop?currentSchema=cart"), url("shop?currentSchema=search"))}),
    ("M002", "read only", {**TWO, "compose.yaml": compose("volumes: ['certs:/c:ro']", "volumes: ['certs:/c:ro']")}),
    ("M003", "everything has an owner", {**CART, "CODEOWNERS": "# who\n* @team\n"}),
    ("M003", "the catalog says", {**SEARCH, "search/catalog-info.yaml": "kind: Component\nspec: {type: service, owner: team}\n"}),
    ("M004", "limited by paths", {**TWO, CI: "on:\n  push:\n    paths: ['cart/**']\njobs: {}\n"}),
    ("M004", "one service", {**CART, CI: RUN.format("make")}),
    ("M004", "only what is affected", {**TWO, CI: RUN.format("nx affected --target=build")}),
    ("M005", "described at the top", {**CART, "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: cart}\nspec: {type: service, lifecycle: production, owner: team}\n"}),
    ("M005", "the only service, described at the top", {"src/Cart.API/package.json": CART["cart/package.json"], "catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: shop-cart}\nspec: {type: service, lifecycle: production, owner: team}\n"}),
    ("M005", "a library needs none", {"Cargo.toml": '[package]\nname = "money"\n'}),
    ("M006", "a library made to be shared", {**TWO, "lib/package.json": '{"name": "money"}', "cart/src/a.ts": "import { m } from '../../lib/m';\n"}),
    ("M006", "its own parent directory", {**TWO, "cart/src/routes/a.ts": "import { x } from '../service';\n"}),
    ("M007", "the pipeline writes them", {"package.json": '{"dependencies": {"express": "5"}}', CI: RUN.format("npx semantic-release")}),
    ("M007", "a changelog beside a version", {**CART, "cart/CHANGELOG.md": "# Changelog\n"}),
    ("M008", "a matrix over systems", {**SEARCH, "search/tests/test_a.py": "", "Jenkinsfile": "node { sh 'tox' }"}),
    ("M008", "the image runs them", {**SEARCH, "search/tests/test_a.py": "", "search/Dockerfile": "FROM python:3.13.1 AS t\nRUN pytest\nFROM python:3.13.1\n", CI: RUN.format("docker build search")}),
    ("M008", ".NET keeps them beside it", {"src/Cart.API/Cart.API.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>', "tests/Cart.UnitTests/Cart.UnitTests.csproj": '<ProjectReference Include="../../src/Cart.API/Cart.API.csproj" />', "azure-pipelines.yml": "steps:\n- script: dotnet test\n"}),
    ("M009", "locked above", {**CART, "package-lock.json": '{"packages": {"cart": {"dependencies": {"express": "5.0.1"}}}}'}),
    ("M009", "NuGet's own spelling", {**NUGET, "packages.lock.json": '{"version": 1, "dependencies": {"net9.0": {"NPGSQL": {"type": "Direct"}}}}'}),
    ("M009", "underscores for hyphens", {"pyproject.toml": '[project]\nname = "a"\ndependencies = ["flask", "typing_extensions"]\n', "uv.lock": '[[package]]\nname = "typing-extensions"\n'}),
    ("M009", "pinned with hashes", {"requirements.txt": "flask==3.1.0 \\\n    --hash=sha256:" + "a" * 64 + "\n"}),
    ("M009", "Maven pins", {"pom.xml": SPRING.format("a", "<dependency><groupId>g</groupId><artifactId>x</artifactId><version>1.2.3</version></dependency>")}),
    ("M006", "a Go library with a server in it", {"a/go.mod": "module example.com/a\nrequire github.com/go-chi/chi/v5 v5.0.0\nrequire example.com/lib v0.0.0\nreplace example.com/lib => ../lib\n", "a/main.go": "package main\n", "lib/go.mod": "module example.com/lib\nrequire github.com/go-chi/chi/v5 v5.0.0\n", "lib/a.go": "package lib\n", **CART}),
    ("M008", "Travis runs them", {**SEARCH, "search/tests/test_a.py": "", ".travis.yml": "language: python\nscript: pytest\n"}),
    ("M009", "a sibling of the same commit", {"pom.xml": "<project><artifactId>shop</artifactId><packaging>pom</packaging><modules><module>a</module></modules></project>", "a/pom.xml": SPRING.format("a", "<dependency><groupId>g</groupId><artifactId>shop</artifactId><version>1-SNAPSHOT</version></dependency>")}),
    ("M010", "two names", {**TWO, "compose.yaml": compose("image: shop/cart:1.0", "image: shop/search:1.0")}),
    ("M010", "two tags", {**TWO, "compose.yaml": compose("image: shop/app:cart", "image: shop/app:search")}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_what_violates_is_found_where_it_stands(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found, at its line, and nothing else is."""
    assert expected == [line.split(" ")[0] for line in found(rule, files)]


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


def test_an_unread_pipeline_is_unknown() -> None:
    """A pipeline that includes what is elsewhere may well run the tests."""
    files = {**SEARCH, "search/tests/test_a.py": "", ".gitlab-ci.yml": "include: [{project: ci, file: a.yml}]\n"}

    assert [Outcome.UNKNOWN] == outcomes("M008", files)


def test_a_container_file_that_modules_share_is_no_service() -> None:
    """As Maven's modules are built by one Dockerfile: each module is a root, what holds them is none."""
    parent = "<project><packaging>pom</packaging><modules><module>a</module></modules></project>"
    facts = facts_of(
        {"pom.xml": parent, "docker/Dockerfile": "FROM a:1\nEXPOSE 80\n", "a/pom.xml": SPRING.format("a", "")}
    )

    assert [("a", Role.SERVICE)] == [(root.path, root.role) for root in facts.once(roots)]
