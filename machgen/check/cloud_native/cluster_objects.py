"""C105, C108, C110, C112, C114, C117: what objects say to the cluster."""

import binascii
import re
from collections.abc import Iterator

from machgen.check.cloud_native.manifests import (
    MANIFESTS,
    dependency_manifests,
    root_of_workload,
    same_namespace,
    unjudged,
)
from machgen.check.cloud_native.secrets import entropy, is_secret_name, is_secret_value
from machgen.check.document import Map, dig, items, maps, table
from machgen.check.facts import Facts, parent, place
from machgen.check.kubernetes import WORKLOADS, Object, cluster, selects
from machgen.check.model import Answer, Edit, Flaw, Level, NotApplicable, Place, rule, rules_in

_CLIENTS = (
    "kubernetes", "kubernetes-asyncio", "kopf", "lightkube", "@kubernetes/client-node", "k8s.io/client-go",
    "sigs.k8s.io/controller-runtime", "io.fabric8:kubernetes-client", "io.kubernetes:client-java*",
    "kubernetesclient", "kube",
    "org.springframework.cloud:spring-cloud-starter-kubernetes*", "io.quarkus:quarkus-kubernetes-client*",
)  # fmt: skip
"""Dependencies that talk to the Kubernetes API."""


@rule(
    "C105",
    "No service-account token without need",
    level=Level.WARNING,
    source="Kubernetes Docs, Configure Service Accounts for Pods; CIS Kubernetes Benchmark 5.1.6",
    mend="Set `automountServiceAccountToken: false` on the pod or its ServiceAccount.",
    applies_when=MANIFESTS,
)
def no_token(facts: Facts) -> Iterator[Answer]:
    """A token in the pod lets whoever gets into it talk to the Kubernetes API. A service that never does needs none;
    identity at a cloud provider works without it."""
    yield from unjudged(facts)
    found = facts.once(cluster)
    bound = {
        str(subject.get("name"))
        for binding in found.of("RoleBinding", "ClusterRoleBinding")
        for subject in maps(binding.node.get("subjects"))
        if subject.get("kind") == "ServiceAccount"
    }
    closed = {
        each.name for each in found.of("ServiceAccount") if each.node.get("automountServiceAccountToken") is False
    }
    for workload in found.workloads:
        account = str(workload.pod.get("serviceAccountName") or workload.pod.get("serviceAccount") or "default")
        said = workload.pod.get("automountServiceAccountToken")
        if said is False or (said is None and account in closed) or account in bound:
            continue
        if any(each.needs(*_CLIENTS) for each in dependency_manifests(root_of_workload(facts, workload))):
            continue
        at = workload.at(
            *workload.pod_keys, "serviceAccountName" if account != "default" else "automountServiceAccountToken"
        )
        yield Flaw(
            f"{workload.title} gets a token of the ServiceAccount {account} and shows no use for it", at, workload.title
        )


@rule(
    "C108",
    "A network policy says who may talk to whom",
    level=Level.WARNING,
    source="Kubernetes Docs, Network Policies; NSA/CISA Kubernetes Hardening Guide 2; CIS Kubernetes Benchmark 5.3.2",
    mend="Deny by default with an empty podSelector, and allow by name what is needed.",
    applies_when=f"{MANIFESTS} that make their own namespace",
)
def network_closed(facts: Facts) -> Iterator[Answer]:
    """Without a policy every pod of the cluster reaches every other: the intruder in one service is in the network of
    all."""
    yield from unjudged(facts)
    found = facts.once(cluster)
    owned = {each.name: each for each in found.of("Namespace")}
    if not owned and found.objects:
        yield NotApplicable("the namespace belongs to somebody else")
    policies = found.of("NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy")
    for workload in found.workloads:
        space = workload.namespace or _beside(workload, owned)
        if space not in owned or workload.kind == "Job":
            continue
        if not any(_covers(policy, workload) for policy in policies):
            message = f"no NetworkPolicy covers {workload.title} in the namespace {space}"
            yield Flaw(message, workload.at("metadata", "name"), workload.title)


def _beside(workload: Object, owned: dict[str, Object]) -> str:
    """The namespace that stands in the same directory as a workload that names none, where that is the only one."""
    beside = [name for name, each in owned.items() if parent(each.path) == parent(workload.path)]
    return beside[0] if len(beside) == 1 else ""


def _covers(policy: Object, workload: Object) -> bool:
    if policy.kind != "NetworkPolicy":
        return True  # other kinds select in ways of their own
    selector = dig(policy.node, "spec", "podSelector")
    return same_namespace(policy, workload) and (not selector or selects(selector, workload.pod_labels))


@rule(
    "C110",
    "No secret stands in a manifest",
    level=Level.ERROR,
    source="Kubernetes Docs, Good practices for Kubernetes Secrets; OWASP Kubernetes Top Ten K03; The "
    "Twelve-Factor App, III",
    mend="Refer to a Secret that is made outside of the repository (External Secrets, sealed or SOPS-encrypted), "
    "and rotate it.",
    applies_when=MANIFESTS,
)
def no_plain_secret(facts: Facts) -> Iterator[Answer]:
    """Base64 is no encryption: who can read the repository, and every copy of it, has the password. It stays in the
    history after it is removed."""
    yield from unjudged(facts)
    for each in facts.once(cluster).objects:
        if each.kind == "Secret" and each.api == "v1" and "sops" not in each.node:
            yield from _secret(facts, each)
        elif each.kind == "ConfigMap" and isinstance(data := each.node.get("data"), Map):
            for key, value in data.items():
                if (is_secret_name(key) and is_secret_value(value)) or _has_password(value):
                    yield Flaw(
                        f"{each.title} holds the secret {key}", place(each.path, data, key), f"{each.title}/{key}"
                    )
        elif each.kind in WORKLOADS:
            yield from _in_environment(each)


def _secret(facts: Facts, each: Object) -> Iterator[Flaw]:
    if str(each.node.get("type", "")).startswith("kubernetes.io/service-account-token"):
        return
    for field in ("data", "stringData"):
        data = each.node.get(field)
        for key, value in data.items() if isinstance(data, Map) else ():
            plain = _decoded(value) if field == "data" and not each.node.get("x-generated") else str(value)
            at = place(each.path, data, key)
            if _opens_something(key, plain) and not _is_made_up(facts, at, plain):
                yield Flaw(f"{each.title} holds {key} for everyone to read", at, f"{each.title}/{key}")


def _is_made_up(facts: Facts, at: Place, value: str) -> bool:
    """Whether a chart makes a value up when it is installed (`randAlphaNum`): then no file holds it."""
    lines = facts.lines(at.path)
    if at.line > len(lines) or "{{" not in lines[at.line - 1]:
        return False
    chart = at.path.partition("/templates/")[0]
    files = [*facts.below(chart), *(path for path in facts.ending(".yaml", ".yml") if "values" in path)]
    return not any(value in facts.prose(path) for path in files if path.endswith((".yaml", ".yml", ".tpl", ".json")))


def _opens_something(key: str, value: str) -> bool:
    """Whether a value in a Secret is one: people put names and addresses there, too."""
    if "PRIVATE KEY-----" in value or _has_password(value):
        return True
    if re.search(
        r"(?:\A|[_.-])(?:user(?:name)?|name|db|database|host|port|url|uri|pub|crt|cert|"
        r"ca)\Z",
        key,
        re.IGNORECASE,
    ):
        return False
    return is_secret_value(value) and (is_secret_name(key) or entropy(value) > 3.0)


def _decoded(value: object) -> str:
    try:
        return binascii.a2b_base64(str(value), strict_mode=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _has_password(value: object) -> bool:
    match = re.search(r"\A[a-z][a-z0-9+.-]*://[^/\s:@]*:([^/\s@]+)@", str(value))
    return match is not None and is_secret_value(match[1])


def _in_environment(each: Object) -> Iterator[Flaw]:
    for container in each.all_containers:
        for variable in maps(container.get("env")):
            name, value = str(variable.get("name")), variable.get("value")
            if (is_secret_name(name) and is_secret_value(value)) or _has_password(value):
                message = f"{each.title} sets {name} for everyone to read"
                yield Flaw(message, place(each.path, variable, "value"), f"{each.title}/{name}")


REMOVED: dict[tuple[str, str], tuple[str, str, bool]] = {
    ("extensions/v1beta1", "Ingress"): ("1.22", "networking.k8s.io/v1", False),
    ("networking.k8s.io/v1beta1", "Ingress"): ("1.22", "networking.k8s.io/v1", False),
    ("networking.k8s.io/v1beta1", "IngressClass"): ("1.22", "networking.k8s.io/v1", True),
    ("extensions/v1beta1", "Deployment"): ("1.16", "apps/v1", False),
    ("apps/v1beta1", "Deployment"): ("1.16", "apps/v1", False),
    ("apps/v1beta2", "Deployment"): ("1.16", "apps/v1", True),
    ("extensions/v1beta1", "DaemonSet"): ("1.16", "apps/v1", False),
    ("apps/v1beta2", "DaemonSet"): ("1.16", "apps/v1", True),
    ("apps/v1beta1", "StatefulSet"): ("1.16", "apps/v1", False),
    ("apps/v1beta2", "StatefulSet"): ("1.16", "apps/v1", True),
    ("extensions/v1beta1", "NetworkPolicy"): ("1.16", "networking.k8s.io/v1", True),
    ("policy/v1beta1", "PodDisruptionBudget"): ("1.25", "policy/v1", False),
    ("policy/v1beta1", "PodSecurityPolicy"): ("1.25", "Pod Security admission", False),
    ("batch/v1beta1", "CronJob"): ("1.25", "batch/v1", True),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): ("1.25", "autoscaling/v2", False),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): ("1.26", "autoscaling/v2", True),
    ("rbac.authorization.k8s.io/v1beta1", "Role"): ("1.22", "rbac.authorization.k8s.io/v1", True),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): ("1.22", "rbac.authorization.k8s.io/v1", True),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"): ("1.22", "rbac.authorization.k8s.io/v1", True),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"): ("1.22", "rbac.authorization.k8s.io/v1", True),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): ("1.22", "apiextensions.k8s.io/v1", False),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): (
        "1.22",
        "admissionregistration.k8s.io/v1",
        False,
    ),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): (
        "1.22",
        "admissionregistration.k8s.io/v1",
        False,
    ),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"): ("1.22", "scheduling.k8s.io/v1", True),
    ("coordination.k8s.io/v1beta1", "Lease"): ("1.22", "coordination.k8s.io/v1", True),
    ("discovery.k8s.io/v1beta1", "EndpointSlice"): ("1.25", "discovery.k8s.io/v1", False),
    ("node.k8s.io/v1beta1", "RuntimeClass"): ("1.25", "node.k8s.io/v1", True),
}
"""apiVersion and kind → the Kubernetes version that dropped it, what to use, and whether only the name changed."""


@rule(
    "C112",
    "Only API versions that are served",
    level=Level.ERROR,
    source="Kubernetes Docs, Deprecated API Migration Guide",
    mend="Move to the API version that is served; `kubectl convert` helps where fields changed.",
    applies_when=MANIFESTS,
    fix="writes the version that took its place where no field has changed",
)
def served_versions(facts: Facts) -> Iterator[Answer]:
    """A cluster refuses an object in an API version that it no longer serves, and with it the whole deployment, usually
    on the day the cluster is updated."""
    yield from unjudged(facts)
    for each in facts.once(cluster).objects:
        if removed := REMOVED.get((each.api, each.kind)):
            since, instead, safe = removed
            at = each.at("apiVersion")
            fix = (Edit(at.path, at.line, each.api, instead),) if safe else ()
            message = f"{each.title} uses {each.api}, gone since Kubernetes {since}: {instead} took its place"
            yield Flaw(message, at, each.title, fix)


@rule(
    "C114",
    "Objects carry the recommended labels",
    level=Level.NOTE,
    source="Kubernetes Docs, Recommended Labels",
    mend="Set `app.kubernetes.io/name` (and `version`, `part-of`, `managed-by`), once for all in the kustomization.",
    applies_when=MANIFESTS,
)
def labelled(facts: Facts) -> Iterator[Answer]:
    """Dashboards, cost reports and people find what belongs together by labels that every tool knows."""
    yield from unjudged(facts)
    for workload in facts.once(cluster).workloads:
        if "app.kubernetes.io/name" not in table(dig(workload.node, "metadata", "labels")):
            yield Flaw(
                f"{workload.title} has no label app.kubernetes.io/name",
                workload.at("metadata", "labels"),
                workload.title,
            )


@rule(
    "C117",
    "No wildcard or cluster-wide rights without need",
    level=Level.ERROR,
    source="Kubernetes Docs, RBAC Good Practices: least privilege; CIS Kubernetes Benchmark 5.1.1, 5.1.3",
    mend="Name the verbs and resources that are used, in a Role of the namespace.",
    applies_when=f"{MANIFESTS} with roles or bindings",
)
def rights_least(facts: Facts) -> Iterator[Answer]:
    """`*` grants what exists today and everything that will be added tomorrow, secrets of others included."""
    yield from unjudged(facts)
    found = facts.once(cluster)
    if found.objects and not found.of("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"):
        yield NotApplicable("no roles or bindings")
    for role in found.of("Role", "ClusterRole"):
        for entry in maps(role.node.get("rules")):
            wide = [key for key in ("verbs", "resources", "apiGroups") if "*" in items(entry.get(key))]
            if wide:
                message = f"{role.title} grants every {' of every '.join(key.removesuffix('s') for key in wide)}"
                yield Flaw(message, place(role.path, entry, wide[0]), role.title)
    for binding in found.of("ClusterRoleBinding", "RoleBinding"):
        if dig(binding.node, "roleRef", "name") == "cluster-admin":
            message = f"{binding.title} makes its subjects cluster-admin"
            yield Flaw(message, binding.at("roleRef", "name"), binding.title)


RULES = rules_in(vars())
