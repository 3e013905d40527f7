"""What a directory or a commit holds before its links are resolved.

Neither the operating system nor git ever follows a link here: a directory is walked by descriptors, a commit is listed,
and a link is only its text. Where a link leads is then worked out in memory, so that no race and no crafted link can
make machgen read a byte from outside the pack.
"""

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from machgen.errors import BadRequest, MachgenError, Surroundings
from machgen.names import printable
from machgen.tree import File, Tree

LARGEST_PACK = 64 * 1024 * 1024
"""Bytes in all the files of a pack together. A pack is read into memory; the largest public ones hold a few MiB."""

MOST_FILES = 20_000
"""Files and links in a pack."""

DEEPEST = 100
"""Directories below one another in a pack; each one holds a descriptor while it is walked."""

_CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
_NOT_SOURCE = frozenset({".git", ".venv", "venv", ".tox", ".nox", "node_modules", *_CACHES})

_MOST_HOPS = 40
"""Links followed for one path, as in Linux (path_resolution(7))."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link: nothing but its text."""

    text: str


class Entries:
    """The files and links of a pack, by POSIX path relative to its root, as they are found.

    Args:
        where: The directory or repository, as errors name it.
    """

    __slots__ = ("_names", "found", "size", "where")

    def __init__(self, where: str) -> None:
        self.where = where
        self.found: dict[str, File | Link] = {}
        self.size = 0
        self._names: dict[str, set[str]] = {"": set()}

    def add(self, path: str, entry: File | Link) -> None:
        """Add one entry, and the directories above it.

        Raises:
            BadRequest: The pack is larger than a pack may be.
        """
        self.found[path] = entry
        self.size += len(entry.data) if isinstance(entry, File) else 0
        check_bounds(self.where, len(self.found), self.size)
        directory, _, name = path.rpartition("/")
        self.add_directory(directory)
        self._names[directory].add(name)

    def add_directory(self, path: str) -> None:
        """Add a directory, which may stay empty, and those above it."""
        if path not in self._names:
            self._names[path] = set()
            above, _, name = path.rpartition("/")
            self.add_directory(above)
            self._names[above].add(name)

    def is_directory(self, path: str) -> bool:
        """Say whether there is a directory (not a link to one) at `path`; the root is `""`."""
        return path in self._names

    def names(self, directory: str) -> list[str]:
        """Return the names in `directory`, sorted, those of links among them."""
        return sorted(self._names[directory])

    def real(self, path: str, named: str = "") -> str:
        """Return the path of the file or directory that `path` leads to once all links on its way are resolved.

        Args:
            path: A path relative to the root; `..` and `.` are allowed in it.
            named: The link that an error names; `path` itself where empty.

        Raises:
            BadRequest: A link is absolute, leaves the pack, or loops, or there is nothing at the end of it.
        """
        named = named or path
        resolved: list[str] = []
        todo = path.split("/")[::-1]
        hops = 0
        while todo:
            segment = todo.pop()
            if segment in ("", "."):
                continue
            if segment == "..":
                if not resolved:
                    raise self.refusal(named, "leaves the pack")
                resolved.pop()
                continue
            here = "/".join((*resolved, segment))
            entry = self.found.get(here)
            if isinstance(entry, Link):
                hops += 1
                if hops > _MOST_HOPS:
                    raise self.refusal(named, "loops")
                if entry.text.startswith("/"):
                    raise self.refusal(named, "is absolute")
                todo.extend(entry.text.split("/")[::-1])
            elif here in self._names or (entry and not todo):
                resolved.append(segment)
            else:
                raise self.refusal(named, "leads nowhere")
        return "/".join(resolved)

    def tree(self, directory: str = "", follow: Callable[[str], bool] = lambda _: True) -> Tree:
        """Return the files below a directory; a link becomes a copy of what it leads to.

        Args:
            directory: A real directory, as `real` gives it.
            follow: Asked, for each link to a directory, with its path below `directory`; where it says False the
                link is left out.

        Raises:
            BadRequest: A link cannot be resolved inside the pack, or the copies exceed what a pack may hold.
        """
        return Tree(_Copying(self, follow).copy(directory, "", ()))

    def refusal(self, link: str, fault: str) -> BadRequest:
        """Return the error for a link."""
        entry = self.found.get(link)
        shown = f" -> {printable(entry.text)}" if isinstance(entry, Link) else ""
        return BadRequest(
            f"{self.where}: the link {printable(link)}{shown} {fault}",
            hint="a link in a pack has to lead to a file or directory of the same pack",
        )


class _Copying:
    """One resolution of links to copies. What is visited is counted, for links can multiply without bound."""

    def __init__(self, entries: Entries, follow: Callable[[str], bool]) -> None:
        self.entries = entries
        self.follow = follow
        self.visited = 0
        self.size = 0

    def copy(self, real: str, shown: str, chain: tuple[str, ...]) -> Iterator[tuple[str, File]]:
        """Give the files below the directory `real` under the path `shown`; `chain` are the links that led here."""
        found = self.entries.found
        todo = [(real, shown)]
        while todo:
            directory, under = todo.pop()
            for name in self.entries.names(directory):
                path = f"{directory}/{name}" if directory else name
                entry = found.get(path)
                self.visited += entry is not None or len(chain) > 0  # real directories are bounded by their depth
                check_bounds(self.entries.where, self.visited, self.size)
                if entry is None:
                    todo.append((path, f"{under}{name}/"))
                elif isinstance(entry, Link):
                    yield from self._link(path, under + name, (*chain, path))
                else:
                    yield under + name, self._counted(entry)

    def _link(self, path: str, shown: str, chain: tuple[str, ...]) -> Iterator[tuple[str, File]]:
        target = self.entries.real(path)
        file = self.entries.found.get(target)
        if isinstance(file, File):
            yield shown, self._counted(file)
        elif target == "" or len(chain) > _MOST_HOPS or any(each.startswith(f"{target}/") for each in chain):
            raise self.entries.refusal(path, "loops")
        elif self.follow(shown):
            yield from self.copy(target, f"{shown}/", chain)

    def _counted(self, file: File) -> File:
        self.size += len(file.data)
        check_bounds(self.entries.where, 0, self.size)
        return file


def is_source(path: str) -> bool:
    """Say whether a path can be part of a template.

    What tools keep in a checkout (`.git`, virtual environments, caches) is not, or working in the pack would change its
    digest. Inside a project directory everything is: it is what the template renders, or is refused for its name.

    Args:
        path: A path relative to the pack's root.
    """
    for part in path.split("/"):
        if "{{" in part or "cookiecutter." in part:
            return True
        if part in _NOT_SOURCE:
            return False
    return True


def check_bounds(where: str, files: int, size: int) -> None:
    """Refuse a pack of more than `MOST_FILES` files or `LARGEST_PACK` bytes.

    Raises:
        BadRequest: It is larger.
    """
    if files > MOST_FILES:
        raise BadRequest(f"{where}: more than {MOST_FILES:,} files", hint=_SMALLER)
    if size > LARGEST_PACK:
        raise BadRequest(f"{where}: more than {LARGEST_PACK // 2**20} MiB", hint=_SMALLER)


_SMALLER = "name the directory that holds the templates, not one above it"


def read_directory(directory: str, *, where: str = "", skip: Collection[str] = ()) -> Entries:
    """Read everything below a directory, following no link.

    What is no source (see `is_source`) is left out.

    Args:
        directory: The directory; it may itself be a link, as the user named it.
        where: How errors name it.
        skip: Names of files and directories to leave out wherever they stand.

    Returns:
        The files and links.

    Raises:
        BadRequest: There is no such directory, it holds something that is neither file, directory nor link, it is too
            large, or it changed while it was read.
        Surroundings: Something in it cannot be read.
    """
    walk = _Walk(Entries(where or directory), frozenset(skip))
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(walk.entries.where, error) from error
    try:
        walk.directory(descriptor, "", 0)
    finally:
        os.close(descriptor)
    return walk.entries


_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a device",
    stat.S_IFCHR: "a device",
}


@dataclass(frozen=True, slots=True)
class _Walk:
    """One walk through a directory, by descriptors: nothing that is moved or swapped meanwhile can lead it astray."""

    entries: Entries
    skip: frozenset[str]

    def directory(self, descriptor: int, prefix: str, depth: int) -> None:
        if depth > DEEPEST:
            raise BadRequest(f"{self.entries.where}: more than {DEEPEST} directories below one another", hint=_SMALLER)
        for name in sorted(os.listdir(descriptor)):
            path = prefix + _unicode(name)
            if name in self.skip or not is_source(path):
                continue
            try:
                self._entry(descriptor, name, path, depth)
            except OSError as error:
                raise _unreadable(f"{self.entries.where}/{printable(path)}", error) from error

    def _entry(self, descriptor: int, name: str, path: str, depth: int) -> None:
        kind = os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
        if stat.S_ISLNK(kind):
            self.entries.add(path, Link(_unicode(os.readlink(name, dir_fd=descriptor))))
        elif stat.S_ISDIR(kind):
            below = os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=descriptor)
            try:
                self.entries.add_directory(path)
                self.directory(below, f"{path}/", depth + 1)
            finally:
                os.close(below)
        elif stat.S_ISREG(kind):
            self.entries.add(path, self._file(descriptor, name))
        else:
            raise BadRequest(
                f"{self.entries.where}: {printable(path)} is {_KINDS.get(stat.S_IFMT(kind), 'no regular file')}",
                hint="a pack holds files, directories and links; remove it",
            )

    def _file(self, descriptor: int, name: str) -> File:
        file = os.open(name, _OPEN, dir_fd=descriptor)
        try:
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.ELOOP, "not a regular file any more")
            check_bounds(self.entries.where, 0, self.entries.size + status.st_size)
            parts = []
            left = LARGEST_PACK - self.entries.size + 1  # a file that grows while it is read ends here all the same
            while left > 0 and (part := os.read(file, min(left, status.st_size + 1))):
                parts.append(part)
                left -= len(part)
            return File(b"".join(parts), bool(status.st_mode & stat.S_IXUSR))
        finally:
            os.close(file)


def _unicode(name: str) -> str:
    """Return a name in Unicode whatever the locale's encoding is; bytes that are not UTF-8 become surrogates."""
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "surrogateescape")


def _unreadable(path: str, error: OSError) -> MachgenError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
        return BadRequest(f"{path}: not there, or changed while it was read", hint="check the path and run it again")
    return Surroundings(f"cannot read {path}: {error.strerror}")
