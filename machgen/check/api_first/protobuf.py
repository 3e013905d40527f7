"""Protocol Buffers definitions: packages, messages, enumerations and services (language specifications proto2, proto3).

Only what a contract promises is read: options are skipped, extensions and groups are passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from machgen.check.document import Unreadable
from machgen.check.lazy_regex import lazy_compile

_TOKEN = lazy_compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')|"
    r"(?P<word>\.?[A-Za-z_][\w.]*)|(?P<number>[-+]?[0-9][\w.+-]*)|(?P<mark>[{}()\[\]<>;,=:/-])",
    re.DOTALL,
)
_LONGEST = 500_000
"""Characters; people write no such definition."""
_DEEPEST = 60
"""Messages within messages; protoc itself refuses far fewer than a stack holds."""
T = TypeVar("T")
SCALARS = frozenset(
    {
        "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32",
        "sfixed64", "bool", "string", "bytes",
    }
)  # fmt: skip
LABELS = frozenset({"optional", "required", "repeated"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Args:
        name: As written.
        number: Its number on the wire.
        type: As written; `map<K, V>` for a map.
        label: `optional`, `required`, `repeated` or empty.
        line: From 1.
    """

    name: str
    number: int
    type: str
    label: str
    line: int


@dataclass(slots=True)
class Message:
    """One message; `name` holds those around it, with dots."""

    name: str
    line: int
    fields: list[Field] = field(default_factory=list)
    reserved: list[tuple[int, int]] = field(default_factory=list)
    reserved_names: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Enumeration:
    """One enumeration: its values by name, each with number and line."""

    name: str
    line: int
    values: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """One method of a service: what it takes and gives, each perhaps as a stream."""

    name: str
    request: str
    response: str
    streams: tuple[bool, bool]
    line: int


@dataclass(slots=True)
class Definition:
    """What one file defines.

    Args:
        path: The file.
        package: Empty where it names none.
        package_line: Where it does; 1 where it does not.
        imports: The files it imports, as written.
        messages: By name, outer ones and those in them.
        enums: By name.
        services: By name: its methods by name, and its line.
    """

    path: str
    package: str = ""
    package_line: int = 1
    imports: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    enums: dict[str, Enumeration] = field(default_factory=dict)
    services: dict[str, tuple[dict[str, Method], int]] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    """Names that are defined twice, each with its line."""


def read_definition(path: str, text: str) -> Definition:
    """Return what a `.proto` file defines.

    Args:
        path: The file, for messages.
        text: Its content.

    Raises:
        Unreadable: It is not in the language; with the line.
    """
    if len(text) > _LONGEST:
        raise Unreadable(f"larger than {_LONGEST // 1_000} kB: not read as a definition")
    return _Reader(path, text).read()


class _Reader:
    def __init__(self, path: str, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.at = 0
        self.found = Definition(path)

    def read(self) -> Definition:
        while self.at < len(self.tokens):
            word, line = self.take()
            match word:
                case "syntax" | "edition" | "option":
                    self.skip_statement()
                case "import":
                    self.import_()
                case "package":
                    self.found.package, self.found.package_line = self.take()[0], line
                    self.expect(";")
                case "message":
                    self.message("", 0)
                case "enum":
                    self.enum("")
                case "service":
                    self.service()
                case "extend":
                    self.take()
                    self.skip_block()
                case ";":
                    pass
                case _:
                    raise Unreadable(f"`{word}` begins nothing that a .proto file may hold", line)
        return self.found

    def peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def after(self) -> str:
        return self.tokens[self.at + 1][0] if self.at + 1 < len(self.tokens) else ""

    def take(self) -> tuple[str, int]:
        if self.at >= len(self.tokens):
            raise Unreadable("it ends in the middle of a definition", self.tokens[-1][1] if self.tokens else 1)
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, mark: str) -> int:
        word, line = self.take()
        if word != mark:
            raise Unreadable(f"`{mark}` is missing before `{word}`", line)
        return line

    def name(self) -> tuple[str, int]:
        word, line = self.take()
        if not re.fullmatch(r"[A-Za-z_]\w*", word):
            raise Unreadable(f"`{word}` is no name", line)
        return word, line

    def integer(self) -> int:
        word, line = self.take()
        try:
            return int(word, 0) if not re.fullmatch(r"0[0-7]+", word) else int(word, 8)
        except ValueError:
            raise Unreadable(f"`{word}` is no number", line) from None

    def skip_statement(self) -> None:
        depth = 0
        while True:
            word, _ = self.take()
            depth += (word in "{[(") - (word in "}])")
            if word == ";" and depth <= 0:
                return

    def skip_block(self) -> None:
        self.expect("{")
        depth = 1
        while depth:
            word, _ = self.take()
            depth += (word == "{") - (word == "}")

    def skip_options(self) -> None:
        if self.peek() != "[":
            return
        depth = 0
        while True:
            word, _ = self.take()
            depth += (word in "[{") - (word in "]}")
            if depth == 0:
                return

    def import_(self) -> None:
        word, _ = self.take()
        if word in {"public", "weak"}:
            word, _ = self.take()
        self.found.imports.append(word.strip("\"'"))
        self.expect(";")

    def message(self, around: str, depth: int) -> None:
        name, line = self.name()
        made = Message(f"{around}{name}", line)
        self.define(self.found.messages, made.name, made, line)
        self.expect("{")
        self.body(made, depth)

    def body(self, made: Message, depth: int) -> None:
        if depth > _DEEPEST:
            raise Unreadable(f"messages stand in each other more than {_DEEPEST} deep", made.line)
        while True:
            word, line = self.take()
            match word:
                case "}":
                    return
                case ";":
                    continue
                case "message" if self.after() == "{":
                    self.message(f"{made.name}.", depth + 1)
                case "enum" if self.after() == "{":
                    self.enum(f"{made.name}.")
                case "oneof" if self.after() == "{":
                    self.name()
                    self.expect("{")
                    self.body(made, depth + 1)
                case "reserved":
                    self.reserved(made)
                case "option" | "extensions":
                    self.skip_statement()
                case "extend":
                    self.take()
                    self.skip_block()
                case _:
                    self.field(made, word, line)

    def field(self, made: Message, word: str, line: int) -> None:
        label = ""
        if word in LABELS and self.peek() != "=":
            label, (word, line) = word, self.take()
        if word == "map" and self.peek() == "<":
            parts = [self.take()[0] for _ in range(5)]
            word = f"map<{parts[1]}, {parts[3]}>"
        name, line = self.name()
        self.expect("=")
        number = self.integer()
        self.skip_options()
        if word == "group":
            self.skip_block()
        else:
            self.expect(";")
        made.fields.append(Field(name, number, word, label, line))

    def reserved(self, made: Message) -> None:
        while True:
            word, line = self.take()
            if word == ";":
                return
            if word == ",":
                continue
            if word[0] in "\"'" or not word.lstrip("-").isdigit():
                made.reserved_names.add(word.strip("\"'"))
                continue
            first = last = int(word)
            if self.peek() == "to":
                self.take()
                end, line = self.take()
                if end != "max" and not end.isdigit():
                    raise Unreadable(f"`{end}` ends no range", line)
                last = 2**29 - 1 if end == "max" else int(end)
            made.reserved.append((first, last))

    def enum(self, around: str) -> None:
        name, line = self.name()
        made = Enumeration(f"{around}{name}", line)
        self.define(self.found.enums, made.name, made, line)
        self.expect("{")
        while True:
            word, line = self.take()
            if word == "}":
                return
            if word in {"option", "reserved"}:
                self.skip_statement()
            elif word != ";":
                self.expect("=")
                made.values[word] = (self.integer(), line)
                self.skip_options()
                self.expect(";")

    def service(self) -> None:
        name, line = self.name()
        methods: dict[str, Method] = {}
        self.define(self.found.services, name, (methods, line), line)
        self.expect("{")
        while True:
            word, line = self.take()
            if word == "}":
                return
            if word == "option":
                self.skip_statement()
            elif word == "rpc":
                self.method(methods)
            elif word != ";":
                raise Unreadable(f"`{word}` stands where a method is due", line)

    def method(self, methods: dict[str, Method]) -> None:
        name, line = self.name()
        request, takes = self.side()
        word, at = self.take()
        if word != "returns":
            raise Unreadable(f"`returns` is missing before `{word}`", at)
        response, gives = self.side()
        if self.peek() == "{":
            self.skip_block()
        else:
            self.expect(";")
        self.define(methods, name, Method(name, request, response, (takes, gives), line), line)

    def side(self) -> tuple[str, bool]:
        self.expect("(")
        word, _ = self.take()
        stream = word == "stream" and self.peek() != ")"
        if stream:
            word, _ = self.take()
        self.expect(")")
        return word, stream

    def define(self, known: dict[str, T], name: str, made: T, line: int) -> None:
        if name in known:
            self.found.repeated.append((name, line))
        known[name] = made


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, at = 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"{text[at]!r} has no meaning here", line)
        if match.lastgroup != "skip":
            yield match[0], line
        line += match[0].count("\n")
        at = match.end()
