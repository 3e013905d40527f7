"""Rules in Python, from installed distributions: entry points of the group `machgen.rules`.

A plugin is code. It runs only when it is named together with the digest of its files, as a pack's hooks are; nothing
that is read from a repository can name one, and one whose files are in the repository that is judged is refused.
"""

import hashlib
import importlib.util
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from machgen.check.company.rulebook import ID, Rulebook
from machgen.check.model import Answer, Rule
from machgen.errors import BadRequest
from machgen.names import printable

GROUP = "machgen.rules"
"""The group of entry points. Each names an iterable of `machgen.check.model.Rule`."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One installed plugin, not yet loaded.

    Args:
        name: The name of its entry point.
        distribution: The distribution's name and version.
        target: What would be imported, `module:attribute`.
        files: Its Python files and data, absolute, sorted.
        digest: `sha256:` over their names and bytes.
    """

    name: str
    distribution: str
    target: str
    files: tuple[str, ...]
    digest: str
    entry: metadata.EntryPoint


def installed() -> tuple[Plugin, ...]:
    """Return the plugins that are installed beside machgen, by name; nothing of them runs."""
    found = []
    for distribution in metadata.distributions():
        for entry in distribution.entry_points:
            if entry.group == GROUP:
                files, digest = _digest(distribution)
                said = f"{distribution.name} {distribution.version}"
                found.append(Plugin(entry.name, said, entry.value, files, digest, entry))
    return tuple(sorted(found, key=lambda each: (each.name, each.distribution)))


def _digest(distribution: metadata.Distribution) -> tuple[tuple[str, ...], str]:
    """The files that a wheel brought, without what an installer writes beside them (PyPA, recording installs)."""
    kept: dict[str, str] = {}
    for each in distribution.files or ():
        inner = each.as_posix()
        written = ".dist-info/" in inner and not inner.endswith("/entry_points.txt")
        if not (written or inner.startswith("../") or "__pycache__/" in inner):
            kept[inner] = os.path.realpath(str(distribution.locate_file(each)))
    digest = hashlib.sha256()
    for inner in sorted(kept):
        try:
            with open(kept[inner], "rb") as file:
                content = file.read()
        except OSError:
            content = b""
        for part in (inner.encode("utf-8", "surrogateescape"), content):
            digest.update(len(part).to_bytes(8, "big") + part)
    return tuple(sorted(kept.values())), f"sha256:{digest.hexdigest()}"


def load(names: Iterable[str], trust: Iterable[str], judged: Iterable[str]) -> Iterator[Rulebook]:
    """Import the named plugins, one after the other.

    Args:
        names: Names of entry points.
        trust: The digests that the user allows.
        judged: The directories that are judged; code in them is not run.

    Raises:
        BadRequest: There is no such plugin, it is not trusted, it cannot be imported, or what it names is no rules.
    """
    wanted, allowed = list(names), set(trust)
    found = installed() if wanted else ()
    for name in wanted:
        plugin = next((each for each in found if each.name == name), None)
        if plugin is None:
            there = ", ".join(each.name for each in found)
            hint = f"installed are {there}" if there else f"install a distribution with the entry point {GROUP}"
            raise BadRequest(f"no plugin {printable(name)!r}", hint=hint)
        _check(plugin, allowed, [os.path.realpath(each) for each in judged])
        yield Rulebook(tuple(_rules(plugin)))


def _check(plugin: Plugin, allowed: set[str], judged: list[str]) -> None:
    said = f"the plugin {plugin.name} ({plugin.distribution})"
    inside = [each for each in plugin.files for where in judged if each.startswith(where.rstrip(os.sep) + os.sep)]
    if inside:
        raise BadRequest(
            f"{said} is installed in what is judged: {printable(inside[0])}",
            hint="a repository does not judge itself with its own code: install the plugin elsewhere",
        )
    if plugin.digest not in allowed:
        raise BadRequest(
            f"{said} would run {plugin.target}, whose digest is {plugin.digest}",
            hint=f"review it, and allow it with `--trust {plugin.digest}`",
        )
    module = plugin.entry.module
    try:
        spec = importlib.util.find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        spec = None
    origins = [os.path.realpath(each) for each in ([spec.origin] if spec and spec.origin else [])]
    if not origins or origins[0] not in plugin.files:
        raise BadRequest(
            f"{said} imports {module}, which is not among its files",
            hint="install it from a wheel; an editable installation has no digest to trust",
        )


def _rules(plugin: Plugin) -> Iterator[Rule]:
    said = f"the plugin {plugin.name} ({plugin.distribution})"
    try:
        found: Any = list(plugin.entry.load())
    except Exception as error:  # a plugin is code of its own, and may raise anything
        message = f"{said} cannot be loaded: {type(error).__name__}: {printable(str(error))}"
        raise BadRequest(message, hint="mend the plugin, or leave it out") from error
    for each in found:
        if not isinstance(each, Rule) or not ID.match(each.id):
            raise BadRequest(
                f"{said} names {printable(str(getattr(each, 'id', each)))[:80]}, which is no rule of a company's",
                hint="make rules with machgen.check.model.rule; ids are two to twelve capitals and three digits",
            )
        yield each._replace(judge=_guarded(each, said))


def _guarded(rule: Rule, said: str) -> Any:
    def judge(*asked: Any) -> Iterator[Answer]:
        try:
            yield from rule.judge(*asked)
        except Exception as error:
            message = f"{rule.id} of {said} failed: {type(error).__name__}: {printable(str(error))}"
            raise BadRequest(message, hint="mend the plugin, or leave the rule out with --ignore") from error

    return judge
