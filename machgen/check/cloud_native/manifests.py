"""What the Kubernetes rules share: what there is to judge, and what a workload is for."""

from collections.abc import Iterator
from typing import Any

from machgen.check.dockerfile import dockerfiles, image_name
from machgen.check.document import Map, dig
from machgen.check.facts import Facts
from machgen.check.image_use import containers_of
from machgen.check.kubernetes import Object, Pods, cluster
from machgen.check.manifest import Manifest
from machgen.check.model import Answer, NotApplicable, Role, Unknown
from machgen.check.roots import DATABASES, Root, root_of

MANIFESTS = "the repository has Kubernetes manifests, plain or for Kustomize"


def unjudged(facts: Facts) -> Iterator[Answer]:
    """Say what of the manifests cannot be judged; every Kubernetes rule begins with it."""
    found = facts.once(cluster)
    for reason in found.open:
        yield Unknown(reason)
    if not found.objects and not found.open:
        yield NotApplicable("no Kubernetes manifests")


def keeps_data(workload: Object) -> bool:
    """Whether a workload runs a database or broker, so that rules about replicas are for its operator to answer."""
    return workload.kind == "StatefulSet" or any(
        image_name(str(each.get("image") or "")).short in DATABASES for each in workload.containers
    )


def root_of_workload(facts: Facts, workload: Object) -> Root | None:
    """Return the root whose image a workload runs, as far as names tell."""
    return facts.once(_roots_by_workload).get((workload.kind, workload.name))


def _roots_by_workload(facts: Facts) -> dict[tuple[str, str], Root]:
    found: dict[tuple[str, str], Root] = {}
    for dockerfile in facts.once(dockerfiles):
        root = root_of(facts, dockerfile.path)
        for workload, _ in containers_of(facts, dockerfile):
            if root is not None:
                found[workload.kind, workload.name] = root
    return found


def root_of_container(facts: Facts, workload: Object, container: Map) -> Root | None:
    """Return the root whose image a container runs; None for a side car that is built elsewhere."""
    root = root_of_workload(facts, workload)
    for dockerfile in root.dockerfiles if root else ():
        if any(each is container for _, each in containers_of(facts, dockerfile)):
            return root
    return None


def is_tool(facts: Facts, workload: Object) -> bool:
    """Whether a workload is a load generator, a job or another tool."""
    root = root_of_workload(facts, workload)
    return root is not None and root.role in {Role.TOOL, Role.DATA}


def services_of(facts: Facts, workload: Object) -> list[Object]:
    """Return the Services that send traffic to a workload's pods."""
    return [
        each
        for each in facts.once(_services_by_workload).get((workload.kind, workload.name), ())
        if same_namespace(each, workload)
    ]


def _services_by_workload(facts: Facts) -> dict[tuple[str, str], list[Object]]:
    found: dict[tuple[str, str], list[Object]] = {}
    running = Pods(facts.once(cluster).objects)
    for each in facts.once(cluster).of("Service"):
        if selector := dig(each.node, "spec", "selector"):
            for workload in running.selected(selector):
                behind = found.setdefault((workload.kind, workload.name), [])
                if each not in behind[-1:]:
                    behind.append(each)
    return found


def same_namespace(one: Object, other: Object) -> bool:
    """Whether two objects may be in one namespace: the same, or one that the manifest leaves open."""
    return one.namespace == other.namespace or not one.namespace or not other.namespace


def autoscaler_of(facts: Facts, workload: Object) -> Object | None:
    """Return the autoscaler (HorizontalPodAutoscaler, or KEDA's ScaledObject) of a workload."""
    for each in facts.once(cluster).of("HorizontalPodAutoscaler", "ScaledObject"):
        target = dig(each.node, "spec", "scaleTargetRef")
        if dig(target, "name") == workload.name and (dig(target, "kind") or "Deployment") == workload.kind:
            return each
    return None


def replicas(facts: Facts, workload: Object) -> int | None:
    """Return how many pods there are at least; None where that is not a number."""
    scaler = autoscaler_of(facts, workload)
    if scaler is not None:
        key = "minReplicas" if scaler.kind == "HorizontalPodAutoscaler" else "minReplicaCount"
        least = dig(scaler.node, "spec", key)
        return least if isinstance(least, int) else 1
    count = dig(workload.node, "spec", "replicas")
    return 1 if count is None else count if isinstance(count, int) else None


def container_title(workload: Object, container: Map) -> str:
    """What messages call a container."""
    return f"{workload.title}: container {container.get('name', '?')}"


def container_keys(workload: Object, container: Map) -> tuple[str | int, ...]:
    """The keys that lead from a workload to one of its containers."""
    for kind in ("containers", "initContainers"):
        items: Any = workload.pod.get(kind)
        for index, each in enumerate(items if isinstance(items, list) else ()):
            if each is container:
                return (*workload.pod_keys, kind, index)
    return workload.pod_keys


def dependency_manifests(root: Root | None) -> tuple[Manifest, ...]:
    """Return a root's dependency manifests; none without a root."""
    return root.manifests if root else ()
