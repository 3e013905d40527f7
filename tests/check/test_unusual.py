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


POOL = {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["fastapi", "uvicorn", "sqlalchemy"]\n', "Dockerfile": "FROM python:3.13.1\nEXPOSE 80\nUSER 1000\n"}  # fmt: skip
FILE = "engine = create_engine(os.environ.get('DATABASE_URL', 'sqlite:///./orders.db'))\n"
DJANGO = {"settings.py": "DATABASES = {\n    'default': {\n        'ENGINE': 'django.db.backends.sqlite3',\n        'NAME': BASE_DIR / 'db.sqlite3',\n    }\n}\n", "pyproject.toml": '[project]\nname = "a"\ndependencies = ["django"]\n', "Dockerfile": POOL["Dockerfile"]}  # fmt: skip
ENTITIES = {"a.csproj": WEB, "Dockerfile": "FROM mcr.microsoft.com/dotnet/aspnet:9.0.1\nEXPOSE 80\n"}
IN_MEMORY = 'services.AddDbContext<Orders>(o => o.UseInMemoryDatabase("orders"));\n'
PROVIDER = '<Project Sdk="Microsoft.NET.Sdk.Web"><ItemGroup><PackageReference Include="Npgsql.EntityFrameworkCore.PostgreSQL" Version="9.0.0" /></ItemGroup></Project>'
NEST = "@Injectable()\nexport class OrdersService {\n  private readonly orders: Order[] = [];\n\n  create(order: Order) {\n    this.orders.push(order);\n  }\n}\n"
KNEX = {"package.json": '{"dependencies": {"express": "5.0.1", "knex": "3.1.0"}, "scripts": {\n"prestart": "knex migrate:latest",\n"start": "node index.js"}}', "Dockerfile": 'FROM node:22.1.0\nEXPOSE 80\nCMD ["npm", "start"]\n'}  # fmt: skip
SESSION = "import requests\n\nhttp = requests.Session()\n\n\ndef ask(url):\n    return http.get({})\n"
HANDED = 'package main\n\nimport "net/http"\n\nfunc main() {{\n\ts := NewStore(http.DefaultClient)\n{}}}\n'
ORIGIN = "app.use((req, res, next) => {{\n{}  res.setHeader('Access-Control-Allow-Origin', req.headers.origin);\n  res.setHeader('Access-Control-Allow-Credentials', 'true');\n  next();\n}});\n"


def pod(container: str = "", pod: str = "", image: str = "acme/orders:1.0.0") -> dict[str, str]:
    """A Deployment of three replicas, with lines of its container and of its pod."""
    return {
        "k8s/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders}\nspec:\n  replicas: 3\n"
        "  selector: {matchLabels: {app: orders}}\n  template:\n    metadata: {labels: {app: orders}}\n    spec:\n"
        f"{pod}      containers:\n        - name: a\n          image: {image}\n{container}"
    }


SAFE = """          securityContext:
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            seccompProfile: {type: RuntimeDefault}
            capabilities: {drop: [ALL], add: [%s]}
"""
SPREAD = "      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, labelSelector: {matchLabels: {app: %s}}}]\n"

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
    ("C203", "a cache as the only store, Python", python("a") | {"a/main.py": "from cachetools import TTLCache\n\nnotes = TTLCache(maxsize=1000, ttl=3600)\n\n\n@app.post('/notes')\nasync def create(note: Note) -> Note:\n    notes[note.id] = note\n    return note\n"}, ["a/main.py:3 `notes` is a cache in the process's memory, and nothing else keeps what it is told"]),
    ("C203", "a cache as the only store, Node", node("a") | {"a/app.js": "const NodeCache = require('node-cache');\nconst cache = new NodeCache();\n\napp.post('/notes', (req, res) => {\n  cache.set(uuid(), { ...req.body });\n  res.sendStatus(201);\n});\n"}, ["a/app.js:2 `cache` is a cache in the process's memory, and nothing else keeps what it is told"]),
    ("C203", "a cache as the only store, Java", {"pom.xml": SPRING, "src/main/java/A.java": "@RestController\nclass A {\n  private final Cache<String, Note> notes = Caffeine.newBuilder().build();\n\n  @PostMapping(\"/notes\")\n  Note create(@Valid @RequestBody Note note) {\n    notes.put(note.id(), note);\n    return note;\n  }\n}\n"}, ["src/main/java/A.java:3 `notes` is a cache in the process's memory, and nothing else keeps what it is told"]),
    ("C203", "a cache as the only store, Go", go("a") | {"a/main.go": "package main\n\nvar notes = cache.New(time.Hour, time.Hour)\n\nfunc create(c *gin.Context) {\n\tvar note Note\n\tc.ShouldBindJSON(&note)\n\tnotes.Set(note.ID, note, cache.DefaultExpiration)\n}\n"}, ["a/main.go:3 `notes` is a cache in the process's memory, and nothing else keeps what it is told"]),
    ("C203", "a cache as the only store, .NET", {"A.csproj": WEB, "A.cs": "class Notes(IMemoryCache cache) : ControllerBase {\n    [HttpPost]\n    public IActionResult Create([FromBody] Note note) { cache.Set(note.Id, note); return Ok(); }\n}\n"}, ["A.cs:1 `cache` is a cache in the process's memory, and nothing else keeps what it is told"]),
    ("C004", "a shell in front, Python", python("a") | {"a/Dockerfile": 'FROM python:3.13.1-slim\nCMD ["sh", "-c", "prepare && uvicorn a:app"]\n'}, ['a/Dockerfile:2 CMD starts a shell that stays in front and keeps SIGTERM to itself: sh -c "prepare && uvicorn a:app" has no exec']),
    ("C004", "a shell in front, Java", {"pom.xml": SPRING, "Dockerfile": 'FROM eclipse-temurin:21-jre\nENTRYPOINT ["/bin/sh", "-ec", "java $JAVA_OPTS -jar a.jar"]\n'}, ['Dockerfile:2 ENTRYPOINT starts a shell that stays in front and keeps SIGTERM to itself: sh -c "java $JAVA_OPTS -jar a.jar" has no exec']),
    ("C004", "a shell in front, by Compose", node("a") | {"compose.yaml": "services:\n  a:\n    build: a\n    command: sh -c 'node ready.js; node app.js'\n"}, ['compose.yaml:4 a starts a shell that stays in front and keeps SIGTERM to itself: sh -c "node ready.js; node app.js" has no exec']),
    ("C004", "a shell in front, by Kubernetes", node("a") | {"k8s/a.yaml": deployment("a", "a", "a").replace("          env:", '          command: [sh, -c]\n          args: ["node ready.js && node app.js"]\n          env:')}, ['k8s/a.yaml:12 Deployment a starts a shell that stays in front and keeps SIGTERM to itself: sh -c "node ready.js && node app.js" has no exec']),
    ("C004", "Nest watches", {"package.json": '{"dependencies": {"@nestjs/core": "11"}, "scripts": {"start": "nest start --watch"}}', "Dockerfile": 'FROM node:22.1.0\nCMD ["npm", "start"]\n'}, ["Dockerfile:2 CMD watches its sources: npm start"]),
    ("C103", "a capability is added", pod(SAFE % "NET_RAW"), ["k8s/a.yaml:13 Deployment orders: container a is not restricted: adds NET_RAW"]),
    ("C104", "a branch", pod(image="acme/orders:main"), ["k8s/a.yaml:12 Deployment orders: container a runs acme/orders:main at `main`"]),
    ("C107", "constraints for others", pod(pod=SPREAD % "billing"), ["k8s/a.yaml:10 Deployment orders may run all of its replicas on one node: its constraints do not select its pods"]),
    ("C107", "constraints for none", pod(pod="      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone}]\n"), ["k8s/a.yaml:10 Deployment orders may run all of its replicas on one node: its constraints do not select its pods"]),
    ("C203", "SQLite by default", POOL | {"a/db.py": FILE}, ["a/db.py:1 this repository keeps its only database in a file of its container"]),
    ("C203", "Django's SQLite", DJANGO, ["settings.py:3 this repository keeps its only database in a file of its container"]),
    ("C203", "SQLite of Node", node("orders") | {"orders/db.js": "const db = new Database('orders.db');\n", "orders/sqlite.js": "const sqlite3 = require('sqlite3');\nmodule.exports = new sqlite3.Database(':memory:');\n"}, ["orders/sqlite.js:2 orders keeps its only database in the memory of the process"]),
    ("C203", "SQLite of Go", go("orders") | {"orders/db.go": 'package main\n\nvar db, _ = gorm.Open(sqlite.Open("orders.db"), &gorm.Config{})\n'}, ["orders/db.go:3 orders keeps its only database in a file of its container"]),
    ("C203", "Entity Framework in memory", ENTITIES | {"Program.cs": IN_MEMORY}, ["Program.cs:1 this repository keeps its only database in the memory of the process"]),
    ("C203", "a field of Nest's service", {"package.json": '{"dependencies": {"@nestjs/core": "11"}}', "src/orders.service.ts": NEST}, ["src/orders.service.ts:3 `orders` is kept in the memory of the process"]),
    ("C205", "what runs before npm start", KNEX, ["package.json:2 this repository migrates its database when it starts"]),
    ("C205", "a command of compose", POOL | {"compose.yaml": "services:\n  a:\n    build: .\n    command: sh -c 'alembic upgrade head && uvicorn a:app'\n"}, ["compose.yaml:4 this repository migrates its database when it starts"]),
    ("C207", "a session", POOL | {"a.py": SESSION.format("url, headers=made(url)")}, ["a.py:7 http.get is called without a timeout: requests has none by default"]),
    ("C207", "fetch", node("orders") | {"orders/src/stock.js": "async function stock(id) {\n  return (await fetch(`${URL}/${id}`, { headers: { a: b(1) } })).json();\n}\n"}, ["orders/src/stock.js:2 fetch is called without a signal: Node waits five minutes for an answer, and as long for each piece"]),
    ("C207", "fetch and what follows", node("orders") | {"orders/src/stock.js": "exports.stock = () =>\n  fetch(URL_OF_STOCK).then((answer) => {\n    return answer.json();\n  });\n"}, ["orders/src/stock.js:2 fetch is called without a signal: Node waits five minutes for an answer, and as long for each piece"]),
    ("C207", "node-fetch", node("orders") | {"orders/stock.ts": 'import fetch from "node-fetch";\n\nexport const stock = (id: string) => fetch(new URL(id, URL_OF_STOCK));\n'}, ["orders/stock.ts:3 fetch is called without a signal: node-fetch has no timeout by default"]),
    ("C207", "the default client is handed on", go("orders") | {"orders/main.go": HANDED.format("")}, ["orders/main.go:6 http.DefaultClient is handed on without a timeout: Go's default client has none"]),
    ("C307", "settings of ASP.NET", ENTITIES | {"appsettings.json": '{"Jwt": {"Issuer": "shop",\n"Key": "thisIsTheKeyOfTheShop2024"}}'}, ["appsettings.json:2 the secret Key has a default that everybody can read"]),
    ("H004", "the origin by hand, Node", node("orders") | {"orders/a.js": ORIGIN.format("")}, ["orders/a.js:2 any origin may call with the user's credentials"]),
    ("H004", "every origin, Spring", {"pom.xml": SPRING.format("a"), "src/main/java/A.java": '@RestController\n@CrossOrigin(origins = "*", allowCredentials = "true")\nclass A {}\n'}, ["src/main/java/A.java:2 any origin may call with the user's credentials"]),
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
    ("C103", "the one that may be added", pod(SAFE % "NET_BIND_SERVICE")),
    ("C104", "a version of a branch's name", pod(image="acme/main:1.0.0")),
    ("C107", "constraints for all", pod(pod="      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, labelSelector: {}}]\n")),
    ("C107", "constraints for its own", pod(pod=SPREAD % "orders")),
    ("C203", "a driver of another database", POOL | {"pyproject.toml": POOL["pyproject.toml"].replace('"sqlalchemy"', '"sqlalchemy", "psycopg[binary]"'), "a/db.py": FILE}),
    ("C203", "a volume of compose", POOL | {"a/db.py": FILE, "compose.yaml": "services:\n  a:\n    build: .\n    volumes: ['data:/data']\n"}),
    ("C203", "an address from the environment", POOL | {"a/db.py": FILE, "compose.yaml": "services:\n  a:\n    build: .\n    environment: {DATABASE_URL: 'postgresql://db/a'}\n"}),
    ("C203", "SQLite of the tests", POOL | {"tests/conftest.py": FILE}),
    ("C203", "Entity Framework with PostgreSQL", ENTITIES | {"a.csproj": PROVIDER, "Program.cs": IN_MEMORY}),
    ("C205", "a one-off command of compose", POOL | {"compose.yaml": "services:\n  migrate:\n    build: .\n    command: alembic upgrade head\n"}),
    ("C205", "another script of npm", KNEX | {"package.json": KNEX["package.json"].replace("prestart", "premigrate")}),
    ("C203", "a cache beside a database", python("a") | {"a/requirements.txt": "sqlalchemy==2.0.36\n", "a/main.py": "notes = TTLCache(maxsize=1000, ttl=3600)\n\n\n@app.post('/notes')\nasync def create(note: Note) -> Note:\n    notes[note.id] = note\n    return note\n"}),
    ("C203", "a cache of what was worked out", node("a") | {"a/app.js": "const cache = new NodeCache();\n\napp.post('/prices', (req, res) => {\n  const price = priced(req.body);\n  cache.set(req.body.sku, price);\n  res.json(price);\n});\n"}),
    ("C203", "a cache of what another service was told", node("a") | {"a/app.js": "const cache = new NodeCache();\n\napp.post('/notes', async (req, res) => {\n  await axios.post(url, req.body, { timeout: 1000 });\n  cache.set(req.body.id, req.body);\n});\n"}),
    ("C203", "a cache of tokens", {"pom.xml": SPRING, "src/main/java/A.java": "class A {\n  private final Cache<String, Key> keys = Caffeine.newBuilder().build();\n\n  Key key(String id) {\n    keys.put(id, read(id));\n  }\n\n  void create(@RequestBody Note note) {}\n}\n"}),
    ("C004", "a shell that gives way", python("a") | {"a/Dockerfile": 'FROM python:3.13.1-slim\nCMD ["sh", "-c", "prepare && exec uvicorn a:app"]\n'}),
    ("C004", "a shell that becomes its last command", python("a") | {"a/Dockerfile": 'FROM python:3.13.1-alpine\nCMD ["sh", "-c", "prepare && uvicorn a:app"]\n'}),
    ("C004", "bash does so everywhere", python("a") | {"a/Dockerfile": 'FROM python:3.13.1\nCMD ["bash", "-c", "prepare && uvicorn a:app"]\n'}),
    ("C004", "a shell that passes signals on", node("a") | {"a/Dockerfile": "FROM node:22.1.0\nCMD [\"sh\", \"-c\", \"trap 'kill $p' TERM; node a.js & p=$!; wait $p\"]\n"}),
    ("C004", "what only prepares a pod", node("a") | {"k8s/a.yaml": deployment("a", "a", "a").replace("      containers:", "      initContainers:\n        - {name: m, image: 'acme/a:1.0.0', command: [sh, -c, node a.js && node b.js]}\n      containers:")}),
    ("C207", "fetch with a signal", node("orders") | {"orders/src/stock.js": "const answer = await fetch(url, { signal: AbortSignal.timeout(3000) });\n"}),
    ("C207", "fetch whose options are made elsewhere in the file", node("orders") | {"orders/src/stock.js": "const options = { signal: ends };\nconst answer = await fetch(url, options);\n"}),
    ("C207", "fetch in a page", node("orders") | {"orders/public/app.js": "fetch(`${URL}/x`).then(show);\n", "orders/src/page.js": "fetch('/api/x').then((answer) => document.write(answer));\n"}),
    ("C207", "a fetch of its own", node("orders") | {"orders/src/stock.js": "import { fetch } from './bounded';\n\nawait fetch(url);\n", "orders/src/b.js": "await store.fetch(url);\n", "orders/src/c.ts": "class Client {\n  fetch(url: string): Promise<Response> {\n    return this.fetch(url);\n  }\n}\nawait fetch(url);\n"}),
    ("C207", "a dispatcher for all of them", node("orders") | {"orders/src/main.js": "setGlobalDispatcher(new Agent({ headersTimeout: 2000 }));\n", "orders/src/b.js": "await fetch(url);\n"}),
    ("C207", "fetch in a program that serves nothing by Node", {"app/package.json": '{"name": "app", "dependencies": {"react": "19.0.0"}}', "app/src/a.js": "await fetch(url);\n"}),
    ("C207", "a session with a timeout", POOL | {"a.py": SESSION.format("url, timeout=3")}),
    ("C207", "a session whose adapter has one", POOL | {"a.py": SESSION.format("url") + "\n\nhttp.mount('https://', Bounded(timeout=3))\n"}),
    ("C207", "who is handed the client gives a deadline", go("orders") | {"orders/main.go": HANDED.format("\tctx, cancel := context.WithTimeout(ctx, time.Second)\n")}),
    ("C307", "a place of ASP.NET's settings", ENTITIES | {"appsettings.json": '{"Jwt": {"Issuer": "shop", "Key": ""}}'}),
    ("H004", "an origin that was looked up", node("orders") | {"orders/a.js": ORIGIN.format("  if (!origins.has(req.headers.origin)) return next();\n")}),
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
