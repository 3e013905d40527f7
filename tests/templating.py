"""Tiny templates written inline, baked by cookiecutter and rendered by machgen, so that one screen tells the story."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cookiecutter.generate import generate_context, generate_files
from cookiecutter.prompt import prompt_for_config

from machgen.compose import Template, parse_questions
from machgen.origin import Origin
from machgen.render import Renderer
from machgen.tree import File, Tree

ROOT = "{{cookiecutter.project_slug}}"

Content = str | bytes
Files = Mapping[str, Content]


def source(questions: Mapping[str, Any], files: Files, executable: tuple[str, ...] = (), root: str = ROOT) -> Tree:
    """Return a template's raw directory; `files` lie below the project directory unless they begin with `/`."""
    tree = {"cookiecutter.json": File(json.dumps(questions).encode())}
    for path, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        place = path[1:] if path.startswith("/") else f"{root}/{path}"
        tree[place] = File(data, path in executable)
    return Tree(tree)


def template(
    questions: Mapping[str, Any], files: Files, executable: tuple[str, ...] = (), root: str = ROOT
) -> Template:
    """Return a one-layer template."""
    tree = source(questions, files, executable, root)
    return Template("tiny", Origin("tiny", ""), ("tiny",), parse_questions(tree, "tiny"), tree, root)


def write(tree: Tree, directory: Path) -> None:
    """Write a tree as plain files, the way a template author would have them."""
    for path, file in tree.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.data)
        place.chmod(0o755 if file.executable else 0o644)


def read(directory: Path) -> Tree:
    """Read a directory of plain files."""
    files = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            name = path.relative_to(directory).as_posix()
            files[name] = File(path.read_bytes(), os.access(path, os.X_OK))
    return Tree(files)


def bake(tree: Tree, directory: Path, **extra: Any) -> Tree:
    """Bake a template with cookiecutter's own functions, without hooks, and return what it wrote."""
    repository, output = directory / "template", directory / "baked"
    write(tree, repository)
    output.mkdir()
    context = generate_context(str(repository / "cookiecutter.json"), extra_context=extra)
    context["_cookiecutter"] = {k: v for k, v in context["cookiecutter"].items() if not k.startswith("_")}
    context["cookiecutter"].update(prompt_for_config(context, no_input=True))
    context["cookiecutter"].update(_template="tiny", _checkout=None)  # as cookiecutter.main does
    generate_files(str(repository), context, str(output), accept_hooks=False)
    (project,) = output.iterdir()
    return read(project)


def render(made: Template, answers: Mapping[str, Any]) -> Tree:
    """Render a template with these answers and nothing else."""
    return Renderer(made).tree(answers)
