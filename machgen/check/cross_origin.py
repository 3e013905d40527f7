"""H004: whose pages may call a service with the user's credentials."""

import re
from collections.abc import Iterator

from machgen.check.facts import Facts
from machgen.check.headless import COMMENT, sources_of
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, rule, rules_in
from machgen.check.roots import Root
from machgen.check.vocabulary import Words

_ANY_ORIGIN = lazy_compile(
    r"allow_origins\s*=\s*\[\s*['\"]\*['\"]\s*\]|allow_origin_regex\s*=\s*r?['\"]\^?(?:https\?://)?\.\*\$?['\"]|"
    r"\borigin\s*:\s*(?:['\"]\*['\"]|true\b)|allowedOriginPatterns\s*\(\s*\"\*\"|addAllowedOriginPattern\s*\(\s*\"\*\"|"
    r"setAllowedOriginPatterns\s*\(\s*(?:List|Arrays|Collections)\.\w+\s*\(\s*\"\*\"|origin(?:Pattern)?s\s*=\s*\{?\s*\"\*\"|"
    r"SetIsOriginAllowed\s*\(\s*\(?\w+\)?\s*=>\s*true|AllowAnyOrigin\s*\(\s*\)|"
    r"Allow(?:ed)?Origins\s*:\s*\[\]string\s*\{\s*\"\*\"\s*\}|AllowAllOrigins\s*:\s*true|"
    r"AllowOriginFunc\s*:\s*func\s*\([^)]{0,99}\)\s*bool\s*\{\s*return true|"
    r"CORS\s{0,9}\([^)]{0,300}?origins\s{0,9}=\s{0,9}\[?\s{0,9}['\"]\*['\"]"
)
_CREDENTIALS = lazy_compile(
    r"allow_credentials\s*=\s*True|\bcredentials\s*:\s*true|allowCredentials\s*\(\s*true|"
    r"allowCredentials\s*=\s*\"true\"|"
    r"setAllowCredentials\s*\(\s*true|\bAllowCredentials\s*\(\s*\)|AllowCredentials\s*:\s*true|"
    r"supports_credentials\s*=\s*True"
)
_CORS = lazy_compile(
    r"CORSMiddleware|flask_cors|\bcors\s*\(|CrossOrigin|CorsConfiguration|addCorsMappings|AddCors|UseCors|cors\.(?:New|"
    r"Config|Options|Default)|corsheaders|CorsLayer|[\"'`]Access-Control-Allow-Origin[\"'`]"
)


@rule(
    "H004",
    "Cross-origin access with credentials is for named origins",
    level=Level.ERROR,
    source="WHATWG Fetch, 3.2.5: CORS protocol and credentials; OWASP, HTML5 Security Cheat Sheet: CORS",
    mend="List the origins of your touchpoints, from configuration.",
    applies_when="a service that configures CORS",
    roles=(Role.SERVICE,),
)
def named_origins(facts: Facts, root: Root) -> Iterator[Answer]:
    """Any page that a user opens can then call the service as that user and read the answer. Browsers refuse `*` with
    credentials, and so libraries reflect the caller's origin, which is the same without the refusal."""
    configured = False
    for path in sources_of(facts, root):
        if not facts.mentions(path, _ORIGIN_WORDS):
            continue
        text = facts.prose(path)
        configured = configured or _CORS.search(text) is not None
        if "redentials" not in text:
            continue
        yield from _reflected(facts, path, text)
        for at, match in facts.grep((path,), _ANY_ORIGIN):
            # one configuration: what is set for the same call or builder, some lines away at most
            around = _statement(text, match.start(), match.end())
            commented = COMMENT.match(facts.lines(path)[at.line - 1])
            if not commented and _CREDENTIALS.search(around):
                yield Flaw("any origin may call with the user's credentials", Place(path, at.line), "origins")
    if not configured:
        yield NotApplicable("no CORS configuration")


_ORIGIN_WORDS = Words("cors", "Cors", "CORS", "rigin")
_REFLECTED = lazy_compile(
    r"[\"'`]Access-Control-Allow-Origin[\"'`]\s*\]?\s*[,=:]\s*(?:\w+\.){1,3}(?:[hH]eaders?(?:\(\))?(?:\.[gG]et\(|\[)\s*[\"'`][oO]rigin|"
    r"headers\.origin\b|get\(\s*[\"'`][oO]rigin|header\(\s*[\"'`][oO]rigin|getHeader\(\s*\"[oO]rigin|GetHeader\(\s*\"Origin)"
)
_ALLOWED = lazy_compile(r"Access-Control-Allow-Credentials[\"'`]\s*\]?\s*[,=:]\s*[\"'`]?true", re.IGNORECASE)
_ASKED = lazy_compile(r"\bif\b|\?\s|&&|includes\(|indexOf|ontains|\b(?:allowed|permitted|trusted|known)", re.IGNORECASE)


def _reflected(facts: Facts, path: str, text: str) -> Iterator[Flaw]:
    """The caller's origin, written back by hand and unasked, beside leave to send credentials."""
    for match in _REFLECTED.finditer(text) if "Access-Control-Allow-Origin" in text else ():
        line = text.count("\n", 0, match.start()) + 1
        around = text[max(0, match.start() - 800) : match.end() + 400]
        if not COMMENT.match(facts.lines(path)[line - 1]) and _ALLOWED.search(around) and not _ASKED.search(around):
            yield Flaw("any origin may call with the user's credentials", Place(path, line), "origins")


def _statement(text: str, start: int, end: int) -> str:
    """The call, chain or block around a match: up to an empty line, or to the bracket that closes what opened it."""
    depth, first = 0, start
    while first > 0 and start - first < 600:
        char = text[first - 1]
        depth += (char in ")]}") - (char in "([{")
        if depth < 0 and char in "({":
            break
        if text.startswith("\n\n", first - 1):
            break
        first -= 1
    inside = text[start:end]
    depth, last = sum(inside.count(each) for each in "([{") - sum(inside.count(each) for each in ")]}"), end
    while last < len(text) and last - end < 600:
        char = text[last]
        depth += (char in "([{") - (char in ")]}")
        if (depth < 0 and char in "})") or text.startswith("\n\n", last):
            break
        last += 1
    block = text[first:last]
    return "\n".join(line for line in block.split("\n") if not COMMENT.match(line))


RULES = rules_in(vars())
