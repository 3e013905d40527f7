"""State that a process keeps for itself: what C203 finds, and why C106 does not ask for more replicas."""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from machgen.check.cloud_native.cache_stores import cache_stores
from machgen.check.cloud_native.embedded_databases import embedded_database
from machgen.check.cloud_native.environment import environment
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Level, Place
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_NOUNS = whole("carts", "sessions", "orders", "users", "products", "items", "todos", "basket", "baskets", "store")
_STORES = (
    (lazy_compile(r"^(?:const|let|var)\s+(carts|sessions|orders|users|products|items|todos|basket|baskets|"
        r"store)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|new Map\(\))", re.MULTILINE), (".js", ".ts", ".mjs", ".cjs"), _NOUNS),
    (lazy_compile(r"^(carts|sessions|orders|users|products|items|todos|basket|baskets|_store|store|db|"
        r"database)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|dict\(\)|list\(\)|"
            r"defaultdict\([^)\n]*\))\s*$", re.MULTILINE), (".py",), _NOUNS | whole("_store", "db", "database")),
    (lazy_compile(r"@Injectable\(\)\s{0,9}export class[^{\n]{0,200}\{\n(?:(?:[ \t][^\n]*)?\n){0,20}?"
        r"[ \t]+(?:private |public |protected |readonly |static ){1,4}(carts|sessions|orders|users|products|items|"
        r"todos|basket|baskets|store)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|new Map(?:<[^=\n]+>)?\(\));?[ \t]*$",
        re.MULTILINE),
        (".ts",), _NOUNS),
    (lazy_compile(r"new (?:express[-_]?)?session\.MemoryStore\(|\bcookieSession\.MemoryStore\("), (".js", ".ts"),
        whole("MemoryStore")),
    (lazy_compile(r"^\s*(?:private|public|protected)\s+(?:static\s+)?(?:final\s+)?(?:Map|ConcurrentHashMap|HashMap|"
        r"List)<[^=\n]+>\s+(carts|sessions|orders|users|products|items|baskets|"
            r"store)\s*=\s*new\b", re.MULTILINE), (".java", ".kt"), _NOUNS),
    (lazy_compile(r"^\s*var\s+(carts|sessions|orders|users|products|items|baskets|stock|store)\s*=\s*(?:make\(map|"
        r"map\[)", re.MULTILINE), (".go",), _NOUNS | whole("stock")),
    (lazy_compile(r"(?:private|public)\s+static\s+(?:readonly\s+)?(?:Concurrent)?(?:Dictionary|"
        r"List)<[^=\n]+>\s+_?(carts|sessions|orders|users|products|items|baskets|store)\s*=", re.IGNORECASE), (".cs",),
        Words("")),
)  # fmt: skip
"""A collection in a variable of the process, file endings, and words of which one is in each match."""

_COLLECTION = lazy_compile(
    r"^(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|new Map(?:<[^=\n]+>)?\(\))", re.MULTILINE
)
_TOLD = (
    r"\b{name}\b(?:\[[^\]\n]+\]\s*=|\.(?:push|set)\((?:[^\n]*,)?)\s*(?:await\s+)?"
    r"(?:req|request|ctx\.request|context\.request)\.body\b(?!\.)"
)
"""A whole body of a request that is kept says what the collection's name does not; a cache keeps what others told."""
_ONE_FOR_ALL = lazy_compile(
    r"@(?:RestController|Controller|Service|Component|Repository|Configuration|ApplicationScoped|Singleton|Path)\b"
)
"""What makes one object of a Java class that answers every request; others, such as entities, come and go."""
_WRITES = (
    r"\b{name}\b\s*(?:\[[^\]\n]+\]\s*(?:[-+]?=(?!=)|\+\+|--)|"
    r"\.(?:set|push|put|append|add|insert|update|setdefault|TryAdd|Add)\()"
)


def memory_state(facts: Facts, root: Root) -> list[Flaw]:
    """Return where a root keeps what it was told in a variable of its process.

    Only collections at module or class level count, whose name is a business noun and which the same file also writes:
    constants, registries and caches do not. Where a request's whole body goes into it, or the handler of a request that
    changes something writes it, any name does that is not of the process's own work.
    """
    found: list[Flaw] = [*_chosen(facts, root), *_embedded(facts, root), *embedded_database(facts, root)]
    found += cache_stores(facts, root)
    for path in files_of(facts, root):
        for pattern, endings, words in _STORES:
            if not path.endswith(endings) or not facts.mentions(path, words):
                continue
            text = facts.prose(path)
            for _, match in facts.grep((path,), pattern):
                if path.endswith((".java", ".kt")) and "static" not in match[0] and not _ONE_FOR_ALL.search(text):
                    continue
                name = match[1] if match.groups() else ""
                if name and not re.search(_WRITES.format(name=re.escape(name)), text[match.end() :]):
                    continue
                start = match.start(1) if name else match.start()
                at = Place(path, text.count("\n", 0, start) + 1)
                said = (
                    f"`{name}` is kept in the memory of the process"
                    if name
                    else "sessions are kept in the memory of the process"
                )
                found.append(Flaw(said, at, name or "MemoryStore"))
        known = {each.about for each in found if each.at.path == path}
        found.extend(_told(facts, path, known))
        found.extend(_handled(facts, path, known))
    return found


_STORE = lazy_compile(
    r"(?:\A|[_.-])(?:persistence|storage|store|repository|database|db|state|sessions?)(?:[_.-]|\Z)", re.IGNORECASE
)
_IN_MEMORY = lazy_compile(
    r"in[-_]?mem(?:ory)?|mem(?:ory)?|ephemeral|sqlite(?:\+\w+)?://(?:/?:memory:)?|:memory:", re.IGNORECASE
)


def _chosen(facts: Facts, root: Root) -> Iterator[Flaw]:
    """What manifests choose to keep in memory, of several stores that the program has."""
    for name, value, at in environment(facts, root):
        if isinstance(value, str) and _STORE.search(name) and _IN_MEMORY.fullmatch(value.strip()):
            yield Flaw(
                f"{root.name} is told to keep its data in memory: {name} is {value}", at, name, level=Level.WARNING
            )


_EMBEDDED = lazy_compile(r"^spring\.datasource\.url\s*=\s*(jdbc:(?:h2|hsqldb):mem:[\w.-]*)", re.MULTILINE)
_ACTIVE = lazy_compile(r"^spring\.profiles\.active\s*=\s*([\w., -]+)$", re.MULTILINE)


_DRIVERS = (
    "org.postgresql:*", "mysql:*", "com.mysql:*", "org.mariadb.jdbc:*", "com.oracle.database.jdbc:*",
    "com.microsoft.sqlserver:*", "com.ibm.db2:*", "org.xerial:sqlite-jdbc", "software.amazon.jdbc:*",
    "com.google.cloud.sql:*", "com.google.cloud:spring-cloud-gcp-starter-sql*",
)  # fmt: skip
"""JDBC drivers of databases that keep what they are told."""


def _only_embedded(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Spring Boot makes a database in memory where no other driver and no address is there (Reference, Data: SQL
    Databases, Embedded Database Support)."""
    around = root.manifests
    found = next(filter(None, (each.needs("com.h2database:h2", "org.hsqldb:hsqldb") for each in around)), None)
    if (
        found is None
        or not found.runtime
        or any(each.needs(*_DRIVERS) for each in around)
        or not any(each.needs("org.springframework.boot:spring-boot-starter-data-j*", _JDBC) for each in around)
    ):
        return
    said = any(
        "datasource" in facts.prose(path)
        for path in files_of(facts, root)
        if path.endswith((".properties", ".yml", ".yaml", ".java", ".kt"))
    ) or any("DATASOURCE" in name for name, _, _ in environment(facts, root))
    if not said:
        title = found.name.partition(":")[2]
        yield Flaw(
            f"{root.name} keeps its data in memory: {title} is its only database, and nothing says where it stands",
            found.at,
            found.name,
            level=Level.WARNING,
        )


_JDBC = "org.springframework.boot:spring-boot-starter-jdbc"


def _embedded(facts: Facts, root: Root) -> Iterator[Flaw]:
    """A database in Spring's own process, in the settings that hold where nobody chooses others."""
    yield from _only_embedded(facts, root)
    home = next((path for path in files_of(facts, root) if path.endswith("main/resources/application.properties")), "")
    active = _ACTIVE.search(facts.prose(home)) if home else None
    profiles = [each.strip() for each in active[1].split(",")] if active else []
    for path in (home, *(home.replace("application.", f"application-{each}.") for each in profiles)):
        text = facts.prose(path) if path in facts.known else ""
        if match := _EMBEDDED.search(text):
            at = Place(path, text.count("\n", 0, match.start()) + 1)
            yield Flaw(f"{root.name} keeps its data in memory by default: {match[1]}", at, path, level=Level.WARNING)


def _told(facts: Facts, path: str, known: set[str]) -> Iterator[Flaw]:
    if not path.endswith((".js", ".ts", ".mjs", ".cjs")):
        return
    text = facts.prose(path)
    for match in _COLLECTION.finditer(text):
        name = match[1]
        if name not in known and re.search(_TOLD.format(name=re.escape(name)), text[match.end() :]):
            known.add(name)
            yield _flaw(path, text, match.start(), name)


class _Language(NamedTuple):
    """How collections outlive a request, and where requests that change something are handled.

    Args:
        endings: Of its sources.
        collection: A collection of the module or class; group 1 is its name.
        handler: The beginning of what handles a request that changes something.
        end: What ends it, looked for from the end of `handler`.
        takes: What a handler must have besides, where `handler` does not say the method: it takes a body.
    """

    endings: tuple[str, ...]
    collection: re.Pattern[str]
    handler: re.Pattern[str]
    end: re.Pattern[str]
    takes: re.Pattern[str] | None = None


_LANGUAGES = (
    _Language(
        (".py",),
        lazy_compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|(?:dict|list|set|OrderedDict)\(\)|"
            r"(?:defaultdict|deque)\([^)\n]*\))[ \t]*$", re.MULTILINE),
        lazy_compile(r"^@[\w.]+\.(?:(?:post|put|patch|delete)\(|route\([^\n]*methods\s*=[^\n]*"
            r"(?:POST|PUT|PATCH|DELETE))[^\n]*\n(?:@[^\n]*\n){0,20}(?:async )?def ", re.MULTILINE),
        lazy_compile(r"^(?:@|def |async def |class |if |\w+\s*[:=])", re.MULTILINE),
    ),
    _Language(
        (".js", ".ts", ".mjs", ".cjs"),
        _COLLECTION,
        lazy_compile(r"\b\w+\.(?:post|put|patch|delete)\(\s*[\"'`]/"),
        lazy_compile(r"^\s*\w+\.(?:get|post|put|patch|delete|use|all|listen)\(", re.MULTILINE),
    ),
    _Language(
        (".java", ".kt"),
        lazy_compile(r"^[ \t]*(?:(?:private|public|protected|static|final)\s{1,99}){0,6}"
            r"(?:Map|ConcurrentMap|ConcurrentHashMap|"
            r"HashMap|List|Set)<[^=\n]+>\s+(\w+)\s*=\s*(?:new\b|Collections\.synchronized)", re.MULTILINE),
        lazy_compile(r"^\s*@(?:(?:Post|Put|Patch|Delete)Mapping|POST|PUT|PATCH|DELETE)\b", re.MULTILINE),
        lazy_compile(r"^\s*@(?:\w+Mapping|GET|POST|PUT|PATCH|DELETE)\b", re.MULTILINE),
    ),
    _Language(
        (".go",),
        lazy_compile(r"^(?:var\s+|\t)(\w+)\s*(?:=\s*(?:make\(map|map\[|\[\][\w.*]+\{)|(?:map\[|\[\])[^\n=(]*$)",
            re.MULTILINE),
        lazy_compile(r"^func [^\n]*(?:\*gin\.Context|http\.ResponseWriter|echo\.Context|\*fiber\.Ctx)[^\n]*\{$",
            re.MULTILINE),
        lazy_compile(r"^\}", re.MULTILINE),
        lazy_compile(r"\b(?:Should)?Bind(?:JSON)?\(|\bBodyParser\(|\b(?:NewDecoder|ReadAll)\(\s*\w+\.Body"),
    ),
    _Language(
        (".cs",),
        lazy_compile(r"^\s*(?:(?:private|public|internal)\s+)?(?:static\s+(?:readonly\s+)?(?:Concurrent)?(?:Dictionary|List|"
            r"Bag)<[^=\n]+>|var)\s+(\w+)\s*=\s*new\b(?:\s*\(|[^;\n]*(?:Dictionary|List|Bag)<)", re.MULTILINE),
        lazy_compile(r"\.Map(?:Post|Put|Patch|Delete)\(|\[Http(?:Post|Put|Patch|Delete)\b"),
        lazy_compile(r"\.Map\w+\(|\[Http|\.Run(?:Async)?\("),
    ),
)  # fmt: skip
_CHANGING = Words(
    *("post", "put", "patch", "delete"),
    *("Post", "Put", "Patch", "Delete"),
    *("POST", "PUT", "PATCH", "DELETE"),
    *("Body", "Bind"),
)
_FOR_ITSELF = lazy_compile(
    r"cache|memo|metric|count|stat|limit|lock|attempt|seen|pending|queue|task|job|connection|client|socket|subscri|"
    r"listener|handler|registry|route|flag|config|breaker|recent",
    re.IGNORECASE,
)
"""Names of what a process keeps for its own work and can lose."""
_MOST_HANDLERS, _MOST_COLLECTIONS, _LONGEST_HANDLER = 200, 50, 10_000
"""Of a file that a person wrote; in characters, the last."""
_CHANGES = (
    r"\b{name}\b\s*(?:\[[^\]\n]+\]\s*(?:[-+]?=(?!=)|\+\+|--)|=\s*append\(|"
    r"\.(?:set|push|put|append|add|insert|update|setdefault|delete|remove|pop|TryAdd|Add|Remove|TryRemove)\()|"
    r"\bdelete\(\s*{name}\b|\bdel\s+{name}\["
)


def _handled(facts: Facts, path: str, known: set[str]) -> Iterator[Flaw]:
    """What the handler of a request that changes something writes into a collection which outlives the request."""
    language = next((each for each in _LANGUAGES if path.endswith(each.endings)), None)
    if language is None or not facts.mentions(path, _CHANGING):
        return
    text = facts.prose(path)
    handlers = [
        text[each.start() : _end(language, text, each.end())]
        for each in itertools.islice(language.handler.finditer(text), _MOST_HANDLERS)
    ]
    if language.takes:
        handlers = [each for each in handlers if language.takes.search(each)]
    if not handlers or (path.endswith((".java", ".kt")) and not _ONE_FOR_ALL.search(text)):
        return
    for match in itertools.islice(language.collection.finditer(text), _MOST_COLLECTIONS):
        name = match[1]
        if name in known or _FOR_ITSELF.search(name):
            continue
        changes = re.compile(_CHANGES.format(name=re.escape(name)))
        if any(changes.search(each) and not _is_own(name, each) for each in handlers):
            known.add(name)
            yield _flaw(path, text, match.start() + len(match[0]) - len(match[0].lstrip()), name)


def _is_own(name: str, handler: str) -> bool:
    """Whether a handler has a variable of that name to itself."""
    return bool(
        re.search(
            rf"(?:\b(?:const|let|var)\s+{re.escape(name)}\b|^\s+{re.escape(name)}\s*:?=[^=])", handler, re.MULTILINE
        )
    )


def _end(language: _Language, text: str, start: int) -> int:
    match = language.end.search(text, start, start + _LONGEST_HANDLER)
    return match.start() if match else min(len(text), start + _LONGEST_HANDLER)


def _flaw(path: str, text: str, start: int, name: str) -> Flaw:
    at = Place(path, text.count("\n", 0, start) + 1)
    return Flaw(f"`{name}` is kept in the memory of the process", at, name)
