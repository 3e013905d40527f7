"""What an exported template adds to the composed one, and what the portal and the menu are told."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException
from cookiecutter.main import cookiecutter

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template, descriptions
from machgen.compose import Template, compose
from machgen.export import plain, repository
from machgen.hooks import code
from machgen.origin import Origin, Pack
from machgen.pack import open_pack
from machgen.render import Renderer
from machgen.tree import File, Tree
from tests.templating import ROOT, read, source, template, write

SLUG = {
    "project_slug": "tiny",
    "_validators": {"project_slug": {"pattern": "[a-z]+", "message": "lower-case letters {{ 7 * 7 }} {# x #}"}},
}


def rendered(made: Template, **flags: Any) -> Tree:
    """Render as `machgen new` does."""
    renderer = Renderer(made)
    return renderer.tree(resolve(made, renderer, [Given(Source.FLAG, "--answer", flags)]).context)


def baked(tree: Tree, directory: Path, **extra: Any) -> Tree:
    """Bake with cookiecutter itself, hooks included."""
    write(tree, directory / "template")
    (directory / "out").mkdir()
    made = cookiecutter(
        str(directory / "template"),
        no_input=True,
        extra_context=extra,
        output_dir=str(directory / "out"),
        default_config=True,
    )
    empty = [path for path in Path(made).rglob("*") if path.is_dir() and not list(path.iterdir())]

    assert [] == empty
    return read(Path(made))


def test_an_exported_template_is_exported_as_it_is() -> None:
    """What the first export added is there: a second one adds it no second time."""
    exported = plain(template(SLUG, {"{% if cookiecutter.project_slug %}a{% endif %}": "x"}))
    assert {"hooks/pre_gen_project.py", "hooks/post_gen_project.py"} <= set(exported)

    again = Template("tiny", Origin("tiny", ""), ("tiny",), SLUG, exported, ROOT)

    assert exported == plain(again)


def test_a_template_of_data_stays_as_it_is() -> None:
    """Without validators and conditional names there is nothing to add."""
    made = template({"project_slug": "tiny"}, {"README.md": "x"})

    assert made.files == plain(made)


@pytest.mark.parametrize("name", list(descriptions()))
def test_cookiecutter_bakes_what_machgen_renders(name: str, tmp_path: Path) -> None:
    """Byte for byte, hooks included, for every built-in template and with no directory left empty."""
    made, _ = builtin_template(name)
    answers = {"project_slug": "other-name", "description": 'It\'s "quoted" ✓ {x} \\ #'}
    if "gitlab" in made.questions.get("ci", []):
        answers["ci"] = "gitlab"

    assert rendered(made, **answers) == baked(plain(made), tmp_path, **answers)


def test_cookiecutter_refuses_what_the_validators_refuse(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The message names the answer, and cookiecutter removes what it has begun."""
    made = template(SLUG, {"README.md": "x"})

    with pytest.raises(FailedHookException):
        baked(plain(made), tmp_path, project_slug="No-Good")

    assert (
        "error: project_slug 'No-Good' does not fit: lower-case letters {{ 7 * 7 }} {# x #}\n" in capfd.readouterr().err
    )
    assert [] == list((tmp_path / "out").iterdir())


HOSTILE = [
    '"',
    "'",
    "\\",
    '\\"); import os #',
    "</script>",
    "\u2028",
    "😀",
    "'''",
    '"""',
    "\\u0022",
    "{",
    "}} x {{",
    "%}",
]


@pytest.mark.parametrize("answer", HOSTILE)
def test_no_answer_breaks_out_of_the_hook(answer: str, tmp_path: Path) -> None:
    """The hook sees every answer as data, exactly as it was given."""
    asked = {"project_slug": "tiny", "text": "", "_validators": {"text": {"pattern": "", "message": "empty"}}}
    made = template(asked, {"README.md": "x"})
    hook = plain(made)["hooks/pre_gen_project.py"].data.decode()
    context = {**asked, "text": answer, "_validators": {"text": {"pattern": "x", "message": "an x"}}}
    text = Renderer(made).text(hook, context)
    (tmp_path / "hook.py").write_text(text, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-X", "utf8", tmp_path / "hook.py"], capture_output=True, text=True, check=False
    )

    assert (1, f"error: text {answer!r} does not fit: an x\n") == (done.returncode, done.stderr)


def test_hooks_of_the_template_run_too(tmp_path: Path) -> None:
    """Ours stands beside one of the same name, and neither replaces the other."""
    own = {"/hooks/pre_gen_project.py": "open('own.txt', 'w').write('own')"}
    made = template(SLUG, {"README.md": "x", **own})

    assert {"README.md", "own.txt"} == set(baked(plain(made), tmp_path / "good"))
    with pytest.raises(FailedHookException):
        baked(plain(made), tmp_path / "bad", project_slug="No")


def test_the_hook_speaks_the_templates_delimiters(tmp_path: Path) -> None:
    """`_jinja2_env_vars` hold for hooks as well."""
    asked = {**SLUG, "_jinja2_env_vars": {"variable_start_string": "[[", "variable_end_string": "]]"}}
    made = template(asked, {"README.md": "[[ cookiecutter.project_slug ]]"}, root="[[cookiecutter.project_slug]]")

    assert b"tiny" == baked(plain(made), tmp_path)["README.md"].data


def test_conditional_names_leave_no_empty_directory(tmp_path: Path) -> None:
    """Cookiecutter makes the directory of a file that it then does not write."""
    asked = {"project_slug": "tiny", "ci": ["none", "github"]}
    conditional = "deep/er/{% if cookiecutter.ci == 'github' %}ci.yml{% endif %}"
    made = template(asked, {"README.md": "x", conditional: "y"})

    assert {"README.md"} == set(baked(plain(made), tmp_path / "none"))
    assert {"README.md", "deep/er/ci.yml"} == set(baked(plain(made), tmp_path / "github", ci="github"))


def stacked() -> dict[str, Template]:
    """A layer that extends a file of the layer below."""
    below = source({"project_slug": "low", "owner": "team"}, {"a.toml": "{% block x %}low{% endblock %}"})
    above = source(
        {
            "_extends": "low",
            "_description": "It's on top",
            "kind": ["one", "two"],
            "on": True,
            "table": {"k": "v"},
            "_copy_without_render": ["*.py"],
        },
        {
            "a.toml": '{% extends "low/a.toml" %}{% block x %}{{ super() }} {{ cookiecutter.kind }}{% endblock %}',
            "b.py": "{{ raw }}",
            "{% if cookiecutter.on %}c{% endif %}": "{{ cookiecutter.project_slug }} {{ cookiecutter.owner | upper }}",
        },
    )
    pack = Pack(Origin("tiny", ""), {"low": below, "high": above})
    return {name: compose(name, pack) for name in ("low", "high")}


def test_the_repository_is_a_menu_for_cookiecutter(tmp_path: Path) -> None:
    """Plain cookiecutter offers the templates, and bakes each as machgen renders it."""
    templates = stacked()
    write(repository(templates), tmp_path / "repository")

    menu = json.loads((tmp_path / "repository" / "cookiecutter.json").read_text())
    made = cookiecutter(str(tmp_path / "repository"), no_input=True, output_dir=str(tmp_path), default_config=True)
    other = cookiecutter(
        str(tmp_path / "repository"),
        no_input=True,
        directory="high",
        output_dir=str(tmp_path),
        default_config=True,
        extra_context={"project_slug": "other"},
    )

    assert {
        "templates": {
            "low": {"path": "./low", "title": "low", "description": "low"},
            "high": {"path": "./high", "title": "high", "description": "It's on top"},
        }
    } == menu
    assert rendered(templates["low"]) == read(Path(made))
    assert rendered(templates["high"], project_slug="other") == read(Path(other))


def test_the_repository_is_a_pack(tmp_path: Path) -> None:
    """And machgen makes of it what it made of the original."""
    write(repository(stacked()), tmp_path)

    pack = open_pack(str(tmp_path))

    assert ["low", "high"] == list(pack.sources)
    assert rendered(stacked()["high"]) == rendered(compose("high", pack))


def test_an_exported_template_of_data_needs_no_trust() -> None:
    """machgen knows its own hooks byte for byte, and does what they do by itself; one changed byte is code."""
    conditional = "{% if cookiecutter.project_slug == 'x' %}x{% endif %}"
    made = template(SLUG, {"README.md": "x", conditional: ""})
    exported = made._replace(files=plain(made))
    path = "hooks/post_gen_project.py"
    changed = File(exported.files[path].data + b"#")

    assert {"hooks/pre_gen_project.py", path} == exported.files.keys() - made.files.keys()
    assert () == code(exported)
    assert (path,) == code(exported._replace(files=exported.files | {path: changed}))


def as_backstage_does(
    repository: Path, name: str, parameters: dict[str, Any], work: Path
) -> tuple[Tree, dict[str, Any]]:
    """Do what `fetch:cookiecutter` does with a `template.yaml`; return the workspace and the steps by id.

    The fetched directory becomes the contents of a project directory of the action's own; its cookiecutter.json and
    the values, without those that are undefined, become the template's.
    """
    entity = yaml.safe_load((repository / name / "template.yaml").read_text(encoding="utf-8"))
    steps = {step["id"]: step for step in entity["spec"]["steps"]}
    given = steps["fetch"]["input"]
    values = {key: parameters[key] for key, text in given["values"].items() if key in parameters}

    assert all(text == f"${{{{ parameters.{key} }}}}" for key, text in given["values"].items())
    contents = work / "template" / "{{cookiecutter and 'contents'}}"
    write(read(repository / name), contents)
    info = json.loads((contents / "cookiecutter.json").read_text(encoding="utf-8")) | values
    info["_copy_without_render"] = given["copyWithoutRender"]
    (work / "template" / "cookiecutter.json").write_text(json.dumps(info), encoding="utf-8")
    made = cookiecutter(str(work / "template"), no_input=True, output_dir=str(work / "out"), default_config=True)
    return read(Path(made)), steps


def test_backstage_makes_what_machgen_makes(tmp_path: Path) -> None:
    """The action's own way of calling cookiecutter gives the same project, below the directory that is published."""
    templates = stacked()
    write(repository(templates), tmp_path / "repository")

    workspace, steps = as_backstage_does(
        tmp_path / "repository", "high", {"project_slug": "other", "kind": "two", "on": False}, tmp_path
    )

    assert "${{ parameters.project_slug }}" == steps["publish-github"]["input"]["sourcePath"]
    assert rendered(templates["high"], project_slug="other", kind="two", on=False) == workspace.below("other")


@pytest.mark.parametrize("name", list(descriptions()))
def test_backstage_makes_every_built_in_template(name: str, tmp_path: Path) -> None:
    """Answers that are left out get the template's defaults, those made of other answers too."""
    made, _ = builtin_template(name)
    write(repository({name: made}), tmp_path / "repository")

    workspace, _ = as_backstage_does(tmp_path / "repository", name, {"project_slug": "other"}, tmp_path)

    assert rendered(made, project_slug="other") == workspace.below("other")


def test_the_portal_asks_what_the_template_asks(tmp_path: Path) -> None:
    """Patterns, choices, titles and constant defaults; a default made of other answers is left to the template."""
    asked = {
        "project_slug": "tiny",
        "name": "{{ cookiecutter.project_slug }}",
        "ci": ["github", "gitlab"],
        "on": True,
        "table": {},
        "__prompts__": {"project_slug": "Name?", "ci": {"__prompt__": "CI?", "github": "GitHub"}},
        "_validators": {"project_slug": {"pattern": "[a-z]+", "message": "letters"}},
    }
    made = template(asked, {"README.md": ""})
    entity = yaml.safe_load(repository({"tiny": made})["tiny/template.yaml"].data)

    assert {
        "project_slug": {
            "title": "Name?",
            "type": "string",
            "description": "letters",
            "default": "tiny",
            "pattern": r"^(?!.*\{[%#{])(?:[a-z]+)$",
        },
        "name": {"title": "name", "type": "string", "pattern": r"^(?!.*\{[%#{])(?:[^\x00-\x1f\x7f]*)$"},
        "ci": {
            "title": "CI?",
            "type": "string",
            "enum": ["github", "gitlab"],
            "enumNames": ["GitHub", "gitlab"],
            "default": "github",
        },
        "on": {"title": "on", "type": "boolean", "default": True},
    } == entity["spec"]["parameters"][0]["properties"]
    assert ["fetch", "publish-github", "publish-gitlab", "register"] == [s["id"] for s in entity["spec"]["steps"]]
    assert ["./tiny/template.yaml"] == yaml.safe_load(repository({"tiny": made})["catalog-info.yaml"].data)["spec"][
        "targets"
    ]


def test_a_project_that_no_step_could_find_is_not_registered() -> None:
    """Where the directory's name is computed, the portal is not told of the template; the menu is."""
    made = template({"project_slug": "tiny"}, {"README.md": ""}, root="{{cookiecutter.project_slug | lower}}")

    assert "tiny/template.yaml" not in repository({"tiny": made})
    assert [] == yaml.safe_load(repository({"tiny": made})["catalog-info.yaml"].data)["spec"]["targets"]


def test_the_project_directory_is_rendered_once(tmp_path: Path) -> None:
    """The directory of hooks is no part of a project."""
    made = template(SLUG, {"hooks/pre_gen_project.py": "x"})

    assert f"{ROOT}/hooks/pre_gen_project.py" in plain(made)
    assert {"hooks/pre_gen_project.py"} == set(baked(plain(made), tmp_path))
