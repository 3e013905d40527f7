"""H001-H003, H005-H007: a service serves data to every touchpoint, and pages to none."""

import re
from collections.abc import Iterator

from machgen.check.api_first.contracts import api_of, no_openapi, of, place_of
from machgen.check.api_first.operations import Api, Operation
from machgen.check.facts import Facts, join, parent
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".java", ".kt", ".cs", ".go", ".rs", ".php")
_DOCUMENTATION = lazy_compile(r"swagger|redoc|openapi|api-?docs?|\bdocs\b|graphi?ql|playground|scalar", re.IGNORECASE)
COMMENT = lazy_compile(r"\s*(?:#|//|\*|/\*|--)")
"""What a line begins with that is a comment in one of these languages."""


def sources_of(facts: Facts, root: Root) -> tuple[str, ...]:
    """Return the production files of a root that are written in a language that is read."""
    return tuple(path for path in files_of(facts, root) if path.endswith(_CODE))


def _calls(
    facts: Facts, root: Root, pattern: re.Pattern[str], words: Words, part: re.Pattern[str] | None = None
) -> Iterator[tuple[Place, re.Match[str], str]]:
    """Give where the code of a root matches, outside of comments, with the line.

    A match has one of `words` in it, and a match of `part`, which is found sooner.
    """
    sources = tuple(
        path
        for path in sources_of(facts, root)
        if facts.mentions(path, words) and (part is None or part.search(facts.prose(path)))
    )
    for at, match in facts.grep(sources, pattern):
        line = facts.lines(at.path)[at.line - 1]
        if not COMMENT.match(line):
            yield at, match, line


_RENDERING = whole(
    "Jinja2Templates", "render_template", "render_template_string", "TemplateResponse", "render", "view", "reply",
    "View", "ModelAndView", "AddControllersWithViews", "AddRazorPages", "AddRazorComponents", "template",
    "LoadHTMLGlob", "LoadHTMLFiles", "Template",
)  # fmt: skip
_RENDERS = lazy_compile(
    r"\b(?:Jinja2Templates\s*\(|(?:flask\.)?render_template(?:_string)?\s*\(|TemplateResponse\s*\(|"
    r"from django\.shortcuts import [^\n]{0,200}\brender\b|"
    r"app\.set\s*\(\s*['\"]view engine['\"]|res(?:ponse)?\.render\s*\(|reply\.view\s*\(|"
    r"AddControllersWithViews\s*\(|AddRazorPages\s*\(|AddRazorComponents\s*\(|return\s+View\s*\(|"
    r"new\s+ModelAndView\s*\(|LoadHTML(?:Glob|Files)\s*\()|\"html/template\"|"
    r"#\[derive\([^)]{0,200}\bTemplate\b[^)]{0,200}\)\]"
)
_ENGINES = (
    "org.springframework.boot:spring-boot-starter-thymeleaf", "org.springframework.boot:spring-boot-starter-freemarker",
    "org.springframework.boot:spring-boot-starter-mustache", "io.quarkus:quarkus-qute-web", "com.vaadin:*",
)  # fmt: skip


@rule(
    "H001",
    "It renders no pages",
    level=Level.WARNING,
    source="MACH Alliance principles: headless; Newman, Building Microservices (2021) ch. 14",
    mend="Return data, and let a touchpoint of its own render it.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def no_pages(facts: Facts, root: Root) -> Iterator[Answer]:
    """A page is made for one kind of screen. A service that renders it has to change whenever that screen does, and
    serves the next touchpoint nothing. Pages that document the API are none of that."""
    for manifest in root.manifests:
        engine = manifest.needs(*_ENGINES)
        if engine is not None and engine.runtime and _templates(facts, root):
            yield Flaw(f"{root.name} renders pages with {engine.name}", engine.at, engine.name)
            return
    for at, match, line in _calls(facts, root, _RENDERS, _RENDERING):
        if match[0] == '"html/template"' and not _executes(facts, at.path):
            continue
        if match[0].startswith("return") and not at.path.endswith(".cs"):
            continue  # a value of one's own that is called `View`
        if not _DOCUMENTATION.search(line) and not re.search(r"mail", at.path + line, re.IGNORECASE):
            call = " ".join(match[0].split()).rstrip("( ")
            yield Flaw(f"{root.name} renders pages: {call}", at, "renders")
            return


def _templates(facts: Facts, root: Root) -> bool:
    """Whether there are templates that are neither of mails nor of documentation."""
    return any(
        path.endswith((".html", ".ftl", ".ftlh", ".mustache")) and not re.search(r"mail|notification", path)
        for path in files_of(facts, root)
    )


def _executes(facts: Facts, path: str) -> bool:
    text = facts.prose(path)
    return "http.ResponseWriter" in text and re.search(r"\.Execute(?:Template)?\(\s*w\b", text) is not None


_SERVING = Words("\nstatic\n", "\nStatic", "UseStatic", "MapStatic", "FileServer", "UseBlazor", "\nfrontend\n")
_ASSETS = lazy_compile(
    r"\b(?:express|serve)\.static\s{0,9}\(\s{0,9}(?P<js>[^()]{0,200}(?:\([^()]{0,200}\)[^()]{0,200}){0,9})\)|"
    r"\bStaticFiles\s*\((?P<py>[^()]{0,200}(?:\([^()]{0,200}\)[^()]{0,200}){0,9})\)|"
    r"\bhttp\.FileServer\s*\(\s*http\.Dir\s*\((?P<go>[^()]*)\)|\br(?:outer)?\.Static\s*\((?P<gin>[^()]*)\)|"
    r"@fastify/static[\s\S]{0,200}?root:\s*(?P<fastify>[^\n]*)|(?P<net>\bapp\.(?:UseStaticFiles|MapStaticAssets|"
    r"UseBlazorFrameworkFiles)\s*\()|(?P<fastapi>\bapp\.frontend)\s*\("
)
_PAGE = (".html", ".htm", ".jsx", ".tsx", ".css", ".vue", ".svelte")


@rule(
    "H002",
    "It serves no front-end assets",
    level=Level.WARNING,
    source="MACH Alliance principles: headless; The Twelve-Factor App, VI",
    mend="Move the assets to the touchpoint that they belong to, or to a content delivery network.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def no_assets(facts: Facts, root: Root) -> Iterator[Answer]:
    """Pages and styles that ship with a service tie the front end's release to the service's, and its traffic to the
    service's capacity."""
    spring = ("src/main/resources/static/", "src/main/resources/public/", "src/main/resources/META-INF/resources/")
    prefix = f"{root.path}/" if root.path else ""
    java = any(each.ecosystem == "java" for each in root.manifests)
    for path in files_of(facts, root) if java else ():
        if path.startswith(tuple(prefix + each for each in spring)) and _is_page(path):
            yield Flaw(f"{root.name} serves {path}", Place(path), "assets")
            return
    for at, match, line in _calls(facts, root, _ASSETS, _SERVING):
        found = _served(facts, root, at, match)
        if found and not _DOCUMENTATION.search(line):
            yield Flaw(f"{root.name} serves front-end files such as {found}", at, "assets")
            return


def _is_page(path: str) -> bool:
    return path.lower().endswith(_PAGE) and not _DOCUMENTATION.search(path)


def _served(facts: Facts, root: Root, at: Place, match: re.Match[str]) -> str:
    """A page or style below the directory that is served; empty where none is in the tree."""
    if match["net"]:
        project = root.path
        return next((path for path in facts.below(f"{project}/wwwroot".strip("/")) if _is_page(path)), "")
    if match["fastapi"]:
        return "what app.frontend names"
    text = next((value for value in match.groupdict().values() if value), "")
    literals = re.findall(r"['\"`]([^'\"`]+)['\"`]", text)
    for literal in reversed(literals):
        for base in (parent(at.path), root.path, parent(parent(at.path))):
            directory = join(base, literal.strip("/"))
            if directory:
                page = next((path for path in facts.below(directory) if _is_page(path)), "")
                if page:
                    return page
    return ""


@rule(
    "H003",
    "The contract speaks data",
    level=Level.WARNING,
    source="MACH Alliance principles: headless; RFC 9110, 12: content negotiation",
    mend="Describe the data as JSON, and leave HTML to a touchpoint.",
    applies_when="a service with an OpenAPI description",
    roles=(Role.SERVICE,),
)
def speaks_data(facts: Facts, root: Root) -> Iterator[Answer]:
    """HTML in a contract is a page that somebody embeds as it is: no other touchpoint can use what is in it."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        for operation in api.operations:
            if _DOCUMENTATION.search(operation.path):
                continue
            for status, response in operation.responses.items():
                pages = [each for each in response.body.content if each in {"text/html", "application/xhtml+xml"}]
                if pages and not response.is_error and len(pages) == len(response.body.content):
                    at = place_of(facts, response.node)
                    yield Flaw(f"{operation.name} answers {status} with {pages[0]} only", at, response.node.pointer)


def _apis(facts: Facts, root: Root) -> list[Api]:
    return [api_of(facts, each) for each in of(facts, root, "openapi")]


_SESSIONS = Words("session", "Session", "AddCookie", "CookieAuth", "formLogin", "flask_login")
_SESSION = lazy_compile(
    r"\brequire\(\s*['\"](?:express-session|cookie-session)['\"]|from\s+['\"](?:express-session|cookie-session)['\"]|"
    r"\bSessionMiddleware\s*,|\bAddCookie\s*\(|\bCookieAuthenticationDefaults\.AuthenticationScheme\b|\bformLogin\s*\(|"
    r"\bfrom flask_login import\b|\"github\.com/gin-contrib/sessions\"|\"github\.com/gorilla/sessions\""
)
_TOKENS = Words(
    "earer", "BEARER", "2Resource", "jsonwebtoken", "jose", "JOSE", "assport", "xpress", "jwt", "JWT", "Jwt", "OAuth",
    "oauth", "OAUTH", "uthorization", "AUTHORIZATION", "KeyHeader", "API", "Api", "api", "KEY",
)  # fmt: skip
_TOKEN = lazy_compile(
    r"\bBearer\b|JwtBearer|oauth2ResourceServer|\bjsonwebtoken\b|\bjose\b|passport-jwt|express-oauth2-jwt-bearer|"
    r"\bjwt\b|OAuth2|HTTPBearer|Authorization|APIKeyHeader|X-API-Key",
    re.IGNORECASE,
)


@rule(
    "H005",
    "Access is by token",
    level=Level.WARNING,
    source="RFC 6750, Bearer Token Usage; OWASP REST Security Cheat Sheet; MACH Alliance principles: headless",
    mend="Accept a bearer token; keep the browser's cookie in the touchpoint's own backend.",
    applies_when="a service with authentication",
    roles=(Role.SERVICE,),
)
def by_token(facts: Facts, root: Root) -> Iterator[Answer]:
    """A session cookie belongs to one browser and one site: no other service, app or device can send it, and it must be
    defended against cross-site requests. A token works for all of them."""
    apis, seen = _apis(facts, root), False
    for api in apis:
        for operation in api.operations:
            alternatives = [each for each in operation.security or () if each]
            seen = seen or bool(alternatives)
            if (
                alternatives
                and all(_by_cookie(api, each) for each in alternatives)
                and {} not in (operation.security or [])
            ):
                at = place_of(facts, operation.node)
                yield Flaw(f"{operation.name} takes a cookie and nothing else", at, operation.node.pointer)
    if seen:
        return
    session = next(_calls(facts, root, _SESSION, _SESSIONS), None)
    if session is None:
        yield NotApplicable("no authentication is described; A007 asks for it")
    elif any(facts.mentions(path, _TOKENS) and _TOKEN.search(facts.prose(path)) for path in sources_of(facts, root)):
        return
    else:
        yield Flaw(f"{root.name} knows its users by a session cookie only", session[0], "session")


def _by_cookie(api: Api, alternative: dict[str, list[str]]) -> bool:
    schemes = api.schemes()
    nodes = [schemes.get(name) for name in alternative]
    return all(node is not None and node.get("type") == "apiKey" and node.get("in") == "cookie" for node in nodes)


_KINDS = r"(?:mobile|ios|iphone|ipad|android|web|desktop|kiosk|smart-?tv|watch|tablet|alexa|whatsapp)"
_TOUCHPOINTS = Words(
    "obile", "MOBILE", "ios", "iOS", "IOS", "iphone", "iPhone", "iPad", "ipad", "ndroid", "ANDROID", "web", "Web",
    "WEB", "esktop", "iosk", "mart", "watch", "ablet", "lexa", "hatsapp", "hatsApp", "ozilla", "hrome", "afari",
)  # fmt: skip
_BRANCH = lazy_compile(
    r"\b(?:if|when|case|switch|elif)\b[^\n]{0,120}?(?:"
    r"user[-_ ]?agent[^\n]{0,60}?(?:mobile|iphone|ipad|android|mozilla|chrome|safari)|"
    r"(?:client|channel|platform|device|touchpoint|app)[-_]?(?:type|name|kind|id)?[\"'\])]*\s*(?:\(\))?\s*"
    r"(?:={2,3}|\.equals(?:IgnoreCase)?\(|\.Equals\()\s*[\"']" + _KINDS + r"[\"'])",
    re.IGNORECASE,
)
_BRANCHED = lazy_compile(rf"[\"']{_KINDS}[\"']|agent", re.IGNORECASE)
_FRONT_FOR = lazy_compile(r"bff|gateway|edge|experience", re.IGNORECASE)


@rule(
    "H006",
    "No touchpoint has a branch of its own",
    level=Level.WARNING,
    source="MACH Alliance principles: headless; Newman, Building Microservices (2021) ch. 14: Backends for Frontends",
    mend="Offer the data whole, and let the touchpoint or its backend for frontend choose.",
    applies_when="a service that is no backend for frontend or gateway",
    roles=(Role.SERVICE,),
)
def no_branch(facts: Facts, root: Root) -> Iterator[Answer]:
    """A domain service that asks who is calling knows its front ends, and has to be released with each new one."""
    title = f"{root.path} {' '.join(each.name for each in root.manifests)}"
    if _FRONT_FOR.search(title):
        yield NotApplicable("it is a backend for frontend or a gateway")
        return
    for at, match, _ in _calls(facts, root, _BRANCH, _TOUCHPOINTS, _BRANCHED):
        text = " ".join(match[0].split())
        yield Flaw(f"a branch for one kind of touchpoint: {text[:100]}", at, text)


@rule(
    "H007",
    "A typed client can be had from the contract",
    level=Level.WARNING,
    source="OpenAPI 3.1.0, Media Type Object; MACH Alliance principles: headless; OpenAPI Generator documentation",
    mend="Give each JSON body a schema.",
    applies_when="a service with a contract",
    roles=(Role.SERVICE,),
)
def typed_client(facts: Facts, root: Root) -> Iterator[Answer]:
    """A touchpoint should not write by hand what the contract already knows. Where a body has no schema, the generated
    client has a hole that is found at run time."""
    described = of(facts, root)
    if not described:
        yield NotApplicable("no contract: A001 asks for one")
        return
    for contract in described:
        if contract.kind == "openapi" and contract.document is None:
            yield Unknown(f"{contract.path} cannot be read")
    for api in _apis(facts, root):
        for operation in api.operations:
            for what in _untyped(operation):
                at = place_of(facts, operation.node)
                yield Flaw(f"{operation.name} {what}", at, f"{operation.node.pointer} {what}")


def _untyped(operation: Operation) -> Iterator[str]:
    bodies = [("takes", operation.body)] + [
        (f"answers {status} with", response.body)
        for status, response in operation.responses.items()
        if not response.is_error
    ]
    for verb, body in bodies:
        for media, schema in body.content.items() if body else ():
            if media.endswith("json") and _says_nothing(schema.value):
                yield f"{verb} {media} of any shape"
                break


def _says_nothing(schema: object) -> bool:
    words = {"description", "title"}
    return schema is None or schema is True or (isinstance(schema, dict) and not schema.keys() - words)


RULES = rules_in(vars())
