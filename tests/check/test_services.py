"""Whole miniature services in five ecosystems, each with its expected report: what a reviewer would say, and no more."""

import pytest

from machgen.check.model import Outcome
from tests.check.judging import report_of

CI = "on: push\npermissions: {{contents: read}}\njobs:\n  test:\n    steps:\n      - uses: actions/checkout@{commit} # v4.2.2\n      - run: {run}\n"
PINNED = "1d96c772d19495a3b5c517cd2bc0cb401ea0529f"


def ci(run: str) -> dict[str, str]:
    """A pipeline that runs the tests, pinned and with the least permissions."""
    return {".github/workflows/ci.yml": CI.format(commit=PINNED, run=run), "CODEOWNERS": "* @shop/cart\n"}


FASTAPI = {
    **ci("pytest"),
    "pyproject.toml": """
        [project]
        name = "cart"
        version = "1.0.0"
        dependencies = ["fastapi==0.130.0", "uvicorn==0.40.0", "structlog==25.5.0", "prometheus-client==0.23.1", "opentelemetry-sdk==1.40.0", "sqlalchemy==2.0.45", "requests==2.32.5"]
        """,
    "uv.lock": "",
    "cart/app.py": """
        import os

        import requests
        from sqlalchemy import create_engine

        SECRET_KEY = os.environ.get("SECRET_KEY", "not-so-secret")
        engine = create_engine(os.environ["DATABASE_URL"])
        Base.metadata.create_all(engine)


        def price(sku: str) -> int:
            return requests.get(f"https://prices.example.com/{sku}").json()["amount"]
        """,
    "tests/test_cart.py": "def test_price() -> None: ...\n",
    "Dockerfile": """
        FROM python:3.13.1-slim
        WORKDIR /app
        COPY cart cart
        RUN pip install uv==0.9.1 && uv sync --locked
        USER 10001
        HEALTHCHECK CMD curl -f http://localhost:8000/livez
        CMD uvicorn cart.app:app --host 0.0.0.0
        """,
}
EXPRESS = {
    **ci("npm test"),
    "package.json": '{"name": "search", "version": "2.1.0", "dependencies": {"express": "5.0.1", "express-session": "1.18.0", "pino": "9.6.0", "prom-client": "15.1.0", "@opentelemetry/sdk-node": "0.57.0"}, "devDependencies": {"jest": "30.0.0"}}',
    "package-lock.json": "{}",
    "src/server.js": """
        const session = require('express-session');
        const carts = {};
        app.use(session({ secret: process.env.SESSION_SECRET }));
        app.post('/carts/:id', (req, res) => { carts[req.params.id] = req.body; });
        app.listen(8080);
        """,
    "src/server.test.js": "test('adds', () => {});\n",
    "Dockerfile": """
        FROM node:18
        COPY . .
        RUN npm ci
        EXPOSE 8080
        CMD ["node", "src/server.js"]
        """,
}
SPRING = {
    **ci("./mvnw verify"),
    "pom.xml": """
        <project>
          <parent><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-parent</artifactId><version>3.5.0</version></parent>
          <artifactId>orders</artifactId>
          <version>1.4.0</version>
          <dependencies>
            <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency>
            <dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-data-jpa</artifactId></dependency>
            <dependency><groupId>io.micrometer</groupId><artifactId>micrometer-registry-prometheus</artifactId></dependency>
            <dependency><groupId>io.micrometer</groupId><artifactId>micrometer-tracing-bridge-otel</artifactId></dependency>
          </dependencies>
        </project>
        """,
    "src/main/java/orders/Orders.java": "class Orders { RestTemplate rest = new RestTemplate(); }\n",
    "src/test/java/orders/OrdersTest.java": "class OrdersTest {}\n",
    "src/main/resources/application.yml": """
        logging:
          structured:
            format: {console: ecs}
        spring:
          jpa:
            hibernate:
              ddl-auto: update
        """,
    "Dockerfile": """
        FROM eclipse-temurin:21-jre AS run
        COPY target/*.jar app.jar
        USER 1001
        HEALTHCHECK NONE
        ENTRYPOINT ["java", "-jar", "app.jar"]
        """,
}
ASPNET = {
    **ci("dotnet test"),
    "src/Basket.API/Basket.API.csproj": """
        <Project Sdk="Microsoft.NET.Sdk.Web">
          <PropertyGroup><Version>1.0.0</Version></PropertyGroup>
          <PackageReference Include="OpenTelemetry.Extensions.Hosting" Version="1.12.0" />
        </Project>
        """,
    "src/Basket.API/packages.lock.json": "{}",
    "src/Basket.API/Program.cs": "builder.Logging.AddJsonConsole();\nhandler.ServerCertificateCustomValidationCallback = (a, b, c, d) => true;\n",
    "tests/Basket.UnitTests/Basket.UnitTests.csproj": "<Project />",
    "src/Basket.API/Dockerfile": """
        FROM mcr.microsoft.com/dotnet/sdk:8.0 AS build
        RUN dotnet publish -o /app
        FROM mcr.microsoft.com/dotnet/aspnet:8.0
        COPY --from=build /app .
        HEALTHCHECK CMD ["/app/healthcheck"]
        ENTRYPOINT ["dotnet", "Basket.API.dll"]
        """,
}
GO = {
    **ci("go test ./..."),
    "go.mod": "module example.com/stock\n\ngo 1.26\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.11.0\n\tgithub.com/prometheus/client_golang v1.23.0\n\tgo.opentelemetry.io/otel/sdk v1.38.0\n)\n",
    "go.sum": "",
    "main.go": """
        package main

        var stock = map[string]int{}

        func main() {
            slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
            http.Get(os.Getenv("WAREHOUSE_URL"))
            gin.Default().Run()
        }
        """,
    "main_test.go": "package main\n",
    "Dockerfile": """
        FROM golang:1.26.1 AS build
        COPY go.mod go.sum main.go ./
        RUN go build -o /stock
        FROM gcr.io/distroless/static-debian12:nonroot
        COPY --from=build /stock /stock
        ENTRYPOINT ["/stock"]
        """,
    "k8s/stock.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: stock, labels: {app.kubernetes.io/name: stock}}
        spec:
          replicas: 1
          selector: {matchLabels: {app: stock}}
          template:
            metadata: {labels: {app: stock}}
            spec:
              automountServiceAccountToken: false
              securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
              containers:
                - name: stock
                  image: registry.example.com/stock:latest
                  ports: [{containerPort: 8080}]
                  env: [{name: WAREHOUSE_URL, value: 'https://warehouse.example.com'}]
                  livenessProbe: {httpGet: {path: /livez, port: 8080}}
                  resources: {requests: {cpu: 50m, memory: 32Mi}, limits: {memory: 64Mi}}
                  securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: stock}
        spec: {selector: {app: stock}, ports: [{port: 80, targetPort: 8081}]}
        """,
}

SERVICES = {
    "FastAPI": (
        FASTAPI,
        ["C008 Dockerfile:6", "C004 Dockerfile:7", "C307 cart/app.py:6", "C205 cart/app.py:8", "C207 cart/app.py:12"],
    ),
    "Express": (
        EXPRESS,
        [
            "C003 Dockerfile:1",
            "C008 Dockerfile:1",
            "C010 Dockerfile:1",
            "C006 Dockerfile:2",
            "C005 Dockerfile:3",
            "C206 src/server.js:1",
            "C203 src/server.js:2",
            "C203 src/server.js:3",
        ],
    ),
    "Spring": (
        SPRING,
        ["C008 Dockerfile:1", "C207 src/main/java/orders/Orders.java:1", "C205 src/main/resources/application.yml:7"],
    ),
    "ASP.NET": (
        ASPNET,
        [
            "C010 src/Basket.API/Dockerfile:1",
            "C003 src/Basket.API/Dockerfile:3",
            "C010 src/Basket.API/Dockerfile:3",
            "C308 src/Basket.API/Program.cs:2",
        ],
    ),
    "Go": (
        GO,
        [
            "C106 k8s/stock.yaml:5",
            "C101 k8s/stock.yaml:13",
            "C104 k8s/stock.yaml:14",
            "C113 k8s/stock.yaml:24",
            "C206 main.go:1",
            "C207 main.go:7",
        ],
    ),
}


@pytest.mark.parametrize(("files", "expected"), [pytest.param(f, e, id=name) for name, (f, e) in SERVICES.items()])
def test_a_service_gets_the_report_that_a_reviewer_would_write(files: dict[str, str], expected: list[str]) -> None:
    """Every rule about microservices, cloud and landscape that is an error or a warning, in the order of the files."""
    report = report_of(files)
    found = [
        f"{each.rule.id} {each.flaw.at.path}:{each.flaw.at.line}"
        for each in report.findings
        if each.rule.letter in "MCL" and each.level.word != "note"
    ]

    assert expected == found
    assert Outcome.PASSED in {each.outcome for each in report.judgements}
