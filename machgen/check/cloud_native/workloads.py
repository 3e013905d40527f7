"""C102-C104, C106, C107, C111, C116: how pods run."""

import re
from collections.abc import Iterator
from typing import Any

from machgen.check.cloud_native.manifests import (
    MANIFESTS,
    autoscaler_of,
    container_keys,
    container_title,
    is_tool,
    keeps_data,
    replicas,
    root_of_workload,
    same_namespace,
    services_of,
    unjudged,
)
from machgen.check.dockerfile import dockerfiles, image_name
from machgen.check.document import Map, dig, items, maps, table
from machgen.check.facts import Facts, place
from machgen.check.image_use import image_names
from machgen.check.kubernetes import LASTING, Object, cluster, selects
from machgen.check.model import Answer, Edit, Flaw, Level, NotApplicable, Unknown, rule, rules_in


def lasting(facts: Facts) -> list[Object]:
    """Return the workloads that run until they are told to stop."""
    return [each for each in facts.once(cluster).workloads if each.kind in LASTING]


@rule(
    "C102",
    "Resources are requested, memory is limited",
    level=Level.WARNING,
    source="Kubernetes Docs, Resource Management for Pods and Containers; NSA/CISA Kubernetes Hardening Guide 1.2",
    mend="Set `resources.requests` for cpu and memory and `resources.limits.memory`; no cpu limit is needed.",
    applies_when=MANIFESTS,
)
def resources_set(facts: Facts) -> Iterator[Answer]:
    """The scheduler packs pods by their requests: without them a node is filled until it starves everybody. Without a
    memory limit one leak takes the node's other pods with it."""
    yield from unjudged(facts)
    if facts.once(cluster).of("LimitRange"):
        yield Unknown("a LimitRange gives containers defaults")
        return
    for workload in facts.once(cluster).workloads:
        for container in workload.containers:
            given = container.get("resources")
            limits, requests = table(dig(given, "limits")), table(dig(given, "requests"))
            missing = [f"{name} request" for name in ("cpu", "memory") if name not in requests and name not in limits]
            missing += [] if "memory" in limits else ["memory limit"]
            if missing:
                keys = container_keys(workload, container)
                at = workload.at(*keys, "resources") if given else workload.at(*keys, "name")
                message = f"{container_title(workload, container)} has no {', no '.join(missing)}"
                yield Flaw(message, at, f"{workload.title}/{container.get('name')}")


@rule(
    "C103",
    "The security context is restricted",
    level=Level.WARNING,
    source="Kubernetes, Pod Security Standards: restricted; NSA/CISA Kubernetes Hardening Guide 1.2; CIS "
    "Kubernetes 5.2",
    mend="Set runAsNonRoot, readOnlyRootFilesystem, allowPrivilegeEscalation: false, capabilities.drop: [ALL] and "
    "seccompProfile RuntimeDefault.",
    applies_when=MANIFESTS,
    fix="spells `ALL` where that alone is wrong",
)
def security_restricted(facts: Facts) -> Iterator[Answer]:
    """A process that cannot write its own image, gain rights or reach rare system calls gives an intruder little to
    work with. Kubernetes grants all of that unless the manifest says no."""
    yield from unjudged(facts)
    for workload in facts.once(cluster).workloads:
        if dig(workload.pod, "os", "name") == "windows":
            continue
        for container in workload.all_containers:
            missing, fix = _unrestricted(container, workload)
            if missing:
                keys = container_keys(workload, container)
                inner = workload.at(*keys, "securityContext")
                at = inner if "securityContext" in container else workload.at(*keys, "name")
                message = f"{container_title(workload, container)} is not restricted: {', '.join(missing)}"
                yield Flaw(message, at, f"{workload.title}/{container.get('name')}", fix)


def _unrestricted(container: Map, workload: Object) -> tuple[list[str], tuple[Edit, ...]]:
    own = container.get("securityContext")
    pod = workload.pod.get("securityContext")

    def effective(key: str) -> Any:
        value = dig(own, key)
        return dig(pod, key) if value is None else value

    missing = []
    user = effective("runAsUser")
    if effective("runAsNonRoot") is not True and not (isinstance(user, int) and user > 0):
        missing.append("may run as root")
    if dig(own, "readOnlyRootFilesystem") is not True:
        missing.append("writable root")
    if dig(own, "allowPrivilegeEscalation") is not False:
        missing.append("may escalate")
    dropped = items(dig(own, "capabilities", "drop"))
    fix: tuple[Edit, ...] = ()
    if "ALL" not in dropped:
        said = [str(each) for each in dropped if str(each).upper() == "ALL"]
        missing.append(f"drops `{said[0]}`, which must be spelt ALL" if said else "keeps capabilities")
        if said and isinstance(own, Map) and isinstance(capabilities := own.get("capabilities"), Map):
            fix = _spell(capabilities, said[0], workload.path)
    added = {str(each).removeprefix("CAP_") for each in items(dig(own, "capabilities", "add"))}
    if more := sorted(added - {"NET_BIND_SERVICE"} - _CAPABILITIES):
        missing.append(f"adds {', '.join(more)}")
    if dig(effective("seccompProfile"), "type") not in ("RuntimeDefault", "Localhost"):
        missing.append("no seccomp profile")
    return missing, fix if len(missing) == 1 else ()


def _spell(capabilities: Map, said: str, path: str) -> tuple[Edit, ...]:
    drop = capabilities["drop"]
    index = [str(each) for each in drop].index(said)
    at = place(capabilities.path or path, drop, index)
    return (Edit(at.path, at.line, said, "ALL"),)


_MOVING = frozenset(
    {"latest", "main", "master", "trunk", "develop", "dev", "head", "HEAD", "edge", "nightly", "canary"}
)
"""Tags that name a branch or whatever was built last."""


@rule(
    "C104",
    "Images are named by version or digest",
    level=Level.ERROR,
    source="Kubernetes Docs, Configuration Best Practices and Images; NSA/CISA Kubernetes Hardening Guide",
    mend="Name the version that was released, better its digest.",
    applies_when=MANIFESTS,
)
def images_pinned(facts: Facts) -> Iterator[Answer]:
    """`latest` runs whatever is there when a pod happens to start: two pods of one Deployment run different code, and a
    roll-back rolls to nowhere."""
    yield from unjudged(facts)
    filled = facts.once(_filled_by_tools)
    for workload in facts.once(cluster).workloads:
        for container in workload.all_containers:
            text = container.get("image")
            if not isinstance(text, str) or re.search(r"[${<]|\Ako://|REPLACE|PLACEHOLDER|\AIMAGE", text):
                continue
            name = image_name(text)
            at = workload.at(*container_keys(workload, container), "image")
            if name.digest or (not name.tag and name.name in filled):
                continue
            if name.tag in _MOVING or not name.tag:
                said = f"at `{name.tag}`" if name.tag else "without a version"
                yield Flaw(f"{container_title(workload, container)} runs {text} {said}", at, f"{workload.title}/{text}")


def _filled_by_tools(facts: Facts) -> frozenset[str]:
    """Image names without a version that Skaffold, Kustomize or the like fill in."""
    names: set[str] = set()
    for dockerfile in facts.once(dockerfiles):
        names |= image_names(facts, dockerfile)
    for path in facts.named("skaffold.yaml"):
        for document in facts.yaml(path):
            names |= {str(each.get("image")) for each in maps(dig(document, "build", "artifacts"))}
    return frozenset(names)


@rule(
    "C106",
    "A service survives the loss of a node",
    level=Level.WARNING,
    source="Kubernetes Docs, Specifying a Disruption Budget and Run a Stateless Application; Google SRE Book ch. 20",
    mend="Run two replicas or an autoscaler, with a PodDisruptionBudget that leaves one pod to be moved.",
    applies_when=f"{MANIFESTS} with services that keep no state in their pods",
)
def survives_node_loss(facts: Facts) -> Iterator[Answer]:
    """One pod is an outage at every drain of its node. Two pods without a disruption budget can be drained together; a
    budget that allows none to go stops the drain, and with it the cluster's update."""
    yield from unjudged(facts)
    for workload in facts.once(cluster).workloads:
        if workload.kind not in {"Deployment", "Rollout"} or not services_of(facts, workload):
            continue
        if keeps_data(workload) or is_tool(facts, workload):
            continue
        if reason := _holds_state(facts, workload):
            yield NotApplicable(f"{workload.title} {reason}")
            continue
        least = replicas(facts, workload)
        scaler = autoscaler_of(facts, workload)
        if least == 1 and scaler is None:
            at = workload.at("spec", "replicas")
            yield Flaw(f"{workload.title} runs one replica and has no autoscaler", at, workload.title)
        else:
            yield from _budget(facts, workload, least)


def _holds_state(facts: Facts, workload: Object) -> str:
    from machgen.check.cloud_native.state import memory_state  # noqa: PLC0415 - reads sources; few repositories need it

    if dig(workload.node, "spec", "strategy", "type") == "Recreate":
        return "is recreated, not rolled: two of it must not run"
    if any("persistentVolumeClaim" in volume for volume in maps(workload.pod.get("volumes"))):
        return "keeps a volume"
    root = root_of_workload(facts, workload)
    found = memory_state(facts, root) if root else []
    return f"keeps state in memory ({found[0].at.path}:{found[0].at.line})" if found else ""


def _budget(facts: Facts, workload: Object, least: int | None) -> Iterator[Flaw]:
    budgets = [
        each
        for each in facts.once(cluster).of("PodDisruptionBudget")
        if same_namespace(each, workload) and selects(dig(each.node, "spec", "selector"), workload.pod_labels)
    ]
    if not budgets:
        yield Flaw(
            f"{workload.title} has no PodDisruptionBudget", workload.at("metadata", "name"), f"{workload.title} pdb"
        )
    for each in budgets:
        most, fewest = dig(each.node, "spec", "maxUnavailable"), dig(each.node, "spec", "minAvailable")
        blocked = str(most) in {"0", "0%"} or fewest == "100%"
        blocked = blocked or (isinstance(fewest, int) and least is not None and fewest >= least)
        if blocked:
            key = "maxUnavailable" if most is not None else "minAvailable"
            message = f"{each.title} lets no pod of {workload.title} go, so its node can never be drained"
            yield Flaw(message, each.at("spec", key), each.title)


@rule(
    "C107",
    "Replicas are spread",
    level=Level.NOTE,
    source="Kubernetes Docs, Pod Topology Spread Constraints",
    mend="Add topologySpreadConstraints over zones and nodes, or a pod anti-affinity.",
    applies_when=f"{MANIFESTS} with more than one replica",
)
def replicas_spread(facts: Facts) -> Iterator[Answer]:
    """Replicas on one node or in one zone fall together; the scheduler's own defaults only prefer to spread them."""
    yield from unjudged(facts)
    for workload in facts.once(cluster).workloads:
        count = replicas(facts, workload)
        many = autoscaler_of(facts, workload) is not None or (count or 0) > 1
        if workload.kind not in {"Deployment", "Rollout", "StatefulSet"} or not many:
            continue
        spread = list(maps(workload.pod.get("topologySpreadConstraints")))
        if dig(workload.pod, "affinity", "podAntiAffinity"):
            continue
        if not spread:
            message = f"{workload.title} may run all of its replicas on one node"
            yield Flaw(message, workload.at(*workload.pod_keys), workload.title)
        elif not any(_counts(each, workload) for each in spread):
            message = (
                f"{workload.title} may run all of its replicas on one node: its constraints do not select its pods"
            )
            yield Flaw(message, workload.at(*workload.pod_keys, "topologySpreadConstraints"), workload.title)


def _counts(constraint: Map, workload: Object) -> bool:
    """Whether a constraint counts the workload's own pods; without a selector it counts none (Kubernetes Docs, Pod
    Topology Spread Constraints)."""
    selector = constraint.get("labelSelector")
    return "matchLabelKeys" in constraint or (
        isinstance(selector, Map) and (not selector or selects(selector, workload.pod_labels))
    )


_CAPABILITIES = frozenset(
    {"ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "SYS_RAWIO", "BPF"}
)


@rule(
    "C111",
    "Nothing is privileged or reaches into its node",
    level=Level.ERROR,
    source="Kubernetes, Pod Security Standards: baseline; CIS Kubernetes Benchmark 5.2",
    mend="Drop it; if it is the node's agent, run it as a DaemonSet.",
    applies_when=MANIFESTS,
)
def nothing_privileged(facts: Facts) -> Iterator[Answer]:
    """A privileged container, the node's namespaces or its file system are the node itself: whoever has the pod has
    every pod on it. Only agents of the node need that, and a DaemonSet says that it is one."""
    yield from unjudged(facts)
    for workload in facts.once(cluster).workloads:
        if workload.kind == "DaemonSet":
            continue
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if workload.pod.get(key) is True:
                yield Flaw(
                    f"{workload.title} shares the node's {key[4:]}",
                    workload.at(*workload.pod_keys, key),
                    f"{workload.title}/{key}",
                )
        for index, volume in enumerate(maps(workload.pod.get("volumes"))):
            if "hostPath" in volume:
                at = workload.at(*workload.pod_keys, "volumes", index, "hostPath")
                name = dig(volume, "hostPath", "path")
                yield Flaw(f"{workload.title} mounts the node's {name}", at, f"{workload.title}/hostPath/{name}")
        for container in workload.all_containers:
            yield from _privileges(workload, container)


def _privileges(workload: Object, container: Map) -> Iterator[Flaw]:
    keys, title = container_keys(workload, container), container_title(workload, container)
    if dig(container, "securityContext", "privileged") is True:
        yield Flaw(f"{title} is privileged", workload.at(*keys, "securityContext", "privileged"), f"{title}/privileged")
    added = [str(each).removeprefix("CAP_") for each in items(dig(container, "securityContext", "capabilities", "add"))]
    if wide := sorted(set(added) & _CAPABILITIES):
        at = workload.at(*keys, "securityContext", "capabilities", "add")
        yield Flaw(f"{title} is given {', '.join(wide)}", at, f"{title}/capabilities")
    for index, port in enumerate(maps(container.get("ports"))):
        if port.get("hostPort"):
            at = workload.at(*keys, "ports", index, "hostPort")
            yield Flaw(f"{title} takes the node's port {port['hostPort']}", at, f"{title}/hostPort")


@rule(
    "C116",
    "An autoscaler has the number of replicas to itself",
    level=Level.WARNING,
    source="Kubernetes Docs, Horizontal Pod Autoscaling: migrating Deployments and StatefulSets to horizontal "
    "autoscaling",
    mend="Remove `replicas` from the workload and set `minReplicas` on the autoscaler.",
    applies_when=f"{MANIFESTS} with an autoscaler",
)
def replicas_free(facts: Facts) -> Iterator[Answer]:
    """With `replicas` in the manifest every deployment sets the number back, in the middle of the rush that the
    autoscaler had scaled up for."""
    yield from unjudged(facts)
    scaled = [(each, scaler) for each in facts.once(cluster).workloads if (scaler := autoscaler_of(facts, each))]
    if not scaled:
        yield NotApplicable("no autoscaler")
    for workload, scaler in scaled:
        if dig(workload.node, "spec", "replicas") is not None:
            message = f"{workload.title} fixes its replicas, which {scaler.title} scales"
            yield Flaw(message, workload.at("spec", "replicas"), workload.title)


RULES = rules_in(vars())
