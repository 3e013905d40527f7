"""cookiecutter's semantics, rule by rule: what it bakes and what machgen renders are the same bytes and modes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cookiecutter.prompt import prompt_for_config

from tests.templating import ROOT, Files, bake, render, template


@dataclass(frozen=True)
class Case:
    """A tiny template that provokes one rule."""

    files: Files
    questions: Mapping[str, Any] = field(default_factory=dict)
    executable: tuple[str, ...] = ()
    root: str = ROOT


PNG = b"\x89PNG\r\n\x1a\n\x00\x00{{ cookiecutter.project_slug }}\x00"

CASES = {
    "substitution": Case(
        {"a.txt": "{{ cookiecutter.project_slug }}{{cookiecutter.project_slug}}|{{  cookiecutter.project_slug  }}"}
    ),
    "no newline at the end": Case({"a.txt": "{{ cookiecutter.project_slug }}", "b.txt": "plain"}),
    "one newline at the end": Case({"a.txt": "{{ cookiecutter.project_slug }}\n", "b.txt": "plain\n\n"}),
    "whitespace control": Case(
        {"a.txt": "a \n {%- if true %} x {% endif -%} \n b {{- cookiecutter.project_slug -}} c"}
    ),
    "comments and raw": Case({"a.txt": "a{# gone #}b{% raw %}{{ kept }}{% endraw %}c"}),
    "triple braces": Case({"a.txt": "${{ '{{' }} secrets.X {{ '}}' }} {{ cookiecutter.project_slug }}}"}),
    "empty file": Case({"a.txt": "", "b/__init__.py": ""}),
    "defaults refer to other answers": Case(
        {"a.txt": "{{ cookiecutter.title }} {{ cookiecutter.package }}"},
        {
            "title": "{{ cookiecutter.project_slug|replace('-', ' ')|title }}",
            "package": "{{ cookiecutter.title|lower }}_x",
        },
    ),
    "numbers become text, null and booleans stay": Case(
        {
            "a.txt": "{{ cookiecutter.port + 'x' }} {{ cookiecutter.flag }} {{ cookiecutter.nothing }} {{ not cookiecutter.flag }}"
        },
        {"port": 8080, "flag": True, "nothing": None},
    ),
    "choices take the first": Case(
        {"a.txt": "{{ cookiecutter.ci }}{% if cookiecutter.ci == 'my-x' %}!{% endif %}"},
        {"ci": ["{{ cookiecutter.project_slug }}-x", "other"]},
    ),
    "dictionaries are rendered after everything else": Case(
        {
            "a.txt": "{% for k, v in cookiecutter.deps|dictsort %}{{ k }}={{ v }};{% endfor %}{{ cookiecutter.deps['x-my'].v }}"
        },
        {
            "deps": {"x-{{ cookiecutter.project_slug }}": {"v": "{{ cookiecutter.later }}"}, "y": ["1", 2]},
            "later": "end",
        },
    ),
    "private variables are raw, double underscores are rendered": Case(
        {"a.txt": "{{ cookiecutter._raw }} {{ cookiecutter.__made }} {{ cookiecutter._list[1] }}"},
        {"_raw": "{{ not_rendered }}", "__made": "{{ cookiecutter.project_slug|upper }}", "_list": [1, 2]},
    ),
    "copy without render, by pattern and by directory": Case(
        {
            "a.html": "{{ kept }}",
            "raw/{{cookiecutter.project_slug}}.txt": "{{ kept }}",
            "raw/deep/b.sh": "{{ kept }}",
            "{{cookiecutter.project_slug}}/c.html": "{{ kept }}\r\n",
            "d.txt": "{{ cookiecutter.project_slug }}",
        },
        {"_copy_without_render": ["*.html", "raw"]},
        ("raw/deep/b.sh",),
    ),
    "copied directory with a rendered name": Case(
        {"{{cookiecutter.project_slug}}-raw/{{x}}.txt": "{{ kept }}"},
        {"_copy_without_render": ["{{cookiecutter.project_slug}}-raw"]},
    ),
    "prompts are no variables": Case(
        {"a.txt": "{{ cookiecutter.__prompts__ is defined }}"}, {"__prompts__": {"x": "?"}}
    ),
    "newlines of the template are kept": Case(
        {
            "crlf.txt": "a\r\n{{ cookiecutter.project_slug }}\r\nb",
            "cr.txt": "a\r{{ cookiecutter.project_slug }}\rb",
            "mixed.txt": "a\nb\r\n{{ cookiecutter.project_slug }}\rc\n",
            "late.txt": "a\n" + "x" * 9000 + "\r\n{{ cookiecutter.project_slug }}",
            "plain-crlf.txt": "no jinja\r\nhere\r\n",
            "plain-mixed.txt": "no jinja\r\nhere\n",
        }
    ),
    "newlines by configuration": Case(
        {"a.txt": "a\n{{ cookiecutter.project_slug }}\nb\n", "b.txt": "x\r\ny\n", "plain.txt": "x\ny\n"},
        {"_new_lines": "\r\n"},
    ),
    "conditional file names": Case(
        {
            "{% if cookiecutter.yes %}a.txt{% endif %}": "a",
            "{% if not cookiecutter.yes %}b.txt{% endif %}": "b",
            "d/{% if cookiecutter.yes %}c.txt{% endif %}": "c",
            "d/{% if not cookiecutter.yes %}e.txt{% endif %}": "e",
        },
        {"yes": True},
    ),
    "names are rendered with filters": Case(
        {"{{ cookiecutter.project_slug|upper }}/{{cookiecutter.project_slug}}.{{ 'py' }}": "x"}
    ),
    "includes and imports": Case(
        {
            "a.txt": "{% include 'part.txt' %}|{% include 'inner/part.txt' %}{% from 'macros.j2' import m %}{{ m('x') }}",
            "/templates/part.txt": "from templates {{ cookiecutter.project_slug }}\n",
            "inner/part.txt": "from the project {{ cookiecutter.project_slug }}",
            "/templates/macros.j2": "{% macro m(x) %}<{{ x }}>{% endmacro %}",
        }
    ),
    "the project's file comes before templates/": Case(
        {"a.txt": "{% include 'part.txt' %}", "/templates/part.txt": "templates", "part.txt": "project"}
    ),
    "inheritance": Case(
        {
            "a.txt": "{% extends 'low/a.txt' %}{% block two %}[{{ super() }}+{{ cookiecutter.project_slug }}]{% endblock %}",
            "/templates/low/a.txt": "{% extends 'lowest.txt' %}\n{% block one %}1{% endblock %}{% block two %}low:{{ super() }}{% endblock %}",
            "/templates/lowest.txt": "<{% block one %}{% endblock %}|{% block two %}2{% if true %}!{% endif %}{% endblock %}>\n",
        }
    ),
    "binary files are copied": Case({"logo.png": PNG, "noext": PNG, "data.bin": b"\x00\x01\x02{{x}}" * 50}),
    "a text file with a binary extension is copied": Case({"a.png": "{{ not_rendered }}"}),
    "executable files stay executable": Case(
        {"run.sh": "#!/bin/sh\n", "{{cookiecutter.project_slug}}.sh": "{{ 1 }}"},
        {},
        ("run.sh", "{{cookiecutter.project_slug}}.sh"),
    ),
    "unicode": Case(
        {"ü.txt": "ä {{ cookiecutter.project_slug }} 😀 \ufeff", "bom.txt": "\ufeff{{ cookiecutter.project_slug }}"}
    ),
    "filters of cookiecutter": Case(
        {
            "a.txt": "{{ {'b': 1, 'a': [1]}|jsonify }}{{ {'a': 1}|jsonify(2) }} {{ 'Hällo Wörld'|slugify }} {{ 'a b'|slugify(separator='_') }}"
        }
    ),
    "extensions of cookiecutter": Case(
        {
            "a.txt": "{{ uuid4()|length }} {{ random_ascii_string(12)|length }} {% now 'utc', '%Y' %} {{ random_ascii_string(5, punctuation=True)|length }}"
        }
    ),
    "tojson": Case(
        {"a.json": "{{ cookiecutter.text|tojson }} {{ cookiecutter.deps|tojson }} {{ cookiecutter.yes|tojson }}"},
        {"text": "<'&>\"\\ ü", "yes": False, "deps": {"b": 1, "a": "x"}},
    ),
    "jinja settings": Case(
        {
            "a.txt": "x\n  [% if true %]\n[[ cookiecutter.project_slug ]]\n[% endif %]\n{{ plain }}\n# if true\nline\n# endif\n"
        },
        {
            "_jinja2_env_vars": {
                "block_start_string": "[%",
                "block_end_string": "%]",
                "variable_start_string": "[[",
                "variable_end_string": "]]",
                "trim_blocks": True,
                "lstrip_blocks": True,
                "line_statement_prefix": "# ",
            }
        },
        root="[[cookiecutter.project_slug]]",
    ),
    "loops, macros, set and tests": Case(
        {
            "a.txt": "{% set x = [1,2] %}{% for i in x %}{{ loop.index }}{{ '-' if not loop.last }}{% endfor %}{{ cookiecutter.project_slug is string }}{{ 'a' ~ 1 }}"
        }
    ),
    "an update of the variables is seen by the next file": Case(
        {
            "a.txt": "{% set _ = cookiecutter.update({'late': 'seen'}) %}",
            "b.txt": "{{ cookiecutter.late }}",
            "c/d.txt": "{{ cookiecutter.late }}",
        }
    ),
    "methods of the dictionary come before answers": Case(
        {"a.txt": "{{ cookiecutter.items is callable }} {{ cookiecutter['items'] }}"}, {"items": "x"}
    ),
    "the original questions": Case(
        {"a.txt": "{{ _cookiecutter.title }}"}, {"title": "{{ cookiecutter.project_slug }}"}
    ),
    "choices in names and bodies": Case(
        {
            "{{ cookiecutter.ci }}/{% if cookiecutter.ci in ['a', 'b'] and not (cookiecutter.ci != 'a' or false) %}x{% else %}y{% endif %}": "{% if cookiecutter.ci == 'b' %}b{% elif cookiecutter.ci == 'a' %}a{% else %}c{% endif %}"
        },
        {"ci": ["a", "b"]},
    ),
    "if expressions and string methods": Case(
        {
            "a.txt": "{{ cookiecutter.project_slug.replace('m', 'M').title() }}{{ 'x' if cookiecutter.project_slug == 'my' }}{{ cookiecutter.project_slug|capitalize }}"
        }
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_renders_what_cookiecutter_bakes(case: Case, tmp_path: Path) -> None:
    """Every rule of cookiecutter's semantics gives the same files, bytes and executable bits."""
    made = template({"project_slug": "my", **case.questions}, case.files, case.executable, case.root)

    # cookiecutter itself resolves the defaults here; machgen's own resolution is compared in test_answers
    answers = prompt_for_config({"cookiecutter": dict(made.questions)}, no_input=True)
    baked, rendered = bake(made.files, tmp_path), render(made, _plain(answers))

    assert dict(baked) == dict(rendered)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value
