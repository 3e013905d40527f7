"""The first commit of a new project, made where it is staged, so that it is part of all-or-nothing.

The user's name and e-mail count; nothing else of the user's configuration does that could run a program, wait for an
answer or change what is committed: no hook, signature, editor, filter or repository template, and no ignore rules or
attributes but the project's own. git 2.31 or later is needed.
"""

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from machgen.errors import Surroundings

NAME, EMAIL = "machgen", "noreply@machgen.invalid"
"""Who commits where the user has told git nothing; `.invalid` reaches nobody (RFC 2606)."""

_OWN = ("machgen.toml", ".machgen")
_WITHOUT = "install git 2.31 or later, or leave the repository out with `--no-git`"
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.excludesFile=/dev/null",
    "core.attributesFile=/dev/null",
    "core.autocrlf=false",
    "core.safecrlf=false",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
# the staging directory is the user's own even where a mounted file system shows another owner
_STAGED = (*_SETTINGS, "safe.directory=*")
# a work tree around the target may be anybody's: git's own refusal of another user's counts, as do ignore rules
_AROUND = tuple(setting for setting in _SETTINGS if not setting.startswith("core.excludesFile"))
_IDENTITY = ("name", "email")
# the rest of git's variables names another repository, as in a hook that calls machgen, or would undo the above
_KEPT = frozenset(
    {"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"}
    | {f"GIT_{role}_{what}" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL", "DATE")}
)


class WorkTree(NamedTuple):
    """A git work tree that a target lies in, so that the project gets no repository of its own.

    Args:
        root: Its absolute path.
        ignored: Those of machgen's own files, relative to the project, that its ignore rules would keep out of the
            next commit; they have to be added with `git add --force`.
    """

    root: str
    ignored: tuple[str, ...]


def check_installed() -> None:
    """Refuse before anything is asked where a repository is wanted and there is no git.

    Raises:
        Surroundings: There is no `git` on the search path.
    """
    if not any(os.access(os.path.join(directory, "git"), os.X_OK) for directory in os.get_exec_path()):
        raise Surroundings("git is not installed", hint=_WITHOUT)


def work_tree_around(target: str | os.PathLike[str]) -> WorkTree | None:
    """Return the git work tree that a new project at `target` would lie in.

    Args:
        target: A directory; it and its parents need not exist.

    Returns:
        The work tree, or None where there is none or it ignores the target: then the project is on its own.
    """
    path = os.path.realpath(target)
    root = os.path.dirname(path)
    while not _is_work_tree(root):
        if root == os.path.dirname(root):
            return None
        root = os.path.dirname(root)
    own = {os.path.join(path, name): name for name in ("machgen.toml", ".machgen/baseline")}
    ignored = _ignored(root, (path + "/", *own))
    if path + "/" in ignored:
        return None
    return WorkTree(root, tuple(name for place, name in own.items() if place in ignored))


def first_commit(directory: str, message: str) -> None:
    """Make a directory a git repository, on branch `main`, with one commit that holds everything in it.

    What the project's ignore rules match is left out, except for `machgen.toml` and `.machgen/`.

    Args:
        directory: The absolute path of the staged project.
        message: The commit message.

    Raises:
        Surroundings: git is missing, or fails.
    """
    environment = _environment()
    _git(directory, environment, "init", "--quiet", "--initial-branch=main", "--template=")
    environment |= _overrides(_configured(directory, environment), environment)
    _git(directory, environment, "add", "--all")
    own = [name for name in _OWN if os.path.lexists(os.path.join(directory, name))]
    if own:
        _git(directory, environment, "add", "--force", "--", *own)
    _git(directory, environment, "commit", "--quiet", "--allow-empty", "--no-verify", f"--message={message}")


def _is_work_tree(directory: str) -> bool:
    git = os.path.join(directory, ".git")
    # a file in linked work trees and submodules, gitrepository-layout(5)
    return os.path.isfile(git) or os.path.exists(os.path.join(git, "HEAD"))


def _ignored(root: str, paths: tuple[str, ...]) -> frozenset[str]:
    import subprocess  # noqa: PLC0415 - costs as much as writing the project; not every run starts git

    done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
        [*_command(_AROUND), "check-ignore", "-z", "--stdin"],
        cwd=root,
        env=_environment(),
        input="\0".join(paths).encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,  # 1: none is ignored; 128: a repository that git itself refuses to read ignores nothing
    )
    return frozenset(done.stdout.decode("utf-8", "surrogateescape").split("\0"))


def _command(settings: tuple[str, ...]) -> list[str]:
    return ["git", *(part for setting in settings for part in ("-c", setting))]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    # no protocol at all: where a repository lacks an object, it may name a command that fetches it (git-config(1),
    # remote.<name>.promisor and remote.<name>.uploadpack)
    offline = {"GIT_ALLOW_PROTOCOL": "", "GIT_NO_LAZY_FETCH": "1"}
    return kept | offline | {"GIT_TERMINAL_PROMPT": "0", "GIT_EDITOR": ":", "GIT_ATTR_NOSYSTEM": "1", "LC_ALL": "C"}


def _configured(directory: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that name the user, and those of filters, which would run a program on each file."""
    wanted = r"^((user|author|committer)\.(name|email)|filter\..*\.(clean|process|required))$"
    output = _git(directory, environment, "config", "--null", "--get-regexp", wanted, accepted=(0, 1))
    pairs = (entry.partition("\n") for entry in output.split("\0") if entry)
    return {name: value for name, _, value in pairs}


def _overrides(configured: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that fill in who commits and switch filters off."""
    variables = dict(_fallbacks(configured, environment))
    filters = [name for name in configured if name.startswith("filter.")]
    for number, name in enumerate(filters):
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = "false" if name.endswith(".required") else ""
    return variables | {"GIT_CONFIG_COUNT": str(len(filters))}


def _fallbacks(configured: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for role in ("author", "committer"):
        for what, value in zip(_IDENTITY, (NAME, EMAIL), strict=True):
            variable = f"GIT_{role}_{what}".upper()
            given = [environment.get(variable), configured.get(f"{role}.{what}"), configured.get(f"user.{what}")]
            if what == "email":
                given.append(environment.get("EMAIL"))
            if not any(given):
                yield variable, value


def _git(directory: str, environment: Mapping[str, str], *arguments: str, accepted: tuple[int, ...] = (0,)) -> str:
    import subprocess  # noqa: PLC0415 - costs as much as writing the project; not every run starts git

    try:
        done = subprocess.run(  # noqa: S603 - a list of our own arguments, no shell
            [*_command(_STAGED), *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except OSError as error:
        raise Surroundings(f"git cannot be started: {error.strerror}", hint=_WITHOUT) from error
    if done.returncode not in accepted:
        said = " ".join(done.stderr.split()) or f"it ended with status {done.returncode}"
        raise Surroundings(
            f"git {arguments[0]} failed, and nothing was changed: {said}",
            hint="mend what git names, or leave the repository out with `--no-git`",
        )
    return done.stdout
