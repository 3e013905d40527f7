"""Kustomize's patches: strategic merges and JSON patches (RFC 6902), with the lines that each value came from.

Source: the Kustomization reference of sigs.k8s.io/kustomize, its strategic merge keys, and RFC 6902.
"""

import re
from typing import Any

from machgen.check.document import Map, Seq, Unreadable, dig, maps, read_yaml, table, walk
from machgen.check.facts import Facts, join, parent
from machgen.check.manifest_loading import NotRendered, copy, put

MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",), "initContainers": ("name",), "ephemeralContainers": ("name",), "volumes": ("name",),
    "env": ("name",), "imagePullSecrets": ("name",), "volumeMounts": ("mountPath",), "ports": ("containerPort", "port"),
    "hostAliases": ("ip",), "topologySpreadConstraints": ("topologyKey",), "secrets": ("name",),
    "volumeDevices": ("devicePath",),
}  # fmt: skip
"""Lists that a strategic merge patch merges by key (Kubernetes' OpenAPI, `x-kubernetes-patch-merge-key`)."""


def patch(facts: Facts, path: str, item: object, objects: list[Map]) -> None:
    """Apply one entry of `patches`, `patchesStrategicMerge` or `patchesJson6902` to the objects that it is for.

    Args:
        facts: The repository.
        path: The kustomization file.
        item: The entry.
        objects: What was rendered so far; changed in place.

    Raises:
        NotRendered: The patch is not there, cannot be read, or patches in a way that only Kustomize knows.
    """
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
                    merge(each, _nameless(document) if target else document, source, top=True)


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
                held = table(dig(each, "metadata", where))
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
            put(at, last, value, path, line)
    elif isinstance(at, Seq):
        index = len(at) if last == "-" else int(last) if last.isdigit() else -1
        if kind == "remove" and 0 <= index < len(at):
            del at[index], at.lines[index : index + 1]
        elif kind == "add" and 0 <= index <= len(at):
            at.insert(index, value)
            at.lines.insert(index, line)
        elif kind == "replace" and 0 <= index < len(at):
            at[index] = value


def merge(onto: Map, patch: Map, path: str, *, top: bool = False) -> None:
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
                put(onto, key, copy(value, path), path, patch.line_of(key))
            else:
                merge(held, value, path)
        elif isinstance(value, Seq) and isinstance(held, Seq) and (by := _merge_key(key, held, value)):
            _merge_list(held, value, by, path)
        elif held != value or key not in onto:
            put(onto, key, copy(value, path), path, patch.line_of(key))


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
            merge(held[index], item, path)
