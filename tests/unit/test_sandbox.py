"""An untrusted template works on its answers and on nothing else."""

import pytest

from machgen.errors import BadRequest
from machgen.render import Renderer, plain
from tests.templating import render, template

ESCAPES = {
    "class of a string": "{{ ''.__class__ }}",
    "method resolution order": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "by attr": "{{ ''|attr('__class__') }}",
    "by attr, spelt in two parts": "{{ ''|attr('__cla' ~ 'ss__') }}",
    "by item": "{{ cookiecutter['__class__']['__base__'] }}",
    "by map": "{{ (['']|map(attribute='__class__')|list)[0]|string }}",
    "by select": "{{ [cookiecutter]|selectattr('__class__')|list }}{{ cookiecutter.__class__ }}",
    "by sort": "{{ [cookiecutter.project_slug]|sort(attribute='__class__.__name__') }}",
    "by groupby": "{{ (['a']|groupby('__class__')|list)[0].grouper|string }}",
    "by sum": "{{ [1]|sum(attribute='__class__') }}",
    "by unique": "{{ ['a']|unique(attribute='__class__.x')|list }}",
    "globals of a function": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "globals of a cycler": "{{ cycler.__init__.__globals__ }}",
    "globals of a joiner": "{{ joiner.__init__.__globals__ }}",
    "namespace": "{{ namespace.__init__.__globals__ }}",
    "self": "{{ self.__init__.__globals__ }}",
    "the template's reference": "{{ self._TemplateReference__context.environment }}",
    "format string": "{{ '{0.__class__}'.format(cookiecutter) }}",
    "format string over a variable": "{% set f = '{0.__class__.__init__.__globals__}'.format %}{{ f(cookiecutter) }}",
    "format map": "{{ '{x.__class__}'.format_map({'x': ''}) }}",
    "indirect format (CVE-2024-56326)": "{% set x = ['{0.__class__}'.format] %}{{ x[0](cookiecutter) }}",
    "format by attr (CVE-2025-27516)": "{{ ('{0.__class__.__init__}'|attr('format'))(lipsum) }}",
    "markup's format": "{{ ('{0.__class__}'|safe).format(cookiecutter) }}",
    "a macro's function": "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "caller": "{% macro m() %}{{ caller.__init__.__globals__ }}{% endmacro %}{% call m() %}{% endcall %}",
    "loop": "{% for x in [1] %}{{ loop.__class__.__init__.__globals__ }}{% endfor %}",
    "generator frame": "{{ ([1]|map('string')).gi_frame.f_globals }}",
    "generator code": "{{ ([1]|select).gi_code }}",
    "undefined": "{{ nothing.__class__ }}",
    "a lazy filter's closure": "{{ uuid4.__closure__ }}",
    "a lazy function's globals": "{{ random_ascii_string.__globals__ }}",
    "slugify's function": "{{ uuid4.__self__ }}",
    "import of a module": "{% import 'os' as os %}{{ os.popen }}",
    "a file outside": "{% include '../../../../etc/passwd' %}",
    "an absolute file": "{% include '/etc/passwd' %}",
    "a long string": "{{ 'a' * 10000000000 }}",
    "a long list": "{{ [0] * 10000000000 }}",
    "a large power": "{{ 10 ** 100000000 }}",
    "a long range": "{{ range(10000000000)|list }}",
}


@pytest.mark.parametrize("payload", ESCAPES.values(), ids=ESCAPES.keys())
def test_no_escape_from_the_sandbox(payload: str) -> None:
    """Every known way out ends in one error that names the template's file."""
    made = template({"project_slug": "x"}, {"evil.txt": payload})

    with pytest.raises(BadRequest, match=r"evil\.txt"):
        render(made, {"project_slug": "x"})


@pytest.mark.parametrize("payload", ["{{ ''.__class__ }}", "{{ lipsum.__globals__ }}"])
def test_names_are_in_the_sandbox_too(payload: str) -> None:
    """The sandbox does not end at file contents."""
    made = template({"project_slug": "x"}, {f"{payload}.txt": "a"})

    with pytest.raises(BadRequest):
        render(made, {"project_slug": "x"})


@pytest.mark.parametrize("payload", ["{{ ''.__class__ }}", "{{ lipsum.__globals__ }}"])
def test_defaults_are_in_the_sandbox_too(payload: str) -> None:
    """A default is rendered while the questions are asked, in the same sandbox."""
    renderer = Renderer(template({"project_slug": "x"}, {}))

    with pytest.raises(BadRequest):
        renderer.text(payload, {"project_slug": "x"})


class _Secret(str):
    """A string that is more than data."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value", [_Secret("x"), ("a",), {1, 2}, b"x", object(), [_Secret("x")], {"a": {"b": lambda: 1}}]
)
def test_only_plain_data_enters_a_render(value: object) -> None:
    """Subclasses, tuples, sets, bytes and functions never reach a template."""
    made = template({"project_slug": "x"}, {"a.txt": "a"})

    with pytest.raises(TypeError, match="is not plain data"):
        render(made, {"project_slug": "x", "value": value})


def test_a_template_changes_only_its_own_copy_of_the_answers() -> None:
    """What a template does to its variables is gone when the render ends."""
    answers = {"project_slug": "x", "list": ["a"]}
    made = template({"project_slug": "x"}, {"a.txt": "{% set _ = cookiecutter.list.append('b') %}"})

    render(made, answers)

    assert {"project_slug": "x", "list": ["a"]} == answers == {"project_slug": plain("x"), "list": plain(["a"])}


@pytest.mark.parametrize("setting", ["extensions", "loader", "finalize", "undefined", "autoescape", "optimized"])
def test_environment_settings_are_syntax_only(setting: str) -> None:
    """`_jinja2_env_vars` cannot load code or open the sandbox."""
    made = template({"project_slug": "x", "_jinja2_env_vars": {setting: "os.system"}}, {"a.txt": "{{ 1 + 1 }}"})

    with pytest.raises(BadRequest, match=setting):
        render(made, {"project_slug": "x"})


ERRORS = {
    "syntax": ("a\n{% if %}", r"^a\.txt:2: "),
    "unknown tag": ("{% nope %}", r"^a\.txt:1: .*nope"),
    "unknown filter": ("x\ny\n{{ 1|nope }}", r"^a\.txt:3: .*nope"),
    "undefined": ("{{ cookiecutter.nope }}", r"^a\.txt: .*nope"),
    "division": ("{{ 1 / 0 }}", r"^a\.txt: division by zero"),
    "type": ("{{ 1 + 'a' }}", r"^a\.txt: "),
    "missing include": ("{% include 'x.txt' %}", r"^a\.txt: .*x\.txt"),
    "recursion": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", r"^a\.txt: "),
}


@pytest.mark.parametrize(("text", "message"), ERRORS.values(), ids=ERRORS.keys())
def test_a_broken_template_is_one_clear_error(text: str, message: str) -> None:
    """The error names the file, the line where there is one, and the next step."""
    made = template({"project_slug": "x"}, {"a.txt": text})

    with pytest.raises(BadRequest, match=message) as caught:
        render(made, {"project_slug": "x"})

    assert caught.value.hint


def test_a_file_that_is_neither_text_nor_binary_is_refused_by_name() -> None:
    """Latin-1 text is not guessed at."""
    made = template({"project_slug": "x"}, {"a.txt": "Gr\u00fc\u00dfe aus K\u00f6ln, ".encode("latin-1") * 3})

    with pytest.raises(BadRequest, match=r"^a\.txt: neither UTF-8 text nor binary"):
        render(made, {"project_slug": "x"})
