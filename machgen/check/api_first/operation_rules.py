"""A005-A009, A013, A014: how operations are named, answered, secured, paginated, repeated and guarded."""

import re
from collections.abc import Iterator

from machgen.check.api_first.contracts import api_of, definitions_of, no_openapi, of, place_of
from machgen.check.api_first.operations import Api, Operation, Response
from machgen.check.api_first.references import Node
from machgen.check.api_first.walking import cases, input_of, words_of
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Role, Unknown, rule, rules_in
from machgen.check.roots import Root


def _apis(facts: Facts, root: Root) -> list[Api]:
    return [api_of(facts, each) for each in of(facts, root, "openapi")]


def _flaw(facts: Facts, node: Node, message: str, level: Level | None = None) -> Flaw:
    return Flaw(message, place_of(facts, node), f"{node.pointer} {message}", level=level)


@rule(
    "A005",
    "Operations have ids, summaries and tags",
    level=Level.WARNING,
    source="OpenAPI 3.1.0, Operation Object: `operationId` MUST be unique; Spectral ruleset `oas`",
    mend="Give each operation a unique `operationId`, a summary and a tag.",
    applies_when="a service with an OpenAPI description",
    roles=(Role.SERVICE,),
)
def identified(facts: Facts, root: Root) -> Iterator[Answer]:
    """Generated clients name their methods after the ids, documentation is grouped by the tags and read by the
    summaries. Two operations with one id make a client that lacks one of them."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        ids: dict[str, Operation] = {}
        for each in api.operations:
            name = each.node.get("operationId")
            if isinstance(name, str) and (first := ids.setdefault(name, each)) is not each:
                message = f"{first.name} and {each.name} have one operationId, {name}"
                yield _flaw(facts, each.node.child("operationId"), message, Level.ERROR)
            missing = [key for key in ("operationId", "summary", "tags") if not each.node.get(key)]
            if missing:
                yield _flaw(facts, each.node, f"{each.name} has no {', '.join(missing)}")


@rule(
    "A006",
    "Responses are described, errors as problem details",
    level=Level.WARNING,
    source="RFC 9457, Problem Details for HTTP APIs; OpenAPI 3.1.0, Response Object; Zalando guidelines, 151, 176",
    mend="Describe each response; give each error `application/problem+json` with RFC 9457's members.",
    applies_when="a service with an OpenAPI description",
    roles=(Role.SERVICE,),
)
def answered(facts: Facts, root: Root) -> Iterator[Answer]:
    """What is not described comes as a surprise, and errors come when nobody has time for one. With one format for all
    errors a consumer writes its handling once."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        seen: set[tuple[str, str]] = set()
        for operation in api.operations:
            if not any(each.is_error for each in operation.responses.values()):
                yield _flaw(facts, operation.node, f"{operation.name} describes no error")
            for status, response in operation.responses.items():
                key = (response.node.path, response.node.pointer)
                if key in seen or response.node.get("$ref") is not None:
                    continue
                seen.add(key)
                if not str(response.node.get("description") or "").strip():
                    yield _flaw(facts, response.node, f"the response {status} of {operation.name} has no description")
                if response.is_error and operation.method != "head":
                    yield from _problem(facts, operation, response)


def _problem(facts: Facts, operation: Operation, response: Response) -> Iterator[Answer]:
    types = sorted(response.body.content)
    if not types:
        message = f"the error {response.status} of {operation.name} does not describe its body"
        yield _flaw(facts, response.node, message)
    elif not any(each in {"application/problem+json", "application/problem+xml"} for each in types):
        message = f"the error {response.status} of {operation.name} is {', '.join(types)}, not application/problem+json"
        yield _flaw(facts, response.node, message)


_LOGIN = lazy_compile(r"/(?:log-?in|sign-?in|authenticate|token|access-token)/?\Z", re.IGNORECASE)


@rule(
    "A007",
    "Every operation is secured or expressly public",
    level=Level.ERROR,
    source="OWASP API Security Top 10 2023, API2 and API5; OpenAPI 3.1.0, Security Requirement Object",
    mend="Set `security` for the document, and `security: []` on the operations that are for everybody.",
    applies_when="a service with an OpenAPI description",
    roles=(Role.SERVICE,),
)
def secured(facts: Facts, root: Root) -> Iterator[Answer]:
    """An operation that says nothing may be public by decision or by accident, and nobody can tell which. One where
    credentials are had cannot ask for them."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        for each in api.operations:
            if each.security is None:
                message = f"{each.name} is neither secured nor expressly public (`security: []`)"
                yield _flaw(facts, each.node, message)
            elif each.inherits and each.method == "post" and _LOGIN.search(each.path) and each.security:
                if not all(each.security):
                    continue  # one of the alternatives is to have none
                message = f"{each.name} is where credentials are had, and asks for them: `security` of the document"
                yield _flaw(facts, each.node, message)


_LIMITS = (
    "limit", "pagesize", "perpage", "size", "count", "first", "top", "$top", "maxresults", "take", "page[size]",
    "page[limit]", "maxitems", "maxpagesize", "rows", "length", "resultsperpage", "itemsperpage", "$limit", "last",
    "max",
)  # fmt: skip
_PAGES = (
    "page", "pagenumber", "pageindex", "cursor", "offset", "pagetoken", "after", "before", "continuationtoken",
    "skip", "$skip", "start", "marker", "page[number]", "page[cursor]", "next", "startingafter", "from", "nexttoken",
)  # fmt: skip
_COLLECTIONS = ("items", "data", "results", "content", "values", "entries", "records", "elements", "rows")


@rule(
    "A008",
    "Lists are paginated, with a bounded limit",
    level=Level.WARNING,
    source="OWASP API Security Top 10 2023, API4; Google AIP-158; Zalando RESTful API Guidelines, rule 159",
    mend="Take a cursor and a limit with a `maximum`, or bound the list with `maxItems`.",
    applies_when="a service with an OpenAPI or protobuf description",
    roles=(Role.SERVICE,),
)
def paginated(facts: Facts, root: Root) -> Iterator[Answer]:
    """A list without a bound grows with the business until it takes the service, the consumer or the network down. To
    paginate later breaks every consumer."""
    apis, definitions = _apis(facts, root), definitions_of(facts, root)
    if not apis and not definitions:
        yield no_openapi(facts, root)
    if definitions:
        from machgen.check.api_first import protobuf_rules  # noqa: PLC0415 - few services have gRPC contracts

        for path in definitions:
            yield from protobuf_rules.unpaginated(facts, path)
    for api in apis:
        for operation in api.operations:
            if operation.method == "get" and _returns_unbounded_list(api, operation):
                yield from _pages(facts, api, operation)


def _returns_unbounded_list(api: Api, operation: Operation) -> bool:
    """Whether a GET returns a list that nothing in its schema bounds."""
    response = next((each for status, each in operation.responses.items() if status in {"200", "2XX"}), None)
    if response is None:
        return False
    for media, schema in response.body.content.items():
        for case in cases(api, schema) if "json" in media or media == "*/*" else ():
            found = case
            if case.type == "object" and not operation.path.rstrip("/").endswith("}"):
                member = next((name for name in _COLLECTIONS if name in case.properties), None)
                inner = api.shapes.cases(case.properties[member]) if member else None
                found = next((each for each in inner or () if each.type == "array"), case)
            if found.type == "array" and "items" not in found.upper:
                return True
    return False


def _pages(facts: Facts, api: Api, operation: Operation) -> Iterator[Answer]:
    folded = {each.name.lower().replace("-", "").replace("_", ""): each for each in operation.parameters.values()}
    limit = next((folded[name] for name in _LIMITS if name in folded), None)
    if limit is None:
        asked = any(name.endswith("ids") for name in folded)  # no more than was asked for
        if not asked and not any(name in folded for name in _PAGES):
            yield _flaw(facts, operation.node, f"{operation.name} returns a list without pagination")
        return
    kinds = cases(api, limit.schema)
    numbers = [case for case in kinds if case.type in {"integer", "number", ""} and case.enum is None]
    if any("value" not in case.upper for case in numbers):
        message = f"the {limit.name} of {operation.name} has no maximum"
        yield _flaw(facts, limit.node, message)


_CRUD = lazy_compile(
    r"(?:get|create|delete|fetch|remove|insert|retrieve|modify)(?:\Z|[-_A-Z])|(?:update|add|save|edit|list|find|set)"
    r"(?:[-_](?!up\b|on\b|of\b|in\b)|[A-Z])"
)
_TOLERATED = frozenset({"set-up", "set-ups", "add-on", "add-ons", "update-logs", "update-history", "edit-history"})
"""Nouns that begin like verbs."""

_SINGULAR = frozenset(
    {
        "user", "order", "product", "item", "customer", "account", "pet", "article", "post", "comment", "invoice",
        "payment", "cart", "basket", "note", "task", "project", "book", "category", "tag", "event", "message", "file",
        "document", "employee", "student", "person", "company", "contact", "address", "review", "group", "team",
        "vendor", "supplier", "shipment", "store", "role", "device", "ticket", "subscription", "coupon", "discount",
    }
)  # fmt: skip
"""English nouns whose singular is certain: of another word, or another language, nothing is said."""

_PATH_FILE = lazy_compile(r"\.[a-z0-9]{2,5}\Z")


@rule(
    "A009",
    "Resources are named alike",
    level=Level.NOTE,
    source="Zalando RESTful API Guidelines, rules 129, 134, 136 and 141; Google AIP-122; RFC 3986, 6.2",
    mend="Name collections in the plural and kebab-case, leave verbs to the methods and the slash at the end away.",
    applies_when="a service with an OpenAPI description",
    roles=(Role.SERVICE,),
)
def named(facts: Facts, root: Root) -> Iterator[Answer]:
    """Whoever has used one resource can guess the next one's address. An action below one (`/orders/{id}/cancel`)
    is tolerated; a method written into the path (`/getOrders`) is not."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
    for api in apis:
        for path, item in api.root.child("paths").children():
            for problem in _naming(path):
                yield _flaw(facts, item, f"{path}: {problem}")


def _naming(path: str) -> Iterator[str]:
    if path != "/" and path.endswith("/"):
        yield "ends with a slash"
    parts = path.strip("/").split("/")
    for index, part in enumerate(parts):
        plain = part.partition(":")[0]
        if "{" in plain or plain.startswith((".", "$")) or not plain:
            continue
        if _CRUD.match(plain) and plain not in _TOLERATED:
            yield f"`{plain}` is a verb; the method says what is done"
        elif re.search(r"[A-Z_]", plain) and not _PATH_FILE.search(plain):
            yield f"`{plain}` is not kebab-case"
        following = parts[index + 1] if index + 1 < len(parts) else ""
        if _is_singular(plain, following):
            yield f"`{plain}` is a collection in the singular"


def _is_singular(part: str, following: str) -> bool:
    match = re.fullmatch(r"\{([^{}]+)\}", following)
    if match is None or not re.fullmatch(r"[a-z][a-z-]*", part) or part.endswith("s"):
        return False
    words = words_of(match[1])
    if words[-1:] not in {("id",), ("uuid",)}:
        return False
    return part in _SINGULAR if len(words) == 1 else part in _SINGULAR and words[:-1] == tuple(part.split("-"))


_KEYS = frozenset(
    {"id", "key", "uuid", "sku", "slug", "email", "username", "handle", "isbn", "code", "name", "reference"}
)


@rule(
    "A013",
    "Creation can be repeated safely",
    level=Level.WARNING,
    source="IETF draft The Idempotency-Key HTTP Header Field; RFC 9110, 9.2.2; Zalando guidelines, rules 229-231",
    mend="Take an `Idempotency-Key` header and answer a repeated key as before, or let the client choose the id.",
    applies_when="a service whose OpenAPI description has a POST that creates (201)",
    roles=(Role.SERVICE,),
)
def repeatable(facts: Facts, root: Root) -> Iterator[Answer]:
    """A consumer that got no answer does not know whether the thing was made. Without a key it makes it twice, or not
    at all. Where the client chooses the key, the repetition is recognised by it."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
        return
    creating = [
        (api, each) for api in apis for each in api.operations if each.method == "post" and "201" in each.responses
    ]
    if not creating:
        yield NotApplicable("no operation says that it creates (201)")
    for api, operation in creating:
        if _has_key(api, operation) or _SESSION.search(operation.path):
            continue
        if "id" in _written(api, operation):
            yield Unknown(f"{operation.name} takes an `id`; whether the client chooses it is not said (`readOnly`)")
        else:
            yield _flaw(facts, operation.node, f"{operation.name} creates (201) and takes no Idempotency-Key")


_SESSION = lazy_compile(r"/(?:[a-z]+-)*(?:sessions?|tokens?|log-?in|sign-?in)/?\Z", re.IGNORECASE)
"""Where somebody signs in: a second token or session beside the first is what a repetition is meant to give."""


def _has_key(api: Api, operation: Operation) -> bool:
    names = (each.name.lower().replace("_", "-") for each in operation.parameters.values() if each.where != "path")
    if any("idempoten" in each or each in {"x-request-id", "request-id", "client-token"} for each in names):
        return True
    if operation.body is None:
        return False
    written = _written(api, operation)
    folded = {name.lower().replace("_", "").replace("-", "") for name in written}
    if folded & {"idempotencykey", "requestid", "clienttoken", "externalid", "clientreference"}:
        return True
    # a natural key: the same thing twice is a conflict (409), which has to be said; without, an id is enough
    required = {name for name, must in written.items() if must}
    if _KEYS & required and ("409" in operation.responses or {"id", "uuid"} & required):
        return True
    # content-addressed: the same bytes are the same thing
    return bool(operation.body.content) and all(
        each.startswith(("application/octet-stream", "image/", "multipart/")) for each in operation.body.content
    )


def _written(api: Api, operation: Operation) -> dict[str, bool]:
    """The properties that a client may send, and whether it must."""
    found: dict[str, bool] = {}
    for schema in operation.body.content.values() if operation.body else ():
        for case in cases(api, schema):
            for name, nodes in case.properties.items():
                if not any(each.get("readOnly") for each in nodes):
                    found[name] = name in case.required
    return found


@rule(
    "A014",
    "Changes name the version they change",
    level=Level.WARNING,
    source="RFC 9110, 13.1.1 (If-Match); RFC 6585, 3 (428); Zalando guidelines, rule 182",
    mend="Return an ETag, require `If-Match` on PUT, PATCH and DELETE, answer 412 to a stale one.",
    applies_when="a service whose OpenAPI description has PUT, PATCH or DELETE on a single resource",
    roles=(Role.SERVICE,),
)
def guarded(facts: Facts, root: Root) -> Iterator[Answer]:
    """Two people read, both write, and the second undoes the first without either noticing. A version in the request
    turns that into an answer that both can act on."""
    apis = _apis(facts, root)
    if not apis:
        yield no_openapi(facts, root)
        return
    changing = [
        (api, each)
        for api in apis
        for each in api.operations
        if each.method in {"put", "patch", "delete"} and each.path.rstrip("/").endswith("}")
    ]
    if not changing:
        yield NotApplicable("no operation changes a single resource")
    for api, each in changing:
        if not _names_version(api, each):
            level = Level.NOTE if each.method == "delete" else None
            yield _flaw(
                facts, each.node, f"{each.name} takes no version: neither If-Match nor one in the request", level
            )


def _names_version(api: Api, operation: Operation) -> bool:
    if {"412", "428"} & operation.responses.keys():
        return True
    if input_of(operation, "header", "If-Match", "If-Unmodified-Since", "If-None-Match"):
        return True
    if input_of(operation, "query", "version", "etag", "revision", "rev", "ifMatch"):
        return True
    bodies = operation.body.content.values() if operation.body else ()
    names = {
        name.lower().replace("_", "") for schema in bodies for case in cases(api, schema) for name in case.properties
    }
    return bool(names & {"version", "etag", "revision", "rowversion", "resourceversion"})


RULES = rules_in(vars())
