"""Gradle's version catalogs: the names that builds give to libraries and plugins (Gradle, Version catalogs)."""

import re

from machgen.check.document import Map, dig, table
from machgen.check.facts import Facts, parent

Entries = dict[str, list[tuple[str, str]]]
"""What each name after `libs.` stands for: a library or plugin, or several, each with its version."""


def version_catalog(facts: Facts, path: str) -> Entries:
    """Return the entries of the catalog that a build uses: the nearest `gradle/libs.versions.toml` above it.

    Args:
        facts: The repository.
        path: The build's file.
    """
    where = parent(path)
    while where and f"{where}/gradle/libs.versions.toml" not in facts.known:
        where = parent(where)
    return facts.once(_catalogs).get(f"{where}/gradle/libs.versions.toml".lstrip("/"), {})


def _catalogs(facts: Facts) -> dict[str, Entries]:
    """Every version catalog, by path."""
    return {path: _catalog(facts.toml(path)) for path in facts.named("libs.versions.toml")}


def _catalog(document: Map) -> Entries:
    versions = table(dig(document, "versions"))

    def told(entry: object) -> str:
        given = entry.get("version") if isinstance(entry, Map) else None
        named = versions.get(str(given.get("ref"))) if isinstance(given, Map) else given
        return named if isinstance(named, str) else ""

    found: Entries = {}
    for name, entry in table(dig(document, "libraries")).items():
        if isinstance(entry, str):
            group, _, rest = entry.partition(":")
            artifact, _, version = rest.partition(":")
        elif isinstance(entry, Map):
            module = str(entry.get("module") or f"{entry.get('group')}:{entry.get('name')}")
            (group, _, artifact), version = module.partition(":"), told(entry)
        else:
            continue
        found[_accessor(name)] = [(f"{group}:{artifact}", version)]
    for name, entry in table(dig(document, "plugins")).items():
        plugin = entry.partition(":")[0] if isinstance(entry, str) else str(dig(entry, "id"))
        found[f"plugins.{_accessor(name)}"] = [(f"plugin:{plugin}", told(entry))]
    for name, entry in table(dig(document, "bundles")).items():
        parts = [_accessor(str(each)) for each in entry] if isinstance(entry, list) else []
        found[f"bundles.{_accessor(name)}"] = [each for part in parts for each in found.get(part, ())]
    return found


def _accessor(name: str) -> str:
    """How a build writes the name of an entry."""
    return re.sub(r"[-_.]", ".", name)
