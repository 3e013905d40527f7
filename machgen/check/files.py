"""The files of a repository, as a check sees them: what git knows or would add, read on demand, nothing followed out.

A check runs on a `Checkout` (a directory) or on a `Tree` in memory, such as a render that was never written.
"""

import os
import re
import stat
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from machgen.check.ignoring import leaves_out, patterns_of
from machgen.check.lazy_regex import lazy_compile
from machgen.errors import BadRequest
from machgen.tree import Tree

if TYPE_CHECKING:
    import subprocess

LARGEST = 5_000_000
"""Bytes. Larger files are data, not something that a person wrote; they are named in the report and not read."""

_NEVER = frozenset(
    {".yarn", ".git", ".hg", ".svn", ".machgen", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox"}
)
"""Directories that hold what others made; also where no ignore file says so."""


class Files(Protocol):
    """What a check needs of a repository's files."""

    @property
    def paths(self) -> tuple[str, ...]:
        """POSIX paths relative to the repository, sorted."""

    def size(self, path: str) -> int:
        """Bytes of a file in `paths`."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            OSError: It cannot be read.
        """


class TreeFiles:
    """A tree in memory."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.paths = tuple(path for path in tree if not _NEVER & set(path.split("/")[:-1]))

    def size(self, path: str) -> int:
        """See `Files`."""
        return len(self._tree[path].data)

    def read(self, path: str) -> bytes:
        """See `Files`."""
        return self._tree[path].data


class Checkout:
    """A directory, seen as git sees it: what is tracked, and what is new and not ignored.

    Without git, or outside of a repository, every file counts except below directories that hold others' work, and
    what the `.gitignore` files say. Symbolic links are no files here: what they point to inside is found there.

    git begins to look at once and answers when `paths` is first asked for; until then there is time for other work.

    Args:
        directory: The directory to check; it may be a part of a git repository.

    Raises:
        BadRequest: It is not a directory.
    """

    def __init__(self, directory: str) -> None:
        if not os.path.isdir(directory):
            raise BadRequest(f"{directory}: not a directory", hint="name the directory of a repository")
        self.directory = os.path.realpath(directory)
        self.closed: dict[str, str] = {}
        """Directories, and files in them, that may not be looked into, with the reason."""
        self._git = _started(self.directory, *_LISTING)
        self._sizes: dict[str, int] = {}

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """See `Files`."""
        listed = _listed(self.directory, _ended(self._git), self.closed, self._sizes)
        walked = _walk(self.directory, self.closed) if listed is None else listed
        return tuple(sorted(path for path in walked if not _NEVER & set(path.split("/")[:-1])))

    def size(self, path: str) -> int:
        """See `Files`."""
        known = self._sizes.get(path)
        return os.lstat(f"{self.directory}/{path}").st_size if known is None else known

    def read(self, path: str) -> bytes:
        """See `Files`."""
        # not a pipe that nobody writes to, not a device, not the end of a link
        descriptor = os.open(f"{self.directory}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise OSError("not a regular file")
            # without a buffer of Python's, and with room for no more than there is: a check reads thousands of files
            pieces = [os.read(descriptor, min(about.st_size, LARGEST) + 1)]
            while pieces[-1] and sum(map(len, pieces)) <= LARGEST:
                pieces.append(os.read(descriptor, 8192))
            return b"".join(pieces)
        finally:
            os.close(descriptor)


# no protocol at all: where a repository lacks an object, it may name a command that fetches it (git-config(1),
# remote.<name>.promisor and remote.<name>.uploadpack)
_OFFLINE = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1"}


class Revision:
    """A directory as it was at a revision of its git repository; only what rules ask for is read.

    Args:
        directory: The directory to check; it may be a part of a git repository.
        revision: A commit, tag or branch.

    Raises:
        BadRequest: There is no such revision, or no git repository.
    """

    def __init__(self, directory: str, revision: str) -> None:
        self._directory = os.path.realpath(directory)
        # the revision itself, so that no word that a user gives is taken for an option or a path
        named = _git(self._directory, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
        if named is None:
            raise BadRequest(
                f"{revision}: not a revision of the git repository around {directory}",
                hint="name a commit, tag or branch that is here; a shallow clone may have to fetch it first",
            )
        self._commit = named.decode("ascii").strip()
        listed = _git(self._directory, "ls-tree", "-r", "-z", "--long", self._commit) or b""
        self._blobs: dict[str, tuple[str, int]] = {}
        for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
            about, _, path = entry.partition("\t")
            mode, _, blob = about.partition(" blob ")
            if path and mode.startswith("100"):  # a file; no link, no submodule
                name, size = blob.split()
                self._blobs[path] = name, int(size)
        self.paths = tuple(sorted(path for path in self._blobs if not _NEVER & set(path.split("/")[:-1])))
        self._objects: _Objects | None = None

    def size(self, path: str) -> int:
        """See `Files`."""
        return self._blobs[path][1]

    def read(self, path: str) -> bytes:
        """See `Files`."""
        if self._objects is None:
            self._objects = _Objects(self._directory)
        data = self._objects.read(self._blobs[path][0])
        if data is None:
            raise OSError("not in this clone")
        return data


class _Objects:
    """One git process that answers for many objects; it ends with this object."""

    def __init__(self, directory: str) -> None:
        import subprocess  # noqa: PLC0415 - a check of a tree in memory starts no process
        import weakref  # noqa: PLC0415 - see above

        self._process = subprocess.Popen(  # noqa: S603 - no shell; what would run code of the repository is off
            [*_COMMAND, "cat-file", "--batch"],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        weakref.finalize(self, _end, self._process)

    def read(self, name: str) -> bytes | None:
        """Return an object's content; None where it is not here.

        Args:
            name: Its whole name, hexadecimal.
        """
        given, answered = self._process.stdin, self._process.stdout
        if given is None or answered is None:
            return None
        try:
            given.write(name.encode("ascii") + b"\n")
            given.flush()
        except OSError:
            return None
        _, _, size = answered.readline().rstrip(b"\n").rpartition(b" blob ")
        if not size.isdigit():
            return None  # `missing`
        data = answered.read(int(size) + 1)
        return data[:-1] if len(data) == int(size) + 1 else None


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.communicate()


_COMMAND = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false")


def _environment() -> dict[str, str]:
    elsewhere = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return elsewhere | _OFFLINE | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def _git(directory: str, *words: str) -> bytes | None:
    """What git prints; None where it fails or is missing."""
    done = _run(directory, *words)
    return None if done is None else done.stdout


def _run(directory: str, *words: str) -> "subprocess.CompletedProcess[bytes] | None":
    return _ended(_started(directory, *words))


def _started(directory: str, *words: str) -> "subprocess.Popen[bytes] | None":
    """A process of git's; None where there is no git."""
    import subprocess  # noqa: PLC0415 - a check of a tree in memory starts no process

    try:
        return subprocess.Popen(  # noqa: S603 - no shell; what would run code of the repository is off
            [*_COMMAND, *words],
            cwd=directory,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError:
        return None


def _ended(process: "subprocess.Popen[bytes] | None") -> "subprocess.CompletedProcess[bytes] | None":
    """What a process of git's has said; None where it fails, or takes longer than any repository needs."""
    import subprocess  # noqa: PLC0415 - see above

    if process is None:
        return None
    with process:
        try:
            out, err = process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    return subprocess.CompletedProcess(process.args, 0, out, err) if process.returncode == 0 else None


_CLOSED = lazy_compile(r"^warning: could not open directory '(.+?)/?': (.+)$", re.MULTILINE)


_LISTING = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")


def _listed(
    directory: str,
    done: "subprocess.CompletedProcess[bytes] | None",
    closed: dict[str, str],
    sizes: dict[str, int],
) -> list[str] | None:
    """The files that git lists, with their sizes; None where it lists none."""
    if done is None:
        return None
    paths = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    # a directory that git may not look into it leaves out, and says so only here, by its path in the whole repository
    if refused := _CLOSED.findall(done.stderr.decode("utf-8", "surrogateescape")):
        prefix = (_git(directory, "rev-parse", "--show-prefix") or b"").decode("utf-8", "surrogateescape").strip("\n")
        closed.update((path.removeprefix(prefix), reason) for path, reason in refused)
    # a directory that its repository ignores as a whole is listed as empty; it was asked for, so it is walked
    return [path for path in paths if path and _is_plain_file(directory, path, closed, sizes)] or None


def _is_plain_file(directory: str, path: str, closed: dict[str, str], sizes: dict[str, int]) -> bool:
    try:
        about = os.lstat(f"{directory}/{path}")
        sizes[path] = about.st_size
        return stat.S_ISREG(about.st_mode)
    except PermissionError as error:
        closed[path] = error.strerror or str(error)
        return False
    except OSError:
        return False


def _walk(directory: str, closed: dict[str, str]) -> Iterator[str]:
    stack: list[tuple[str, tuple[tuple[str, list[str]], ...]]] = [("", ())]
    while stack:
        below, rules = stack.pop()
        try:
            entries = list(os.scandir(os.path.join(directory, below)))
        except OSError as error:
            closed[below.rstrip("/")] = error.strerror or str(error)
            continue
        if any(entry.name == ".gitignore" and entry.is_file(follow_symlinks=False) for entry in entries):
            rules = (*rules, (below, _patterns(os.path.join(directory, below, ".gitignore"))))
        for entry in entries:
            path = f"{below}{entry.name}"
            if any(leaves_out(patterns, path[len(where) :]) for where, patterns in rules):
                continue
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _NEVER and path.count("/") < 64:
                    stack.append((path + "/", rules))
            elif entry.is_file(follow_symlinks=False):
                yield path


def _patterns(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return patterns_of(file.read(100_000))
    except OSError:
        return []
