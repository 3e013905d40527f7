"""C201-C204: how a process is configured, what it says, what it keeps, and what it shows of itself."""

import re
from collections.abc import Iterator

from machgen.check.cloud_native.environment import environment
from machgen.check.cloud_native.patterns import AGENT, HINTS, OF_RUNTIMES, STRUCTURED, TO_FILES
from machgen.check.cloud_native.setting_types import setting_types
from machgen.check.cloud_native.state import memory_state
from machgen.check.dependencies import shared_manifests
from machgen.check.facts import Facts, squeezed
from machgen.check.kubernetes import cluster
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest import Manifest
from machgen.check.microservices import anchor
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.roots import Root, files_of

SOURCES = (".py", ".js", ".ts", ".mjs", ".cjs", ".java", ".kt", ".go", ".cs", ".rs", ".php", ".scala", ".rb")
"""Endings of program text."""

_SETTINGS = (
    *SOURCES, ".yml", ".yaml", ".toml", ".json", ".properties", ".env", ".sh", ".cfg", ".ini", ".xml", ".conf",
    ".gradle", ".kts", "dockerfile", "procfile", ".config", ".mod",
)  # fmt: skip

_LOG_SETTINGS = (
    ".xml", ".properties", ".yml", ".yaml", ".json", ".toml", ".txt", ".mod", ".gradle", ".csproj", ".conf", ".ini",
    ".cfg",
)  # fmt: skip


@rule(
    "C201",
    "What manifests set is read",
    level=Level.WARNING,
    source="The Twelve-Factor App, III (config); Kubernetes Docs, Define Environment Variables for a Container",
    mend="Read the variable under that name, or remove it from the manifest.",
    applies_when="a service whose environment compose files or manifests set",
    roles=(Role.SERVICE,),
)
def environment_read(facts: Facts, root: Root) -> Iterator[Answer]:
    """A variable that nothing reads is a setting that somebody believes in: the limit, the address or the switch does
    not do what the manifest says. Renamed in the code and not in the manifest, it fails in production only."""
    every = list(environment(facts, root))
    given = {name: at for name, _, at in every if not OF_RUNTIMES.match(name)}
    if not given:
        yield NotApplicable("no manifest sets anything for it")
        return
    yield from _mistyped(facts, root, every)
    text = _squeezed(facts, root)
    shared = [each for manifest in root.manifests for each in manifest.dependencies if each.local is not None]
    for name, at in given.items():
        if _is_read(
            name, text, relaxed=bool({"java", "python", "dotnet"} & {each.ecosystem for each in root.manifests})
        ):
            continue
        if shared:
            yield Unknown(f"whether {shared[0].name} reads {name}, which {at.path} sets")
        elif any(each.ecosystem in {"java", "dotnet"} for each in root.manifests):
            # any library binds properties of its own: `EVENTUATE_DATABASE_SCHEMA`, `QUARKUS_STORK_...`
            yield Unknown(f"whether a library of {root.name} binds {name}, which {at.path} sets")
        else:
            yield Flaw(f"{name} is set for {root.name}, and nothing there reads it", at, f"{root.path}/{name}")


def _mistyped(facts: Facts, root: Root, given: list[tuple[str, object, Place]]) -> Iterator[Flaw]:
    types = setting_types(facts, root)
    for name, value, at in given:
        read = types.get(squeezed(name))
        if read is not None and isinstance(value, str | int | float) and not read.takes(str(value)):
            said = "a number" if read.kind == "number" else "true or false"
            message = f"{name} is {value!r} for {root.name}, which reads it as {said} ({read.at.path}:{read.at.line})"
            yield Flaw(message, at, f"{root.path}/{name}/type")


def _is_read(name: str, text: str, *, relaxed: bool) -> bool:
    """Whether a name occurs; with relaxed binding (Spring, pydantic, .NET) also as a prefix and a field apart."""
    if squeezed(name) in text:
        return True
    words = [word for word in re.split(r"_+|\.|:", name) if word]
    return relaxed and any(
        squeezed("".join(words[:end])) in text and squeezed("".join(words[end:])) in text
        for end in range(1, len(words))
    )


_DEPLOYMENT = lazy_compile(
    r"(?:\A|/)(?:docker-)?compose[\w.-]*\.ya?ml\Z|(?:\A|/)(?:k8s|kubernetes|kubernetes-manifests|kustomize|helm|"
    r"deploy|charts?)/"
)


def _squeezed(facts: Facts, root: Root) -> str:
    """All text of a root without case and punctuation, as relaxed binding compares names."""
    parts = []
    setting = {each.path for each in facts.once(cluster).everything}
    for path in files_of(facts, root):
        name = path.lower()
        if name.endswith(_SETTINGS) and path not in setting and not _DEPLOYMENT.search(name):
            parts.append(squeezed(facts.prose(path)))
    return "\n".join(parts)


@rule(
    "C202",
    "Logs go to standard output, as data",
    level=Level.WARNING,
    source="The Twelve-Factor App, XI (logs); OpenTelemetry, Logs Data Model; CNCF TAG Observability whitepaper",
    mend="Log JSON or key-value lines to standard output: structlog, pino, slog, zap, logback's JSON encoder, "
    "AddJsonConsole.",
    applies_when="a service whose language is known",
    roles=(Role.SERVICE,),
)
def logs_streamed(facts: Facts, root: Root) -> Iterator[Answer]:
    """Files in a container are gone with it, and no collector reads them. Lines of prose cannot be filtered by request,
    customer or trace when it matters."""
    structured = _told_to(facts, root)
    known = False
    for path in files_of(facts, root):
        if not path.lower().endswith((*SOURCES, *_LOG_SETTINGS)):
            continue
        text = facts.prose(path)
        known = known or path.endswith(_LOGS_READ)
        structured = structured or _is_structured(facts, path)
        for endings, words, pattern in TO_FILES:
            if path.endswith(endings) and facts.mentions(path, words) and (match := pattern.search(text)):
                if path.endswith(".xml") and not re.search(r"log(?:back|4j)", path):
                    continue
                at = Place(path, text.count("\n", 0, match.start() + len(match[0]) - len(match[0].lstrip())) + 1)
                yield Flaw(f"{root.name} logs to a file", at, f"{path}/file")
    if not known:
        yield Unknown(f"how {root.name} logs is not read in its language")
    elif not structured and not any(
        each.local is not None for manifest in root.manifests for each in manifest.dependencies
    ):
        yield Flaw(
            f"nothing makes the logs of {root.name} JSON or key-value", anchor(root), "structured", level=Level.NOTE
        )


_LOGS_READ = (".py", ".js", ".ts", ".go", ".java", ".kt", ".scala", ".cs", ".rs")
"""Languages of which `STRUCTURED` names what is in use."""

_JSON_BY_ENVIRONMENT = lazy_compile(
    r"Console__FormatterName\W+json|LOGGING_STRUCTURED_FORMAT_CONSOLE|QUARKUS_LOG_CONSOLE_JSON(?:_ENABLED)?\W+true",
    re.IGNORECASE,
)
"""Variables that make the console logger of .NET, Spring Boot or Quarkus write JSON."""


def _told_to(facts: Facts, root: Root) -> bool:
    """Whether the image or what runs it brings structured logs: an agent, or a variable that frameworks read."""
    images = [facts.prose(each.path) for each in root.dockerfiles]
    given = [f"{name}={value}" for name, value, _ in environment(facts, root)]
    return any(AGENT.search(text) or _JSON_BY_ENVIRONMENT.search(text) for text in images) or any(
        _JSON_BY_ENVIRONMENT.search(text) for text in given
    )


_JSON_FORMAT = lazy_compile(
    r"^\s*(?:format|fmt)\s*=\s*\{\s*\\?\"|<pattern>\s*\{\s*(?:\"|&quot;)|pattern=\"\{&quot;|pattern\s*=\s*'\{\s*\"",
    re.MULTILINE,
)
"""A log format that is a JSON object written out: logging.conf, logback.xml, log4j2.xml."""


def _is_structured(facts: Facts, path: str) -> bool:
    text = facts.prose(path)
    if path.endswith((".conf", ".ini", ".cfg", ".xml", ".properties")) and _JSON_FORMAT.search(text):
        return True
    if not facts.mentions(path, HINTS):
        return False
    low = text.lower()
    return any(all(word in low for word in words) for words in STRUCTURED)


_SESSION = lazy_compile(r"\bsession\(\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*\)")


@rule(
    "C203",
    "Nothing durable is kept in the process",
    level=Level.ERROR,
    source="The Twelve-Factor App, VI (processes); Kubernetes Docs, Pod Lifecycle: pods are ephemeral",
    mend="Keep it in a database, cache or broker that outlives the pod.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def stateless(facts: Facts, root: Root) -> Iterator[Answer]:
    """What one pod remembers the other does not know: the cart is empty after the second request, and everything is
    gone at the next roll-out."""
    yield from memory_state(facts, root)
    if not any(each.needs("express-session") for each in root.manifests):
        return
    for path in files_of(facts, root):
        if not path.endswith((".js", ".ts", ".mjs", ".cjs")):
            continue
        text = facts.prose(path)
        for match in _SESSION.finditer(text) if "express-session" in text else ():
            if not re.search(r"\bstore\b", match[1]):
                at = Place(path, text.count("\n", 0, match.start()) + 1)
                yield Flaw("sessions are kept in the memory of the process: express-session without a store", at, path)


_METRICS = (
    "prometheus-client", "prometheus-fastapi-instrumentator", "starlette-exporter", "prometheus-flask-exporter",
    "django-prometheus", "aioprometheus",
    "opentelemetry-exporter-prometheus", "statsd", "prom-client", "express-prom-bundle",
    "@willsoto/nestjs-prometheus", "@opentelemetry/sdk-metrics",
    "@opentelemetry/exporter-prometheus", "@opentelemetry/sdk-node", "io.micrometer:micrometer-registry-*",
    "io.prometheus:*", "io.quarkus:quarkus-micrometer*",
    "org.springframework.boot:spring-boot-starter-opentelemetry", "github.com/prometheus/client_golang",
    "github.com/zsais/go-gin-prometheus", "github.com/labstack/echo-contrib",
    "go.opentelemetry.io/otel/metric",
    "go.opentelemetry.io/otel/sdk/metric", "prometheus-net.aspnetcore", "prometheus-net",
    "opentelemetry.extensions.hosting", "opentelemetry",
    "prometheus", "metrics-exporter-prometheus", "axum-prometheus", "actix-web-prom", "opentelemetry-otlp",
    "promphp/prometheus_client_php",
    "opentelemetry-distro", "opentelemetry-sdk", "open-telemetry/sdk", "instana", "@instana/collector",
    "instana/instana-php-sdk", "com.instana:*", "newrelic*",
    "applicationinsights", "microsoft.applicationinsights*", "azure-monitor-opentelemetry*",
    "@azure/monitor-opentelemetry", "com.microsoft.azure:applicationinsights*",
)  # fmt: skip
_TRACES = (
    "opentelemetry-sdk", "opentelemetry-distro", "opentelemetry-instrumentation*", "opentelemetry-exporter-otlp*",
    "ddtrace", "elastic-apm", "sentry-sdk",
    "@opentelemetry/sdk-node", "@opentelemetry/sdk-trace-node", "@opentelemetry/sdk-trace-base",
    "@opentelemetry/auto-instrumentations-node", "dd-trace",
    "elastic-apm-node", "io.micrometer:micrometer-tracing*", "io.opentelemetry*",
    "org.springframework.cloud:spring-cloud-starter-sleuth",
    "io.quarkus:quarkus-opentelemetry", "org.springframework.boot:spring-boot-starter-opentelemetry",
    "go.opentelemetry.io/otel/sdk", "go.opentelemetry.io/otel",
    "opentelemetry.extensions.hosting", "opentelemetry", "tracing-opentelemetry", "opentelemetry-otlp",
    "open-telemetry/sdk", "newrelic*",
    "org.springframework.boot:spring-boot-starter-zipkin", "com.google.cloud:spring-cloud-gcp-starter-trace",
    "org.springframework.cloud:spring-cloud-gcp-starter-trace", "org.springframework.cloud:spring-cloud-starter-zipkin",
    "io.zipkin.brave:*", "io.jaegertracing:*", "google-cloud-trace", "opencensus-ext-*", "jaeger-client", "zipkin",
    "zipkin-instrumentation-express", "appmetrics-zipkin", "@google-cloud/trace-agent",
    "com.microsoft.azure:applicationinsights*", "applicationinsights", "microsoft.applicationinsights*",
    "azure-monitor-opentelemetry*", "@azure/monitor-opentelemetry", "aws-xray-sdk*", "com.amazonaws:aws-xray*",
    "github.com/openzipkin/zipkin-go", "github.com/aws/aws-xray-sdk-go*", "instana", "@instana/collector",
    "instana/instana-php-sdk", "com.instana:*",
)  # fmt: skip


@rule(
    "C204",
    "Metrics and traces are in the default build",
    level=Level.WARNING,
    source="CNCF TAG Observability whitepaper; OpenTelemetry specification; Google SRE Book ch. 6 (four golden "
    "signals)",
    mend="Add a Prometheus or OpenTelemetry library to what is always installed, and serve /metrics or export OTLP.",
    applies_when="a service whose dependencies are known",
    roles=(Role.SERVICE,),
)
def observable(facts: Facts, root: Root) -> Iterator[Answer]:
    """A request passes many services. Without rate, errors and duration nobody sees that one of them is slow, and
    without traces nobody sees which."""
    around = [*root.manifests, *(each for manifest in root.manifests for each in shared_manifests(facts, manifest))]
    if not any(manifest.dependencies for manifest in around):
        yield Unknown("its dependencies are not declared")
        return
    start = "\n".join(facts.prose(each.path) for each in root.dockerfiles)
    agent = bool(AGENT.search(start)) or any(
        AGENT.search(str(dict(each.node))) for each in facts.once(cluster).workloads
    )
    missing = []
    if not agent and not _runs(around, _METRICS, start):
        missing.append("metrics")
    if not agent and not _runs(around, _TRACES, start) and not _native(facts, root):
        missing.append("traces")
    if missing:
        yield Flaw(
            f"{root.name} exports no {' and no '.join(missing)}: no library for it is installed by default",
            anchor(root),
            "missing",
        )


def _runs(around: list[Manifest], names: tuple[str, ...], images: str) -> bool:
    """Whether one of the libraries is in what is always installed, or in what the images install besides."""
    return any(
        found.runtime and (not found.extra or "--all-extras" in images or _WORD.format(found.extra) in _words(images))
        for manifest in around
        for found in manifest.every(*names)
    )


_WORD = " {} "


def _words(text: str) -> str:
    """The words of a text between blanks, whatever stood between them."""
    return f" {' '.join(re.split(r'[^A-Za-z0-9_.-]+', text))} "


def _native(facts: Facts, root: Root) -> bool:
    """Whether the framework's own telemetry is switched on."""
    return any(
        "telemetry=" in (facts.prose(path)) and "FastAPI(" in (facts.prose(path))
        for path in files_of(facts, root)
        if path.endswith(".py")
    )


RULES = rules_in(vars())
