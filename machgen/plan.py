"""What the text of one template means, decided once: in which order its files come, which are copied, what ends a line.

The rules are cookiecutter's (`cookiecutter.generate`); `machgen.render` follows the plan.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from machgen import program
from machgen.errors import BadRequest
from machgen.names import printable

_TEXT = bytes([9, 10, 13, *range(32, 127)])
_LONGEST_SIGNATURE = 32
"""Bytes: twice the longest of binaryornot's file signatures; judging 512 costs ten times as much."""


class Step(NamedTuple):
    """How one file of the template becomes one file of the project.

    Args:
        source: The file's path below the template's project directory, not rendered.
        name: The path as a program; None where Jinja has to render it.
        content: None to copy the bytes; a program; or the text that Jinja has to render.
        newline: What a rendered newline is written as.
    """

    source: str
    name: program.Program | None
    content: program.Program | str | None
    newline: str = "\n"


class Plan(NamedTuple):
    """What the text of one template means.

    Args:
        steps: Its files, in cookiecutter's order of work.
        texts: Programs of the other texts, by their source: defaults and the project directory's name.
    """

    steps: tuple[Step, ...]
    texts: Mapping[str, program.Program] = MappingProxyType({})


def walk(paths: Iterable[str], is_copied: Callable[[str], bool]) -> Iterator[tuple[str, bool | None]]:
    """Yield the files of a template in cookiecutter's order of work, with how each is treated.

    Args:
        paths: The files below the template's project directory, not rendered.
        is_copied: Says whether a path, of a directory or a file, is one that is only copied.

    Yields:
        The path, and whether it is copied; None where it lies below a directory that is copied as a whole.
    """
    folders: dict[str, tuple[set[str], list[str]]] = {"": (set(), [])}
    for path in paths:
        above = ""
        for part in path.split("/")[:-1]:
            folders.setdefault(above, (set(), []))[0].add(part)
            above = f"{above}/{part}" if above else part
        folders.setdefault(above, (set(), []))[1].append(path)
    yield from _walk_folder("", folders, is_copied)


_Folders = Mapping[str, tuple[set[str], list[str]]]


def _walk_folder(folder: str, folders: _Folders, is_copied: Callable[[str], bool]) -> Iterator[tuple[str, bool | None]]:
    inner, files = folders[folder]
    below = [_inside(folder, name) for name in sorted(inner)]
    copied = [path for path in below if is_copied(path)]
    for path in copied:
        yield from ((file, None) for file in _files_below(path, folders))
    yield from ((file, is_copied(file)) for file in sorted(files))
    for path in below:
        if path not in copied:
            yield from _walk_folder(path, folders, is_copied)


def _files_below(folder: str, folders: _Folders) -> Iterator[str]:
    inner, files = folders[folder]
    yield from sorted(files)
    for name in sorted(inner):
        yield from _files_below(_inside(folder, name), folders)


def _inside(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def newline(data: bytes, configured: object, source: str) -> str:
    """Return what a rendered newline is written as.

    Args:
        data: The template file's bytes.
        configured: The template's `_new_lines`, or a false value.
        source: The file's path, for errors.

    Raises:
        BadRequest: `_new_lines` is no newline, or the file is not UTF-8.
    """
    if configured:
        if configured not in ("\n", "\r", "\r\n"):
            raise BadRequest(f"cookiecutter.json: `_new_lines` is {configured!r}", hint='give "\\n", "\\r\\n" or "\\r"')
        return str(configured)
    if b"\r" not in data:
        return "\n"
    # cookiecutter reads one line and takes the first newline that the decoder saw until then
    with io.TextIOWrapper(io.BytesIO(data), encoding="utf-8") as reader:
        try:
            reader.readline()
        except UnicodeDecodeError as error:
            raise _undecodable(source) from error
        seen = reader.newlines
    return (seen[0] if isinstance(seen, tuple) else seen) or "\n"


def decoded(data: bytes, source: str) -> str:
    """Return a template file's text with every newline as `\\n`; raises `BadRequest` where it is not UTF-8."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _undecodable(source) from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _undecodable(source: str) -> BadRequest:
    return BadRequest(
        f"{printable(source)}: neither UTF-8 text nor binary",
        hint="add it to `_copy_without_render`, or save it as UTF-8",
    )


def is_binary(source: str, data: bytes) -> bool:
    """Judge as cookiecutter does (binaryornot: the name's extension, then the first 512 bytes)."""
    from binaryornot.helpers import CHUNK_SIZE, has_binary_extension  # noqa: PLC0415 - slow to import

    if has_binary_extension(source):
        return True
    chunk = data[:CHUNK_SIZE]
    if chunk.isascii() and not chunk.translate(None, _TEXT):
        # plain ASCII is text unless a file format begins like that (`BM`, `PK`, `%PDF-1.`): its first bytes tell
        chunk = chunk[:_LONGEST_SIGNATURE]
    return _begins_binary(chunk)


@lru_cache(maxsize=4096)  # files of one template begin alike: licences, imports, shebangs
def _begins_binary(chunk: bytes) -> bool:
    from binaryornot.helpers import is_binary_string  # noqa: PLC0415 - see above

    return bool(is_binary_string(chunk))
