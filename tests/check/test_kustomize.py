"""Overlays are rendered in memory as Kustomize renders them, and every value keeps its file and line."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from machgen.check.document import read_yaml
from machgen.check.kubernetes import cluster
from machgen.check.kustomize import render
from machgen.check.manifest_loading import NotRendered
from tests.check.judging import facts_of

BASE = {
    "base/kustomization.yaml": """
        resources: [app.yaml]
        configMapGenerator:
          - name: settings
            literals: [LEVEL=info, PORT=8000]
        labels:
          - pairs: {team: shop}
            includeTemplates: true
        """,
    "base/app.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: cart
        spec:
          replicas: 1
          selector:
            matchLabels: {app: cart}
          template:
            metadata:
              labels: {app: cart}
            spec:
              containers:
                - name: cart
                  image: registry.example.com:5000/cart
                  envFrom:
                    - configMapRef: {name: settings}
                  env:
                    - {name: A, value: "1"}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: cart}
        spec:
          selector: {app: cart}
          ports: [{port: 80, targetPort: 8000}]
        """,
}
OVERLAY = {
    **BASE,
    "overlays/prod/kustomization.yaml": """
        namespace: shop
        namePrefix: p-
        resources: [../../base]
        images:
          - {name: "registry.example.com:5000/cart", newTag: "1.2.0"}
        replicas:
          - {name: cart, count: 3}
        configMapGenerator:
          - name: settings
            behavior: merge
            literals: [LEVEL=warning]
        patches:
          - target: {kind: Service}
            patch: |-
              - op: replace
                path: /spec/ports/0/port
                value: 8080
          - path: memory.yaml
        """,
    "overlays/prod/memory.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: cart}
        spec:
          template:
            spec:
              containers:
                - name: cart
                  env:
                    - {name: B, value: "2"}
                  resources:
                    limits: {memory: 1Gi}
        """,
}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the other side of the comparison")
def test_an_overlay_is_what_kustomize_makes_of_it(tmp_path: Path) -> None:
    """Names, namespace, images, replicas, generated settings and both kinds of patches, object by object."""
    facts = facts_of(OVERLAY)
    for path in facts.paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(facts.text(path) or "")
    done = subprocess.run(
        ["kubectl", "kustomize", tmp_path / "overlays/prod"], capture_output=True, text=True, check=True
    )

    assert _by_name(read_yaml(re.sub(r"(p-settings)-[a-z0-9]{10}", r"\1", done.stdout))) == _by_name(
        render(facts, "overlays/prod/kustomization.yaml")
    )


def _by_name(objects: list[Any]) -> dict[str, Any]:
    plain = json.loads(json.dumps(objects))
    for each in plain:
        each.pop("x-generated", None)
    return {f"{each['kind']} {each['metadata']['name']}": each for each in plain}


def test_values_keep_where_they_come_from() -> None:
    """The image stands in the overlay, the memory limit in the patch, the name in the base."""
    deployment = next(each for each in facts_of(OVERLAY).once(cluster).objects if each.kind == "Deployment")
    keys: tuple[str | int, ...] = (*deployment.pod_keys, "containers", 0)

    assert [
        "overlays/prod/kustomization.yaml:5",
        "overlays/prod/memory.yaml:11",
        "base/app.yaml:14",
    ] == [
        f"{place.path}:{place.line}"
        for place in (
            deployment.at(*keys, "image"),
            deployment.at(*keys, "resources"),
            deployment.at(*keys, "name"),
        )
    ]


def test_what_cannot_be_rendered_is_said() -> None:
    """A remote base is not fetched, and not passed over in silence."""
    facts = facts_of({"kustomization.yaml": "resources: [https://example.com/base?ref=v1]\n"})

    with pytest.raises(NotRendered, match="not in this repository"):
        render(facts, "kustomization.yaml")
    assert (
        "kustomization.yaml takes in https://example.com/base?ref=v1, which is not in this repository",
    ) == facts.once(cluster).open


def test_the_same_object_counts_once() -> None:
    """A rendered bundle beside its sources does not double the findings."""
    manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: cart}\n"
    facts = facts_of({"release/all.yaml": manifest, "k8s/cart.yaml": manifest})

    assert ["k8s/cart.yaml"] == [each.path for each in facts.once(cluster).objects]


def test_a_bomb_of_aliases_costs_nothing() -> None:
    """Ten aliases of ten aliases, nine times over, in an overlay and as a plain manifest."""
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\n" + bomb
    facts = facts_of(
        {"k/kustomization.yaml": "resources: [bomb.yaml]\n", "k/bomb.yaml": manifest, "plain.yaml": manifest}
    )

    assert ("k/bomb.yaml cannot be read: more than 500,000 values",) == facts.once(cluster).open
