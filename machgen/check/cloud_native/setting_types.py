"""As what code reads its settings: numbers and truth values, where a declaration says so in plain words."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from machgen.check.facts import Facts, squeezed
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Place
from machgen.check.roots import Root, files_of
from machgen.check.vocabulary import Words

TRUTHS = frozenset({"0", "1", "true", "false", "yes", "no", "on", "off", "t", "f", "y", "n"})
"""What some common reader of truth values takes, letters folded."""


class SettingType(NamedTuple):
    """As what a setting is read.

    Args:
        kind: `number` or `truth`.
        at: Where.
    """

    kind: str
    at: Place

    def takes(self, value: str) -> bool:
        """Whether a value can be read so; one that something fills in later can be anything."""
        text = value.strip()
        if not text or "$" in text or "{" in text or "<" in text:
            return True
        if self.kind == "truth":
            return text.lower() in TRUTHS
        try:
            float(text)
        except ValueError:
            return False
        return True


_NAME = r"[\"'](?P<name>[A-Za-z_][\w.:-]{0,80})[\"']"
_KINDS = {
    "int": "number", "float": "number", "long": "number", "double": "number", "Integer": "number", "Long": "number",
    "parseInt": "number", "parseFloat": "number", "Number": "number", "Atoi": "number", "ParseInt": "number",
    "ParseFloat": "number", "bool": "truth", "boolean": "truth", "Boolean": "truth", "ParseBool": "truth",
}  # fmt: skip
_READ: tuple[tuple[tuple[str, ...], Words, re.Pattern[str]], ...] = (
    (
        (".py",),
        Words("environ", "getenv"),
        lazy_compile(rf"\b(?P<kind>int|float)\(\s?(?:os\.)?(?:environ\.get\(|environ\[|getenv\()\s?{_NAME}"),
    ),
    (
        (".js", ".ts", ".mjs", ".cjs"),
        Words("env"),
        lazy_compile(r"\b(?P<kind>parseInt|parseFloat|Number)\(\s?process\.env\.(?P<name>\w{1,80})\b"),
    ),
    (
        (".go",),
        Words("Getenv"),
        lazy_compile(rf"\bstrconv\.(?P<kind>Atoi|ParseInt|ParseFloat|ParseBool)\(\s?os\.Getenv\(\s?{_NAME}"),
    ),
    (
        (".java", ".kt"),
        Words("Value"),
        lazy_compile(
            r"@Value\(\s?\"\$\{(?P<name>[\w.-]{1,80})(?::[^}\"]{0,80})?\}\"\s?\)\s{0,60}(?:(?:private|protected|public|final)\s){0,3}"
            r"(?P<kind>int|long|double|boolean|Integer|Long|Boolean)\b"
        ),
    ),
    (
        (".cs",),
        Words("GetValue", "GetEnvironmentVariable"),
        lazy_compile(
            rf"\b(?:GetValue<(?P<kind>int|long|double|bool)>\(\s?{_NAME}"
            r"|(?P<parsed>int|long|double|bool)\.Parse\(\s?Environment\.GetEnvironmentVariable\(\s?\"(?P<other>\w{1,80})\")"
        ),
    ),
)
_PYDANTIC = Words("BaseSettings")
_SETTINGS_CLASS = lazy_compile(
    r"^class \w+\([^)\n]{0,80}\bBaseSettings\b[^)\n]{0,40}\):\n(?P<body>(?:[ \t]+[^\n]*\n|\n)+)", re.MULTILINE
)
_PREFIX = lazy_compile(r"\benv_prefix\s?=\s?[\"'](\w{0,40})[\"']")
_FIELD = lazy_compile(
    r"^[ \t]+(?P<name>[a-z]\w{0,80})\s?:\s?(?P<kind>int|float|bool)\b(?![^\n#]{0,80}\balias)", re.MULTILINE
)


def setting_types(facts: Facts, root: Root) -> dict[str, SettingType]:
    """Return the settings of a root that code reads as numbers or truth values.

    Returns:
        The name, without punctuation and letters folded → its type; a name that is read in two ways is left out.
    """
    found: dict[str, SettingType] = {}
    torn: set[str] = set()
    for name, each in _declared(facts, root):
        key = squeezed(name)
        if key in found and found[key].kind != each.kind:
            torn.add(key)
        found.setdefault(key, each)
    return {key: each for key, each in found.items() if key not in torn}


def _declared(facts: Facts, root: Root) -> Iterator[tuple[str, SettingType]]:
    for path in files_of(facts, root):
        for endings, words, pattern in _READ:
            if path.endswith(endings) and facts.mentions(path, words):
                for at, match in facts.grep((path,), pattern):
                    named = match.groupdict()
                    kind = named["kind"] or named.get("parsed") or ""
                    yield named["name"] or named.get("other") or "", SettingType(_KINDS[kind], at)
        if path.endswith(".py") and facts.mentions(path, _PYDANTIC):
            yield from _pydantic(facts, path)


def _pydantic(facts: Facts, path: str) -> Iterator[tuple[str, SettingType]]:
    text = facts.prose(path)
    for each in _SETTINGS_CLASS.finditer(text + "\n"):
        prefix = _PREFIX.search(each["body"])
        for field in _FIELD.finditer(each["body"]):
            start = each.start("body") + field.start("name")
            line = text.count("\n", 0, start) + 1
            yield (prefix[1] if prefix else "") + field["name"], SettingType(_KINDS[field["kind"]], Place(path, line))
