"""Jinja as cookiecutter sets it up, inside a sandbox and reading from memory.

Imported only when a template holds more than a lowered program can say: importing Jinja costs as much as all the rest.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from machgen.errors import BadRequest

LONGEST_PRODUCT = 1_000_000
"""Characters or items that `*` may make in a template; a guard against `"a" * 10**10`, far above any real use."""

# what `_jinja2_env_vars` may set: the syntax. The rest of an environment would load code or leave the sandbox.
_SYNTAX = {
    "block_start_string": str,
    "block_end_string": str,
    "variable_start_string": str,
    "variable_end_string": str,
    "comment_start_string": str,
    "comment_end_string": str,
    "line_statement_prefix": str,
    "line_comment_prefix": str,
    "trim_blocks": bool,
    "lstrip_blocks": bool,
    "newline_sequence": str,
}


class Sandbox(SandboxedEnvironment):
    """cookiecutter's strict environment, sandboxed.

    Args:
        load: Gives the text of the file that `{% include %}`, `{% extends %}` or `{% import %}` names, or None.
        syntax: The template's `_jinja2_env_vars`.
        extensions: Extension classes that were trusted and loaded; none for an untrusted template.

    Raises:
        BadRequest: `_jinja2_env_vars` holds a setting that is not about syntax.
    """

    intercepted_binops = frozenset({"*", "**"})

    def __init__(
        self,
        load: Callable[[str], str | None],
        syntax: Mapping[str, Any],
        extensions: Sequence[type[Extension]] = (),
    ) -> None:
        for key, value in syntax.items():
            if key not in _SYNTAX or not isinstance(value, _SYNTAX[key]):
                raise BadRequest(
                    f"cookiecutter.json: `_jinja2_env_vars` may not set {key!r} to {value!r}",
                    hint="it sets the syntax only: " + ", ".join(sorted(_SYNTAX)),
                )
        super().__init__(
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
            loader=jinja2.FunctionLoader(load),
            extensions=[_LateTime, *extensions],
            **dict(syntax),
        )
        for name in ("jsonify", "slugify"):
            self.filters[name] = self._late(self.filters, name)
        for name in ("random_ascii_string", "uuid4"):
            self.globals[name] = self._late(self.globals, name)

    def _late(self, table: Any, name: str) -> Callable[..., Any]:
        """Stand in for a function of cookiecutter's extensions until a template first calls it."""

        def call(*arguments: Any, **named: Any) -> Any:
            from cookiecutter import extensions  # noqa: PLC0415 - imports arrow, slugify, uuid: rarely needed

            for extension in (
                extensions.JsonifyExtension,
                extensions.SlugifyExtension,
                extensions.RandomStringExtension,
                extensions.UUIDExtension,
            ):
                extension(self)
            return table[name](*arguments, **named)

        return call

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse products that would fill the memory."""
        if operator == "**" and isinstance(right, (int, float)) and abs(right) > 64:
            raise SecurityError(f"a power of {right} is out of bounds")
        for sized, times in ((left, right), (right, left)) if operator == "*" else ():
            if (
                isinstance(sized, (str, list, tuple))
                and isinstance(times, int)
                and len(sized) * times > LONGEST_PRODUCT
            ):
                raise SecurityError(f"a product of more than {LONGEST_PRODUCT} characters or items")
        return super().call_binop(context, operator, left, right)


class _LateTime(Extension):
    """cookiecutter's `{% now %}`, loaded when a template first uses it."""

    tags = {"now"}  # noqa: RUF012 - Jinja's own declaration of the attribute

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        """Hand the tag to cookiecutter's extension."""
        from cookiecutter.extensions import TimeExtension  # noqa: PLC0415 - imports arrow: rarely needed

        known = self.environment.extensions.get(TimeExtension.identifier)
        if known is None:
            known = self.environment.extensions[TimeExtension.identifier] = TimeExtension(self.environment)
        return known.parse(parser)
