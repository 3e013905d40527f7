"""What holds for every answer: it is read as it was written, and recorded it means the same again."""

import json
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from machgen.answers import Given, Source, resolve
from machgen.cli.given import read_answers
from machgen.errors import BadRequest
from machgen.origin import Origin
from machgen.project import own_files
from machgen.render import Renderer
from machgen.tree import Tree
from tests.templating import template

# everything but lone surrogates, which no file in UTF-8 can hold; control characters and separators often
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.text(st.sampled_from("\"'\\{}%#$`\t\n\r:-?![]&*|>~@ ,="))
KEYS = st.text("abc_xyz", min_size=1, max_size=3).map(lambda key: f"k{key}")
VALUES = st.recursive(
    TEXTS | st.booleans() | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for all examples."""
    return tmp_path_factory.mktemp("answers")


@settings(max_examples=max(settings().max_examples, 500))
@given(text=TEXTS)
def test_a_file_says_what_was_written(text: str, directory: Path) -> None:
    """In each format, for any text that its own writer can write."""
    for name, written in {
        "a.toml": tomli_w.dumps({"k": text, "t": {"k": text}}),
        "a.json": json.dumps({"k": text, "t": {"k": text}}),
        "a.yaml": yaml.safe_dump({"k": text, "t": {"k": text}}),
        "b.yaml": yaml.safe_dump({"k": text, "t": {"k": text}}, default_style='"', width=20),
    }.items():
        (directory / name).write_text(written, encoding="utf-8", newline="")

        assert {"k": text, "t": {"k": text}} == read_answers(str(directory / name)).values


ASKED: dict[str, Any] = {
    "project_slug": "x",
    "text": "default",
    "choice": ["a", "1", True, "true"],
    "boolean": False,
    "mapping": {"kept": "v", "on": True, "deep": {"a": ["1"], "b": None}},
}
NAMES = st.sampled_from(["kept", "on", "deep", "new"])


@settings(max_examples=max(settings().max_examples, 1000))
@given(
    text=TEXTS,
    choice=st.sampled_from(["a", "1", True, "true", 1]),
    boolean=st.sampled_from([True, "no", "ON", 0]),
    mapping=st.dictionaries(NAMES, VALUES, max_size=3),
)
def test_a_recorded_answer_means_the_same_again(
    text: str, choice: Any, boolean: Any, mapping: dict[str, Any], directory: Path
) -> None:
    """What machgen.toml holds, given again, gives the same answers."""
    made = template(ASKED, {})
    values = {"text": text, "choice": choice, "boolean": boolean, "mapping": mapping}
    try:
        first = resolve(made, Renderer(made), [Given(Source.FLAG, "--answer", values)])
    except BadRequest:
        return
    own = own_files("tiny", Origin("tiny", ""), "sha256:" + "0" * 64, first.public, Tree())
    (directory / "machgen.toml").write_bytes(own["machgen.toml"].data)

    again = resolve(made, Renderer(made), [read_answers(str(directory / "machgen.toml"))])

    assert first.context == again.context


@settings(max_examples=max(settings().max_examples, 1000))
@given(text=TEXTS)
def test_no_text_is_rendered(text: str) -> None:
    """Verbatim in the answer and in what is made of it, or refused."""
    asked = {"project_slug": "x", "a": "", "b": "<{{ cookiecutter.a }}>", "c": {"k": "{{ cookiecutter.b }}"}}
    made = template(asked, {})
    for braced in (text, f"{{{{{text}}}}}", f"{{% {text} %}}"):
        try:
            found = resolve(made, Renderer(made), [Given(Source.ENVIRONMENT, "variable", {"a": braced})]).context
        except BadRequest:
            continue

        assert (braced, f"<{braced}>", {"k": f"<{braced}>"}) == (found["a"], found["b"], found["c"])
