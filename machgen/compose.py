"""Layers → one plain cookiecutter template.

A layer is a template that another one extends (`"_extends": "service"` in its `cookiecutter.json`). Stacking gives a
template that needs nothing of machgen: cookiecutter itself can bake it. A file of a higher layer replaces the file at
the same path below it, or extends it with Jinja's own `{% extends "service/pyproject.toml" %}`: the replaced file is
then kept under `templates/<layer>/`, where cookiecutter looks for included templates. What a layer has no use for, it
leaves out by pattern (`"_without"` in its `cookiecutter.json`).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from machgen.errors import BadRequest
from machgen.names import check_twins, printable
from machgen.origin import QUESTIONS_FILE, Origin, Pack
from machgen.tree import File, Tree

_UNITED = ("_copy_without_render", "_extensions")
_MERGED = ("__prompts__", "_validators", "_jinja2_env_vars")


class Template(NamedTuple):
    """One plain cookiecutter template, all its layers stacked.

    Args:
        name: The name it is asked for by.
        origin: Where it comes from, as `machgen.toml` records it.
        layers: The names of its layers, the lowest first; its own is the last.
        questions: The composed `cookiecutter.json`, in the order the questions are asked.
        files: The template as cookiecutter reads it: `cookiecutter.json`, the project directory by its unrendered
            name, `templates/` and `hooks/`.
        root: The unrendered name of the project directory, such as `{{cookiecutter.project_slug}}`; empty where a
            `pre_prompt` hook has yet to make it.
    """

    name: str
    origin: Origin
    layers: tuple[str, ...]
    questions: Mapping[str, Any]
    files: Tree
    root: str

    @property
    def digest(self) -> str:
        """The digest of all its files: what `machgen.toml` records and what trust is bound to."""
        return self.files.digest

    @property
    def description(self) -> str:
        """What it makes, in one line; empty where it does not say."""
        return str(self.questions.get("_description", ""))


class _Layer(NamedTuple):
    name: str
    source: Tree
    questions: dict[str, Any]
    origin: Origin


def compose(name: str, pack: Pack, below: Callable[[], Pack] | None = None) -> Template:
    """Stack a template on the layers it extends.

    Args:
        name: The template's name in `pack`.
        pack: Where it is looked for, and where the layers it extends are looked for first.
        below: Gives the pack in which to look for layers that `pack` does not have: the built-in one.

    Returns:
        The plain cookiecutter template.

    Raises:
        BadRequest: There is no such template or layer, the layers form a circle, a `cookiecutter.json` does not
            parse, two files of the stack differ only by case or Unicode form, or a `_without` pattern matches nothing.
    """
    layers = _stack(name, pack, below)
    root = _root(layers)
    files: dict[str, File] = {}
    for index, layer in enumerate(layers):
        _leave_out(files, layer, root)
        above = [f.data for higher in layers[index + 1 :] for f in higher.source.values()]
        for path, file in layer.source.items():
            if path in files and path.startswith(root + "/"):
                _keep_replaced(files, path, root, layers[:index], [file.data, *above])
            files[path] = file
    if len(layers) > 1 or layers[0].questions.keys() & {"_extends", "_without"}:
        questions = _questions([layer.questions for layer in layers])
        text = json.dumps(questions, indent=2, ensure_ascii=False) + "\n"
        files[QUESTIONS_FILE] = File(text.encode("utf-8"))
    else:
        questions = layers[0].questions
    check_twins((path, path) for path in files)
    return Template(name, layers[-1].origin, tuple(layer.name for layer in layers), questions, Tree(files), root)


def _stack(name: str, pack: Pack, below: Callable[[], Pack] | None) -> list[_Layer]:
    """Follow `_extends` from the named template down; return the layers, the lowest first."""
    layers: list[_Layer] = []
    seen: list[tuple[str, str]] = []
    wanted: str | None = name
    where = pack
    while wanted is not None:
        lower = None
        if layers and (wanted not in where.sources or (where.origin.pack, wanted) in seen) and below is not None:
            # a company's own `service` may extend the built-in one of the same name
            lower = below()
            where = lower if wanted in lower.sources else where
        if wanted not in where.sources:
            known = [*where.sources, *(lower.sources if lower else ())]
            raise _unknown(wanted, known, layers[-1].name if layers else "")
        key = (where.origin.pack, wanted)
        if key in seen:
            circle = " → ".join([*(n for _, n in seen), wanted])
            raise BadRequest(f"the layers extend one another in a circle: {circle}", hint="remove one `_extends`")
        seen.append(key)
        source = where.sources[wanted]
        questions = parse_questions(source, wanted)
        layers.append(_Layer(wanted, source, questions, where.origin))
        wanted = questions.get("_extends")
        if wanted is not None and not isinstance(wanted, str):
            raise BadRequest(
                f"{layers[-1].name}/{QUESTIONS_FILE}: `_extends` is {json.dumps(wanted)}",
                hint='give the name of one template, such as "service"',
            )
    return _own_last(layers)


def _own_last(layers: list[_Layer]) -> list[_Layer]:
    """Put the lowest layer first; layers of one name (a company's `service` on the built-in one) get two."""
    named: list[_Layer] = []
    for layer in reversed(layers):
        name = layer.name
        while any(other.name == name for other in named):
            name = f"{name}+"
        named.append(_Layer(name, layer.source, layer.questions, layer.origin))
    # the template answers for where it was asked for, not for where its lowest layer lies
    named[-1] = _Layer(named[-1].name, named[-1].source, named[-1].questions, layers[0].origin)
    return named


def _unknown(name: str, known: Sequence[str], asked_by: str) -> BadRequest:
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistake needs it

    close = get_close_matches(name, known, 1)
    shown = printable(name)
    message = f"{asked_by}/{QUESTIONS_FILE}: there is no layer {shown!r}" if asked_by else f"no template {shown!r}"
    hint = f"did you mean {close[0]!r}?" if close else "there are: " + ", ".join(map(printable, known))
    return BadRequest(message, hint=hint)


def parse_questions(source: Tree, name: str) -> dict[str, Any]:
    """Read a layer's `cookiecutter.json`.

    Args:
        source: The layer's raw files.
        name: The layer's name, for errors.

    Returns:
        The questions, in their order.

    Raises:
        BadRequest: The file is missing, is not JSON in UTF-8, or is not an object.
    """
    where = f"{printable(name)}/{QUESTIONS_FILE}"
    if QUESTIONS_FILE not in source:
        raise BadRequest(f"{where} is missing", hint="a template needs its questions in cookiecutter.json")
    from machgen.pack import read_questions  # noqa: PLC0415 - a built-in template comes ready

    return read_questions(source[QUESTIONS_FILE].data, where)


def _root(layers: list[_Layer]) -> str:
    """Find the project directory's unrendered name, as cookiecutter's `find_template` does, one for all layers.

    It is empty where there is none yet: a `pre_prompt` hook may make it, once it is trusted.
    """
    found: dict[str, str] = {}
    for layer in layers:
        settings = layer.questions.get("_jinja2_env_vars")
        settings = settings if isinstance(settings, dict) else {}
        start = str(settings.get("variable_start_string", "{{"))
        end = str(settings.get("variable_end_string", "}}"))
        for directory in {path.split("/", 1)[0] for path in layer.source if "/" in path}:
            if "cookiecutter" in directory and start in directory and end in directory:
                found[directory] = layer.name
    if not found and any(path.startswith("hooks/pre_prompt") for layer in layers for path in layer.source):
        return ""
    if not found:
        raise BadRequest(
            f"{printable(layers[-1].name)}: no project directory",
            hint="a template needs one directory such as `{{cookiecutter.project_slug}}`",
        )
    if len(found) > 1:
        names = ", ".join(f"{printable(d)} ({printable(n)})" for d, n in sorted(found.items()))
        raise BadRequest(
            f"{printable(layers[-1].name)}: more than one project directory: {names}",
            hint="all layers of a template share one project directory name",
        )
    return next(iter(found))


def _leave_out(files: dict[str, File], layer: _Layer, root: str) -> None:
    """Remove from the layers below what the layer names under `_without`: paths in the project, `*` for any ending.

    A pattern that matches nothing is refused: the file it meant was renamed below, and would silently come back.
    """
    patterns = layer.questions.get("_without", [])
    where = f"{printable(layer.name)}/{QUESTIONS_FILE}"
    if not isinstance(patterns, list) or not all(isinstance(pattern, str) for pattern in patterns):
        raise BadRequest(f"{where}: `_without` is not a list of paths", hint='write it like ["docs/example.md"]')
    for pattern in patterns:
        wanted = re.compile(re.escape(f"{root}/{pattern}").replace(r"\*", ".*"), re.DOTALL)
        found = [path for path in files if wanted.fullmatch(path)]
        if not found:
            raise BadRequest(
                f"{where}: `_without` names {printable(pattern)!r}, and no layer below has such a file",
                hint="`machgen show` lists the files of the layers below",
            )
        for path in found:
            del files[path]


def _keep_replaced(files: dict[str, File], path: str, root: str, below: list[_Layer], above: list[bytes]) -> None:
    """Keep the file that is about to be replaced where `{% extends "<layer>/<path>" %}` finds it, if one does."""
    owner = next(layer.name for layer in reversed(below) if path in layer.source)
    reference = f"{owner}{path[len(root) :]}"
    if any(reference.encode("utf-8") in data for data in above):
        files[f"templates/{reference}"] = files[path]


def _questions(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge the questions of a stack, the lowest layer first; a higher layer's default replaces the one below."""
    merged: dict[str, Any] = {}
    for questions in layers:
        for key, value in questions.items():
            if key in _UNITED and isinstance(merged.get(key), list) and isinstance(value, list):
                merged[key] = merged[key] + [each for each in value if each not in merged[key]]
            elif key in _MERGED and isinstance(merged.get(key), dict) and isinstance(value, dict):
                merged[key] = {**merged[key], **value}
            elif key not in ("_extends", "_without"):
                merged[key] = value
    return merged
