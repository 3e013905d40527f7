"""Tree → disk, all or nothing: the only module that writes.

A project is written into a staging directory beside its target and appears there by one rename(2), which POSIX makes
atomic and which refuses a target that is not an empty directory. So whatever happens, and of however many runs at once,
the target holds one complete project or what it held before.

- The staging directory, `.machgen-` and 16 hexadecimal digits, is closed to other users. A live run holds a lock
  (flock(2)) on it, which ends with the process however that ends; the next run on that parent removes what nobody
  holds. Where the file system has no locks, nothing is ever removed.
- Directories that are missing above the target are staged along with it and appear by the same rename.
- Every directory and file is made relative to the descriptor of the directory it stands in, anew and never through a
  symbolic link, so that nothing swapped in meanwhile leads a write elsewhere.
- Files are 0644 or 0755 whatever the umask is: the same tree gives the same files. Directories follow the umask, and
  the target keeps the mode it had: who may enter is the user's affair.
- There is no fsync(2): a power cut right after success can cost file contents, as it can after any `git checkout`.
"""

import errno
import fcntl
import os
import re
import signal
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

from machgen.errors import BadRequest, Surroundings
from machgen.names import check_twins, fault, fold, printable
from machgen.target import ANOTHER, STAGING, Place, failed, locate, mount_point, named, not_empty
from machgen.tree import File, Tree

_RANDOM_BYTES = 8
_STAGED = re.compile(rf"{re.escape(STAGING)}[0-9a-f]{{{2 * _RANDOM_BYTES}}}\Z")
_REMOVALS, _REMOVAL_PAUSE = 20, 0.05  # attempts, seconds
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NOT_EMPTY = frozenset({errno.ENOTEMPTY, errno.EEXIST})
_MOUNT_POINT = frozenset({errno.EBUSY, errno.EXDEV})
_NO_DIRECTORY = frozenset({errno.ENOTDIR, errno.ELOOP})
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def publish(
    tree: Mapping[str, File],
    target: str | os.PathLike[str],
    *,
    own: Mapping[str, File] = Tree(),
    before: Callable[[str], None] | None = None,
    judge: Callable[[str], str | None] = fault,
) -> None:
    """Write a tree to disk: all of it, or nothing.

    Args:
        tree: The files; at least one, for it takes a file to tell a project from an empty directory.
        target: The directory that is to hold them; missing, or an empty directory. Missing parents are made.
        own: `machgen.toml` and the files in `.machgen/`, which no template may render (see `machgen.project`).
        before: Called with the absolute path of the staged project when its files are written and it is not yet at
            its target; what it adds is published too, what it raises leaves nothing behind.
        judge: Says what is wrong with a path in `tree`, or None; `unrendered_fault` for an exported template.

    Raises:
        BadRequest: The target is refused (see `check_target`) or another process was faster; or a name is refused.
        Surroundings: The files cannot be written: disk full, read-only, permission denied. Nothing has changed.
    """
    files = _checked(tree, own, judge)
    place = locate(target)
    with ExitStack() as stack:
        with named(place.shown):
            base = _opened(stack, place.base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            _sweep(base)
        with _staging(base, place.shown) as (name, staging):
            project = _made(stack, place, staging)
            _write(project, files, place.shown)
            if before is not None:
                before(os.path.join(place.base, name, *place.missing))
            with named(place.shown):
                _commit(stack, place, staging, base, os.fstat(project))


def rewrite(staged: str, own: Mapping[str, File]) -> None:
    """Write machgen's own files anew in a staged project, after a hook has changed what they are about.

    Args:
        staged: The staged project, as `before` is given it.
        own: As for `publish`.

    Raises:
        Surroundings: They cannot be written.
    """
    for path, file in own.items():
        place = os.path.join(staged, path)
        with named(printable(path)):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with suppress(FileNotFoundError):
                os.unlink(place)
            descriptor = os.open(place, _NEW_FILE, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                written.write(file.data)
                os.fchmod(descriptor, 0o644)


def replace_files(directory: str | os.PathLike[str], changed: Mapping[str, File]) -> None:
    """Replace files that stand in a directory, each at once: a reader sees the old file or the new one.

    Args:
        directory: Where they stand; they keep their permissions.
        changed: Path below `directory` → what the file becomes.

    Raises:
        Surroundings: A file cannot be written; those before it in path order are.
    """
    for path, file in changed.items():
        parent, name = os.path.split(os.path.join(os.path.realpath(directory), path))
        with named(printable(path)), ExitStack() as stack:
            mode = stat.S_IMODE(os.lstat(os.path.join(parent, name)).st_mode)
            base = _opened(stack, parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            _sweep(base)
            with _staging(base, printable(path)) as (_, staging):
                descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=staging)
                with os.fdopen(descriptor, "wb") as written:
                    written.write(file.data)
                    os.fchmod(descriptor, mode)
                os.replace(name, name, src_dir_fd=staging, dst_dir_fd=base)


def sweep(parent: str | os.PathLike[str]) -> None:
    """Remove the staging directories in `parent` that runs of this user left behind when they were killed.

    Args:
        parent: A directory. Those of live runs in it, and those of other users, are left alone.
    """
    with named(printable(os.fspath(parent))), ExitStack() as stack:
        _sweep(_opened(stack, os.fspath(parent), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))


def unrendered_fault(path: str) -> str | None:
    """Say what is wrong with a path in a template's source, or None: its names may hold what Jinja needs.

    Args:
        path: A path below the template's root, separated by `/`.

    Returns:
        A clause that continues "the name …".
    """
    for segment in path.split("/"):
        if segment in ("", ".", ".."):
            return "leaves the template" if segment == ".." else "holds an empty directory name"
        if not segment.isprintable():
            return "holds a control or invisible character"
        if fold(segment) == ".git":
            return "reaches into `.git`"
    return None


def _checked(tree: Mapping[str, File], own: Mapping[str, File], judge: Callable[[str], str | None]) -> dict[str, File]:
    """Return all files in path order, their names checked once more: this is the last door."""
    for path in tree:
        if found := judge(path):
            raise BadRequest(f"the name {printable(path)!r} {found}", hint="mend the template that renders it")
    for path in own:
        if path != "machgen.toml" and path.rpartition("/")[0] != ".machgen":
            raise ValueError(f"{path!r} is none of machgen's own files")
    files = dict(sorted({**tree, **own}.items()))
    check_twins((path, path) for path in files)
    return files


def _opened(stack: ExitStack, path: str, flags: int, within: int | None = None) -> int:
    descriptor = os.open(path, flags, dir_fd=within)
    stack.callback(os.close, descriptor)
    return descriptor


@contextmanager
def _staging(base: int, shown: str) -> Iterator[tuple[str, int]]:
    """Make a staging directory in `base` and hold its lock; remove what is left in it at the end.

    A signal that would end the run waits until the directory is sure to be removed, and again until it has been.
    """
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        with named(shown):
            name, descriptor = _claim(base)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)
            yield name, descriptor
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
            _remove(name, base)
            os.close(descriptor)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _claim(base: int) -> tuple[str, int]:
    while True:
        name = STAGING + os.urandom(_RANDOM_BYTES).hex()
        os.mkdir(name, 0o700, dir_fd=base)
        # until it is locked, a sweeping process may take it for an abandoned one: then make another
        try:
            descriptor = os.open(name, _DIRECTORY, dir_fd=base)
        except FileNotFoundError:
            continue
        if _lock(descriptor) is not False and _stands(name, base, os.fstat(descriptor)):
            return name, descriptor
        os.close(descriptor)


def _lock(descriptor: int) -> bool | None:
    """Take the lock of a staging directory: True, or False where another process has it, None where there are none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None  # such as NFS, which locks no directories
    return True


def _stands(name: str, within: int, expected: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(name, dir_fd=within, follow_symlinks=False), expected)
    except FileNotFoundError:
        return False


def _sweep(base: int) -> None:
    for name in os.listdir(base):
        if not _STAGED.match(name):
            continue
        try:
            descriptor = os.open(name, _DIRECTORY, dir_fd=base)
        except OSError:
            continue  # gone meanwhile, or none of ours: another user's, a file, a symbolic link
        try:
            found = os.fstat(descriptor)
            ours = found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
            if ours and _lock(descriptor):
                _remove(name, base)
        finally:
            os.close(descriptor)


def _remove(name: str, within: int) -> None:
    """Remove a staging directory; what resists is left to the next run's sweep."""
    try:
        os.rmdir(name, dir_fd=within)
    except OSError:
        pass  # not empty: the run failed, or a hook left something beside the project
    else:
        return
    import shutil  # noqa: PLC0415 - only where something went wrong
    import time  # noqa: PLC0415

    for _ in range(_REMOVALS):
        shutil.rmtree(name, ignore_errors=True, dir_fd=within)
        try:
            os.stat(name, dir_fd=within, follow_symlinks=False)
        except FileNotFoundError:
            return
        # a hook may have made a directory read-only, which protects what is in it; or a program that was started for
        # the run, such as git, outlives it by a moment and still writes
        with suppress(OSError):
            for _, _, _, directory in os.fwalk(name, dir_fd=within):
                os.fchmod(directory, stat.S_IRWXU)
        time.sleep(_REMOVAL_PAUSE)


def _made(stack: ExitStack, place: Place, staging: int) -> int:
    """Make the project's directory, below its missing parents, in the staging directory; return its descriptor."""
    with named(place.shown):
        project = staging
        for name in place.missing:
            os.mkdir(name, dir_fd=project)
            project = _opened(stack, name, _DIRECTORY, project)
        if place.mode is not None:
            os.fchmod(project, place.mode | stat.S_IRWXU)
    return project


def _write(root: int, files: Mapping[str, File], shown: str) -> None:
    """Write the files below the descriptor `root`; they come in path order, so each directory is entered once."""
    above: list[tuple[str, int]] = [("", root)]  # the directories down to the current one, with their descriptors
    path = ""
    try:
        for path, file in files.items():
            directory, _, name = path.rpartition("/")
            if directory != above[-1][0]:
                _enter(directory, above)
            # names are UTF-8 on every machine, whatever the locale says
            descriptor = os.open(name.encode("utf-8"), _NEW_FILE, 0o600, dir_fd=above[-1][1])
            try:
                rest = memoryview(file.data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fchmod(descriptor, 0o755 if file.executable else 0o644)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise failed(f"{shown}/{printable(path)}", error) from error
    finally:
        for _, descriptor in above[1:]:
            os.close(descriptor)


def _enter(directory: str, above: list[tuple[str, int]]) -> None:
    while above[-1][0] and not f"{directory}/".startswith(above[-1][0] + "/"):
        os.close(above.pop()[1])
    here, within = above[-1]
    for name in directory[len(here) :].split("/"):
        if name:  # not before the first slash
            os.mkdir(name.encode("utf-8"), dir_fd=within)
            here, within = f"{here}/{name}" if here else name, os.open(name.encode("utf-8"), _DIRECTORY, dir_fd=within)
            above.append((here, within))


def _commit(stack: ExitStack, place: Place, staging: int, base: int, project: os.stat_result) -> None:
    """Let the project appear at its target."""
    here = staging
    for name in place.missing[:-1]:
        here = _opened(stack, name, _DIRECTORY, here)
    if not _stands(place.missing[-1], here, project):
        raise Surroundings(
            f"{place.shown} was replaced while it was made; nothing was changed",
            hint="see which program changes `.machgen-` directories there, then run the command again",
        )
    try:
        for name in place.missing[:-1]:
            if _renamed(name, staging, base):
                return
            # a parent that was missing has been made meanwhile: the rest is to appear inside it
            staging, base = _opened(stack, name, _DIRECTORY, staging), _opened(stack, name, _DIRECTORY, base)
        if not _renamed(place.missing[-1], staging, base):
            raise not_empty(place.shown)
    except OSError as error:
        if error.errno in _NO_DIRECTORY:
            raise BadRequest(
                f"{place.shown}: a file or a symbolic link appeared there while the project was made", hint=ANOTHER
            ) from error
        if error.errno in _MOUNT_POINT:
            raise mount_point(place.shown) from error
        raise


def _renamed(name: str, source: int, destination: int) -> bool:
    """Move a directory; False where one that is not empty has its name."""
    try:
        os.rename(name, name, src_dir_fd=source, dst_dir_fd=destination)
    except OSError as error:
        if error.errno in _NOT_EMPTY:
            return False
        raise
    return True
