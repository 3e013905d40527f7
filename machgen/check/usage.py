"""L002: what a consumer uses is in the provider's contract."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from machgen.check.api_first.contracts import api_of, copies, of
from machgen.check.api_first.operations import Api, Operation
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.microservices import ONE
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Unknown, rule, rules_in
from machgen.check.roots import root_of, services

if TYPE_CHECKING:
    from machgen.check.api_first.contracts import Contract
    from machgen.check.calls import Call

_OPERATIONAL = lazy_compile(
    r"(?:\A|/)(?:health\w*|live\w*|ready\w*|metrics|ping|version|info|status|actuator|openapi[\w.-]*|docs?)(?:/|\Z)",
    re.IGNORECASE,
)


@rule(
    "L002",
    "What a consumer uses is in the provider's contract",
    level=Level.ERROR,
    source="Robinson, Consumer-Driven Contracts (martinfowler.com, 2006); Newman, Building Microservices ch. 5; "
    "Hyrum's Law",
    mend="Describe the operation, parameter or property in the provider's contract, or call what is described.",
    applies_when="calls of a sibling that can be read, or a copy of its contract that a client is made from, and the "
    "sibling's OpenAPI description; copies of protobuf definitions",
)
def used_is_described(facts: Facts) -> Iterator[Answer]:
    """What is not in the contract may go without notice: the provider's own checks see no breaking change, and the
    consumer is the one that breaks. A call of an operation that is not there fails on its first use."""
    if len(facts.once(services)) < 2:
        yield ONE
        return
    from machgen.check.calls import calls  # noqa: PLC0415 - many patterns, which a single service does not need

    found = facts.once(calls)
    kept = list(_kept_copies(facts))
    definitions = tuple(path for path in facts.ending(".proto") if not facts.is_beside(path))
    if len(definitions) > 1:
        from machgen.check.api_first.protobuf_rules import parted  # noqa: PLC0415 - only several definitions need it

        yield from parted(facts, definitions)
    if not found and not kept and len(definitions) < 2:
        yield NotApplicable("no call of a sibling can be read, and no copy of its contract is kept")
        return
    for copy, own in kept:
        yield from _parted(facts, copy, own)
    silent: set[str] = set()
    for call in found:
        described = of(facts, call.provider, "openapi")
        if not described:
            silent.add(call.provider.name)
            continue
        apis = [api_of(facts, contract) for contract in described]
        yield from _judged(call, apis)
    for name in sorted(silent):
        yield Unknown(f"{name} is called and has no OpenAPI description that can be read")


def _kept_copies(facts: Facts) -> "Iterator[tuple[Contract, Contract]]":
    """The copies of a sibling's contract that a root keeps for its client, each with the sibling's own."""
    copies_ = facts.once(copies)
    if not copies_:
        return
    own = [(root, each) for root in facts.once(services) for each in of(facts, root, "openapi")]
    for copy in copies_:
        holder = root_of(facts, copy.path)
        title = copy.node.child("info").get("title")
        same = [
            each
            for root, each in own
            if (holder is None or root.path != holder.path) and title and each.node.child("info").get("title") == title
        ]
        if len(same) == 1:
            yield copy, same[0]


def _parted(facts: Facts, copy: "Contract", own: "Contract") -> Iterator[Answer]:
    from machgen.check.api_first.breaking import breaking_changes  # noqa: PLC0415 - only copies need it

    changes = [each for each in breaking_changes(api_of(facts, copy), api_of(facts, own)) if not each.unknown]
    if changes:
        more = f", and {len(changes) - 1} more" if len(changes) > 1 else ""
        pointer = next((each.pointer for each in changes if each.gone and each.path == copy.path), "")
        message = f"the client is made from {copy.path}, which {own.path} has left behind: {changes[0].message}{more}"
        yield Flaw(message, copy.at(pointer), f"{copy.path} {own.path}", level=Level.WARNING)


def _judged(call: "Call", apis: list[Api]) -> Iterator[Answer]:
    parts = _parts(call.path)
    if not parts or all(part == "{}" for part in parts) or _OPERATIONAL.search(call.path):
        return
    fitting = [(api, each) for api in apis for each in api.operations if _fits(parts, api, each)]
    name = call.provider.name
    said = f"{call.method.upper() or 'any method'} /{'/'.join(parts)}"
    if not fitting:
        message = f"{call.caller.name} calls {said} of {name}, which its contract does not have"
        yield Flaw(message, call.at, f"{call.caller.path}/{name}/{said}")
        return
    same = [(api, each) for api, each in fitting if each.method == call.method]
    if call.method and not same:
        known = ", ".join(sorted({each.method.upper() for _, each in fitting}))
        message = f"{call.caller.name} calls {said} of {name}, whose contract has only {known} there"
        yield Flaw(message, call.at, f"{call.caller.path}/{name}/{said}")
        return
    if len(same) == 1:
        yield from _details(call, *same[0], said)


def _details(call: "Call", api: Api, operation: Operation, said: str) -> Iterator[Answer]:
    known = {each.name for each in operation.parameters.values() if each.where == "query"}
    free = any(
        isinstance(each.schema.value, dict) and each.schema.get("type") == "object"
        for each in operation.parameters.values()
        if each.where == "query"
    )
    for name in dict.fromkeys(call.query):
        if name not in known and not free:
            message = f"{call.caller.name} sends the parameter {name} to {operation.name} of {call.provider.name}, "
            yield Flaw(f"{message}which its contract does not have", call.at, f"{call.caller.path}/{said}?{name}")
    properties = _properties(api, operation)
    if properties is None:
        return
    for name, at in dict.fromkeys(call.fields):
        if name not in properties:
            message = f"{call.caller.name} reads {name} of what {operation.name} of {call.provider.name} answers, "
            yield Flaw(f"{message}which its contract does not have", at, f"{call.caller.path}/{said}/{name}")


def _properties(api: Api, operation: Operation) -> set[str] | None:
    """The properties of every good answer together; None where the contract leaves them open."""
    found: set[str] = set()
    for status, response in operation.responses.items():
        if not status.startswith("2"):
            continue
        for media, schema in response.body.content.items():
            cases = api.shapes.cases([schema]) if "json" in media and schema.value is not None else None
            if not cases:
                return None
            for case in cases:
                if not case.properties or (case.additional is not None and not case.closed):
                    return None
                found |= set(case.properties)
    return found or None


def _parts(path: str) -> tuple[str, ...]:
    return tuple("{}" if "{}" in part else part for part in path.split("/") if part)


def _fits(parts: tuple[str, ...], api: Api, operation: Operation) -> bool:
    """Whether a call's path may be an operation's: with a server's prefix, or with none where a gateway is."""
    own = tuple("{}" if "{" in part else part for part in operation.path.split("/") if part)
    for prefix in {*api.prefixes, ""}:
        described = (*(part for part in prefix.split("/") if part), *own)
        if len(described) == len(parts) and all(
            # some frameworks fold letters, and which one answers is not for the caller to say
            mine.lower() == theirs.lower() or "{}" in {mine, theirs}
            for mine, theirs in zip(parts, described, strict=True)
        ):
            return True
    # what a proxy takes away or adds in front is not in the sources
    return len(parts) != len(own) and len(own) > 1 and parts[-len(own) :] == own


RULES = rules_in(vars())
