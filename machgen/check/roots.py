"""The deployables and libraries of a repository, each with its role and the reason for it.

A root is found by a declaration (`[check.roots]` in machgen.toml, `[tool.machgen.check.roots]` in pyproject.toml), a
container file, a build that makes an image (Jib, buildpacks, .NET), a dependency manifest or a contract; never by the
name of a directory alone.
"""

import posixpath
from typing import NamedTuple

from machgen.check.dependencies import manifests
from machgen.check.dockerfile import Dockerfile, copies, dockerfiles
from machgen.check.document import dig, table
from machgen.check.facts import Facts, is_beside, parent
from machgen.check.manifest import Manifest
from machgen.check.model import Role
from machgen.check.roles import DATABASES, contract_homes, is_below, pack_homes, role_of

__all__ = ("ASIDE", "DATABASES", "Root", "declarations", "files_of", "root_of", "roots", "services")

ASIDE = frozenset(
    {"docker", "deploy", "deployment", "build", "container", "containers", ".docker", "images", "ci", "image", "infra"}
)


class Root(NamedTuple):
    """One deployable or library.

    Args:
        path: Its directory; empty for the repository itself.
        role: What it is.
        reason: Why it is taken for that, as the report shows it.
        dockerfiles: Container files that build it.
        manifests: The dependency manifests in its directory.
        declared: Whether the repository declares it.
        evidence: A file that shows it where there is neither container file nor manifest: its contract.
    """

    path: str
    role: Role
    reason: str
    dockerfiles: tuple[Dockerfile, ...] = ()
    manifests: tuple[Manifest, ...] = ()
    declared: bool = False
    evidence: str = ""

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.path or "this repository"

    @property
    def is_contract_only(self) -> bool:
        """Whether only its contract is here, and what serves it is elsewhere or not yet written."""
        return bool(self.evidence) and not self.dockerfiles and not self.manifests and not self.declared

    def holds(self, path: str) -> bool:
        """Whether a file is in the root's directory or below."""
        return not self.path or path.startswith(self.path + "/")


def roots(facts: Facts) -> tuple[Root, ...]:
    """Return the roots, by path."""
    declared = facts.once(declarations)
    images: dict[str, list[Dockerfile]] = {}
    described: dict[str, list[Manifest]] = {}
    for manifest in facts.once(manifests):
        described.setdefault(manifest.directory, []).append(manifest)
    for dockerfile in facts.once(dockerfiles):
        images.setdefault(_home(dockerfile.path, described, declared), []).append(dockerfile)
    _adopt(images, described, declared)
    places = set(images) | set(declared) | {where for where, found in described.items() if _stands_alone(found)}
    places |= facts.once(pack_homes)
    places |= {where for where in facts.once(contract_homes) if not any(is_below(where, other) for other in places)}
    found = []
    for where in sorted(places):
        containers, around = tuple(images.get(where, ())), tuple(described.get(where, ()))
        if where in declared:
            role, reason = declared[where]
            found.append(Root(where, role, reason, containers, around, declared=True))
        elif not _is_shared(where, containers, around, places):
            role, reason = role_of(facts, where, containers, around)
            evidence = facts.once(contract_homes).get(where, "")
            found.append(Root(where, role, reason, containers, around, evidence=evidence))
    return tuple(root for root in found if not _is_part(root, found))


def _adopt(
    images: dict[str, list[Dockerfile]], described: dict[str, list[Manifest]], declared: dict[str, tuple[Role, str]]
) -> None:
    """Give a container file the manifests of the one directory below it that it takes its program from."""
    for where, containers in images.items():
        if where in described or not where:
            continue
        taken = {
            posixpath.normpath(posixpath.join(where, source))
            for dockerfile in containers
            for stage in dockerfile.stages
            for each, sources, _ in copies(stage)
            for source in sources
            if "from" not in each.flags
        }
        inside = [at for at in described if at != where and is_below(at, where)]
        if len(inside) == 1 and inside[0] in taken and inside[0] not in images and inside[0] not in declared:
            described[where] = described.pop(inside[0])


def _is_shared(where: str, containers: tuple[Dockerfile, ...], around: tuple[Manifest, ...], places: set[str]) -> bool:
    """Whether a directory only holds other roots and a container file that they share."""
    if any(parent(each.path) == where for each in containers) or _stands_alone(list(around)):
        return False
    return any(
        other != where and is_below(other, where) and other.count("/") <= where.count("/") + 1 for other in places
    )


def _is_part(root: Root, found: list[Root]) -> bool:
    """Whether a library is no thing of its own: inside of a deployable, or only what holds the others together."""
    if root.declared or root.role is not Role.LIBRARY or root.dockerfiles:
        return False
    inside = any(each.dockerfiles and each.path != root.path and each.holds(f"{root.path}/x") for each in found)
    return inside or (not root.path and len(found) > 1)


def services(facts: Facts) -> tuple[Root, ...]:
    """Return the roots that serve an API."""
    return tuple(root for root in facts.once(roots) if root.role is Role.SERVICE)


def root_of(facts: Facts, path: str) -> Root | None:
    """Return the innermost root that holds a file."""
    known = facts.once(_by_path)
    where = path
    while where:
        where = parent(where)
        if where in known:
            return known[where]
    return None


def _by_path(facts: Facts) -> dict[str, Root]:
    return {root.path: root for root in facts.once(roots)}


def files_of(facts: Facts, root: Root) -> tuple[str, ...]:
    """Return the production files of a root, without those of roots inside of it."""
    return facts.once(_files_by_root).get(root.path, ())


def _files_by_root(facts: Facts) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for path in facts.paths:
        root = root_of(facts, path)
        if root is not None and not is_beside(path[len(root.path) :]) and not _is_hidden(path):
            found.setdefault(root.path, []).append(path)
    return {where: tuple(paths) for where, paths in found.items()}


def _is_hidden(path: str) -> bool:
    """Whether a file lies in a directory of some tool's own, such as `.semgrep`: no part of the program."""
    return path.startswith(".") or "/." in path.rpartition("/")[0]


def _stands_alone(found: list[Manifest]) -> bool:
    return any(not manifest.workspace for manifest in found)


def _home(path: str, described: dict[str, list[Manifest]], declared: dict[str, tuple[Role, str]]) -> str:
    """The directory that a container file describes: its own, or the one around a `docker/` or `deploy/`."""
    where = parent(path).removesuffix("/src/main/docker")  # where Quarkus puts its container files
    while where and where not in described and where not in declared and where.rpartition("/")[2].lower() in ASIDE:
        where = parent(where)
    return where


def declarations(facts: Facts) -> dict[str, tuple[Role, str]]:
    """Return the roots that the repository declares: directory → role and reason."""
    found: dict[str, tuple[Role, str]] = {}
    tables = (("machgen.toml", ("check", "roots")), ("pyproject.toml", ("tool", "machgen", "check", "roots")))
    for path, keys in tables:
        said = dig(facts.toml(path), *keys) if path in facts.known else None
        for where, role in table(said).items():
            if role in tuple(Role):
                found["" if where == "." else where.strip("/")] = (Role(role), f"declared in {path}")
    return found
