"""The manifests, rendered by kubectl for every overlay, against the published schemas and against each other."""

import ast
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from machgen.bundle import builtin_template, descriptions
from tests.templates.conftest import Bake
from tests.templates.validators.conftest import Run

# The oldest version that knows preStop.sleep by default, one in use, and the newest that is published.
VERSIONS = ("1.30", "1.33", "1.37")

Manifest = dict[str, Any]


def manifests_of(name: str) -> dict[str, bytes]:
    """Return the sources of a template's manifests."""
    template, _ = builtin_template(name)
    return {path: file.data for path, file in template.files.items() if path.startswith(f"{template.root}/deploy/")}


# A layer that leaves the manifests as they are has the ones that are judged already.
DEPLOYED = [name for name in descriptions() if name == "service" or manifests_of(name) != manifests_of("service")]


@pytest.fixture(scope="module", params=DEPLOYED)
def service(request: pytest.FixtureRequest, baked: Bake) -> Path:
    return baked({"project_slug": "ticketing"}, request.param)


@pytest.fixture(scope="module", params=["dev", "staging", "prod"])
def overlay(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rendered(service: Path, overlay: str, run: Run) -> str:
    return run("kubectl", "kustomize", f"deploy/kustomize/overlays/{overlay}", cwd=service)


@pytest.fixture(scope="module")
def manifests(rendered: str) -> list[Manifest]:
    return list(yaml.safe_load_all(rendered))


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def the(manifests: list[Manifest], kind: str) -> Manifest:
    (found,) = of_kind(manifests, kind)
    return found


def pods(manifests: list[Manifest]) -> Iterator[Manifest]:
    for kind in ("Deployment", "Job"):
        for manifest in of_kind(manifests, kind):
            yield manifest["spec"]["template"]


def selects(selector: Manifest, pod: Manifest) -> bool:
    return bool(selector["matchLabels"].items() <= pod["metadata"]["labels"].items())


@pytest.mark.parametrize("version", VERSIONS)
def test_manifests_match_the_schemas_of_kubernetes(rendered: str, run: Run, tmp_path: Path, version: str) -> None:
    """Strictly: a property that this version does not know is an error, because the cluster would drop it silently."""
    file = tmp_path / "manifests.yaml"
    file.write_text(rendered, encoding="utf-8")

    run("kubernetes-validate", "--strict", "--kubernetes-version", version, file, cwd=tmp_path)


def test_the_schema_validator_sees_a_misspelt_property(rendered: str, run: Run, tmp_path: Path) -> None:
    """Guards the test above: a validator that accepts everything proves nothing."""
    file = tmp_path / "manifests.yaml"
    file.write_text(rendered.replace("readOnlyRootFilesystem", "readonlyRootFilesystem"), encoding="utf-8")

    with pytest.raises(pytest.fail.Exception, match="readonlyRootFilesystem"):
        run("kubernetes-validate", "--strict", "--kubernetes-version", VERSIONS[-1], file, cwd=tmp_path)


def test_an_overlay_holds_one_of_everything_that_a_service_needs(manifests: list[Manifest], overlay: str) -> None:
    """Nothing is lost between base and overlay, and everything lands in the overlay's own namespace."""
    kinds = sorted(manifest["kind"] for manifest in manifests if manifest["kind"] != "NetworkPolicy")
    policies = {manifest["metadata"]["name"] for manifest in of_kind(manifests, "NetworkPolicy")}

    assert kinds == [
        "ConfigMap", "Deployment", "HTTPRoute", "HorizontalPodAutoscaler", "Job", "Namespace", "PodDisruptionBudget",
        "Service", "ServiceAccount",
    ]  # fmt: skip
    assert policies == {
        "default-deny", "allow-requests-from-gateway", "allow-scrapes-from-monitoring", "allow-names-from-cluster-dns",
        "allow-queries-to-database", "allow-keys-from-identity-provider", "allow-traces-to-collector",
        "allow-events-to-broker",
    }  # fmt: skip
    spaces = {manifest["metadata"].get("namespace") for manifest in manifests if manifest["kind"] != "Namespace"}
    assert spaces == {f"ticketing-{overlay}"}
    assert the(manifests, "Namespace")["metadata"]["name"] == f"ticketing-{overlay}"


def test_pods_meet_the_restricted_pod_security_standard(manifests: list[Manifest]) -> None:
    """Non-root by number, read-only root, no escalation, no capability, default seccomp, nothing of the host."""
    enforced = the(manifests, "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]

    assert enforced == "restricted"
    for pod in pods(manifests):
        spec = pod["spec"]
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert spec["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        assert [set(volume) - {"name"} for volume in spec["volumes"]] == [{"emptyDir"}]
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= set(container["resources"]["requests"])
            assert "memory" in container["resources"]["limits"]


def test_names_selectors_and_ports_match_up(manifests: list[Manifest]) -> None:
    """Every reference from one object to another finds its target, and only the API's pods get requests."""
    deployment, job = the(manifests, "Deployment"), the(manifests, "Job")
    api, migration = deployment["spec"]["template"], job["spec"]["template"]
    service = the(manifests, "Service")
    ports = {port["name"]: port["containerPort"] for port in api["spec"]["containers"][0]["ports"]}

    assert selects(deployment["spec"]["selector"], api)
    assert selects({"matchLabels": service["spec"]["selector"]}, api)
    assert not selects({"matchLabels": service["spec"]["selector"]}, migration)
    assert selects(the(manifests, "PodDisruptionBudget")["spec"]["selector"], api)
    for spread in api["spec"]["topologySpreadConstraints"]:
        assert selects(spread["labelSelector"], api)
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    assert api["metadata"]["annotations"]["prometheus.io/port"] == str(ports["http"])
    target = the(manifests, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", deployment["metadata"]["name"])
    (rule,) = the(manifests, "HTTPRoute")["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": service["metadata"]["name"], "port": service["spec"]["ports"][0]["port"]}]
    accounts = {pod["spec"]["serviceAccountName"] for pod in pods(manifests)}
    assert accounts == {the(manifests, "ServiceAccount")["metadata"]["name"]}
    configured = {pod["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"] for pod in pods(manifests)}
    assert configured == {the(manifests, "ConfigMap")["metadata"]["name"]}


def test_every_network_exception_applies_to_a_pod(manifests: list[Manifest]) -> None:
    """A policy whose selector matches nothing looks like protection and is none."""
    for policy in of_kind(manifests, "NetworkPolicy"):
        selector = policy["spec"]["podSelector"]

        assert selector == {} or any(selects(selector, pod) for pod in pods(manifests)), policy["metadata"]["name"]
    (deny,) = [policy for policy in of_kind(manifests, "NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    assert deny["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_pod_outlives_its_drain(manifests: list[Manifest]) -> None:
    """preStop, the server's drain and the end of its requests fit into the grace period, with time to spare."""
    spec = the(manifests, "Deployment")["spec"]["template"]["spec"]
    settings = the(manifests, "ConfigMap")["data"]
    needed = (
        spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        + int(settings["DRAIN_SECONDS"])
        + int(settings["SHUTDOWN_SECONDS"])
    )

    assert needed + 5 <= spec["terminationGracePeriodSeconds"]


def test_probes_ask_different_questions(manifests: list[Manifest]) -> None:
    """A database that is gone takes pods out of rotation; it never restarts them."""
    (container,) = the(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    asked = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}

    assert asked == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


def test_the_autoscaler_alone_decides_how_many(manifests: list[Manifest], overlay: str) -> None:
    """No replica count beside the autoscaler; at least two pods wherever people depend on them."""
    scale = the(manifests, "HorizontalPodAutoscaler")["spec"]

    assert "replicas" not in the(manifests, "Deployment")["spec"]
    assert scale["minReplicas"] == {"dev": 1, "staging": 2, "prod": 3}[overlay]
    assert the(manifests, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def test_every_setting_of_the_manifests_is_one_that_the_service_reads(
    manifests: list[Manifest], service: Path, overlay: str
) -> None:
    """A misspelt variable would be ignored in silence."""
    settings = [ast.parse(path.read_text(encoding="utf-8")) for path in service.glob("src/*/settings.py")]
    known = {
        node.target.id.upper()
        for node in itertools.chain.from_iterable(map(ast.walk, settings))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    secrets = {variable["name"] for pod in pods(manifests) for variable in pod["spec"]["containers"][0]["env"]}
    data = the(manifests, "ConfigMap")["data"]

    assert (set(data) | secrets) - known == set()
    assert data["ENVIRONMENT"] == overlay
    everywhere = {"DATABASE_URL", "SECRET_KEY", "EVENTS_SECRETS", "EVENTS_NATS_URL", "EVENTS_SENDERS"}
    assert everywhere <= secrets <= everywhere | {"PAYMENT_API_KEY", "PAYMENT_WEBHOOK_SECRET"}
    assert not secrets & set(data)


def test_every_pod_knows_who_gets_events_and_signs_with_a_secret_by_reference(
    manifests: list[Manifest], service: Path
) -> None:
    """Whoever delivers, pods of the API or of the relay: addresses are settings, what signs is never in this tree."""
    name = the(manifests, "ConfigMap")["metadata"]["name"]
    for pod in pods(manifests):
        (container,) = pod["spec"]["containers"]
        signs = {one["name"]: one for one in container["env"]}["EVENTS_SECRETS"]

        assert container["envFrom"] == [{"configMapRef": {"name": name}}]
        assert signs["valueFrom"]["secretKeyRef"] == {
            "name": "ticketing-secrets", "key": "EVENTS_SECRETS", "optional": True,
        }  # fmt: skip
    settings = the(manifests, "ConfigMap")["data"]
    guide = (service / "deploy/README.md").read_text(encoding="utf-8")

    assert (settings["EVENTS_PUBLISHER"], settings["EVENTS_SUBSCRIBERS"]) == ("log", "")
    assert [line for line in guide.splitlines() if "`EVENTS_SUBSCRIBERS`" in line and "base/kustomization" in line]


def test_everything_carries_the_recommended_labels(manifests: list[Manifest], overlay: str) -> None:
    """Who it is, which version, where it belongs: on objects and on pods."""
    for labels in [manifest["metadata"]["labels"] for manifest in [*manifests, *pods(manifests)]]:
        recommended = {key.removeprefix("app.kubernetes.io/"): value for key, value in labels.items() if "app." in key}

        assert recommended | {"component": ""} == {
            "name": "ticketing",
            "instance": f"ticketing-{overlay}",
            "version": "0.1.0",
            "component": "",
            "part-of": "ticketing",
            "managed-by": "kustomize",
        }


@pytest.fixture(scope="module")
def with_relay(service: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The production overlay with the component that the deployment guide adds, word for word."""
    project = tmp_path_factory.mktemp("relay") / "project"
    shutil.copytree(service, project)
    guide = (project / "deploy" / "README.md").read_text(encoding="utf-8")
    added = guide.partition("```yaml\n")[2].partition("```")[0]
    with (project / "deploy/kustomize/overlays/prod/kustomization.yaml").open("a", encoding="utf-8") as overlay:
        overlay.write("\n" + added)
    return run("kubectl", "kustomize", "deploy/kustomize/overlays/prod", cwd=project)


@pytest.mark.parametrize("version", VERSIONS)
def test_relay_matches_the_schemas_of_kubernetes(with_relay: str, run: Run, tmp_path: Path, version: str) -> None:
    """As strictly as the rest."""
    file = tmp_path / "manifests.yaml"
    file.write_text(with_relay, encoding="utf-8")

    run("kubernetes-validate", "--strict", "--kubernetes-version", version, file, cwd=tmp_path)


def test_relay_runs_beside_the_api_and_gets_no_requests(with_relay: str) -> None:
    """The same image, settings and identity; only it delivers, and its pods are nobody's target."""
    manifests = list(yaml.safe_load_all(with_relay))
    deployments = {manifest["metadata"]["name"]: manifest for manifest in of_kind(manifests, "Deployment")}
    relay, api = (deployments[name]["spec"]["template"] for name in ("ticketing-relay", "ticketing"))
    (container,), (serving,) = relay["spec"]["containers"], api["spec"]["containers"]
    reached = {
        policy["metadata"]["name"]
        for policy in of_kind(manifests, "NetworkPolicy")
        if selects({"matchLabels": {}} | policy["spec"]["podSelector"], relay)
    }

    assert container["args"] == ["python", "-m", "chassis", "relay"]
    for shared in ("image", "envFrom", "securityContext", "volumeMounts"):
        assert container[shared] == serving[shared]
    assert relay["spec"]["securityContext"] == api["spec"]["securityContext"]
    assert relay["spec"]["automountServiceAccountToken"] is False
    assert the(manifests, "ConfigMap")["data"]["RELAY_EMBEDDED"] == "false"
    assert selects(deployments["ticketing-relay"]["spec"]["selector"], relay)
    assert not selects(deployments["ticketing"]["spec"]["selector"], relay)
    assert not selects({"matchLabels": the(manifests, "Service")["spec"]["selector"]}, relay)
    assert not selects(the(manifests, "PodDisruptionBudget")["spec"]["selector"], relay)
    assert reached == {
        "default-deny", "allow-names-from-cluster-dns", "allow-queries-to-database", "allow-traces-to-collector",
        "allow-deliveries-from-relay",
    }  # fmt: skip
    assert {pod["metadata"]["labels"]["app.kubernetes.io/version"] for pod in (relay, api)} == {"0.1.0"}


@pytest.fixture(scope="module")
def with_neighbours(service: Path, run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The production overlay with the component for calls inside the cluster."""
    project = tmp_path_factory.mktemp("neighbours") / "project"
    shutil.copytree(service, project)
    guide = (project / "deploy" / "README.md").read_text(encoding="utf-8")
    added = guide.partition("## Services that call each other")[2].partition("```yaml\n")[2].partition("```")[0]
    with (project / "deploy/kustomize/overlays/prod/kustomization.yaml").open("a", encoding="utf-8") as overlay:
        overlay.write("\n" + added)
    return run("kubectl", "kustomize", "deploy/kustomize/overlays/prod", cwd=project)


def test_neighbours_match_the_schemas_of_kubernetes(with_neighbours: str, run: Run, tmp_path: Path) -> None:
    """As strictly as the rest, for the newest version."""
    file = tmp_path / "manifests.yaml"
    file.write_text(with_neighbours, encoding="utf-8")

    run("kubernetes-validate", "--strict", "--kubernetes-version", VERSIONS[-1], file, cwd=tmp_path)


def test_neighbours_are_those_that_a_namespace_names(with_neighbours: str) -> None:
    """Calls come from labelled namespaces to the API alone, and go to the APIs of labelled namespaces alone."""
    manifests = list(yaml.safe_load_all(with_neighbours))
    policies = {it["metadata"]["name"]: it["spec"] for it in of_kind(manifests, "NetworkPolicy")}
    incoming, outgoing = policies["allow-requests-from-neighbours"], policies["allow-requests-to-neighbours"]
    (served,) = the(manifests, "Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"]

    assert incoming["ingress"] == [
        {
            "from": [{"namespaceSelector": {"matchLabels": {"calls/ticketing": "allowed"}}}],
            "ports": [{"port": served["name"], "protocol": "TCP"}],
        }
    ]
    assert outgoing["egress"] == [
        {
            "to": [
                {
                    "namespaceSelector": {"matchLabels": {"called-by/ticketing": "allowed"}},
                    "podSelector": {"matchLabels": {"app.kubernetes.io/component": "api"}},
                }
            ],
            "ports": [{"port": served["containerPort"], "protocol": "TCP"}],
        }
    ]
    for policy in (incoming, outgoing):
        assert any(selects({"matchLabels": {}} | policy["podSelector"], pod) for pod in pods(manifests))


def test_tree_holds_no_secret(service: Path) -> None:
    """Manifests refer to a Secret by name; nobody finds one in the repository."""
    kinds = [
        document["kind"]
        for path in (service / "deploy").rglob("*.yaml")
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]

    assert "Deployment" in kinds
    assert "Secret" not in kinds
