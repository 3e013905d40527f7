"""No answer is a template: five hundred payloads from every place that answers come from, none evaluated."""

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w
import yaml

from tests.running import Ended, Terminal, machgen
from tests.templating import source, write

EXPRESSIONS = [
    "7*7",
    "7 * '7'",
    "cookiecutter",
    "cookiecutter.project_slug",
    "cookiecutter._secret",
    "self",
    "config",
    "undefined_name",
    "1/0",
    "''.__class__.__mro__[1].__subclasses__()",
    "''['__cl' ~ 'ass__']",
    "()|attr('__class__')",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__['os'].system('touch owned')",
    "joiner.__init__.__globals__",
    "namespace.__init__.__globals__.__builtins__.open('/etc/passwd').read()",
    "range(10**9)|list",
    "'%s'|format(7)",
    "'{0.__class__}'.format(7)",
    "random_ascii_string(5)",
    "'x'|slugify",
    "7|jsonify",
    "[1,2]|map('string')|join",
    "dict(a=1)|tojson",
    "cookiecutter.update({'project_slug': 'owned'})",
]
FRAMES = [
    "{{%s}}",
    "{{ %s }}",
    "{{- %s -}}",
    "${{ %s }}",
    "#{%s}",
    "<%%= %s %%>",
    "[[ %s ]]",
    "{{{%s}}}",
    "{{'{{'}}%s{{'}}'}}",
    "{%% if %s %%}owned{%% endif %%}",
    "{%% set x = %s %%}{{ x }}",
    "{%% for x in [%s] %%}{{ x }}{%% endfor %%}",
    "{%%- print(%s) -%%}",
    "{%% raw %%}{{ %s }}{%% endraw %%}",
    "{# {{ %s }} #}",
    "# for x in [%s]",
    "%% set x = %s",
    "{%% include '/etc/passwd' %%}%s",
    "{%% extends %s %%}",
    "a{{ %s }}b{{ %s }}c",
]
PAYLOADS = [frame % ((expression,) * frame.count("%s")) for frame, expression in itertools.product(FRAMES, EXPRESSIONS)]
ASKED = {f"q{number:03}": "default" for number in range(len(PAYLOADS))}
ANSWERS = dict(zip(ASKED, PAYLOADS, strict=True))


def test_the_payloads_are_five_hundred_different_ones() -> None:
    """As many as the promise says, each one line that no answer check refuses."""
    assert 500 == len(set(PAYLOADS))
    assert [] == [each for each in PAYLOADS if each != each.strip() or len(each) > 200]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A template that asks five hundred questions and writes the answers down, one a line, raw and derived."""
    raw = "".join(f"{{{{ cookiecutter.{key} }}}}\n" for key in ASKED)
    derived = "".join(f"{{{{ cookiecutter.__d_{key} }}}}\n" for key in ASKED)
    computed = {f"__d_{key}": f"<{{{{ cookiecutter.{key} }}}}>" for key in ASKED}
    asked = {"project_slug": "x", **ASKED, "_secret": "secret", "table": {"k": "v"}, **computed}
    write(source(asked, {"raw.txt": raw, "derived.txt": derived}), tmp_path / "pack" / "many")
    return tmp_path


NEW = ("new", "many", "x", "--no-git", "--pack", "pack")


def by_flags(home: Path) -> Ended:
    return machgen(*NEW, "--no-input", *(word for k, v in ANSWERS.items() for word in ("-a", f"{k}={v}")), cwd=home)


def by_file(name: str, text: str) -> Callable[[Path], Ended]:
    def run(home: Path) -> Ended:
        (home / name).write_text(text, encoding="utf-8")
        return machgen(*NEW, "--no-input", "--answers", name, cwd=home)

    return run


def by_environment(home: Path) -> Ended:
    return machgen(*NEW, "--no-input", cwd=home, env={f"MACHGEN_ANSWER_{k.upper()}": v for k, v in ANSWERS.items()})


def by_user_defaults(home: Path) -> Ended:
    (home / ".cookiecutterrc").write_text(yaml.safe_dump({"default_context": ANSWERS}), encoding="utf-8")
    return machgen(*NEW, "--no-input", cwd=home)


def by_prompt(home: Path) -> Ended:
    terminal = Terminal(*NEW, cwd=home)
    terminal.answer([("project_slug [x]:", ""), *((f"{key} [default]:", text) for key, text in ANSWERS.items())])
    terminal.answer([('table (JSON) [{"k": "v"}]:', "")])
    return terminal.end()


def by_machgen_toml(home: Path) -> Ended:
    """The answers that one project was made with answer for the next."""
    (home / "first.json").write_text(json.dumps(ANSWERS), encoding="utf-8")
    words = ("new", "many", "first", "--no-git", "--no-input", "--pack", "pack", "--answers", "first.json")
    assert 0 == machgen(*words, cwd=home).code
    return machgen(*NEW, "--no-input", "--answers", "first/machgen.toml", "-a", "project_slug=x", cwd=home)


SOURCES: dict[str, Callable[[Path], Ended]] = {
    "flags": by_flags,
    "TOML": by_file("answers.toml", tomli_w.dumps(ANSWERS)),
    "JSON": by_file("answers.json", json.dumps(ANSWERS)),
    "YAML": by_file("answers.yaml", yaml.safe_dump(ANSWERS)),
    "environment": by_environment,
    "user defaults": by_user_defaults,
    "prompt": by_prompt,
    "machgen.toml": by_machgen_toml,
}


@pytest.mark.parametrize("answer", SOURCES.values(), ids=SOURCES.keys())
def test_every_payload_comes_out_as_it_went_in(answer: Callable[[Path], Ended], home: Path) -> None:
    """Where an answer stands in a file, and where a default is made of it."""
    ended = answer(home)

    assert 0 == ended.code, ended.err
    assert PAYLOADS == (home / "x" / "raw.txt").read_text(encoding="utf-8").splitlines()
    assert [f"<{p}>" for p in PAYLOADS] == (home / "x" / "derived.txt").read_text(encoding="utf-8").splitlines()
    assert not (home / "owned").exists()


def test_names_are_not_rendered_twice(tmp_path: Path) -> None:
    """An answer in the name of a file or directory is verbatim there too, or the name is refused."""
    asked = {"project_slug": "x", "name": ""}
    write(source(asked, {"{{ cookiecutter.name }}/{{ cookiecutter.name }}.txt": "x"}), tmp_path / "pack" / "named")
    seen = {}
    for number, payload in enumerate(["{{7+7}}", "{% set x = 7 %}", "{#7#}", "${{ 7 }}", "{{ 7|e }}", "{{ '' }}"]):
        words = ("new", "named", f"t{number}", "--no-input", "--no-git", "--pack", "pack", "-a", f"name={payload}")
        ended = machgen(*words, cwd=tmp_path)
        made = [str(p.relative_to(tmp_path / f"t{number}")) for p in (tmp_path / f"t{number}").rglob("*.txt")]
        seen[payload] = made if ended.code == 0 else ended.err.split(": ")[1].split("{{ cookiecutter")[0]

    assert {
        "{{7+7}}": ["{{7+7}}/{{7+7}}.txt"],
        "{% set x = 7 %}": ["{% set x = 7 %}/{% set x = 7 %}.txt"],
        "{#7#}": ["{#7#}/{#7#}.txt"],
        "${{ 7 }}": ["${{ 7 }}/${{ 7 }}.txt"],
        "{{ 7|e }}": "",
        "{{ '' }}": ["{{ '' }}/{{ '' }}.txt"],
    } == seen


@pytest.mark.parametrize("payload", PAYLOADS[:: len(PAYLOADS) // 10])
def test_a_built_in_template_keeps_or_refuses_them(payload: str, tmp_path: Path) -> None:
    """The service's free text is free; what it is validated for is refused; nothing is evaluated."""
    free = machgen(
        "new", "service", "x", "--no-input", "--no-git", "--json", "-a", f"description={payload}", cwd=tmp_path
    )
    bound = machgen("new", "service", "y", "--no-input", "--no-git", "-a", f"package={payload}", cwd=tmp_path)

    assert payload == json.loads(free.out)["answers"]["description"]
    assert payload in (tmp_path / "x" / "README.md").read_text(encoding="utf-8")
    assert (2, False) == (bound.code, os.path.exists(tmp_path / "y"))
