"""A lowered program means what Jinja means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateError

from machgen import program
from machgen.render import Renderer
from machgen.sandbox import Sandbox
from tests.templating import template

JINJA = Sandbox(lambda _: None, {})

TEXT = st.text(st.sampled_from("ab {}%#'\"\\<>&\n-ü"), max_size=8)
ANSWERS = st.fixed_dictionaries({"a": TEXT, "b": TEXT, "yes": st.booleans(), "n": st.integers(-3, 3)})
VALUE = st.sampled_from(
    ["cookiecutter.a", "cookiecutter.b", "cookiecutter.yes", "cookiecutter.n", "'a'", "''", "true", "1"]
)
TEST = st.recursive(
    st.one_of(
        VALUE,
        st.builds("{} {} {}".format, VALUE, st.sampled_from(["==", "!="]), VALUE),
        st.builds("{} {} ['a', '', true]".format, VALUE, st.sampled_from(["in", "not in"])),
    ),
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) {} ({})".format, inner, st.sampled_from(["and", "or"]), inner),
    ),
    max_leaves=4,
)
OUTPUT = st.builds(
    "{} {}{}{} {}".format,
    st.sampled_from(["{{", "{{-"]),
    VALUE,
    st.sampled_from(["", "|lower", "|upper", "|replace('a', 'xx')", ".title()", ".replace('b', '')", "|lower|upper"]),
    st.sampled_from(["", "|tojson"]),
    st.sampled_from(["}}", "-}}"]),
)
LITERAL = st.text(st.sampled_from("ab }\n-ü%#"), max_size=6)
SOURCE = st.recursive(
    st.one_of(LITERAL, OUTPUT, st.just("{# c #}"), st.just("{% raw %}{{ x }}{% endraw %}")),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds(
            "{{% if {} %}}{}{{% elif {} -%}}{}{{% else %}}{}{{% endif %}}".format, TEST, inner, TEST, inner, inner
        ),
        st.builds("{{% block x{} %}}{}{{% endblock %}}".format, st.integers(0, 10**9), inner),
    ),
    max_leaves=6,
)


@given(source=SOURCE, answers=ANSWERS)
def test_a_program_gives_what_jinja_gives(source: str, answers: dict[str, Any]) -> None:
    """Whatever a program says it can render, it renders exactly as Jinja does."""
    try:
        parsed = JINJA.parse(source)
        expected = JINJA.from_string(source).render(cookiecutter=answers)
    except (TemplateError, AttributeError, TypeError):
        return  # what Jinja refuses, such as a block defined twice, is Jinja's to explain
    lowered = program.lower([parsed])
    if lowered is None:
        return
    try:
        actual = program.run(lowered, answers)
    except program.Unfit:
        return

    assert expected == actual


BRACES = ["{{ cookiecutter.a }}", "{{cookiecutter.b}}", "{", "}", "{{", "}}", "{%", "a", "\n", "#"]


@given(source=st.lists(st.sampled_from(BRACES)).map("".join), answers=ANSWERS)
def test_substitutions_without_the_parser_give_what_jinja_gives(source: str, answers: dict[str, Any]) -> None:
    """Text that is lowered without parsing is the text that Jinja would give, however braces fall."""
    lowered = program.lower_substitutions(source)
    if lowered is None:
        return

    assert JINJA.from_string(source).render(cookiecutter=answers) == program.run(lowered, answers)


@pytest.mark.parametrize(
    "source",
    [
        "{{ cookiecutter.items }}",
        "{% for x in cookiecutter.a %}{% endfor %}",
        "{{ cookiecutter.a | tojson | upper }}",
        "{{ cookiecutter.a ~ 1 }}",
        "{{ cookiecutter.a | replace(cookiecutter.b, '') }}",
        "{{ cookiecutter.a.b }}",
        "{% set x = 1 %}",
        "{{ cookiecutter.__class__ }}",
        "{{ super() }}",
    ],
)
def test_what_a_program_cannot_say_is_left_to_jinja(source: str) -> None:
    """Lowering is honest about its limits."""

    assert program.lower([JINJA.parse(source)]) is None


def test_a_missing_answer_is_jinjas_to_explain() -> None:
    """A program never invents a value for a name that has none."""
    made = template({"project_slug": "x"}, {})

    with pytest.raises(Exception, match="has no attribute 'nope'"):
        Renderer(made).text("{{ cookiecutter.nope }}", {"project_slug": "x"})
