"""Where a project may be made: what stands at its target and above it, and what is refused.

Nothing here writes. `machgen.publish` asks again at the very end, by a rename(2) that fails where this would refuse.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from machgen.errors import BadRequest, Surroundings
from machgen.names import fold, printable

STAGING = ".machgen-"
"""What the name of every staging directory begins with."""

ANOTHER = "name a directory that does not exist yet"
_HINTS = {
    errno.ENOSPC: "free some space there, or name a target on another disk",
    errno.EDQUOT: "free some of your quota there, or name a target on another disk",
    errno.EROFS: "name a target on a file system that can be written to",
    errno.EACCES: "name a target in a directory that you may write to",
    errno.EPERM: "name a target in a directory that you may write to",
    errno.ENAMETOOLONG: "name a target with a shorter path",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
}


class Place(NamedTuple):
    """Where a project is to stand.

    Args:
        shown: The target as the user wrote it, safe to show.
        base: The absolute path of the deepest directory on the way to the target that exists.
        missing: The names from there down to the target, the target's own last.
        mode: The permissions of the empty directory that stands at the target, None where nothing does.
    """

    shown: str
    base: str
    missing: tuple[str, ...]
    mode: int | None


def check_target(target: str | os.PathLike[str]) -> None:
    """Refuse a target that `publish` would refuse, before the user has answered a single question.

    Args:
        target: The directory that is to hold the project.

    Raises:
        BadRequest: The target is neither missing nor an empty directory, is the current directory or a mount point,
            stands in a `.git`, or below something that is no directory.
        Surroundings: The directory it is to be made in cannot be written to.
    """
    place = locate(target)
    with named(place.shown):
        # the real user's rights, where `open` asks for the effective user's: they differ only under setuid
        if not os.access(place.base, os.W_OK | os.X_OK):
            read_only = os.statvfs(place.base).f_flag & os.ST_RDONLY
            number = errno.EROFS if read_only else errno.EACCES
            raise OSError(number, os.strerror(number))


def locate(target: str | os.PathLike[str]) -> Place:
    """Find where a project is to stand.

    Args:
        target: The directory that is to hold the project, as the user wrote it.

    Raises:
        BadRequest, Surroundings: As for `check_target`, except that nobody has asked for the right to write yet.
    """
    written = os.fspath(target)
    shown = printable(written)
    if not written:
        raise BadRequest("the target's name is empty", hint=ANOTHER)
    if "\0" in written:
        raise BadRequest(f"{shown}: no path holds a NUL character", hint=ANOTHER)
    with named(shown):
        parts = [part for part in os.path.join(os.getcwd(), written).split("/") if part not in ("", ".")]
        depth = max(len(parts) - 1, 0)
        while not _is_directory("/" + "/".join(parts[:depth])):
            depth -= 1
        base, missing = "/" + "/".join(parts[:depth]), tuple(parts[depth:])
        _refuse_names(shown, base, missing)
        mode = _mode_of_empty(shown, base, missing[0]) if len(missing) == 1 else None
    return Place(shown, base, missing, mode)


def _is_directory(path: str) -> bool:
    """Say whether a parent of the target is a directory; False where it is missing."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        if os.path.islink(path):
            raise BadRequest(
                f"{printable(path)} is a symbolic link to nothing", hint="remove it, or name another target"
            ) from None
        return False
    except NotADirectoryError:
        return False  # the file is further up, and named when its turn comes
    if not stat.S_ISDIR(found.st_mode):
        raise BadRequest(f"{printable(path)} is not a directory", hint="name a target that is not below a file")
    return True


def _refuse_names(shown: str, base: str, missing: tuple[str, ...]) -> None:
    if not missing or missing[-1] == "..":
        raise BadRequest(f"{shown} names no new directory", hint=ANOTHER)
    if ".." in missing:
        raise BadRequest(f"{shown} goes up from a directory that does not exist", hint="name the target without `..`")
    if any(fold(part) == ".git" for part in (*os.path.realpath(base).split("/"), *missing)):
        raise BadRequest(f"{shown} is inside a `.git` directory, which is git's own", hint=ANOTHER)
    if any(part.startswith(STAGING) for part in missing):
        raise BadRequest(
            f"{shown}: names that begin with `{STAGING}` are those of projects in the making",
            hint="name the directory differently",
        )


def _mode_of_empty(shown: str, base: str, name: str) -> int | None:
    """Return the permissions of the empty directory at the target, None where there is nothing; refuse the rest."""
    path = os.path.join(base, name)
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise BadRequest(f"{shown} is a symbolic link", hint=f"remove it, or {ANOTHER}")
    if not stat.S_ISDIR(found.st_mode):
        raise BadRequest(f"{shown} exists and is not a directory", hint=f"remove it, or {ANOTHER}")
    if os.path.samestat(found, os.stat(".")):
        # the rename would put a new directory in its place, and leave the user's shell in the one that is gone
        raise BadRequest(
            f"{shown} is the current directory, which a new project cannot replace",
            hint="name a new directory, such as `./my-service`",
        )
    with os.scandir(path) as entries:
        if next(entries, None) is not None:
            raise not_empty(shown)
    if found.st_dev != os.stat(base).st_dev:
        raise mount_point(shown)
    return stat.S_IMODE(found.st_mode)


def not_empty(shown: str) -> BadRequest:
    """Return the refusal of a directory that holds something."""
    return BadRequest(f"{shown} exists and is not empty", hint=ANOTHER)


def mount_point(shown: str) -> BadRequest:
    """Return the refusal of a directory that rename(2) cannot replace."""
    return BadRequest(f"{shown} is a mount point, which cannot be replaced", hint="name a new directory inside it")


@contextmanager
def named(path: str) -> Iterator[None]:
    """Turn the operating system's errors into one that names the path and the next step."""
    try:
        yield
    except OSError as error:
        raise failed(path, error) from error


def failed(path: str, error: OSError) -> Surroundings:
    """Return the error that a path cannot be written, with the reason and the next step."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    hint = _HINTS.get(error.errno or 0, "look at the file system there, then run the command again")
    return Surroundings(f"cannot write {path}: {reason}; nothing was changed", hint=hint)
