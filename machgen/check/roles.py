"""What a root is in its landscape, inferred from what it depends on, what its image does, and what its code says."""

import re
from bisect import bisect_left

from machgen.check.dependencies import manifests
from machgen.check.dockerfile import Dockerfile, dockerfiles, image_name
from machgen.check.document import dig
from machgen.check.facts import Facts, is_beside, parent
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest import Dependency, Manifest
from machgen.check.model import Role

SERVERS: tuple[str, ...] = (
    # Python
    "fastapi", "flask", "django", "starlette", "litestar", "sanic", "aiohttp", "tornado", "falcon", "quart", "bottle",
    "grpcio", "connexion",
    # Node
    "express", "@nestjs/core", "koa", "fastify", "@hapi/hapi", "restify", "hono", "@grpc/grpc-js", "apollo-server*",
    "@apollo/server", "graphql-yoga", "moleculer",
    # Java
    "org.springframework.boot:spring-boot-starter-web*", "org.springframework.boot:spring-boot-starter-graphql",
    "org.springframework.cloud:spring-cloud-starter-gateway*", "io.quarkus:quarkus-rest*",
    "io.quarkus:quarkus-resteasy*",
    "io.micronaut:micronaut-http-server*", "io.javalin:javalin", "io.grpc:grpc-netty*", "io.helidon.webserver*",
    "org.springframework.cloud:spring-cloud-config-server",
    "org.springframework.cloud:spring-cloud-starter-netflix-eureka-server",
    "de.codecentric:spring-boot-admin-starter-server",
    # Go
    "github.com/gin-gonic/gin", "github.com/labstack/echo*", "github.com/gofiber/fiber*", "github.com/go-chi/chi*",
    "github.com/gorilla/mux", "google.golang.org/grpc", "github.com/julienschmidt/httprouter", "connectrpc.com/connect",
    # .NET
    "grpc.aspnetcore", "microsoft.aspnetcore.app",
    # Rust
    "actix-web", "axum", "rocket", "warp", "tonic", "poem",
    # PHP
    "laravel/framework", "symfony/framework-bundle", "slim/slim", "api-platform/core", "laravel/lumen-framework",
)  # fmt: skip
"""Dependencies that make a program a server; `*` ends a beginning."""

FRONT_ENDS: tuple[str, ...] = (
    "react", "react-dom", "vue", "@angular/core", "svelte", "next", "nuxt", "preact", "solid-js", "@remix-run/react",
    "gatsby",
    "astro", "react-native", "@builder.io/qwik", "ember-source", "lit", "streamlit", "gradio",
    "microsoft.aspnetcore.components.webassembly", "microsoft.maui.controls",
)  # fmt: skip
"""Dependencies that make a program a front end."""

PAGE_SERVERS: tuple[str, ...] = (
    "next", "nuxt", "gatsby", "astro", "@remix-run/node", "@remix-run/serve", "@react-router/serve", "@sveltejs/kit",
    "@angular/ssr", "@builder.io/qwik-city", "@solidjs/start", "@tanstack/react-start",
)  # fmt: skip
"""Front ends with a server of their own: what else the program depends on does not make it a service."""

LOAD_GENERATORS: tuple[str, ...] = (
    "locust",
    "k6",
    "artillery",
    "autocannon",
    "io.gatling:*",
    "io.gatling.highcharts:*",
)

DATABASES = frozenset(
    {
        "postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "redis", "valkey", "rabbitmq", "kafka",
        "cp-kafka",
        "nats", "elasticsearch", "opensearch", "cassandra", "memcached", "dynamodb-local", "zookeeper", "minio", "etcd",
        "influxdb", "neo4j", "clickhouse-server", "mssql", "server", "eclipse-mosquitto", "couchdb", "cockroach",
        "postgis",
    }
)  # fmt: skip
"""Short names of images that keep data for others; `server` is Microsoft's `mssql/server`."""

_FRONT_NAME = lazy_compile(
    r"(?:\A|[-_.])(?:front-?end|web-?ui|ui|webapp|web-?app|storefront|spa|webclient|webspa)(?:\Z|[-_.])", re.IGNORECASE
)
_TOOL_NAME = lazy_compile(
    r"(?:\A|[-_.])(?:load-?(?:gen(?:erator)?|test(?:s|er)?)|migrations?|migrator|jobs?|cli|scripts?|tools?|seeder|"
    r"build|generators?)(?:\Z|[-_.])",
    re.IGNORECASE,
)


def is_below(path: str, directory: str) -> bool:
    """Whether a path is a directory or stands in it."""
    return not directory or path == directory or path.startswith(directory + "/")


def _candidates(facts: Facts) -> list[str]:
    """The directories of manifests and container files, in order: sources below one belong to it."""
    described = {each.directory for each in facts.once(manifests)}
    return sorted(described | {parent(each.path) for each in facts.once(dockerfiles)})


def contract_homes(facts: Facts) -> dict[str, str]:
    """Return the directories that contracts describe, each with its contract: where that stands, or around
    `contract/`."""
    homes: dict[str, str] = {}
    for path in facts.named(
        "openapi.yaml",
        "openapi.yml",
        "openapi.json",
        "swagger.yaml",
        "swagger.yml",
        "swagger.json",
        "asyncapi.yaml",
        "asyncapi.yml",
    ):
        if facts.is_beside(path):
            continue
        where = parent(path)
        while where.rpartition("/")[2].lower() in {
            "contract",
            "contracts",
            "api",
            "openapi",
            "spec",
            "static",
            "resources",
            "main",
            "src",
        }:
            where = parent(where)
        homes.setdefault(where, path)
    return homes


def pack_homes(facts: Facts) -> frozenset[str]:
    """Return the directories that buildpacks make an image of: those of their project descriptors (Cloud Native
    Buildpacks, Project Descriptor 0.1 and 0.2)."""
    found = set()
    for path in facts.named("project.toml"):
        if path.endswith("project.toml") and not facts.is_beside(path):  # Julia's is written with a capital
            descriptor = facts.toml(path)
            if "_" in descriptor or any(
                dig(descriptor, *keys) for keys in (("io", "buildpacks"), ("build", "buildpacks"))
            ):
                found.add(parent(path))
    return frozenset(found)


_WEB = lazy_compile(r"^web:", re.MULTILINE)


def role_of(
    facts: Facts, where: str, containers: tuple[Dockerfile, ...], around: tuple[Manifest, ...]
) -> tuple[Role, str]:
    """Return what a directory is, and why.

    Args:
        facts: The repository.
        where: The directory.
        containers: The container files that build it.
        around: The dependency manifests that describe it.
    """
    if containers and (base := image_name(containers[0].final.external)).short in DATABASES:
        return Role.DATA, f"its image is built from {base.name}"
    if tool := next(filter(None, (manifest.needs(*LOAD_GENERATORS) for manifest in around)), None):
        return Role.TOOL, f"depends on the load generator {tool.name}"
    return (
        _catalog_role(facts, where)
        or _dependency_role(facts, where, containers, around)
        or _container_role(facts, where, containers)
        or (Role.LIBRARY, "has no container file and no server framework is a dependency")
    )


def _dependency_role(
    facts: Facts, where: str, containers: tuple[Dockerfile, ...], around: tuple[Manifest, ...]
) -> tuple[Role, str] | None:
    name = where.rpartition("/")[2]
    server, front = _server(facts, where, around), _needed(around, FRONT_ENDS)
    if not containers and (package := next((each for each in around if each.kind == "package"), None)):
        return Role.LIBRARY, f"{package.path} publishes it as a package"
    if (pages := _needed(around, PAGE_SERVERS)) and _builds_pages(facts, where):
        return Role.TOUCHPOINT, f"depends on {pages.name}"
    if front and not server and front.at.path.endswith("package.json") and not _builds_pages(facts, where):
        return Role.LIBRARY, f"depends on {front.name} and builds no application"
    if front and (not server or _FRONT_NAME.search(name)):
        return Role.TOUCHPOINT, f"depends on {front.name}"
    if server and containers and _TOOL_NAME.search(name) and not _exposed(containers):
        return Role.TOOL, f"is called {name} and its image exposes no port"
    if (
        server
        and not containers
        and _TOOL_NAME.search(name)
        and not _listening(facts, where, _inner(facts, where), by_library=True)
    ):
        return Role.TOOL, f"is called {name} and listens nowhere"
    if _FRONT_NAME.search(name) and (server or _exposed(containers)):
        return Role.TOUCHPOINT, f"is called {name} ({server or 'its image exposes a port'})"
    if any(each.kind == "web" for each in around) and (page := _razor(facts, where)):
        return Role.TOUCHPOINT, f"renders Razor pages ({page})"
    if server and (page := _only_page(facts, where, around)):
        return Role.TOUCHPOINT, f"serves pages and nothing else ({page})"
    if any(each.kind == "worker" for each in around):
        return Role.TOOL, "uses the worker SDK"
    return (Role.SERVICE, server) if server else None


def _container_role(facts: Facts, where: str, containers: tuple[Dockerfile, ...]) -> tuple[Role, str] | None:
    if any(is_below(home, where) for home in facts.once(contract_homes)):
        return Role.SERVICE, "has an API contract"
    if where in facts.once(pack_homes):
        serves = _WEB.search(facts.prose(f"{where}/Procfile".lstrip("/")))
        return (
            (Role.SERVICE, "its Procfile starts a web process") if serves else (Role.TOOL, "buildpacks make its image")
        )
    if containers and _static_server(containers):
        return Role.TOUCHPOINT, f"serves files from {image_name(containers[0].final.external).name}"
    if containers and _exposed(containers):
        return Role.SERVICE, "its image exposes a port"
    if containers and (handler := _handler(facts, where)):
        return Role.SERVICE, f"answers requests ({handler})"
    return (Role.TOOL, "its image exposes no port and no server framework is a dependency") if containers else None


def _handler(facts: Facts, where: str) -> str:
    """A controller of Spring's, where the starter comes by another dependency."""
    inner = _inner(facts, where)
    sources = (path for path in facts.below(where) if path.endswith((".java", ".kt")) and not path.startswith(inner))
    return next((path for path in sources if not facts.is_beside(path) and "@RestController" in facts.prose(path)), "")


def _needed(around: tuple[Manifest, ...], names: tuple[str, ...]) -> Dependency | None:
    for manifest in around:
        found = manifest.needs(*names)
        if found and found.runtime:
            return found
    return None


_LISTENS = lazy_compile(
    r"\bhttp\.ListenAndServe|\bgrpc\.NewServer\(|&?http\.Server\{|\bcreateServer\(|\.listen\(|"
    r"@SpringBootApplication|ServerBuilder\s*[.]\s*forPort|WebApplication\.CreateBuilder|\bgrpc\.(?:aio\.)?server\("
)


_NODE_HTTP = lazy_compile(
    r"\bcreateServer\(|(?:\brequire\(|\bfrom|\bimport)\s{0,9}[\"'](?:node:)?(?:https?|http2|net)[\"']"
)
"""What makes `.listen(` one of a server, and not of an emitter of events."""


def _server(facts: Facts, where: str, around: tuple[Manifest, ...]) -> str:
    inner = _inner(facts, where)
    if any(each.ecosystem == "go" for each in around) and not _has_main(facts, where, inner):
        return ""
    for manifest in around:
        if manifest.kind == "web":
            return f"{manifest.path} uses the web SDK"
    found = _needed(around, SERVERS)
    starts = any(_starts(facts, each) for each in around)
    if (
        found
        and starts
        and found.name not in {"google.golang.org/grpc", "grpcio", "@grpc/grpc-js", "aiohttp"}
        and not found.name.startswith("io.grpc")
    ):
        return f"depends on {found.name}"
    # a library that is client and server in one, or a standard library that listens: the code says which
    if around and (found or any(each.ecosystem in {"go", "node", "java"} for each in around)):
        return _listening(facts, where, inner, by_library=found is not None)
    return ""


def _listening(facts: Facts, where: str, inner: tuple[str, ...], *, by_library: bool) -> str:
    """Where the code of a directory, without the roots inside of it, begins to listen; empty where it does not."""
    sources = (path for path in facts.below(where) if path.endswith((".go", ".js", ".ts", ".py", ".java", ".kt")))
    for path in sources:
        text = "" if facts.is_beside(path) or path.startswith(inner) else facts.prose(path)
        if (match := _LISTENS.search(text)) and (
            by_library or not path.endswith((".js", ".ts")) or _NODE_HTTP.search(text)
        ):
            return f"listens in {path} ({match[0].rstrip('({')})"
    return ""


def _inner(facts: Facts, where: str) -> tuple[str, ...]:
    if not where:
        return tuple(f"{other}/" for other in facts.once(_candidates) if other)
    every = facts.once(_candidates)
    # they are sorted, so what is below a directory stands together; `0` is the character after `/`
    return tuple(f"{other}/" for other in every[bisect_left(every, f"{where}/") : bisect_left(every, f"{where}0")])


def _starts(facts: Facts, manifest: Manifest) -> bool:
    """Whether a Node package is one to start; others export what they make of a server's parts, and start nothing."""
    document = facts.json(manifest.path) if manifest.ecosystem == "node" else None
    if not isinstance(document, dict) or not any(key in document for key in ("main", "module", "exports", "types")):
        return True
    scripts = dig(document, "scripts")
    image = f"{manifest.directory}/Dockerfile".lstrip("/")
    names = scripts if isinstance(scripts, dict) else ()
    return image in facts.known or any(str(name).startswith(("start", "serve")) for name in names)


_PACKAGE = lazy_compile(r"^package (\w+)", re.MULTILINE)


def _has_main(facts: Facts, where: str, inner: tuple[str, ...]) -> bool:
    """Whether a Go module may hold a program: not where all of its files belong to other packages than `main`."""
    sources = [path for path in facts.below(where) if path.endswith(".go") and not path.startswith(inner)]
    production = [path for path in sources if not is_beside(path[len(where) :])]
    if any(path.endswith("main.go") for path in production):
        return True
    packages = {match[1] for path in production if (match := _PACKAGE.search(facts.prose(path)))}
    return not packages or "main" in packages


def _catalog_role(facts: Facts, where: str) -> tuple[Role, str] | None:
    path = f"{where}/catalog-info.yaml".lstrip("/")
    if path not in facts.known:
        return None
    kinds = {
        "service": Role.SERVICE,
        "website": Role.TOUCHPOINT,
        "library": Role.LIBRARY,
        "database": Role.DATA,
        "tool": Role.TOOL,
    }
    for document in facts.yaml(path):
        kind = dig(document, "spec", "type")
        if dig(document, "kind") == "Component" and isinstance(kind, str) and kind in kinds:
            return kinds[kind], f"{path} says it is a {kind}"
    return None


_BUNDLERS = lazy_compile(
    r"\b(?:vite|next|nuxt|nuxi|react-scripts|ng|webpack|astro|gatsby|remix|react-router|svelte-kit|expo|parcel|rsbuild|"
    r"vue-cli-service|qwik|ember)\b"
)


def _builds_pages(facts: Facts, where: str) -> bool:
    """Whether a Node package is an application: it has a page to start from, or its scripts call a bundler."""
    prefix = f"{where}/" if where else ""
    if any(
        f"{prefix}{name}" in facts.known for name in ("index.html", "public/index.html", "src/index.html", "app.json")
    ):
        return True
    scripts = dig(facts.json(f"{prefix}package.json"), "scripts")
    return isinstance(scripts, dict) and any(_BUNDLERS.search(str(each)) for each in scripts.values())


_ANSWERS_DATA = lazy_compile(
    r"\[ApiController\]|\.Map(?:Get|Post|Put|Patch|Delete|Group|GrpcService)\w*\s*[<(]|AddIdentityServer|"
    r"\bAddCarter\(|\bAddOpenApi\("
)


def _razor(facts: Facts, where: str) -> str:
    """A page of an ASP.NET program that serves pages: a Blazor application, or Razor pages and no API beside them."""
    blazor = next((path for path in facts.below(where) if path.endswith("/App.razor")), "")
    page = next((path for path in facts.below(where) if re.search(r"/(?:Pages|Views)/.+\.cshtml\Z", path)), "")
    if blazor or not page:
        return blazor
    code = (path for path in facts.below(where) if path.endswith(".cs"))
    return "" if any(_ANSWERS_DATA.search(facts.prose(path)) for path in code) else page


_ROUTE = lazy_compile(
    r"@\w+\.(?:route|get|post|put|patch|delete)\(\s*[\"']([^\"'\n]*)|"
    r"\b(?:app|router|server)\.(?:get|post|put|patch|delete|all)\(\s*[\"'`]([^\"'`\n]*)"
)


def _only_page(facts: Facts, where: str, around: tuple[Manifest, ...]) -> str:
    """The page of a Flask or Express program whose only route is that page."""
    if not any(each.needs("flask", "express") for each in around):
        return ""
    pages = re.compile(r"/(?:templates|views|public)/.+\.(?:html|j2|jinja2?|ejs|pug|hbs)\Z")
    page = next((path for path in facts.below(where) if pages.search(f"/{path}") and not facts.is_beside(path)), "")
    if not page:
        return ""
    code = [path for path in facts.below(where) if path.endswith((".py", ".js", ".ts")) and not facts.is_beside(path)]
    routes = [
        match[1] if match[1] is not None else match[2] for path in code for match in _ROUTE.finditer(facts.prose(path))
    ]
    return page if routes and set(routes) <= {"/", "*", "/index.html"} else ""


def _exposed(containers: tuple[Dockerfile, ...]) -> bool:
    return any(each.final.last("EXPOSE") for each in containers)


def _static_server(containers: tuple[Dockerfile, ...]) -> bool:
    return image_name(containers[0].final.external).short in {"nginx", "nginx-unprivileged", "caddy", "httpd"}
