"""What reading ten public repositories whole has taught: situations that a reviewer names, and their look-alikes.

Every case is written anew, from the situation and not from the repository's text.
"""

import time
from collections.abc import Mapping

import pytest

from tests.check.judging import found, places
from tests.check.test_judged import FLASK, SPRING, pod

PROPERTIES = "src/main/resources/application"
CHART = {
    "cart/Dockerfile": "FROM eclipse-temurin:21-jre\n",
    "cart/pom.xml": SPRING,
    "cart/k8s/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cart}\ndata:\n  CART_PERSISTENCE_PROVIDER: {0}\n",
    "cart/k8s/cart.yaml": pod("shop/shop-cart:1.0", "          envFrom: [{configMapRef: {name: cart}}]\n").replace(
        "name: shop/shop-cart:1.0", "name: cart"
    ),
}
FLYWAY = SPRING.replace(
    "</dependencies>",
    "\n<dependency><groupId>org.flywaydb</groupId><artifactId>flyway-core</artifactId></dependency></dependencies>",
)
QUARKUS = FLYWAY.replace("org.flywaydb", "io.quarkus").replace("flyway-core", "quarkus-hibernate-orm")
GO = "module example.com/a\nrequire github.com/gin-gonic/gin v1.11.0\n"
ASPIRE = {
    "src/Host/Host.csproj": '<Project Sdk="Microsoft.NET.Sdk"/>',
    "src/Host/Program.cs": "var builder = DistributedApplication.CreateBuilder(args);\n"
    'var postgres = builder.AddPostgres("postgres");\nvar orders = postgres.AddDatabase("orders");\n'
    'var bills = postgres.AddDatabase("bills");\n'
    'builder.AddProject<Projects.Cart_API>("cart").WithReference(orders);\n'
    'builder.AddProject<Projects.Bill_API>("bill").WithReference({0});\n',
    "src/Cart.API/Cart.API.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
    "src/Bill.API/Bill.API.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
}
BUS = {
    "src/Cart.API/Cart.API.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup>'
    '<ProjectReference Include="..\\Bus\\Bus.csproj" /></ItemGroup></Project>',
    "src/Cart.API/Orders.cs": "class Orders {\n  void Done() => {0};\n}\n",
    "src/Bus/Bus.csproj": '<Project Sdk="Microsoft.NET.Sdk"><ItemGroup>'
    '<PackageReference Include="RabbitMQ.Client" Version="7.0.0" /></ItemGroup></Project>',
}


def fill(files: Mapping[str, str], text: str) -> dict[str, str]:
    """The files with `{0}` filled in."""
    return {path: content.replace("{0}", text) for path, content in files.items()}


CATALOG = """
[versions]
boot = "3.4.0"
[libraries]
spring-web = { module = "org.springframework.boot:spring-boot-starter-web", version.ref = "boot" }
flyway = "org.flywaydb:flyway-core:11.0.0"
moving = { group = "a", name = "b", version = "1.+" }
[bundles]
data = ["flyway", "moving"]
[plugins]
jib = { id = "com.google.cloud.tools.jib", version = "3.4.4" }
"""


MISSED = [
    pytest.param(
        "C205",
        {"gradle/libs.versions.toml": CATALOG, "cart/build.gradle.kts": "dependencies {\n    implementation(libs.spring.web)\n    implementation(libs.bundles.data)\n}\n"},
        ["cart/build.gradle.kts:3"],
        id="C205 Flyway by a version catalog of Gradle",
    ),
    pytest.param(
        "M009",
        {"gradle/libs.versions.toml": CATALOG, "build.gradle": "dependencies { implementation libs.spring.web; implementation libs.moving }\n"},
        ["build.gradle:1"],
        id="M009 a moving version in a catalog, and a build on one line",
    ),
    pytest.param("C203", fill(CHART, "in-memory"), ["cart/k8s/config.yaml:5"], id="C203 manifests choose a store in memory"),
    pytest.param(
        "C203",
        {
            "pom.xml": SPRING,
            f"{PROPERTIES}.properties": "spring.profiles.active=h2\n",
            f"{PROPERTIES}-h2.properties": "spring.datasource.url=jdbc:h2:mem:pets;DB_CLOSE_DELAY=-1\n",
        },
        [f"{PROPERTIES}-h2.properties:1"],
        id="C203 a database in Spring's own process",
    ),
    pytest.param("C205", {"pom.xml": FLYWAY}, ["pom.xml:2"], id="C205 Flyway with Spring Boot"),
    pytest.param(
        "C205",
        {"pom.xml": FLYWAY.replace("org.flywaydb", "org.springframework.boot").replace("flyway-core", "spring-boot-starter-data-jpa"),
            f"{PROPERTIES}.yml": "spring:\n  sql:\n    init:\n      mode: always\n"},
        [f"{PROPERTIES}.yml:4"],
        id="C205 SQL scripts at every start",
    ),
    pytest.param(
        "C205",
        {"pom.xml": QUARKUS, f"{PROPERTIES}.properties": "quarkus.hibernate-orm.schema-management.strategy=drop-and-create\n"},
        [f"{PROPERTIES}.properties:1"],
        id="C205 Quarkus makes its tables anew",
    ),
    pytest.param(
        "C005",
        {"docker/prod/Dockerfile": 'FROM golang:1.26.5\nRUN go build -o /app .\nCMD ["/app"]\n'},
        ["docker/prod/Dockerfile:1"],
        id="C005 a program that is built where it runs",
    ),
    pytest.param(
        "C005",
        {"Dockerfile": 'FROM python:3.14.0\nCMD ["python", "a.py"]\n', "pyproject.toml": FLASK},
        ["Dockerfile:1"],
        id="C005 the whole Python image",
    ),
    pytest.param(
        "C206",
        {"go.mod": GO, "server.go": "package main\n\nfunc main() {\n\tr.Run()\n}\n"},
        ["server.go:1"],
        id="C206 a main function by another name",
    ),
    pytest.param("M002", fill(ASPIRE, "orders"), ["src/Host/Program.cs:6"], id="M002 an Aspire host gives one database to two"),
    pytest.param("A017", fill(BUS, "eventBus.PublishAsync(evt)"), ["src/Cart.API/Orders.cs:2"], id="A017 through a library of its own"),
    pytest.param(
        "C306",
        {"tempkey.jwk": '{"Kty": "RSA", "N": "x", "D": "' + "aB3dE6gH9jK2" * 4 + '"}'},
        ["tempkey.jwk:1"],
        id="C306 a private JSON Web Key",
    ),
    pytest.param(
        "C207",
        {
            "requirements.txt": "grpcio==1.70.0\n",
            "app.py": "stub = shop_pb2_grpc.CatalogStub(channel)\nserver = grpc.server(pool)\n\nstub.List(Empty())\n",
        },
        ["app.py:4"],
        id="C207 a gRPC stub in Python",
    ),
    pytest.param(
        "C207",
        {
            "package.json": '{"private": true, "dependencies": {"@grpc/grpc-js": "1", "express": "4"}}',
            "app.js": "const prices = new shop.Prices(ADDRESS, grpc.credentials.createInsecure());\n"
            "app.listen(80);\nprices.get({ id }, (error, price) => done(price));\n",
        },
        ["app.js:3"],
        id="C207 a gRPC stub in Node",
    ),
    pytest.param(
        "C207",
        {
            "go.mod": GO,
            "main.go": "pb.NewPricesClient(conn).Get(context.Background(), r)\n",
        },
        ["main.go:1"],
        id="C207 a gRPC stub in Go",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files", "expected"), MISSED)
def test_what_reviewers_missed_is_found(rule: str, files: Mapping[str, str], expected: list[str]) -> None:
    """At its line, and nothing else."""
    assert expected == places(rule, files)


WRONG = [
    pytest.param(
        "C001",
        {"gradle/libs.versions.toml": CATALOG, "build.gradle.kts": "plugins { alias(libs.plugins.jib) }\ndependencies { implementation(libs.spring.web) }\n"},
        id="C001 Jib by a version catalog",
    ),
    pytest.param(
        "C205",
        {"gradle/libs.versions.toml": CATALOG, "build.gradle.kts": "dependencies {\n    implementation(libs.spring.web)\n    testImplementation(libs.flyway)\n}\n"},
        id="C205 Flyway for tests only",
    ),
    pytest.param("C203", fill(CHART, "dynamodb"), id="C203 manifests choose a database"),
    pytest.param(
        "C203",
        {path: text.replace("PERSISTENCE", "CACHE").replace("{0}", "in-memory") for path, text in CHART.items()},
        id="C203 manifests choose a cache in memory",
    ),
    pytest.param(
        "C106",
        fill(CHART, "in-memory"),
        id="C106 no replicas are advised where manifests keep state in memory",
    ),
    pytest.param(
        "C203",
        {
            "pom.xml": SPRING,
            f"{PROPERTIES}.properties": "spring.profiles.active=postgres\n",
            f"{PROPERTIES}-h2.properties": "spring.datasource.url=jdbc:h2:mem:pets\n",
        },
        id="C203 a database in the process for those who ask for it",
    ),
    pytest.param(
        "C205",
        {"pom.xml": FLYWAY, f"{PROPERTIES}.yml": "spring:\n  flyway:\n    enabled: false\n"},
        id="C205 Flyway switched off at start",
    ),
    pytest.param(
        "C205",
        {
            "pom.xml": QUARKUS,
            f"{PROPERTIES}.properties": "quarkus.hibernate-orm.schema-management.strategy=drop-and-create\n",
            "k8s.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
            "  quarkus.hibernate-orm.schema-management.strategy: validate\n",
        },
        id="C205 manifests leave the tables alone",
    ),
    pytest.param(
        "C005",
        {"docker/ci/Dockerfile": 'FROM golang:1.26.5\nCOPY check.sh /\nENTRYPOINT ["/check.sh"]\n'},
        id="C005 a tool that compiles for others",
    ),
    pytest.param(
        "C005",
        {"Dockerfile": 'FROM python:3.14.0-slim-trixie\nCMD ["python", "a.py"]\n', "pyproject.toml": FLASK},
        id="C005 a slim image",
    ),
    pytest.param(
        "C207",
        {
            "go.mod": GO,
            "main.go": "ctx, cancel := context.WithTimeout(ctx, limit)\nhttp.DefaultClient.Do(request.WithContext(ctx))\n",
        },
        id="C207 the request carries a deadline",
    ),
    pytest.param("M002", fill(ASPIRE, "bills"), id="M002 an Aspire host gives each a database"),
    pytest.param("A017", fill(BUS, "eventBus.Subscribe(evt)"), id="A017 a library's broker, only listened to"),
    pytest.param(
        "C306",
        {"jwks.json": '{"keys": [{"kty": "RSA", "kid": "a", "n": "' + "aB3dE6gH9jK2" * 4 + '", "e": "AQAB"}]}'},
        id="C306 public keys",
    ),
    pytest.param(
        "C207",
        {
            "requirements.txt": "grpcio==1.70.0\n",
            "app.py": "stub = shop_pb2_grpc.CatalogStub(channel)\nserver = grpc.server(pool)\n"
            "stub.List(Empty(), timeout=1)\n",
            "client.py": "stub = shop_pb2_grpc.CatalogStub(channel)\n"
            'if __name__ == "__main__":\n    stub.List(Empty())\n',
        },
        id="C207 a deadline, and a client to try it out",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "files"), WRONG)
def test_what_only_looks_like_it_is_not_found(rule: str, files: Mapping[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


@pytest.mark.parametrize(
    ("rule", "settings"),
    [("C202", "logging:\n" + "    level: debug\n" * 200), ("C205", "  flyway:\n" * 2_000)],
    ids=["a long block of settings", "many blocks"],
)
def test_settings_are_looked_through_in_one_pass(rule: str, settings: str) -> None:
    """A pattern that may take blanks in two ways takes for ever where it does not match."""
    began = time.process_time()
    found(rule, {"pom.xml": FLYWAY, f"{PROPERTIES}.yml": f"a:\n{settings}"})
    found(rule, {"pom.xml": FLYWAY, f"{PROPERTIES}.yml": settings})

    assert 3 > time.process_time() - began
