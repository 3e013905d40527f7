"""What the rules about contracts ask of Protocol Buffers: A002, A008, A010-A012, A016, and the copies of L002.

Sources: Protocol Buffers language specification and style guide; Google AIP-158 (pagination), AIP-180 (compatibility);
the WIRE_JSON category of Buf's breaking-change rules.
"""

import re
from collections.abc import Callable, Iterator

from machgen.check.api_first.contracts import owned
from machgen.check.api_first.protobuf import SCALARS, Definition, Field, Message, Method, read_definition
from machgen.check.document import Unreadable
from machgen.check.facts import Facts
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Flaw, Place

_WIRE = (
    frozenset({"int32", "uint32", "int64", "uint64", "bool"}),
    frozenset({"sint32", "sint64"}),
    frozenset({"fixed32", "sfixed32"}),
    frozenset({"fixed64", "sfixed64"}),
    frozenset({"string", "bytes"}),
)
"""Types that read each other's bytes (language guide, Updating a Message Type)."""
_SNAKE = lazy_compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_PAGES = frozenset({"page_size", "page_token", "limit", "cursor", "offset", "page", "max_results", "filter_limit"})
_LARGEST = 2**29 - 1


def definition(facts: Facts, path: str) -> Definition | None:
    """Return what a `.proto` file of these facts defines; None where it cannot be read."""
    known = facts.once(_definitions)
    if path not in known:
        try:
            known[path] = read_definition(path, facts.text(path) or "")
        except Unreadable as error:
            known[path] = error
    found = known[path]
    return found if isinstance(found, Definition) else None


def _definitions(_facts: Facts) -> dict[str, Definition | Unreadable]:
    return {}


def invalid(facts: Facts, path: str) -> Iterator[Flaw]:
    """Give what protoc refuses: a file that is not in the language, names and numbers that are taken or reserved."""
    found = definition(facts, path)
    if found is None:
        error = facts.once(_definitions)[path]
        if isinstance(error, Unreadable):
            yield Flaw(f"the contract cannot be read: {error.reason}", Place(path, error.line), "read")
        return
    for name, line in found.repeated:
        yield Flaw(f"{name} is defined twice", Place(path, line), f"{name}/twice")
    for message in found.messages.values():
        yield from _numbers(path, message)
    if not found.imports:
        yield from _unknown_types(found)


def _numbers(path: str, message: Message) -> Iterator[Flaw]:
    numbers: dict[int, str] = {}
    names: set[str] = set()
    for each in message.fields:
        title, about = f"{message.name}.{each.name}", f"{message.name}.{each.name}/number"
        if each.number in numbers:
            text = f"{title} has the number {each.number} of {numbers[each.number]}"
            yield Flaw(text, Place(path, each.line), about)
        elif not 1 <= each.number <= _LARGEST or 19000 <= each.number <= 19999:
            yield Flaw(f"{title} has the number {each.number}, which no field may have", Place(path, each.line), about)
        elif any(first <= each.number <= last for first, last in message.reserved):
            yield Flaw(f"{title} has the number {each.number}, which is reserved", Place(path, each.line), about)
        if each.name in names or each.name in message.reserved_names:
            taken = "reserved" if each.name in message.reserved_names else "taken"
            yield Flaw(f"the name of {title} is {taken}", Place(path, each.line), f"{title}/name")
        numbers.setdefault(each.number, each.name)
        names.add(each.name)


def _unknown_types(found: Definition) -> Iterator[Flaw]:
    defined = {name.rpartition(".")[2] for name in (*found.messages, *found.enums)}
    for message in found.messages.values():
        for each in message.fields:
            for word in re.findall(r"[\w.]+", each.type.removeprefix("map<")):
                if word not in SCALARS and word.rpartition(".")[2] not in defined and each.type != "group":
                    text = f"{message.name}.{each.name} is of the type {word}, which is not defined"
                    yield Flaw(text, Place(found.path, each.line), f"{message.name}.{each.name}/type")
    for service, (methods, _) in found.services.items():
        for method in methods.values():
            for word in (method.request, method.response):
                if word.rpartition(".")[2] not in defined:
                    text = f"{service}.{method.name} names {word}, which is not defined"
                    yield Flaw(text, Place(found.path, method.line), f"{service}.{method.name}/{word}")


def unpaginated(facts: Facts, path: str) -> Iterator[Flaw]:
    """Give the `List` methods whose answer repeats something and whose request bounds nothing (AIP-158)."""
    found = definition(facts, path)
    for name, (methods, _) in found.services.items() if found and _is_first(facts, found) else ():
        for method in methods.values():
            answer, request = _message(found, method.response), _message(found, method.request)
            if not method.name.startswith("List") or method.streams[1] or answer is None:
                continue
            repeated = any(each.label == "repeated" for each in answer.fields)
            if repeated and not any(each.name in _PAGES for each in (request.fields if request else ())):
                text = f"{name}.{method.name} returns a list without pagination"
                yield Flaw(text, Place(path, method.line), f"{name}.{method.name}/pages")


def _message(found: Definition | None, name: str) -> Message | None:
    return found.messages.get(name.rpartition(".")[2]) if found else None


def misnamed(facts: Facts, path: str) -> Iterator[Flaw]:
    """Give the fields that are not in snake_case, from which generators make each language's own names."""
    for message, each in _own_fields(facts, path):
        if not _SNAKE.fullmatch(each.name):
            text = f"the field {message}.{each.name} is not snake_case, as Protocol Buffers names fields"
            yield Flaw(text, Place(path, each.line), f"{message}.{each.name}")


def typed_as(facts: Facts, path: str, types: frozenset[str], judge: Callable[[str], str]) -> Iterator[Flaw]:
    """Give the fields of these types that `judge` has something to say about.

    Args:
        facts: The repository.
        path: The file.
        types: The types that are judged.
        judge: What is wrong with a field of that name and such a type; empty where nothing is.
    """
    for message, each in _own_fields(facts, path):
        if each.type in types and (said := judge(each.name)):
            yield Flaw(f"{message}.{each.name} {said}", Place(path, each.line), f"{message}.{each.name}/type")


def _own_fields(facts: Facts, path: str) -> Iterator[tuple[str, Field]]:
    found = definition(facts, path)
    yield from _fields(found if found and _is_first(facts, found) else None)


def _is_first(facts: Facts, found: Definition) -> bool:
    """Whether no other service keeps a copy of these services that has been judged before."""
    return not found.package or facts.once(_judged).get((found.package, *sorted(found.services))) == found.path


def _judged(facts: Facts) -> dict[tuple[str, ...], str]:
    """The first file, of those that services have, that defines services of a package."""
    first: dict[tuple[str, ...], str] = {}
    paths = sorted({each.path for known in facts.once(owned).values() for each in known if each.kind == "protobuf"})
    for path in paths:
        if found := definition(facts, path):
            first.setdefault((found.package, *sorted(found.services)), path)
    return first


def _fields(found: Definition | None) -> Iterator[tuple[str, Field]]:
    for message in found.messages.values() if found else ():
        for each in message.fields:
            yield message.name, each


def breaking(before: Definition, after: Definition) -> Iterator[Flaw]:
    """Give what breaks whoever was built from the earlier definition: calls, bytes on the wire, and JSON names.

    Args:
        before: What consumers rely on.
        after: What replaces it, in the same place.
    """
    if before.package != after.package:
        text = (
            f"the package is {after.package or 'none'} and was {before.package or 'none'}: every call has another path"
        )
        yield Flaw(text, Place(after.path, after.package_line), "package")
        return
    for name, (methods, _) in before.services.items():
        if name not in after.services:
            yield Flaw(f"the service {name} is gone", Place(after.path), f"service {name}")
            continue
        now, line = after.services[name]
        for method in methods.values():
            yield from _method(after.path, name, method, now.get(method.name), line)
    used = {each.type for _, each in _fields(before)} | _spoken(before)
    for name, message in before.messages.items():
        if name in after.messages:
            yield from _changed(after, message, after.messages[name])
        elif name in used:
            yield Flaw(f"the message {name} is gone", Place(after.path), f"message {name}")
    for name, enum in before.enums.items():
        values = after.enums[name].values if name in after.enums else {}
        for value, (number, _) in enum.values.items() if name in after.enums else ():
            if value not in values:
                yield Flaw(
                    f"the value {name}.{value} is gone", Place(after.path, after.enums[name].line), f"{name}.{value}"
                )
            elif values[value][0] != number:
                text = f"the value {name}.{value} has the number {values[value][0]} and had {number}"
                yield Flaw(text, Place(after.path, values[value][1]), f"{name}.{value}")


def _spoken(found: Definition) -> set[str]:
    """The messages that methods take and give."""
    methods = [each for known, _ in found.services.values() for each in known.values()]
    return {word for each in methods for word in (each.request, each.response)}


def _method(path: str, service: str, old: Method, new: Method | None, line: int) -> Iterator[Flaw]:
    title = f"{service}.{old.name}"
    if new is None:
        yield Flaw(f"the method {title} is gone", Place(path, line), title)
        return
    for what, was, now in (("takes", old.request, new.request), ("returns", old.response, new.response)):
        if was.rpartition(".")[2] != now.rpartition(".")[2]:
            yield Flaw(f"{title} {what} {now} instead of {was}", Place(path, new.line), f"{title} {what}")
    for what, took, takes in zip(("takes", "returns"), old.streams, new.streams, strict=True):
        if took != takes:
            yield Flaw(
                f"{title} {what} {'a stream' if takes else 'no stream any more'}",
                Place(path, new.line),
                f"{title} {what}",
            )


def _changed(after: Definition, old: Message, new: Message) -> Iterator[Flaw]:
    now = {each.number: each for each in new.fields}
    for each in old.fields:
        title, same = f"{old.name}.{each.name}", now.get(each.number)
        if same is None:
            yield Flaw(f"the field {title} ({each.number}) is gone", Place(after.path, new.line), title)
            continue
        yield from (Flaw(text, Place(after.path, same.line), title) for text in differences(title, each, same))
    kept = {each.number for each in old.fields}
    for each in new.fields:
        if each.number not in kept and each.label == "required":
            text = f"the field {new.name}.{each.name} is new and required"
            yield Flaw(text, Place(after.path, each.line), f"{new.name}.{each.name}")


def differences(title: str, old: Field, new: Field) -> Iterator[str]:
    """Say how two fields of one number differ for who reads one and gets the other.

    Args:
        title: What the first is called.
        old: The first.
        new: The second.
    """
    if old.name != new.name:
        yield f"the field {title} ({old.number}) is now called {new.name}, in JSON too"
    if _short(old.type) != _short(new.type) and not any(old.type in group and new.type in group for group in _WIRE):
        yield f"the field {title} ({old.number}) is of type {new.type} instead of {old.type}"
    if (old.label == "repeated") != (new.label == "repeated"):
        said = "repeated now" if new.label == "repeated" else "not repeated any more"
        yield f"the field {title} ({old.number}) is {said}"
    if new.label == "required" and old.label != "required":
        yield f"the field {title} ({old.number}) is now required"


def _short(type_: str) -> str:
    """A type without the package that may stand before it."""
    return type_ if type_.startswith("map<") else type_.rpartition(".")[2]


def parted(facts: Facts, paths: tuple[str, ...]) -> Iterator[Flaw]:
    """Give where two copies of one package contradict each other; that one holds less is no contradiction.

    Args:
        facts: The repository.
        paths: The files that define services or their messages, by path.
    """
    first: dict[tuple[str, str], tuple[str, Message]] = {}
    methods: dict[tuple[str, str, str], tuple[str, Method]] = {}
    for path in paths:
        found = definition(facts, path)
        if found is None or not found.package:
            continue
        for name, message in found.messages.items():
            other, known = first.setdefault((found.package, name), (path, message))
            theirs = {each.number: each for each in known.fields}
            for each in message.fields if other != path else ():
                same = theirs.get(each.number)
                for text in differences(f"{name}.{each.name}", same, each) if same else ():
                    yield Flaw(
                        f"{path} and {other} part: {text}", Place(path, each.line), f"{name}.{each.name} {other}"
                    )
        for service, (known_methods, _) in found.services.items():
            for method in known_methods.values():
                other, said = methods.setdefault((found.package, service, method.name), (path, method))
                for flaw in _method(path, service, said, method, method.line) if other != path else ():
                    yield Flaw(f"{path} and {other} part: {flaw.message}", flaw.at, f"{flaw.about} {other}")
