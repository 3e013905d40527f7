"""Kustomize, rendered in memory: what an overlay would apply, with the file and line that each value came from.

`kubectl kustomize` gives the same objects (a test compares them) but loses the lines, costs a process per overlay and
needs a disk. What is not rendered here (remote resources, Helm charts, plugins, replacements) is said so, not guessed.
Source: the Kustomization reference of sigs.k8s.io/kustomize and its strategic merge keys.
"""

import re
from collections.abc import Iterator
from typing import Any

from machgen.check.document import Map, Seq, Unreadable, dig, maps, read_yaml, walk
from machgen.check.facts import Facts, join, parent

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

MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",), "initContainers": ("name",), "ephemeralContainers": ("name",), "volumes": ("name",),
    "env": ("name",), "imagePullSecrets": ("name",), "volumeMounts": ("mountPath",), "ports": ("containerPort", "port"),
    "hostAliases": ("ip",), "topologySpreadConstraints": ("topologyKey",), "secrets": ("name",),
    "volumeDevices": ("devicePath",),
}  # fmt: skip
"""Lists that a strategic merge patch merges by key (Kubernetes' OpenAPI, `x-kubernetes-patch-merge-key`)."""

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


class NotRendered(Exception):
    """A kustomization asks for what is not rendered here; the text says what."""


def kustomizations(facts: Facts) -> tuple[str, ...]:
    """Return the paths of the kustomization files that are not samples or tests."""
    return tuple(path for path in facts.named(*NAMES) if not facts.is_beside(path))


def references(facts: Facts, path: str) -> Iterator[str]:
    """Give the files and directories that a kustomization takes resources and components from."""
    document = _first(facts, path)
    for key in ("resources", "bases", "components"):
        for item in dig(document, key) or ():
            if isinstance(item, str) and (target := join(parent(path), item)) is not None:
                yield target


def patch_files(facts: Facts, path: str) -> Iterator[str]:
    """Give the files that a kustomization takes as patches: they look like objects and are none."""
    document = _first(facts, path)
    named = [item.get("path") for key in ("patches", "patchesJson6902") for item in maps(dig(document, key))]
    for item in [*named, *(dig(document, "patchesStrategicMerge") or ())]:
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
        for item in document.get(key) or ():
            objects += _resource(facts, path, item, depth)
    for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")):
        for generator in maps(document.get(key)):
            _generate(facts, path, kind, generator, objects)
    for item in document.get("components") or ():
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
        return load(facts, target)
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
    for name in document.get("resources") or ():
        objects = objects + _resource(facts, inner, name, depth)
    _transform(facts, inner, document, objects)
    return objects


def load(facts: Facts, path: str) -> list[Map]:
    """Return copies of the objects in a manifest file, lists taken apart, each knowing its file."""
    found: list[Map] = []
    for document in facts.yaml(path):
        if isinstance(document, Map):
            items = maps(document.get("items")) if document.get("kind") == "List" else iter((document,))
            found += [copy(item, path) for item in items if "kind" in item and "apiVersion" in item]
    return found


def copy(value: Any, path: str, budget: list[int] | None = None) -> Any:
    """Return a deep copy whose mappings know their file.

    Raises:
        NotRendered: Aliases make it larger than a person writes.
    """
    if budget is None:
        # aliases that a person writes repeat a few values a few times
        budget = [5 * sum(1 for _ in walk(value)) + 1000] if isinstance(value, Map | Seq) else [1]
    budget[0] -= 1
    if budget[0] < 0:
        raise NotRendered(f"{path} repeats itself by aliases beyond measure")
    if isinstance(value, Map):
        made = Map(value.line, value.column)
        made.path = value.path or path
        made.lines, made.columns, made.origins = dict(value.lines), dict(value.columns), dict(value.origins)
        for key, inner in value.items():
            made[key] = copy(inner, path, budget)
        return made
    if isinstance(value, Seq):
        items = Seq(value.line, value.column)
        items.lines = list(value.lines)
        items.extend(copy(inner, path, budget) for inner in value)
        return items
    return value


def _generate(facts: Facts, path: str, kind: str, generator: Map, objects: list[Map]) -> None:
    data = Map(generator.line)
    data.path = path
    for literal in generator.get("literals") or ():
        key, _, value = str(literal).partition("=")
        data[key] = value.strip("\"'")
    for name in generator.get("files") or ():
        key, equals, file = str(name).partition("=")
        target = join(parent(path), file if equals else key)
        data[key if equals else key.rpartition("/")[2]] = (facts.text(target) or "") if target else ""
    for name in [*(generator.get("envs") or ()), *filter(None, [generator.get("env")])]:
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
            _merge(existing["data"], data, path)
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
        for item in document.get(key) or ():
            _patch(facts, path, item, objects)
    for replicas in maps(document.get("replicas")):
        for each in objects:
            scales = each.get("kind") in {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"}
            if scales and dig(each, "metadata", "name") == replicas.get("name") and isinstance(each.get("spec"), Map):
                _put(each["spec"], "replicas", replicas.get("count"), path, replicas.line)
    namespace = document.get("namespace")
    for each in objects:
        if (
            isinstance(namespace, str)
            and each.get("kind") not in _NAMESPACED_NOT
            and isinstance(each.get("metadata"), Map)
        ):
            each["metadata"]["namespace"] = namespace
        elif isinstance(namespace, str) and each.get("kind") == "Namespace" and isinstance(each.get("metadata"), Map):
            each["metadata"]["name"] = namespace
    _rename(document, objects)
    _label(document, objects)
    for image in maps(document.get("images")):
        _set_image(image, objects, path)


def _put(holder: Map, key: str, value: Any, path: str, line: int) -> None:
    holder[key] = value
    holder.origins[key] = (path, line)


def _rename(document: Map, objects: list[Map]) -> None:
    prefix, suffix = str(document.get("namePrefix") or ""), str(document.get("nameSuffix") or "")
    if not prefix and not suffix:
        return
    renamed = {}
    for each in objects:
        name = dig(each, "metadata", "name")
        if isinstance(name, str) and each.get("kind") not in {"Namespace", "CustomResourceDefinition"}:
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
            if selectors and each.get("kind") in {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}:
                _add(each, pairs, "spec", "selector", "matchLabels")
            elif selectors and each.get("kind") == "Service" and dig(each, "spec", "selector"):
                _add(each, pairs, "spec", "selector")
            elif selectors and each.get("kind") in {"PodDisruptionBudget", "NetworkPolicy"}:
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
        for _, value, holder, key in list(walk(each)):
            if key != "image" or not isinstance(value, str) or not isinstance(holder, Map):
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
                _put(holder, key, new, path, image.line)


def _split_image(text: str) -> tuple[str, str, str]:
    """Name, separator and tag or digest of an image reference; a port of the registry's host is no tag."""
    name, at, digest = text.partition("@")
    if at:
        return name, at, digest
    head, slash, last = text.rpartition("/")
    last, colon, tag = last.partition(":")
    return head + slash + last, colon, tag


def _patch(facts: Facts, path: str, item: object, objects: list[Map]) -> None:
    target = item.get("target") if isinstance(item, Map) else None
    text, source, before = _patch_text(facts, path, item)
    try:
        documents = read_yaml(text)
    except Unreadable as error:
        raise NotRendered(f"{source}: the patch is {error.reason}") from None
    for document in documents:
        if isinstance(document, Map | Seq):
            _shift(document, before)
        for operation in maps(document):
            for each in _selected(objects, target):
                _operate(each, operation, source)
        if isinstance(document, Map):
            for each in _selected(objects, target) if target else _same(objects, document):
                if document.get("$patch") == "delete":
                    objects.remove(each)
                else:
                    _merge(each, _nameless(document) if target else document, source, top=True)


def _nameless(patch: Map) -> Map:
    """A patch with a target: what it calls itself does not count."""
    copied: Map = copy(patch, patch.path)
    metadata = copied.get("metadata")
    if isinstance(metadata, Map):
        metadata.pop("name", None)
        metadata.pop("namespace", None)
    return copied


def _patch_text(facts: Facts, path: str, item: object) -> tuple[str, str, int]:
    """A patch's text, its file, and the lines before it in that file."""
    if isinstance(item, str):
        return (item, path, 0) if "\n" in item else (*_named(facts, path, item), 0)
    if isinstance(item, Map) and isinstance(item.get("patch"), str):
        return item["patch"], path, item.line_of("patch")
    if isinstance(item, Map) and isinstance(item.get("path"), str):
        return (*_named(facts, path, item["path"]), 0)
    raise NotRendered(f"{path} holds a patch without content")


def _named(facts: Facts, path: str, name: str) -> tuple[str, str]:
    target = join(parent(path), name)
    text = facts.text(target) if target else None
    if target is None or text is None:
        raise NotRendered(f"{path} names the patch {name}, which is not in this repository")
    return text, target


def _shift(value: Map | Seq, lines: int) -> None:
    for inner in [value, *(inner for _, inner, _, _ in walk(value))]:
        if isinstance(inner, Map):
            inner.line += lines
            inner.lines = {key: number + lines for key, number in inner.lines.items()}
        elif isinstance(inner, Seq):
            inner.line += lines
            inner.lines = [number + lines for number in inner.lines]


def _same(objects: list[Map], patch: Map) -> list[Map]:
    return [
        each
        for each in objects
        if each.get("kind") == patch.get("kind") and dig(each, "metadata", "name") == dig(patch, "metadata", "name")
    ]


def _selected(objects: list[Map], target: Any) -> list[Map]:
    if not isinstance(target, Map):
        return []

    def matches(each: Map) -> bool:
        group, _, version = str(each.get("apiVersion", "")).rpartition("/")
        asked: tuple[tuple[str, object], ...] = (
            ("kind", each.get("kind")),
            ("name", dig(each, "metadata", "name")),
            ("namespace", dig(each, "metadata", "namespace")),
            ("group", group),
            ("version", version),
        )
        for key, value in asked:
            if target.get(key) is not None and not _full(str(target[key]), str(value or "")):
                return False
        for key, where in (("labelSelector", "labels"), ("annotationSelector", "annotations")):
            for pair in filter(None, str(target.get(key) or "").split(",")):
                name, equals, value = pair.replace("==", "=").partition("=")
                held = dig(each, "metadata", where) or {}
                if name.strip() not in held or (equals and str(held[name.strip()]) != value.strip()):
                    return False
        return True

    return [each for each in objects if matches(each)]


def _full(pattern: str, text: str) -> bool:
    if re.fullmatch(r"[A-Za-z0-9.*_-]+", pattern) is None:
        return pattern == text
    return (
        re.fullmatch(pattern.replace(".*", "\0").replace("*", "\0").replace(".", r"\.").replace("\0", ".*"), text)
        is not None
    )


def _operate(each: Map, operation: Map, path: str) -> None:
    """One JSON Patch operation (RFC 6902); one that does not fit is left to Kustomize, which refuses it."""
    kind, line = operation.get("op"), operation.line
    parts = [part.replace("~1", "/").replace("~0", "~") for part in str(operation.get("path", "")).split("/")[1:]]
    if not parts or kind not in {"add", "replace", "remove", "test"}:
        raise NotRendered(f"{path}:{line} patches by {kind!r}, which only Kustomize itself does")
    at: Any = each
    for part in parts[:-1]:
        at = dig(at, int(part) if isinstance(at, list) and part.isdigit() else part)
    last = parts[-1]
    value = copy(operation.get("value"), path)
    if isinstance(at, Map):
        if kind == "remove":
            at.pop(last, None)
        elif kind != "test":
            _put(at, last, value, path, line)
    elif isinstance(at, Seq):
        index = len(at) if last == "-" else int(last) if last.isdigit() else -1
        if kind == "remove" and 0 <= index < len(at):
            del at[index], at.lines[index : index + 1]
        elif kind == "add" and 0 <= index <= len(at):
            at.insert(index, value)
            at.lines.insert(index, line)
        elif kind == "replace" and 0 <= index < len(at):
            at[index] = value


def _merge(onto: Map, patch: Map, path: str, *, top: bool = False) -> None:
    """A strategic merge patch; of what is unknown to Kubernetes, lists are replaced."""
    for key, value in patch.items():
        if key == "$patch" or (top and key in {"apiVersion", "kind"}):
            continue
        held = onto.get(key)
        if value is None:
            onto.pop(key, None)
        elif isinstance(value, Map) and isinstance(held, Map):
            if value.get("$patch") == "delete":
                onto.pop(key)
            elif value.get("$patch") == "replace":
                _put(onto, key, copy(value, path), path, patch.line_of(key))
            else:
                _merge(held, value, path)
        elif isinstance(value, Seq) and isinstance(held, Seq) and (by := _merge_key(key, held, value)):
            _merge_list(held, value, by, path)
        elif held != value or key not in onto:
            _put(onto, key, copy(value, path), path, patch.line_of(key))


def _merge_key(key: str, held: Seq, value: Seq) -> str | None:
    for candidate in MERGE_KEYS.get(key, ()):
        if all(isinstance(item, Map) and (candidate in item) for item in [*held, *value]):
            return candidate
    return None


def _merge_list(held: Seq, patch: Seq, by: str, path: str) -> None:
    added = 0
    for item in patch:
        index = next((number for number, each in enumerate(held) if each[by] == item[by]), -1)
        if item.get("$patch") == "delete":
            if index >= 0:
                del held[index], held.lines[index : index + 1]
        elif index < 0:
            held.insert(added, copy(item, path))  # Kustomize puts new items first, in their order
            held.lines.insert(added, item.line)
            added += 1
        elif item.get("$patch") == "replace":
            held[index] = copy(item, path)
        else:
            _merge(held[index], item, path)
