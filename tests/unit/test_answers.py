"""What a question is told, by whom, and which telling counts."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.answers import Answers, Given, Source, resolve
from machgen.errors import BadRequest
from machgen.questions import Choice, Kind, Question, directory_question, questions
from machgen.render import Renderer
from tests.templating import bake, template

SHOP: dict[str, Any] = {
    "project_slug": "my-shop",
    "package": "{{ cookiecutter.project_slug.replace('-', '_') }}",
    "ci": ["github", "gitlab"],
    "docker": True,
    "ports": {"http": "{{ cookiecutter.project_slug }}:80", "tls": False, "deep": {"a": "1", "b": "2"}},
    "_validators": {"project_slug": {"pattern": "[a-z-]+", "message": "lower-case letters and hyphens"}},
}


def answered(
    asked: Mapping[str, Any], *given: Given, ask: Callable[[Question, Any, str], Any] | None = None
) -> Answers:
    made = template(asked, {})
    return resolve(made, Renderer(made), given, ask)


def flag(**values: Any) -> Given:
    return Given(Source.FLAG, "--answer", values)


def refusal(asked: Mapping[str, Any], *given: Given) -> tuple[str, str]:
    with pytest.raises(BadRequest) as caught:
        answered(asked, *given)
    return caught.value.message, caught.value.hint


AS_JSON = """write it as -a 'ports={"name": "value"}'"""
ONE_LINE = "an answer is one line of visible text"

CORNERS: dict[str, Any] = {
    "project_slug": "tiny",
    "number": 8,
    "ratio": 1.5,
    "nothing": None,
    "flag": False,
    "empty": "",
    "_raw": "{{ cookiecutter.number }}",
    "later": "{{ cookiecutter.number }}-{{ cookiecutter.flag }}-{{ cookiecutter._raw }}-{{ cookiecutter.nothing }}",
    "versions": ["{{ cookiecutter.number }}.1", 2, True],
    "booleans": [True, "x"],
    "table": {"{{ cookiecutter.last }}": [1, None, {"x": "{{ cookiecutter.number }}"}], "on": True},
    "after": {"k": "{{ cookiecutter.table.on }}"},
    "__computed": "{{ cookiecutter.project_slug | upper }}",
    "__list": ["{{ cookiecutter.number }}", 3],
    "__table": {"n": 3, "slug": "{{ cookiecutter.project_slug }}"},
    "last": "{{ cookiecutter.__computed }}",
    "_list": ["{{ 1 }}", 2],
    "__prompts__": {"number": "How many?"},
}


def test_defaults_are_those_of_cookiecutter(tmp_path: Path) -> None:
    """Every kind of default, private and computed values, and their order come out as cookiecutter has them."""
    shown = template(CORNERS, {"all.txt": "{% for k, v in cookiecutter.items() %}{{ k }}={{ v }}\n{% endfor %}"})
    baked = bake(shown.files, tmp_path)

    rendered = Renderer(shown).tree(resolve(shown, Renderer(shown)).context)

    assert baked["all.txt"].data.decode() == rendered["all.txt"].data.decode()
    assert 19 == rendered["all.txt"].data.count(b"\n")


def test_a_dictionary_may_refer_to_dictionaries_before_it_and_to_every_other_answer() -> None:
    """Dictionaries are answered in a second pass, in their order."""
    asked = {
        "a": {"x": "{{ cookiecutter.project_slug }}"},
        "b": {"{{ cookiecutter.a.x }}": [1, None]},
        "project_slug": "s",
    }

    assert {"a": {"x": "s"}, "b": {"s": ["1", None]}, "project_slug": "s"} == answered(asked).context


def test_what_is_private_is_no_answer() -> None:
    """`public` is what machgen.toml records: what was asked, without nulls."""
    asked = {"project_slug": "x", "_private": [1], "__computed": "{{ cookiecutter.project_slug }}y", "nothing": None}

    found = answered(asked)

    assert {"project_slug": "x"} == found.public
    assert {"project_slug": "x", "_private": [1], "__computed": "xy", "nothing": None} == found.context


def test_the_greater_source_counts() -> None:
    """Flag over file over prompt over environment over user defaults over directory over template."""
    every = [Given(source, source.name, {"name": source.name}) for source in Source if source is not Source.PROMPT]

    for count in range(1, len(every) + 1):
        expected = every[count - 1].source

        found = answered({"name": "TEMPLATE"}, *reversed(every[:count]))

        assert expected.name == found.context["name"]
        assert expected is found.sources["name"]


def test_a_person_is_asked_what_neither_flag_nor_file_answers() -> None:
    """A prompt shows the best default at hand, and what is typed counts more than the environment."""
    asked: list[tuple[str, Any, str]] = []

    def ask(question: Question, default: Any, problem: str) -> Any:
        asked.append((question.key, default, problem))
        return "typed" if question.key == "b" else default

    found = answered(
        {"a": "1", "b": "2", "c": "3 {{ cookiecutter.b }}", "d": "4"},
        flag(a="flag"),
        Given(Source.ENVIRONMENT, "environment", {"b": "env"}),
        Given(Source.FILE, "file", {"d": "file"}),
        ask=ask,
    )

    assert [("b", "env", ""), ("c", "3 typed", "")] == asked
    assert {"a": "flag", "b": "typed", "c": "3 typed", "d": "file"} == found.context


def test_a_person_is_asked_again_with_the_reason() -> None:
    """A typed answer is checked on the spot; so is the default that an empty line stands for."""
    typed = iter(["My Shop", "shop"])
    problems: list[str] = []

    def ask(question: Question, default: Any, problem: str) -> Any:
        problems.append(problem)
        return next(typed) if question.key == "project_slug" else default

    found = answered({**SHOP, "ci": "x", "docker": "y", "ports": "z"}, ask=ask)

    assert "shop" == found.context["project_slug"]
    assert "project_slug 'My Shop' does not fit: lower-case letters and hyphens" == problems[1]


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("project_slug", "a-b", "a-b"),
        ("package", 7, "7"),
        ("package", 1.5, "1.5"),
        ("package", "", ""),
        ("package", " two  words ", " two  words "),
        ("package", "Łódź 👩‍💻", "Łódź 👩‍💻"),
        ("ci", "gitlab", "gitlab"),
        ("docker", False, False),
        ("docker", "No", False),
        ("docker", "off", False),
        ("docker", 0, False),
        ("docker", "1", True),
        ("ports", '{"tls": "yes"}', {"http": "my-shop:80", "tls": True, "deep": {"a": "1", "b": "2"}}),
        ("ports", {"deep": {"b": 3}}, {"http": "my-shop:80", "tls": False, "deep": {"a": "1", "b": "3"}}),
        (
            "ports",
            {"n": [1, None, True]},
            {"http": "my-shop:80", "tls": False, "deep": {"a": "1", "b": "2"}, "n": ["1", None, True]},
        ),
    ],
)
def test_an_answer_becomes_what_its_question_asks_for(key: str, value: Any, expected: Any) -> None:
    """Text, choices, booleans in cookiecutter's words, and dictionaries laid over their default."""
    found = answered(SHOP, flag(**{key: value})).context[key]

    assert expected == found
    assert type(expected) is type(found)


@pytest.mark.parametrize(
    ("key", "value", "reason", "hint"),
    [
        ("project_slug", "My", "project_slug 'My' does not fit: lower-case letters and hyphens", ""),
        ("project_slug", "my\n", "project_slug holds a line break", ONE_LINE),
        ("package", "a\tb", "package holds a tab", ONE_LINE),
        ("package", "a\0b", "package holds the character U+0000", ONE_LINE),
        ("package", "a\u2028b", "package holds the character U+2028", ONE_LINE),
        ("package", "a\u202eb", "package holds the character U+202E", ONE_LINE),
        ("package", "\ufeffa", "package holds the character U+FEFF", ONE_LINE),
        ("package", "\U0001ffff", "package holds the character U+1FFFF", ONE_LINE),
        ("package", "\udcff", "package is not valid UTF-8", ""),
        ("package", "x" * 4097, "package is 4097 characters long; the limit is 4096", ""),
        ("package", True, "package wants text, not true", "put it in quotes"),
        ("package", None, "package wants text, not null", "put it in quotes"),
        ("package", ["a"], "package wants text, not a list", "put it in quotes"),
        ("ci", "githb", "ci 'githb' is not one of: github, gitlab", "did you mean 'github'?"),
        ("ci", ["github", "x"], "ci 'x' is not one of: github, gitlab", ""),
        ("ci", {}, "ci {} is not one of: github, gitlab", ""),
        ("docker", "maybe", "docker 'maybe' is neither yes nor no", ""),
        ("docker", 2, "docker 2 is neither yes nor no", ""),
        ("ports", "x", "ports is not valid JSON: Expecting value: line 1 column 1 (char 0)", AS_JSON),
        ("ports", "[1]", "ports ['1'] is no table", AS_JSON),
        ("ports", '{"a": 1, "a": 2}', "ports is not valid JSON: 'a' is there twice", AS_JSON),
        ("ports", '{"a": NaN}', "ports is not valid JSON: NaN is no JSON", AS_JSON),
        ("ports", {"tls": "perhaps"}, "ports.tls 'perhaps' is neither yes nor no", ""),
        ("ports", {"a": ["x\ny"]}, "ports holds a line break", ONE_LINE),
        ("ports", '{"a":' * 20 + "1" + "}" * 20, "ports is nested deeper than 16 levels", ""),
        ("ports", {str(n): "x" * 4000 for n in range(20)},
         "ports is 80190 characters long as JSON; the limit is 65536", ""),
    ],
)  # fmt: skip
def test_an_answer_that_does_not_fit_is_refused(key: str, value: Any, reason: str, hint: str) -> None:
    """The error names the source, the question, the reason and the next step."""
    assert (f"--answer: {reason}", hint) == refusal(SHOP, flag(**{key: value}))


def test_json_nested_beyond_the_parser_is_refused() -> None:
    """No depth of nesting is a crash."""
    reason, _ = refusal(SHOP, flag(ports='{"a":' * 10_000 + "1" + "}" * 10_000))

    assert reason.startswith("--answer: ports is not valid JSON: maximum recursion depth")


def test_an_unknown_question_is_refused() -> None:
    """With the question that was probably meant, or all there are."""
    assert ("--answer: tiny has no question 'packge'", "did you mean 'package'?") == refusal(SHOP, flag(packge="x"))
    assert ("--answer: tiny has no question 'zzz'", "its questions are: a, b") == refusal(
        {"a": "", "b": ""}, flag(zzz="x")
    )
    assert ("--answer: '_validators' is private to the template", "leave it out") == refusal(
        SHOP, flag(_validators="x")
    )


def test_an_error_names_the_line_of_the_file() -> None:
    """Where the parser could tell."""
    given = Given(Source.FILE, "answers.toml", {"ci": "x"}, {"ci": 3})

    assert "answers.toml:3: ci 'x' is not one of: github, gitlab" == refusal(SHOP, given)[0]


def test_user_defaults_serve_every_template() -> None:
    """They may hold keys of other templates; one that does not fit is passed over and told, as cookiecutter does."""
    rc = Given(
        Source.USER_DEFAULTS, "~/.cookiecutterrc", {"email": "a@b", "_private": 1, "ci": "travis", "docker": "no"}
    )

    found = answered(SHOP, rc)

    assert ("github", False) == (found.context["ci"], found.context["docker"])
    assert ("~/.cookiecutterrc: ci 'travis' is not one of: github, gitlab; passed over",) == found.notes


def test_user_defaults_may_order_choices() -> None:
    """A list for a choice is the choices to offer, the first of them the default, as in cookiecutter."""
    rc = Given(Source.USER_DEFAULTS, "~/.cookiecutterrc", {"ci": ["gitlab", "github"]})

    assert "gitlab" == answered(SHOP, rc).context["ci"]


def test_the_directory_names_the_project() -> None:
    """`machgen new shop my-shop` answers the one question that the project directory is named by."""
    assert "project_slug" == directory_question("{{cookiecutter.project_slug}}")
    assert "name" == directory_question("{{ cookiecutter.name }}")
    assert None is directory_question("{{cookiecutter.name}}-service")
    assert None is directory_question("{{cookiecutter.name|lower}}")
    assert None is directory_question("{{cookiecutter._name}}")


def test_a_directory_that_cannot_name_the_project_is_refused() -> None:
    """With the way out; an answer given otherwise makes the directory's name not matter."""
    directory = Given(Source.DIRECTORY, "the directory's name", {"project_slug": "My Shop"})

    assert (
        "the directory's name: project_slug 'My Shop' does not fit: lower-case letters and hyphens",
        "name the directory otherwise, or answer it: -a project_slug=…",
    ) == refusal(SHOP, directory)
    assert "shop" == answered(SHOP, directory, flag(project_slug="shop")).context["project_slug"]


def test_a_derived_default_that_does_not_fit_is_refused() -> None:
    """A default is the template's, but what it is derived from may not do."""
    asked = {
        "name": "x",
        "package": "{{ cookiecutter.name }}",
        "_validators": {"package": {"pattern": "(?!tests$).*", "message": "not tests"}},
    }

    assert ("tiny's default for package 'tests' does not fit: not tests", "answer it: -a package=…") == refusal(
        asked, flag(name="tests")
    )
    assert "shop" == answered(asked, flag(name="tests", package="shop")).context["package"]


def test_a_pattern_has_to_match_in_full() -> None:
    """A prefix, or a trailing line break that `$` would allow, is no match."""
    asked = {"n": "a", "_validators": {"n": {"pattern": "a|ab", "message": "a or ab"}}}

    assert "ab" == answered(asked, flag(n="ab")).context["n"]
    assert "--answer: n 'abc' does not fit: a or ab" == refusal(asked, flag(n="abc"))[0]


PAYLOADS = ["{{7*7}}", "{% raw %}x{% endraw %}", "{{ cookiecutter.__class__ }}", "${{ x }}", "{# gone #}", "# line"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_answer_is_a_template(payload: str) -> None:
    """From no source, for no kind of question, not even where a default is made of it."""
    asked = {"a": "", "b": "{{ cookiecutter.a }}", "d": {"k": "{{ cookiecutter.a }}"}}
    for source in Source:
        found = answered(asked, Given(source, "x", {"a": payload, "d": {"j": payload}}), ask=lambda _q, d, _p: d)

        assert {"a": payload, "b": payload, "d": {"k": payload, "j": payload}} == found.context


def test_questions_tell_their_kind_prompt_and_choices() -> None:
    """As `machgen show` and the prompts use them."""
    asked = {
        "slug": "x",
        "ci": ["gh", "gl"],
        "on": True,
        "d": {},
        "_x": 1,
        "__prompts__": {"slug": "Name?", "ci": {"__prompt__": "CI?", "gh": "GitHub"}},
        "_validators": {"slug": {"pattern": "[a-z]", "message": "a letter"}},
    }

    assert (
        Question("slug", Kind.TEXT, "x", "Name?", pattern="[a-z]", message="a letter"),
        Question("ci", Kind.CHOICE, ["gh", "gl"], "CI?", (Choice("gh", "GitHub"), Choice("gl", "gl"))),
        Question("on", Kind.BOOLEAN, True, "on"),
        Question("d", Kind.MAPPING, {}, "d"),
    ) == questions(template(asked, {}))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"_validators": []}, "tiny/cookiecutter.json: `_validators` is no object"),
        ({"a": "", "_validators": {"a": "x"}}, "tiny/cookiecutter.json: `_validators`: 'a' is no validator"),
        (
            {"a": "", "_validators": {"a": {"pattern": "(", "message": ""}}},
            "tiny/cookiecutter.json: `_validators`: 'a': the pattern is no regular expression: "
            "missing ), unterminated subpattern at position 0",
        ),
        (
            {"a": True, "_validators": {"a": {"pattern": "", "message": ""}}},
            "tiny/cookiecutter.json: `_validators` has 'a', which is no text question",
        ),
        ({"a": [], "__prompts__": []}, "tiny/cookiecutter.json: 'a' is a choice of nothing"),
    ],
)
def test_a_template_that_asks_nonsense_is_refused(asked: dict[str, Any], message: str) -> None:
    """The template's author is told which key."""
    assert message == refusal(asked)[0]
