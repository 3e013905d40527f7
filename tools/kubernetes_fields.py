"""Write the table of Kubernetes' fields again, which C115 checks manifests against.

usage: kubernetes_fields.py DEFINITIONS   a `_definitions.json` of Kubernetes' own OpenAPI description, as the
                                          package kubernetes-validate carries it for every version
"""

import json
import sys
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[1] / "machgen" / "check" / "kubernetes_fields.json"

KINDS = {
    "v1": "Pod Service ConfigMap Secret ServiceAccount Namespace PersistentVolumeClaim LimitRange ResourceQuota "
    "Endpoints",
    "apps/v1": "Deployment StatefulSet DaemonSet ReplicaSet",
    "batch/v1": "Job CronJob",
    "networking.k8s.io/v1": "Ingress IngressClass NetworkPolicy",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "Role ClusterRole RoleBinding ClusterRoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "storage.k8s.io/v1": "StorageClass",
}
"""apiVersion → the kinds that repositories of services hold."""

SIMPLE = {"string": "s", "integer": "i", "boolean": "b", "number": "n"}


class Fields:
    """The definitions that are reached from the kinds, numbered in the order they are reached."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.definitions = definitions
        self.numbers: dict[str, int] = {}
        self.table: list[dict[str, Any]] = []

    def number(self, name: str) -> int:
        """Return the number of a definition, with everything that it refers to."""
        if name not in self.numbers:
            self.numbers[name] = len(self.table)
            entry: dict[str, Any] = {}
            self.table.append(entry)
            schema = self.definitions[name]
            entry["f"] = {key: self.kind(value) for key, value in schema["properties"].items()}
            if needed := [key for key in schema.get("required", []) if key not in ("kind", "apiVersion")]:
                entry["r"] = needed
        return self.numbers[name]

    def kind(self, schema: dict[str, Any]) -> str | int | list[Any]:
        """Return a value's type: a letter, a definition's number, `[item]`, or `["", value]` for a map."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            target = self.definitions[name]
            return self.number(name) if target.get("properties") else self.kind(target)
        if schema.get("oneOf") or schema.get("format") == "int-or-string":
            return "x"  # a quantity, or a number or a text
        named = schema.get("type")
        named = next((one for one in named if one != "null"), None) if isinstance(named, list) else named
        if named == "array":
            return [self.kind(schema["items"])]
        if named == "object":
            return ["", self.kind(schema["additionalProperties"])] if schema.get("additionalProperties") else "o"
        return SIMPLE.get(str(named), "o")


def main(source: str) -> None:
    """Write the table."""
    definitions = json.loads(Path(source).read_text(encoding="utf-8"))
    definitions = definitions["$defs"]
    fields = Fields(definitions)
    kinds: dict[str, int] = {}
    for name, schema in sorted(definitions.items()):
        for each in schema.get("x-kubernetes-group-version-kind", ()):
            api = f"{each['group']}/{each['version']}".lstrip("/")
            if each["kind"] in KINDS.get(api, "").split():
                kinds[f"{api} {each['kind']}"] = fields.number(name)
    whole = {
        "source": "Kubernetes' OpenAPI description, Apache License 2.0; written by tools/kubernetes_fields.py",
        "kinds": dict(sorted(kinds.items())),
        "definitions": fields.table,
    }
    TABLE.write_text(json.dumps(whole, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
