"""The calls that services make of each other, as far as their sources say: to whom, which method, which path, what of
the answer they read.

A call counts only where its address leads to a sibling: a literal host that compose files or manifests know, a setting
that they give the caller, or a declared client of that name (Feign).
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from machgen.check.answer_use import SCRIPT, fields, parameters
from machgen.check.expressed import Expressed, arguments, expressed
from machgen.check.facts import Facts, squeezed
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place, Role
from machgen.check.roots import Root, files_of, root_of, roots
from machgen.check.siblings import Network, Siblings

MOST = 1_000
"""Calls of one kind in one file that are looked at."""

_METHODS = "get|post|put|patch|delete"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a sibling.

    Args:
        caller: The root that calls.
        provider: The root that is called.
        method: Lower case; empty where it is not known.
        path: With `{}` for what is not literal, without the query; what stands before it in the address included.
        query: Names of query parameters that are literal.
        fields: Properties that are read of the answer, each with its place.
        at: Where.
    """

    caller: Root
    provider: Root
    method: str
    path: str
    query: tuple[str, ...]
    fields: tuple[tuple[str, Place], ...]
    at: Place


@dataclass(frozen=True, slots=True)
class _Base:
    """To whom an address leads, and the path that it begins with."""

    provider: Root
    path: str


# every repetition is bounded: sources are not ours, and a pattern may not take for ever
_CALLS: dict[str, tuple[re.Pattern[str], ...]] = {
    ".py": (
        lazy_compile(rf"(?<![\w.])(?P<on>[\w.]{{1,80}})\.(?P<method>{_METHODS})\(\s{{0,40}}(?:url\s?=\s?)?(?=[fFrR]?[\"']|[A-Za-z_])"),
        lazy_compile(r"(?<![\w.])(?P<on>[\w.]{1,80})\.(?:request|stream)\(\s{0,40}[\"'](?P<method>[A-Za-z]+)[\"'],\s{0,40}"),
    ),
    ".js": (
        lazy_compile(r"(?<![\w.])(?P<on>fetch)\(\s{0,40}"),
        lazy_compile(
            rf"(?<![\w.])(?P<on>[\w.]{{1,80}})\.(?P<method>{_METHODS})(?:<[\w\[\]<>,{{}}:;|. ]{{1,80}}>)?\("
            r"\s{0,40}(?=[\"'`A-Za-z_])"
        ),
    ),
    ".java": (
        lazy_compile(r"(?<!\w)(?P<on>\w{1,80})\.(?P<method>get|post|patch)For(?:Object|Entity)\(\s{0,40}"),
        lazy_compile(r"(?<!\w)(?P<on>rest\w{0,40}|\w{0,40}[tT]emplate)\.(?P<method>put|delete)\(\s{0,40}"),
        lazy_compile(rf"(?<!\w)(?P<on>\w{{1,80}})\s{{0,60}}\.(?P<method>{_METHODS})\(\)\s{{0,60}}\.uri\(\s{{0,40}}"),
    ),
    ".cs": (
        lazy_compile(
            r"(?<![\w.])(?P<on>[\w.]{1,80})\.(?P<method>Get|Post|Put|Patch|Delete)(?:FromJson|AsJson|String|Stream|ByteArray)?Async"
            r"(?:<[\w<>,?\[\] ]{1,80}>)?\(\s{0,40}(?=[$@]{0,2}\"|[A-Za-z_])"
        ),
    ),
    ".go": (
        lazy_compile(r"(?<![\w.])(?P<on>http|[\w.]{0,60}[cC]lient)\.(?P<method>Get|Post|PostForm|Head)\(\s{0,40}"),
        lazy_compile(
            r"(?<![\w.])(?P<on>http)\.NewRequest(?:WithContext\(\s{0,40}[\w.()]{1,40},|\()\s{0,40}"
            r"(?:http\.Method|\")(?P<method>[A-Za-z]+)\"?,\s{0,40}"
        ),
    ),
}  # fmt: skip
for _ending in SCRIPT:
    _CALLS[_ending] = _CALLS[".js"]
_CALLS[".kt"] = _CALLS[".java"]

_CLIENTS = lazy_compile(
    r"(?:(?<![\w.])(?P<name>[\w.]{1,80})\s?(?::[ \w.<>\[\]|]{1,60})?=\s?(?:await\s)?(?:new\s)?[\w.]{0,80}"
    r"(?:(?:Client|Session|create|extend)\([^)]{0,300}?(?<!\w)"
    r"|builder\(\)(?:\s{0,60}\.\w{1,40}\([^()]{0,80}\)){0,6}?\s{0,60})|(?<=[\s(]))"
    r"(?:base_url\s?=|baseURL\s?:|prefixUrl\s?:|\.baseUrl\(|BaseAddress\s?=\s?new\sUri\()\s{0,40}"
)
_AS = lazy_compile(r"\)\s?as\s(\w{1,60})\s?[:,)]")
_WORDS = (
    "fetch(", "base_url", "baseURL", "http://", "ForObject", "ForEntity", ".uri(", "Async(", "Async<", "NewRequest",
    "http.Get", "http.Post", "FeignClient", "httpx", "requests", "axios", "aiohttp", "got.", "ky.",
)  # fmt: skip
_ASSIGNED = lazy_compile(
    r"(?<![\w.])(?P<name>[A-Za-z_]\w{0,60})\s?(?::\s?[\w.<>\[\]|?]{1,60})?\s?(?::=|=(?![=>]))\s{0,4}(?P<value>[^\n;]{3,300})"
)
_VALUE = lazy_compile(
    r"@Value\(\s?\"\$\{([\w.-]{1,80})(?::([^}\"]{0,120}))?\}\"\s?\)\s{0,60}(?:[\w<>]{1,60}\s{1,8}){0,4}?(\w{1,60})\s?[;,)=]"
)
_TYPED = lazy_compile(
    r"AddHttpClient<(?:\w+,\s?)?(?P<type>\w+)>\([^;]{0,200}?new(?:\sUri)?\(\s?\"(?:https?\+)?https?://(?P<host>[\w.-]+)(?::\d+)?"
    r"(?P<path>/[^\"]{0,100})?\"\s?\)"
)
_HELD = lazy_compile(r"\bclass\s(?P<type>\w{1,99})\b[^{;]{0,300}?\bHttpClient\s(?P<name>\w+)\b")
_FEIGN = lazy_compile(r"@FeignClient\(([^)]{0,300})\)[^{]{0,300}\binterface\s+\w+[^{]{0,100}\{")
_MAPPING = lazy_compile(r"@(Get|Post|Put|Patch|Delete)Mapping\(\s?(?:(?:value|path)\s?=\s?)?\"([^\"]{0,200})\"")
_LITERAL = lazy_compile(r"[\"'`]https?://([A-Za-z0-9.-]+)(?::\d+)?(/[^\"'`{$?]*)?[\"'`]")
_SETTING = lazy_compile(r"environ|[gG]etenv|process\.env|\benv\b|Environment|onfig|etting|GetEnv|Value")


def calls(facts: Facts) -> tuple[Call, ...]:
    """Return the calls between the roots of a repository, by caller and place."""
    found: list[Call] = []
    for root in facts.once(roots):
        if root.role in {Role.DATA, Role.LIBRARY}:
            continue
        reader = _Reader(facts, root)
        if reader.siblings:
            for path in (*files_of(facts, root), *reader.typed_elsewhere()):
                found += reader.calls(path)
    return tuple(found)


class _Reader:
    """Reads the calls of one root."""

    def __init__(self, facts: Facts, root: Root) -> None:
        self.facts, self.root = facts, root
        self.siblings = Siblings(facts.once(Network), root)
        self.settings: dict[str, _Base] = {}
        for address in facts.once(Network).addresses_in(root):
            provider = self.siblings.get(address.host)
            if provider is not None:
                self.settings.setdefault(squeezed(address.variable), _Base(provider, address.path))
        self.typed = dict(self._typed()) if self.siblings else {}

    def sibling(self, host: str) -> Root | None:
        """The root that a host of this network names; None for one out in the world."""
        if "." in host and ".svc" not in host:
            return None
        first = host.partition(".")[0]
        return self.siblings.get(first) or self.siblings.get(squeezed(first))

    def _typed(self) -> Iterator[tuple[str, _Base]]:
        """ASP.NET's typed clients: a class, and the address that it is given where services are registered."""
        for path in files_of(self.facts, self.root):
            text = self.facts.prose(path) if path.endswith(".cs") else ""
            for match in _TYPED.finditer(text) if "AddHttpClient<" in text else ():
                provider = self.sibling(match["host"])
                if provider is not None:
                    yield match["type"], _Base(provider, (match["path"] or "").rstrip("/"))

    def typed_elsewhere(self) -> Iterator[str]:
        """Files of libraries that hold the typed clients that this root registers."""
        for path in self.facts.ending(".cs") if self.typed else ():
            if path.rpartition("/")[2][:-3] in self.typed and not self.facts.is_beside(path):
                holder = root_of(self.facts, path)
                if holder is None or holder.role is Role.LIBRARY:
                    yield path

    def calls(self, path: str) -> Iterator[Call]:
        ending = path[path.rfind(".") :]
        patterns = _CALLS.get(ending)
        text = self.facts.prose(path) if patterns else ""
        if not patterns or not any(word in text for word in _WORDS):
            return
        # without a setting that leads to a sibling only an address that is written out can, or a client's name
        if not self.settings and not self.typed and "://" not in text and "FeignClient" not in text:
            return
        local = self._locals(path)
        clients = self._clients(path, text, ending, local)
        for held in _HELD.finditer(text) if self.typed and ending == ".cs" else ():
            if held["type"] in self.typed:
                clients[held["name"].lstrip("_")] = self.typed[held["type"]]
        for match, built in self.facts.told(path, _written, ending):
            found = self._target(built, match["on"], local, clients)
            if found is not None:
                yield self._call(path, text, match, built, found)
        if ending in {".java", ".kt"}:
            yield from self._feign(path, text)

    def _call(self, path: str, text: str, match: re.Match[str], built: Expressed, found: tuple[_Base, str]) -> Call:
        base, rest = found
        given = arguments(text, match.end())
        method = (match.groupdict().get("method") or "").lower()
        if not method:  # fetch: GET, unless its options say otherwise
            said = re.search(r"\bmethod\s*:\s*(?:[\"'`](\w+)[\"'`])?", given[built.end - match.end() :])
            method = (said[1] or "").lower() if said else "get"
        route, _, query = (base.path.rstrip("/") + "/" + rest.lstrip("/")).partition("?")
        named = [each.partition("=")[0] for each in query.split("&") if "{}" not in each.partition("=")[0]]
        named += parameters(given[built.end - match.end() :], path)
        read = fields(path, text, match, given)
        at = Place(path, text.count("\n", 0, match.start()) + 1)
        return Call(
            self.root, base.provider, {"postform": "post"}.get(method, method), route,
            tuple(filter(None, named)), read, at,
        )  # fmt: skip

    def _target(
        self, built: Expressed, on: str, local: dict[str, _Base], clients: dict[str, _Base]
    ) -> tuple[_Base, str] | None:
        """To whom a URL leads, and its path from there."""
        literal = re.match(r"https?://([A-Za-z0-9.-]+)(?::\d+)?(?=[/?]|\Z)", built.text)
        if literal:
            provider = self.sibling(literal[1])
            return (_Base(provider, ""), built.text[literal.end() :]) if provider else None
        opened = re.match(r"(?:https?://)?\{\}(?::(?:\d+|\{\}))?(?=[/?]|\Z)", built.text)
        if opened and built.holes:
            base = self._setting(built.holes[0], local)
            return (base, built.text[opened.end() :]) if base and built.text[opened.end() :] else None
        name = on.rpartition(".")[2].lstrip("_")
        if built.text.startswith("/") or (built.text and not built.text.startswith(("{", "http"))):
            base = clients.get(name)
            return (base, built.text) if base and ("/" in built.text or re.match(r"[\w-]+\Z", built.text)) else None
        return None

    def _setting(self, expression: str, local: dict[str, _Base]) -> _Base | None:
        """The sibling that a setting or a name of this file leads to."""
        words = re.findall(r"[A-Za-z_][\w]*", expression)
        for word in reversed(words):
            plain = squeezed(word)
            if plain in local:
                return local[plain]
            if plain in self.settings:
                return self.settings[plain]
        return None

    def _locals(self, path: str) -> dict[str, _Base]:
        """Names of the file that hold the address of a sibling: assigned from its setting, or literal."""
        found: dict[str, _Base] = {}
        for name, value in self.facts.told(path, _assigned):
            base = self._value(value)
            if base is not None:
                found[name] = base
        for _, match in self.facts.grep((path,), _VALUE):
            base = self.settings.get(squeezed(match[1])) or self._value(f'"{match[2] or ""}"')
            if base is not None:
                found[squeezed(match[3])] = base
        return found

    def _value(self, value: str) -> _Base | None:
        if literal := _LITERAL.search(value):
            provider = self.sibling(literal[1])
            if provider is not None:
                return _Base(provider, (literal[2] or "").rstrip("/"))
        if not _SETTING.search(value):
            return None
        if (default := re.search(r"(?:\|\||\?\?|,)\s?[\"'](?:https?://)?([\w-]+)(?::\d+)?[\"']\)?\s*\Z", value)) and (
            provider := self.siblings.get(default[1])
        ):
            return _Base(provider, "")
        for word in re.findall(r"[A-Za-z_][\w.:-]*", value):
            for part in (word, word.rpartition(".")[2]):
                if squeezed(part) in self.settings:
                    return self.settings[squeezed(part)]
        return None

    def _clients(self, path: str, text: str, ending: str, local: dict[str, _Base]) -> dict[str, _Base]:
        """Clients that are made with the address of a sibling, by name; each name once, else it is nobody's."""
        found: dict[str, _Base | None] = {}
        for _, match in self.facts.grep((path,), _CLIENTS):
            built = expressed(text, match.end(), ending)
            base = self._based(built, local) if built else None
            name = (match["name"] or "").rpartition(".")[2].lstrip("_")
            after = _AS.match(text, match.end() + len(arguments(text, match.end()))) if not name else None
            name = after[1] if after else name
            if name:
                found[name] = base if name not in found or found[name] == base else None
        return {name: base for name, base in found.items() if base is not None}

    def _based(self, built: Expressed, local: dict[str, _Base]) -> _Base | None:
        literal = re.match(r"https?://([A-Za-z0-9.-]+)(?::\d+)?(/[^{}?]*)?\Z", built.text)
        if literal:
            provider = self.sibling(literal[1])
            return _Base(provider, (literal[2] or "").rstrip("/")) if provider else None
        if built.text.startswith("{}") and built.holes:
            base = self._setting(built.holes[0], local)
            return _Base(base.provider, base.path + built.text[2:].rstrip("/")) if base else None
        return None

    def _feign(self, path: str, text: str) -> Iterator[Call]:
        """Spring Cloud OpenFeign: the interface is the client, and its name the sibling's."""
        for client in _FEIGN.finditer(text):
            named = re.search(r"(?:\A|\b(?:name|value)\s*=)\s*\"([\w-]+)\"", client[1])
            provider = self.siblings.get(named[1]) if named else None
            prefix = re.search(r"\bpath\s*=\s*\"([^\"]*)\"", client[1])
            if provider is None:
                continue
            body = arguments(text, client.end())
            for mapping in _MAPPING.finditer(body):
                route = "/" + f"{prefix[1] if prefix else ''}/{mapping[2]}".strip("/")
                line = text.count("\n", 0, client.end() + mapping.start()) + 1
                route = re.sub(r"\{[^}]{0,200}\}", "{}", route).replace("//", "/")
                asked = re.match(r"[^;{]*;", body[mapping.end() :])
                query = re.findall(r"@RequestParam\(\s*(?:(?:name|value)\s*=\s*)?\"(\w+)\"", asked[0]) if asked else []
                yield Call(self.root, provider, mapping[1].lower(), route, tuple(query), (), Place(path, line))


def _assigned(text: str) -> list[tuple[str, str]]:
    """The names, squeezed, that a text gives an address that is written out, or a setting's."""
    found = ((match["name"], match["value"]) for match in _ASSIGNED.finditer(text))
    return [(squeezed(name), value) for name, value in found if _LITERAL.search(value) or _SETTING.search(value)]


def _written(text: str, ending: str) -> list[tuple[re.Match[str], Expressed]]:
    """What may be calls in a text, each with the URL that it is given."""
    found = (match for pattern in _CALLS[ending] for match in itertools.islice(pattern.finditer(text), MOST))
    return [(match, built) for match in found if (built := _built(text, match, ending))]


def _built(text: str, match: re.Match[str], ending: str) -> Expressed | None:
    """The URL that a call is given; where it is a name alone, what that name was last set to before the call."""
    built = expressed(text, match.end(), ending)
    if built is None or built.text != "{}" or not re.fullmatch(r"\w+", built.holes[0]):
        return _filled(built, text) if built else None
    name, before = built.holes[0], max(0, match.start() - 1500)
    said = re.compile(rf"(?<![\w.]){name}\s?(?::\s?[\w.]{{1,40}}\s?)?(?::=|=(?![=>]))\s{{0,4}}")
    last = None
    for each in said.finditer(text, before, match.start()):
        last = each
    value = expressed(text, last.end(), ending) if last else None
    return _filled(Expressed(value.text, value.holes, built.end) if value else built, text)


def _filled(built: Expressed, text: str) -> Expressed:
    """An expression whose holes are filled where a name of the file is set once, to a literal path."""
    parts, holes = built.text.split("{}"), list[str]()
    filled = parts[0]
    for hole, part in zip(built.holes, parts[1:], strict=False):
        constant = None
        if re.fullmatch(r"\w{1,60}", hole):
            said = re.findall(rf"(?<![\w.]){hole}\s?(?::\s?\w+\s?)?(?::=|=(?![=>]))\s?([^\n;]{{0,200}})", text)
            constant = re.fullmatch(r"[\"'](/?[\w./-]*)[\"'],?", said[0].strip()) if len(said) == 1 else None
        if constant is None:
            holes.append(hole)
        filled += (constant[1] if constant else "{}") + part
    return Expressed(filled, tuple(holes), built.end)
