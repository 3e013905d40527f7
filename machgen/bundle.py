"""Built-in templates, composed and lowered ahead of time.

The build writes each built-in template as one Python module of constants: its files, its questions and its plan.
Importing that module is all that reading, parsing, composing and lowering the template would have been. A checkout has
no bundle; there the same values are made from `templates/` when they are asked for.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from machgen.compose import Template, compose
from machgen.plan import Plan, Step
from machgen.program import Program
from machgen.render import Renderer
from machgen.tree import File, Tree

_HEADER = '"""Made by the build from a built-in template; the source is in `templates/`."""\n'


def builtin_template(name: str) -> tuple[Template, Plan | None]:
    """Return a built-in template and, where this installation ships it, its plan.

    Args:
        name: The template's name, such as `service`.

    Returns:
        The composed template, and its plan or None; `Renderer` makes the plan that is missing.

    Raises:
        BadRequest: There is no built-in template of this name.
    """
    if name in descriptions():
        shipped = _shipped(module_name(name))
        if shipped is not None:
            return _load(name, shipped)
    from machgen.pack import builtin  # noqa: PLC0415 - reads every template, which the bundle is there to avoid

    return compose(name, builtin()), None


def descriptions() -> Mapping[str, str]:
    """Return what each built-in template makes, by name, in the order they are offered."""
    shipped = _shipped("index")
    if shipped is not None:
        made: Mapping[str, str] = shipped["DESCRIPTIONS"]
        return made
    from machgen.pack import builtin  # noqa: PLC0415 - see above

    pack = builtin()
    return {name: compose(name, pack).description for name in pack.sources}


def module_name(name: str) -> str:
    """Return the name of the bundle's module for a template: `erp-connector` becomes `t_erp_connector`."""
    return "t_" + name.replace("-", "_")


def _shipped(module: str) -> dict[str, Any] | None:
    qualified = f"machgen._builtin.{module}"
    try:
        return vars(import_module(qualified))
    except ModuleNotFoundError as error:
        if error.name == qualified:
            return None
        raise


def _load(name: str, shipped: dict[str, Any]) -> tuple[Template, Plan]:
    from machgen import __version__  # noqa: PLC0415 - read where it is needed
    from machgen.origin import Origin  # noqa: PLC0415 - see builtin_template

    files = Tree({path: File(data, executable) for path, (data, executable) in shipped["FILES"].items()})
    template = Template(
        name, Origin("builtin", __version__), shipped["LAYERS"], shipped["QUESTIONS"], files, shipped["ROOT"]
    )
    return template, Plan(tuple(Step(*step) for step in shipped["STEPS"]), shipped["TEXTS"])


def modules(templates: Mapping[str, Template]) -> Iterator[tuple[str, str]]:
    """Write the bundle: yield each module's name and its Python source.

    Args:
        templates: The composed built-in templates by name, in the order they are offered.
    """
    index = {name: template.description for name, template in templates.items()}
    yield "index", f"{_HEADER}\nDESCRIPTIONS = {index!r}\n"
    for name, template in templates.items():
        yield module_name(name), _module(template)


def _module(template: Template) -> str:
    renderer = Renderer(template)
    plan = renderer.plan()
    constants = {
        "ROOT": template.root,
        "LAYERS": template.layers,
        "QUESTIONS": dict(template.questions),
        "FILES": {path: (file.data, file.executable) for path, file in template.files.items()},
        "STEPS": tuple((step.source, step.name, step.content, step.newline) for step in plan.steps),
        "TEXTS": _texts(template, renderer),
    }
    return _HEADER + "".join(f"\n{name} = {value!r}\n" for name, value in constants.items())


def _texts(template: Template, renderer: Renderer) -> dict[str, Program]:
    """Lower the texts that are no file: the project directory's name and everything in the questions."""
    texts = {}
    for source in [template.root, *_strings({k: v for k, v in template.questions.items() if _is_rendered(k)})]:
        lowered = renderer.lowered(source)
        if lowered is not None:
            texts[source] = lowered
    return texts


def _is_rendered(key: str) -> bool:
    # `_private` values are taken as they are, `__computed` ones are rendered, `__prompts__` are shown to people
    return key != "__prompts__" and (key.startswith("__") or not key.startswith("_"))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _strings(key)
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)  # cookiecutter renders a number's text
