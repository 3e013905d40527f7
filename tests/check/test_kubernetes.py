"""C101-C117: one deployment that is as it should be, and what each rule says when something in it changes."""

import textwrap

import pytest

from machgen.check.engine import judge
from machgen.check.fixes import fixed
from machgen.check.model import Outcome
from machgen.check.registry import all_rules
from tests.check.judging import facts_of, found, outcomes

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
  labels: {app.kubernetes.io/name: cart}
spec:
  replicas: 2
  selector:
    matchLabels: {app: cart}
  template:
    metadata:
      labels: {app: cart}
    spec:
      serviceAccountName: cart
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 40
      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: cart}}}]
      securityContext:
        runAsNonRoot: true
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: api
          image: registry.example.com/cart:1.2.0
          args: [gunicorn, "--graceful-timeout=20", app]
          ports: [{name: http, containerPort: 8000}]
          env:
            - {name: LOG_LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: LOG_LEVEL}}}
            - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: elsewhere, key: password}}}
          livenessProbe: {httpGet: {path: /livez, port: http}}
          readinessProbe: {httpGet: {path: /readyz, port: http}}
          lifecycle: {preStop: {sleep: {seconds: 5}}}
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {memory: 128Mi}
          securityContext:
            readOnlyRootFilesystem: true
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
          volumeMounts: [{name: tmp, mountPath: /tmp}]
      volumes:
        - {name: tmp, emptyDir: {}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: cart, namespace: shop}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: cart}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  LOG_LEVEL: info
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
    - http:
        paths: [{path: /, pathType: Prefix, backend: {service: {name: cart, port: {number: 80}}}}]
"""
SCALER = """
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: cart, namespace: shop}
spec:
  minReplicas: 2
  maxReplicas: 5
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
"""
JOB = """
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop, labels: {app.kubernetes.io/name: cart}}
spec:
  template:
    metadata: {labels: {app: migrate}}
    spec:
      automountServiceAccountToken: false
      containers: [{name: migrate, image: "registry.example.com/cart:1.2.0"}]
"""


def changed(*changes: tuple[str, str], more: str = "") -> dict[str, str]:
    """The deployment with some texts replaced, each exactly once, and something added."""
    text = WORKLOAD
    for old, new in changes:
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    return {"deploy/cart.yaml": text + more}


def test_what_is_as_it_should_be_gives_nothing() -> None:
    """Every Kubernetes rule, on the deployment that all other tests change."""
    facts = facts_of(changed())
    report = judge(facts, [rule for rule in all_rules() if rule.id.startswith("C1")])

    assert [] == [(each.rule.id, each.flaw.message) for each in report.findings]


VIOLATIONS = [
    ("C101", changed(("          livenessProbe: {httpGet: {path: /livez, port: http}}\n", "")), ["container api has no livenessProbe"]),
    ("C101", changed(("          ports: [{name: http, containerPort: 8000}]\n", ""), ("          readinessProbe: {httpGet: {path: /readyz, port: http}}\n", ""), ("path: /livez, port: http", "path: /livez, port: 80")), ["container api has no readinessProbe"]),
    ("C101", {**changed(), "Dockerfile": "FROM a:1\nLABEL org.opencontainers.image.title=cart\n", "requirements.txt": "fastapi\n", "app.py": '@app.get("/livez")\nasync def live(db):\n    await db.execute("SELECT 1")\n    return {}\n'}, ["is restarted when what it depends on is away: its livenessProbe asks /livez, which asks it in app.py:3"]),
    ("C101", {**changed(("path: /livez", "path: /actuator/health")), "Dockerfile": "FROM a:1\n", "pom.xml": "<project><artifactId>cart</artifactId><dependencies><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId></dependency><dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-data-jpa</artifactId></dependency></dependencies></project>"}, ["its livenessProbe asks /actuator/health, which is Spring's health with that of its stores"]),
    ("C102", changed(("            limits: {memory: 128Mi}\n", "")), ["container api has no memory limit"]),
    ("C102", changed(more=JOB), ["container migrate has no cpu request, no memory request, no memory limit"]),
    ("C103", changed(("            readOnlyRootFilesystem: true\n", "")), ["container api is not restricted: writable root"]),
    ("C103", changed(("drop: [ALL]", "drop: [all]")), ["container api is not restricted: drops `all`, which must be spelt ALL"]),
    ("C103", changed(more=JOB), ["container migrate is not restricted: may run as root, writable root, may escalate, keeps capabilities, no seccomp profile"]),
    ("C104", changed(("cart:1.2.0", "cart:latest")), ["container api runs registry.example.com/cart:latest at `latest`"]),
    ("C104", changed(("cart:1.2.0", "cart")), ["container api runs registry.example.com/cart without a version"]),
    ("C105", changed(("      automountServiceAccountToken: false\n", "")), ["gets a token of the ServiceAccount cart and shows no use for it"]),
    ("C105", changed(("      automountServiceAccountToken: false\n", ""), ("      serviceAccountName: cart\n", "")), ["gets a token of the ServiceAccount default and shows no use for it"]),
    ("C106", changed(("replicas: 2", "replicas: 1")), ["runs one replica and has no autoscaler"]),
    ("C106", changed(("maxUnavailable: 1", "minAvailable: 2")), ["lets no pod of Deployment cart go, so its node can never be drained"]),
    ("C106", changed(("selector: {matchLabels: {app: cart}}", "selector: {matchLabels: {app: other}}")), ["Deployment cart has no PodDisruptionBudget"]),
    ("C107", changed(("      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: cart}}}]\n", "")), ["may run all of its replicas on one node"]),
    ("C107", changed(("  replicas: 2\n", ""), ("      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: cart}}}]\n", ""), more=SCALER), ["may run all of its replicas on one node"]),
    ("C108", changed(("spec: {podSelector: {}, policyTypes: [Ingress]}", "spec: {podSelector: {matchLabels: {app: other}}}")), ["no NetworkPolicy covers Deployment cart in the namespace shop"]),
    ("C108", changed(("kind: NetworkPolicy", "kind: Other")), ["no NetworkPolicy covers Deployment cart in the namespace shop"]),
    ("C109", changed(("terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 20")), ["may take 20 s to drain (gunicorn's --graceful-timeout) after 5 s of preStop, the grace period is 20 s"]),
    ("C109", changed(("sleep: {seconds: 5}", "exec: {command: [sh, -c, sleep 60]}")), ["sleeps 60 s in preStop of a grace period of 40 s"]),
    ("C109", changed(('"--graceful-timeout=20", ', ""), ("terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 30")), ["may take 30 s to drain (gunicorn's default) after 5 s of preStop, the grace period is 30 s"]),
    ("C109", {**changed(('          args: [gunicorn, "--graceful-timeout=20", app]\n', "")), "Dockerfile": "FROM a:1\n", "go.mod": "module cart\nrequire github.com/go-chi/chi/v5 v5.0.0\n", "main.go": "ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)\ndefer cancel()\nsrv.Shutdown(ctx)\n"}, ["may take 60 s to drain (its Shutdown, main.go) after 5 s of preStop, the grace period is 40 s"]),
    ("C109", {**changed(('          args: [gunicorn, "--graceful-timeout=20", app]\n', "")), "Dockerfile": "FROM a:1\n", "package.json": '{"dependencies": {"express": "5"}}', "index.js": "process.on('SIGTERM', () => {\n  server.close();\n  setTimeout(() => process.exit(1), 45_000);\n});\n"}, ["may take 45 s to drain (its timer before process.exit, index.js) after 5 s of preStop, the grace period is 40 s"]),
    ("C110", changed(more="\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {password: aHVudGVyMjI=}\n"), ["Secret db holds password for everyone to read"]),
    ("C110", changed(("valueFrom: {secretKeyRef: {name: elsewhere, key: password}}", "value: hunter22")), ["Deployment cart sets DB_PASSWORD for everyone to read"]),
    ("C110", changed(("  LOG_LEVEL: info", "  LOG_LEVEL: info\n  URL: postgres://cart:hunter22@db/cart")), ["ConfigMap settings holds the secret URL"]),
    ("C111", changed(("            readOnlyRootFilesystem: true", "            readOnlyRootFilesystem: true\n            privileged: true")), ["container api is privileged"]),
    ("C111", changed(("emptyDir: {}", "hostPath: {path: /var/run/docker.sock}"), ("      serviceAccountName: cart\n", "      hostNetwork: true\n")), ["shares the node's Network", "mounts the node's /var/run/docker.sock"]),
    ("C112", changed(("policy/v1\n", "policy/v1beta1\n")), ["PodDisruptionBudget cart uses policy/v1beta1, gone since Kubernetes 1.25: policy/v1 took its place"]),
    ("C112", changed(more=SCALER.replace("autoscaling/v2", "autoscaling/v2beta2")), ["HorizontalPodAutoscaler cart uses autoscaling/v2beta2, gone since Kubernetes 1.26: autoscaling/v2 took its place"]),
    ("C113", changed(("targetPort: http", "targetPort: web")), ["sends to the port web, which no container of its pods names"]),
    ("C113", changed(("  selector: {app: cart}\n", "  selector: {app: carts}\n")), ["Service cart selects no pod"]),
    ("C113", changed(("path: /livez, port: http", "path: /livez, port: web")), ["is probed on the port web, which it does not name"]),
    ("C113", changed(("name: settings, key: LOG_LEVEL", "name: settings, key: LEVEL")), ["takes LOG_LEVEL from the key LEVEL, which the ConfigMap settings does not have"]),
    ("C113", changed(("port: {number: 80}", "port: {number: 8080}")), ["sends to port 8080 of the Service cart, which it does not have"]),
    ("C113", changed(("volumeMounts: [{name: tmp,", "volumeMounts: [{name: temp,")), ["mounts the volume temp, which its pod does not have"]),
    ("C113", changed(("emptyDir: {}", "persistentVolumeClaim: {claimName: data}"), more="\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: other, namespace: shop}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"), ["mounts the PersistentVolumeClaim data, which is not here"]),
    ("C113", changed(("  replicas: 2\n", ""), more=SCALER.replace("maxReplicas: 5", "maxReplicas: 1")), ["lets 1 replica be the most and 2 the fewest"]),
    ("C113", changed(more="\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: read, namespace: shop}\nrules: []\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: cart, namespace: shop}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}\nsubjects: [{kind: ServiceAccount, name: carts, namespace: shop}]\n"), ["binds the Role reader, which is not here", "binds the ServiceAccount carts, which is not here"]),
    ("C113", changed(more="\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec:\n  serviceName: dbs\n  selector: {matchLabels: {app: db}}\n  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'a:1'}]}}\n"), ["is governed by the Service dbs, which is not here"]),
    ("C114", changed(("  labels: {app.kubernetes.io/name: cart}\n", "  labels: {app: cart}\n")), ["has no label app.kubernetes.io/name"]),
    ("C114", changed(("  labels: {app.kubernetes.io/name: cart}\n", "")), ["has no label app.kubernetes.io/name"]),
    ("C115", changed(("readinessProbe:", "readynessProbe:")), ["spec.template.spec.containers[0].readynessProbe is no field; did you mean readinessProbe?"]),
    ("C115", changed(("  LOG_LEVEL: info", "  LOG_LEVEL: info\n  PORT: 8000")), ["ConfigMap settings: data.PORT is not a text"]),
    ("C115", changed(("      serviceAccountName: cart\n", "      imagePullPolicy: Always\n"), ("replicas: 2", "replicas: two")), ["spec.replicas is not a whole number", "spec.template.spec.imagePullPolicy is no field; did you mean imagePullSecrets?"]),
    ("C116", changed(more=SCALER), ["fixes its replicas, which HorizontalPodAutoscaler cart scales"]),
    ("C116", changed(more="\n---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: cart, namespace: shop}\nspec: {scaleTargetRef: {name: cart}}\n"), ["fixes its replicas, which ScaledObject cart scales"]),
    ("C117", changed(more='\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: all}\nrules: [{apiGroups: [""], resources: ["*"], verbs: ["*"]}]\n'), ["Role all grants every verb of every resource"]),
    ("C117", changed(more="\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: me}\nroleRef: {kind: ClusterRole, name: cluster-admin}\n"), ["ClusterRoleBinding me makes its subjects cluster-admin"]),
]  # fmt: skip

LOOKALIKES = [
    ("C113", "a port that an image from elsewhere has besides", changed(more="\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: broker, namespace: shop}\nspec:\n  selector: {matchLabels: {app: broker}}\n  template: {metadata: {labels: {app: broker}}, spec: {containers: [{name: broker, image: 'rabbitmq:4.0.1', ports: [{containerPort: 5672}]}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: broker, namespace: shop}\nspec: {selector: {app: broker}, ports: [{name: amqp, port: 5672}, {name: epmd, port: 4369}]}\n")),
    ("C113", "what others make", changed(("emptyDir: {}", "persistentVolumeClaim: {claimName: data}"), more="\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: cart, namespace: shop}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\nsubjects: [{kind: ServiceAccount, name: prometheus, namespace: monitoring}, {kind: Group, name: staff}]\n")),
    ("C101", "readiness asks the database", {**changed(), "Dockerfile": "FROM a:1\n", "requirements.txt": "fastapi\n", "app.py": '@app.get("/livez")\nasync def live():\n    return {}\n\n\n@app.get("/readyz")\nasync def ready(db):\n    await db.execute("SELECT 1")\n'}),
    ("C109", "Go drains for less", {**changed(('          args: [gunicorn, "--graceful-timeout=20", app]\n', "")), "Dockerfile": "FROM a:1\n", "go.mod": "module cart\nrequire github.com/go-chi/chi/v5 v5.0.0\n", "main.go": "ctx, cancel := context.WithTimeout(ctx, 60*time.Second)\nhttp.Get(ctx)\n}\nfunc end() {\n\tctx, cancel := context.WithTimeout(ctx, 20*time.Second)\n\tsrv.Shutdown(ctx)\n"}),
    ("C101", "a job has no end to probe", changed(more=JOB)),
    ("C101", "a side car without a port", changed(("      volumes:\n", "        - {name: log, image: 'log:1.0'}\n      volumes:\n"))),
    ("C101", "a side car before the one that is probed", changed(("      containers:\n", "      containers:\n        - {name: proxy, image: 'proxy:1.0'}\n"), ("          ports: [{name: http, containerPort: 8000}]\n", ""))),
    ("C102", "limits alone imply requests", changed(("            requests: {cpu: 100m, memory: 64Mi}\n", ""), ("limits: {memory: 128Mi}", "limits: {cpu: 1, memory: 128Mi}"))),
    ("C102", "a range gives defaults", changed(("            limits: {memory: 128Mi}\n", ""), more="\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: d}\n")),
    ("C103", "a numeric user is not root", changed(("        runAsNonRoot: true\n", "        runAsUser: 10001\n"))),
    ("C103", "windows has another security context", changed(("      serviceAccountName: cart\n", "      os: {name: windows}\n"), ("            readOnlyRootFilesystem: true\n", ""))),
    ("C104", "by digest", changed(("cart:1.2.0", "cart@sha256:" + "a" * 64))),
    ("C104", "Skaffold fills the name in", {**changed(("image: registry.example.com/cart:1.2.0", "image: cart")), "src/cart/Dockerfile": "FROM scratch\n", "skaffold.yaml": "build: {artifacts: [{image: cart, context: src/cart}]}\n"}),
    ("C105", "a binding shows use", changed(("      automountServiceAccountToken: false\n", ""), more="\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b}\nsubjects: [{kind: ServiceAccount, name: cart}]\nroleRef: {kind: Role, name: r}\n")),
    ("C105", "the account says no", changed(("      automountServiceAccountToken: false\n", ""), ("kind: ServiceAccount\n", "kind: ServiceAccount\nautomountServiceAccountToken: false\n"))),
    ("C106", "two of it must not run", changed(("replicas: 2", "replicas: 1\n  strategy: {type: Recreate}"))),
    ("C106", "a database", changed(("replicas: 2", "replicas: 1"), ("registry.example.com/cart:1.2.0", "postgres:17.2"))),
    ("C107", "one replica cannot be spread", changed(("replicas: 2", "replicas: 1"), ("      topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: cart}}}]\n", ""))),
    ("C107", "an anti-affinity spreads too", changed(("topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: cart}}}]", "affinity: {podAntiAffinity: {x: y}}"))),
    ("C108", "somebody else's namespace", changed(("kind: Namespace", "kind: Other"), ("kind: NetworkPolicy", "kind: Another"))),
    ("C108", "a policy of its own", changed(("spec: {podSelector: {}, policyTypes: [Ingress]}", "spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [cart]}]}}"))),
    ("C109", "long enough", changed(("terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 25"))),
    ("C109", "the default is long enough", changed(("      terminationGracePeriodSeconds: 40\n", ""))),
    ("C110", "an empty secret to be filled", changed(more="\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: CHANGE_ME, key: ''}\n")),
    ("C110", "encrypted", changed(more="\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: 'ENC[AES256_GCM,data:x]'}\nsops: {}\n")),
    ("C111", "an agent of the node", {"agent.yaml": "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: agent}\nspec:\n  template:\n    spec:\n      hostNetwork: true\n      containers: [{name: a, image: 'a:1'}]\n"}),
    ("C111", "says no", changed(("            readOnlyRootFilesystem: true", "            readOnlyRootFilesystem: true\n            privileged: false\n"))),
    ("C112", "served", changed(more=SCALER)),
    ("C112", "beta of somebody else", changed(more="\n---\napiVersion: networking.istio.io/v1beta1\nkind: Gateway\nmetadata: {name: g}\n")),
    ("C113", "an external name selects nothing", changed(more="\n---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {type: ExternalName, externalName: db.example.com}\n")),
    ("C113", "optional", changed(("configMapKeyRef: {name: settings, key: LOG_LEVEL}", "configMapKeyRef: {name: other, key: X, optional: true}"))),
    ("C113", "a secret is made elsewhere", changed()),
    ("C114", "a Service needs none", changed()),
    ("C114", "the kustomization adds it", {**changed(("  labels: {app.kubernetes.io/name: cart}\n", "")), "deploy/kustomization.yaml": "resources: [cart.yaml]\nlabels: [{pairs: {app.kubernetes.io/name: cart}}]\n"}),
    ("C115", "a custom resource", changed(more="\n---\napiVersion: example.com/v1\nkind: Cart\nmetadata: {name: a}\nwhatever: [1]\n")),
    ("C115", "numbers and texts where both go", changed(("targetPort: http", "targetPort: 8000"), ("requests: {cpu: 100m,", "requests: {cpu: 0.1,"), ("emptyDir: {}", "emptyDir: "))),
    ("C116", "the autoscaler alone", changed(("  replicas: 2\n", ""), more=SCALER)),
    ("C116", "another workload's autoscaler", changed(more=SCALER.replace("kind: Deployment, name: cart", "kind: Deployment, name: search"))),
    ("C117", "what is named", changed(more='\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n')),
    ("C117", "the role of view", changed(more="\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: me}\nroleRef: {kind: ClusterRole, name: view}\n")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {e[0]}") for r, f, e in VIOLATIONS]
)
def test_what_violates_is_found(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found by its rule, once."""
    messages = found(rule, files)

    assert len(expected) == len(messages), messages
    assert all(message.endswith(said) for said, message in zip(expected, messages, strict=True)), messages


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


def test_production_overlays_count_and_development_ones_do_not() -> None:
    """The base has no memory limit; production adds it, development does not."""
    without = changed(("            limits: {memory: 128Mi}\n", ""))["deploy/cart.yaml"]
    patch = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: cart}
        spec: {template: {spec: {containers: [{name: api, resources: {limits: {memory: 128Mi}}}]}}}
        """
    overlay = "resources: [../base]\n"
    files = {
        "base/kustomization.yaml": "resources: [cart.yaml]\n",
        "base/cart.yaml": without,
        "prod/kustomization.yaml": overlay + "patches: [{path: memory.yaml}]\n",
        "prod/memory.yaml": textwrap.dedent(patch),
        "dev/kustomization.yaml": overlay,
    }

    assert [] == found("C102", files)
    assert ["base/cart.yaml:33 Deployment cart: container api has no memory limit"] == found(
        "C102", {**files, "prod/kustomization.yaml": overlay}
    )


def test_a_chart_is_named_as_not_judged() -> None:
    """A Helm template is no YAML; its rules are unknown, not passed."""
    files = {
        "chart/Chart.yaml": "apiVersion: v2\nname: cart\nversion: 1.0.0\n",
        "chart/templates/d.yaml": "apiVersion: apps/v1\nkind: Deployment\nspec: {{ .Values.spec }}\n",
    }

    assert [Outcome.UNKNOWN] == outcomes("C102", files)


@pytest.mark.parametrize("path", ["deploy.yaml.j2", "deploy.yaml"])
def test_a_template_is_named_as_not_judged(path: str) -> None:
    """What it becomes depends on values that are not here."""
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\n{% if replicas %}\nspec: {replicas: {{ replicas }}}\n{% endif %}\n"
    report = judge(facts_of({path: text}), [each for each in all_rules() if each.id == "C102"])

    assert [(f"{path} is a template that is not rendered",)] == [each.reasons for each in report.judgements]
    assert () == report.unreadable


@pytest.mark.parametrize(
    ("rule", "change", "mended"),
    [
        ("C103", ("drop: [ALL]", "drop: [all]"), "drop: [ALL]"),
        ("C112", ("networking.k8s.io/v1\nkind: NetworkPolicy", "extensions/v1beta1\nkind: NetworkPolicy"), "networking.k8s.io/v1\nkind: NetworkPolicy"),
    ],
)  # fmt: skip
def test_a_safe_fix_mends_and_changes_nothing_else(rule: str, change: tuple[str, str], mended: str) -> None:
    """The result passes the rule, and a second run has nothing to do."""
    files = changed(change)
    facts = facts_of(files)
    tree, done = fixed(facts, judge(facts, [each for each in all_rules() if each.id == rule]).findings)

    assert [rule] == [each.rule.id for each in done]
    assert {"deploy/cart.yaml": files["deploy/cart.yaml"].replace(change[1], mended)} == {
        path: file.data.decode() for path, file in tree.items()
    }
    assert [] == found(rule, {path: file.data for path, file in tree.items()})
