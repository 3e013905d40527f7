"""Composed template + answers → tree, with cookiecutter's semantics, in memory.

The order of work is cookiecutter's own (`cookiecutter.generate.generate_files`): directory by directory, names before
contents. What a template's text means is decided once, in a plan; built-in templates ship with theirs.
"""

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from machgen import program
from machgen.compose import Template
from machgen.errors import BadRequest
from machgen.names import check_name, check_twins, printable
from machgen.plan import Plan, Step, decoded, is_binary, newline, walk
from machgen.tree import File, Tree

if TYPE_CHECKING:
    import jinja2
    from jinja2.ext import Extension

    from machgen.sandbox import Sandbox

# what evaluating a template's expressions may raise beside Jinja's own errors: they are Python's operators and methods
_EVALUATION = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError)


class Renderer:
    """Renders one template.

    Args:
        template: The composed template.
        plan: Its plan, where it was made before; else it is made when first needed.
        extensions: Jinja extension classes of the template that were trusted and loaded.
    """

    def __init__(self, template: Template, *, plan: Plan | None = None, extensions: "Sequence[type[Extension]]" = ()):
        self._template = template
        self._plan = plan
        self._extensions = tuple(extensions)
        self._texts: dict[str, program.Program | None] = dict(plan.texts) if plan else {}
        self._jinja: Sandbox | None = None

    def plan(self) -> Plan:
        """Return the template's plan, made once."""
        if self._plan is None:
            paths = self._template.files.below(self._template.root)
            self._plan = Plan(tuple(self._step(source, copied) for source, copied in walk(paths, self._is_copied)))
        return self._plan

    def text(self, source: str, answers: Mapping[str, Any], where: str = "cookiecutter.json") -> str:
        """Render a text that is not a file's content: a default, a choice, a name.

        Args:
            source: The template text.
            answers: The value of `cookiecutter` in it.
            where: The file that the text stands in; errors name it.

        Returns:
            The rendered text.

        Raises:
            BadRequest: The text does not parse, or uses what is not defined or not allowed.
        """
        lowered = self.lowered(source, where)
        if lowered is not None:
            try:
                return program.run(lowered, answers)
            except program.Unfit:
                pass  # Jinja knows how this goes on: as an error, or with a type that programs leave alone
        return self._by_jinja(lambda jinja: jinja.from_string(source), answers, where)

    def lowered(self, source: str, where: str = "cookiecutter.json") -> program.Program | None:
        """Return the program of a text that is not a file's content, or None where Jinja has to render it."""
        if source not in self._texts:
            self._texts[source] = self._lower(source, where)
        return self._texts[source]

    def root(self, answers: Mapping[str, Any]) -> str:
        """Return the rendered name of the project directory; raises `BadRequest` where it is no name."""
        name = self.text(self._template.root, answers, printable(self._template.root))
        check_name(name, self._template.root)
        return name

    def tree(self, answers: Mapping[str, Any]) -> Tree:
        """Render every file.

        Args:
            answers: The value of `cookiecutter` in the template, complete; only str, int, float, bool, None, list and
                dict, which are copied before any template sees them.

        Returns:
            The project's files; every name is one that a project may hold, and no two are the same when folded.

        Raises:
            BadRequest: A text does not parse or uses what is not defined or not allowed, a name is refused, or a file
                that is neither text in UTF-8 nor binary would have to be rendered.
        """
        origin = self._template.origin
        # as in cookiecutter, templates see where they come from; not where they are rendered to, which is no input
        context = {**plain(answers), "_template": origin.pack, "_checkout": (origin.commit and origin.version) or None}
        files: dict[str, File] = {}
        sources: list[tuple[str, str]] = []
        prefix = self._template.root + "/"
        for step in self.plan().steps:
            original = self._template.files[prefix + step.source]
            path = self._name(step, context)
            if path == "" or path.endswith("/"):
                continue  # a conditional name that is empty: the file is not wanted
            check_name(path, step.source)
            data = original.data if step.content is None else self._content(step, context)
            sources.append((path, step.source))
            files[path] = File(data, original.executable)
        check_twins(sources)
        return Tree(files)

    # -- the plan ----------------------------------------------------------------------------------------------------

    def _is_copied(self, path: str) -> bool:
        patterns = self._template.questions.get("_copy_without_render", ())
        return any(fnmatch.fnmatchcase(path, str(pattern)) for pattern in patterns)

    def _step(self, source: str, copied: bool | None) -> Step:
        if copied is None:
            return Step(source, self._copied_name(source), None)
        name = self._lower(source, source)
        data = self._template.files[f"{self._template.root}/{source}"].data
        if copied or is_binary(source, data):
            return Step(source, name, None)
        ending = newline(data, self._template.questions.get("_new_lines"), source)
        text = decoded(data, source)
        if ending == "\n" and b"\r" not in data and not self._has_jinja(text):
            return Step(source, name, None)
        lowered = self._lower(text, source, self._chain(text, source))
        return Step(source, name, text if lowered is None else lowered, ending)

    def _copied_name(self, source: str) -> program.Program | None:
        """Lower the name of a file below a copied directory: only the directory's own path is rendered."""
        parts = source.split("/")
        for depth in range(1, len(parts)):
            directory = "/".join(parts[:depth])
            if self._is_copied(directory):
                lowered = self._lower(directory, directory)
                rest = "/" + "/".join(parts[depth:])
                if lowered is None:
                    raise BadRequest(
                        f"{printable(directory)}: a copied directory's name may only put answers in",
                        hint="simplify the name, or take it out of `_copy_without_render`",
                    )
                return (*lowered, rest)
        return self._lower(source, source)

    def _has_jinja(self, text: str) -> bool:
        return bool(self._syntax) or any(opening in text for opening in ("{{", "{%", "{#"))

    @property
    def _syntax(self) -> Mapping[str, Any]:
        syntax = self._template.questions.get("_jinja2_env_vars") or {}
        if not isinstance(syntax, dict):
            raise BadRequest("cookiecutter.json: `_jinja2_env_vars` is no object", hint='give {"trim_blocks": true}')
        return syntax

    # -- text to programs --------------------------------------------------------------------------------------------

    def _lower(
        self, source: str, where: str, chain: Callable[[], "list[Any] | None"] | None = None
    ) -> program.Program | None:
        if self._extensions:
            return None  # an extension may change what any text means
        if not self._syntax:
            simple = program.lower_substitutions(source)
            if simple is not None:
                return simple
        templates = chain() if chain else [self._parse(source, where)]
        return None if templates is None else program.lower(templates)

    def _parse(self, source: str, where: str) -> Any:
        import jinja2  # noqa: PLC0415 - see machgen.sandbox

        try:
            return self._environment().parse(source)
        except jinja2.TemplateSyntaxError as error:
            raise BadRequest(
                f"{printable(where)}:{error.lineno}: {printable(str(error.message))}", hint="mend the template's syntax"
            ) from error

    def _chain(self, text: str, source: str) -> Callable[[], "list[Any] | None"]:
        """Return what parses the text and the templates it extends by a constant name, as far as they are known."""

        def chain() -> "list[Any] | None":
            from jinja2 import nodes  # noqa: PLC0415 - see machgen.sandbox

            parsed = [self._parse(text, source)]
            while extends := list(parsed[-1].find_all(nodes.Extends)):
                parent = extends[0].template
                if len(extends) > 1 or not isinstance(parent, nodes.Const) or len(parsed) > 20:
                    return None
                below = self._load(str(parent.value))
                if below is None:
                    return None
                parsed.append(self._parse(below, str(parent.value)))
            return parsed

        return chain

    # -- Jinja -------------------------------------------------------------------------------------------------------

    def _environment(self) -> "Sandbox":
        if self._jinja is None:
            from machgen.sandbox import Sandbox  # noqa: PLC0415 - see there

            self._jinja = Sandbox(self._load, self._syntax, self._extensions)
        return self._jinja

    def _load(self, name: str) -> str | None:
        """Find an included template as cookiecutter does: in the project directory, then in `templates/`."""
        for directory in (self._template.root, "templates"):
            file = self._template.files.get(f"{directory}/{name}")
            if file is not None:
                return decoded(file.data, name)
        return None

    def _name(self, step: Step, context: dict[str, Any]) -> str:
        if step.name is not None:
            try:
                return program.run(step.name, context)
            except program.Unfit:
                pass
        return self._by_jinja(lambda jinja: jinja.from_string(step.source), context, step.source)

    def _content(self, step: Step, context: dict[str, Any]) -> bytes:
        text = None
        if isinstance(step.content, tuple):
            try:
                text = program.run(step.content, context)
            except program.Unfit:
                text = None
        if text is None:
            text = self._by_jinja(lambda jinja: jinja.get_template(step.source), context, step.source)
        if step.newline != "\n":
            text = text.replace("\n", step.newline)
        return text.encode("utf-8")

    def _by_jinja(self, find: "Callable[[Sandbox], jinja2.Template]", answers: Mapping[str, Any], where: str) -> str:
        import jinja2  # noqa: PLC0415 - see machgen.sandbox
        from jinja2.exceptions import SecurityError  # noqa: PLC0415 - see machgen.sandbox

        shown = printable(where)
        # an extension that was trusted is code of the template's own, and may raise anything
        failures = (Exception,) if self._extensions else (jinja2.TemplateError, *_EVALUATION)
        environment = self._environment()
        original = {k: v for k, v in self._template.questions.items() if not k.startswith("_")}
        try:
            return find(environment).render(cookiecutter=answers, _cookiecutter=original)
        except jinja2.TemplateSyntaxError as error:
            raise BadRequest(
                f"{printable(error.name or where)}:{error.lineno}: {printable(str(error.message))}",
                hint="mend the template's syntax",
            ) from error
        except SecurityError as error:
            raise BadRequest(
                f"{shown}: stopped by the sandbox: {printable(str(error))}",
                hint="a template may only work on its answers",
            ) from error
        except jinja2.TemplateNotFound as error:
            raise BadRequest(
                f"{shown}: the included template {printable(str(error))!r} is not in the template",
                hint="included templates lie in the project directory or in `templates/`",
            ) from error
        except failures as error:
            raise BadRequest(
                f"{shown}: {printable(str(error)) or type(error).__name__}",
                hint="mend the template, or the answer it uses",
            ) from error


def plain(value: Any) -> Any:
    """Copy a value, refusing every type that is more than data.

    Args:
        value: str, int, float, bool, None, or lists and dicts of them, of exactly these types.

    Returns:
        The copy.

    Raises:
        TypeError: Something else is in it; a defect of the caller, since answers are validated where they come in.
    """
    kind = type(value)
    if kind in (str, int, float, bool) or value is None:
        return value
    if kind is list:
        return [plain(each) for each in value]
    if kind is dict:
        return {plain(key): plain(each) for key, each in value.items()}
    raise TypeError(f"{kind.__name__} is not plain data")
