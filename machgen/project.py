"""What machgen keeps in a project: `machgen.toml`, and in `.machgen/` the baseline that later changes are merged with.

Both come from a checkout when they are read, so they are as little trusted as any file there: nothing that they name is
fetched or run, and what they hold is checked to the byte. `docs/decisions/0002-baseline-format.md` has the reasons.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from machgen import baseline
from machgen.baseline import BASELINE, RESTORE
from machgen.errors import BadRequest
from machgen.names import printable
from machgen.origin import Origin
from machgen.tree import File, Tree

MANIFEST = "machgen.toml"
LARGEST_MANIFEST = 1024 * 1024
"""Bytes of a `machgen.toml`; a real one has a few hundred."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+\Z")
_JSON = "answers-in-json"
_TEMPLATE = ("name", "pack", "version", "commit", "directory", "digest")

_ATTRIBUTES = b"""\
# The baseline is checked by digest: it is kept byte for byte, whatever the attributes above this directory say.
# In a merge conflict, take one side's machgen.toml and .machgen/ together.
* -text -diff -merge -filter -ident -export-subst !working-tree-encoding linguist-generated
"""
_IGNORE = b"""\
# Everything here belongs under version control, whatever the ignore rules above this directory say.
!*
"""


class Manifest(NamedTuple):
    """What a `machgen.toml` says.

    Args:
        template: The template's name.
        origin: The pack it comes from.
        digest: The composed template's digest, `sha256:` and 64 hexadecimal digits.
        answers: The public answers by question key, in the order of the questions.
        baseline: The digest of the file `.machgen/baseline`.
    """

    template: str
    origin: Origin
    digest: str
    answers: Mapping[str, Any]
    baseline: str


def own_files(template: str, origin: Origin, digest: str, answers: Mapping[str, Any], rendered: Tree) -> Tree:
    """Return the files that machgen keeps in a project, to be published along with the rendered tree.

    Args:
        template: The template's name.
        origin: The pack it comes from.
        digest: The composed template's digest.
        answers: The public answers, in the order of the questions; a null is left out.
        rendered: The tree as it was rendered, which becomes the baseline.

    Returns:
        `machgen.toml`, `.machgen/baseline` and the two files that keep git from losing or changing it.

    Raises:
        BadRequest: An answer holds half a character, which no file can hold.
    """
    archive = baseline.pack(rendered)
    kept = Manifest(template, origin, digest, answers, baseline.digest_of(archive))
    return Tree(
        {
            MANIFEST: File(manifest(kept)),
            BASELINE: File(archive),
            ".machgen/.gitattributes": File(_ATTRIBUTES),
            ".machgen/.gitignore": File(_IGNORE),
        }
    )


def read_project(files: Mapping[str, File], where: str = "") -> tuple[Manifest, Tree]:
    """Read what machgen keeps in a project.

    Args:
        files: The project's files; only machgen's own are looked at.
        where: The project's directory as errors name it, empty for the current one.

    Returns:
        The manifest, and the tree as it was last rendered.

    Raises:
        BadRequest: It is no project of machgen's, or its files are damaged.
    """
    place = f"{where.rstrip('/')}/" if where else ""
    for name in (MANIFEST, BASELINE):
        if name not in files:
            raise BadRequest(
                f"{printable(place)}{name} is missing", hint="name a directory that `machgen new` made, or restore it"
            )
    read = read_manifest(files[MANIFEST].data, place + MANIFEST)
    return read, baseline.unpack(files[BASELINE].data, read.baseline, place + BASELINE)


def manifest(kept: Manifest) -> bytes:
    """Return a `machgen.toml`: TOML 1.0 in UTF-8, the same bytes for the same values.

    Raises:
        BadRequest: A text holds half a character (an unpaired surrogate), which no file can hold.
    """
    origin = kept.origin
    values = (kept.template, origin.pack, origin.version, origin.commit, origin.directory, kept.digest)
    template = {key: value for key, value in zip(_TEMPLATE, values, strict=True) if value}
    answers = {key: value for key, value in kept.answers.items() if value is not None}
    in_json = {key: _json(value) for key, value in answers.items() if _holds_null(value)}
    lines = [
        "# What machgen made this project from. Keep it under version control, together with `.machgen/`.",
        "",
        *_table("template", template),
        "",
        "# The answers to the template's questions.",
        *_table("answers", {key: value for key, value in answers.items() if key not in in_json}),
        "",
    ]
    if in_json:
        lines += ["# Answers with a null in them, for which TOML has no word.", *_table(_JSON, in_json), ""]
    lines += [
        "# The project as it was made is in `.machgen/baseline`; later changes are merged with it.",
        *_table("baseline", {"digest": kept.baseline}),
    ]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _table(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    for key, value in values.items():
        yield f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    return key if _BARE_KEY.match(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    raise TypeError(f"an answer cannot be of type {type(value).__name__}")


def _text(text: str) -> str:
    """Return a basic string of TOML 1.0. Every escape of JSON's is one of TOML's."""
    quoted = encode_basestring(text)
    if quoted.isprintable():
        return quoted
    # what a reader cannot see is escaped, so that the file says what it seems to say (Unicode TR 36)
    return "".join(c if c.isprintable() else _escaped(c) for c in quoted)


def _escaped(character: str) -> str:
    if unicodedata.category(character) == "Cs":
        raise BadRequest(
            f"an answer holds U+{ord(character):04X}, half of a character that no file can hold",
            hint="give the answer in UTF-8",
        )
    return f"\\U{ord(character):08X}" if ord(character) > 0xFFFF else f"\\u{ord(character):04X}"


def _holds_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_null, value.values()))
    return value is None or (isinstance(value, (list, tuple)) and any(map(_holds_null, value)))


def _json(value: Any) -> str:
    import json  # noqa: PLC0415 - for the rare null only

    return json.dumps(value, ensure_ascii=False)


def read_manifest(data: bytes, where: str = MANIFEST) -> Manifest:
    """Read a `machgen.toml`, strictly: what it does not define is refused.

    Args:
        data: The file.
        where: Its path as errors name it.

    Raises:
        BadRequest: It is not one; the error names the line where it can be told.
    """
    return _Reading(data, printable(where)).manifest()


class _Reading:
    """One reading of a `machgen.toml`: its text, to find the line that an error is about."""

    def __init__(self, data: bytes, where: str) -> None:
        self.where = where
        if len(data) > LARGEST_MANIFEST:
            raise self.refused(None, f"is larger than {LARGEST_MANIFEST} bytes")
        try:
            self.text = data.decode("utf-8-sig")  # some editors begin a file with a byte order mark
        except UnicodeDecodeError as error:
            raise self.refused(data.count(b"\n", 0, error.start) + 1, "is not UTF-8") from None

    def refused(self, line: int | None, problem: str, hint: str = RESTORE) -> BadRequest:
        return BadRequest(f"{self.where}:{line}: {problem}" if line else f"{self.where} {problem}", hint=hint)

    def at(self, table: str, key: str, problem: str) -> BadRequest:
        """Return the error that something is wrong with a key, or with the whole table where the key is empty."""
        name = f"`{printable(f'{table}.{key}' if table and key else table or key)}`"
        return self.refused(self.line(table, key), f"{name} {problem}")

    def line(self, table: str, key: str) -> int | None:
        inside, header = not table, None
        for number, line in enumerate(self.text.splitlines(), start=1):
            stripped = line.strip()
            if stripped.startswith("["):
                inside = re.match(rf"\[\[?\s*[\"']?{re.escape(table or key)}[\"']?\s*\]", stripped) is not None
                header = header or (number if inside else None)
                if inside and not (table and key):
                    return number
            elif inside and key and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*[=.]", stripped):
                return number
        return header

    def manifest(self) -> Manifest:
        document = self.parsed()
        for table in document:
            if table not in ("template", "answers", _JSON, "baseline", "check"):  # `check` is machgen.check's to read
                raise self.at("", table, "is unknown to this version of machgen")
        template = self.strings(document, "template", _TEMPLATE, ("name", "pack", "digest"))
        kept = self.strings(document, "baseline", ("digest",), ("digest",))
        for table, values in (("template", template), ("baseline", kept)):
            if not _DIGEST.match(values["digest"]):
                raise self.at(table, "digest", "is not `sha256:` and 64 hexadecimal digits")
        if "commit" in template and not _COMMIT.match(template["commit"]):
            raise self.at("template", "commit", "is not a full commit id")
        version, commit, directory = (template.get(key, "") for key in ("version", "commit", "directory"))
        return Manifest(
            template["name"],
            Origin(template["pack"], version, commit, directory),
            template["digest"],
            self.answers(document),
            kept["digest"],
        )

    def parsed(self) -> dict[str, Any]:
        import tomllib  # noqa: PLC0415 - a new project is only written

        conflict = re.search(r"^<{7} ", self.text, re.MULTILINE)
        if conflict:
            line = self.text.count("\n", 0, conflict.start()) + 1
            raise self.refused(line, "a merge conflict is left", "take one side's machgen.toml and .machgen/ together")
        try:
            return tomllib.loads(self.text)
        except RecursionError:
            raise self.refused(None, "is nested too deeply") from None
        except ValueError as error:  # TOMLDecodeError, and what int() says of a number with too many digits
            problem, _, place = str(error).partition(" (at ")
            number = re.match(r"line ([0-9]+)", place)
            raise self.refused(int(number[1]) if number else None, f"not TOML: {printable(problem)}") from None

    def table(self, document: Mapping[str, Any], name: str) -> dict[str, Any]:
        found = document.get(name, {})
        if not isinstance(found, dict):
            raise self.at("", name, "is not a table")
        return found

    def strings(
        self, document: Mapping[str, Any], name: str, known: tuple[str, ...], needed: tuple[str, ...]
    ) -> dict[str, str]:
        found = self.table(document, name)
        for key, value in found.items():
            if key not in known:
                raise self.at(name, key, "is unknown to this version of machgen")
            if not isinstance(value, str) or not value:
                raise self.at(name, key, "is not a text")
        for key in needed:
            if key not in found:
                raise self.at(name, key, "is missing")
        return found

    def answers(self, document: Mapping[str, Any]) -> dict[str, Any]:
        found = self.table(document, "answers")
        for key, value in found.items():
            if not _is_answer(value):
                raise self.at("answers", key, "is a number with a point, or a date: put it in quotes")
        for key, value in self.table(document, _JSON).items():
            if key in found:
                raise self.at(_JSON, key, "is answered twice")
            found[key] = self.from_json(key, value)
        return found

    def from_json(self, key: str, value: Any) -> Any:
        import json  # noqa: PLC0415 - for the rare null only

        try:
            answer = json.loads(value) if isinstance(value, str) else None
        except (ValueError, RecursionError):
            answer = None
        if answer is None or not _is_answer(answer, nulls=True):
            raise self.at(_JSON, key, "is not a list or an object in JSON")
        return answer


def _is_answer(value: Any, *, nulls: bool = False) -> bool:
    if isinstance(value, dict):
        return all(_is_answer(item, nulls=nulls) for item in value.values())
    if isinstance(value, list):
        return all(_is_answer(item, nulls=nulls) for item in value)
    return isinstance(value, (str, int)) or (nulls and value is None)
