"""Composed templates as plain cookiecutter templates, for those who bake without machgen.

What cookiecutter bakes from an exported template is what machgen renders, byte for byte. Two hooks are added, where
there is something for them to do: one refuses the answers that the validators refuse, the other removes directories
that conditional file names have left empty (a tree has no empty directories).
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from machgen import __version__
from machgen.backstage import location, scaffolder_template
from machgen.errors import BadRequest
from machgen.tree import File, Tree

if TYPE_CHECKING:
    from machgen.compose import Template

# the answers arrive as JSON inside a string literal: `tojson` of `tojson` is one in Python too, whatever they hold
_VALIDATORS = '''\
"""Refuse answers that the template does not allow. Cookiecutter runs this before it writes a file."""

import json
import re
import sys

answers = json.loads(@start@ cookiecutter | tojson | tojson @end@)
validators = answers["_validators"]
faults = [
    f"{key} {answers[key]!r} does not fit: {validators[key]['message']}"
    for key in json.loads(@start@ cookiecutter._validators | list | tojson | tojson @end@)
    if isinstance(answers.get(key), str) and not re.fullmatch(validators[key]["pattern"], answers[key])
]
for fault in faults:
    print(f"error: {fault}", file=sys.stderr)
sys.exit(1 if faults else 0)
'''
_EMPTY_DIRECTORIES = '''\
"""Remove directories that conditional file names have left empty. Cookiecutter runs this after it wrote the files."""

import os

for directory, _, _ in os.walk(".", topdown=False):
    if directory != "." and ".git" not in directory.split(os.sep) and not os.listdir(directory):
        os.rmdir(directory)
'''
_SHEBANG = "#!/usr/bin/env python3\n"


def _validators(start: str, end: str) -> str:
    return _VALIDATORS.replace("@start@", start).replace("@end@", end)


HOOKS = frozenset(
    (shebang + text).encode("utf-8")
    for shebang in ("", _SHEBANG)
    for text in (_validators("{{", "}}"), _EMPTY_DIRECTORIES)
)
"""The hooks that an export adds; a template of plain data stays one when it is exported."""


def plain(template: "Template") -> Tree:
    """Return a template as cookiecutter bakes it without machgen.

    Args:
        template: The composed template.

    Returns:
        Its files, and the hooks that keep what machgen promises.
    """
    settings = template.questions.get("_jinja2_env_vars")
    settings = settings if isinstance(settings, dict) else {}
    added: dict[str, File] = {}
    if template.questions.get("_validators"):
        start, end = settings.get("variable_start_string", "{{"), settings.get("variable_end_string", "}}")
        added |= _hook(template, "pre_gen_project", _validators(str(start), str(end)))
    block = str(settings.get("block_start_string", "{%"))
    if any(block in path for path in template.files if path.startswith(template.root)):
        added |= _hook(template, "post_gen_project", _EMPTY_DIRECTORIES)
    return template.files | added


def _hook(template: "Template", name: str, text: str) -> dict[str, File]:
    """Add a hook beside those of the template: cookiecutter runs every file of that name, whatever its extension."""
    path, hook = f"hooks/{name}.py", File(text.encode("utf-8"))
    if template.files.get(path, hook).data == hook.data:
        return {path: hook}  # it may be there: a template that was exported can be exported again
    return {f"hooks/{name}.machgen": File((_SHEBANG + text).encode("utf-8"), executable=True)}


def repository(templates: Mapping[str, "Template"]) -> Tree:
    """Return one repository of templates: a menu for cookiecutter, a `template.yaml` each for Backstage.

    Args:
        templates: The composed templates by name, in the order they are offered; at least one.

    Returns:
        The repository's files.

    Raises:
        BadRequest: The name of a template is none for a directory of the repository.
    """
    files: dict[str, File] = {}
    menu = {}
    registered = []
    for name, template in templates.items():
        if name.split("/", 1)[0] in ("cookiecutter.json", "catalog-info.yaml", "README.md", ".gitattributes"):
            raise BadRequest(f"the template {name!r} would replace a file of the repository", hint="rename it")
        inside = plain(template)
        described = scaffolder_template(template)
        if described is not None:
            # Backstage wraps the template in another one, where includes are looked for beside `templates/`
            inside = inside.below("templates") | inside | {"template.yaml": _text(described)}
            registered.append(f"./{name}/template.yaml")
        files |= {f"{name}/{path}": file for path, file in inside.items()}
        menu[name] = {"path": f"./{name}", "title": name, "description": template.description or name}
    files["cookiecutter.json"] = _text(json.dumps({"templates": menu}, indent=2, ensure_ascii=False) + "\n")
    files["catalog-info.yaml"] = _text(location(registered))
    files["README.md"] = _text(_readme(templates))
    files[".gitattributes"] = _text("# a template's bytes are its author's, on every system\n* -text\n")
    return Tree(files)


def _readme(templates: Mapping[str, "Template"]) -> str:
    rows = "\n".join(
        f"| `{name}` | {template.description} | `{template.digest}` |" for name, template in templates.items()
    )
    first = next(iter(templates))
    return f"""# Templates

Plain [cookiecutter](https://cookiecutter.readthedocs.io/) templates, written by machgen {__version__}
(`machgen export --all`). Do not edit them here: they are written anew with every release.

| template | what it makes | digest |
|---|---|---|
{rows}

With cookiecutter, from a checkout of this repository:

    cookiecutter .                          # offers the list
    cookiecutter . --directory {first}      # takes one

In Backstage, register `catalog-info.yaml`. Its templates need the action `fetch:cookiecutter`
(`@backstage/plugin-scaffolder-backend-module-cookiecutter`) and an action that publishes.

With machgen, the same as the templates it was made from:

    machgen new {first} my-project --pack .
"""


def _text(text: str) -> File:
    return File(text.encode("utf-8"))
