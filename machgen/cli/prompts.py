"""Putting questions to a person: on stderr, one line each, every answer checked on the spot."""

import json
from collections.abc import Sequence
from typing import Any

from machgen.cli import console
from machgen.questions import Kind, Question


def ask(question: Question, default: Any, problem: str) -> Any:
    """Put one question.

    Args:
        question: The question, its choices rendered.
        default: What an empty line means; None where it means nothing.
        problem: What was wrong with the last answer, empty the first time.

    Returns:
        The default, or what was typed; of a choice that was named by its number, the value.

    Raises:
        EOFError: The input is closed.
    """
    if problem:
        console.note(f"  {problem}")
    if question.kind is Kind.CHOICE:
        return _choose(question, default, first=not problem)
    typed = console.ask(f"{question.prompt}{_hint(question, default)}:")
    if not typed and default is not None:
        return default
    return typed


def choose(prompt: str, rows: Sequence[tuple[str, str]]) -> str:
    """Offer a list and return the name that was chosen.

    Args:
        prompt: What the list is of.
        rows: Name and description of each entry.
    """
    console.note(prompt)
    console.note(*console.table([(str(n), name, text) for n, (name, text) in enumerate(rows, 1)], indent="  "))
    names = [name for name, _ in rows]
    while True:
        typed = console.ask("Choose [1]:") or "1"
        if typed in names:
            return typed
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(names):
            return names[int(typed) - 1]
        console.note(f"  {typed!r} is none of them")


def _choose(question: Question, default: Any, *, first: bool) -> Any:
    values = [choice.value for choice in question.choices]
    number = values.index(default) + 1
    if first:
        console.note(question.prompt)
        for index, choice in enumerate(question.choices, 1):
            named = f" ({choice.value})" if choice.label != str(choice.value) else ""
            console.note(f"  {index} - {choice.label}{named}")
    typed = console.ask(f"Choose [{number}]:")
    if not typed:
        return default
    if typed.isascii() and typed.isdigit() and len(typed) < 5 and 1 <= int(typed) <= len(values):
        return values[int(typed) - 1]
    return typed


def _hint(question: Question, default: Any) -> str:
    if question.kind is Kind.BOOLEAN:
        return " [Y/n]" if default else " [y/N]"
    if question.kind is Kind.MAPPING:
        return f" (JSON) [{json.dumps(default, ensure_ascii=False)}]"
    return f" [{default}]" if default is not None else ""
