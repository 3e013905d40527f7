"""Answers are data: the file that an answer lands in parses back to exactly that answer, or it was refused."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from machgen.answers import Given, Source, resolve
from machgen.bundle import builtin_template
from machgen.errors import BadRequest
from machgen.plan import Plan
from machgen.render import Renderer
from tests.templating import template

EXAMPLES = settings(max_examples=10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 2_000)

NASTY = [
    "{{",
    "7",
    "*",
    "7",
    "}}",
    "{%",
    "for",
    "x",
    "in",
    "y",
    "%}",
    "${{",
    "github.token",
    "}}",
    "${HOME}",
    "$(id)",
    "`id`",
    "'",
    '"',
    "\\",
    "\\n",
    "\\u0041",
    "'''",
    '"""',
    "#no",
    ":",
    "a:b",
    "-",
    "*",
    "&",
    "*a",
    "!tag",
    "%YAML",
    "---",
    "...",
    "@x",
    "`",
    "|",
    ">",
    "yes",
    "null",
    "~",
    "1e3",
    "0x1F",
    "2026-01-01",
    "[x]",
    "{x:y}",
    "<script>",
    "&amp;",
    "é",
    "é",
    "😀",
    "�",
    "--flag",
    "-rf",
    "a=b",
    "EOF",
]
NASTY += [
    "{{ 7 * 7 }}",
    "# no comment",
    ": ",
    " lead",
    "trail ",
    "\u00a0",
    "\u3000",
    "\t",
    "\n",
    "\r\n",
    "\x00",
    "\x1b[31m",
]
NASTY += ["\u2028", "\u202e", "\ud800", "\x7f", "\x85", ""]
TEXT = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(NASTY), min_size=1, max_size=6).map("".join),
    st.text(st.sampled_from("'\"\\${}#:-!&*|>%@` ab"), max_size=30),
)


def last_document(data: bytes) -> list[Any]:
    """Parse every document of a YAML file."""
    return list(yaml.load_all(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def head(data: bytes) -> Any:
    """Parse what stands before the servers of a contract; what stands after them holds no answers."""
    first, found, rest = data.partition(b"\nservers:\n")

    assert found
    assert rest == OPERATIONS
    (parsed,) = last_document(first)
    return parsed


def label(name: str) -> Callable[[bytes], str]:
    """Return what reads one LABEL of a Dockerfile: double quotes, where a backslash takes the next character literally.

    Source: Docker's Dockerfile reference, "Parser directives: escape" and "Environment replacement".
    """

    def read(data: bytes) -> str:
        found = re.search(rf'{re.escape(name)}="((?:[^"\\]|\\.)*)"', data.decode())

        assert found, f"no LABEL {name}"
        assert not re.search(r"(?<!\\)(?:\\\\)*\$", found[1]), "a variable would be replaced"
        return re.sub(r"\\(.)", r"\1", found[1])

    return read


SINKS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "pyproject.toml, [project] description": (
        "description",
        lambda d: tomllib.loads(d.decode())["project"]["description"],
    ),
    "pyproject.toml, [tool.chassis] title": (
        "project_name",
        lambda d: tomllib.loads(d.decode())["tool"]["chassis"]["title"],
    ),
    "contract/openapi.yaml, title": ("project_name", lambda d: head(d)["info"]["title"]),
    "contract/openapi.yaml, description": ("description", lambda d: head(d)["info"]["description"]),
    "catalog-info.yaml, component title": ("project_name", lambda d: last_document(d)[0]["metadata"]["title"]),
    "catalog-info.yaml, component description": (
        "description",
        lambda d: last_document(d)[0]["metadata"]["description"],
    ),
    "catalog-info.yaml, API title": ("project_name", lambda d: last_document(d)[1]["metadata"]["title"]),
    "deploy/kustomize/base/deployment.yaml, annotation": (
        "description",
        lambda d: last_document(d)[0]["metadata"]["annotations"]["kubernetes.io/description"],
    ),
    "deploy/kustomize/base/service.yaml, annotation": (
        "description",
        lambda d: last_document(d)[0]["metadata"]["annotations"]["kubernetes.io/description"],
    ),
    "Dockerfile, title": ("project_name", label("org.opencontainers.image.title")),
    "Dockerfile, description": ("description", label("org.opencontainers.image.description")),
}

SERVICE, _ = builtin_template("service")
PLAN = Renderer(SERVICE).plan()
CONTRACT = "contract/openapi.yaml"


def only(path: str) -> Renderer:
    """Return a renderer of one file of the service template."""
    return Renderer(SERVICE, plan=Plan(tuple(step for step in PLAN.steps if step.source == path)))


OPERATIONS = only(CONTRACT).tree(resolve(SERVICE, only(CONTRACT)).context)[CONTRACT].data.partition(b"\nservers:\n")[2]
"""The greater part of a contract: parsing it thousands of times over would take most of the time of these tests."""


@pytest.mark.parametrize("sink", SINKS)
def test_free_text_survives_the_file_it_lands_in(sink: str) -> None:
    """Parse(output) == answer, or the answer was refused with one clear error."""
    path, (key, read) = sink.split(",", maxsplit=1)[0], SINKS[sink]
    renderer = only(path)
    outcomes = {"kept": 0, "refused": 0}

    @EXAMPLES
    @given(text=TEXT)
    def holds(text: str) -> None:
        try:
            answers = resolve(SERVICE, renderer, [Given(Source.FLAG, f"--answer {key}=…", {key: text})])
        except BadRequest:
            outcomes["refused"] += 1
            return
        outcomes["kept"] += 1

        assert text == read(renderer.tree(answers.context)[path].data)

    holds()
    assert outcomes["kept"] > outcomes["refused"] / 4, "a sink that refuses nearly everything proves nothing"


HOW_TO = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-template.md").read_text(encoding="utf-8")


def recommended(form: str) -> str:
    """Return how the how-to tells template authors to quote a text for one format."""
    found = re.search(rf"^\| {form} \| `(.+)` \|$", HOW_TO, re.MULTILINE)

    assert found, f"the how-to says nothing about {form}"
    return found[1].replace("\\|", "|")


IDIOMS = {
    "a.json": f'{{"text": {recommended("JSON")}}}',
    "a.yaml": f"text: {recommended('YAML')}\nlist: [{recommended('YAML')}]\n",
    "a.toml": f"text = {recommended('TOML')}\n",
    "a.sh": f"printf '%s\\0' {recommended('shell')}\n",
    "Dockerfile": f"FROM scratch\nLABEL text={recommended('Dockerfile `LABEL`')}\n",
}


@EXAMPLES
@given(texts=st.lists(TEXT, min_size=1, max_size=4))
def test_the_recommended_quoting_holds(texts: list[str]) -> None:
    """JSON, YAML, TOML, Dockerfile and shell, quoted as the how-to says, give the answer back."""
    made = template({"project_slug": "x", "text": "default"}, IDIOMS)
    renderer = Renderer(made)
    script, expected = b"", []
    for text in texts:
        try:
            answers = resolve(made, renderer, [Given(Source.FILE, "answers.json", {"text": text})])
        except BadRequest:
            continue
        tree = renderer.tree(answers.context)

        assert text == json.loads(tree["a.json"].data)["text"]
        assert {"text": text, "list": [text]} == last_document(tree["a.yaml"].data)[0]
        assert {"text": text} == tomllib.loads(tree["a.toml"].data.decode())
        assert text == label("text")(tree["Dockerfile"].data)
        script += tree["a.sh"].data
        expected.append(text)
    if expected:
        done = subprocess.run(["sh"], input=script, capture_output=True, check=True)

        assert expected == done.stdout.decode().split("\0")[:-1]


WORKFLOW = ".github/workflows/{% if cookiecutter.ci == 'github' %}release.yml{% endif %}"
PIPELINE = "{% if cookiecutter.ci == 'gitlab' %}.gitlab-ci.yml{% endif %}"
RENOVATE = "{% if cookiecutter.ci == 'gitlab' %}renovate.json{% endif %}"
NAMES: dict[str, tuple[str, str, Callable[[bytes], Any]]] = {
    "owner, Backstage": ("owner", "catalog-info.yaml", lambda d: last_document(d)[0]["spec"]["owner"][len("group:") :]),
    "owner, code owners": ("owner", "CODEOWNERS", lambda d: re.findall(r"(?m)^\* @(.*)$", d.decode())[0]),
    "slug, TOML": ("project_slug", "pyproject.toml", lambda d: tomllib.loads(d.decode())["project"]["name"]),
    "package, TOML": ("package", "pyproject.toml", lambda d: tomllib.loads(d.decode())["tool"]["chassis"]["package"]),
    "slug, compose": ("project_slug", "compose.yaml", lambda d: last_document(d)[0]["name"]),
    "image, compose": ("image", "compose.yaml", lambda d: last_document(d)[0]["x-service"]["image"][: -len(":dev")]),
    "image, GitHub workflow": ("image", WORKFLOW, lambda d: last_document(d)[0]["env"]["IMAGE"]),
    "image, GitLab pipeline": ("image", PIPELINE, lambda d: last_document(d)[0]["variables"]["IMAGE"]),
    "image, JSON": ("image", RENOVATE, lambda d: json.loads(d)["packageRules"][-1]["matchPackageNames"][0]),
    "image, make": ("image", "Makefile", lambda d: re.findall(r"--tag (\S+):dev ", d.decode())[0]),
}


@pytest.mark.parametrize("sink", NAMES)
def test_names_survive_the_file_they_land_in(sink: str) -> None:
    """Slugs, packages, owners and images are limited by their validators to what needs no quoting anywhere."""
    key, path, read = NAMES[sink]
    renderer = only(path)
    pattern = SERVICE.questions["_validators"][key]["pattern"]
    ci = "gitlab" if "gitlab" in path else "github"

    @EXAMPLES
    @given(text=st.one_of(st.from_regex(pattern, fullmatch=True), TEXT))
    def holds(text: str) -> None:
        try:
            answers = resolve(SERVICE, renderer, [Given(Source.FLAG, f"--answer {key}=…", {key: text, "ci": ci})])
        except BadRequest:
            return
        (file,) = renderer.tree(answers.context).values()

        assert text == read(file.data)

    holds()
