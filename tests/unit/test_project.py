"""`machgen.toml`: pleasant to read and to edit, right for every answer, and strict when it is read."""

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machgen import project
from machgen.errors import BadRequest
from machgen.origin import Origin
from machgen.project import LARGEST_MANIFEST, Manifest, manifest, own_files, read_manifest, read_project
from machgen.tree import File, Tree

DIGEST = "sha256:" + "0123456789abcdef" * 4
BUILTIN = Origin("builtin", "0.1.0")
SMALL = Tree({"README.md": File(b"# shop\n"), "bin/run": File(b"#!/bin/sh\n", executable=True)})


def kept(**answers: Any) -> Manifest:
    return Manifest("service", BUILTIN, DIGEST, answers, DIGEST)


def test_it_is_meant_to_be_read() -> None:
    """Three short tables in the order in which one asks: what is this, what was answered, what was made."""
    answers = {"project_name": 'Jane\'s "Shop" 👍', "ci": "github", "events": True, "replicas": 2}

    expected = f'''\
# What machgen made this project from. Keep it under version control, together with `.machgen/`.

[template]
name = "service"
pack = "builtin"
version = "0.1.0"
digest = "{DIGEST}"

# The answers to the template's questions.
[answers]
project_name = "Jane's \\"Shop\\" 👍"
ci = "github"
events = true
replicas = 2

# The project as it was made is in `.machgen/baseline`; later changes are merged with it.
[baseline]
digest = "{DIGEST}"
'''
    assert expected == manifest(kept(**answers)).decode()


def test_a_pack_from_git_is_named_to_the_commit() -> None:
    """What is empty is left out."""
    origin = Origin("https://git.example/packs.git", "v2", "0" * 40, "templates")
    whole = Manifest("shop", origin, DIGEST, {}, DIGEST)

    text = manifest(whole).decode()

    assert f'version = "v2"\ncommit = "{"0" * 40}"\ndirectory = "templates"\ndigest' in text
    assert whole == read_manifest(text.encode())


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
ANSWER = st.recursive(
    st.one_of(TEXT, st.booleans(), st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
NULLABLE = st.recursive(
    st.one_of(st.none(), TEXT, st.integers()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
).filter(lambda value: value is not None)


@given(st.dictionaries(TEXT, ANSWER, max_size=5))
def test_every_answer_comes_back_by_any_toml_reader(answers: dict[str, Any]) -> None:
    """Quotes, newlines, DEL, emoji, keys of any kind: what Python's own reader gives is what was answered."""
    assert answers == tomllib.loads(manifest(kept(**answers)).decode())["answers"]


@given(st.dictionaries(TEXT, st.one_of(ANSWER, NULLABLE), max_size=5))
def test_every_answer_comes_back_with_its_nulls_and_its_order(answers: dict[str, Any]) -> None:
    """TOML has no null; such an answer is kept in JSON."""
    read = read_manifest(manifest(kept(**answers)))

    assert answers == read.answers
    plain = [key for key in answers if not project._holds_null(answers[key])]
    assert plain == list(read.answers)[: len(plain)]


@given(TEXT)
def test_what_cannot_be_seen_is_escaped(text: str) -> None:
    """A bidirectional control in an answer would make the file say something else than it seems to."""
    lines = manifest(kept(x=text)).decode().split("\n")

    assert all(line.isprintable() for line in lines)
    assert 16 == len(lines)


def test_a_null_is_left_out() -> None:
    """The template's default is null again."""
    assert {"a": "x"} == read_manifest(manifest(kept(a="x", b=None))).answers


def test_half_a_character_is_refused() -> None:
    """An unpaired surrogate is what Python makes of bytes on the command line that are not UTF-8."""
    with pytest.raises(BadRequest, match=r"U\+DC80, half of a character"):
        manifest(kept(name="a\udc80"))


VALID = manifest(kept(name="x")).decode()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[template]", "[template", ":3: not TOML: Expected ']' at the end of a table declaration"),
        ('"service"', '"ser\\qvice"', ":4: not TOML: Unescaped '\\' in a string"),
        ('name = "x"', 'name = "x"\nname = "y"', ":12: not TOML: Cannot overwrite a value"),
        ('"service"', "7", ":4: `template.name` is not a text"),
        ('"service"', '""', ":4: `template.name` is not a text"),
        ('"builtin"', '["builtin"]', ":5: `template.pack` is not a text"),
        ('pack = "builtin"\n', "", ":3: `template.pack` is missing"),
        ('"builtin"', '"builtin"\nhook = "rm"', ":6: `template.hook` is unknown to this version of machgen"),
        ('"0.1.0"', '"0.1.0"\ncommit = "HEAD"', ":7: `template.commit` is not a full commit id"),
        ("sha256:0", "sha1:0", ":7: `template.digest` is not `sha256:` and 64 hexadecimal digits"),
        ('ef"\n', 'efa"\n', ":7: `template.digest` is not `sha256:` and 64 hexadecimal digits"),
        ('name = "x"', "name = 1.5", ":11: `answers.name` is a number with a point, or a date: put it in quotes"),
        ('name = "x"', "name = [{a = 2026-01-01}]", ":11: `answers.name` is a number with a point, or a date"),
        ("[answers]", "answers = 1\n[x]", ":11: `x` is unknown to this version"),
        ("[baseline]", "[hooks]\nx = 1\n[baseline]", ":14: `hooks` is unknown to this version of machgen"),
        ("[baseline]", "[[hooks]]\nx = 1\n[baseline]", ":14: `hooks` is unknown to this version of machgen"),
        (
            "[template]",
            '[answers-in-json]\nx = "1.5"\n[template]',
            ":4: `answers-in-json.x` is not a list or an object",
        ),
        ("[template]", '[answers-in-json]\nx = "[["\n[template]', ":4: `answers-in-json.x` is not a list or an object"),
        ("[template]", '[answers-in-json]\nname = "[1]"\n[template]', ":4: `answers-in-json.name` is answered twice"),
        ('name = "x"', "<<<<<<< HEAD\nname = 'x'", ":11: a merge conflict is left"),
        ("[baseline]", "[base]", ":14: `base` is unknown"),
        ('name = "x"', "name = " + "9" * 5000, " not TOML: Exceeds the limit"),
        ('name = "x"', "name = " + "[" * 100_000, " is nested too deeply"),
        ('name = "x"', "name = '" + "x" * LARGEST_MANIFEST + "'", f" is larger than {LARGEST_MANIFEST} bytes"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, problem: str) -> None:
    """One clear error, whatever stands in the file: it comes from a checkout."""
    with pytest.raises(BadRequest) as caught:
        read_manifest(VALID.replace(old, new, 1).encode(), "shop/machgen.toml")

    assert caught.value.message.startswith(f"shop/machgen.toml{problem}")
    assert "machgen.toml" in caught.value.hint


@pytest.mark.parametrize("table", ["template", "answers", "baseline"])
def test_a_value_where_a_table_belongs_is_refused(table: str) -> None:
    """Types are checked before anything is looked up in them."""
    other_tables = re.sub(rf"\[{table}\]\n([^\n]+\n)*", "", VALID)

    with pytest.raises(BadRequest) as caught:
        read_manifest(f"{table} = 1\n{other_tables}".encode())

    assert f"machgen.toml:1: `{table}` is not a table" == caught.value.message


def test_without_a_baseline_table_it_is_no_manifest() -> None:
    """What is missing is named, too."""
    with pytest.raises(BadRequest, match=r"^machgen\.toml `baseline\.digest` is missing"):
        read_manifest(VALID[: VALID.index("[baseline]")].encode())


def test_bytes_that_are_not_utf_8_are_refused_with_their_line() -> None:
    """A file saved in another encoding."""
    with pytest.raises(BadRequest, match=r"^machgen\.toml:11: is not UTF-8"):
        read_manifest(VALID.replace('"x"', '"ü"').encode("latin-1"))


def test_editors_may_have_their_way_with_line_ends_and_byte_order_marks() -> None:
    """A file that was edited on Windows means the same."""
    windows = b"\xef\xbb\xbf" + VALID.replace("\n", "\r\n").encode()

    assert kept(name="x") == read_manifest(windows)


def test_a_project_comes_back_whole() -> None:
    """What `new` wrote is all that a later change needs."""
    own = own_files("service", BUILTIN, DIGEST, {"name": "x"}, SMALL)

    read, baseline = read_project(SMALL | own)

    assert {"machgen.toml", ".machgen/baseline", ".machgen/.gitattributes", ".machgen/.gitignore"} == set(own)
    assert (Manifest("service", BUILTIN, DIGEST, {"name": "x"}, read.baseline), SMALL) == (read, baseline)


@pytest.mark.parametrize("missing", ["machgen.toml", ".machgen/baseline"])
def test_a_directory_that_is_no_project_is_told_so(missing: str) -> None:
    """The error names the file that was looked for."""
    own = dict(own_files("service", BUILTIN, DIGEST, {}, SMALL))
    del own[missing]

    with pytest.raises(BadRequest) as caught:
        read_project(own, "work/shop/")

    assert f"work/shop/{missing} is missing" == caught.value.message


def test_a_baseline_of_another_project_is_refused() -> None:
    """Half a merge: one side's machgen.toml with the other side's baseline."""
    own = own_files("service", BUILTIN, DIGEST, {}, SMALL)
    other = own_files("service", BUILTIN, DIGEST, {}, SMALL | {"x": File(b"")})

    with pytest.raises(BadRequest, match=r"is not the file that machgen\.toml names"):
        read_project(own | {".machgen/baseline": other[".machgen/baseline"]})
