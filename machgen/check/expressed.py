"""URLs as program text builds them: literals, templates and concatenations, read without running anything.

Python, JavaScript and TypeScript, Java and Kotlin, C# and Go. What is not literal is a hole that keeps its expression.
"""

import re
from dataclasses import dataclass

from machgen.check.lazy_regex import lazy_compile

LONGEST = 600
"""Characters of one expression that are looked at."""


@dataclass(frozen=True, slots=True)
class Expressed:
    """A text that an expression builds.

    Args:
        text: The literal parts; each hole is `{}`.
        holes: The expressions of the holes, in order.
        end: The offset behind the expression.
    """

    text: str
    holes: tuple[str, ...]
    end: int


_STRING = lazy_compile(r"""(?P<sign>[fFrRbB$@]{0,2})(?P<quote>\"\"\"|'''|["'`])""")
_NAME = lazy_compile(r"(?:await\s+|new\s+)?[A-Za-z_$@][\w$]*(?:\??\.[A-Za-z_]\w*|\[[^\[\]\n]*\]|\([^()\n]*\))*!?")
_HOLE = lazy_compile(r"\{\{|\}\}|\$?\{(?P<inner>[^{}]*)\}|\$(?P<name>[A-Za-z_]\w*)")
_PLAIN = lazy_compile(r"\{(?P<inner>[^{}]*)\}")
_FORMAT = lazy_compile(r"(?:fmt\.Sprintf|String\.format|string\.Format)\(\s*")
_DIRECTIVE = lazy_compile(r"%[+#-]?\d*[svdqx]|\{\d+\}")
_INTERPOLATED = {".py": "f", ".cs": "$"}
_TEMPLATED = (".js", ".ts", ".mjs", ".cjs", ".tsx", ".jsx", ".kt")


def expressed(text: str, start: int, ending: str) -> Expressed | None:
    """Read the expression that begins at an offset; None where it is none of text.

    Args:
        text: The file.
        start: The offset.
        ending: The file name's ending, with the dot.
    """
    at = _skip(text, start)
    limit = min(len(text), at + LONGEST)
    if formatted := _FORMAT.match(text, at):
        return _formatted(text, formatted.end(), ending)
    parts: list[str] = []
    holes: list[str] = []
    while at < limit:
        string = _STRING.match(text, at)
        if string:
            found = _string(text, string, ending)
            if found is None:
                return None
            parts.append(found.text)
            holes += found.holes
            at = found.end
        elif name := _NAME.match(text, at):
            parts.append("{}")
            holes.append(name[0])
            at = name.end()
        else:
            return None
        after = _skip(text, at)
        if text[after : after + 1] == "+" and text[after + 1 : after + 2] != "+":
            at = _skip(text, after + 1)
        elif text[after : after + 1] in {"'", '"', "f"} and _STRING.match(text, after) and ending == ".py":
            at = after
        else:
            break
    return Expressed("".join(parts), tuple(holes), at)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _string(text: str, begun: re.Match[str], ending: str) -> Expressed | None:
    quote, start = begun["quote"], begun.end()
    end = start
    while not text.startswith(quote, end):
        if end - start > LONGEST or end >= len(text) or (text[end] == "\n" and quote not in {"`", '"""', "'''"}):
            return None
        end += 2 if text[end] == "\\" else 1
    inner = text[start:end]
    sign = _INTERPOLATED.get(ending)
    interpolates = (sign is not None and sign in begun["sign"].lower()) or (
        ending in _TEMPLATED and (quote == "`" or ending == ".kt")
    )
    holes: list[str] = []

    def hole(match: re.Match[str]) -> str:
        if match[0] in {"{{", "}}"}:
            return ""
        holes.append((match["inner"] or match.groupdict().get("name") or "").strip())
        return "{}"

    # braces in a plain literal are a template of the library that takes it: RestTemplate's and WebClient's variables
    shaped = (_HOLE if interpolates else _PLAIN).sub(hole, inner)
    return Expressed(shaped, tuple(holes), end + len(quote))


def _formatted(text: str, at: int, ending: str) -> Expressed | None:
    """`fmt.Sprintf("%s/items/%s", base, id)` and its like."""
    pattern = expressed(text, at, ending)
    if pattern is None or len(_DIRECTIVE.findall(pattern.text)) == 0:
        return pattern
    given: list[str] = []
    end = _skip(text, pattern.end)
    while text[end : end + 1] == ",":
        name = _NAME.match(text, _skip(text, end + 1))
        if name is None:
            break
        given.append(name[0])
        end = _skip(text, name.end())
    count = len(_DIRECTIVE.findall(pattern.text))
    holes = (*given, *("" for _ in range(count)))[:count]
    return Expressed(_DIRECTIVE.sub("{}", pattern.text), holes, end)


def arguments(text: str, start: int) -> str:
    """Return what stands in the parentheses that are open at an offset, to their end or the bound."""
    depth, at = 1, start
    while at < min(len(text), start + 4 * LONGEST):
        if text[at] in "([{":
            depth += 1
        elif text[at] in ")]}":
            depth -= 1
            if not depth:
                break
        at += 1
    return text[start:at]
