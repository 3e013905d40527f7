"""The deployables and libraries of a repository, each with its role and the reason for it.

A root is found by a declaration (`[check.roots]` in machgen.toml, `[tool.machgen.check.roots]` in pyproject.toml), a
container file, a build that makes an image (Jib, buildpacks, .NET), a dependency manifest or a contract; never by the
name of a directory alone.
"""

import re
from dataclasses import dataclass

from machgen.check.dependencies import Dependency, Manifest, manifests
from machgen.check.dockerfile import Dockerfile, dockerfiles, image_name
from machgen.check.document import dig
from machgen.check.facts import Facts, is_beside, parent
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

_FRONT_NAME = re.compile(
    r"(?:\A|[-_.])(?:front-?end|web-?ui|ui|webapp|web-?app|storefront|spa|webclient|webspa)(?:\Z|[-_.])", re.IGNORECASE
)
_TOOL_NAME = re.compile(
    r"(?:\A|[-_.])(?:load-?(?:gen(?:erator)?|test(?:s|er)?)|migrations?|migrator|jobs?|cli|scripts?|tools?|seeder|"
    r"build)(?:\Z|[-_.])",
    re.IGNORECASE,
)
ASIDE = frozenset(
    {"docker", "deploy", "deployment", "build", "container", "containers", ".docker", "images", "ci", "image", "infra"}
)


@dataclass(frozen=True, slots=True)
class Root:
    """One deployable or library.

    Args:
        path: Its directory; empty for the repository itself.
        role: What it is.
        reason: Why it is taken for that, as the report shows it.
        dockerfiles: Container files that build it.
        manifests: The dependency manifests in its directory.
        declared: Whether the repository declares it.
        evidence: A file that shows it where there is neither container file nor manifest: its contract.
    """

    path: str
    role: Role
    reason: str
    dockerfiles: tuple[Dockerfile, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    declared: bool = False
    evidence: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path or "this repository"

    @property
    def is_contract_only(self) -> bool:
        """Whether only its contract is here, and what serves it is elsewhere or not yet written."""
        return bool(self.evidence) and not self.dockerfiles and not self.manifests and not self.declared

    def holds(self, path: str) -> bool:
        """Whether a file is in the root's directory or below."""
        return not self.path or path.startswith(self.path + "/")


def roots(facts: Facts) -> tuple[Root, ...]:
    """Return the roots, by path."""
    declared = facts.once(declarations)
    images: dict[str, list[Dockerfile]] = {}
    described: dict[str, list[Manifest]] = {}
    for manifest in facts.once(manifests):
        described.setdefault(manifest.directory, []).append(manifest)
    for dockerfile in facts.once(dockerfiles):
        images.setdefault(_home(dockerfile.path, described, declared), []).append(dockerfile)
    places = set(images) | set(declared) | {where for where, found in described.items() if _stands_alone(found)}
    places |= {where for where in facts.once(contract_homes) if not any(_below(where, other) for other in places)}
    found = []
    for where in sorted(places):
        containers, around = tuple(images.get(where, ())), tuple(described.get(where, ()))
        if where in declared:
            role, reason = declared[where]
            found.append(Root(where, role, reason, containers, around, declared=True))
        elif not _is_shared(where, containers, around, places):
            role, reason = _role(facts, where, containers, around)
            evidence = facts.once(contract_homes).get(where, "")
            found.append(Root(where, role, reason, containers, around, evidence=evidence))
    return tuple(root for root in found if not _is_part(root, found))


def _is_shared(where: str, containers: tuple[Dockerfile, ...], around: tuple[Manifest, ...], places: set[str]) -> bool:
    """Whether a directory only holds other roots and a container file that they share."""
    if any(parent(each.path) == where for each in containers) or _stands_alone(list(around)):
        return False
    return any(other != where and _below(other, where) and other.count("/") <= where.count("/") + 1 for other in places)


def _is_part(root: Root, found: list[Root]) -> bool:
    """Whether a library is no thing of its own: inside of a deployable, or only what holds the others together."""
    if root.declared or root.role is not Role.LIBRARY or root.dockerfiles:
        return False
    inside = any(each.dockerfiles and each.path != root.path and each.holds(f"{root.path}/x") for each in found)
    return inside or (not root.path and len(found) > 1)


def services(facts: Facts) -> tuple[Root, ...]:
    """Return the roots that serve an API."""
    return tuple(root for root in facts.once(roots) if root.role is Role.SERVICE)


def root_of(facts: Facts, path: str) -> Root | None:
    """Return the innermost root that holds a file."""
    holding = [root for root in facts.once(roots) if root.holds(path)]
    return max(holding, key=lambda root: len(root.path), default=None)


def files_of(facts: Facts, root: Root) -> tuple[str, ...]:
    """Return the production files of a root, without those of roots inside of it."""
    return facts.once(_files_by_root).get(root.path, ())


def _files_by_root(facts: Facts) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    places = [root.path for root in facts.once(roots)]
    for place in places:
        inner = tuple(f"{other}/" for other in places if other != place and _below(other, place))
        files = (path for path in facts.below(place) if not path.startswith(inner))
        found[place] = tuple(path for path in files if not is_beside(path[len(place) :]))
    return found


def _below(path: str, directory: str) -> bool:
    return not directory or path == directory or path.startswith(directory + "/")


def _stands_alone(found: list[Manifest]) -> bool:
    return any(not manifest.workspace for manifest in found)


def _home(path: str, described: dict[str, list[Manifest]], declared: dict[str, tuple[Role, str]]) -> str:
    """The directory that a container file describes: its own, or the one around a `docker/` or `deploy/`."""
    where = parent(path).removesuffix("/src/main/docker")  # where Quarkus puts its container files
    while where and where not in described and where not in declared and where.rpartition("/")[2].lower() in ASIDE:
        where = parent(where)
    return where


def _candidates(facts: Facts) -> frozenset[str]:
    """The directories of manifests and container files: sources below one belong to it."""
    return frozenset(
        [each.directory for each in facts.once(manifests)] + [parent(each.path) for each in facts.once(dockerfiles)]
    )


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


def declarations(facts: Facts) -> dict[str, tuple[Role, str]]:
    """Return the roots that the repository declares: directory → role and reason."""
    found: dict[str, tuple[Role, str]] = {}
    tables = (("machgen.toml", ("check", "roots")), ("pyproject.toml", ("tool", "machgen", "check", "roots")))
    for path, keys in tables:
        table = dig(facts.toml(path), *keys) if path in facts.known else None
        for where, role in (table or {}).items():
            if role in Role:
                found["" if where == "." else where.strip("/")] = (Role(role), f"declared in {path}")
    return found


def _role(
    facts: Facts, where: str, containers: tuple[Dockerfile, ...], around: tuple[Manifest, ...]
) -> tuple[Role, str]:
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
    if front and not server and front.at.path.endswith("package.json") and not _builds_pages(facts, where):
        return Role.LIBRARY, f"depends on {front.name} and builds no application"
    if front and (not server or _FRONT_NAME.search(name) or front.name in {"next", "nuxt"}):
        return Role.TOUCHPOINT, f"depends on {front.name}"
    if server and containers and _TOOL_NAME.search(name) and not _exposed(containers):
        return Role.TOOL, f"is called {name} and its image exposes no port"
    if _FRONT_NAME.search(name) and (server or _exposed(containers)):
        return Role.TOUCHPOINT, f"is called {name} ({server or 'its image exposes a port'})"
    if any(each.kind == "web" for each in around) and (page := _razor(facts, where)):
        return Role.TOUCHPOINT, f"is a Blazor application ({page})"
    if any(each.kind == "worker" for each in around):
        return Role.TOOL, "uses the worker SDK"
    return (Role.SERVICE, server) if server else None


def _container_role(facts: Facts, where: str, containers: tuple[Dockerfile, ...]) -> tuple[Role, str] | None:
    if any(_below(home, where) for home in facts.once(contract_homes)):
        return Role.SERVICE, "has an API contract"
    if containers and _static_server(containers):
        return Role.TOUCHPOINT, f"serves files from {image_name(containers[0].final.external).name}"
    if containers and _exposed(containers):
        return Role.SERVICE, "its image exposes a port"
    return (Role.TOOL, "its image exposes no port and no server framework is a dependency") if containers else None


def _needed(around: tuple[Manifest, ...], names: tuple[str, ...]) -> Dependency | None:
    for manifest in around:
        found = manifest.needs(*names)
        if found and found.runtime:
            return found
    return None


_LISTENS = re.compile(
    r"\bhttp\.ListenAndServe|\bgrpc\.NewServer\(|&?http\.Server\{|\bcreateServer\(|\.listen\(|"
    r"@SpringBootApplication|ServerBuilder\s*[.]\s*forPort|WebApplication\.CreateBuilder|\bgrpc\.(?:aio\.)?server\("
)


def _server(facts: Facts, where: str, around: tuple[Manifest, ...]) -> str:
    inner = tuple(f"{other}/" for other in facts.once(_candidates) if other != where and _below(other, where))
    if any(each.ecosystem == "go" for each in around) and not _has_main(facts, where, inner):
        return ""
    for manifest in around:
        if manifest.kind == "web":
            return f"{manifest.path} uses the web SDK"
    found = _needed(around, SERVERS)
    if (
        found
        and found.name not in {"google.golang.org/grpc", "grpcio", "@grpc/grpc-js", "aiohttp"}
        and not found.name.startswith("io.grpc")
    ):
        return f"depends on {found.name}"
    # a library that is client and server in one, or a standard library that listens: the code says which
    if around and (found or any(each.ecosystem in {"go", "node", "java"} for each in around)):
        sources = (path for path in facts.below(where) if path.endswith((".go", ".js", ".ts", ".py", ".java", ".kt")))
        for path in sources:
            text = "" if facts.is_beside(path) or path.startswith(inner) else facts.prose(path)
            if (match := _LISTENS.search(text)) and (found or not path.endswith((".js", ".ts")) or "http" in text):
                return f"listens in {path} ({match[0].rstrip('({')})"
    return ""


_PACKAGE = re.compile(r"^package (\w+)", re.MULTILINE)


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


_BUNDLERS = re.compile(
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


def _razor(facts: Facts, where: str) -> str:
    return next((path for path in facts.below(where) if path.endswith("/App.razor")), "")


def _exposed(containers: tuple[Dockerfile, ...]) -> bool:
    return any(each.final.last("EXPOSE") for each in containers)


def _static_server(containers: tuple[Dockerfile, ...]) -> bool:
    return image_name(containers[0].final.external).short in {"nginx", "nginx-unprivileged", "caddy", "httpd"}
