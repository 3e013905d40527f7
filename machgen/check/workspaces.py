"""What links the packages of one repository: a dependency by name that is no registry's, but a sibling's directory.

npm, Yarn and pnpm workspaces, `go.work`, and uv's workspaces.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from machgen.check.document import dig, table
from machgen.check.facts import Facts, join, parent
from machgen.check.lazy_regex import lazy_compile
from machgen.check.vocabulary import whole

if TYPE_CHECKING:
    from machgen.check.manifest import Dependency, Manifest

_WORKSPACE = whole("workspace")


def linked(facts: Facts, found: "Iterable[Manifest]") -> "Iterator[Manifest]":
    """Give manifests whose dependencies know the directory of the sibling that a workspace links them to.

    Args:
        facts: The repository.
        found: All of its manifests.
    """
    every = tuple(found)
    known: dict[tuple[str, str], Manifest] = {}
    for each in every:
        known.setdefault((each.ecosystem, each.name.lower()), each)
    links = {"node": _node_homes(facts, every), "go": _go_uses(facts), "python": ()}
    for manifest in every:
        if manifest.ecosystem == "python" and not facts.mentions(manifest.path, _WORKSPACE):
            yield manifest
        elif manifest.ecosystem in links and len(every) > 1:
            yield _with_links(facts, manifest, known, links[manifest.ecosystem])
        else:
            yield manifest


def _with_links(
    facts: Facts,
    manifest: "Manifest",
    known: "dict[tuple[str, str], Manifest]",
    links: tuple[frozenset[str], ...],
) -> "Manifest":
    dependencies = []
    sources = table(dig(facts.toml(manifest.path), "tool", "uv", "sources")) if manifest.ecosystem == "python" else {}
    members = {name.lower().replace("_", "-") for name, at in sources.items() if dig(at, "workspace") is True}
    for each in manifest.dependencies:
        provider = known.get((manifest.ecosystem, each.name.lower()))
        if each.local is None and provider is not None and provider.directory != manifest.directory:
            together = (
                each.name in members
                or each.constraint.startswith("workspace:")
                or any({manifest.directory, provider.directory} <= directories for directories in links)
            )
            if together and (manifest.ecosystem != "node" or _takes(each, provider)):
                each = each._replace(local=provider.directory)  # noqa: PLW2901 - the same dependency, linked
        dependencies.append(each)
    return manifest._replace(dependencies=tuple(dependencies))


def _takes(asked: "Dependency", provider: "Manifest") -> bool:
    """Whether a workspace links what is asked for: not where another version than its own is (npm Docs, workspaces)."""
    version = re.search(r"\d+", asked.constraint)
    own = re.match(r"\d+", provider.version)
    return asked.constraint.startswith("workspace:") or not version or not own or version[0] == own[0]


def _node_homes(facts: Facts, every: "tuple[Manifest, ...]") -> tuple[frozenset[str], ...]:
    """For each workspace, the directories of its packages."""
    node = [each for each in every if each.ecosystem == "node"]
    homes = {each.directory for each in node if each.workspace}
    homes |= {parent(path) for path in facts.named("pnpm-workspace.yaml")}
    return tuple(
        frozenset(each.directory for each in node if not home or f"{each.directory}/".startswith(f"{home}/"))
        for home in sorted(homes)
    )


_USE = lazy_compile(r"^\s*(?:use\s+)?(?:\(\s*)?\"?(\.{1,2}(?:/[\w./-]*)?)\"?\s*\)?\s*(?://[^\n]*)?$", re.MULTILINE)


def _go_uses(facts: Facts) -> tuple[frozenset[str], ...]:
    """For each `go.work`, the directories that it uses (Go Modules Reference, Workspaces)."""
    return tuple(
        frozenset(
            where for match in _USE.finditer(facts.prose(path)) if (where := join(parent(path), match[1])) is not None
        )
        for path in facts.named("go.work")
        if not facts.is_beside(path)
    )
