"""M: microservices. One service, one deployable, one database, one team."""

from collections.abc import Iterator

from machgen.check.document import dig
from machgen.check.facts import Facts, join
from machgen.check.model import Answer, Flaw, Level, Place, Role, rule, rules_in
from machgen.check.roots import Root

OWNERS = ("CODEOWNERS", ".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub and GitLab look for code owners."""


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
    if _owned_by_codeowners(facts, root) or _owned_by_catalog(facts, root):
        return
    yield Flaw(
        f"{root.name} has no owner: neither CODEOWNERS nor catalog-info.yaml names one", Place(_anchor(root)), root.path
    )


def _owned_by_codeowners(facts: Facts, root: Root) -> bool:
    for path in OWNERS:
        for line in facts.lines(path) if path in facts.known else ():
            words = line.split(" #")[0].split()
            if len(words) < 2 or words[0].startswith(("#", "[", "^")):
                continue
            pattern = words[0].strip("/").removesuffix("/**").removesuffix("/*")
            if words[0] in {"*", "**", "/"} or (
                pattern and (not root.path or f"{root.path}/".startswith(pattern + "/"))
            ):
                return True
    return False


def _owned_by_catalog(facts: Facts, root: Root) -> bool:
    for name in ("catalog-info.yaml", "catalog-info.yml"):
        path = join(root.path, name) or name
        documents = facts.yaml(path) if path in facts.known else []
        if any(dig(each, "kind") == "Component" and dig(each, "spec", "owner") for each in documents):
            return True
    return False


def _anchor(root: Root) -> str:
    """The file that stands for a root where something is missing from it."""
    if root.dockerfiles:
        return root.dockerfiles[0].path
    return root.manifests[0].path if root.manifests else root.path


RULES = rules_in(vars())
