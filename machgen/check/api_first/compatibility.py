"""A016, A021: what the contract promised before, and which version it says it is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from machgen.check.api_first.contracts import Contract, api_of, contracts, definitions_of, no_openapi, of, parsed
from machgen.check.api_first.references import position
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.roots import Root, root_of

if TYPE_CHECKING:
    from machgen.check.api_first.schema_changes import Change


@rule(
    "A016",
    "No breaking change",
    level=Level.ERROR,
    source="Semantic Versioning 2.0.0, 8; Zalando RESTful API Guidelines, rules 106-107; Google AIP-180",
    mend="Take the change back, or offer the new form beside the old one until nobody uses the old one.",
    applies_when="a service with an OpenAPI, AsyncAPI or protobuf description, compared with that of `--base REV`",
    roles=(Role.SERVICE,),
)
def compatible(facts: Facts, root: Root) -> Iterator[Answer]:
    """Consumers are released on their own, so for a while the new service talks to old consumers, always. What they
    send must still be accepted, and what they get must still be what they were told to expect."""
    base = facts.base
    if base is None:
        yield NotApplicable("no base to compare with: `--base REV` names one")
        return
    described = (*of(facts, root, "openapi"), *of(facts, root, "asyncapi"))
    yield from _defined(facts, base, root)
    before = {each.path: each for each in base.once(contracts) if each.kind in {"openapi", "asyncapi"}}
    left = [each for each in before.values() if each.path not in facts.known and root.holds(each.path)]
    for contract in described:
        old = before.get(contract.path) or _moved(contract, left)
        if old is not None and old.document is not None and old.kind == contract.kind:
            yield from _compared(facts, base, old, contract)
        elif old is not None:
            yield Unknown(f"{old.path} at the base cannot be read")
    gone = [each for each in left if _moved_to(each, described) is None]
    for each in gone:
        if not any(one.kind == each.kind for one in described):
            yield Flaw(f"the contract {each.path} is gone", Place(each.path), each.path)
    if not described and not gone:
        if not definitions_of(facts, root):
            yield no_openapi(facts, root)
    elif not before:
        yield NotApplicable("there was no contract at the base")


def _defined(facts: Facts, base: Facts, root: Root) -> Iterator[Answer]:
    for old in base.once(contracts):
        if (
            old.kind != "protobuf"
            or not root.holds(old.path)
            or (holder := root_of(facts, old.path)) is None
            or holder != root
        ):
            continue
        if old.path not in facts.known:
            yield Flaw(f"the contract {old.path} is gone", Place(old.path), old.path)
            continue
        from machgen.check.api_first import protobuf_rules  # noqa: PLC0415 - only --base needs it

        before, after = protobuf_rules.definition(base, old.path), protobuf_rules.definition(facts, old.path)
        if before is None:
            yield Unknown(f"{old.path} at the base cannot be read")
        elif after is not None:
            yield from protobuf_rules.breaking(before, after)


def _compared(facts: Facts, base: Facts, old: Contract, new: Contract) -> Iterator[Answer]:
    for change in _changes(facts, base, old, new):
        path = new.path if change.path == old.path else change.path
        if change.unknown:
            yield Unknown(f"{path}#{change.pointer}: {change.message}")
            continue
        document = parsed(facts, path)
        at = Place(path, *position(document, change.pointer)) if document is not None else Place(new.path)
        yield Flaw(f"{change.message} at {change.pointer}", at, f"{change.pointer} {change.message}")


def _changes(facts: Facts, base: Facts, old: Contract, new: Contract) -> "tuple[Change, ...]":
    if new.kind == "asyncapi":
        from machgen.check.api_first.event_changes import Events, breaking_events  # noqa: PLC0415 - only --base needs it

        return breaking_events(
            Events(old.path, old.document, lambda path: parsed(base, path)),
            Events(new.path, new.document, lambda path: parsed(facts, path)),
        )
    from machgen.check.api_first.breaking import breaking_changes  # noqa: PLC0415 - only --base needs it

    return breaking_changes(api_of(base, old), api_of(facts, new))


def _moved(contract: Contract, left: list[Contract]) -> Contract | None:
    return next((each for each in left if _same(each, contract)), None)


def _moved_to(old: Contract, described: tuple[Contract, ...]) -> Contract | None:
    return next((each for each in described if _same(old, each)), None)


def _same(one: Contract, other: Contract) -> bool:
    name = one.path.rpartition("/")[2].rpartition(".")[0]
    title = one.node.child("info").get("title")
    return name == other.path.rpartition("/")[2].rpartition(".")[0] or (
        title is not None and title == other.node.child("info").get("title")
    )


_SEMANTIC = lazy_compile(r"v?(\d+\.\d+\.\d+)(?:-SNAPSHOT)?\Z")


@rule(
    "A021",
    "The contract's version follows the release's",
    level=Level.NOTE,
    source="Semantic Versioning 2.0.0, 1: the public API is declared; OpenAPI 3.1.0, Info Object: `version`",
    mend="Write the version once, or let the release set it in the manifest and in the contract.",
    applies_when="a service with one OpenAPI description and a version in its manifest",
    roles=(Role.SERVICE,),
)
def same_version(facts: Facts, root: Root) -> Iterator[Answer]:
    """Who reads the contract has to know which release it describes. Two version numbers that move apart leave that
    to guessing."""
    described = of(facts, root, "openapi")
    if len(described) != 1:
        yield no_openapi(facts, root) if not described else NotApplicable("it has several contracts")
        return
    released = next((each for each in root.manifests if _SEMANTIC.match(each.version)), None)
    written = str(described[0].node.child("info").get("version") or "")
    if released is None or not _SEMANTIC.match(written):
        yield NotApplicable("not both of the manifest and the contract say a full version")
        return
    mine, theirs = _SEMANTIC.sub(r"\1", released.version), _SEMANTIC.sub(r"\1", written)
    if mine == "0.0.0":
        yield Unknown(f"{released.path} says 0.0.0, which a release replaces")
    elif mine != theirs:
        yield Flaw(
            f"the contract says version {theirs}, {released.path} says {mine}",
            described[0].at("/info/version"),
            "version",
        )


RULES = rules_in(vars())
