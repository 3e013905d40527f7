"""Answers are data: whatever people call their service, every file still parses and says exactly that."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from machgen.bundle import builtin_template
from tests.templates.conftest import Bake
from tests.templates.validators.conftest import Run

TEXTS = {
    "double quotes": 'the "best" shop',
    "single quotes": "it's O'Neill's, ''twice''",
    "backslashes": "C:\\new\\table \\u0041 \\",
    "comment": "parts # not a comment",
    "mapping": "key: value, other: {a: 1}",
    "dollars": "$HOME ${X} ${X:-y} $$ $(id) `id`",
    "jinja": "{{ cookiecutter.owner }} {% raw %} {# c #}",
    "emoji": "😀 👩‍🔧 🇪🇺",
    "other scripts": "Größe — “été” 商品 مرحبا",
    "list": "- item",
    "alias": "*alias",
    "anchor": "&anchor",
    "tag": "!!python/object:x",
    "percent": "%YAML 1.2",
    "block": "| folded >",
    "boolean": "no",
    "number": "0x1F",
    "null": "~",
    "document end": "---",
    "html": "</script><b>&amp;",
    "expression": "${{ secrets.X }} %ENV% !{x}",
    "spaces": "  around  ",
    "heredoc": "<<EOF",
}
SLUGS = ("no", "y", "null", "true", "e1")


@pytest.fixture(scope="module", params=list(TEXTS.values()), ids=list(TEXTS))
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def hostile(baked: Bake, text: str) -> Path:
    return baked({"project_name": text, "description": text})


def test_free_text_is_what_the_template_accepts(text: str) -> None:
    """Each text is an allowed answer, so each has to come through."""
    validators = builtin_template("service")[0].questions["_validators"]

    for question in ("project_name", "description"):
        assert re.fullmatch(validators[question]["pattern"], text)


@pytest.mark.parametrize(
    "bad", ["two\nlines", "\x1b[31mred", "left\u202eright", "\ufeffmark", "a\u2028b", "a\x85b", " "]
)
def test_text_that_no_format_can_carry_is_refused(bad: str) -> None:
    """Control characters, line separators and direction overrides change what people see; they are never quoted."""
    validators = builtin_template("service")[0].questions["_validators"]

    assert not re.fullmatch(validators["project_name"]["pattern"], bad)
    assert not re.fullmatch(validators["description"]["pattern"], bad)


def test_descriptor_says_the_text(hostile: Path, text: str) -> None:
    """The catalog shows title and description as they were given."""
    component, api, *_ = yaml.safe_load_all((hostile / "catalog-info.yaml").read_text(encoding="utf-8"))

    for entity in (component, api):
        assert (entity["metadata"]["title"], entity["metadata"]["description"]) == (text, text)


def test_project_and_contract_say_the_text(hostile: Path, text: str) -> None:
    """The service introduces itself with the words of the answers, in its metadata and in its contract alike."""
    about = tomllib.loads((hostile / "pyproject.toml").read_text(encoding="utf-8"))
    info = yaml.safe_load((hostile / "contract" / "openapi.yaml").read_text(encoding="utf-8"))["info"]

    assert (about["tool"]["chassis"]["title"], about["project"]["description"]) == (text, text)
    assert (info["title"], info["description"]) == (text, text)


def test_manifests_say_the_text_after_kustomize(hostile: Path, text: str, run: Run) -> None:
    """Another parser reads it, another emitter writes it, and it is still the same; labels hold none of it."""
    manifests = list(yaml.safe_load_all(run("kubectl", "kustomize", "deploy/kustomize/overlays/prod", cwd=hostile)))
    described = [
        manifest["metadata"]["annotations"]["kubernetes.io/description"]
        for manifest in manifests
        if manifest["kind"] in ("Deployment", "Namespace", "Service")
    ]

    assert described == [text] * 3
    labels = json.dumps([manifest["metadata"]["labels"] for manifest in manifests], ensure_ascii=False)
    assert text not in labels or text in ("no", "~")


def test_dockerfile_labels_say_the_text(hostile: Path, text: str, run: Run) -> None:
    """The text stays inside of its label: same instructions, and Docker's own quoting rules give it back."""
    if not text.endswith("\\"):  # hadolint 2 takes the end of "...\\\\" for an escaped quote; BuildKit does not
        run("hadolint", "--failure-threshold=error", "Dockerfile", cwd=hostile)
    labels = labels_of((hostile / "Dockerfile").read_text(encoding="utf-8"))

    assert labels["org.opencontainers.image.title"] == text
    assert labels["org.opencontainers.image.description"] == text


def labels_of(dockerfile: str) -> dict[str, str]:
    """The labels, read as BuildKit does: in double quotes a backslash escapes ``"``, ``$`` and itself."""
    pairs = re.findall(r'([a-z.]+)="((?:[^"\\]|\\.)*)"(?: \\)?\n', dockerfile[dockerfile.index("\nLABEL ") :])
    assert not [value for _, value in pairs if re.search(r"(?<!\\)(?:\\\\)*\$(?!\{(?:REVISION|VERSION)\})", value)]
    return {name: re.sub(r'\\(["$\\])', r"\1", value) for name, value in pairs}


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_every_yaml_and_json_file_still_parses(baked: Bake, ci: str) -> None:
    """No text reaches a pipeline, a compose file or an update bot at all; a project full of it proves that."""
    everything = " ".join(TEXTS.values())
    hostile = baked({"ci": ci, "project_name": everything[:80], "description": everything[-300:]})
    plain = baked({"ci": ci})
    read: dict[str, Any] = {}
    for path in sorted(hostile.rglob("*")):
        name = path.relative_to(hostile).as_posix()
        if path.suffix in (".yaml", ".yml", ".json") and not name.startswith(("catalog-info", "contract/")):
            load = json.loads if path.suffix == ".json" else lambda data: list(yaml.safe_load_all(data))
            read[name] = load(path.read_text(encoding="utf-8"))
            if "kubernetes.io/description" not in path.read_text(encoding="utf-8"):
                assert path.read_bytes() == (plain / name).read_bytes()

    assert "compose.yaml" in read


@pytest.mark.parametrize("slug", SLUGS)
def test_a_slug_that_yaml_takes_for_something_else_stays_text(baked: Bake, slug: str, run: Run) -> None:
    """``no`` is a boolean, ``null`` is nothing and ``1e3`` is a number to a YAML parser that meets them bare."""
    project = baked({"project_slug": slug, "owner": "1e3"})
    manifests = list(yaml.safe_load_all(run("kubectl", "kustomize", "deploy/kustomize/overlays/prod", cwd=project)))
    entities = list(yaml.safe_load_all((project / "catalog-info.yaml").read_text(encoding="utf-8")))
    compose = yaml.safe_load((project / "compose.yaml").read_text(encoding="utf-8"))

    names = {manifest["kind"]: manifest["metadata"]["name"] for manifest in manifests}
    assert {names["Deployment"], names["Service"], names["ServiceAccount"], compose["name"]} == {slug}
    assert [entity["metadata"]["name"] for entity in entities] == [slug, slug, f"{slug}-events", f"{slug}-database"]
    assert {entity["spec"]["owner"] for entity in entities} == {"group:1e3"}
