"""C101: what a cluster asks of a pod."""

import re
from collections.abc import Iterator

from machgen.check.api_first.routes import ANY, routes
from machgen.check.cloud_native.manifests import (
    MANIFESTS,
    container_keys,
    container_title,
    root_of_container,
    services_of,
    unjudged,
)
from machgen.check.cloud_native.workloads import lasting
from machgen.check.document import Map, dig
from machgen.check.facts import Facts
from machgen.check.kubernetes import Object, probes
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, Place, rule, rules_in
from machgen.check.roots import Root, files_of


@rule(
    "C101",
    "Liveness and readiness are asked",
    level=Level.WARNING,
    source="Kubernetes Docs, Configure liveness, readiness and startup probes; Google, SRE Book ch. 22",
    mend="Give the container a livenessProbe that asks only the process and a readinessProbe that asks what it needs.",
    applies_when=MANIFESTS,
)
def probes_present(facts: Facts) -> Iterator[Answer]:
    """Without readiness, traffic goes to pods that are not up yet or cannot serve; without liveness, a pod that hangs
    is never restarted. Every roll-out is then an outage of some seconds."""
    yield from unjudged(facts)
    for workload in lasting(facts):
        served = services_of(facts, workload)
        serving = [each for each in workload.containers if each.get("ports")]
        # without declared ports the container that is probed is the one that serves; a side car need not be
        probed = [each for each in workload.containers if probes(each)]
        for container in serving or probed or (workload.containers[:1] if served else []):
            missing = [kind for kind in ("livenessProbe", "readinessProbe") if kind not in probes(container)]
            if missing:
                at = workload.at(*container_keys(workload, container), "name")
                message = f"{container_title(workload, container)} has no {' and no '.join(missing)}"
                yield Flaw(message, at, f"{workload.title}/{container.get('name')}")
            yield from _restarted(facts, workload, container)


_ASKS = lazy_compile(
    r"SELECT\s+1\b|\.(?:execute|scalar|query|queryRaw|ping|Ping|PingContext|authenticate|CanConnect|CanConnectAsync|isValid)"
    r"\s*\(|\$queryRaw|\bpg_isready\b",
    re.IGNORECASE,
)
_BEGINS = lazy_compile(r"^\s*(?:@\w|(?:async )?def |func |(?:app|router|api|r|e|mux|g)\.\w+\(|\[Http|public )")
_STORES = (
    "org.springframework.boot:spring-boot-starter-data-*", "org.springframework.boot:spring-boot-starter-jdbc",
    "org.springframework.boot:spring-boot-starter-amqp",
)  # fmt: skip


def _restarted(facts: Facts, workload: Object, container: Map) -> Iterator[Flaw]:
    """A liveness probe that asks a dependency: where its handler can be read, or where it is Spring's whole health."""
    path = dig(probes(container).get("livenessProbe"), "httpGet", "path")
    root = root_of_container(facts, workload, container)
    if not isinstance(path, str) or root is None:
        return
    asked = _asked_by(facts, root, path)
    if asked:
        at = workload.at(*container_keys(workload, container), "livenessProbe", "httpGet", "path")
        title = container_title(workload, container)
        message = f"{title} is restarted when what it depends on is away: its livenessProbe asks {path}, {asked}"
        yield Flaw(message, at, f"{workload.title}/{container.get('name')}/liveness")


def _asked_by(facts: Facts, root: Root, path: str) -> str:
    """Say what of a route asks a dependency; empty where nothing can be read that does."""
    if path.rstrip("/").endswith("/actuator/health") and any(each.needs(*_STORES) for each in root.manifests):
        own = (each for each in files_of(facts, root) if each.endswith((".properties", ".yml", ".yaml")))
        if not any("management" in facts.prose(each) and "health" in facts.prose(each) for each in own):
            return "which is Spring's health with that of its stores"
    for route in routes(facts, root).found:
        if route.method in {"get", ANY} and route.path.strip("/") == path.strip("/"):
            found = _handler_asks(facts, route.at)
            if found:
                return f"which asks it in {found.path}:{found.line}"
    return ""


def _handler_asks(facts: Facts, at: Place) -> Place | None:
    """The line of a handler, from its route on to the next declaration but one, that asks a dependency."""
    begun = 0
    for number, line in enumerate(facts.lines(at.path)[at.line - 1 : at.line + 24], at.line):
        if number > at.line and _BEGINS.match(line):
            # the decorated function itself is the first declaration after its decorator
            begun += 1
            if begun > 1 or not line.lstrip().startswith(("def ", "async def ", "public ", "func ")):
                return None
        if _ASKS.search(line):
            return Place(at.path, number)
    return None


RULES = rules_in(vars())
