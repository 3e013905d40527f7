"""Templates lowered to programs: what most template text needs, without an engine.

Jinja compiles each template to Python source and that to bytecode, which is most of what generating a project costs.
Nearly all text in a project template only puts answers in and chooses between two texts. Such text is lowered to a
small program (nested tuples: built-in templates ship lowered, so that generating from them does not even import Jinja)
and the program is run here. What does not fit is left to Jinja itself; `lower` says so with None.

A program means exactly what Jinja would do; the tests hold both against each other and against cookiecutter.

    program    = (node, …)
    node       = text | ("out", expression) | ("if", ((expression, program), …), program)
    expression = ("const", value) | ("var", name) | ("call", function, expression, (constant, …))
               | ("not", e) | ("and", e, e) | ("or", e, e) | ("eq" | "ne" | "in" | "notin", e, e)
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a program runs without Jinja; only lowering needs it, and is handed the nodes
    from jinja2 import nodes

Program = tuple[Any, ...]
"""A lowered template; nested tuples of str, bool, int and None, so that it can be written as a Python literal."""

_DELIMITER = re.compile(r"\{[{%#]")
_SUBSTITUTION = re.compile(r"\{\{ *cookiecutter\.([A-Za-z_][A-Za-z0-9_]*) *\}\}")
_DICT_ATTRIBUTES = frozenset(dir(dict))


class Unfit(Exception):
    """Not for a program: Jinja has to render this. A signal between these functions, never an error a user sees."""


def to_json(value: Any) -> str:
    """Return what Jinja's `tojson` gives: JSON with sorted keys, safe inside HTML and single quotes."""
    text = json.dumps(value, sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("'", "\\u0027")


_FUNCTIONS: dict[str, Callable[..., str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": str.title,
    "replace": str.replace,
    "tojson": to_json,
}
_FILTERS = {"lower": 0, "upper": 0, "replace": 2, "tojson": 0}
_METHODS = {"lower": 0, "upper": 0, "title": 0, "replace": 2}


def run(program: Program, answers: Mapping[str, Any]) -> str:
    """Run a program.

    Args:
        program: What `lower` or `lower_substitutions` gave.
        answers: The value of `cookiecutter` in the template.

    Returns:
        The rendered text.

    Raises:
        Unfit: An answer is missing or of a type that only Jinja knows how to treat here.
    """
    parts: list[str] = []
    _run(program, answers, parts)
    return "".join(parts)


def _run(program: Program, answers: Mapping[str, Any], parts: list[str]) -> None:
    for node in program:
        if isinstance(node, str):
            parts.append(node)
        elif node[0] == "out":
            parts.append(str(_value(node[1], answers)))
        else:
            for test, body in node[1]:
                if _value(test, answers):
                    _run(body, answers, parts)
                    break
            else:
                _run(node[2], answers, parts)


def _value(expression: tuple[Any, ...], answers: Mapping[str, Any]) -> Any:
    match expression:
        case ("var", name):
            if name not in answers:
                raise Unfit(name)
            return answers[name]
        case ("const", value):
            return value
        case ("call", function, operand, arguments):
            value = _value(operand, answers)
            if function != "tojson" and type(value) is not str:
                raise Unfit(function)
            return _FUNCTIONS[function](value, *arguments)
        case ("not", operand):
            return not _value(operand, answers)
        case ("and", left, right):
            return _value(left, answers) and _value(right, answers)
        case ("or", left, right):
            return _value(left, answers) or _value(right, answers)
        case (operator, left, right):
            return _compare(operator, _value(left, answers), _value(right, answers))
    raise Unfit(expression[0])


def _compare(operator: str, left: Any, right: Any) -> bool:
    if operator == "eq":
        return bool(left == right)
    if operator == "ne":
        return bool(left != right)
    if not isinstance(right, (str, tuple)) or (isinstance(right, str) and not isinstance(left, str)):
        raise Unfit(operator)
    return (left in right) is (operator == "in")


def lower_substitutions(source: str) -> Program | None:
    """Lower text whose only Jinja is `{{ cookiecutter.name }}`, without parsing it as a template.

    Args:
        source: Template text in Jinja's default delimiters, its newlines already `\\n`.

    Returns:
        The program, or None where the text needs the parser.
    """
    if not _DELIMITER.search(source):
        return (source,) if source else ()
    pieces = _SUBSTITUTION.split(source)
    texts = pieces[::2]
    if any(_DELIMITER.search(text) for text in texts) or not _DICT_ATTRIBUTES.isdisjoint(pieces[1::2]):
        return None
    if any(text.endswith("{") for text in texts[:-1]):
        return None  # `{{{ x }}` opens at its first brace, not at the second
    program: list[Any] = []
    for index, piece in enumerate(pieces):
        if index % 2:
            program.append(("out", ("var", piece)))
        elif piece:
            program.append(piece)
    return tuple(program)


def lower(chain: "list[nodes.Template]") -> Program | None:
    """Lower a parsed template and those it extends.

    Args:
        chain: The template, then the one it extends, and so on down to the one that extends nothing.

    Returns:
        The program, or None where the template uses more of Jinja than a program can say.
    """
    try:
        return _Lowering(chain).program()
    except Unfit:
        return None


class _Lowering:
    """One lowering: the inheritance chain and, by name, the bodies that override one another, the latest first."""

    def __init__(self, chain: "list[nodes.Template]") -> None:
        from jinja2 import nodes  # noqa: PLC0415 - only lowering needs Jinja

        self.nodes = nodes
        self.chain = chain
        self.blocks: dict[str, list[list[nodes.Node]]] = {}
        for template in chain:
            for block in template.find_all(nodes.Block):
                if block.scoped or block.required:
                    raise Unfit("block")
                self.blocks.setdefault(block.name, []).append(block.body)
        for child in chain[:-1]:
            self._refuse_effects(child)

    def _refuse_effects(self, child: "nodes.Template") -> None:
        # output beside the blocks of a child is dropped by Jinja; anything else there could have an effect
        for node in child.body:
            if isinstance(node, self.nodes.Output):
                if not all(isinstance(part, self.nodes.TemplateData) for part in node.nodes):
                    raise Unfit("output")
            elif not isinstance(node, (self.nodes.Extends, self.nodes.Block)):
                raise Unfit(type(node).__name__)

    def program(self) -> Program:
        return self._body(self.chain[-1].body, None, 0)

    def _body(self, body: "list[nodes.Node]", block: str | None, depth: int) -> Program:
        program: list[Any] = []
        for node in body:
            if isinstance(node, self.nodes.Output):
                for part in node.nodes:
                    self._output(part, block, depth, program)
            elif isinstance(node, self.nodes.If):
                branches = [(node.test, node.body)] + [(each.test, each.body) for each in node.elif_]
                tests = tuple((self._expression(test), self._body(then, block, depth)) for test, then in branches)
                program.append(("if", tests, self._body(node.else_, block, depth)))
            elif isinstance(node, self.nodes.Block):
                program.extend(self._body(self.blocks[node.name][0], node.name, 0))
            else:
                raise Unfit(type(node).__name__)
        return tuple(program)

    def _output(self, part: "nodes.Node", block: str | None, depth: int, program: list[Any]) -> None:
        if isinstance(part, self.nodes.TemplateData):
            program.append(part.data)
        elif isinstance(part, self.nodes.Call) and self._is_super(part):
            if block is None or depth + 1 >= len(self.blocks[block]):
                raise Unfit("super")
            program.extend(self._body(self.blocks[block][depth + 1], block, depth + 1))
        elif isinstance(part, self.nodes.Filter) and part.name == "tojson" and part.node is not None:
            # only as the last filter: its result is Markup, which behaves unlike a string under further ones
            self._refuse_arguments(part, 0)
            program.append(("out", ("call", "tojson", self._expression(part.node), ())))
        else:
            program.append(("out", self._expression(part)))

    def _is_super(self, call: "nodes.Call") -> bool:
        return isinstance(call.node, self.nodes.Name) and call.node.name == "super" and not call.args

    def _refuse_arguments(self, call: "nodes.Call | nodes.Filter", count: int) -> tuple[Any, ...]:
        if call.kwargs or call.dyn_args or call.dyn_kwargs or len(call.args) != count:
            raise Unfit("arguments")
        values = [argument.value for argument in call.args if isinstance(argument, self.nodes.Const)]
        if len(values) != count or not all(isinstance(value, str) for value in values):
            raise Unfit("arguments")
        return tuple(values)

    def _expression(self, node: "nodes.Node") -> tuple[Any, ...]:
        n = self.nodes
        if isinstance(node, n.Getattr) and isinstance(node.node, n.Name) and node.node.name == "cookiecutter":
            # Jinja prefers the attribute to the item: `cookiecutter.items` is the method of the dictionary
            if node.attr in _DICT_ATTRIBUTES:
                raise Unfit(node.attr)
            return ("var", node.attr)
        if isinstance(node, n.Const) and isinstance(node.value, (str, bool, int)):
            return ("const", node.value)
        if isinstance(node, (n.List, n.Tuple)):
            items = [item.value for item in node.items if isinstance(item, n.Const)]
            if len(items) != len(node.items):
                raise Unfit("list")
            return ("const", tuple(items))
        if isinstance(node, n.Filter) and node.node is not None and _FILTERS.get(node.name) is not None:
            if node.name == "tojson":
                raise Unfit("tojson")
            return ("call", node.name, self._expression(node.node), self._refuse_arguments(node, _FILTERS[node.name]))
        if isinstance(node, n.Call) and isinstance(node.node, n.Getattr) and node.node.attr in _METHODS:
            arguments = self._refuse_arguments(node, _METHODS[node.node.attr])
            return ("call", node.node.attr, self._expression(node.node.node), arguments)
        if isinstance(node, n.Not):
            return ("not", self._expression(node.node))
        if isinstance(node, (n.And, n.Or)):
            return (node.operator, self._expression(node.left), self._expression(node.right))
        if isinstance(node, n.Compare) and len(node.ops) == 1 and node.ops[0].op in ("eq", "ne", "in", "notin"):
            return (node.ops[0].op, self._expression(node.expr), self._expression(node.ops[0].expr))
        raise Unfit(type(node).__name__)
