"""Hold machgen against cookiecutter on real templates: `python -m tests.e2e.wild_parity DIRECTORY…`.

Not part of `make test`: it needs templates from elsewhere, which are not ours to keep here. Each directory (a template,
a menu, or a directory of templates) is baked by cookiecutter and rendered by machgen, with the default answers and then
with every other choice and every other boolean, one at a time; hooks stay off in both. Bytes and modes have to agree.
The paths of this machine that cookiecutter shows to templates, `_output_dir` and `_repo_dir`, are the same for both.

Ends with 1 where any differs. A template that both refuse counts as the same; why they did is shown.
"""

import argparse
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cookiecutter.generate import generate_files
from cookiecutter.main import cookiecutter

from machgen.answers import Given, Source, resolve
from machgen.compose import Template, compose
from machgen.errors import MachgenError
from machgen.hooks import code, lay_out, trusted
from machgen.origin import Pack
from machgen.pack import open_pack
from machgen.questions import Kind, questions
from machgen.render import Renderer
from machgen.tree import Tree

_OUTPUT = "/wild"


@dataclass(frozen=True)
class Outcome:
    """What one engine made of a template: its files and their modes, or why it made none."""

    files: dict[str, tuple[bytes, int]]
    refusal: str = ""


def main(arguments: list[str]) -> int:
    """Compare every template in the directories; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("directories", nargs="+", metavar="DIRECTORY", type=Path)
    parser.add_argument("--answers", metavar="JSON", type=json.loads, default={}, help="answers for every template")
    parser.add_argument("--defaults", action="store_true", help="only the default answers")
    options = parser.parse_args(arguments)
    failed = 0
    for directory in options.directories:
        try:
            pack = open_pack(str(directory))
        except MachgenError as error:
            print(f"{directory}: machgen refuses the pack: {error.message}")  # noqa: T201 - this is the tool's result
            failed += 1
            continue
        for name in pack.sources:
            failed += _compare(pack, name, directory, options)
    return 1 if failed else 0


def _compare(pack: Pack, name: str, directory: Path, options: argparse.Namespace) -> int:
    """Compare one template under all its choices; print what differs and return how many comparisons did."""
    try:
        template = compose(name, pack)
    except MachgenError as error:
        print(f"{directory} {name}: machgen refuses the template: {error.message}")  # noqa: T201 - as above
        return 1
    # what machgen lays out is what it read; where the pack is one template, cookiecutter reads the original
    with tempfile.TemporaryDirectory() as scratch:
        repository = directory
        if list(pack.sources) != [directory.resolve().name]:
            repository = Path(scratch, "pack")
            lay_out(pack.sources[name], str(repository))
        different = refused = compared = 0
        for answers in _variants(template, options):
            with tempfile.TemporaryDirectory() as output:
                expected = _baked(repository, template, answers, Path(output))
            actual = _rendered(template, answers)
            compared += 1
            refused += bool(expected.refusal and actual.refusal)
            if told := _difference(expected, actual):
                different += 1
                print(f"{directory} {name} {answers or 'defaults'}:")  # noqa: T201 - as above
                print("\n".join(f"    {line}" for line in told[:10]))  # noqa: T201 - as above
        verdict = f"{compared - different}/{compared} the same" + (f", {refused} refused by both" if refused else "")
        print(f"{directory} {name}: {verdict}, {len(actual.files)} files")  # noqa: T201 - as above
        if expected.refusal and actual.refusal:
            print(f"    cookiecutter: {expected.refusal}\n    machgen:      {actual.refusal}")  # noqa: T201 - as above
    return different


def _variants(template: Template, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Give the default answers, then each other choice and boolean alone."""
    yield dict(options.answers)
    if options.defaults:
        return
    for question in questions(template):
        if question.key in options.answers:
            continue
        if question.kind is Kind.CHOICE:
            for raw in template.questions[question.key][1:]:
                if isinstance(raw, str) and "{{" not in raw:  # a rendered choice cannot be asked for by its source
                    yield {**options.answers, question.key: raw}
        elif question.kind is Kind.BOOLEAN:
            yield {**options.answers, question.key: not template.questions[question.key]}


def _baked(repository: Path, template: Template, answers: dict[str, Any], output: Path) -> Outcome:
    named, foreign = template.origin.pack, any("_extensions" in each for each in code(template))

    def generate(context: dict[str, Any], **options: Any) -> str:
        shown = {**context["cookiecutter"], "_template": named, "_output_dir": _OUTPUT}
        del shown["_repo_dir"]
        if not foreign:
            del shown["_output_dir"]
        made = generate_files(context={**context, "cookiecutter": shown}, **options)
        return str(made)

    given = {key: ("yes" if value else "no") if isinstance(value, bool) else value for key, value in answers.items()}
    home = {"HOME": str(output), "COOKIECUTTER_CONFIG": ""}
    try:
        with (
            _unrandom(),
            patch.dict(os.environ, home),
            patch("cookiecutter.main.generate_files", generate),
            redirect_stderr(io.StringIO()),
        ):
            made = cookiecutter(
                str(repository), no_input=True, accept_hooks=False, default_config=True,
                output_dir=str(output), extra_context=given,
            )  # fmt: skip
    except Exception as error:  # noqa: BLE001 - an extension of the template's may raise anything
        return Outcome({}, f"{type(error).__name__}: {error}")
    files = {}
    for path in sorted(Path(made).rglob("*")):
        if path.is_symlink() or path.is_file():
            files[path.relative_to(made).as_posix()] = (path.read_bytes(), path.stat().st_mode & 0o777)
    return Outcome(files)


def _rendered(template: Template, answers: dict[str, Any]) -> Outcome:
    # extensions need consent, hooks stay off: the same template without them is trusted
    unhooked = Tree({path: file for path, file in template.files.items() if not path.startswith("hooks/")})
    bare = template._replace(files=unhooked)
    try:
        with _unrandom(), trusted(bare, bare.digest) as running:
            renderer = Renderer(bare, extensions=running.extensions)
            resolved = resolve(bare, renderer, [Given(Source.FLAG, "--answers", answers)])
            tree = running.render(renderer, resolved.context, f"{_OUTPUT}/project")
    except MachgenError as error:
        return Outcome({}, error.message)
    return Outcome({path: (file.data, 0o755 if file.executable else 0o644) for path, file in tree.items()})


def _unrandom() -> Any:
    """Take chance out of cookiecutter's `random_ascii_string`."""
    return patch("cookiecutter.extensions.choice", lambda corpus: corpus[0])


def _difference(expected: Outcome, actual: Outcome) -> list[str]:
    if expected.refusal or actual.refusal:
        if expected.refusal and actual.refusal:
            return []
        return [f"cookiecutter: {expected.refusal or 'bakes it'}", f"machgen:      {actual.refusal or 'renders it'}"]
    told = [f"only cookiecutter: {path}" for path in expected.files.keys() - actual.files.keys()]
    told += [f"only machgen: {path}" for path in actual.files.keys() - expected.files.keys()]
    for path in sorted(expected.files.keys() & actual.files.keys()):
        (left, left_mode), (right, right_mode) = expected.files[path], actual.files[path]
        if left != right:
            at = next(
                (i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
            )
            told.append(
                f"{path}, byte {at}: {left[max(at - 30, 0) : at + 30]!r} is {right[max(at - 30, 0) : at + 30]!r}"
            )
        if left_mode != right_mode:
            told.append(f"{path}: mode {left_mode:o} is {right_mode:o}")
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
