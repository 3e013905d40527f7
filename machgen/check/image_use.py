"""Which workloads and compose services run the image that a container file builds."""

from collections.abc import Iterator

from machgen.check.compose import ComposeService, compose_services
from machgen.check.dockerfile import Dockerfile, dockerfiles, image_name
from machgen.check.document import Map, dig, walk
from machgen.check.facts import Facts, join, parent
from machgen.check.kubernetes import WORKLOADS, Object, cluster
from machgen.check.roots import DATABASES, root_of, services


def image_names(facts: Facts, dockerfile: Dockerfile) -> frozenset[str]:
    """Return the names under which a container file's image is known: by compose, by Skaffold, by its root's
    directory."""
    names = {
        image_name(str(each.node["image"])).name
        for each in facts.once(compose_services)
        if each.dockerfile == dockerfile.path and each.node.get("image")
    }
    for path in facts.named("skaffold.yaml"):
        for document in facts.yaml(path):
            for _, value, _, key in walk(dig(document, "build", "artifacts")):
                context = join(parent(path), str(value.get("context", "."))) if isinstance(value, Map) else None
                if isinstance(key, int) and context == parent(dockerfile.path) and value.get("image"):
                    names.add(str(value["image"]))
    root = root_of(facts, dockerfile.path)
    if root is not None and root.path:
        names.add(root.path.rpartition("/")[2])
    return frozenset(names)


def containers_of(facts: Facts, dockerfile: Dockerfile) -> list[tuple[Object, Map]]:
    """Return the workloads and containers that run a container file's image, as far as names tell.

    In a repository with one container file, images that no public name explains are taken for its own.
    """
    names = {name.rpartition("/")[2].lower() for name in image_names(facts, dockerfile)}
    applied = facts.once(cluster)
    root = root_of(facts, dockerfile.path)
    home = root.path if root is not None else ""
    found = _running(facts, applied.workloads, names, home)
    # what only an optional part brings, such as a Kustomize component, is no less how the image is run
    return found or _running(facts, tuple(each for each in applied.everything if each.kind in WORKLOADS), names, home)


def _running(facts: Facts, workloads: tuple[Object, ...], names: set[str], home: str) -> list[tuple[Object, Map]]:
    found = []
    suffix = f"-{home.rpartition('/')[2].lower()}" if home else ""
    for workload in workloads:
        # a manifest that stands with the program: `shop/cart` in `src/cart`, and `shop-cart` too
        beside = bool(suffix) and workload.path.startswith(f"{home}/")
        for container in workload.all_containers:
            image = str(container.get("image") or "")
            short = image_name(image).short.lower()
            if short in names or (beside and short.endswith(suffix)) or (_is_only_one(facts) and _is_own(facts, image)):
                found.append((workload, container))
    return found


def _is_only_one(facts: Facts) -> bool:

    return len(facts.once(dockerfiles)) == 1 and len(facts.once(services)) <= 1


def _is_own(facts: Facts, image: str) -> bool:

    name = image_name(image)
    pulled = {str(each.node.get("image")) for each in facts.once(compose_services) if each.context is None}
    return (
        bool(name.name)
        and image not in pulled
        and name.short not in DATABASES
        and name.short not in {"busybox", "alpine"}
    )


def compose_services_of(facts: Facts, dockerfile: Dockerfile) -> Iterator[ComposeService]:
    """Give the compose services that build a container file."""
    yield from (each for each in facts.once(compose_services) if each.dockerfile == dockerfile.path)
