"""H001-H007: services that know their touchpoints, and others that only look as if."""

import pytest

from machgen.check.model import Outcome
from tests.check.contracts import DOTNET, GO, JAVA, NODE, PYTHON, openapi, service
from tests.check.judging import found, outcomes

OK = "responses: {'200': {description: ok}}"
THYMELEAF = {
    "pom.xml": JAVA["pom.xml"].replace(
        "</dependencies>",
        "\n<dependency><groupId>org.springframework.boot</groupId>"
        "<artifactId>spring-boot-starter-thymeleaf</artifactId></dependency></dependencies>",
    )
}
COOKIE = "components: {securitySchemes: {session: {type: apiKey, in: cookie, name: sid}, token: {type: http, scheme: bearer}}}"


def html(path: str, types: str) -> str:
    """A GET that answers with media types."""
    return f"{path}:\n  get: {{responses: {{'200': {{description: ok, content: {{{types}}}}}}}}}"


VIOLATIONS = [
    ("H001", "Express", {**NODE, "src/a.js": "app.set('view engine', 'pug');\n"}, ["src/a.js:1"]),
    ("H001", "FastAPI", {**PYTHON, "shop/a.py": "import x\ntemplates = Jinja2Templates(directory='templates')\n"}, ["shop/a.py:2"]),
    ("H001", "Spring", {**THYMELEAF, "src/main/resources/templates/cart.html": "<p>"}, ["pom.xml:2"]),
    ("H001", "Go", {**GO, "main.go": 'import "html/template"\nfunc a(w http.ResponseWriter) { t.Execute(w, 1) }\n'}, ["main.go:1"]),
    ("H001", "ASP.NET", {**DOTNET, "src/Shop/Program.cs": "builder.Services.AddRazorPages();\n"}, ["src/Shop/Program.cs:1"]),
    ("H002", "Express", {**NODE, "src/a.js": "app.use(express.static('public'));\n", "src/public/index.html": ""}, ["src/a.js:1"]),
    ("H002", "Spring", {**JAVA, "src/main/resources/static/index.html": ""}, ["src/main/resources/static/index.html:1"]),
    ("H002", "FastAPI", {**PYTHON, "shop/a.py": 'app.mount("/", StaticFiles(directory="web"))\n', "web/app.css": ""}, ["shop/a.py:1"]),
    ("H003", "a page", service(openapi(html("/cart", "text/html: {}"))), ["openapi.yaml:6"]),
    ("H003", "XHTML, in Go", service(openapi(html("/cart", "application/xhtml+xml: {}")), GO), ["openapi.yaml:6"]),
    ("H004", "FastAPI", {**PYTHON, "a.py": "app.add_middleware(\n    CORSMiddleware,\n    allow_origins=['*'],\n    allow_credentials=True,\n)\n"}, ["a.py:3"]),
    ("H004", "Express reflects", {**NODE, "a.js": "app.use(cors({ origin: true, credentials: true }));\n"}, ["a.js:1"]),
    ("H004", "Spring", {**JAVA, "src/main/java/A.java": 'registry.addMapping("/**")\n  .allowedOriginPatterns("*")\n  .allowCredentials(true);\n'}, ["src/main/java/A.java:2"]),
    ("H004", "ASP.NET", {**DOTNET, "src/Shop/P.cs": "o.AddPolicy(p => p.SetIsOriginAllowed(_ => true).AllowCredentials());\n"}, ["src/Shop/P.cs:1"]),
    ("H004", "Go", {**GO, "main.go": 'c := cors.New(cors.Options{\n\tAllowedOrigins: []string{"*"},\n\tAllowCredentials: true,\n})\n'}, ["main.go:2"]),
    ("H005", "described", service(openapi(f"/a:\n  get: {{security: [{{session: []}}], {OK}}}", COOKIE)), ["openapi.yaml:6"]),
    ("H005", "in code", {**NODE, "a.js": "const session = require('express-session');\n"}, ["a.js:1"]),
    ("H006", "Python", {**PYTHON, "a.py": "def a(r):\n    if r.headers['x-client-type'] == 'mobile':\n        pass\n"}, ["a.py:2"]),
    ("H006", "the agent, in Java", {**JAVA, "src/main/java/A.java": 'if (request.getHeader("User-Agent").contains("iPhone")) {\n'}, ["src/main/java/A.java:1"]),
    ("H007", "a body of any shape", service(openapi(html("/a", "application/json: {schema: {}}"))), ["openapi.yaml:6"]),
    ("H007", "no schema", service(openapi("/a:\n  post:\n    requestBody: {content: {application/json: {}}}\n    " + OK), GO), ["openapi.yaml:6"]),
]  # fmt: skip

LOOKALIKES = [
    ("H001", "mails", {**PYTHON, "shop/mail.py": "from jinja2 import Environment\nbody = env.get_template('a').render()\n"}),
    ("H001", "documentation", {**NODE, "a.js": "res.render('swagger-ui');\n"}),
    ("H001", "a comment", {**NODE, "a.js": "// res.render('cart')\n"}),
    ("H001", "a value of its own", {**PYTHON, "shop/a.py": "def present() -> View:\n    return View(channel=1)\n"}),
    ("H001", "Thymeleaf for mails", {**THYMELEAF, "src/main/resources/templates/mail/welcome.html": "<p>"}),
    ("H001", "a touchpoint may", {"package.json": '{"dependencies": {"react": "19.0.0", "next": "15.0.0"}}', "a.js": "res.render('a');\n"}),
    ("H002", "what users upload", {**NODE, "a.js": "app.use('/files', express.static('uploads'));\n", "uploads/.gitkeep": ""}),
    ("H002", "documentation", {**NODE, "a.js": "app.use('/docs', express.static('docs-ui'));\n", "docs-ui/index.html": ""}),
    ("H002", "templates that nobody serves", {**PYTHON, "shop/mail/welcome.html": ""}),
    ("H003", "documentation", service(openapi(html("/docs", "text/html: {}")))),
    ("H003", "both", service(openapi(html("/cart", "text/html: {}, application/json: {}")))),
    ("H004", "any origin without credentials", {**PYTHON, "a.py": "app.add_middleware(CORSMiddleware, allow_origins=['*'])\n"}),
    ("H004", "named origins", {**NODE, "a.js": "app.use(cors({ origin: ['https://shop.example'], credentials: true }));\n"}),
    ("H004", "two policies", {**PYTHON, "a.py": "a(CORSMiddleware, allow_origins=['*'])\nb(CORSMiddleware, allow_origins=X, allow_credentials=True)\n"}),
    ("H005", "a token as well", service(openapi(f"/a:\n  get: {{security: [{{session: []}}, {{token: []}}], {OK}}}", COOKIE))),
    ("H005", "sessions beside tokens", {**NODE, "a.js": "require('express-session');\n", "b.js": "require('jsonwebtoken');\n"}),
    ("H006", "a backend for frontend", {"package.json": '{"name": "shop-bff", "dependencies": {"express": "5"}}', "a.js": "if (clientType === 'mobile') {\n"}),
    ("H006", "a channel of the business", {**PYTHON, "a.py": "if phone.type == 'mobile':\n    pass\nif order.channel == 'email':\n    pass\n"}),
    ("H007", "typed", service(openapi(html("/a", "application/json: {schema: {type: object}}")))),
    ("H007", "gRPC", {**GO, "proto/a.proto": "service Cart {\n}\n"}),
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


@pytest.mark.parametrize("rule", ["H003", "H004", "H005", "H007"])
def test_what_there_is_nothing_of_has_not_passed(rule: str) -> None:
    """No contract, no CORS, no authentication: not applicable."""
    assert [Outcome.NOT_APPLICABLE] == outcomes(rule, NODE)
