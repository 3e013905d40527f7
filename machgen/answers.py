"""Answers: from where they come, which one counts, and how every question gets one.

Defaults follow cookiecutter (`prompt_for_config`, `apply_overwrites_to_context`): they are the template's text and may
refer to earlier answers. An answer is data: whichever way it comes, it is never rendered (unlike cookiecutter, where an
answer is one more default; docs/decisions/0003-answers-are-data.md).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from machgen.errors import BadRequest
from machgen.questions import Kind, Question, Refused, check_pattern, choices, fit, nearest, prompts, questions

if TYPE_CHECKING:
    from machgen.compose import Template
    from machgen.render import Renderer


class Source(IntEnum):
    """Where an answer comes from; of two answers to one question the one from the greater source counts."""

    TEMPLATE = 0
    DIRECTORY = 1
    USER_DEFAULTS = 2
    ENVIRONMENT = 3
    PROMPT = 4
    FILE = 5
    FLAG = 6


class Given(NamedTuple):
    """Answers from one place.

    Args:
        source: What kind of place.
        where: The place, as an error names it: `--answer ci=x`, `answers.toml`.
        values: Question key → str, int, bool, list, dict or None.
        lines: Question key → line in the file, where the parser could tell.
    """

    source: Source
    where: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = MappingProxyType({})

    def place(self, key: str) -> str:
        """Return the place of one answer."""
        return f"{self.where}:{self.lines[key]}" if key in self.lines else self.where


class Answers(NamedTuple):
    """Every question answered.

    Args:
        context: The value of `cookiecutter` in the template, private keys included, in the template's order.
        sources: Question key → where its answer comes from.
        notes: User defaults that do not fit this template and were passed over, each in a sentence.
    """

    context: dict[str, Any]
    sources: dict[str, Source]
    notes: tuple[str, ...] = ()

    @property
    def public(self) -> dict[str, Any]:
        """The answers that `machgen.toml` records: no private keys, and no nulls, which TOML cannot say."""
        return {key: value for key, value in self.context.items() if key in self.sources and value is not None}


Ask = Callable[[Question, Any, str], Any]
"""Puts a question to a person: the question with its choices rendered, its default, and what was wrong with the last
answer (empty the first time). Returns the default or what was typed."""


def resolve(template: "Template", renderer: "Renderer", given: Sequence[Given] = (), ask: Ask | None = None) -> Answers:
    """Answer every question of a template.

    Args:
        template: The composed template.
        renderer: Renders its defaults.
        given: The answers at hand, from any number of places.
        ask: Puts a question to a person; None to go on with the defaults.

    Returns:
        The answers, each of the type its question asks for.

    Raises:
        BadRequest: An answer does not fit its question, or answers a question that the template does not have.
    """
    return _Resolution(template, renderer, given, ask).answers()


class _Resolution:
    def __init__(self, template: "Template", renderer: "Renderer", given: Sequence[Given], ask: Ask | None) -> None:
        self.template = template
        self.renderer = renderer
        self.asked = {question.key: question for question in questions(template)}
        self.given = sorted(given, key=lambda each: each.source)
        self.ask = ask
        self.context: dict[str, Any] = {}
        self.sources: dict[str, Source] = {}
        self.notes: list[str] = []

    def answers(self) -> Answers:
        self._refuse_unknown()
        # two passes, as cookiecutter makes them: dictionaries come last and may refer to every other answer
        for key, raw in self.template.questions.items():
            if key.startswith("__"):
                if key != "__prompts__":
                    self.context[key] = self._render(raw)
            elif key.startswith("_"):
                self.context[key] = _copy(raw)
            elif not isinstance(raw, dict):
                self._answer(self.asked[key])
        for key, raw in self.template.questions.items():
            if not isinstance(raw, dict) or key == "__prompts__":
                continue
            if key.startswith("__"):
                self.context[key] = self._render(raw)
            elif not key.startswith("_"):
                self._answer(self.asked[key])
        order = [key for key in self.template.questions if key != "__prompts__"]
        return Answers({key: self.context[key] for key in order}, self.sources, tuple(self.notes))

    def _refuse_unknown(self) -> None:
        for given in self.given:
            if given.source is Source.USER_DEFAULTS:
                continue  # they serve every template, so they hold keys of others
            for key in given.values:
                if key in self.asked:
                    continue
                if key in self.template.questions:
                    raise BadRequest(f"{given.place(key)}: {key!r} is private to the template", hint="leave it out")
                raise BadRequest(
                    f"{given.place(key)}: {self.template.name} has no question {key!r}",
                    hint=nearest(key, self.asked) or f"its questions are: {', '.join(self.asked) or 'none'}",
                )

    def _answer(self, question: Question) -> None:
        question = self._with_choices(question)
        default = question.choices[0].value if question.kind is Kind.CHOICE else self._render(question.default)
        at_hand = [given for given in self.given if question.key in given.values]
        best, source, refused = default, Source.TEMPLATE, None
        for given in at_hand:
            try:
                fitting = fit(question, given.values[question.key], best)
            except Refused as error:
                if given.source is Source.USER_DEFAULTS:
                    self.notes.append(f"{given.place(question.key)}: {error.reason}; passed over")
                else:
                    refused = (given, error)
            else:
                best, source, refused = fitting, given.source, None
        if refused and (self.ask is None or refused[0].source > Source.PROMPT):
            raise _complaint(question, *refused)
        if self.ask is not None and source < Source.PROMPT:
            best, source = self._put(question, best, refused[1].reason if refused else ""), Source.PROMPT
        if source is Source.TEMPLATE:
            self._check_default(question, best)
        self.context[question.key] = best
        self.sources[question.key] = source

    def _with_choices(self, question: Question) -> Question:
        if question.kind is not Kind.CHOICE:
            return question
        if not question.choices:
            raise BadRequest(
                f"{self.template.name}/cookiecutter.json: {question.key!r} is a choice of nothing",
                hint="give it at least one choice",
            )
        values = [self._render(each.value) for each in question.choices]
        return question._replace(choices=choices(values, prompts(self.template).get(question.key)))

    def _put(self, question: Question, default: Any, problem: str) -> Any:
        assert self.ask is not None  # noqa: S101 - told to the type checker, the caller has looked
        while True:
            typed = self.ask(question, default, problem)
            try:
                if typed is default and default is not None:
                    check_pattern(question, default)
                    return default
                return fit(question, typed, default)
            except Refused as error:
                problem = f"{error.reason}; {error.hint}" if error.hint else error.reason

    def _check_default(self, question: Question, value: Any) -> None:
        try:
            check_pattern(question, value)
        except Refused as error:
            raise BadRequest(
                f"{self.template.name}'s default for {error.reason}", hint=f"answer it: -a {question.key}=…"
            ) from error

    def _render(self, raw: Any) -> Any:
        """Render a default as cookiecutter does: null and booleans stay, other scalars become text."""
        if raw is None or isinstance(raw, bool):
            return raw
        if isinstance(raw, list):
            return [self._render(each) for each in raw]
        if isinstance(raw, dict):
            return {self._render(key): self._render(value) for key, value in raw.items()}
        if isinstance(raw, str):
            return self.renderer.text(raw, self.context)
        return str(raw)


def _complaint(question: Question, given: Given, error: Refused) -> BadRequest:
    hint = error.hint
    if given.source is Source.DIRECTORY:
        hint = f"name the directory otherwise, or answer it: -a {question.key}=…"
    return BadRequest(f"{given.place(question.key)}: {error.reason}", hint=hint)


def _copy(raw: Any) -> Any:
    if isinstance(raw, list):
        return [_copy(each) for each in raw]
    if isinstance(raw, dict):
        return {key: _copy(value) for key, value in raw.items()}
    return raw
