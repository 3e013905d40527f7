"""Every rule bites on our own template: a generated service that breaks it in one place is found out there.

A rule that finds nothing on a generated service may be kept, or blind to how our own services are written. So each is
broken once, in the file where a developer would break it.
"""

from collections.abc import Mapping

import pytest

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template
from machgen.check.engine import judge
from machgen.check.facts import Facts
from machgen.check.files import TreeFiles
from machgen.check.registry import all_rules
from machgen.render import Renderer
from machgen.tree import File, Tree

CI = ".github/workflows/ci.yml"
RELEASE = ".github/workflows/release.yml"
CONTRACT = "contract/openapi.yaml"
EVENTS = "contract/asyncapi.yaml"
BASE = "deploy/kustomize/base"
POD = f"{BASE}/deployment.yaml"
PROD = "deploy/kustomize/overlays/prod/kustomization.yaml"
ROUTES = "src/service/notes/routes.py"
SETTINGS = "src/chassis/settings.py"
NEW = ""
"""Instead of a text: the file is new, or the whole file is what follows."""
PIN = "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
Edit = tuple[str, str, str]
"""A file, a text in it (`NEW` for the whole file), and what takes its place."""


def gone(path: str) -> Edit:
    """The file is not there."""
    return (path, "\0", "")


def added(path: str, text: str) -> Edit:
    """The file is new."""
    return (path, NEW, text)


BITES: dict[str, list[Edit]] = {
    "M001": [added("Dockerfile.worker", 'FROM python:3.13.14-slim-trixie\nUSER 10001\nCMD ["python", "-m", "billing"]\n')],
    "M003": [gone("CODEOWNERS"), ("catalog-info.yaml", '  owner: "group:platform-team"\n', "")],
    "M005": [("catalog-info.yaml", "kind: Component", "kind: Komponent")],
    "M007": [gone("CHANGELOG.md")],
    "M008": [(CI, "- run: make test\n", "- run: make wheel\n"), (CI, "make coverage", "make wheel")],
    "M009": [("requirements/runtime.txt", "--hash=sha256:", "# ")],
    "A001": [gone(CONTRACT), gone(EVENTS)],
    "A002": [(CONTRACT, "$ref: '#/components/schemas/NotePage'", "$ref: '#/components/schemas/Notes'")],
    "A003": [(CONTRACT, "openapi: 3.1.0", "openapi: 3.0.3")],
    "A004": [(CONTRACT, 'contact: {"name": "platform-team"}', "x-nobody: true")],
    "A005": [(CONTRACT, "operationId: create_note", "operationId: list_notes")],
    "A006": [(CONTRACT, "application/problem+json", "application/json")],
    "A007": [(CONTRACT, "security:\n- token: []\n", ""), (CONTRACT, "      security:\n      - token:\n        - notes:read\n", "")],
    "A008": [(CONTRACT, "          maximum: 100\n", ""), (CONTRACT, "          maxItems: 100\n", "")],
    "A009": [(CONTRACT, "/v1/notes/{note_id}:", "/v1/getNote/{note_id}:")],
    "A010": [(CONTRACT, "        pinned:\n", "        isPinned:\n")],
    "A011": [(CONTRACT, "        pinned:\n          type: boolean", "        price:\n          type: number")],
    "A012": [(CONTRACT, "          format: date-time\n", "")],
    "A013": [(CONTRACT, "name: Idempotency-Key", "name: X-Once")],
    "A014": [(CONTRACT, "name: If-Match", "name: X-Seen"), (CONTRACT, "'412'", "'418'"), (CONTRACT, "'428'", "'417'")],
    "A015": [gone(CI), gone(RELEASE)],
    "A017": [(EVENTS, NEW, "asyncapi: 3.0.0\ninfo: {title: a, version: 1.0.0}\nchannels: {}\n"), gone(EVENTS), ("pyproject.toml", '"nats-py>=2.16"', '"nats-py>=2.16", "aiokafka>=0.12"'), ("src/service/notes/service.py", '"""', 'producer.send("note.made", b"")\n"""')],
    "A018": [(CONTRACT, "          - Milk\n", "          - 12\n")],
    "A019": [(CONTRACT, "          maxLength: 400\n", "")],
    "A020": [(ROUTES, '@router.put("/{note_id}"', '@router.put("/{note_id}/text"')],
    "A021": [(CONTRACT, 'version: "0.1.0"', 'version: "0.2.0"')],
    "C001": [gone("Dockerfile"), gone("compose.yaml")],
    "C002": [("Dockerfile", "python:3.13.14-slim-trixie", "python:slim")],
    "C003": [("Dockerfile", "USER 10001:10001\n", ""), (POD, "        runAsUser: 10001\n", "")],
    "C004": [("Dockerfile", 'CMD ["python", "-m", "chassis", "serve"]', "CMD uvicorn chassis.app:app --reload")],
    "C005": [("Dockerfile", "WORKDIR /app\nCOPY --from", "RUN apt-get update && apt-get install -y gcc\nWORKDIR /app\nCOPY --from")],
    "C006": [("Dockerfile", "COPY src src", "COPY . ."), gone(".dockerignore")],
    "C007": [("Dockerfile", "ENVIRONMENT=prod", "SECRET_KEY=dbc1f0a94be14b8a8c21 ENVIRONMENT=prod")],
    "C008": [("Dockerfile", 'CMD ["python", "-m", "chassis", "check-ready"]', "CMD curl --fail http://127.0.0.1:8000/readyz")],
    "C009": [("Dockerfile", "COPY src src", "RUN curl -sSf https://example.com/install.sh | sh\nCOPY src src")],
    "C010": [("Dockerfile", "python:3.13.14-slim-trixie", "python:3.8.20-slim-bookworm")],
    "C101": [(POD, "          livenessProbe:", "          x-probe:")],
    "C102": [(POD, "              memory: 320Mi\n", "")],
    "C103": [(POD, "              drop: [ALL]", "              drop: [all]")],
    "C104": [(POD, "service:0.1.0", "service:latest"), *((f"deploy/kustomize/overlays/{name}/kustomization.yaml", "newTag:", "x:") for name in ("dev", "staging", "prod"))],
    "C105": [(POD, "      automountServiceAccountToken: false\n", ""), (f"{BASE}/service-account.yaml", "automountServiceAccountToken: false", "")],
    "C106": [(f"{BASE}/disruption-budget.yaml", "maxUnavailable: 1", "maxUnavailable: 0")],
    "C107": [(POD, "topologySpreadConstraints:", "x-spread:")],
    "C108": [(f"{BASE}/kustomization.yaml", "  - network-policies.yaml\n", "")],
    "C109": [(POD, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 4")],
    "C110": [(f"{BASE}/kustomization.yaml", "      - LOG_LEVEL=info\n", "      - LOG_LEVEL=info\n      - DATABASE_PASSWORD=dbc1f0a94be14b8a8c21\n")],
    "C111": [(POD, "              containerPort: 8000", "              containerPort: 8000\n              hostPort: 8000")],
    "C112": [(f"{BASE}/autoscaler.yaml", "autoscaling/v2", "autoscaling/v2beta2")],
    "C113": [(f"{BASE}/service.yaml", "targetPort: http", "targetPort: web")],
    "C114": [(POD, 'metadata:\n  name: "service"\n  labels:\n    app.kubernetes.io/name: "service"\n', 'metadata:\n  name: "service"\n  labels:\n'), (f"{BASE}/kustomization.yaml", '      app.kubernetes.io/name: "service"\n', ""), (f"{BASE}/kustomization.yaml", '      app.kubernetes.io/part-of: "service"\n', ""), (f"{BASE}/kustomization.yaml", "      app.kubernetes.io/managed-by: kustomize\n", "")],
    "C115": [(POD, "progressDeadlineSeconds: 300", "progressDeadlineSecond: 300")],
    "C116": [(POD, "  revisionHistoryLimit: 5", "  replicas: 3\n  revisionHistoryLimit: 5")],
    "C117": [(f"{BASE}/kustomization.yaml", "  - namespace.yaml\n", "  - namespace.yaml\n  - role.yaml\n"), added(f"{BASE}/role.yaml", "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: service}\nrules:\n  - {apiGroups: ['*'], resources: ['*'], verbs: ['*']}\n")],
    "C201": [(f"{BASE}/kustomization.yaml", "- DRAIN_SECONDS=5", "- DRAINING_SECS=5")],
    "C202": [("src/chassis/logs.py", '"""', 'HANDLER = logging.FileHandler("service.log")\n"""')],
    "C203": [(ROUTES, "router = ", "notes = []\n\n\n@router.post('/kept')\nasync def keep(draft: NoteDraft) -> None:\n    notes.append(draft)\n\n\nrouter = ")],
    "C204": [("pyproject.toml", '  "prometheus-client>=0.26",\n', ""), ("pyproject.toml", "opentelemetry", "telemetry")],
    "C205": [("Dockerfile", 'CMD ["python", "-m", "chassis", "serve"]', 'CMD ["sh", "-c", "alembic upgrade head && python -m chassis serve"]')],
    "C207": [("src/chassis/clients.py", '"""', 'ANSWER = httpx.get(URL, timeout=None)\n"""')],
    "C301": [(CI, f"actions/checkout{PIN}", "actions/checkout@v7")],
    "C302": [(CI, "permissions: {}\n", ""), (CI, "    permissions:\n      contents: read\n    steps:", "    steps:")],
    "C303": [(CI, "- run: make lint", "- run: echo ${{ github.event.pull_request.title }}")],
    "C304": [(".github/dependabot.yml", "package-ecosystem: docker", "package-ecosystem: bun")],
    "C305": [(RELEASE, "sbom: true", "sbom: false"), (RELEASE, "provenance: mode=max", "provenance: false"), (CI, "cyclonedx", "x")],
    "C306": [added("deploy/server.key", "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEAyVgm3kq0pVq8Jq1yq3FHn0v7mWQk0Xw5mJr2sT9u4bLd8eZc\n" * 2)],
    "C307": [("src/chassis/cors.py", '"""', 'import os\n\nSECRET_KEY = os.environ.get("SECRET_KEY", "between-us-9")\n"""')],
    "C308": [("src/chassis/clients.py", '"""', 'ANSWER = httpx.get(URL, verify=False)\n"""')],
    "C309": [("Dockerfile", "COPY src src", "COPY source source")],
    "H001": [("pyproject.toml", '  "alembic', '  "jinja2>=3.1",\n  "alembic'), (ROUTES, "router = ", "from fastapi.templating import Jinja2Templates\n\npages = Jinja2Templates('pages')\nrouter = "), added("src/service/pages/note.html", "<h1>{{ note.title }}</h1>\n")],
    "H002": [(ROUTES, "router = ", "from fastapi.staticfiles import StaticFiles\n\napp.mount('/', StaticFiles(directory='web'))\nrouter = "), added("src/service/web/index.html", "<html></html>\n")],
    "H003": [(CONTRACT, "            application/json:\n              schema:\n                $ref: '#/components/schemas/NotePage'", "            text/html:\n              schema:\n                type: string")],
    "H004": [("src/chassis/app.py", '"""', 'app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)\n"""')],
    "H005": [(CONTRACT, "      type: http\n      scheme: bearer\n      bearerFormat: JWT\n", "      type: apiKey\n      in: cookie\n      name: session\n")],
    "H006": [(ROUTES, "    note = await service.create(session, caller, draft)\n", "    note = await service.create(session, caller, draft)\n    if request.headers['User-Agent'].startswith('Android'):\n        return small(note)\n")],
    "H007": [(CONTRACT, "operationId: create_note", "x-id: create_note"), (CONTRACT, "              schema:\n                $ref: '#/components/schemas/NotePage'\n", "              schema: {}\n")],
}  # fmt: skip
"""By rule: what breaks it."""

OF_SEVERAL = {
    "A016": "compares with an earlier revision: test_breaking.py, test_landscapes.py",
    "C206": "uvicorn ends on SIGTERM; without uvicorn nothing serves",
    **dict.fromkeys(
        ("M002", "M004", "M006", "M010", "L001", "L002", "L003", "L004"),
        "asks about several services: test_landscape.py, test_landscapes.py",
    ),
}
"""Rules that one generated service cannot break in one edit, each with where it is broken instead."""


@pytest.fixture(scope="module")
def service() -> Tree:
    """The template `service` in its default answers."""
    template, plan = builtin_template("service")
    renderer = Renderer(template, plan=plan)
    return renderer.tree(
        resolve(
            template, renderer, [Given(Source.FILE, "answers", {"project_slug": "service", "ci": "github"})]
        ).context
    )


def broken(tree: Mapping[str, File], edits: list[Edit]) -> Tree:
    """The service after the edits, of which each must find its place."""
    files = dict(tree)
    for path, old, new in edits:
        if old == "\0":
            files.pop(path, None)
        elif old == NEW:
            files[path] = File(new.encode())
        else:
            text = files[path].data.decode()
            assert old in text, f"{path} does not hold {old!r}"
            files[path] = File(text.replace(old, new).encode(), files[path].executable)
    return Tree(files)


@pytest.fixture(scope="module")
def kept(service: Tree) -> Facts:
    """The facts of the service as it is."""
    return Facts(TreeFiles(service))


@pytest.mark.parametrize("rule", sorted(BITES))
def test_a_generated_service_that_breaks_a_rule_is_found_out(service: Tree, kept: Facts, rule: str) -> None:
    """One rule, broken on purpose, is violated; and it was not before."""
    asked = [each for each in all_rules() if each.id == rule]

    before = judge(kept, asked).findings
    after = judge(Facts(TreeFiles(broken(service, BITES[rule]))), asked).findings

    assert ([], True) == ([each.flaw.message for each in before], bool(after))


def test_every_rule_is_broken_or_says_where_else() -> None:
    """A new rule needs its bite."""
    assert {each.id for each in all_rules()} == BITES.keys() | OF_SEVERAL.keys()
