"""Where templates come from: built in, a directory, or a git repository.

A pack is read whole into memory and is nothing but data from then on: reading one starts no program of it, imports no
module of it and follows no link out of it. What a pack would run is for `machgen.hooks`, after consent.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from machgen import __version__
from machgen.entries import Entries, read_directory
from machgen.errors import BadRequest, Surroundings
from machgen.names import printable
from machgen.origin import QUESTIONS_FILE, Origin, Pack
from machgen.tree import File, Tree

BUILTIN = "builtin"
"""How `machgen.toml` and the command line name the pack that comes with machgen."""

MOST_TEMPLATES = 1_000
"""Templates that a menu may offer; menus in menus could multiply without bound."""

# what running a template's own tests leaves in a checkout; git ignores it and no wheel carries it
_LEFTOVERS = frozenset({"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".venv"})
_HOSTS = {"gh": "https://github.com/{}.git", "gl": "https://gitlab.com/{}.git", "bb": "https://bitbucket.org/{}"}
_SCHEME = r"[A-Za-z][A-Za-z0-9+.\-]*:(?://|:)"
_SCP = r"[^/:@\s]+@[^/:\s]+:|\[[0-9A-Fa-f:]+\]:|[^/:@\s]+\.[^/:\s]+:"


def builtin() -> Pack:
    """Return the pack that comes with machgen: this repository's `templates/`, in a wheel the same as package data.

    Raises:
        Surroundings: The installation lacks its templates.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    for directory in (os.path.join(here, "_builtin", "templates"), os.path.join(os.path.dirname(here), "templates")):
        if os.path.isdir(directory):
            return Pack(Origin(BUILTIN, __version__), _Builtin(directory))
    raise Surroundings("the built-in templates are missing from this installation", hint="install machgen again")


class _Builtin(Mapping[str, Tree]):
    """The built-in sources, each read when it is first asked for: making a service reads no shop."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._read: dict[str, Tree] = {}

    def __getitem__(self, name: str) -> Tree:
        if name not in self._read:
            if name not in self:
                raise KeyError(name)
            directory = os.path.join(self._directory, name)
            self._read[name] = read_directory(directory, where=f"templates/{name}", skip=_LEFTOVERS).tree()
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in list(self)

    def __iter__(self) -> Iterator[str]:
        with os.scandir(self._directory) as scan:
            names = [entry.name for entry in scan]
        return iter(sorted(n for n in names if os.path.isfile(os.path.join(self._directory, n, QUESTIONS_FILE))))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def open_pack(source: str | None, *, directory: str = "") -> Pack:
    """Read a pack.

    Args:
        source: None or `builtin` for the built-in pack; a directory that holds templates, is a template, or is a
            cookiecutter menu of templates (nested ones too); a git repository `URL@REF`, where URL may be
            `gh:owner/name`, `gl:…`, `bb:…`, `git@host:owner/name.git`, a file URL or the path of a repository, and
            REF a branch, a tag or a full commit id. A directory that exists is read as it is on disk, unless it is a
            bare repository.
        directory: The directory inside the pack where the templates are, separated by `/`.

    Raises:
        BadRequest: There is no such pack, ref, directory or template in it, or it is not fit to be read.
        Surroundings: git is missing, the network failed, a file cannot be read.
    """
    if source is None or source == BUILTIN:
        if directory:
            raise BadRequest("the built-in pack has no directory to choose", hint="leave --directory out")
        return builtin()
    entries, origin, name = _read(source, directory)
    return Pack(origin, find_templates(entries, name, directory))


def read_rule_files(source: str, directory: str = "") -> dict[str, str]:
    """Return a pack's files of declared rules: those that end in `.yaml` directly in its directory `rules`.

    Args:
        source: A directory or a git repository, as `open_pack` takes it.
        directory: The directory inside the pack where its templates are.

    Returns:
        The file, as errors name it → its text.

    Raises:
        BadRequest: There is no such pack, it has no such file, or one is no text in UTF-8.
        Surroundings: See `open_pack`.
    """
    entries, _, _ = _read(source, directory)
    start = _directory(entries, directory, f"--directory {printable(directory)}") if directory else ""
    below = _join(start, "rules")
    found: dict[str, str] = {}
    for each in entries.names(below) if entries.is_directory(below) else ():
        file = entries.found.get(entries.real(_join(below, each))) if each.endswith((".yaml", ".yml")) else None
        if isinstance(file, File):
            where = f"{entries.where}/{printable(_join(below, each))}"
            try:
                found[where] = file.data.decode("utf-8")
            except UnicodeDecodeError:
                raise BadRequest(f"{where}: not UTF-8", hint="save the file in UTF-8") from None
    if not found:
        raise BadRequest(f"{entries.where}: no rules/*.yaml in it", hint="name a pack that declares rules")
    return found


def _read(source: str, directory: str) -> tuple[Entries, Origin, str]:
    """Read a pack that is not built in: its entries, where they come from, and its name."""
    if "\0" in source or "\0" in directory or not source:
        raise BadRequest(f"not a pack: {printable(source)!r}", hint=_WHAT_A_PACK_IS)
    remote = _repository(source)
    if remote is None:
        entries = read_directory(source, where=source.rstrip("/") or "/")
        return entries, Origin(source, "", directory=directory), os.path.basename(os.path.abspath(source))
    from machgen.gitpack import name_of, read_repository  # noqa: PLC0415 - only packs from git need it

    url, ref = remote
    entries, commit, recorded = read_repository(url, ref)
    return entries, Origin(recorded, ref, commit, directory), name_of(recorded)


_WHAT_A_PACK_IS = "a pack is a directory, or a git repository as URL@REF, gh:owner/name@REF or git@host:path@REF"


def _repository(source: str) -> tuple[str, str] | None:
    """Return the URL and ref that `source` means, or None where it means a directory."""
    if source.startswith("-"):
        raise BadRequest(f"not a pack: {printable(source)!r}", hint=_WHAT_A_PACK_IS)
    host, colon, rest = source.partition(":")
    if colon and host in _HOSTS and not rest.startswith("/"):
        name, ref = _split_ref(rest, 0)
        if not re.fullmatch(r"[^/\s]+(?:/[^/\s]+)+", name):
            raise BadRequest(f"not a pack: {printable(source)!r}", hint=_WHAT_A_PACK_IS)
        return _HOSTS[host].format(name), ref
    if scheme := re.match(_SCHEME, source):
        authority_end = source.find("/", scheme.end())
        return _split_ref(source, len(source) if authority_end < 0 else authority_end)
    if os.path.isdir(source):
        return (os.path.abspath(source), "") if _is_bare(source) else None
    if scp := re.match(_SCP, source):
        return _split_ref(source, scp.end())
    path, ref = _split_ref(source, 0)
    if ref and os.path.isdir(path):
        return os.path.abspath(path), ref
    raise BadRequest(f"no such directory: {printable(source)}", hint=_WHAT_A_PACK_IS)


def _split_ref(source: str, start: int) -> tuple[str, str]:
    """Split `…@REF`. A ref may hold `/` and `@` (`shop@1.2`), a path may begin a part with `@`, but not hold one."""
    at = source.find(".git@", start)
    at = at + 4 if at >= 0 else next((m.start() for m in re.finditer(r"(?<=[^/])@", source) if m.start() > start), -1)
    if at < 0:
        return source, ""
    if not source[at + 1 :]:
        raise BadRequest(f"{printable(source)}: nothing follows the @", hint="name a branch, a tag or a commit")
    return source[:at], source[at + 1 :]


def _is_bare(directory: str) -> bool:
    inside = [os.path.join(directory, name) for name in ("objects", "refs")]
    return os.path.isfile(os.path.join(directory, "HEAD")) and all(os.path.isdir(each) for each in inside)


def find_templates(entries: Entries, name: str, directory: str = "") -> dict[str, Tree]:
    """Find the templates of a pack.

    Args:
        entries: What the pack holds.
        name: The name of the template, should the pack be just one.
        directory: The directory inside the pack to look in.

    Returns:
        Template name → raw directory, in the order of the menu or of the names.

    Raises:
        BadRequest: There is no such directory, no template, or a `cookiecutter.json` is broken.
    """
    start = ""
    if directory:
        start = _directory(entries, directory, f"--directory {printable(directory)}")
        name = start.rsplit("/", 1)[-1] or name
    found = _found(entries, start, name, ())
    if not found:
        raise BadRequest(
            f"{entries.where}: no template in {printable(start) or 'it'}: "
            f"no {QUESTIONS_FILE} there or one directory below",
            hint="name the directory of the templates with --directory",
        )
    return found


def _found(entries: Entries, directory: str, name: str, menus: tuple[str, ...]) -> dict[str, Tree]:
    questions = _questions(entries, directory)
    found: dict[str, Tree] = {}
    if questions is None:
        for each in entries.names(directory):
            path = _join(directory, each)
            if _join(path, QUESTIONS_FILE) in entries.found:
                found |= _found(entries, path, each, menus)
    elif "templates" in questions or "template" in questions:
        where = f"{entries.where}/{printable(_join(directory, QUESTIONS_FILE))}"
        if directory in menus:
            raise BadRequest(f"{where}: this menu of templates offers itself", hint="mend the paths in the menu")
        for entry, path in _menu(questions, where):
            found |= _offered(entries, directory, entry, path, menus)
            if len(found) > MOST_TEMPLATES:
                raise BadRequest(f"{where}: more than {MOST_TEMPLATES} templates")
    else:
        found[name] = entries.tree(directory, _copied(questions))
    return found


def _offered(entries: Entries, directory: str, entry: str, path: str, menus: tuple[str, ...]) -> dict[str, Tree]:
    """Return what the entry `entry` of the menu in `directory` offers at `path`."""
    what = f"{entries.where}/{printable(_join(directory, QUESTIONS_FILE))}: the template {printable(entry)!r}"
    below = _directory(entries, path, what, directory)
    if _questions(entries, below) is None:
        raise BadRequest(f"{what} has no {QUESTIONS_FILE} in {printable(path)}")
    offered = _found(entries, below, "", (*menus, directory))
    return {f"{entry}/{name}" if name else entry: tree for name, tree in offered.items()}


def _join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def _questions(entries: Entries, directory: str) -> dict[str, Any] | None:
    path = _join(directory, QUESTIONS_FILE)
    if path not in entries.found:
        return None
    file = entries.found.get(entries.real(path))
    if not isinstance(file, File):
        raise BadRequest(f"{entries.where}/{printable(path)}: is a directory")
    return read_questions(file.data, f"{entries.where}/{printable(path)}")


def read_questions(data: bytes, where: str) -> dict[str, Any]:
    """Parse a `cookiecutter.json`.

    Args:
        data: The file's bytes, JSON in UTF-8 (RFC 8259).
        where: The file, as an error names it.

    Returns:
        Its keys and values, in order.

    Raises:
        BadRequest: It is no JSON object; the error names the line.
    """
    try:
        questions = json.loads(data.decode("utf-8"))
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"{where}:{error.lineno}: not valid JSON: {error.msg} (column {error.colno})",
            hint="mend the template's questions",
        ) from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadRequest(f"{where}:{line}: not UTF-8", hint="save the file in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"{where}: holds a number or a nesting that is too large to read") from error
    if not isinstance(questions, dict):
        raise BadRequest(f"{where}:1: the questions are no JSON object", hint='begin with {"project_slug": "…"}')
    return questions


def _menu(questions: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
    """Return the names and paths of a menu: `templates` (an object), or the older `template` (a list)."""
    if "templates" in questions:
        menu = questions["templates"]
        if (
            menu
            and isinstance(menu, dict)
            and all(isinstance(v, dict) and isinstance(v.get("path"), str) for v in menu.values())
        ):
            return [(name, entry["path"]) for name, entry in menu.items()]
        raise BadRequest(f'{where}: "templates" is not a menu', hint='write {"name": {"path": "directory"}, …}')
    labels = questions["template"]
    matches = [re.search(r"\((.+)\)", each) if isinstance(each, str) else None for each in _list(labels)]
    paths = [match[1] for match in matches if match]
    if not paths or len(paths) != len(matches):
        raise BadRequest(f'{where}: "template" is not a menu', hint='write ["What it is (directory)", …]')
    return [(os.path.normpath(path), path) for path in paths]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _directory(entries: Entries, path: str, what: str, below: str = "") -> str:
    """Return the real directory at `path`, which a user or a menu named, seen from the directory `below`."""
    if path.startswith("/"):
        raise BadRequest(f"{what}: an absolute path does not name a directory of the pack")
    try:
        real = entries.real(_join(below, path))
    except BadRequest as error:
        raise BadRequest(f"{what}: no such directory in {entries.where}") from error
    if not entries.is_directory(real):
        raise BadRequest(f"{what}: not a directory in {entries.where}")
    return real


def _copied(questions: Mapping[str, Any]) -> "_Copied":
    patterns = questions.get("_copy_without_render")
    return _Copied(tuple(each for each in _list(patterns) if isinstance(each, str)))


@dataclass(frozen=True, slots=True)
class _Copied:
    """Which links to directories cookiecutter reads.

    It renders with `os.walk`, which does not enter them, and copies what `_copy_without_render` names with
    `shutil.copytree`, which does. Beside the project directory (`templates/`, `hooks/`) they are read by name.
    """

    patterns: tuple[str, ...]

    def __call__(self, path: str) -> bool:
        root, _, rest = path.partition("/")
        if "cookiecutter" not in root or not rest:
            return True
        from fnmatch import fnmatch  # noqa: PLC0415 - links to directories are rare

        parts = rest.split("/")
        ways = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        return any(fnmatch(way, pattern) for way in ways for pattern in self.patterns)
