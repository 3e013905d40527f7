"""C201-C207: services that violate a rule, and others that only look as if."""

import pytest

from machgen.check.model import Outcome
from tests.check.judging import found, outcomes, places


def python(*more: str, **files: str) -> dict[str, str]:
    """A Python service with these further dependencies and files (`a__b.py` is `a/b.py`)."""
    needed = ", ".join(f'"{name}"' for name in ("flask", *more))
    named = {path.replace("__", "/").replace("_py", ".py"): text for path, text in files.items()}
    return {
        "pyproject.toml": f'[project]\nname = "cart"\ndependencies = [{needed}]\n',
        "Dockerfile": "FROM python:3.13.1\n",
        **named,
    }


def node(text: str, *more: str, package: str = "") -> dict[str, str]:
    """A Node service with this program."""
    needed = ", ".join(f'"{name}": "1"' for name in ("express", *more))
    return {
        "package.json": f'{{"dependencies": {{{needed}}}{package}}}',
        "Dockerfile": "FROM node:22.1.0\n",
        "app.js": text,
    }


def go(text: str, *more: str) -> dict[str, str]:
    """A Go service with this program."""
    needed = "".join(f"\t{name} v1.0.0\n" for name in ("github.com/gin-gonic/gin", *more))
    return {
        "go.mod": f"module example.com/cart\n\nrequire (\n{needed})\n",
        "Dockerfile": "FROM golang:1.26.1\n",
        "main.go": text,
    }


def java(settings: str, *more: str) -> dict[str, str]:
    """A Spring service with these settings."""
    one = "<dependency><groupId>{0}</groupId><artifactId>{1}</artifactId></dependency>"
    needed = "".join(
        one.format(*name.split(":")) for name in ("org.springframework.boot:spring-boot-starter-web", *more)
    )
    return {
        "pom.xml": f"<project><dependencies>{needed}</dependencies></project>",
        "src/main/resources/application.yml": settings,
        "src/main/java/A.java": "class A {}",
    }


def composed(files: dict[str, str], *names: str) -> dict[str, str]:
    """The service with a compose file that sets these variables."""
    settings = ", ".join(f"{name}: x" for name in names)
    return {**files, "compose.yaml": f"services:\n  cart:\n    build: .\n    environment: {{{settings}}}\n"}


def dotnet(program: str, **files: str) -> dict[str, str]:
    """A .NET service with this program."""
    return {
        "Cart.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"/>',
        "Dockerfile": "FROM dotnet:9.0\n",
        "Program.cs": program,
        **files,
    }


def rust(text: str, *more: str) -> dict[str, str]:
    """A Rust service with this program."""
    needed = "".join(f'{name} = "1"\n' for name in ("axum", *more))
    return {
        "Cargo.toml": f'[package]\nname = "cart"\nversion = "1.0.0"\n[dependencies]\n{needed}',
        "Dockerfile": "FROM rust:1.90.0\n",
        "src/main.rs": text,
    }


HANDLED = "@app.post('/votes')\ndef vote(body: Vote) -> Vote:\n    {0}\n    return body\n\n\nLIMIT = 5\n"
JPA = "org.springframework.boot:spring-boot-starter-data-jpa"

VIOLATIONS = [
    ("C201", "renamed in the code", composed(python(app_py="import os\nos.environ['CART_DATABASE']\n"), "CART_DB"), ["compose.yaml:4"]),
    ("C201", "in a manifest", {**node("process.env.CATALOG_URL"), "k8s.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      containers:\n        - image: cart:1\n          env:\n            - {name: CATALOG_ADDRESS, value: x}\n"}, ["k8s.yaml:10"]),
    ("C201", "a word for a number, Python", composed(python(app_py="import os\nLIMIT = int(os.environ.get('CART_LIMIT', '5'))\n"), "CART_LIMIT"), ["compose.yaml:4"]),
    ("C201", "a word for a number, pydantic", composed(python(app_py="class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='CART_')\n    name: str\n    limit: int = 5\n"), "CART_LIMIT"), ["compose.yaml:4"]),
    ("C201", "a word for a number, Go", composed({**go('n, _ := strconv.Atoi(os.Getenv("CART_LIMIT"))\n'), "Dockerfile": "FROM a:1\n"}, "CART_LIMIT"), ["compose.yaml:4"]),
    ("C201", "a word for a truth, Spring", composed({**java(""), "Dockerfile": "FROM a:1\n", "src/main/java/A.java": 'class A {\n  @Value("${cart.limit:true}") private boolean limit;\n}\n'}, "CART_LIMIT"), ["compose.yaml:4"]),
    ("C202", "to a file", python("structlog", app_py="import logging\nlogging.FileHandler('a.log')\n"), ["app.py:2"]),
    ("C202", "prose", node("console.log('hello')"), ["Dockerfile:1"]),
    ("C202", "Spring to a file", java("logging:\n  structured:\n    format: {console: ecs}\n  file:\n    name: a.log\n"), ["src/main/resources/application.yml:1"]),
    ("C202", "prose, .NET", dotnet("builder.Logging.AddConsole();"), ["Dockerfile:1"]),
    ("C202", "prose, Rust", rust("tracing_subscriber::fmt().init();", "tracing-subscriber"), ["Dockerfile:1"]),
    ("C203", "under any name, Python", python(app_py="votes = []\n" + HANDLED.format("votes.append(body)")), ["app.py:1"]),
    ("C203", "under any name, Node", node("const bids = [];\nrouter.post('/bids', (req, res) => {\n  const bid = parse(req);\n  bids.push(bid);\n});\n"), ["app.js:1"]),
    ("C203", "under any name, Spring", {**java(""), "src/main/java/A.java": "@RestController\nclass A {\n  private final Map<String, Bid> bids = new ConcurrentHashMap<>();\n  @PostMapping\n  void add(Bid bid) {\n    bids.put(bid.id(), bid);\n  }\n}\n"}, ["src/main/java/A.java:3"]),
    ("C203", "under any name, Go", go("var bids = map[string]Bid{}\n\nfunc add(c *gin.Context) {\n\tvar bid Bid\n\tc.BindJSON(&bid)\n\tbids[bid.ID] = bid\n}\n"), ["main.go:1"]),
    ("C203", "under any name, .NET", dotnet('var bids = new List<Bid>();\napp.MapPost("/bids", (Bid bid) => {\n  bids.Add(bid);\n});\n'), ["Program.cs:1"]),
    ("C203", "carts in a dictionary", python(app_py="carts = {}\n\ndef add(k, v):\n    carts[k] = v\n"), ["app.py:1"]),
    ("C203", "a body that is kept under any name", node("const searches = new Map();\napp.put('/x/:id', (req, res) => { searches.set(req.params.id, req.body); });\n"), ["app.js:1"]),
    ("C203", "sessions in memory", node("const session = require('express-session');\napp.use(session({ secret: s }));\n", "express-session"), ["app.js:2"]),
    ("C204", "neither", python(), ["Dockerfile:1"]),
    ("C204", "metrics only", go("", "github.com/prometheus/client_golang"), ["Dockerfile:1"]),
    ("C205", "in the start command", {**python("sqlalchemy"), "Dockerfile": "FROM python:3.13.1\nCMD alembic upgrade head && gunicorn app\n"}, ["Dockerfile:2"]),
    ("C205", "a catalogue of its own", python("sqlalchemy", app_py="MetaData().create_all(engine)\n"), ["app.py:1"]),
    ("C205", "handed on", python("sqlalchemy", app_py="async def start():\n    await conn.run_sync(Base.metadata.create_all)\n"), ["app.py:2"]),
    ("C205", "in the code", go("func main() {\n\tdb.AutoMigrate(&Cart{})\n}\n", "gorm.io/gorm"), ["main.go:2"]),
    ("C205", "by Hibernate", java("spring:\n  jpa:\n    hibernate:\n      ddl-auto: update\n", JPA), ["src/main/resources/application.yml:4"]),
    ("C206", "Go", go("func main() { r.Run() }\n"), ["main.go:1"]),
    ("C206", "Node", node("app.listen(8080)"), ["app.js:1"]),
    ("C206", "Flask's own server", python(app_py="app = Flask(__name__)\n\napp.run(port=8080)\n"), ["app.py:3"]),
    ("C206", "gRPC in Python", python("grpcio", app_py="def serve():\n    server = grpc.server(pool)\n"), ["app.py:2"]),
    ("C206", "axum", rust("axum::serve(listener, app).await?;\n"), ["src/main.rs:1"]),
    ("C207", "requests", python("requests", app_py="import requests\n\nrequests.get(url(1))\n"), ["app.py:3"]),
    ("C207", "Go's default client", go("func f() {\n\thttp.Get(u)\n\tc := http.Client{}\n}\n"), ["main.go:2", "main.go:3"]),
    ("C207", "axios", node("axios.post(url, { a: f(1) });\n", "axios"), ["app.js:1"]),
]  # fmt: skip

LOOKALIKES = [
    ("C201", "Spring binds prefix and field", composed({**java(""), "Dockerfile": "FROM a:1\n", "src/main/java/S.java": '@ConfigurationProperties("retail.orders")\nclass S { String endpoint; }\n'}, "RETAIL_ORDERS_ENDPOINT")),
    ("C201", "a runtime reads it", composed(python(), "OTEL_EXPORTER_OTLP_ENDPOINT", "PYTHONUNBUFFERED", "PORT")),
    ("C201", "pydantic folds case", composed(python(app_py="class S(BaseSettings):\n    database_url: str\n"), "DATABASE_URL")),
    ("C201", "a text", composed(python(app_py="class S(BaseSettings):\n    cart_limit: str\n    cart_limits: int\n"), "CART_LIMIT")),
    ("C202", "structlog", python("structlog", app_py="import structlog\n")),
    ("C202", "slog as JSON", go("slog.New(slog.NewJSONHandler(os.Stdout, nil))\n")),
    ("C202", "JSON, .NET", dotnet("", **{"appsettings.json": '{"Logging": {"Console": {"FormatterName": "json"}}}'})),
    ("C202", "JSON by a variable", {**dotnet(""), "Dockerfile": "FROM dotnet:9.0\nENV Logging__Console__FormatterName=Json\n"}),
    ("C202", "JSON, Rust", rust("tracing_subscriber::fmt().json().init();", "tracing-subscriber")),
    ("C203", "what a handler reads", python(app_py="rates = {}\n" + HANDLED.format("print(rates[body.currency])"))),
    ("C203", "what a handler has to itself", python(app_py="votes = []\n" + HANDLED.format("votes = []\n    votes.append(body)"))),
    ("C203", "a cache", python(app_py="rate_cache = {}\n" + HANDLED.format("rate_cache[body.currency] = 1"))),
    ("C203", "written when it starts", go("var rates = map[string]int{}\n\nfunc load() {\n\trates[\"EUR\"] = 1\n}\n\nfunc add(c *gin.Context) {\n\tc.BindJSON(&x)\n}\n")),
    ("C203", "a constant", python(app_py="products = {}\n\ndef get(k):\n    return products[k]\n")),
    ("C203", "a cache of what another service answered", node("const answers = new Map();\napp.get('/x/:id', (req, res) => { answers.set(req.params.id, res.body); });\n")),
    ("C203", "sessions in Redis", node("const session = require('express-session');\napp.use(session({ secret: s, store: new RedisStore() }));\n", "express-session")),
    ("C203", "a local variable", python(app_py="def f():\n    carts = {}\n    carts['a'] = 1\n")),
    ("C204", "OpenTelemetry does both", python("opentelemetry-distro")),
    ("C204", "an agent", {**java(""), "Dockerfile": "FROM a:1\nENTRYPOINT [\"java\", \"-javaagent:/opentelemetry-javaagent.jar\", \"-jar\", \"a.jar\"]\n"}),
    ("C204", "a shared library brings it", {"src/Cart/Cart.csproj": '<Project Sdk="Microsoft.NET.Sdk.Web"><ProjectReference Include="..\\Defaults\\Defaults.csproj" /></Project>', "src/Defaults/Defaults.csproj": '<Project><PackageReference Include="OpenTelemetry.Extensions.Hosting" Version="1.9.0" /></Project>'}),
    ("C205", "a script of its own", python("sqlalchemy", scripts__migrate_py="Base.metadata.create_all(engine)\n")),
    ("C205", "Hibernate only validates", java("spring:\n  jpa:\n    hibernate:\n      ddl-auto: validate\n", JPA)),
    ("C206", "the server does", python("gunicorn")),
    ("C206", "Node listens for it", node("process.on('SIGTERM', () => server.close());\n")),
    ("C206", "Go's context", go("ctx, stop := signal.NotifyContext(ctx, os.Interrupt)\n")),
    ("C206", "Python listens for it", python(app_py="import signal\nsignal.signal(signal.SIGTERM, stop)\napp.run()\n")),
    ("C206", "tonic ends when it is told", rust("Server::builder().add_service(s).serve_with_shutdown(addr, stop).await?;\n", "tonic")),
    ("C207", "given", python("requests", app_py="requests.get(url, timeout=(1, 5))\n")),
    ("C207", "httpx has one", python("httpx", app_py="httpx.get(url)\n")),
    ("C207", "on the client", go("c := http.Client{Timeout: time.Second}\n")),
    ("C207", "generated", {**go(""), "client_gen.go": "package a\nvar c = http.Client{}\n"}),
    ("C207", "a test's call", python("requests", tests__test_a_py="requests.get(url)\n")),
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


def test_a_language_that_is_not_read_is_unknown() -> None:
    """What a PHP program does on SIGTERM is not guessed."""
    assert [Outcome.UNKNOWN] == outcomes("C206", {"composer.json": '{"require": {"slim/slim": "4.0"}}'})
