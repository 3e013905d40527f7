"""Route declarations of the common frameworks, read from the code as text.

FastAPI and Flask, Express and NestJS, Spring, ASP.NET, and in Go net/http, chi, gin, echo and gorilla. Where a router
is mounted is often decided elsewhere, so what is read is the end of a path; that the whole is all there is to know is
only said where nothing in the code declares routes in another way.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from machgen.check.facts import Facts
from machgen.check.model import Place
from machgen.check.roots import Root, files_of

ANY = "*"
"""The method of a route that answers to all."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route declaration.

    Args:
        method: Lower case, or `ANY`.
        path: As far as the file tells: the end of the whole path, parameters as the framework writes them.
        at: Where.
    """

    method: str
    path: str
    at: Place

    @property
    def name(self) -> str:
        """What messages call it: `GET /notes`."""
        return f"{'any method' if self.method == ANY else self.method.upper()} {self.path}"


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of a service.

    Args:
        found: Those that can be read.
        elsewhere: What in the code declares routes that cannot be read; empty where nothing does.
    """

    found: tuple[Route, ...]
    elsewhere: str = ""


_ELSEWHERE = re.compile(
    r"\badd_api_route\s*\(|\badd_url_rule\s*\(|\bapi_route\s*\(|\bconnexion\b|\bDefaultRouter\s*\(|\bModelViewSet\b|"
    r"\burlpatterns\b|\bfastapi_users\b|\bSQLAlchemyCRUDRouter\b|\.mount\s*\(\s*['\"]/(?!static|assets)|"
    r"\bopenapi-backend\b|\bexpress-openapi|\bRegisterRoutes\s*\(|\bswagger-routes|@nestjsx/crud|\bloopback\b|"
    r"\bimplements\s+\w+Api\b|\bRouterFunctions?\b|\bRepositoryRestResource\b|\bCrudRepositoryController\b|"
    r"\bHandlerFromMux\b|\bRegisterHandlers(?:WithOptions)?\s*\(|\bStrictServerInterface\b|\bhuma\.Register\b|"
    r"\bgenerated\s+by\s+(?:openapi|swagger|oapi)|\bMapIdentityApi\b|\bMapGrpcService\b|\bMapControllerRoute\b|"
    r"\bCarterModule\b|\bFastEndpoints\b|\bgoa\.design\b|\bgo-swagger\b|\brequire\(\s*['\"]fs['\"][\s\S]{0,400}\.use\("
)
_CODE = (".py", ".js", ".ts", ".mjs", ".cjs", ".java", ".kt", ".cs", ".go")


def routes(facts: Facts, root: Root) -> Routes:
    """Return the route declarations in the production code of a root; they are read once."""
    known = facts.once(_known)
    if root.path not in known:
        known[root.path] = _routes(facts, root)
    return known[root.path]


def _known(_facts: Facts) -> dict[str, Routes]:
    return {}


def _routes(facts: Facts, root: Root) -> Routes:
    found: list[Route] = []
    elsewhere = ""
    for path in files_of(facts, root):
        read = _READERS.get(path.rpartition(".")[2]) if path.endswith(_CODE) else None
        text = facts.prose(path) if read else ""
        if not text or read is None:
            continue
        plain = _without_comments(text, path)
        if not elsewhere and (match := _ELSEWHERE.search(plain)):
            elsewhere = f"{path}: {' '.join(match[0].split())[:40]}"
        found += [
            Route(method, route, Place(path, plain.count("\n", 0, offset) + 1)) for method, route, offset in read(plain)
        ]
    return Routes(tuple(found), elsewhere)


_C_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\w])//[^\n]*", re.DOTALL)
_PYTHON_COMMENT = re.compile(r"(?m)^\s*#[^\n]*|\"\"\".*?\"\"\"", re.DOTALL)


def _without_comments(text: str, path: str) -> str:
    pattern = _PYTHON_COMMENT if path.endswith(".py") else _C_COMMENT
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


Found = Iterator[tuple[str, str, int]]

_PY_ROUTER = re.compile(
    r"^(\w+)(?:\s*:\s*\w+)?\s*=\s*[\w.]*(?:[rR]outer|Blueprint|FastAPI|Flask)\w*\s*\(", re.MULTILINE
)
_PY_PREFIX = re.compile(r"(?:\bprefix|\burl_prefix|\bpath)\s*=\s*[\"'](/[^\"']*)[\"']|\A\s*[\"'](/[^\"']*)[\"']")
_PY_ROUTE = re.compile(
    r"^[ \t]*@(\w+)\.(get|post|put|patch|delete|route)\(\s*(?:path\s*=\s*|rule\s*=\s*)?[\"']([^\"']*)[\"']",
    re.MULTILINE,
)


def _python(text: str) -> Found:
    prefixes = {}
    for match in _PY_ROUTER.finditer(text):
        inside = _call(text, match.end())
        prefix = _PY_PREFIX.search(inside)
        prefixes[match[1]] = (prefix[1] or prefix[2]) if prefix else ""
    for match in _PY_ROUTE.finditer(text):
        rest = _call(text, match.end())
        if match[1] not in prefixes and not re.search(r"(?i)router|app|api|blueprint|\bbp\b", match[1]):
            continue
        if "include_in_schema=False" in rest.replace(" ", ""):
            continue
        path = prefixes.get(match[1], "") + match[3]
        if match[2] != "route":
            yield match[2], path, match.start(2)
            continue
        methods = re.search(r"methods\s*=\s*[\[({]([^\])}]*)", rest)
        for method in re.findall(r"[A-Z]+", methods[1]) if methods else ["GET"]:
            if method not in {"HEAD", "OPTIONS"}:
                yield method.lower(), path, match.start(2)


def _call(text: str, start: int) -> str:
    """The arguments of a call from `start`, which is inside of its brackets."""
    depth = 1
    for index in range(start, min(len(text), start + 3000)):
        depth += (text[index] in "([{") - (text[index] in ")]}")
        if not depth:
            return text[start:index]
    return text[start : start + 3000]


_JS_ROUTER = re.compile(r"\b(\w+)\s*=\s*(?:new\s+)?(?:express(?:\.Router)?|Router|fastify|Fastify)\s*\(")
_JS_ROUTE = re.compile(r"\b(\w+)\s*\.\s*(get|post|put|patch|delete|all)\s*\(\s*(['\"`])(/[^'\"`]*)\3\s*,")
_JS_CHAIN = re.compile(
    r"\b\w+\s*\.\s*route\s*\(\s*(['\"`])(/[^'\"`]*)\1\s*\)((?:\s*\.\s*\w+\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+)"
)
_NEST_CLASS = re.compile(r"@Controller\s*\(\s*(?:(['\"`])([^'\"`]*)\1)?[^)]*\)")
_NEST_ROUTE = re.compile(r"@(Get|Post|Put|Patch|Delete)\s*\(\s*(?:(['\"`])([^'\"`]*)\2)?\s*\)")


def _javascript(text: str) -> Found:
    routers = {match[1] for match in _JS_ROUTER.finditer(text)}
    for match in _JS_ROUTE.finditer(text):
        if match[1] in routers or re.fullmatch(r"app|server|router|\w*Router|\w*[rR]outes", match[1]):
            yield ANY if match[2] == "all" else match[2], match[4], match.start(2)
    for match in _JS_CHAIN.finditer(text):
        for method in re.findall(r"\.\s*(get|post|put|patch|delete|all)\s*\(", match[3]):
            yield ANY if method == "all" else method, match[2], match.start()
    classes = list(_NEST_CLASS.finditer(text))
    for match in _NEST_ROUTE.finditer(text) if classes else ():
        owner = next((each for each in reversed(classes) if each.start() < match.start()), None)
        if owner is not None:
            yield match[1].lower(), _joined(owner[2] or "", match[3] or ""), match.start()


_SPRING = re.compile(r"@(Get|Post|Put|Patch|Delete|Request)Mapping\b\s*(\((?:[^()\"]|\"[^\"]*\"|\([^()]*\))*\))?")
_JAVA_CLASS = re.compile(r"\b(?:class|interface|record)\s+\w+")


def _java(text: str) -> Found:
    if re.search(r"@(?:FeignClient|HttpExchange)\b", text) or not re.search(r"@(?:Rest)?Controller\b", text):
        return
    spot = _JAVA_CLASS.search(text)
    first = spot.start() if spot else 0
    prefixes = [""]
    for match in _SPRING.finditer(text):
        given = match[2] or ""
        paths = _java_paths(given)
        if match[1] == "Request" and match.start() < first:
            prefixes = paths or [""]
            continue
        methods = [match[1].lower()]
        if match[1] == "Request":
            methods = [
                each.lower() for each in re.findall(r"\b(?:RequestMethod\.)?(GET|POST|PUT|PATCH|DELETE)\b", given)
            ]
        for method in methods or [ANY]:
            for prefix in prefixes:
                for path in paths or [""]:
                    yield method, _joined(prefix, path), match.start()


def _java_paths(given: str) -> list[str]:
    inside = re.sub(r"\b(?:produces|consumes|headers|params|name)\s*=\s*(?:\{[^{}]*\}|\"[^\"]*\"|[\w.]+)", "", given)
    return re.findall(r"\"([^\"]*)\"", inside)


_NET_CLASS = re.compile(r"\bclass\s+(\w+?)(?:Controller)?\b")
_NET_ROUTE = re.compile(r"\[Route\s*\(\s*\"([^\"]*)\"")
_NET_METHOD = re.compile(r"\[Http(Get|Post|Put|Patch|Delete)\s*(?:\(\s*(?:\"([^\"]*)\")?[^)\]]*\))?\s*[\],]")
_NET_MAP = re.compile(r"\b(\w+)\s*\.\s*Map(Get|Post|Put|Patch|Delete)\s*(?:<[^>]*>)?\s*\(\s*\"([^\"]*)\"")
_NET_GROUP = re.compile(r"\b(\w+)\s*=\s*[^;]*?\.MapGroup\s*\(\s*\"([^\"]*)\"")


def _dotnet(text: str) -> Found:
    named = _NET_CLASS.search(text)
    controller = named[1] if named else ""
    base = ""
    if named is not None:
        above = [each for each in _NET_ROUTE.finditer(text) if each.start() < named.start()]
        base = above[-1][1] if above else ""
    for match in _NET_METHOD.finditer(text):
        own = match[2] or ""
        following = _NET_ROUTE.match(text, re.compile(r"\s*\]?\s*").match(text, match.end()).end())  # type: ignore[union-attr]  # the pattern matches the empty text
        own = own or (following[1] if following else "")
        path = own[1:] if own.startswith("~") else _joined(base, own)
        yield match[1].lower(), path.replace("[controller]", controller), match.start()
    groups = {match[1]: match[2] for match in _NET_GROUP.finditer(text)}
    for match in _NET_MAP.finditer(text):
        yield match[2].lower(), _joined(groups.get(match[1], ""), match[3]), match.start()


_GO_ROUTE = re.compile(
    r"\b(\w+)\s*\.\s*(GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete)\s*\(\s*[\"`](/[^\"`]*|)[\"`]\s*,"
)
_GO_HANDLE = re.compile(
    r"\b\w+\s*\.\s*Handle(?:Func)?\s*\(\s*[\"`](?:(GET|POST|PUT|PATCH|DELETE)\s+)?(/[^\"`]*)[\"`]\s*,"
)
_GO_METHODS = re.compile(r"\)\s*\.\s*Methods\s*\(([^)]*)\)")
_GO_GROUP = re.compile(r"\b(\w+)\s*:?=\s*(\w+)\s*\.\s*Group\s*\(\s*\"([^\"]*)\"")


def _go(text: str) -> Found:
    prefixes: dict[str, str] = {}
    for match in _GO_GROUP.finditer(text):
        prefixes[match[1]] = prefixes.get(match[2], "") + match[3]
    for match in _GO_ROUTE.finditer(text):
        receiver = match[1]
        if receiver in prefixes or re.fullmatch(
            r"r|e|g|rg|rt|mux|app|api|v\d|router|\w*[rR]outer|group|\w*Group|engine", receiver
        ):
            yield match[2].lower(), prefixes.get(receiver, "") + match[3], match.start()
    for match in _GO_HANDLE.finditer(text):
        if match[1]:
            yield match[1].lower(), match[2], match.start()
            continue
        end = text.find("\n", match.end())
        following = _GO_METHODS.search(text[match.end() : end if end > 0 else len(text)])
        methods = (
            re.findall(r"(?:Method)?(Get|Post|Put|Patch|Delete|GET|POST|PUT|PATCH|DELETE)\b", following[1])
            if following
            else []
        )
        for method in methods or [ANY]:
            yield method.lower(), match[2], match.start()


def _joined(base: str, path: str) -> str:
    return "/" + "/".join(part.strip("/") for part in (base, path) if part.strip("/"))


_READERS: dict[str, Callable[[str], Found]] = {
    "py": _python,
    "js": _javascript,
    "ts": _javascript,
    "mjs": _javascript,
    "cjs": _javascript,
    "java": _java,
    "kt": _java,
    "cs": _dotnet,
    "go": _go,
}


def segments(path: str) -> tuple[str, ...] | None:
    """Return a path's parts with `{}` for parameters, letters folded; None where a part can match several.

    Args:
        path: In OpenAPI's or in any framework's way of writing.
    """
    parts = []
    # a parameter's pattern or type, as in {id:int} and {id:[0-9]+}, is not part of the path; {rest:path} spans several
    path = re.sub(r"\{(\w+):(?!path\})[^{}]*(?:\{[0-9,]+\}[^{}]*)?\}", r"{\1}", path)
    for part in path.strip("/").split("/"):
        if not part:
            continue
        if "*" in part or part.startswith(("(", "^", "{**", "{*")) or part.endswith(("?}", "?")):
            return None
        if "<path:" in part or ":path}" in part or "${" in part or "..." in part:
            return None
        parts.append("{}" if re.search(r"[{<:$]", part) else part.lower())
    return tuple(parts)
