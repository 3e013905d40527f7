"""Which database each service says it uses: connection strings in compose files, manifests and Spring settings."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from machgen.check.compose import ComposeService, compose_services
from machgen.check.dependencies import manifests
from machgen.check.dockerfile import image_name
from machgen.check.document import Map, dig, maps, table
from machgen.check.facts import Facts, place
from machgen.check.kubernetes import Object, cluster
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place
from machgen.check.programs import programs
from machgen.check.roots import root_of, services
from machgen.check.vocabulary import Words

_URL = lazy_compile(
    r"(?:jdbc:)?(?:r2dbc:)?(postgres(?:ql)?|mysql|mariadb|mongodb|sqlserver|cockroachdb)(?:\+[a-z0-9]+)?(?:\+srv)?://"
    r"(?:[^@/\s]*@)?([^/:?;\s,]+)(?::\d+)?(?:/([A-Za-z0-9_-]+))?([^\s]*)"
)
_HOST = lazy_compile(
    r"(?:\A|_)(?:DB|DATABASE|POSTGRES|MYSQL|MARIADB|MONGO|PG)_?(?:HOST|SERVER|ADDR|"
    r"ENDPOINT)\Z",
    re.IGNORECASE,
)
_NAME = lazy_compile(
    r"(?:\A|_)(?:DB|DATABASE|POSTGRES_DB|MYSQL_DATABASE|DB_NAME|DATABASE_NAME|PGDATABASE|"
    r"MONGO_DB)\Z",
    re.IGNORECASE,
)


class Use(NamedTuple):
    """One service's use of one database.

    Args:
        owner: The service: its root's directory, or its name where no root is known.
        host: The database server.
        database: The database on it; empty where it is not said.
        schema: The schema in it; empty where it is not said.
        at: Where it is said.
        is_program: Whether `owner` is one of several programs of one root.
    """

    owner: str
    host: str
    database: str
    schema: str
    at: Place
    is_program: bool = False


def database_uses(facts: Facts) -> tuple[Use, ...]:
    """Return what services say about their databases; hosts that are variables or this machine are left out."""
    told = [*_in_compose(facts), *_in_manifests(facts), *_in_aspire(facts)]
    owners = {use.owner for use in told}
    # what the environment says wins over the settings beside the code
    told += (use for use in (*_in_spring(facts), *_in_appsettings(facts)) if use.owner not in owners)
    return tuple(
        use for use in told if use.host not in _THIS_MACHINE and not re.search(r"[${<]", use.host + use.database)
    )


_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", ".", "host.docker.internal"})


_KEYED = lazy_compile(
    r"(?i)(?:\A|[;\s])(?:host|server|data source|addr|address)\s*=\s*(?:tcp:)?([\w.-]+)(?:[,:]\d+)?(?=[;\s]|\Z)"
)
_KEYED_NAME = lazy_compile(r"(?i)(?:\A|[;\s])(?:database|initial catalog|dbname)\s*=\s*([\w-]+)")


def _uses(owner: str, values: dict[str, tuple[str | None, Place]]) -> Iterator[Use]:
    found = False
    for value, at in values.values():
        for match in _URL.finditer(value or ""):
            schema = re.search(r"(?:currentSchema|search_path|schema)(?:=|%3D)([\w-]+)", match[4])
            found = True
            yield Use(owner, match[2], match[3] or "", schema[1] if schema else "", at)
        # ADO.NET's `Server=db;Database=orders;...` and libpq's `host=db dbname=orders`
        host, name = _KEYED.search(value or ""), _KEYED_NAME.search(value or "")
        if host and name:
            found = True
            yield Use(owner, host[1], name[1], "", at)
    if not found:
        hosts = [(value, at) for key, (value, at) in values.items() if value and _HOST.search(key)]
        names = [value for key, (value, _) in values.items() if value and _NAME.search(key)]
        if hosts and names:
            yield Use(owner, (hosts[0][0] or "").partition(":")[0], names[0] or "", "", hosts[0][1])


def _in_compose(facts: Facts) -> Iterator[Use]:
    for service in facts.once(compose_services):
        if service.development or service.context is None:
            continue
        root = root_of(facts, service.dockerfile or f"{service.context}/x")
        several = programs(root) if root else ()
        if root is None or len(several) < 2:
            yield from _uses(root.name if root else service.context or service.name, service.filled)
        elif _serves(service) and any(each.path == service.dockerfile for each in several):
            yield from (use._replace(is_program=True) for use in _uses(service.dockerfile or "", service.filled))


_FOR_ANOTHER = lazy_compile(
    r"(?:\A|[-_.])(?:workers?|beat|flower|schedulers?|cron|jobs?|consumers?|admin|metrics|exporter|relay|migrat\w*)(?:\Z|[-_.])",
    re.IGNORECASE,
)
"""Names of programs that do a part of a service's work: they share its database because they are it."""


def _serves(service: ComposeService) -> bool:
    file = (service.dockerfile or "").rpartition("/")[2]
    return bool(service.node.get("ports") or service.node.get("expose")) and not (
        _FOR_ANOTHER.search(service.name) or _FOR_ANOTHER.search(file)
    )


def _in_manifests(facts: Facts) -> Iterator[Use]:
    names = {root.path.rpartition("/")[2]: root.name for root in facts.once(services)}
    runs: dict[str, str] = {}
    for workload in facts.once(cluster).workloads:
        values: dict[str, tuple[str | None, Place]] = {}
        for container in workload.containers:
            values |= _environment(facts, workload, container)
        if workload.kind in {"Job", "CronJob"}:
            continue
        image = image_name(str(workload.containers[0].get("image") or "")) if workload.containers else None
        owner = names.get(workload.name) or (names.get(image.short) if image else None) or workload.name
        # a worker is started from the image of its service, with another command
        yield from _uses(runs.setdefault(image.name, owner) if image and image.name else owner, values)


def _environment(facts: Facts, workload: Object, container: Map) -> dict[str, tuple[str | None, Place]]:
    """What a container finds in its environment, ConfigMaps and Secrets of this repository included."""
    stored: dict[tuple[str, str], tuple[Object, Map]] = {}
    for each in facts.once(cluster).of("ConfigMap", "Secret"):
        for key in ("data", "stringData"):
            if isinstance(data := each.node.get(key), Map):
                stored[each.kind, each.name] = (each, data)
    values: dict[str, tuple[str | None, Place]] = {}
    for source in maps(container.get("envFrom")):
        for kind, key in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            held = stored.get((kind, str(dig(source, key, "name"))))
            if held is not None:
                holder, data = held
                values |= {name: (str(value), place(holder.path, data, name)) for name, value in data.items()}
    for variable in maps(container.get("env")):
        at = place(workload.path, variable, "name")
        if isinstance(variable.get("value"), str):
            values[str(variable.get("name"))] = (variable["value"], place(workload.path, variable, "value"))
        for kind, key in (("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")):
            reference = dig(variable, "valueFrom", key)
            held = stored.get((kind, str(dig(reference, "name"))))
            if held is not None and isinstance(value := held[1].get(str(dig(reference, "key"))), str):
                values[str(variable.get("name"))] = (value, at)
    return values


_SETTINGS = tuple(
    f"application{profile}.{ending}"
    for profile in (
        "", "-prod", "-production", "-docker", "-compose", "-container", "-kubernetes", "-k8s", "-cloud", "-aws",
        "-azure", "-gcp",
    )
    for ending in ("yml", "yaml", "properties")
)  # fmt: skip
_ADDRESS = lazy_compile(
    r"\A(?:%prod\.)?(?:spring\.(?:datasource|r2dbc|data\.mongodb)|quarkus\.datasource\.(?:jdbc|reactive)|quarkus\.mongodb)"
    r"\.(?:ur[li]|connection-string)\s*[=:]"
)


def _in_spring(facts: Facts) -> Iterator[Use]:
    for path in facts.named(*_SETTINGS):
        root = root_of(facts, path)
        if root is None or facts.is_beside(path):
            continue
        if path.endswith(".properties"):
            lines = enumerate(facts.lines(path), 1)
            url = next(((line, number) for number, line in lines if _ADDRESS.match(line)), None)
            if url:
                yield from _uses(root.name, {"url": (url[0], Place(path, url[1]))})
            continue
        for document in facts.yaml(path):
            for keys in (("datasource", "url"), ("r2dbc", "url"), ("data", "mongodb", "uri")):
                source = dig(document, "spring", *keys[:-1])
                if isinstance(source, Map):
                    yield from _uses(root.name, {"url": (str(source.get(keys[-1])), place(path, source, keys[-1]))})


def _in_appsettings(facts: Facts) -> Iterator[Use]:
    """ASP.NET's settings, those for development left out."""
    for path in facts.named("appsettings.json", "appsettings.production.json", "appsettings.docker.json"):
        root = root_of(facts, path)
        given = dig(facts.json(path), "ConnectionStrings") if root and not facts.is_beside(path) else None
        if root is not None and isinstance(given, Map):
            said: dict[str, tuple[str | None, Place]] = {
                name: (value if isinstance(value, str) else None, place(path, given, name))
                for name, value in table(given).items()
            }
            yield from _uses(root.name, said)


_ASPIRE = Words("DistributedApplication")
_ADDED = lazy_compile(r"\bvar\s+(\w+)\s*=\s*(\w+)(?:\s*\.\w+\([^;()]*\))*?\s*\.AddDatabase\(\s*\"([\w-]+)\"")
_PROJECT = lazy_compile(r"\bAddProject<Projects\.(\w+)>([^;]{0,4000});")
_REFERENCE = lazy_compile(r"\.WithReference\(\s*(\w+)")


def _in_aspire(facts: Facts) -> Iterator[Use]:
    """What a .NET Aspire host hands its projects: `postgres.AddDatabase("orders")`, then `.WithReference(orders)`."""
    for path in facts.named("Program.cs", "AppHost.cs"):
        if not facts.mentions(path, _ASPIRE):
            continue
        text = facts.prose(path)
        databases = {match[1]: (match[2], match[3]) for match in _ADDED.finditer(text)}
        homes = {
            re.sub(r"\W", "_", each.path.rpartition("/")[2].rpartition(".")[0]): each.directory
            for each in facts.once(manifests)
            if each.ecosystem == "dotnet"
        }
        for project in _PROJECT.finditer(text):
            for given in _REFERENCE.finditer(project[2]):
                if given[1] in databases and project[1] in homes:
                    line = text.count("\n", 0, project.start(2) + given.start()) + 1
                    yield Use(homes[project[1]], *databases[given[1]], "", Place(path, line))
