"""What is copied, what is rendered, and in which order: the parts of rendering that parity tests do not single out."""

import pytest
from binaryornot.helpers import CHUNK_SIZE, has_binary_extension, is_binary_string
from hypothesis import given
from hypothesis import strategies as st

from machgen import plan
from machgen.errors import BadRequest
from machgen.render import Renderer
from tests.templating import render, template
from tests.unit.test_names import HOSTILE

BEGINNINGS = [
    b"",
    b"BM",
    b"MZ",
    b"GIF89a",
    b"%PDF-1.4",
    b"RIFF",
    b"ID3",
    b"BZh",
    b"OggS",
    b"PK\x03\x04",
    b"!<arch>\n",
    b"{",
]
BYTES = st.builds(
    lambda start, body, repeat: start + body * repeat,
    st.sampled_from(BEGINNINGS),
    st.one_of(st.binary(max_size=60), st.text(st.characters(codec="ascii"), max_size=60).map(str.encode)),
    st.integers(1, 20),
)


@given(data=BYTES, name=st.sampled_from(["a", "a.txt", "a.png", "{{x}}.PY"]))
def test_binary_is_what_cookiecutter_takes_for_binary(data: bytes, name: str) -> None:
    """The short cut for plain ASCII changes no verdict."""

    assert (has_binary_extension(name) or is_binary_string(data[:CHUNK_SIZE])) is plan.is_binary(name, data)


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../../x", ".git/hooks/x", "CON", "a\x00b", "a\u202eb", "x.", "C:x", ""]
)
@pytest.mark.parametrize(
    "template_file", ["{{cookiecutter.name}}", "d/{{cookiecutter.name}}", "{{cookiecutter.name}}/f"]
)
def test_a_hostile_name_is_refused_with_the_template_file(name: str, template_file: str) -> None:
    """Wherever in the path the answer stands; an empty file name alone means that the file is not wanted."""
    made = template({"project_slug": "x", "name": "n"}, {template_file: "x", "kept": "x"})
    answers = {"project_slug": "x", "name": name}
    if name == "" and not template_file.endswith("/f"):
        assert ["kept"] == list(render(made, answers))
        return

    if template_file.startswith("d/") and name == "/x":
        name = "//x"  # `d//x`: an empty directory name, refused all the same
    with pytest.raises(BadRequest) as caught:
        render(made, answers)

    assert template_file in caught.value.message


WANTED = [name for name in HOSTILE if name.rpartition("/")[2]]
"""Without those whose last part is empty: such a file is not wanted, as in cookiecutter."""


@pytest.mark.parametrize("folder", ["", "src/"])
def test_every_hostile_name_that_an_answer_makes_is_refused(folder: str) -> None:
    """The whole list through the renderer: nothing is rendered, and the error names the template's file."""
    source = f"{folder}{{{{cookiecutter.name}}}}"
    made = template({"project_slug": "x", "name": "n"}, {source: "x", "kept": "x"})
    passed = []
    for name in WANTED:
        try:
            passed.append((name, *render(made, {"project_slug": "x", "name": name})))
        except BadRequest as error:
            if not error.message.startswith(f"{source}: the rendered name '"):
                passed.append((name, error.message))

    # what machgen keeps for itself it keeps in the project's root alone
    kept = [name for name in WANTED if folder and name.lower().startswith(("machgen.toml", ".machgen"))]
    assert [(name, "kept", f"src/{name}") for name in kept] == [(name, *sorted(rest)) for name, *rest in passed]


def test_every_hostile_name_that_a_template_has_is_refused() -> None:
    """A pack from git can hold any name: one that is no expression is judged like one that is."""
    names = [name for name in WANTED if not name.startswith("/") and "//" not in name]
    for name in names:
        with pytest.raises(BadRequest) as caught:
            render(template({"project_slug": "x"}, {name: "x"}), {"project_slug": "x"})

        assert "the rendered name '" in caught.value.message
    assert 500 < len(names)


def test_the_project_directorys_name_is_checked_too() -> None:
    """The rendered root becomes the target where none is given."""
    made = template({"project_slug": "x"}, {"a": ""})

    with pytest.raises(BadRequest, match=r"leaves the project"):
        Renderer(made).root({"project_slug": ".."})


def test_two_files_that_land_on_one_path_are_refused() -> None:
    """Also when only case or Unicode form tells them apart; both template files are named."""
    made = template({"project_slug": "x", "a": "n", "b": "N"}, {"{{cookiecutter.a}}": "1", "{{cookiecutter.b}}": "2"})

    with pytest.raises(BadRequest, match=r"cookiecutter\.a.*cookiecutter\.b.*both land on"):
        render(made, {"project_slug": "x", "a": "n", "b": "N"})
