"""State that a process keeps for itself: what C203 finds, and why C106 does not ask for more replicas."""

import re
from collections.abc import Iterator

from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Place
from machgen.check.roots import Root, files_of

_STORES = (
    (lazy_compile(r"^(?:const|let|var)\s+(carts|sessions|orders|users|products|items|todos|basket|baskets|"
        r"store)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|new Map\(\))", re.MULTILINE), (".js", ".ts", ".mjs", ".cjs")),
    (lazy_compile(r"^(carts|sessions|orders|users|products|items|todos|basket|baskets|_store|store|db|"
        r"database)\s*(?::[^=\n]+)?=\s*(?:\{\}|\[\]|dict\(\)|list\(\)|"
            r"defaultdict\([^)\n]*\))\s*$", re.MULTILINE), (".py",)),
    (lazy_compile(r"new (?:express[-_]?)?session\.MemoryStore\(|\bcookieSession\.MemoryStore\("), (".js", ".ts")),
    (lazy_compile(r"^\s*(?:private|public|protected)\s+(?:static\s+)?(?:final\s+)?(?:Map|ConcurrentHashMap|HashMap|"
        r"List)<[^=\n]+>\s+(carts|sessions|orders|users|products|items|baskets|"
            r"store)\s*=\s*new\b", re.MULTILINE), (".java", ".kt")),
    (lazy_compile(r"^\s*var\s+(carts|sessions|orders|users|products|items|baskets|stock|store)\s*=\s*(?:make\(map|"
        r"map\[)", re.MULTILINE), (".go",)),
    (lazy_compile(r"(?:private|public)\s+static\s+(?:readonly\s+)?(?:Concurrent)?(?:Dictionary|"
        r"List)<[^=\n]+>\s+_?(carts|sessions|orders|users|products|items|baskets|store)\s*=", re.IGNORECASE), (".cs",)),
)  # fmt: skip
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
    constants, registries and caches do not. Where a request's whole body goes into it, any name does.
    """
    found: list[Flaw] = []
    for path in files_of(facts, root):
        for pattern, endings in _STORES:
            if not path.endswith(endings):
                continue
            text = facts.prose(path)
            for match in pattern.finditer(text):
                if path.endswith((".java", ".kt")) and "static" not in match[0] and not _ONE_FOR_ALL.search(text):
                    continue
                name = match[1] if match.groups() else ""
                if name and not re.search(_WRITES.format(name=re.escape(name)), text[match.end() :]):
                    continue
                start = match.start() + len(match[0]) - len(match[0].lstrip())
                at = Place(path, text.count("\n", 0, start) + 1)
                said = (
                    f"`{name}` is kept in the memory of the process"
                    if name
                    else "sessions are kept in the memory of the process"
                )
                found.append(Flaw(said, at, name or "MemoryStore"))
        found.extend(_told(facts, path, {each.about for each in found if each.at.path == path}))
    return found


def _told(facts: Facts, path: str, known: set[str]) -> Iterator[Flaw]:
    if not path.endswith((".js", ".ts", ".mjs", ".cjs")):
        return
    text = facts.prose(path)
    for match in _COLLECTION.finditer(text):
        name = match[1]
        if name not in known and re.search(_TOLD.format(name=re.escape(name)), text[match.end() :]):
            at = Place(path, text.count("\n", 0, match.start()) + 1)
            yield Flaw(f"`{name}` is kept in the memory of the process", at, name)
