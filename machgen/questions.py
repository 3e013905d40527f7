"""What a template asks, and what fits as an answer.

A question is one key of `cookiecutter.json`; its kind follows from its default, as in cookiecutter. An answer is data:
it is checked and brought to the question's type here, and never rendered (docs/decisions/0003-answers-are-data.md).
"""

import json
import re
import signal
from collections.abc import Iterable, Mapping
from enum import Enum
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

from machgen.errors import BadRequest

if TYPE_CHECKING:
    from machgen.compose import Template

LONGEST_TEXT = 4096
"""Characters in one text answer."""

LARGEST_MAPPING = 65536
"""Characters of JSON in one answer to a dictionary question."""

DEEPEST_MAPPING = 16
"""Levels of nesting in one answer to a dictionary question."""

PATTERN_SECONDS = 2.0
"""For a validator's pattern to look at one answer."""

_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off"})
# C0 and C1 controls (tab and newline among them: a text answer is one line), line and paragraph separators, lone
# surrogates, bidirectional embeddings, overrides and isolates (Unicode TR 36), the byte order mark, noncharacters
_REFUSED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_ONE_QUESTION = re.compile(r"\{\{-?\s*cookiecutter\.([A-Za-z][A-Za-z0-9_]*)\s*-?\}\}")


class Kind(Enum):
    """What a question wants, told by its default: a list is a choice, true or false a boolean, and so on."""

    TEXT = "text"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    MAPPING = "mapping"


class Choice(NamedTuple):
    """One of the values a choice question allows, and how it is shown."""

    value: Any
    label: str


class Question(NamedTuple):
    """One question of a template.

    Args:
        key: Its key in `cookiecutter.json`.
        kind: What it wants.
        default: The default as the template says it, not rendered; for a choice the list of choices.
        prompt: How it is put to a person.
        choices: What a choice question allows, not rendered until the question is asked; else empty.
        pattern: What a text answer must match in full (Python's `re`); empty where anything goes.
        message: What the pattern asks for, in words.
    """

    key: str
    kind: Kind
    default: Any
    prompt: str
    choices: tuple[Choice, ...] = ()
    pattern: str = ""
    message: str = ""


class Refused(Exception):
    """An answer does not fit its question: the reason in a clause that names the question, and the next step."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def questions(template: "Template") -> tuple[Question, ...]:
    """Return what a template asks, in its order.

    Raises:
        BadRequest: A validator is not a pattern with a message, or belongs to no text question.
    """
    said = prompts(template)
    validators = _validators(template)
    asked = tuple(
        _question(key, raw, said.get(key), validators.get(key, {}))
        for key, raw in template.questions.items()
        if not key.startswith("_")
    )
    texts = [question.key for question in asked if question.kind is Kind.TEXT]
    for key in validators:
        if key not in texts:
            raise BadRequest(
                f"{template.name}/cookiecutter.json: `_validators` has {key!r}, which is no text question",
                hint=nearest(key, texts),
            )
    return asked


def _validators(template: "Template") -> dict[str, dict[str, str]]:
    where = f"{template.name}/cookiecutter.json: `_validators`"
    validators = template.questions.get("_validators", {})
    if not isinstance(validators, dict):
        raise BadRequest(f"{where} is no object", hint='write {"key": {"pattern": "…", "message": "…"}}')
    for key, validator in validators.items():
        if (
            not isinstance(validator, dict)
            or validator.keys() != {"pattern", "message"}
            or not all(isinstance(text, str) for text in validator.values())
        ):
            raise BadRequest(f"{where}: {key!r} is no validator", hint='write {"pattern": "…", "message": "…"}')
        try:
            re.compile(validator["pattern"])
        except re.error as error:
            raise BadRequest(f"{where}: {key!r}: the pattern is no regular expression: {error}") from error
    return validators


def _question(key: str, raw: Any, prompt: Any, validator: Mapping[str, str]) -> Question:
    text = prompt.get("__prompt__") if isinstance(prompt, dict) else prompt
    shown = text if isinstance(text, str) and text else key
    if isinstance(raw, list):
        return Question(key, Kind.CHOICE, raw, shown, choices(raw, prompt))
    if isinstance(raw, bool):
        return Question(key, Kind.BOOLEAN, raw, shown)
    if isinstance(raw, dict):
        return Question(key, Kind.MAPPING, raw, shown)
    return Question(
        key, Kind.TEXT, raw, shown, pattern=validator.get("pattern", ""), message=validator.get("message", "")
    )


def choices(values: Iterable[Any], prompt: Any) -> tuple[Choice, ...]:
    """Return the values of a choice question with their labels.

    Args:
        values: The values, rendered or not.
        prompt: What `__prompts__` says of the question: an object with a label for each value, or anything else.
    """
    labels = prompt if isinstance(prompt, dict) else {}
    return tuple(Choice(each, str(labels.get(each, each) if isinstance(each, str) else each)) for each in values)


def prompts(template: "Template") -> Mapping[str, Any]:
    """Return a template's `__prompts__`; empty where it has none that are an object."""
    found = template.questions.get("__prompts__")
    return found if isinstance(found, dict) else {}


def directory_question(root: str) -> str | None:
    """Return the question whose answer alone names the project directory, or None.

    Args:
        root: The unrendered name of the project directory.
    """
    match = _ONE_QUESTION.fullmatch(root)
    return match[1] if match else None


def fit(question: Question, value: Any, default: Any) -> Any:
    """Return a given answer in its question's type; raise `Refused` where it does not fit."""
    if question.kind is Kind.CHOICE:
        return _chosen(question, value)
    if question.kind is Kind.BOOLEAN:
        return _boolean(question.key, value)
    if question.kind is Kind.MAPPING:
        return _merged(question.key, _mapping(question.key, value), default)
    text = _text(question.key, value)
    check_pattern(question, text)
    return text


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        raise Refused(f"{key} wants text, not {json.dumps(value)}", "put it in quotes")
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        kinds = {type(None): "null", list: "a list", dict: "a table"}
        kind = kinds.get(type(value), f"a {type(value).__name__}")
        raise Refused(f"{key} wants text, not {kind}", "put it in quotes")
    if len(value) > LONGEST_TEXT:
        raise Refused(f"{key} is {len(value)} characters long; the limit is {LONGEST_TEXT}")
    if found := _REFUSED.search(value):
        code = ord(found[0])
        if 0xD800 <= code <= 0xDFFF:
            raise Refused(f"{key} is not valid UTF-8")
        name = {9: "a tab", 10: "a line break", 13: "a line break"}.get(code, f"the character U+{code:04X}")
        raise Refused(f"{key} holds {name}", "an answer is one line of visible text")
    return value


def check_pattern(question: Question, value: Any) -> None:
    """Refuse a text that does not fit its question's pattern.

    Raises:
        Refused: It does not fit.
        BadRequest: The pattern takes longer than `PATTERN_SECONDS` to say so.
    """
    if not question.pattern or not isinstance(value, str):
        return
    try:
        fits = _matches(question.pattern, value)
    except TimeoutError:
        raise BadRequest(
            f"the pattern of {question.key} takes for ever on {_shown(value)}",
            hint="tell the pack's author: a repetition inside of a repetition, such as (a+)+, backtracks without end",
        ) from None
    if not fits:
        raise Refused(f"{question.key} {_shown(value)} does not fit: {question.message}")


def _matches(pattern: str, text: str) -> bool:
    """Whether a whole text matches, with a time limit: patterns of other people's packs may backtrack for ever."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    try:
        previous = signal.signal(signal.SIGALRM, late)
    except ValueError:  # no signal reaches another thread than the main one
        return re.fullmatch(pattern, text) is not None
    signal.setitimer(signal.ITIMER_REAL, PATTERN_SECONDS)
    try:
        return re.fullmatch(pattern, text) is not None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def _chosen(question: Question, value: Any) -> Any:
    values = [choice.value for choice in question.choices]
    if isinstance(value, list) and value and not any(isinstance(each, (list, dict)) for each in value):
        # cookiecutter reads a list as the choices to offer, the first of them the default
        first, *_ = [_chosen(question, each) for each in value]
        return first
    for each in values:
        if type(each) is type(value) and each == value:
            return each
    for each in values:
        if not isinstance(value, (dict, list)) and _word(each) == _word(value):
            return each
    words = [_word(each) for each in values]
    raise Refused(f"{question.key} {_shown(value)} is not one of: {', '.join(words)}", nearest(_word(value), words))


def _word(value: Any) -> str:
    return json.dumps(value) if value is None or isinstance(value, (bool, int, float)) else str(value)


def _boolean(key: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refused(f"{key} {_shown(value)} is neither yes nor no")


def _mapping(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        if len(value) > LARGEST_MAPPING:
            raise Refused(f"{key} is {len(value)} characters long; the limit is {LARGEST_MAPPING}")
        try:
            value = parse_json(value)
        except (ValueError, RecursionError) as error:
            raise Refused(
                f"{key} is not valid JSON: {error}", f"""write it as -a '{key}={{"name": "value"}}'"""
            ) from error
    if not isinstance(value, dict):
        raise Refused(f"{key} {_shown(value)} is no table", f"""write it as -a '{key}={{"name": "value"}}'""")
    plain = {_text(key, name): _plain(key, each, 1) for name, each in value.items()}
    if (size := len(json.dumps(plain))) > LARGEST_MAPPING:
        raise Refused(f"{key} is {size} characters long as JSON; the limit is {LARGEST_MAPPING}")
    return plain


def _plain(key: str, value: Any, depth: int) -> Any:
    """Copy a part of a dictionary answer; scalars become text, as cookiecutter's rendering makes them."""
    if depth > DEEPEST_MAPPING:
        raise Refused(f"{key} is nested deeper than {DEEPEST_MAPPING} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_plain(key, each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {_text(key, name): _plain(key, each, depth + 1) for name, each in value.items()}
    return _text(key, value)


def _merged(key: str, given: dict[str, Any], default: Any) -> dict[str, Any]:
    """Lay a given dictionary over the default one, key by key (`apply_overwrites_to_context`)."""
    merged = dict(default) if isinstance(default, dict) else {}
    for name, value in given.items():
        below = merged.get(name)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[name] = _merged(key, value, below)
        elif isinstance(below, bool) and isinstance(value, str):
            merged[name] = _boolean(f"{key}.{name}", value)
        else:
            merged[name] = value
    return merged


def parse_json(text: str) -> Any:
    """Parse JSON (RFC 8259) that holds answers: numbers stay the text that was written.

    Raises:
        ValueError: It is no JSON, or an object in it has one name twice.
        RecursionError: It is nested too deeply.
    """
    return json.loads(text, object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_no_constant)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{_shown(name)} is there twice")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def nearest(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    close = get_close_matches(word, list(known), 1)
    return f"did you mean {close[0]!r}?" if close else ""
