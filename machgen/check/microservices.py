"""M001-M006: one service, one deployable, one database, one team."""

import posixpath
import re
from collections.abc import Iterator

from machgen.check.compose import compose_services
from machgen.check.databases import Use, database_uses
from machgen.check.document import dig, items
from machgen.check.facts import Facts, join, parent
from machgen.check.kubernetes import cluster
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Answer, Flaw, Level, NotApplicable, Place, Role, Unknown, rule, rules_in
from machgen.check.pipelines import pipelines
from machgen.check.programs import programs
from machgen.check.roots import Root, files_of, root_of, services

OWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub and GitLab look for code owners."""

ONE = NotApplicable("there is one service here")


def anchor(root: Root) -> Place:
    """Return the place that stands for a root where something is missing from it."""
    if root.dockerfiles:
        return Place(root.dockerfiles[0].path)
    return Place(root.manifests[0].path if root.manifests else root.evidence or root.path)


@rule(
    "M001",
    "A service is one deployable",
    level=Level.WARNING,
    source="Newman, Building Microservices (2nd ed. 2021) ch. 1: independent deployability; The Twelve-Factor App, I",
    mend="Give what is deployed by itself a directory, a manifest and a contract of its own.",
    applies_when="a service with a container file",
    roles=(Role.SERVICE,),
)
def one_deployable(_facts: Facts, root: Root) -> Iterator[Answer]:
    """What is released together is one service, what is not is two: two deployables out of one directory share their
    version, their dependencies and their fate. An image for the service's own migrations or database is part of it."""
    if not root.dockerfiles:
        yield NotApplicable("no container file")
    several = programs(root)
    for each in several[1:]:
        yield Flaw(
            f"{root.name} is also deployed as another program than that of {several[0].path}",
            Place(each.path),
            each.path,
        )


@rule(
    "M002",
    "A service has its data to itself",
    level=Level.ERROR,
    source="Newman, Building Microservices ch. 2: hide your databases; Richardson, microservices.io: Database per "
    "service",
    mend="Give each service a database or schema of its own and let others ask its API or listen to its events.",
    applies_when="more than one service, and settings that name their databases",
)
def own_data(facts: Facts) -> Iterator[Answer]:
    """Two services on one schema cannot change it without each other, and each can break the other's rules behind its
    back: they are one service with two processes."""
    if sum(max(1, len(programs(root))) for root in facts.once(services)) < 2:
        yield ONE
        return
    uses = facts.once(database_uses)
    if not uses:
        yield Unknown("no service says which database it uses")
    groups: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        groups.setdefault((use.host, use.database), []).append(use)
    for (host, database), sharing in groups.items():
        owners = list(dict.fromkeys(use.owner for use in sharing))
        if (len(owners) > 1 and not (use_schemas := {use.schema for use in sharing} - {""})) or (
            len(owners) > 1 and len(use_schemas) < len(owners)
        ):
            if script := facts.once(_schema_script):
                yield Unknown(
                    f"whether {' and '.join(owners[:2])} keep to schemas of their own, as {script} makes them"
                )
                continue
            other = next(use for use in sharing if use.owner != owners[0])
            message = f"{owners[0]} and {other.owner} share {database or 'the database'} on {host}"
            level: Level | None = Level.WARNING if all(use.is_program for use in sharing) else None
            yield Flaw(message, other.at, f"{host}/{database}", level=level)
    yield from _shared_volumes(facts)


def _schema_script(facts: Facts) -> str:
    """An SQL file that makes several schemas in one database; empty where there is none."""
    made = re.compile(r"^\s*CREATE\s+SCHEMA\b", re.IGNORECASE | re.MULTILINE)
    scripts = (path for path in facts.ending(".sql") if not facts.is_beside(path))
    return next((path for path in scripts if len(made.findall(facts.prose(path))) > 1), "")


def _shared_volumes(facts: Facts) -> Iterator[Flaw]:
    seen: dict[str, str] = {}
    for workload in facts.once(cluster).workloads:
        for volume in items(workload.pod.get("volumes")):
            claim = dig(volume, "persistentVolumeClaim", "claimName")
            if not isinstance(claim, str) or dig(volume, "persistentVolumeClaim", "readOnly") is True:
                continue
            if seen.setdefault(claim, workload.name) != workload.name and workload.kind not in {"Job", "CronJob"}:
                yield Flaw(
                    f"{seen[claim]} and {workload.name} share the volume {claim}",
                    workload.at(*workload.pod_keys, "volumes"),
                    claim,
                )
    mounted: dict[tuple[str, str], str] = {}
    for service in facts.once(compose_services):
        if service.development or service.context is None:
            continue
        for mount in items(service.node.get("volumes")):
            name, _, rest = str(mount).partition(":")
            if re.fullmatch(r"[A-Za-z][\w-]*", name) and not rest.endswith(":ro"):
                first = mounted.setdefault((service.path, name), service.context)
                if first != service.context:
                    yield Flaw(f"{first} and {service.context} share the volume {name}", service.at("volumes"), name)


@rule(
    "M003",
    "An owner is declared",
    level=Level.WARNING,
    source="Skelton and Pais, Team Topologies (2019); GitHub Docs, About code owners; Backstage descriptor format",
    mend="Name the owning team in CODEOWNERS or in `spec.owner` of the service's catalog-info.yaml.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def owner_declared(facts: Facts, root: Root) -> Iterator[Answer]:
    """One service belongs to one team, which changes, releases and operates it. Where nobody is named, reviews wait and
    incidents look for an owner first."""
    if _owned_by_codeowners(facts, root) or any(dig(each, "spec", "owner") for _, each in components(facts, root)):
        return
    yield Flaw(f"{root.name} has no owner: neither CODEOWNERS nor catalog-info.yaml names one", anchor(root), root.path)


def _owned_by_codeowners(facts: Facts, root: Root) -> bool:
    for path in OWNERS:
        of_section = False
        for line in facts.lines(path) if path in facts.known else ():
            if section := _SECTION.match(line):
                of_section = bool(section[1])
                continue
            words = line.split(" #")[0].split()
            if not words or words[0].startswith("#") or (len(words) < 2 and not of_section):
                continue
            pattern = words[0].strip("/").removesuffix("/**").removesuffix("/*")
            if words[0] in {"*", "**", "/"} or (
                pattern and (not root.path or f"{root.path}/".startswith(pattern + "/"))
            ):
                return True
            # without a slash before its end, a pattern is about every directory of that name (gitignore)
            if words[0].endswith("/") and "/" not in words[0][:-1] and f"/{pattern}/" in f"/{root.path}/":
                return True
    return False


_SECTION = lazy_compile(r"\^?\[[^\]\n]+\](?:\[\d+\])?[ \t]*(@?[^\s#]*)")
"""GitLab's section, and the owner of its paths that name none (GitLab Docs, Code Owners: default owners)."""


def components(facts: Facts, root: Root) -> Iterator[tuple[str, object]]:
    """Give the catalog's Components that describe a root: in its directory, or at the top under its name.

    At the top, a `service` under any name describes the only service that there is.
    """
    name = root.path.rpartition("/")[2]
    alone = len(facts.once(services)) == 1
    for file in ("catalog-info.yaml", "catalog-info.yml"):
        own = join(root.path, file) or file
        for path in dict.fromkeys((own, file)):
            for each in facts.yaml(path) if path in facts.known else ():
                if dig(each, "kind") != "Component":
                    continue
                the_one = alone and dig(each, "spec", "type") == "service"
                if path == own or the_one or dig(each, "metadata", "name") == name:
                    yield path, each


@rule(
    "M004",
    "A service is built, tested and shipped alone",
    level=Level.NOTE,
    source="Newman, Building Microservices ch. 7: one pipeline per service; Humble and Farley, Continuous "
    "Delivery (2010)",
    mend="Limit a pipeline to the service's directory (`paths`, `rules: changes`), or give the service one of its own.",
    applies_when="more than one service in the repository, and readable pipelines",
)
def ships_alone(facts: Facts) -> Iterator[Answer]:
    """A change to one service that waits for the tests and the release of all others is a distributed monolith: the
    slowest of them sets the pace."""
    several = facts.once(services)
    if len(several) < 2:
        yield ONE
        return
    found = [each for each in facts.once(pipelines) if each.system != "action"]
    if not found or not any(each.readable for each in found):
        yield Unknown("no pipeline here can be read" if found else "no pipeline here")
        return
    limited = "\n".join(_limits(facts, each.path) for each in found)
    if re.search(
        r"\bnx affected\b|\bturbo\b.*--(?:filter|affected)|lerna .*--since|pants .*--changed|bazel-diff|"
        r"dorny/paths-filter",
        "\n".join(each.commands for each in found),
    ):
        return
    together = [root for root in several if root.path and not re.search(rf"{re.escape(root.path)}(?:/|\b)", limited)]
    own = {parent(each.path) for each in found}
    together = [root for root in together if not any(each and f"{root.path}/".startswith(each + "/") for each in own)]
    if len(together) == len([root for root in several if root.path]) and together:
        names = ", ".join(root.path for root in together[:3]) + (
            f" and {len(together) - 3} more" if len(together) > 3 else ""
        )
        yield Flaw(
            f"no pipeline is limited to one service: {names} are built and shipped together",
            Place(max(found, key=lambda each: len(each.steps)).path),
            "together",
        )


_LIMIT = lazy_compile(
    r"^( *)(?:- )?(?:paths|changes|matrix|working-directory|include|dir|context)\s*:(.*(?:\n\1 +.*|\n\1- .*|\n\s*$)*)",
    re.MULTILINE,
)


def _limits(facts: Facts, path: str) -> str:
    """The lines of a pipeline that limit it to paths, and those that give a job its directory."""
    text = facts.prose(path)
    blocks = _LIMIT.finditer(text)
    return "\n".join(block[2] for block in blocks)


_NAME = lazy_compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z")


@rule(
    "M005",
    "The software catalog can describe it",
    level=Level.NOTE,
    source="Backstage, Descriptor Format of Catalog Entities: kind Component",
    mend="Add catalog-info.yaml with `metadata.name`, `spec.type`, `spec.lifecycle` and `spec.owner`.",
    applies_when="a service",
    roles=(Role.SERVICE,),
)
def in_catalog(facts: Facts, root: Root) -> Iterator[Answer]:
    """With dozens of services, who owns what, which API it serves and what it depends on must be found without asking
    around. A descriptor beside the code is the one that stays true."""
    found = list(components(facts, root))
    if not found:
        yield Flaw(f"{root.name} has no valid catalog-info.yaml", anchor(root), root.path)
    for path, each in found:
        missing = [key for key in ("type", "lifecycle", "owner") if not dig(each, "spec", key)]
        if not str(dig(each, "apiVersion") or "").startswith("backstage.io/"):
            missing.append("apiVersion backstage.io/v1alpha1")
        if not _NAME.match(str(dig(each, "metadata", "name") or "")):
            missing.append("a valid metadata.name")
        if missing:
            yield Flaw(f"{path} is no valid Component: it lacks {', '.join(missing)}", Place(path), path)


_IMPORT = lazy_compile(r"(?:from\s+|require\(\s*|import\(\s*|import\s+)[\"'](\.\.?/[^\"'\n]+)[\"']")


@rule(
    "M006",
    "Services talk through contracts, not imports",
    level=Level.ERROR,
    source="Newman, Building Microservices ch. 5: beware of sharing code; Parnas, On the Criteria (1972)",
    mend="Call the sibling through its API with a client made from its contract, or move what is shared into a "
    "library.",
    applies_when="more than one service in the repository",
)
def no_sibling_code(facts: Facts) -> Iterator[Answer]:
    """A service that compiles against its sibling's code is deployed with it, breaks with it and shares its tables
    without saying so. Libraries that are made to be shared are something else."""
    several = facts.once(services)
    if len(several) < 2:
        yield ONE
        return
    names = {
        manifest.name: root
        for root in several
        for manifest in root.manifests
        if manifest.name and manifest.ecosystem == "java"
    }
    siblings = {name for each in several if (name := each.path.rpartition("/")[2]).isidentifier()}
    for root in several:
        for manifest in root.manifests:
            for each in manifest.dependencies:
                other = (
                    root_of(facts, f"{each.local}/x")
                    if each.local is not None
                    else names.get(each.name.partition(":")[2])
                )
                if other is not None and other.path != root.path and other.role is Role.SERVICE and each.runtime:
                    yield Flaw(f"{root.name} depends on the code of {other.name}", each.at, other.path)
        for path in files_of(facts, root):
            if path.endswith((".js", ".ts", ".mjs", ".cjs", ".tsx")):
                yield from _imports(facts, root, path)
            elif path.endswith(".py") and any(map(facts.prose(path).__contains__, siblings)):
                yield from _python_imports(facts, root, path)


def _imports(facts: Facts, root: Root, path: str) -> Iterator[Flaw]:
    text = facts.prose(path)
    for match in _IMPORT.finditer(text) if "../" in text else ():
        target = posixpath.normpath(posixpath.join(parent(path), match[1]))
        other = root_of(facts, f"{target}/x")
        if not root.holds(target) and other is not None and other.role is Role.SERVICE and other.path:
            at = Place(path, text.count("\n", 0, match.start()) + 1)
            yield Flaw(f"{root.name} imports {match[1]} of {other.name}", at, f"{path}/{match[1]}")


_PYTHON_IMPORT = lazy_compile(
    r"^[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b|import[ \t]+([A-Za-z_][\w.]*))", re.MULTILINE
)


def _python_imports(facts: Facts, root: Root, path: str) -> Iterator[Flaw]:
    """What a directory above both lets a service import from its sibling, and neither it nor a dependency has."""
    for at, match in facts.grep((path,), _PYTHON_IMPORT):
        module = match[1] or match[2]
        first = module.partition(".")[0]
        above, other = root.path, None
        while above and other is None:
            above = parent(above)
            target = f"{above}/{module.replace('.', '/')}".lstrip("/")
            if f"{target}.py" in facts.known or f"{target}/__init__.py" in facts.known:
                other = root_of(facts, f"{target}/x")
        if (
            other is not None
            and other.role is Role.SERVICE
            and other.path not in {"", root.path}
            and not any(each.needs(first.lower().replace("_", "-")) for each in root.manifests)
            and not any(f"/{first}/" in own or own.endswith(f"/{first}.py") for own in _below(facts, root))
        ):
            yield Flaw(f"{root.name} imports {module} of {other.name}", at, f"{path}/{module}")


def _below(facts: Facts, root: Root) -> Iterator[str]:
    """The paths of a root, from its own directory on."""
    yield from (path[len(root.path) :] for path in facts.below(root.path))


RULES = rules_in(vars())
