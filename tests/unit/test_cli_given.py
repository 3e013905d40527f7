"""Reading answers: files of three formats, variables, flags, rc files; strictly, and with the line that is wrong."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.answers import Given, Source
from machgen.cli.given import LARGEST_FILE, gather, read_answers
from machgen.errors import BadRequest
from machgen.origin import Origin
from machgen.project import own_files
from machgen.questions import Question, questions
from machgen.tree import Tree
from tests.templating import ROOT, template


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without an rc file, in a directory of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("COOKIECUTTER_CONFIG", raising=False)


def asked(*keys: str) -> tuple[Question, ...]:
    return questions(template(dict.fromkeys(keys, ""), {}))


def at_hand(
    *flags: str, file: str | None = None, target: str | None = None, keys: tuple[str, ...] = ("a", "b")
) -> list[Given]:
    return gather(flags, file, target, ROOT, asked(*keys))


def written(name: str, text: str | bytes) -> str:
    Path(name).write_bytes(text.encode() if isinstance(text, str) else text)
    return name


def values(name: str, text: str) -> Mapping[str, Any]:
    return read_answers(written(name, text)).values


def refusal(name: str, text: str | bytes) -> tuple[str, str]:
    with pytest.raises(BadRequest) as caught:
        read_answers(written(name, text))
    return caught.value.message, caught.value.hint


def test_the_three_formats_say_the_same() -> None:
    """Text, booleans, numbers as they are written, lists and tables."""
    expected = {"s": "x", "yes": True, "v": "1.10", "l": ["a", False], "t": {"k": "v", "n": {"m": "w"}}}

    assert expected == values("a.toml", 's = "x"\nyes = true\nv = 1.10\nl = ["a", false]\n[t]\nk = "v"\nn.m = "w"\n')
    assert expected == values("a.json", json.dumps(expected))
    assert expected == values("a.yaml", "s: x\nyes: true\nv: 1.10\nl: [a, false]\nt: {k: v, n: {m: w}}\n")
    assert expected == values("a.YML", "s: 'x'\n'yes': True\nv: 1.10\nl:\n- a\n- false\nt:\n  k: v\n  n:\n    m: w\n")


def test_numbers_and_words_stay_the_text_that_was_written() -> None:
    """`1.10` is no 1.1, `0755` no 493, `no` no boolean, a date no date: what they mean, the question decides."""
    text = (
        "a: 1.10\nb: 0755\nc: no\nd: 2024-01-01\ne: 0x10\nf: 1_000\ng: null\nh: ~\ni: 'true'\nj: 12:30:45\nk: .inf\nl:"
    )

    assert {
        "a": "1.10",
        "b": "0755",
        "c": "no",
        "d": "2024-01-01",
        "e": "0x10",
        "f": "1_000",
        "g": None,
        "h": None,
        "i": "true",
        "j": "12:30:45",
        "k": ".inf",
        "l": None,
    } == values("a.yaml", text)
    assert {"a": "1.10", "b": "1e3", "c": "7"} == values("a.json", '{"a": 1.10, "b": 1e3, "c": 7}')


def test_a_byte_order_mark_and_an_empty_file_are_no_error() -> None:
    """Editors write the one, beginners the other."""
    assert {"a": "b"} == values("a.toml", '\ufeffa = "b"\n')
    assert {} == values("a.yaml", "# nothing yet\n")
    assert {} == values("a.yaml", "---\n")
    assert {} == values("a.toml", "")


def test_the_line_of_an_answer_is_known() -> None:
    """From the parser with YAML; by search where exactly one line can be meant otherwise."""
    toml = read_answers(written("a.toml", '# a\n"a" = 1\nb = "a = 2"\n[t]\nb = 1\n'))
    yaml = read_answers(written("a.yaml", "\na: 1\nb: {}\n"))
    as_json = read_answers(written("a.json", '{\n "a": 1,\n "b": {"b": 2}\n}'))

    assert ({"a": 2, "t": 4} | {"t": 4}, {"a": 2, "b": 3}, {"a": 2}) == (
        dict(toml.lines) | {"t": 4},
        yaml.lines,
        as_json.lines,
    )
    assert ("a.yaml:3", "a.toml") == (yaml.place("b"), toml.place("b"))


def test_the_manifest_of_a_project_answers_for_another() -> None:
    """A `machgen.toml` is read by its own strict rules, whatever it is called."""
    own = own_files("tiny", Origin("builtin", "1"), "sha256:" + "0" * 64, {"a": "x", "d": {"k": True}}, Tree())
    text = own["machgen.toml"].data

    assert {"a": "x", "d": {"k": True}} == read_answers(written("machgen.toml", text)).values
    assert {"a": "x", "d": {"k": True}} == read_answers(written("copy.toml", text)).values
    assert refusal("machgen.toml", text + b"x = 1\n")[0].startswith("machgen.toml:")


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MEND = "mend the file"
TOO_MUCH = "more than 10000 values, or nested deeper than 32 levels"
YAML = "not valid YAML"
APPLY = "python/object/apply:os.system"
NOT_DATA = "write text, lists and mappings"

UNREADABLE = {
    "no format": (
        "answers.txt",
        "a=b",
        "answers.txt: no format for answers",
        "name it *.toml, *.json, *.yaml or *.yml",
    ),
    "too large": (
        "a.json",
        " " * (LARGEST_FILE + 1),
        "a.json: larger than 262144 bytes",
        "answers are short: is it the right file?",
    ),
    "not UTF-8": ("a.toml", b'a = "x"\nb = "\xff"\n', "a.toml:2: not UTF-8", "save the file in UTF-8"),
    "bad TOML": ("a.toml", "a = \n", "a.toml: not valid TOML: Invalid value (at line 1, column 5)", MEND),
    "twice in TOML": (
        "a.toml",
        "a = 1\na = 2\n",
        "a.toml: not valid TOML: Cannot overwrite a value (at line 2, column 6)",
        "mend the file",
    ),
    "bad JSON": ("a.json", '{\n"a": }', "a.json:2: not valid JSON: Expecting value", MEND),
    "twice in JSON": ("a.json", '{"a": 1, "a": 2}', "a.json: not valid JSON: 'a' is there twice", MEND),
    "no number": ("a.json", '{"a": NaN}', "a.json: not valid JSON: NaN is no JSON", MEND),
    "no object": ("a.json", "[]", "a.json: not a JSON object", 'answers are {"key": "value", …}'),
    "bad YAML": (
        "a.yaml",
        "a: 1\nb: [\n",
        f"a.yaml:3: {YAML}: expected the node content, but found '<stream end>'",
        MEND,
    ),
    "two documents": (
        "a.yaml",
        "a: 1\n---\na: 2\n",
        "a.yaml:2: not valid YAML: but found another document",
        MEND,
    ),
    "no mapping": ("a.yaml", "- a\n", "a.yaml is no mapping", "answers are lines of `key: value`"),
    "twice in YAML": ("a.yaml", "a: 1\nb: 2\na: 3\n", "a.yaml:3: 'a' is there twice", "remove one of the two"),
    "twice below": ("a.yaml", "a:\n  b: 1\n  b: 2\n", "a.yaml:3: 'b' is there twice", "remove one of the two"),
    "a key that is no text": ("a.yaml", "[a]: 1\n", "a.yaml:1: a key is no text", MEND),
    "a Python object": (
        "a.yaml",
        f"a: 1\nb: !!{APPLY} [id]\n",
        f"a.yaml:2: the tag 'tag:yaml.org,2002:{APPLY}' is not data",
        NOT_DATA,
    ),
    "a tag": ("a.yaml", "a: !secret x\n", "a.yaml:1: the tag '!secret' is not data", NOT_DATA),
    "a set": ("a.yaml", "a: !!set {x, y}\n", "a.yaml:1: the tag 'tag:yaml.org,2002:set' is not data", NOT_DATA),
    "bytes": (
        "a.yaml",
        "a: !!binary eA==\n",
        "a.yaml:1: the tag 'tag:yaml.org,2002:binary' is not data",
        NOT_DATA,
    ),
    "a bomb": ("a.yaml", BOMB, f"a.yaml:1: {TOO_MUCH}", MEND),
    "a circle": ("a.yaml", "a: &a\n  b: *a\n", f"a.yaml:1: {TOO_MUCH}", MEND),
    "a control character": (
        "a.yaml",
        "a: \x07\n",
        f"a.yaml: {YAML}: unacceptable character #x0007: special characters are not allowed",
        MEND,
    ),
}


@pytest.mark.parametrize(("name", "text", "message", "hint"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_is_refused(name: str, text: str | bytes, message: str, hint: str) -> None:
    """Safe loaders only, no key twice, no tags, bounded size: the error names the file and, where it can, the line."""
    assert (message, hint) == refusal(name, text)


@pytest.mark.parametrize("name", ["a.toml", "a.json", "a.yaml"])
def test_depth_is_no_crash(name: str) -> None:
    """A file nested a hundred thousand deep is refused like any other."""
    deep = "a = " + "[" * 100_000 if name == "a.toml" else '{"a":' * 40_000 if name == "a.json" else "[" * 100_000

    assert refusal(name, deep)[0].startswith(name)


def test_a_file_that_is_not_there() -> None:
    """Or is none."""
    for path, reason in (("no.toml", "No such file or directory"), (".", ""), ("x\0.toml", "")):
        with pytest.raises(BadRequest) as caught:
            read_answers(path)

        assert reason in caught.value.message


def test_flags_say_key_and_value() -> None:
    """Everything after the first `=` is the value; the error and later complaints show the flag, but not at length."""
    given = at_hand("a==x=y", "b=", "a=" + "z" * 100)

    assert [{"a": "=x=y"}, {"b": ""}, {"a": "z" * 100}] == [each.values for each in given]
    assert ("--answer a==x=y", 69) == (given[0].where, len(given[2].where))
    assert {Source.FLAG} == {each.source for each in given}
    for flag, message in (("a", "--answer a: no answer"), ("=x", "--answer =x: no answer")):
        with pytest.raises(BadRequest) as caught:
            at_hand(flag)

        assert message == caught.value.message


def test_variables_answer_by_the_questions_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """In capitals, or spelled exactly where two questions differ only by case."""
    monkeypatch.setenv("MACHGEN_ANSWER_PROJECT_NAME", "x")
    monkeypatch.setenv("MACHGEN_ANSWER_Ab", "y")
    monkeypatch.setenv("MACHGEN_ANSWER_ZZZ", "z")
    given = at_hand(keys=("project_name", "Ab", "AB"))

    assert [{"project_name": "x"}, {"Ab": "y"}, {"zzz": "z"}] == [each.values for each in given]
    assert (Source.ENVIRONMENT, "environment variable MACHGEN_ANSWER_PROJECT_NAME") == (given[0].source, given[0].where)

    monkeypatch.setenv("MACHGEN_ANSWER_ab", "z")
    with pytest.raises(BadRequest) as caught:
        at_hand(keys=("Ab", "AB"))

    assert "environment variable MACHGEN_ANSWER_ab: it may mean Ab or AB" == caught.value.message


def test_user_defaults_are_cookiecutters(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`default_context` of ~/.cookiecutterrc, or of the file that COOKIECUTTER_CONFIG names, which has to exist."""
    written(".cookiecutterrc", "abbreviations: !x {}\ndefault_context:\n  a: 1.10\n  b: no\n")
    (given,) = at_hand()

    assert (Source.USER_DEFAULTS, {"a": "1.10", "b": "no"}, {"a": 3, "b": 4}) == (
        given.source,
        given.values,
        given.lines,
    )

    monkeypatch.setenv("COOKIECUTTER_CONFIG", written("other", "default_context: {a: z}\n"))
    assert [{"a": "z"}] == [each.values for each in at_hand()]
    monkeypatch.setenv("COOKIECUTTER_CONFIG", written("other", "replay_dir: x\n"))
    assert [{}] == [each.values for each in at_hand()]
    monkeypatch.setenv("COOKIECUTTER_CONFIG", written("other", "default_context: [x]\n"))
    with pytest.raises(BadRequest, match="other: default_context is no mapping"):
        at_hand()
    monkeypatch.setenv("COOKIECUTTER_CONFIG", str(tmp_path / "missing"))
    with pytest.raises(BadRequest, match="missing: No such file or directory"):
        at_hand()


def test_the_target_names_the_project(tmp_path: Path) -> None:
    """By its last part, however it is written."""
    for target in ("shop", "deep/er/shop/", "../x/shop", str(tmp_path / "shop")):
        (given,) = at_hand(target=target)

        assert (Source.DIRECTORY, {"project_slug": "shop"}) == (given.source, given.values)
    assert [] == gather((), None, "shop", "{{cookiecutter.a}}-x", asked("a"))
