"""Who is told to call whom: the addresses that compose files and manifests give to services."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from machgen.check.compose import ComposeService, compose_services
from machgen.check.dockerfile import Dockerfile, dockerfiles
from machgen.check.document import Map, dig, items, maps
from machgen.check.facts import Facts, place
from machgen.check.kubernetes import Object, cluster
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place

_ADDRESS = lazy_compile(
    r"\A(?:([a-z][a-z0-9+.-]*)://)?(?:[^@/\s]*@)?([a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?)(?::(\d{2,5}))?((?:[/?][^\s]*)?)\Z"
)
_NAMED = lazy_compile(r"(?:\A|_)(?:URL|URI|ADDR|ADDRESS|ENDPOINT|HOST|SERVER|SERVERS|DSN)\Z", re.IGNORECASE)


class Address(NamedTuple):
    """One address that a service is given.

    Args:
        scope: The compose file, or empty for the cluster.
        caller: The name of the service that is given it.
        variable: The setting.
        scheme: Before `://`; empty where none is written.
        host: The first part of the host's name, which names a service within a network or namespace.
        full: The whole host.
        port: None where none is written.
        at: Where.
        path: What stands behind host and port.
    """

    scope: str
    caller: str
    variable: str
    scheme: str
    host: str
    full: str
    port: int | None
    at: Place
    path: str = ""


def addresses(facts: Facts) -> tuple[Address, ...]:
    """Return the addresses in compose files and manifests, those with a scheme or port, or whose name says so."""
    return (*_in_compose(facts), *_in_cluster(facts))


def _address(scope: str, caller: str, variable: str, value: str, at: Place) -> Iterator[Address]:
    match = _ADDRESS.match(value.strip())
    if match is None or not (match[1] or (match[3] and _NAMED.search(variable))):
        return
    full = match[2]
    if re.fullmatch(r"[\d.]+", full) or full == "localhost":
        return
    yield Address(
        scope,
        caller,
        variable,
        match[1] or "",
        full.split(".")[0],
        full,
        int(match[3]) if match[3] else None,
        at,
        match[4],
    )


def _in_compose(facts: Facts) -> Iterator[Address]:
    for each in facts.once(compose_services):
        for variable, (value, at) in each.environment.items():
            yield from _address(each.path, each.name, variable, value or "", at)


def _in_cluster(facts: Facts) -> Iterator[Address]:
    found = facts.once(cluster)
    for workload in found.workloads:
        for container in workload.containers:
            for variable in maps(container.get("env")):
                if isinstance(value := variable.get("value"), str):
                    name = str(variable.get("name"))
                    yield from _address("", workload.name, name, value, place(workload.path, variable, "value"))
            named = {str(dig(each, "configMapRef", "name")) for each in maps(container.get("envFrom"))}
            for config in found.of("ConfigMap"):
                data = config.node.get("data")
                if config.name in named and isinstance(data, Map):
                    for key, value in data.items():
                        yield from _address("", workload.name, key, str(value), place(config.path, data, key))


def compose_ports(facts: Facts, service: ComposeService) -> set[int] | None:
    """Return the ports that a compose service listens on, as far as it says; None where it does not."""
    found: set[int] = set()
    for item in items(service.node.get("ports")):
        if isinstance(item, Map):
            found |= {int(item["target"])} if str(item.get("target")).isdigit() else set()
        elif match := re.search(r"(?:\A|:)(\d+)(?:/\w+)?\Z", str(item)):
            found.add(int(match[1]))
    found |= {
        int(str(item).partition("/")[0])
        for item in items(service.node.get("expose"))
        if str(item).partition("/")[0].isdigit()
    }
    found |= {
        int(value)
        for name, (value, _) in service.environment.items()
        if name.endswith("PORT") and value and value.isdigit()
    }
    for dockerfile in facts.once(dockerfiles):
        if dockerfile.path == service.dockerfile:
            found |= exposed(dockerfile)
    return found or None


def exposed(dockerfile: Dockerfile) -> set[int]:
    """Return the ports that an image says it listens on."""
    words = [word for each in dockerfile.final.all("EXPOSE") for word in each.value.split()]
    return {int(port) for word in words if (port := word.partition("/")[0]).isdigit()}


def service_ports(service: Object) -> set[int]:
    """Return the ports of a Kubernetes Service."""
    return {port["port"] for port in maps(dig(service.node, "spec", "ports")) if isinstance(port.get("port"), int)}
