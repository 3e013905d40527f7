"""L001, L003, L004: what several services say of each other."""

import re
from collections.abc import Iterator
from typing import Any

from machgen.check.addresses import Address, addresses, compose_ports, service_ports
from machgen.check.compose import compose_services
from machgen.check.document import Map, dig, items, maps, table
from machgen.check.facts import Facts, place
from machgen.check.kubernetes import cluster
from machgen.check.lazy_regex import lazy_compile
from machgen.check.microservices import ONE
from machgen.check.model import Answer, Flaw, Level, NotApplicable, rule, rules_in

_SYNCHRONOUS = frozenset({"", "http", "https", "grpc", "grpcs", "dns"})


_HANDED_OUT = lazy_compile(
    r"(?:\A|_)(?:(?:WEB)?HOOKS?|CALLBACKS?|ORIGINS?|CORS|REDIRECT|RETURN|ISSUER|AUDIENCE|PUBLIC|EXTERNAL|SELF|ALLOWED)(?:_|\Z)",
    re.IGNORECASE,
)
"""Names of settings whose addresses are compared with or given to others, or called when an answer is long given."""


@rule(
    "L001",
    "No services wait for each other in a circle",
    level=Level.ERROR,
    source="Newman, Building Microservices ch. 4; Martin, Agile Software Development ch. 20: Acyclic Dependencies",
    mend="Turn one of the calls into an event, or move what both need into a service of its own.",
    applies_when="compose files or manifests give services each other's addresses",
)
def no_cycles(facts: Facts) -> Iterator[Answer]:
    """When A asks B and B, to answer, asks A, a slow moment of one fills the workers of both: neither can answer before
    the other does."""
    calls = [each for each in _calls(facts) if each.scheme in _SYNCHRONOUS and not _HANDED_OUT.search(each.variable)]
    if not calls:
        yield NotApplicable("no service is given another's address")
    graph: dict[tuple[str, str], dict[str, Address]] = {}
    for each in calls:
        graph.setdefault((each.scope, each.caller), {}).setdefault(each.host, each)
    for cycle in _cycles(graph):
        names = " → ".join([*(each.caller for each in cycle), cycle[0].caller])
        yield Flaw(f"{names} call each other", cycle[0].at, names)


def _calls(facts: Facts) -> list[Address]:
    """Addresses of services that are built here, or run by name: databases and brokers answer without asking back."""
    composed = {(each.path, each.name) for each in facts.once(compose_services)}
    deployed = {each.name for each in facts.once(cluster).workloads} & {
        each.name for each in facts.once(cluster).of("Service")
    }
    return [
        each
        for each in facts.once(addresses)
        if each.host != each.caller
        and ((each.scope, each.host) in composed or (not each.scope and each.host in deployed))
    ]


def _cycles(graph: dict[tuple[str, str], dict[str, Address]]) -> Iterator[list[Address]]:
    """Give each circle once, beginning with its first caller by name; those are left out who only lead to one."""
    left = {caller: {call.host for call in calls.values()} for caller, calls in graph.items()}
    callers: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for (scope, caller), hosts in left.items():
        for host in hosts:
            callers.setdefault((scope, host), []).append((scope, caller))
    # who calls nobody that calls is in no circle, nor is who calls only such
    ends = [node for node in callers if not left.get(node)]
    while ends:
        node = ends.pop()
        for above in callers.get(node, ()):
            if node[1] in left[above]:
                left[above].discard(node[1])
                if not left[above]:
                    ends.append(above)
    for scope, start in sorted(node for node, hosts in left.items() if hosts):
        stack: list[list[Address]] = [
            [call] for call in graph[scope, start].values() if call.host in left[scope, start]
        ]
        seen: set[str] = set()
        while stack:
            path = stack.pop()
            host = path[-1].host
            if host == start:
                if start == min(call.caller for call in path):
                    yield path
                continue
            if host not in seen:
                seen.add(host)
                further = left.get((scope, host), set())
                stack += [[*path, call] for call in graph.get((scope, host), {}).values() if call.host in further]


@rule(
    "L003",
    "Hosts and ports agree",
    level=Level.ERROR,
    source="Compose specification: networks; Kubernetes Docs, Service: DNS and ports",
    mend="Correct the host or the port on the side that is wrong.",
    applies_when="compose files or manifests give services addresses",
)
def addresses_agree(facts: Facts) -> Iterator[Answer]:
    """An address that nobody listens on is found by the first request, which for a rare path is a customer's."""
    found = facts.once(addresses)
    if not found:
        yield NotApplicable("no service is given an address")
    by_name = {(each.path, each.name): each for each in facts.once(compose_services)}
    services = {each.name: each for each in facts.once(cluster).of("Service")}
    for each in found:
        wrong = ""
        if each.scope and each.host == each.full:
            target = by_name.get((each.scope, each.host))
            if target is not None:
                ports = compose_ports(facts, target) if target.context is not None else None
                wrong = _wrong_port(each, ports or set())
            elif not _known_elsewhere(facts, each):
                wrong = "which no service here is called"
        elif not each.scope and each.host in services and _is_inside(each.full):
            wrong = _wrong_port(each, service_ports(services[each.host]))
        if wrong:
            port = f":{each.port}" if each.port else ""
            message = f"{each.caller} is sent to {each.host}{port} by {each.variable}, {wrong}"
            yield Flaw(message, each.at, f"{each.caller}/{each.variable}")


def _wrong_port(address: Address, ports: set[int]) -> str:
    if address.port is None or not ports or address.port in ports:
        return ""
    return f"which listens on {', '.join(map(str, sorted(ports)))}"


def _is_inside(host: str) -> bool:
    return "." not in host or ".svc" in host or host.count(".") == 1


def _known_elsewhere(facts: Facts, address: Address) -> bool:
    """Whether a host may be known by another name: an alias, another compose file, an outside network."""
    if address.scheme == "" and address.port is None:
        return True
    for each in facts.once(compose_services):
        if address.host in {each.name, each.node.get("container_name"), each.node.get("hostname")}:
            return True
        networks, extra = each.node.get("networks"), each.node.get("extra_hosts")
        aliases = (items(dig(network, "aliases")) for network in networks.values()) if isinstance(networks, Map) else ()
        if any(address.host in each_ for each_ in aliases) or address.host in str(
            dict(extra) if isinstance(extra, Map) else extra
        ):
            return True
    documents = facts.yaml(address.scope)
    networks = dig(documents[0], "networks") if documents else None
    return any(dig(each, "external") for each in (networks.values() if isinstance(networks, Map) else ()))


@rule(
    "L004",
    "Every event that is consumed is published, in a shape that fits",
    level=Level.ERROR,
    source="AsyncAPI 3.0: operations, channels and messages; CloudEvents 1.0 primer: versioning",
    mend="Consume what is published, or have its owner publish it with the fields you need.",
    applies_when="more than one AsyncAPI 3 contract in the repository",
)
def events_published(facts: Facts) -> Iterator[Answer]:
    """A consumer of an event that nobody publishes waits for ever without an error; one that needs a field which the
    publisher dropped fails on every message."""
    contracts = [
        (path, document) for path in _asyncapis(facts) for document in facts.yaml(path)[:1] if isinstance(document, Map)
    ]
    contracts = [(path, document) for path, document in contracts if str(document.get("asyncapi", "")).startswith("3.")]
    if len(contracts) < 2:
        yield NotApplicable("fewer than two AsyncAPI 3 contracts") if contracts else ONE
        return
    sent: dict[str, list[tuple[str, Any]]] = {}
    for path, document in contracts:
        for operation in _operations(document, "send"):
            sent.setdefault(_channel(document, operation), []).append((path, _properties(document, operation)))
    for path, document in contracts:
        for operation in _operations(document, "receive"):
            address = _channel(document, operation)
            others = [shape for source, shape in sent.get(address, ()) if source != path]
            at = place(path, operation, "channel")
            if not others:
                yield Flaw(f"nobody here publishes {address}, which this service consumes", at, address)
                continue
            wanted = _properties(document, operation)
            for name in items(dig(wanted, "required")):
                if others[0] and not any(name in table(dig(shape, "properties")) for shape in others):
                    yield Flaw(
                        f"{address} is published without {name}, which this service needs", at, f"{address}/{name}"
                    )
            for name, read in table(dig(wanted, "properties")).items():
                told = {_type(shape, name) for shape in others}
                kind = _type_of(read)
                if (
                    kind
                    and all(told)
                    and not any(each == kind or (each, kind) == ("integer", "number") for each in told)
                ):
                    message = f"{address} is published with {name} as {' or '.join(sorted(told))}, read here as {kind}"
                    yield Flaw(message, at, f"{address}/{name}")


def _type(shape: Any, name: str) -> str:
    return _type_of(dig(shape, "properties", name))


def _type_of(schema: Any) -> str:
    """The one type that a schema names by itself; empty where it says more or less."""
    kind = dig(schema, "type")
    return kind if isinstance(kind, str) else ""


def _asyncapis(facts: Facts) -> Iterator[str]:
    for path in facts.ending(".yaml", ".yml"):
        if "asyncapi" in path.lower() and not facts.is_beside(path):
            yield path


def _operations(document: Map, action: str) -> Iterator[Map]:
    operations = document.get("operations")
    for each in operations.values() if isinstance(operations, Map) else ():
        if isinstance(each, Map) and each.get("action") == action:
            yield each


def _resolve(document: Map, value: Any) -> Any:
    for _ in range(10):
        reference = dig(value, "$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return value
        value = dig(document, *(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/")))
    return None


def _channel(document: Map, operation: Map) -> str:
    channel = _resolve(document, operation.get("channel"))
    name = str(dig(operation, "channel", "$ref") or "").rpartition("/")[2]
    return str(dig(channel, "address") or name)


def _properties(document: Map, operation: Map) -> Any:
    """The payload's schema of an operation's first message; the data's where it is a CloudEvent."""
    messages = list(maps(operation.get("messages")))
    channel = _resolve(document, operation.get("channel"))
    of_channel = dig(channel, "messages")
    if not messages and isinstance(of_channel, Map):
        messages = [each for each in of_channel.values() if isinstance(each, Map)]
    message = _resolve(document, messages[0]) if messages else None
    payload = _resolve(document, dig(message, "payload"))
    data = _resolve(document, dig(payload, "properties", "data"))
    return data if isinstance(data, Map) and "properties" in data else payload


RULES = rules_in(vars())
