"""A020: the contract and the code's routes are one and the same."""

import re
from collections.abc import Iterator

from machgen.check.api_first.contracts import api_of, no_openapi, of, place_of
from machgen.check.api_first.operations import Operation
from machgen.check.api_first.routes import ANY, CODE, Route, routes, segments
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, Role, Unknown, rule, rules_in
from machgen.check.roots import Root, files_of

_OPERATIONAL = lazy_compile(
    r"(?:\A|/)(?:health\w*|live\w*|ready\w*|readiness|startup\w*|metrics|ping|version|info|status|probes?|actuator|"
    r"swagger[\w.-]*|openapi[\w.-]*|docs?|redoc|api-docs|favicon\.ico|robots\.txt|internal|_\w+|debug|error|"
    r"\.well-known|graphql|ws|pprof|topology|chaos|utility)(?:/|\Z)",
    re.IGNORECASE,
)


@rule(
    "A020",
    "Contract and routes agree",
    level=Level.ERROR,
    source="Zalando RESTful API Guidelines, rule 100: API first; OpenAPI 3.1.0, Paths Object",
    mend="Describe the route or take it away; serve the operation or remove it, which is a breaking change.",
    applies_when="a service with an OpenAPI description and routes that can be read",
    roles=(Role.SERVICE,),
)
def agrees(facts: Facts, root: Root) -> Iterator[Answer]:
    """A route that the contract does not know is used by somebody all the same, and an operation that nobody serves is
    found out by a consumer in production. Routes for operations (health, metrics, documentation) need none."""
    described = of(facts, root, "openapi")
    if not described:
        yield no_openapi(facts, root)
        return
    operations: list[tuple[Operation, tuple[str, ...]]] = []
    for contract in described:
        api = api_of(facts, contract)
        prefix = next(iter(api.prefixes)) if len(api.prefixes) == 1 else ""
        operations += [(each, segments(prefix + each.path) or ()) for each in api.operations]
    declared = routes(facts, root)
    read = [(each, parts) for each in declared.found if (parts := segments(each.path)) is not None]
    if not read:
        yield Unknown("no route declaration can be read")
        return
    yield from _undescribed(read, operations)
    yield from _unserved(facts, root, read, operations)


_MOUNTS = lazy_compile(
    r"(?:\buse|\b[mM]ount|\b[rR]oute|\bregister\w*|\binclude_router|\bGroup|\b(?:url_)?prefix|\bpath)\b[^\n]{0,200}"
    r"(?:[:$]\w{1,80}|[{<][^{}<>\n]{1,80}[}>])/?[\"'`]"
)


def _mounts_at_a_parameter(facts: Facts, root: Root) -> bool:
    """Whether a router may be mounted at a path that ends with a parameter."""
    return any(path.endswith(CODE) and _MOUNTS.search(facts.prose(path)) for path in files_of(facts, root))


def _undescribed(
    read: list[tuple[Route, tuple[str, ...]]], operations: list[tuple[Operation, tuple[str, ...]]]
) -> Iterator[Answer]:
    by_method: dict[str, list[tuple[str, ...]]] = {}
    for operation, described in operations:
        for method in (operation.method, ANY):
            by_method.setdefault(method, []).append(described)
    missing = []
    for route, parts in read:
        if not parts or set(parts) == {"{}"} or _OPERATIONAL.search(route.path):
            continue
        if not any(_fits(parts, described) for described in by_method.get(route.method, ())):
            missing.append(route)
    if len(missing) > len(read) // 2:
        yield Unknown(f"most of the {len(read)} routes are not in the contract; it may describe something else")
        return
    for route in missing:
        yield Flaw(f"{route.name} is served and not in the contract", route.at, f"route {route.name}")


def _unserved(
    facts: Facts,
    root: Root,
    read: list[tuple[Route, tuple[str, ...]]],
    operations: list[tuple[Operation, tuple[str, ...]]],
) -> Iterator[Answer]:
    by_method: dict[str, list[tuple[str, ...]]] = {}
    for route, parts in read:
        by_method.setdefault(route.method, []).append(parts)
    anyway = by_method.get(ANY, [])

    def served(operation: Operation, described: tuple[str, ...]) -> bool:
        return any(_fits(parts, described) for parts in (*by_method.get(operation.method, ()), *anyway))

    missing = [(each, described) for each, described in operations if not served(each, described)]
    at_the_mount = any(not parts for _, parts in read)
    if missing and at_the_mount and _mounts_at_a_parameter(facts, root):
        missing = [(each, described) for each, described in missing if described[-1:] != ("{}",)]
    if not missing:
        return
    declared = routes(facts, root)
    if declared.elsewhere:
        yield Unknown(f"some routes are declared in a way that is not read: {declared.elsewhere}")
    elif len(read) != len(declared.found):
        yield Unknown("some routes have patterns that are not read")
    elif len(missing) * 2 > len(operations):
        yield Unknown(f"most of the {len(operations)} operations have no route that can be read")
    else:
        for each, _ in missing:
            yield Flaw(f"{each.name} is in the contract and not served", place_of(facts, each.node), each.node.pointer)


def _fits(parts: tuple[str, ...], described: tuple[str, ...]) -> bool:
    """Whether a route may be where an operation of its method is served: one of the two is the end of the other.

    Where a router is mounted and what a gateway takes away is not in the file, so a longer beginning is no difference.
    What stands at `/` of a mounted router serves the path of the mount, which ends with a name.
    """
    if parts == described:
        return True
    shared = min(len(parts), len(described))
    if not shared:
        return not described or described[-1] != "{}"
    # a parameter of the code may take what the contract names; one of the contract is named otherwise by the code
    taken, named = len(parts) <= len(described), len(parts) == len(described)
    for mine, theirs in zip(parts[-shared:], described[-shared:], strict=True):
        if mine != theirs and not (mine == "{}" and taken) and not (theirs == "{}" and named):
            return False
    return True


RULES = rules_in(vars())
