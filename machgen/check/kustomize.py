"""Kustomize, rendered in memory: what an overlay would apply, with the file and line that each value came from.

`kubectl kustomize` gives the same objects (a test compares them) but loses the lines, costs a process per overlay and
needs a disk. What is not rendered here (remote resources, Helm charts, plugins, replacements) is said so, not guessed.
Source: the Kustomization reference of sigs.k8s.io/kustomize and its strategic merge keys.
"""

from collections.abc import Iterator
from typing import Any

from machgen.check.document import Map, branches, dig, items, maps, walk
from machgen.check.facts import Facts, join, parent
from machgen.check.kustomize_patches import merge, patch
from machgen.check.manifest_loading import NotRendered, load, put

NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

_NOT_RENDERED = (
    "helmCharts",
    "helmChartInflationGenerator",
    "generators",
    "transformers",
    "validators",
    "replacements",
    "vars",
)

_NAMESPACED_NOT = frozenset(
    {"Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "PersistentVolume", "StorageClass",
     "PriorityClass", "IngressClass", "GatewayClass", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
)  # fmt: skip


_NAMING = frozenset({"secretName", "serviceAccountName", "claimName", "serviceName"})
_REFERRING = frozenset(
    {"configMapRef", "secretRef", "configMapKeyRef", "secretKeyRef", "configMap", "secret", "scaleTargetRef", "service",
     "roleRef", "subjects", "backendRefs", "targetRef", "imagePullSecrets", "describedObject"}
)  # fmt: skip
"""Where a name is another object's (Kustomize's name reference configuration)."""


def kustomizations(facts: Facts) -> tuple[str, ...]:
    """Return the paths of the kustomization files that are not samples or tests."""
    return tuple(path for path in facts.named(*NAMES) if not facts.is_beside(path))


def references(facts: Facts, path: str) -> Iterator[str]:
    """Give the files and directories that a kustomization takes resources and components from."""
    document = _first(facts, path)
    for key in ("resources", "bases", "components"):
        for item in items(dig(document, key)):
            if isinstance(item, str) and (target := join(parent(path), item)) is not None:
                yield target


def patch_files(facts: Facts, path: str) -> Iterator[str]:
    """Give the files that a kustomization takes as patches: they look like objects and are none."""
    document = _first(facts, path)
    named = [item.get("path") for key in ("patches", "patchesJson6902") for item in maps(dig(document, key))]
    for item in [*named, *items(dig(document, "patchesStrategicMerge"))]:
        if isinstance(item, str) and "\n" not in item and (target := join(parent(path), item)) is not None:
            yield target


def render(facts: Facts, path: str, depth: int = 0) -> list[Map]:
    """Return the objects that a kustomization gives.

    Args:
        facts: The repository.
        path: The kustomization file.
        depth: How many kustomizations led here.

    Raises:
        NotRendered: It asks for something that is not rendered here.
    """
    document = _first(facts, path)
    if not isinstance(document, Map):
        raise NotRendered(f"{path} is not a mapping")
    if depth > 20:
        raise NotRendered(f"{path} includes itself")
    for key in _NOT_RENDERED:
        if document.get(key):
            raise NotRendered(f"{path} uses {key}, which only Kustomize itself renders")
    objects: list[Map] = []
    for key in ("resources", "bases"):
        for item in items(document.get(key)):
            objects += _resource(facts, path, item, depth)
    for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for generator in maps(document.get(key)):
            _generate(facts, path, kind, generator, objects)
    for item in items(document.get("components")):
        objects = _component(facts, path, item, objects, depth)
    _transform(facts, path, document, objects)
    return objects


def _first(facts: Facts, path: str) -> Any:
    documents = facts.yaml(path)
    return documents[0] if documents else None


def _resource(facts: Facts, path: str, item: object, depth: int) -> list[Map]:
    if not isinstance(item, str):
        raise NotRendered(f"{path} names a resource that is not text")
    target = join(parent(path), item)
    if target is not None and target in facts.known:
        objects = load(facts, target)
        if target in facts.unreadable:
            raise NotRendered(f"{target} cannot be read: {facts.unreadable[target].reason}")
        return objects
    inner = kustomization_in(facts, target) if target is not None else None
    if inner is None:
        raise NotRendered(f"{path} takes in {item}, which is not in this repository")
    return render(facts, inner, depth + 1)


def kustomization_in(facts: Facts, directory: str) -> str | None:
    """Return the kustomization file of a directory."""
    candidates = (f"{directory}/{name}".lstrip("/") for name in NAMES)
    return next((path for path in candidates if path in facts.known), None)


def _component(facts: Facts, path: str, item: object, objects: list[Map], depth: int) -> list[Map]:
    target = join(parent(path), item) if isinstance(item, str) else None
    inner = kustomization_in(facts, target) if target is not None else None
    document = _first(facts, inner) if inner else None
    if inner is None or not isinstance(document, Map) or depth > 20:
        raise NotRendered(f"{path} takes in the component {item}, which is not in this repository")
    for key in _NOT_RENDERED:
        if document.get(key):
            raise NotRendered(f"{inner} uses {key}, which only Kustomize itself renders")
    for name in items(document.get("resources")):
        objects = objects + _resource(facts, inner, name, depth)
    _transform(facts, inner, document, objects)
    return objects


def _generate(facts: Facts, path: str, kind: str, generator: Map, objects: list[Map]) -> None:
    data = Map(generator.line)
    data.path = path
    for literal in items(generator.get("literals")):
        key, _, value = str(literal).partition("=")
        data[key] = value.strip("\"'")
    for name in items(generator.get("files")):
        key, equals, file = str(name).partition("=")
        target = join(parent(path), file if equals else key)
        data[key if equals else key.rpartition("/")[2]] = (facts.text(target) or "") if target else ""
    for name in [*items(generator.get("envs")), *filter(None, [generator.get("env")])]:
        target = join(parent(path), str(name))
        for line in facts.lines(target) if target else ():
            key, equals, value = line.strip().partition("=")
            if equals and not key.startswith("#"):
                data[key] = value
    name = str(generator.get("name") or "")
    existing = next(
        (each for each in objects if each.get("kind") == kind and dig(each, "metadata", "name") == name), None
    )
    if existing is not None and generator.get("behavior") in {"merge", "replace"}:
        if generator["behavior"] == "merge" and isinstance(existing.get("data"), Map):
            merge(existing["data"], data, path)
        else:
            existing["data"] = data
        return
    made = Map(generator.line)
    made.path = path
    metadata = Map(generator.line)
    metadata.path = path
    metadata["name"] = name
    made.update(
        {"apiVersion": "v1", "kind": kind, "metadata": metadata, "stringData" if kind == "Secret" else "data": data}
    )
    made["x-generated"] = True
    objects.append(made)


def _transform(facts: Facts, path: str, document: Map, objects: list[Map]) -> None:
    for key in ("patchesStrategicMerge", "patches", "patchesJson6902"):
        for item in items(document.get(key)):
            patch(facts, path, item, objects)
    for replicas in maps(document.get("replicas")):
        for each in objects:
            scales = str(each.get("kind")) in {
                "Deployment",
                "StatefulSet",
                "ReplicaSet",
                "ReplicationController",
                "Rollout",
            }
            if scales and dig(each, "metadata", "name") == replicas.get("name") and isinstance(each.get("spec"), Map):
                put(each["spec"], "replicas", replicas.get("count"), path, replicas.line)
    namespace = document.get("namespace")
    for each in objects:
        if (
            isinstance(namespace, str)
            and str(each.get("kind")) not in _NAMESPACED_NOT
            and isinstance(each.get("metadata"), Map)
        ):
            each["metadata"]["namespace"] = namespace
        elif isinstance(namespace, str) and each.get("kind") == "Namespace" and isinstance(each.get("metadata"), Map):
            each["metadata"]["name"] = namespace
    _rename(document, objects)
    _label(document, objects)
    for image in maps(document.get("images")):
        _set_image(image, objects, path)


def _rename(document: Map, objects: list[Map]) -> None:
    prefix, suffix = str(document.get("namePrefix") or ""), str(document.get("nameSuffix") or "")
    if not prefix and not suffix:
        return
    renamed = {}
    for each in objects:
        name = dig(each, "metadata", "name")
        if isinstance(name, str) and str(each.get("kind")) not in {"Namespace", "CustomResourceDefinition"}:
            renamed[name] = f"{prefix}{name}{suffix}"
            each["metadata"]["name"] = renamed[name]
    for each in objects:
        for key, inner in each.items():
            if key != "metadata":
                for pointer, value, holder, name in list(walk(inner)):
                    around = [part for part in pointer.split("/")[:-1] if not part.isdigit()]
                    refers = name in _NAMING or (name == "name" and bool(around) and around[-1] in _REFERRING)
                    if refers and isinstance(value, str) and value in renamed:
                        holder[name] = renamed[value]


def _label(document: Map, objects: list[Map]) -> None:
    sets: list[tuple[Any, bool, bool]] = [(document.get("commonLabels"), True, True)]
    sets += [
        (
            each.get("pairs"),
            bool(each.get("includeSelectors")),
            bool(each.get("includeTemplates") or each.get("includeSelectors")),
        )
        for each in maps(document.get("labels"))
    ]
    for pairs, selectors, templates in sets:
        if not isinstance(pairs, Map):
            continue
        for each in objects:
            _add(each, pairs, "metadata", "labels")
            if templates and isinstance(dig(each, "spec", "template"), Map):
                _add(each, pairs, "spec", "template", "metadata", "labels")
            if selectors and str(each.get("kind")) in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}:
                _add(each, pairs, "spec", "selector", "matchLabels")
            elif selectors and each.get("kind") == "Service" and dig(each, "spec", "selector"):
                _add(each, pairs, "spec", "selector")
            elif selectors and str(each.get("kind")) in {"PodDisruptionBudget", "NetworkPolicy"}:
                at = "selector" if each["kind"] == "PodDisruptionBudget" else "podSelector"
                _add(each, pairs, "spec", at, "matchLabels")


def _add(holder: Map, pairs: Map, *keys: str) -> None:
    at = holder
    for key in keys:
        if not isinstance(at.get(key), Map):
            made = Map(at.line_of(key))
            made.path = at.path
            at[key] = made
        at = at[key]
    at.update(pairs)


def _set_image(image: Map, objects: list[Map], path: str) -> None:
    for each in objects:
        for holder in list(branches(each)):
            value = holder.get("image") if isinstance(holder, Map) else None
            if not isinstance(value, str):
                continue
            name, colon, tag = _split_image(value)
            if name != image.get("name"):
                continue
            new = str(image.get("newName") or name)
            if image.get("digest"):
                new += f"@{image['digest']}"
            elif image.get("newTag") is not None:
                new += f":{image['newTag']}"
            elif tag:
                new += f"{colon}{tag}"
            if new != value:
                put(holder, "image", new, path, image.line)


def _split_image(text: str) -> tuple[str, str, str]:
    """Name, separator and tag or digest of an image reference; a port of the registry's host is no tag."""
    name, at, digest = text.partition("@")
    if at:
        return name, at, digest
    head, slash, last = text.rpartition("/")
    last, colon, tag = last.partition(":")
    return head + slash + last, colon, tag
