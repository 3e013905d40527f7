"""A010-A012, A018, A019: how data is named, typed, exemplified and bounded."""

from collections.abc import Iterator

from machgen.check.api_first.contracts import api_of, definitions_of, no_openapi, of, place_of
from machgen.check.api_first.instances import broken
from machgen.check.api_first.operations import Api
from machgen.check.api_first.references import Node
from machgen.check.api_first.shapes import Case
from machgen.check.api_first.walking import REQUEST, Used, cases, words_of
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, Role, rule, rules_in
from machgen.check.roots import Root


def _apis(facts: Facts, root: Root) -> list[Api]:
    return [api_of(facts, each) for each in of(facts, root, "openapi")]


_CONVENTIONS = (
    ("snake_case", lazy_compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\Z")),
    ("camelCase", lazy_compile(r"[a-z][a-z0-9]*[A-Z][A-Za-z0-9]*\Z")),
    ("kebab-case", lazy_compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+\Z")),
    ("PascalCase", lazy_compile(r"[A-Z][a-z0-9]+[A-Za-z0-9]*\Z")),
)
_STANDARD = frozenset(
    {
        "access_token", "token_type", "expires_in", "refresh_token", "id_token", "grant_type", "client_id",
        "client_secret", "redirect_uri", "error_description", "error_uri", "code_verifier", "code_challenge",
        "response_type", "device_code", "user_code", "verification_uri", "jwks_uri", "token_endpoint",
        "invalid-params",
    }
)  # fmt: skip
"""Names that standards give (RFC 6749, RFC 7807, OpenID Connect)."""


@rule(
    "A010",
    "Properties follow one naming convention",
    level=Level.WARNING,
    source="Zalando RESTful API Guidelines, rule 118; Microsoft REST API Guidelines, 7; Google JSON Style Guide",
    mend="Choose one convention and add the properties anew under it; keep the old names until nobody reads them.",
    applies_when="a service with an OpenAPI or protobuf description",
    roles=(Role.SERVICE,),
)
def named_alike(facts: Facts, root: Root) -> Iterator[Answer]:
    """Consumers map names by convention. Where there are two, every property is an exception to be looked up."""
    apis, definitions = _apis(facts, root), definitions_of(facts, root)
    if not apis and not definitions:
        yield no_openapi(facts, root)
    if definitions:
        from machgen.check.api_first import protobuf_rules  # noqa: PLC0415 - few services have gRPC contracts

        for path in definitions:
            yield from protobuf_rules.misnamed(facts, path)
    for api in apis:
        by: dict[str, dict[str, Used]] = {}
        for used in api.schemas.distinct:
            if used.owner is None or used.name in _STANDARD:
                continue
            kind = next((title for title, pattern in _CONVENTIONS if pattern.match(used.name)), "")
            if kind:
                by.setdefault(kind, {}).setdefault(used.name, used)
        main = max(by, key=lambda kind: len(by[kind]), default="")
        for kind in sorted(by.keys() - {main}):
            for name, used in by[kind].items():
                message = f"the property {name} is {kind}; most here are {main}"
                yield Flaw(message, place_of(facts, used.node), f"{used.node.pointer} {kind}")


_MONEY = frozenset({"price", "salary", "subtotal", "surcharge", "fee", "fees", "msrp", "wage", "revenue"})
_PERHAPS = frozenset({"amount", "total", "cost", "balance", "value", "discount", "tax", "shipping", "charge"})
_NO_MONEY = frozenset(
    {
        "percent", "percentage", "pct", "ratio", "rate", "factor", "index", "count", "id", "score", "weight", "change",
        "multiplier", "quantity", "qty", "items", "number", "level", "days", "hours", "minutes", "seconds", "trend",
    }
)  # fmt: skip


@rule(
    "A011",
    "Money is not a floating-point number",
    level=Level.ERROR,
    source="RFC 8259, 6: numbers are read as binary64; IEEE 754; Zalando RESTful API Guidelines, rule 173",
    mend="Send minor units as an integer, or a decimal as a string, beside an ISO 4217 currency.",
    applies_when="a service with an OpenAPI or protobuf description",
    roles=(Role.SERVICE,),
)
def money(facts: Facts, root: Root) -> Iterator[Answer]:
    """0.1 + 0.2 is not 0.3 in binary. Most consumers read a JSON number as one, and then sums do not add up, in the
    one place where that is noticed."""
    apis, definitions = _apis(facts, root), definitions_of(facts, root)
    if not apis and not definitions:
        yield no_openapi(facts, root)
    if definitions:
        from machgen.check.api_first import protobuf_rules  # noqa: PLC0415 - few services have gRPC contracts

        for path in definitions:
            yield from protobuf_rules.typed_as(facts, path, frozenset({"float", "double"}), _money_said)
    for api in apis:
        for used in api.schemas.distinct:
            if not used.name or not _is_money(used):
                continue
            kinds = cases(api, used.node)
            floats = [
                case for case in kinds if case.type == "number" and case.format != "decimal" and not _scaled(case)
            ]
            if floats and not any(case.type == "string" for case in kinds):
                form = f", {floats[0].format}" if floats[0].format else ""
                message = f"{used.name} is a number{form}, which is read as binary floating point"
                yield Flaw(message, place_of(facts, used.node), f"{used.node.pointer} money")


def _money_said(name: str) -> str:
    words = set(words_of(name))
    money = bool(words & _MONEY) and not words & _NO_MONEY
    return "is money as binary floating point; google.type.Money is exact" if money else ""


def _scaled(case: Case) -> bool:
    step = case.words.get("multipleOf")
    return isinstance(step, int)


def _is_money(used: Used) -> bool:
    words = set(words_of(used.name))
    if words & _NO_MONEY:
        return False
    if words & _MONEY:
        return True
    siblings = used.owner.get("properties") if used.owner is not None else None
    return bool(words & _PERHAPS) and any("currency" in words_of(name) for name in siblings or ())


_PAST = lazy_compile(r"(?:[a-z]+ed|expires|starts|ends|begins|seen|sent|paid|made|begun)\Z")


@rule(
    "A012",
    "Dates, currencies, countries and languages have formats",
    level=Level.WARNING,
    source="RFC 3339; ISO 4217; ISO 3166-1; BCP 47; Zalando RESTful API Guidelines, rules 126, 169 and 170",
    mend="Say `format: date-time` or `date`; give codes a pattern, an enumeration or a format.",
    applies_when="a service with an OpenAPI or protobuf description",
    roles=(Role.SERVICE,),
)
def formatted(facts: Facts, root: Root) -> Iterator[Answer]:
    """`03/04/25` is a day in March or in April, and `EUR`, `Euro` and `€` are three currencies to a program. A format
    makes it one thing, and something that can be checked."""
    apis, definitions = _apis(facts, root), definitions_of(facts, root)
    if not apis and not definitions:
        yield no_openapi(facts, root)
    if definitions:
        from machgen.check.api_first import protobuf_rules  # noqa: PLC0415 - few services have gRPC contracts

        for path in definitions:
            yield from protobuf_rules.typed_as(facts, path, frozenset({"string"}), _time_said)
    for api in apis:
        for used in api.schemas.distinct:
            kind = _kind(used.name) if used.name and used.where not in {"header", "cookie"} else ""
            if not kind:
                continue
            texts = [case for case in cases(api, used.node) if case.type == "string"]
            if texts and not any(_says(case) for case in texts):
                message = f"{used.name} is {kind}, and a text without format"
                yield Flaw(message, place_of(facts, used.node), f"{used.node.pointer} format")


def _time_said(name: str) -> str:
    return "is a time as a text; google.protobuf.Timestamp is one" if _kind(name) == "a time" else ""


def _kind(name: str) -> str:
    words = words_of(name)
    if words[-1:] == ("date",) or (len(words) > 1 and words[-1] == "at" and _PAST.match(words[-2])):
        return "a time"
    if words[-1:] == ("timestamp",) or words[-2:] == ("date", "time"):
        return "a time"
    if words[-1:] == ("currency",) or words[-2:] == ("currency", "code"):
        return "a currency"
    if words[-2:] == ("country", "code"):
        return "a country"
    return "a language" if words[-2:] == ("language", "code") or words == ("locale",) else ""


def _says(case: Case) -> bool:
    exact = case.upper.get("length") is not None and case.upper.get("length") == case.lower.get("length")
    return bool(case.format or case.enum is not None or "pattern" in case.words or exact or "$ref" in case.words)


@rule(
    "A018",
    "Examples are valid",
    level=Level.WARNING,
    source="OpenAPI 3.1.0, Media Type Object: an example SHOULD match the schema; JSON Schema 2020-12, Validation",
    mend="Correct the example, or the schema where the example is right.",
    applies_when="a service with an OpenAPI description",
    roles=(Role.SERVICE,),
)
def exemplified(facts: Facts, root: Root) -> Iterator[Answer]:
    """People copy the example first and read the schema when it fails. Mock servers answer with it."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        seen: set[tuple[str, str]] = set()
        for schema, example in _examples(api):
            key = (example.path, example.pointer)
            if key in seen:
                continue
            seen.add(key)
            if reason := broken(api, schema, example.value):
                message = f"the example does not fit its schema: {reason}"
                yield Flaw(message, place_of(facts, example), f"{example.pointer} example")


def _examples(api: Api) -> Iterator[tuple[Node, Node]]:
    for used in api.schemas.distinct:
        value = used.node.value
        if "$ref" not in value:
            if "example" in value:
                yield used.node, used.node.child("example")
            if isinstance(value.get("examples"), list):
                yield from ((used.node, each) for each in used.node.child("examples").items())
    if api.swagger:
        return
    for operation in api.operations:
        for parameter in operation.parameters.values():
            yield from _beside(api, parameter.node, parameter.schema)
        bodies = [operation.body, *(response.body for response in operation.responses.values())]
        for body in bodies:
            for media, node in body.media.items() if body else ():
                if "json" in media:
                    yield from _beside(api, node, node.child("schema"))


def _beside(api: Api, node: Node, schema: Node) -> Iterator[tuple[Node, Node]]:
    if not isinstance(schema.value, dict) or not isinstance(node.value, dict):
        return
    if "example" in node.value:
        yield schema, node.child("example")
    for _, each in node.child("examples").children():
        found = api.references.resolved(each)
        if isinstance(found.value, dict) and "value" in found.value:
            yield schema, found.child("value")


_BOUNDED = frozenset(
    {
        "uuid", "date", "date-time", "time", "duration", "ipv4", "ipv6", "email", "hostname", "binary", "byte",
        "base64", "decimal", "iso-4217", "iso-3166", "bcp47", "currency", "password",
    }
)  # fmt: skip
"""Formats that bound a text by themselves, or that carry files, whose size the transport bounds."""

_ENDLESS = lazy_compile(r"(?<!\\)[*+]|\{\d*,\}")


@rule(
    "A019",
    "What is sent is bounded",
    level=Level.NOTE,
    source="OWASP API Security Top 10 2023, API4: unrestricted resource consumption; CWE-770",
    mend="Give texts `maxLength`, lists `maxItems`, numbers `minimum` and `maximum` or a format.",
    applies_when="a service with an OpenAPI description; request bodies and query parameters",
    roles=(Role.SERVICE,),
)
def bounded(facts: Facts, root: Root) -> Iterator[Answer]:
    """What has no bound will be sent at its full size by somebody. Said in the contract, it is refused at the edge
    instead of in the database."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        for used in api.schemas.used:
            if used.side != REQUEST or used.where not in {"", "query"} or "$ref" in used.node.value:
                continue
            if not isinstance(used.node.value.get("type"), str | list) or used.node.value.get("readOnly") is True:
                continue
            own = [case for case in cases(api, used.node) if case.node.pointer == used.node.pointer]
            missing = next(filter(None, map(_unbounded, own)), "")
            if missing:
                title = used.name or ("an item" if used.node.pointer.endswith("/items") else "what is sent")
                message = f"{title} has no {missing}"
                yield Flaw(message, place_of(facts, used.node), f"{used.node.pointer} bound")


def _unbounded(case: Case) -> str:
    if case.enum is not None:
        return ""
    if case.type == "string" and "length" not in case.upper and case.format not in _BOUNDED:
        pattern = case.words.get("pattern")
        fixed = isinstance(pattern, str) and pattern.startswith("^") and pattern.endswith("$")
        return "" if fixed and not _ENDLESS.search(str(pattern)) else "maxLength"
    if case.type == "array" and "items" not in case.upper:
        return "maxItems"
    if case.type in {"integer", "number"} and not case.format:
        missing = [word for word, bounds in (("minimum", case.lower), ("maximum", case.upper)) if "value" not in bounds]
        return " and no ".join(missing)
    return ""


RULES = rules_in(vars())
