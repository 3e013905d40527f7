"""Kubernetes objects, as a repository would apply them: plain YAML, and what its Kustomize overlays render to.

Of overlays the production ones count where there are any. The same object found twice (a rendered bundle beside its
sources) counts once. Helm templates are no YAML before they are rendered; a chart that cannot be is named.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from machgen.check.document import Map, dig, items, maps
from machgen.check.facts import Facts, parent, place
from machgen.check.helm import charts, rendered_charts
from machgen.check.kustomize import kustomization_in, kustomizations, patch_files, references, render
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest_loading import NotRendered, load
from machgen.check.model import Place

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod", "Rollout"})
"""Kinds that run pods; `Rollout` is Argo's Deployment."""

LASTING = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"})
"""Workloads that run until they are told to stop."""

_PRODUCTION = lazy_compile(r"(?:\A|[/_-])(?:prod|production|prd|live)(?:[/_-]|\Z)", re.IGNORECASE)
_DEVELOPMENT = lazy_compile(
    r"(?:\A|[/_-])(?:dev|development|local|test|testing|ci|e2e|kind|minikube|sandbox|preview)(?:[/_-]|\Z)",
    re.IGNORECASE,
)
_RENDERED = lazy_compile(r"(?:\A|/)(?:release|dist|rendered|build|out|generated)/")


class Object(NamedTuple):
    """One Kubernetes object.

    Args:
        path: The file that it begins in.
        node: The object.
        bundle: The kustomization or chart that gave it; empty for a plain manifest.
    """

    path: str
    node: Map
    bundle: str = ""

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.node.get("kind"))

    @property
    def api(self) -> str:
        """Its apiVersion."""
        return str(self.node.get("apiVersion"))

    @property
    def group(self) -> str:
        """The API group; empty for the core one."""
        return self.api.rpartition("/")[0]

    @property
    def name(self) -> str:
        """Its name, or the beginning of one that is generated."""
        return str(dig(self.node, "metadata", "name") or dig(self.node, "metadata", "generateName") or "")

    @property
    def namespace(self) -> str:
        """Its namespace; empty where the manifest leaves it open."""
        return str(dig(self.node, "metadata", "namespace") or "")

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.kind} {self.name}"

    def at(self, *keys: str | int) -> Place:
        """The place of the last of `keys` that exists, on the way from the object to what they lead to."""
        holder: Any = self.node
        found = place(self.path, self.node)
        for key in keys:
            inner = dig(holder, key)
            if inner is None:
                break
            found = place(found.path, holder, key)
            holder = inner
        return found

    @property
    def pod_keys(self) -> tuple[str, ...]:
        """The keys that lead to the pod's spec; none where the object runs no pods."""
        if self.kind == "Pod":
            return ("spec",)
        if self.kind == "CronJob":
            return ("spec", "jobTemplate", "spec", "template", "spec")
        return ("spec", "template", "spec") if self.kind in WORKLOADS else ()

    @property
    def pod(self) -> Map:
        """The pod's spec; an empty one where there is none."""
        spec = dig(self.node, *self.pod_keys) if self.pod_keys else None
        return spec if isinstance(spec, Map) else Map()

    @property
    def pod_labels(self) -> Map:
        """The labels of its pods."""
        labels = dig(self.node, *self.pod_keys[:-1], "metadata", "labels")
        return labels if isinstance(labels, Map) else Map()

    @property
    def containers(self) -> list[Map]:
        """The containers that run at the pod's side, without those that only prepare it."""
        return list(maps(self.pod.get("containers")))

    @property
    def all_containers(self) -> list[Map]:
        """Every container, those that prepare the pod first."""
        return [*maps(self.pod.get("initContainers")), *self.containers]


class Cluster(NamedTuple):
    """What a repository would apply.

    Args:
        objects: The objects that count, each once.
        everything: Every object there is, overlays and rendered bundles included; for looking names up.
        open: What could not be rendered, each with the reason.
    """

    objects: tuple[Object, ...]
    everything: tuple[Object, ...]
    open: tuple[str, ...]

    def of(self, *kinds: str) -> tuple[Object, ...]:
        """Return the objects of some kinds."""
        return tuple(each for each in self.objects if each.kind in kinds)

    @property
    def workloads(self) -> tuple[Object, ...]:
        """The objects that run pods and say how."""
        return tuple(each for each in self.objects if each.kind in WORKLOADS and each.pod.get("containers"))


def cluster(facts: Facts) -> Cluster:
    """Return what the repository would apply."""
    inside_charts = tuple(
        f"{chart}/{each}/".lstrip("/") for chart in facts.once(charts) for each in ("templates", "charts")
    )
    filled, unfilled = facts.once(rendered_charts)
    from_charts = [Object(path, node, f"{chart}/Chart.yaml".lstrip("/")) for chart, path, node in filled]
    open_ = list(unfilled)
    taken: set[str] = set()
    included: set[str] = set()
    patches: set[str] = set()
    for path in facts.once(kustomizations):
        patches |= set(patch_files(facts, path))
        for target in references(facts, path):
            taken.add(target)
            if inner := kustomization_in(facts, target):
                included.add(inner)
    rendered: list[Object] = []
    elsewhere: list[Object] = []
    leaves = [path for path in facts.once(kustomizations) if path not in included and not _is_component(facts, path)]
    chosen = _chosen(leaves)
    for path in leaves:
        try:
            objects = [Object(each.path, each, path) for each in render(facts, path)]
        except NotRendered as error:
            if path in chosen:
                open_.append(str(error))
            continue
        (rendered if path in chosen else elsewhere).extend(objects)
    plain: list[Object] = []
    unreferenced: list[Object] = []
    for path in facts.paths:
        if path in patches or facts.is_beside(path) or path.startswith(inside_charts):
            continue
        if _is_template(facts, path):
            open_.append(f"{path} is a template that is not rendered")
            continue
        if path.endswith((".yaml", ".yml")):
            objects = _plain(facts, path)
            beside_leaf = path in taken or kustomization_in(facts, parent(path)) is not None
            (unreferenced if beside_leaf else plain).extend(objects)
    first = [*rendered, *(each for each in from_charts if _is_kubernetes(each.node)), *plain]
    counted = _once(first, [*unreferenced] if open_ and not first else [])
    return Cluster(tuple(counted), (*first, *elsewhere, *unreferenced), tuple(open_))


def _is_component(facts: Facts, path: str) -> bool:
    documents = facts.yaml(path)
    return bool(documents) and dig(documents[0], "kind") == "Component"


def _chosen(leaves: list[str]) -> set[str]:
    production = {path for path in leaves if _PRODUCTION.search(parent(path))}
    return production or {path for path in leaves if not _DEVELOPMENT.search(parent(path))} or set(leaves)


_TEMPLATED = lazy_compile(r"^[ \t]*(?:\{\{-?\s*(?:if|range|with|include|define|end)\b|\{%)", re.MULTILINE)


def _is_template(facts: Facts, path: str) -> bool:
    """Whether a manifest has to be rendered first: by its ending, or by the directives in it."""
    if path.endswith((".yaml.j2", ".yml.j2", ".yaml.tpl", ".yml.tpl", ".yaml.tmpl", ".yml.tmpl", ".yaml.gotmpl")):
        text = facts.prose(path)
    elif path.endswith((".yaml", ".yml")) and not path.startswith("."):
        text = facts.prose(path)
        if ("{{" not in text and "{%" not in text) or not _TEMPLATED.search(text):
            return False
    else:
        return False
    return "apiVersion:" in text and "kind:" in text


def _plain(facts: Facts, path: str) -> list[Object]:
    text = facts.text(path) if path.startswith(".") is False else None
    if text is None or "apiVersion" not in text or "kind" not in text:
        return []
    try:
        found = load(facts, path)
    except NotRendered:
        return []
    return [Object(path, each) for each in found if _is_kubernetes(each)]


def _is_kubernetes(node: Map) -> bool:
    api, kind = node.get("apiVersion"), node.get("kind")
    return (
        isinstance(api, str)
        and isinstance(kind, str)
        and kind not in {"Kustomization", "Component"}
        and not api.startswith(
            ("skaffold/", "backstage.io/", "kustomize.", "kind.x-k8s.io/", "ctlptl.dev/", "helmfile")
        )
        and isinstance(node.get("metadata"), Map)
    )


def _once(objects: list[Object], fallback: list[Object]) -> Iterator[Object]:
    best: dict[tuple[str, str, str], list[Object]] = {}
    for each in [*objects, *fallback]:
        twins = best.setdefault((each.group, each.kind, each.name), [])
        index = next(
            (
                n
                for n, one in enumerate(twins)
                if not one.namespace or one.namespace == each.namespace or not each.namespace
            ),
            None,
        )
        if index is None:
            twins.append(each)
        elif _RENDERED.search(twins[index].path) and not _RENDERED.search(each.path):
            twins[index] = each
    for twins in best.values():
        yield from twins


def probes(container: Map) -> dict[str, Map]:
    """Return a container's probes by kind: `livenessProbe`, `readinessProbe`, `startupProbe`."""
    kinds = ("livenessProbe", "readinessProbe", "startupProbe")
    return {kind: probe for kind in kinds if isinstance(probe := container.get(kind), Map)}


class Pods:
    """The objects of a cluster that run pods, to be found by what a selector asks for.

    Args:
        objects: The objects to look among.
    """

    def __init__(self, objects: Iterable[Object]) -> None:
        self.all = tuple(each for each in objects if each.kind in WORKLOADS and each.pod)
        self._labelled: dict[tuple[str, str], list[Object]] = {}
        for each in self.all:
            for key, value in each.pod_labels.items():
                self._labelled.setdefault((key, str(value)), []).append(each)

    def selected(self, selector: Any) -> list[Object]:
        """Return the objects whose pods a label selector matches, in order."""
        plain = selector.get("matchLabels", selector) if isinstance(selector, Map) else None
        first = next(iter(plain.items()), None) if isinstance(plain, Map) and "matchExpressions" not in plain else None
        among = self.all if first is None else self._labelled.get((first[0], str(first[1])), ())
        return [each for each in among if selects(selector, each.pod_labels)]


def pods(facts: Facts) -> Pods:
    """Return what runs pods, among every object there is."""
    return Pods(facts.once(cluster).everything)


def selects(selector: Any, labels: Map) -> bool:
    """Whether a label selector, in its plain or its long form, matches labels; an empty one matches everything."""
    if not isinstance(selector, Map):
        return False
    plain = selector.get("matchLabels", Map() if "matchExpressions" in selector else selector)
    if not isinstance(plain, Map) or any(str(labels.get(key)) != str(value) for key, value in plain.items()):
        return False
    for each in maps(selector.get("matchExpressions")):
        held, key, values = labels, str(each.get("key")), [str(value) for value in items(each.get("values"))]
        operator = each.get("operator")
        if operator == "In" and str(held.get(key)) not in values:
            return False
        if operator == "NotIn" and str(held.get(key)) in values:
            return False
        if (operator == "Exists" and key not in held) or (operator == "DoesNotExist" and key in held):
            return False
    return True
