"""Layers stack into one plain template that cookiecutter itself can bake."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.compose import Template, compose
from machgen.errors import BadRequest
from machgen.origin import Origin, Pack
from machgen.tree import File, Tree
from tests.templating import ROOT, Files, bake, render, source

SERVICE = {
    "project_slug": "svc",
    "owner": "team",
    "_copy_without_render": ["*.py"],
    "_validators": {"owner": {"pattern": "x"}},
}


def pack(name: str = "tiny", **layers: tuple[Mapping[str, Any], Files]) -> Pack:
    """Return a pack of layers given as (questions, files)."""
    return Pack(Origin(name, ""), {key: source(*layer) for key, layer in layers.items()})


def texts(template: Template) -> dict[str, str]:
    """Return the project's unrendered files as text."""
    return {path: file.data.decode() for path, file in template.files.below(ROOT).items()}


def test_a_layer_adds_and_replaces_files() -> None:
    """The higher layer's file at the same path wins; the others stay."""
    both = pack(
        service=(SERVICE, {"a.txt": "low", "b.txt": "low"}),
        shop=({"_extends": "service"}, {"b.txt": "high", "c.txt": "high"}),
    )

    made = compose("shop", both)

    assert texts(made) == {"a.txt": "low", "b.txt": "high", "c.txt": "high"}
    assert made.layers == ("service", "shop")
    assert not [path for path in made.files if path.startswith("templates/")]


def test_a_layer_extends_a_file_below(tmp_path: Path) -> None:
    """`{% extends "service/…" %}` finds the replaced file, in machgen and in cookiecutter, three layers deep."""
    three = pack(
        service=(
            SERVICE,
            {"a.txt": "<{% block x %}1{% endblock %}|{% block y %}{{ cookiecutter.owner }}{% endblock %}>\n"},
        ),
        shop=(
            {"_extends": "service"},
            {"a.txt": '{% extends "service/a.txt" %}{% block x %}{{ super() }}2{% endblock %}'},
        ),
        house=({"_extends": "shop"}, {"a.txt": '{% extends "shop/a.txt" %}{% block x %}{{ super() }}3{% endblock %}'}),
    )

    made = compose("house", three)

    assert render(made, {"project_slug": "svc", "owner": "team"})["a.txt"].data == b"<123|team>\n"
    assert dict(bake(made.files, tmp_path)) == dict(render(made, {"project_slug": "svc", "owner": "team"}))
    assert {"templates/service/a.txt", "templates/shop/a.txt"} == {p for p in made.files if p.startswith("templates/")}


def test_a_layer_leaves_files_of_the_layers_below_out(tmp_path: Path) -> None:
    """What `_without` matches is gone, also for a layer above; what the layer itself adds there stays."""
    three = pack(
        service=(SERVICE, {"src/notes/a.py": "", "src/notes/tests/b.py": "", "src/app.py": "low", "notes.md": ""}),
        shop=({"_extends": "service", "_without": ["src/notes/*", "notes.md"]}, {"src/notes/c.py": "own"}),
        house=({"_extends": "shop"}, {"d.txt": "high"}),
    )

    made = compose("house", three)

    assert texts(made) == {"src/app.py": "low", "src/notes/c.py": "own", "d.txt": "high"}
    assert "_without" not in made.questions
    assert dict(bake(made.files, tmp_path)) == dict(render(made, {"project_slug": "svc", "owner": "team"}))


def test_questions_stack_in_order() -> None:
    """A higher layer replaces defaults in place, adds its questions after, and unites what must be united."""
    both = pack(
        service=(SERVICE, {"a.txt": ""}),
        shop=(
            {
                "_extends": "service",
                "currency": "EUR",
                "owner": "shop-team",
                "_copy_without_render": ["*.sql", "*.py"],
                "_validators": {"currency": {"pattern": "[A-Z]{3}"}},
            },
            {},
        ),
    )

    made = compose("shop", both)

    expected = {
        "project_slug": "svc",
        "owner": "shop-team",
        "_copy_without_render": ["*.py", "*.sql"],
        "_validators": {"owner": {"pattern": "x"}, "currency": {"pattern": "[A-Z]{3}"}},
        "currency": "EUR",
    }
    assert list(expected.items()) == list(made.questions.items())
    assert expected == json.loads(made.files["cookiecutter.json"].data)


def test_a_companys_layer_stands_on_the_built_in_one_of_the_same_name() -> None:
    """A pack's own `service` may extend the built-in `service`."""
    company = pack("company", service=({"_extends": "service", "owner": "acme"}, {"HOUSE-RULES.md": "x"}))

    made = compose("service", company, lambda: pack("builtin", service=(SERVICE, {"a.txt": "low"})))

    assert texts(made) == {"a.txt": "low", "HOUSE-RULES.md": "x"}
    assert made.layers == ("service", "service+")
    assert made.origin.pack == "company"


def test_a_template_without_layers_is_left_as_it_is() -> None:
    """A foreign template keeps its `cookiecutter.json` byte for byte, and so its digest."""
    raw = Tree(
        {"cookiecutter.json": File(b'{ "project_slug" :  "x" }'), f"{ROOT}/a": File(b""), "README.md": File(b"?")}
    )

    made = compose("wild", Pack(Origin("wild", ""), {"wild": raw}))

    assert raw == made.files
    assert raw.digest == made.digest


REFUSED = {
    "unknown template": ("shpo", {"shop": ({"a": "b"}, {"x": ""})}, "no template 'shpo'", "did you mean 'shop'?"),
    "nothing like it": ("zzz", {"shop": ({"a": "b"}, {"x": ""})}, "no template 'zzz'", "there are: shop"),
    "unknown layer": ("shop", {"shop": ({"_extends": "servcie"}, {"x": ""}), "service": ({}, {})}, "shop/cookiecutter.json: there is no layer 'servcie'", "did you mean 'service'?"),
    "circle": ("a", {"a": ({"_extends": "b"}, {"x": ""}), "b": ({"_extends": "a"}, {"x": ""})}, "in a circle: a → b → a", "remove one `_extends`"),
    "itself": ("a", {"a": ({"_extends": "a"}, {"x": ""})}, "in a circle: a → a", "remove one `_extends`"),
    "wrong type": ("a", {"a": ({"_extends": ["b"]}, {"x": ""})}, "a/cookiecutter.json: `_extends` is [\"b\"]", "give the name of one template"),
    "nothing to leave out": ("b", {"a": ({"x": "y"}, {"x": ""}), "b": ({"_extends": "a", "_without": ["y/*"]}, {})}, "b/cookiecutter.json: `_without` names 'y/*', and no layer below has such a file", "`machgen show` lists"),
    "left out its own": ("a", {"a": ({"_without": ["x"]}, {"x": ""})}, "`_without` names 'x'", "`machgen show` lists"),
    "left out is no list": ("b", {"a": ({"x": "y"}, {"x": ""}), "b": ({"_extends": "a", "_without": "x"}, {})}, "`_without` is not a list of paths", "write it like"),
    "no project directory": ("a", {"a": ({"x": "y"}, {"/README.md": ""})}, "a: no project directory", "a template needs one directory"),
    "two project directories": ("a", {"a": ({"x": "y"}, {"x": "", "/{{cookiecutter.x}}/y": ""})}, "more than one project directory", "all layers of a template share one"),
    "case twins": ("a", {"a": ({"x": "y"}, {"README.md": "", "readme.md": ""})}, "README.md and {{cookiecutter.project_slug}}/readme.md both land on", "two names"),
    "twins over layers": ("b", {"a": ({"x": "y"}, {"Dockerfile": ""}), "b": ({"_extends": "a"}, {"dockerfile": ""})}, "both land on", "two names"),
    "unicode twins": ("a", {"a": ({"x": "y"}, {"\u00e9.txt": "", "e\u0301.txt": ""})}, "both land on", "two names"),
    "a file that is also a directory": ("a", {"a": ({"x": "y"}, {"src": "", "SRC/x": ""})}, "both land on", "two names"),
}  # fmt: skip


BELOW = {"alone": None, "on the built-in pack": lambda: pack("builtin", portal=({"x": "y"}, {"x": ""}))}


@pytest.mark.parametrize("below", BELOW.values(), ids=BELOW.keys())
@pytest.mark.parametrize(("name", "layers", "message", "hint"), REFUSED.values(), ids=REFUSED.keys())
def test_a_stack_that_does_not_fit_is_refused(name: str, layers: Any, message: str, hint: str, below: Any) -> None:
    """One clear error with the layer, the file and the next step, wherever else layers are looked for."""
    with pytest.raises(BadRequest) as caught:
        compose(name, pack(**layers), below)

    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("text", [b"{", b'{"a": }', b"[1]", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_broken_questions_name_the_file(text: bytes) -> None:
    """A `cookiecutter.json` that does not parse is refused by its path, with the line where there is one."""
    broken = Pack(Origin("x", ""), {"bad": Tree({"cookiecutter.json": File(text), f"{ROOT}/a": File(b"")})})

    with pytest.raises(BadRequest, match=r"^bad/cookiecutter\.json"):
        compose("bad", broken)
