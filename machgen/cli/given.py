"""Where answers come from: flags, an answers file, the environment, the user's defaults, the target's name.

Reading is strict, and everything read is data: safe loaders only, no key twice, no tags, bounded size and nesting.
"""

import os
import re
from collections.abc import Mapping, Sequence
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from machgen.answers import Given, Source
from machgen.errors import BadRequest
from machgen.questions import Question, directory_question, parse_json

if TYPE_CHECKING:
    import yaml

LARGEST_FILE = 262144
"""Bytes of an answers file or a cookiecutter rc file."""

VARIABLE = "MACHGEN_ANSWER_"
"""What the name of an environment variable that answers a question begins with."""

_MOST_NODES = 10_000
_DEEPEST = 32
_YAML_CORE = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp"))
_FORMATS = "name it *.toml, *.json, *.yaml or *.yml"


def gather(
    flags: Sequence[str], file: str | None, target: str | None, root: str, asked: Sequence[Question]
) -> list[Given]:
    """Collect the answers at hand.

    Args:
        flags: The values of `--answer`, each `key=value`.
        file: The answers file, if there is one.
        target: The project's directory, if it is given.
        root: The unrendered name of the template's project directory.
        asked: The template's questions.

    Returns:
        The answers from each place, in no particular order.

    Raises:
        BadRequest: A flag, the file, or the user's defaults cannot be read.
    """
    given = [*_environment(os.environ, asked), *map(_flag, flags)]
    if (defaults := _user_defaults()) is not None:
        given.append(defaults)
    if file is not None:
        given.append(read_answers(file))
    named = directory_question(root)
    if target is not None and named is not None:
        name = as_utf8(os.path.basename(os.path.abspath(target)))
        given.append(Given(Source.DIRECTORY, "the directory's name", {named: name}))
    return given


def _flag(text: str) -> Given:
    text = as_utf8(text)
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise BadRequest(f"--answer {_short(text)}: no answer", hint=f"write it as -a {_short(key) or 'key'}=value")
    return Given(Source.FLAG, f"--answer {_short(text)}", {key: value})


def as_utf8(text: str) -> str:
    """Return an argument or variable as the UTF-8 that its bytes are, whatever the locale took them for.

    The same command line is the same request under LANG=C; what is no UTF-8 is left as the locale reads it.
    """
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError:
        return text


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _environment(environ: Mapping[str, str], asked: Sequence[Question]) -> list[Given]:
    given = []
    for name, value in environ.items():
        if name.startswith(VARIABLE):
            rest = name[len(VARIABLE) :]
            fitting = [q.key for q in asked if q.key == rest] or [q.key for q in asked if q.key.upper() == rest.upper()]
            if len(fitting) > 1:
                raise BadRequest(
                    f"environment variable {name}: it may mean {' or '.join(fitting)}",
                    hint=f"spell the question as the template does: {VARIABLE}{fitting[0]}",
                )
            key = fitting[0] if fitting else rest.lower()
            given.append(Given(Source.ENVIRONMENT, f"environment variable {name}", {key: as_utf8(value)}))
    return given


def _user_defaults() -> Given | None:
    """Read the `default_context` of cookiecutter's rc file, from where cookiecutter takes it."""
    named = os.environ.get("COOKIECUTTER_CONFIG")
    path = named if named is not None else os.path.expanduser("~/.cookiecutterrc")
    if named is None and not os.path.exists(path):
        return None
    values, lines = _yaml(_read(path), path, within="default_context")
    return Given(Source.USER_DEFAULTS, path, values, lines)


def read_answers(path: str) -> Given:
    """Read an answers file: TOML, JSON or YAML by its suffix, or the `[answers]` of a `machgen.toml`.

    Args:
        path: The file.

    Returns:
        Its answers.

    Raises:
        BadRequest: The file is missing, too large, of an unknown format, or does not parse.
    """
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in (".toml", ".json", ".yaml", ".yml"):
        raise BadRequest(f"{path}: no format for answers", hint=_FORMATS)
    text = _read(path)
    if suffix in (".yaml", ".yml"):
        values, lines = _yaml(text, path)
    else:
        values = _toml(text, path) if suffix == ".toml" else _json(text, path)
        lines = {key: line for key in values if (line := _line_of(key, text, suffix))}
    if suffix == ".toml" and isinstance(values.get("template"), dict) and isinstance(values.get("answers"), dict):
        # a machgen.toml: what one project was made with answers for another
        from machgen.project import read_manifest  # noqa: PLC0415 - rarely needed

        values = dict(read_manifest(text.encode("utf-8"), path).answers)
        lines = {key: line for key in values if (line := _line_of(key, text, suffix))}
    return Given(Source.FILE, path, values, lines)


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no path holds a NUL character"
        raise BadRequest(f"{path}: {reason}", hint="name a file that can be read") from error
    if len(data) > LARGEST_FILE:
        raise BadRequest(f"{path}: larger than {LARGEST_FILE} bytes", hint="answers are short: is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadRequest(f"{path}:{line}: not UTF-8", hint="save the file in UTF-8") from error


def _toml(text: str, path: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - only an answers file needs it

    try:
        return tomllib.loads(text, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{path}: not valid TOML: {error}", hint="mend the file") from error


def _json(text: str, path: str) -> dict[str, Any]:
    try:
        values = parse_json(text)
    except (ValueError, RecursionError) as error:
        # only where the text is no JSON at all does the parser tell the line
        line = f":{error.lineno}" if isinstance(error, JSONDecodeError) else ""
        reason = error.msg if isinstance(error, JSONDecodeError) else str(error)
        raise BadRequest(f"{path}{line}: not valid JSON: {reason}", hint="mend the file") from error
    if not isinstance(values, dict):
        raise BadRequest(f"{path}: not a JSON object", hint='answers are {"key": "value", …}')
    return values


def _line_of(key: str, text: str, suffix: str) -> int | None:
    """Find the line of a key where the parser does not tell, if only one can be meant."""
    name = re.escape(key)
    pattern = rf'"{name}"\s*:' if suffix == ".json" else rf"^[ \t]*(?:{name}|\"{name}\"|'{name}')[ \t]*="
    found = [match.start() for match in re.finditer(pattern, text, re.MULTILINE)]
    return text.count("\n", 0, found[0]) + 1 if len(found) == 1 else None


def _yaml(text: str, path: str, within: str | None = None) -> tuple[dict[str, Any], dict[str, int]]:
    """Read a YAML mapping, or the one at a key of it; return its values and the lines of its keys."""
    import yaml  # noqa: PLC0415 - only an answers file or an rc file needs it

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadRequest(f"{path}{line}: not valid YAML: {error.problem}", hint="mend the file") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        raise BadRequest(f"{path}: not valid YAML: {reason}", hint="mend the file") from error
    if within is not None and isinstance(root, yaml.MappingNode):
        root = next((value for key, value in root.value if key.value == within), None)
    if root is None or (isinstance(root, yaml.ScalarNode) and not root.value):
        return {}, {}
    if not isinstance(root, yaml.MappingNode):
        where = f"{path}: {within}" if within else path
        raise BadRequest(f"{where} is no mapping", hint="answers are lines of `key: value`")
    reading = _YamlReading(path)
    return reading.mapping(root, 0), {key.value: key.start_mark.line + 1 for key, _ in root.value}


class _YamlReading:
    """Turns YAML nodes into data.

    Scalars stay the text that was written, so that `1.10` is not 1.1 and `no` is not false where text is asked for;
    what they mean is decided by the question. Only `true`, `false` and `null` are values of their own (as in YAML
    1.2's JSON schema). Aliases are followed within a budget: a hundred bytes can stand for billions of nodes.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.budget = _MOST_NODES

    def value(self, node: "yaml.Node", depth: int) -> Any:
        from yaml import MappingNode, ScalarNode, SequenceNode  # noqa: PLC0415 - loaded by whoever made the node

        self.budget -= 1
        if self.budget < 0 or depth > _DEEPEST:
            raise self._refusal(node, f"more than {_MOST_NODES} values, or nested deeper than {_DEEPEST} levels")
        if isinstance(node, MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self.mapping(node, depth)
        if isinstance(node, SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.value(each, depth + 1) for each in node.value]
        if not isinstance(node, ScalarNode) or node.tag not in _YAML_CORE:
            raise self._refusal(node, f"the tag {node.tag!r} is not data", "write text, lists and mappings")
        if node.style is None and node.tag == "tag:yaml.org,2002:null":
            return None
        if node.style is None and node.value.lower() in ("true", "false"):
            return node.value.lower() == "true"
        return str(node.value)

    def mapping(self, node: "yaml.MappingNode", depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key.value, str):
                raise self._refusal(key, "a key is no text")
            if key.value in found:
                raise self._refusal(key, f"{key.value!r} is there twice", "remove one of the two")
            found[key.value] = self.value(value, depth + 1)
        return found

    def _refusal(self, node: "yaml.Node", reason: str, hint: str = "mend the file") -> BadRequest:
        return BadRequest(f"{self.path}:{node.start_mark.line + 1}: {reason}", hint=hint)
