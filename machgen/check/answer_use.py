"""What a caller gives and reads around one call: literal query parameters, properties of the answer."""

import re

from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place

SCRIPT = (".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx")
"""Endings of JavaScript and TypeScript."""

_PARAMETERS = lazy_compile(r"\bparams\s*[=:]\s*\{([^{}]*)\}")


def parameters(given: str, path: str) -> list[str]:
    """Names of query parameters in a literal `params`: a dictionary in Python, an object in JavaScript."""
    match = _PARAMETERS.search(given)
    if match is None or "**" in match[1] or "..." in match[1]:
        return []
    if path.endswith(".py"):
        return re.findall(r"[\"'](\w[\w-]*)[\"']\s*:", match[1])
    return re.findall(r"(?:\A|,)\s*[\"']?(\w+)[\"']?\s*(?=[:,]|\s*\Z)", match[1])


_FUNCTION = lazy_compile(
    r"^[ \t]{0,40}(?:async\s)?(?:def\s|function\s|(?:export\s)?(?:const|let)\s\w{1,60}\s?=\s?(?:async\s?)?\()",
    re.MULTILINE,
)


def fields(path: str, text: str, match: re.Match[str], given: str) -> tuple[tuple[str, Place], ...]:
    """What is read of the answer, in Python and JavaScript: in the same function, from a name that is set once."""
    end = match.end() + len(given) + 1
    following = _FUNCTION.search(text, end)
    scope = text[end : min(following.start() if following else len(text), end + 1500)]
    begin = text.rfind("\n", 0, match.start()) + 1
    before = text[begin : match.start()]
    found: list[tuple[str, int]] = []
    if path.endswith(".py"):
        found += [
            (each[1], end)
            for each in re.finditer(r"\A\)?\.json\(\)(?:\[\"(\w+)\"\]|\.get\(\"(\w+)\")", scope)
            if each[1]
        ]
        if named := re.match(r"\s*(\w+)\s*=\s*(?:await\s+)?\Z", before):
            found += _read_python(named[1], scope, end)
    elif path.endswith(SCRIPT) and (named := re.match(r"\s*(?:const|let|var)\s+(\w+)\s*=\s*(?:await\s+)?\Z", before)):
        found += _read_script(named[1], scope, end)
    elif path.endswith(SCRIPT) and (
        named := re.match(r"\s*(?:const|let|var)\s+\{\s*data\s*\}\s*=\s*await\s+\Z", before)
    ):
        found += _members("data", scope, end)
    return tuple((name, Place(path, text.count("\n", 0, offset) + 1)) for name, offset in found)


def _read_python(name: str, scope: str, offset: int) -> list[tuple[str, int]]:
    direct = rf"\b{name}\.json\(\)(?:\[[\"'](\w+)[\"']\]|\.get\([\"'](\w+)[\"'])"
    found = [(each[1] or each[2], offset + each.start()) for each in re.finditer(direct, scope)]
    data = re.search(rf"\b(\w+)\s*=\s*{name}\.json\(\)\s*$", scope, re.MULTILINE)
    if data and len(re.findall(rf"\b{data[1]}\s*=[^=]", scope)) == 1:
        read = rf"\b{data[1]}(?:\[[\"'](\w+)[\"']\]|\.get\([\"'](\w+)[\"'])"
        found += [(each[1] or each[2], offset + each.start()) for each in re.finditer(read, scope)]
    return found


def _read_script(name: str, scope: str, offset: int) -> list[tuple[str, int]]:
    found = []
    if taken := re.search(rf"\{{([\w\s,]+)\}}\s*=\s*await\s+{name}\.json\(\)", scope):
        found += [(each, offset + taken.start()) for each in re.findall(r"\w+", taken[1])]
    found += [(each[1], offset + each.start()) for each in re.finditer(rf"\(await\s+{name}\.json\(\)\)\.(\w+)", scope)]
    data = re.search(rf"(?:const|let|var)\s+(\w+)(?:\s*:[^=\n]+)?\s*=\s*await\s+{name}\.json\(\)", scope)
    return found + (_members(data[1], scope, offset) if data else _members(rf"{name}\.data", scope, offset))


_OWN = frozenset({"length", "map", "filter", "forEach", "find", "reduce", "some", "every", "slice", "sort", "includes",
    "toString", "then", "catch", "push", "concat", "join", "flatMap", "at", "keys", "entries", "values"})  # fmt: skip


def _members(name: str, scope: str, offset: int) -> list[tuple[str, int]]:
    pattern = rf"(?<![\w.]){name}\??\.([A-Za-z_]\w*)(?!\w*\s*(?:\(|=[^=>]))"
    return [(each[1], offset + each.start()) for each in re.finditer(pattern, scope) if each[1] not in _OWN]
