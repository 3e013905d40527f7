"""`machgen show`: what a template is made of, asks, writes and would run."""

import json
from typing import TYPE_CHECKING, Any

import click

from machgen import hooks
from machgen.cli import console, options
from machgen.cli.offer import Offer
from machgen.errors import BadRequest
from machgen.origin import QUESTIONS_FILE
from machgen.questions import Kind, Question, nearest, questions

if TYPE_CHECKING:
    from machgen.compose import Template


@click.command("show", short_help="Show a template: its layers, questions and files.")
@options.template()
@options.pack
@click.option("--file", metavar="PATH", help="Print one file of the template as it is, such as a hook.")
@options.as_json
def command(template: str, pack: str | None, directory: str, file: str | None, as_json: bool) -> None:
    """Show a template: its layers, questions and files, what it would run, and the digest that --trust asks for."""
    found, _ = Offer(pack, directory).template(template)
    if file is not None:
        console.result(*_lines(found, file))
    elif as_json:
        console.document(_document(found))
    else:
        _describe(found)


def _document(template: "Template") -> dict[str, Any]:
    origin = template.origin
    return {
        "name": template.name,
        "description": template.description,
        "pack": origin.pack,
        "version": origin.version,
        "commit": origin.commit,
        "digest": template.digest,
        "layers": list(template.layers),
        "runs": list(hooks.code(template)),
        "questions": [_question(question) for question in questions(template)],
        "files": list(template.files),
    }


def _question(question: Question) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": question.key, "kind": question.kind.value, "prompt": question.prompt}
    if question.kind is Kind.CHOICE:
        shown["choices"] = [{"value": choice.value, "label": choice.label} for choice in question.choices]
    else:
        shown["default"] = question.default
    if question.pattern:
        shown |= {"pattern": question.pattern, "message": question.message}
    return shown


def _describe(template: "Template") -> None:
    origin = template.origin
    where = " ".join(part for part in (origin.pack, origin.version, origin.commit, origin.directory) if part)
    console.result(f"{template.name}: {template.description}" if template.description else template.name, "")
    facts = [
        ("pack", where),
        ("digest", template.digest),
        ("layers", " ← ".join(template.layers)),
        ("runs", ", ".join(hooks.code(template)) or "nothing of its own"),
    ]
    console.result(*console.table(facts, indent="  "), "", "Questions (-a key=value)")
    for question in questions(template):
        console.result(
            f"  {question.key}: {question.prompt}" if question.prompt != question.key else f"  {question.key}"
        )
        console.result(f"      {_allowed(question)}")
    files = template.files.below(template.root)
    console.result("", f"Files ({len(files)}, below {template.root}/)", *(f"  {path}" for path in files))
    beside = [path for path in template.files if not path.startswith(f"{template.root}/") and path != QUESTIONS_FILE]
    if beside:
        console.result("", f"Beside the project ({len(beside)})", *(f"  {path}" for path in beside))


def _lines(template: "Template", path: str) -> list[str]:
    """Return the lines of one of the template's files, by its path in the template or in the project."""
    file = template.files.get(path) or template.files.get(f"{template.root}/{path}")
    if file is None:
        known = [*template.files, *template.files.below(template.root)]
        raise BadRequest(
            f"{template.name} has no file {path!r}",
            hint=nearest(path, known) or f"machgen show {template.name} lists its files",
        )
    try:
        return file.data.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadRequest(f"{path} is no text in UTF-8", hint="export the template to look at it") from error


def _allowed(question: Question) -> str:
    if question.kind is Kind.CHOICE:
        labels = [f"{c.value} ({c.label})" if c.label != str(c.value) else c.label for c in question.choices]
        return f"one of {', '.join(labels)}"
    default = question.default if isinstance(question.default, str) else json.dumps(question.default)
    return f"default {default}" + (f"; {question.message}" if question.message else "")
