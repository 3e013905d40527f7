"""A cache library in the process that is a service's only store (C203)."""

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from machgen.check.cloud_native.embedded_databases import has_other_database
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Place
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words, whole

_MOST = 50
"""Caches of a file, and names of bodies in it, that are looked at."""


class _Library(NamedTuple):
    """How a cache is made, and what a request brought.

    Args:
        endings: Of sources.
        words: Words of which one is in each match of `made`.
        made: A cache that outlives a request; group 1 is its name.
        body: Where a handler gets a request's body; group 1 is its name there.
        kept: What puts a body into a cache; `{name}` and `{body}` are filled in.
    """

    endings: tuple[str, ...]
    words: Words
    made: re.Pattern[str]
    body: re.Pattern[str]
    kept: str


_LIBRARIES = (
    _Library(
        (".py",),
        whole("TTLCache", "LRUCache", "LFUCache", "FIFOCache", "SimpleMemoryCache"),
        lazy_compile(r"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:(?:TTL|LRU|LFU|FIFO)Cache|SimpleMemoryCache)\(",
            re.MULTILINE),
        lazy_compile(r"^@[\w.]+\.(?:post|put|patch)\([^\n]*\n(?:@[^\n]*\n){0,9}(?:async )?def \w{1,99}\([^)]{0,400}?"
            r"\b(\w{1,99})\s{0,9}:\s{0,9}"
            r"(?!Request\b|Response\b|Session\b|AsyncSession\b)[A-Z]\w*|"
            r"^\s+(\w+)\s*=\s*(?:await\s+)?request\.(?:json|get_json)\b", re.MULTILINE),
        r"\b{name}\[[^\]\n]+\]\s*=\s*{body}\b(?!\s*[\[(])(?:\.(?:model_dump|dict|copy)\()?(?!\.)|"
        r"\b{name}\.set\([^,\n]+,\s*{body}\b(?!\s*[.\[(])",
    ),
    _Library(
        (".js", ".ts", ".mjs", ".cjs"),
        whole("NodeCache", "LRUCache", "LRU", "QuickLRU", "TTLCache"),
        lazy_compile(r"^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*new\s+"
            r"(?:NodeCache|LRUCache|LRU|QuickLRU|TTLCache)\b(?:<[^=\n(]{0,200}>)?\(", re.MULTILINE),
        lazy_compile(r"\b(?:const|let|var)\s+(\w+)\s*(?::[^=\n]+)?=\s*(?:await\s+)?(?:\{[^{}\n]{0,200}\.\.\.\s*)?(?:req|request|ctx\.request)\.body\b"
            r"(?![.?\[])|@Body\(\)\s*(\w+)"),
        r"\b{name}\.set\([^,\n]+,\s*(?:{body}\b|\{{[^{{}}\n]*\.\.\.\s*{body}\b)(?!\s*[.\[(?])",
    ),
    _Library(
        (".java", ".kt"),
        whole("Caffeine", "CacheBuilder"),
        lazy_compile(r"\b(\w+)\s*=\s*(?:Caffeine|CacheBuilder)\s*\.\s*newBuilder\("),
        lazy_compile(r"@RequestBody\s+(?:@\w+\s+)?(?:final\s+)?[A-Z][\w.<>]*\s+(\w+)"),
        r"\b{name}\.put\([^,\n]+,\s*{body}\s*\)",
    ),
    _Library(
        (".go",),
        whole("cache", "gocache", "ttlcache", "lru", "bigcache", "ristretto"),
        lazy_compile(r"\b(\w+)\s*(?::=|=)\s*(?:cache|gocache|ttlcache|lru)\.New\w*(?:\[[^\]\n]{1,100}\])?\("),
        lazy_compile(r"(?:\b(?:Should)?Bind(?:JSON)?|\bBodyParser|\.Decode)\(\s*&(\w+)\s*\)"),
        r"\b{name}\.(?:Set|Add|Put)\([^,\n]+,\s*&?{body}\b(?!\.)",
    ),
    _Library(
        (".cs",),
        whole("IMemoryCache"),
        lazy_compile(r"\bIMemoryCache\s+(\w+)\b"),
        lazy_compile(r"\[FromBody\]\s*[A-Z]\w*\s+(\w+)|\.Map(?:Post|Put)\([^\n]{0,200}?\(\s*(?!IMemoryCache)[A-Z]\w*\s+(\w+)"),
        r"\b{name}\.Set\([^,\n]+,\s*{body}\s*[,)]",
    ),
)  # fmt: skip
_TELLS = lazy_compile(
    r"\b(?:fetch|urlopen)\(|\baxios\b|\bgot\b[.(]|\b(?:requests|httpx|aiohttp)\.|\bhttp\.(?:Get|Post|Client|NewRequest)|"
    r"\b(?:RestTemplate|RestClient|WebClient|FeignClient|HttpClient|IHttpClientFactory)\b|\bgrpc\b|[Pp]ublish|[Pp]roducer|"
    r"\bwriteFile|\bopen\("
)
"""What tells others, or writes a file: they may keep what the cache only remembers."""

_BODY_ITSELF = {".js": r"(?:req|request|ctx\.request)\.body", ".py": r"(?:await\s+)?request\.(?:json|get_json\(\))"}
"""What needs no name of its own in a handler, by the ending of sources."""


def cache_stores(facts: Facts, root: Root) -> Iterator[Flaw]:
    """Give the caches that keep what requests brought, in a root that has nothing else to keep it in.

    A cache of what others answered can be lost. The body of a request that is put into one whole was told to nobody
    else where the root depends on no client of a database or broker and the file calls nobody.
    """
    for path in files_of(facts, root):
        library = next((each for each in _LIBRARIES if path.endswith(each.endings)), None)
        if library is None or not facts.mentions(path, library.words):
            continue
        text = facts.prose(path)
        if _TELLS.search(text):
            continue
        bodies = [re.escape(name) for name in _names(library.body, text)]
        bodies += [_BODY_ITSELF[ending] for ending in (".js", ".py") if ending in library.endings]
        for match in itertools.islice(library.made.finditer(text), _MOST):
            kept = library.kept.format(name=re.escape(match[1]), body=f"(?:{'|'.join(bodies)})") if bodies else ""
            if kept and re.search(kept, text) and not has_other_database(facts, root):
                at = Place(path, text.count("\n", 0, match.start(1)) + 1)
                message = f"`{match[1]}` is a cache in the process's memory, and nothing else keeps what it is told"
                yield Flaw(message, at, match[1])
                break


def _names(pattern: re.Pattern[str], text: str) -> list[str]:
    found = (next(filter(None, match.groups()), "") for match in itertools.islice(pattern.finditer(text), _MOST))
    return sorted({name for name in found if name})
