"""Templates as Backstage's scaffolder sees them.

Sources: the descriptor format of kind Template, `scaffolder.backstage.io/v1beta3`; the action `fetch:cookiecutter` of
`@backstage/plugin-scaffolder-backend-module-cookiecutter`. That action takes the fetched directory for the *contents*
of a project: it puts it below a project directory of its own, with a `cookiecutter.json` made of the fetched one and
the values, and lets cookiecutter bake that. So the whole exported template is fetched, everything of it but the
project directory is copied and not rendered, and the project is what then stands in its directory.
"""

import re
from typing import TYPE_CHECKING, Any

from machgen.questions import Kind, Question, questions

if TYPE_CHECKING:
    from machgen.compose import Template

_SUBSTITUTION = re.compile(r"\{\{-?\s*cookiecutter\.([A-Za-z][A-Za-z0-9_]*)\s*-?\}\}")
_JINJA = re.compile(r"\{[{%#]")
# the action's answers are defaults of a cookiecutter.json, which cookiecutter renders: there, text must be no template
_NO_TEMPLATE = r"(?!.*\{[%#{])"
_ONE_LINE = r"[^\x00-\x1f\x7f]*"
# Python's own syntax, which JavaScript's regular expressions do not have
_PYTHON_ONLY = re.compile(r"\(\?[^:=!<]|\(\?<[^=!]|\\[AZzabefghijklmoqyNPpULG]|[*+?}]\+")


def scaffolder_template(template: "Template") -> str | None:
    """Describe a template for Backstage.

    Args:
        template: The composed template.

    Returns:
        The text of its `template.yaml`; None where the name of its project directory is more than answers put together,
        so that no step could tell where the project is.
    """
    directory = _SUBSTITUTION.sub(r"${{ parameters.\1 }}", template.root)
    named_by = _SUBSTITUTION.findall(template.root)
    if _JINJA.search(directory.replace("${{", "")) or not named_by:
        return None
    asked = {question.key: schema for question in questions(template) if (schema := _schema(question)) is not None}
    if not set(named_by) <= asked.keys():
        return None
    owner = template.questions.get("owner")
    return _dump(
        {
            "apiVersion": "scaffolder.backstage.io/v1beta3",
            "kind": "Template",
            "metadata": {
                "name": template.name.replace("/", "-"),
                "title": template.name.rsplit("/", 1)[-1].replace("-", " ").capitalize(),
                "description": template.description or template.name,
            },
            "spec": {
                "owner": owner if isinstance(owner, str) and owner and not _JINJA.search(owner) else "platform-team",
                "type": "service",
                "parameters": [
                    {"title": "The project", "required": named_by, "properties": asked},
                    {"title": "Its repository", "required": ["repoUrl"], "properties": {"repoUrl": _REPOSITORY}},
                ],
                "steps": [_fetch(template, list(asked)), *_publish(template, directory)],
                "output": {
                    "links": [
                        {"title": "Repository", "url": f"${{{{ {_published(template, 'remoteUrl')} }}}}"},
                        {
                            "title": "In the catalog",
                            "icon": "catalog",
                            "entityRef": "${{ steps['register'].output.entityRef }}",
                        },
                    ]
                },
            },
        }
    )


_REPOSITORY = {"title": "Where to publish it", "type": "string", "ui:field": "RepoUrlPicker"}


def location(targets: list[str]) -> str:
    """Return the text of a `catalog-info.yaml` that registers these files."""
    return _dump(
        {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Location",
            "metadata": {"name": "machgen-templates", "description": "Templates for new projects"},
            "spec": {"targets": targets},
        }
    )


def _schema(question: Question) -> dict[str, Any] | None:
    """Return a question as JSON Schema; None where a form cannot put it, and the template's default has to do."""
    schema: dict[str, Any] = {"title": question.prompt}
    if question.kind is Kind.BOOLEAN:
        return {**schema, "type": "boolean", "default": question.default}
    if question.kind is Kind.CHOICE:
        values = [choice.value for choice in question.choices]
        if not all(isinstance(value, str) and not _JINJA.search(value) for value in values):
            return None
        labels = [choice.label for choice in question.choices]
        return {**schema, "type": "string", "enum": values, "enumNames": labels, "default": values[0]}
    if question.kind is Kind.MAPPING:
        return None
    schema["type"] = "string"
    if question.message:
        schema["description"] = question.message
    default = "" if question.default is None else str(question.default)
    if default and not _JINJA.search(default):
        schema["default"] = default
    wanted = question.pattern if question.pattern and not _PYTHON_ONLY.search(question.pattern) else _ONE_LINE
    schema["pattern"] = f"^{_NO_TEMPLATE}(?:{wanted})$"
    return schema


def _fetch(template: "Template", asked: list[str]) -> dict[str, Any]:
    patterns = template.questions.get("_copy_without_render")
    copied = [*_BESIDE, *sorted({_all_below(path) for path in template.files.below("templates")})]
    copied += [f"{template.root}/{pattern}" for pattern in (patterns if isinstance(patterns, list) else [])]
    given: dict[str, Any] = {
        "url": "./",
        # a parameter left empty is no value at all, so that the template's default, made of other answers, holds
        "values": {key: f"${{{{ parameters.{key} }}}}" for key in asked},
        "copyWithoutRender": copied,
    }
    if extensions := template.questions.get("_extensions"):
        given["extensions"] = extensions
    return {"id": "fetch", "name": "Render the template", "action": "fetch:cookiecutter", "input": given}


# what stands beside the project directory and is not to be rendered as part of a project
_BESIDE = ("cookiecutter.json", "template.yaml", "hooks/*", "templates/*")


def _all_below(path: str) -> str:
    top, slash, _ = path.partition("/")
    return f"{top}/*" if slash else top


def _publish(template: "Template", directory: str) -> list[dict[str, Any]]:
    steps = []
    for host in _hosts(template):
        step: dict[str, Any] = {"id": f"publish-{host}", "name": "Publish", "action": f"publish:{host}"}
        if len(_hosts(template)) > 1:
            step["if"] = f"${{{{ parameters.ci === '{host}' }}}}"
        step["input"] = {"repoUrl": "${{ parameters.repoUrl }}", "sourcePath": directory, "defaultBranch": "main"}
        steps.append(step)
    contents = {"repoContentsUrl": f"${{{{ {_published(template, 'repoContentsUrl')} }}}}"}
    register = {"id": "register", "name": "Register", "action": "catalog:register"}
    return [*steps, {**register, "input": {**contents, "catalogInfoPath": "/catalog-info.yaml"}}]


def _hosts(template: "Template") -> list[str]:
    """Return where a project may be published: what its question `ci` offers, else GitHub."""
    choices = template.questions.get("ci")
    offered = [host for host in ("github", "gitlab") if isinstance(choices, list) and host in choices]
    return offered or ["github"]


def _published(template: "Template", output: str) -> str:
    return " or ".join(f"steps['publish-{host}'].output.{output}" for host in _hosts(template))


def _dump(value: dict[str, Any]) -> str:
    import yaml  # noqa: PLC0415 - only an export needs it

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000)
