"""C113: what one object says of another is so."""

from collections.abc import Iterator
from typing import Any

from machgen.check.cloud_native.manifests import (
    MANIFESTS,
    container_keys,
    container_title,
    root_of_workload,
    same_namespace,
    unjudged,
)
from machgen.check.document import Map, dig, maps, table
from machgen.check.facts import Facts, parent, place
from machgen.check.kubernetes import WORKLOADS, Object, Pods, cluster, pods, probes, selects
from machgen.check.model import Answer, Flaw, Level, rule, rules_in


@rule(
    "C113",
    "Selectors, ports, names and references match up",
    level=Level.ERROR,
    source="Kubernetes API reference: Service, Ingress, HorizontalPodAutoscaler, PodDisruptionBudget, EnvFromSource",
    mend="Correct the name, port or label on the side that is wrong.",
    applies_when=MANIFESTS,
)
def references_match(facts: Facts) -> Iterator[Answer]:
    """Kubernetes accepts a Service that selects nothing, a probe on a port that nobody named and an autoscaler of what
    does not exist. Nothing fails until traffic does. References to what the repository leaves to others (Secrets,
    custom resources, other namespaces) are not judged."""
    yield from unjudged(facts)
    everything = facts.once(_everything)
    for each in facts.once(cluster).objects:
        around = everything.around(each)
        if each.kind in WORKLOADS:
            yield from _workload(each, everything, around)
        elif each.kind == "Service" and _pods(around):
            yield from _service(facts, each, everything)
        elif each.kind in {"HorizontalPodAutoscaler", "ScaledObject"} and _pods(around):
            yield from _scaler(each, everything)
        elif each.kind in {"RoleBinding", "ClusterRoleBinding"}:
            yield from _binding(each, everything, around)
        elif each.kind in {"PodDisruptionBudget", "NetworkPolicy"} and _pods(around):
            yield from _selecting(each, everything)
        elif each.kind in {"Ingress", "HTTPRoute", "GRPCRoute"} and any(one.kind == "Service" for one in around):
            yield from _route(each, everything)


class _Everything:
    """Every object there is, to be found by name, by place and by label."""

    def __init__(self, objects: tuple[Object, ...], pods: Pods) -> None:
        self.objects, self.pods = objects, pods
        self._named: dict[tuple[str, str], list[Object]] = {}
        self._beside: dict[tuple[str, str], list[Object]] = {}
        for each in objects:
            self._named.setdefault((each.kind, each.name), []).append(each)
            for key in ((("bundle", each.bundle)), ("directory", parent(each.path))):
                self._beside.setdefault(key, []).append(each)

    def named(self, kind: str, name: object) -> list[Object]:
        """Return the objects of a kind and name."""
        return self._named.get((kind, str(name)), [])

    def around(self, each: Object) -> tuple[Object, ...]:
        """Return what is applied together with an object, as far as the tree shows it: others may make the rest."""
        key = ("bundle", each.bundle) if each.bundle else ("directory", parent(each.path))
        return tuple(self._beside.get(key, ()))


def _everything(facts: Facts) -> _Everything:
    return _Everything(facts.once(cluster).everything, facts.once(pods))


def _pods(around: tuple[Object, ...]) -> bool:
    return any(each.kind in WORKLOADS and each.pod for each in around)


def _workload(each: Object, everything: _Everything, around: tuple[Object, ...]) -> Iterator[Flaw]:
    selector = dig(each.node, "spec", "selector")
    if each.kind not in {"Job", "CronJob", "Pod"} and selector and not selects(selector, each.pod_labels):
        yield Flaw(
            f"{each.title} selects labels that its own pods do not have",
            each.at("spec", "selector"),
            f"{each.title}/selector",
        )
    account = each.pod.get("serviceAccountName")
    if (
        account
        and account != "default"
        and not everything.named("ServiceAccount", account)
        and _owns(around, "ServiceAccount")
    ):
        at = each.at(*each.pod_keys, "serviceAccountName")
        yield Flaw(
            f"{each.title} runs as the ServiceAccount {account}, which is not here", at, f"{each.title}/{account}"
        )
    volumes = {str(volume.get("name")) for volume in maps(each.pod.get("volumes"))}
    volumes |= {str(dig(claim, "metadata", "name")) for claim in maps(dig(each.node, "spec", "volumeClaimTemplates"))}
    for index, volume in enumerate(maps(each.pod.get("volumes"))):
        name = dig(volume, "configMap", "name")
        if name and dig(volume, "configMap", "optional") is not True and _lacks_config(everything, around, name):
            at = each.at(*each.pod_keys, "volumes", index, "configMap", "name")
            yield Flaw(f"{each.title} mounts the ConfigMap {name}, which is not here", at, f"{each.title}/{name}")
        claim = dig(volume, "persistentVolumeClaim", "claimName")
        if claim and _lacks(everything, around, "PersistentVolumeClaim", claim):
            at = each.at(*each.pod_keys, "volumes", index, "persistentVolumeClaim", "claimName")
            message = f"{each.title} mounts the PersistentVolumeClaim {claim}, which is not here"
            yield Flaw(message, at, f"{each.title}/{claim}")
    governing = dig(each.node, "spec", "serviceName") if each.kind == "StatefulSet" else None
    if governing and _lacks(everything, around, "Service", governing):
        message = f"{each.title} is governed by the Service {governing}, which is not here"
        yield Flaw(message, each.at("spec", "serviceName"), f"{each.title}/{governing}")
    for container in each.all_containers:
        yield from _container(each, container, volumes, (everything, around))


def _lacks(everything: _Everything, around: tuple[Object, ...], kind: str, name: object) -> bool:
    """Whether a name is missing among objects of a kind that the repository makes itself."""
    return not everything.named(kind, name) and _owns(around, kind)


def _binding(each: Object, everything: _Everything, around: tuple[Object, ...]) -> Iterator[Flaw]:
    kind, name = dig(each.node, "roleRef", "kind"), dig(each.node, "roleRef", "name")
    if kind == "Role" and _lacks(everything, around, "Role", name):
        yield Flaw(f"{each.title} binds the Role {name}, which is not here", each.at("roleRef", "name"), each.title)
    for index, subject in enumerate(maps(each.node.get("subjects"))):
        own = subject.get("namespace") in (None, each.namespace) and subject.get("kind") == "ServiceAccount"
        account = subject.get("name")
        if own and account != "default" and _lacks(everything, around, "ServiceAccount", account):
            message = f"{each.title} binds the ServiceAccount {account}, which is not here"
            yield Flaw(message, each.at("subjects", index, "name"), f"{each.title}/{account}")


def _lacks_config(everything: _Everything, around: tuple[Object, ...], name: object) -> bool:
    return not everything.named("ConfigMap", name) and _owns(around, "ConfigMap")


def _owns(everything: tuple[Object, ...], kind: str) -> bool:
    """Whether the repository makes objects of a kind at all; else somebody else makes them."""
    return any(each.kind == kind for each in everything)


def _container(
    each: Object, container: Map, volumes: set[str], objects: tuple[_Everything, tuple[Object, ...]]
) -> Iterator[Flaw]:
    keys, title = container_keys(each, container), container_title(each, container)
    names = {str(port.get("name")) for port in maps(container.get("ports"))}
    for kind, probe in probes(container).items():
        for how in ("httpGet", "tcpSocket"):
            port = dig(probe, how, "port")
            if isinstance(port, str) and not port.isdigit() and port not in names:
                at = each.at(*keys, kind, how, "port")
                yield Flaw(f"{title} is probed on the port {port}, which it does not name", at, f"{title}/{kind}")
    for index, mount in enumerate(maps(container.get("volumeMounts"))):
        if str(mount.get("name")) not in volumes:
            at = each.at(*keys, "volumeMounts", index, "name")
            yield Flaw(
                f"{title} mounts the volume {mount.get('name')}, which its pod does not have", at, f"{title}/mount"
            )
    for index, source in enumerate(maps(container.get("envFrom"))):
        name = dig(source, "configMapRef", "name")
        if name and dig(source, "configMapRef", "optional") is not True and _lacks_config(*objects, name):
            at = each.at(*keys, "envFrom", index, "configMapRef", "name")
            yield Flaw(
                f"{title} takes its environment from the ConfigMap {name}, which is not here", at, f"{title}/{name}"
            )
    for variable in maps(container.get("env")):
        yield from _variable(each, title, variable, objects)


def _variable(
    each: Object, title: str, variable: Map, objects: tuple[_Everything, tuple[Object, ...]]
) -> Iterator[Flaw]:
    reference = dig(variable, "valueFrom", "configMapKeyRef")
    if not isinstance(reference, Map) or reference.get("optional") is True:
        return
    name, key = reference.get("name"), str(reference.get("key"))
    maps_ = objects[0].named("ConfigMap", name)
    if not maps_ and not _lacks_config(*objects, name):
        return
    if not maps_:
        message = f"{title} takes {variable.get('name')} from the ConfigMap {name}, which is not here"
        yield Flaw(message, place(each.path, reference, "name"), f"{title}/{name}")
    elif not any(key in table(each_.node.get("data")) or key in table(each_.node.get("binaryData")) for each_ in maps_):
        message = f"{title} takes {variable.get('name')} from the key {key}, which the ConfigMap {name} does not have"
        yield Flaw(message, place(each.path, reference, "key"), f"{title}/{name}/{key}")


def _service(facts: Facts, each: Object, everything: _Everything) -> Iterator[Flaw]:
    selector = dig(each.node, "spec", "selector")
    if not isinstance(selector, Map) or not selector:
        return
    behind = [pod for pod in everything.pods.selected(selector) if same_namespace(pod, each)]
    if not behind:
        # an operator makes the pods of a custom resource, and gives them labels of its own
        custom = (pod.name for pod in everything.objects if "." in pod.group and not pod.group.endswith("k8s.io"))
        if not any(name.startswith(each.name.split("-")[0]) for name in custom):
            yield Flaw(f"{each.title} selects no pod", each.at("spec", "selector"), f"{each.title}/selector")
        return
    ports = [port for pod in behind for container in pod.containers for port in maps(container.get("ports"))]
    numbers = {str(one.get("containerPort")) for one in ports}
    asked = [port.get("targetPort", port.get("port")) for port in maps(dig(each.node, "spec", "ports"))]
    # what a pod declares is no complete list: an image from elsewhere that is right about one port may have others
    some = any(str(one) in numbers for one in asked)
    for index, port in enumerate(maps(dig(each.node, "spec", "ports"))):
        target: Any = port.get("targetPort", port.get("port"))
        at = each.at("spec", "ports", index, "targetPort" if "targetPort" in port else "port")
        if isinstance(target, str) and not target.isdigit():
            if target not in {str(one.get("name")) for one in ports}:
                yield Flaw(
                    f"{each.title} sends to the port {target}, which no container of its pods names",
                    at,
                    f"{each.title}/{target}",
                )
        elif ports and str(target) not in numbers and (not some or any(root_of_workload(facts, pod) for pod in behind)):
            listed = ", ".join(sorted(numbers))
            yield Flaw(f"{each.title} sends to port {target}; its pods have {listed}", at, f"{each.title}/{target}")


def _scaler(each: Object, everything: _Everything) -> Iterator[Flaw]:
    target = dig(each.node, "spec", "scaleTargetRef")
    kind, name = dig(target, "kind") or "Deployment", dig(target, "name")
    fewest, most = dig(each.node, "spec", "minReplicas"), dig(each.node, "spec", "maxReplicas")
    if isinstance(fewest, int) and isinstance(most, int) and fewest > most:
        message = f"{each.title} lets {most} replica{'s' if most != 1 else ''} be the most and {fewest} the fewest"
        yield Flaw(message, each.at("spec", "maxReplicas"), f"{each.title}/bounds")
    if str(kind) in WORKLOADS and not everything.named(str(kind), name):
        yield Flaw(
            f"{each.title} scales {kind} {name}, which is not here",
            each.at("spec", "scaleTargetRef", "name"),
            each.title,
        )


def _selecting(each: Object, everything: _Everything) -> Iterator[Flaw]:
    key = "selector" if each.kind == "PodDisruptionBudget" else "podSelector"
    selector = dig(each.node, "spec", key)
    if not isinstance(selector, Map) or not selector:
        return
    if not any(same_namespace(pod, each) for pod in everything.pods.selected(selector)):
        yield Flaw(f"{each.title} selects no pod", each.at("spec", key), f"{each.title}/selector")


def _route(each: Object, everything: _Everything) -> Iterator[Flaw]:
    for holder, name, port in _backends(each):
        services = everything.named("Service", name)
        at = place(each.path, holder, "name")
        if not services:
            yield Flaw(f"{each.title} sends to the Service {name}, which is not here", at, f"{each.title}/{name}")
        elif port is not None and not any(
            port in (one.get("port"), one.get("name"))
            for service in services
            for one in maps(dig(service.node, "spec", "ports"))
        ):
            yield Flaw(
                f"{each.title} sends to port {port} of the Service {name}, which it does not have",
                at,
                f"{each.title}/{name}/{port}",
            )


def _backends(each: Object) -> Iterator[tuple[Map, object, object]]:
    """Give what names a Service: the mapping, the name, the port's number or name."""
    spec = each.node.get("spec")
    if each.kind == "Ingress":
        paths = [path for entry in maps(dig(spec, "rules")) for path in maps(dig(entry, "http", "paths"))]
        for backend in [*(path.get("backend") for path in paths), dig(spec, "defaultBackend")]:
            service = dig(backend, "service")
            if isinstance(service, Map):
                yield service, service.get("name"), dig(service, "port", "number") or dig(service, "port", "name")
        return
    for entry in maps(dig(spec, "rules")):
        for backend in maps(entry.get("backendRefs")):
            elsewhere = backend.get("namespace") not in {None, each.namespace}
            if backend.get("kind", "Service") == "Service" and not elsewhere:
                yield backend, backend.get("name"), backend.get("port")


RULES = rules_in(vars())
