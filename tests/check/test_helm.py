"""Helm charts: rendered where a renderer is at hand, else named; and every object stands where its template does."""

import dataclasses
import importlib.util
import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from machgen.check.document import Map
from machgen.check.engine import judge
from machgen.check.facts import Facts
from machgen.check.helm import charts, rendered_charts
from machgen.check.helm_process import Helm, at_hand
from machgen.check.kubernetes import cluster
from machgen.check.registry import all_rules
from tests.check.judging import facts_of

CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: cart\nversion: 1.0.0\nappVersion: 2.4.1\n",
    "chart/values.yaml": "replicas: 1\nimage: {repository: cart, tag: latest}\nprobe: true\n",
    "chart/templates/_helpers.tpl": '{{- define "cart.labels" -}}\napp: {{ .Chart.Name }}\n{{- end }}\n',
    "chart/templates/deployment.yaml": """
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: {{ .Release.Name }}-cart
          labels:
            {{- include "cart.labels" . | nindent 4 }}
        spec:
          replicas: {{ .Values.replicas }}
          selector:
            matchLabels:
              {{- include "cart.labels" . | nindent 6 }}
          template:
            metadata:
              labels:
                {{- include "cart.labels" . | nindent 8 }}
            spec:
              {{- if .Values.probe }}
              terminationGracePeriodSeconds: 30
              {{- end }}
              containers:
                - name: cart
                  image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
        """,
    "chart/templates/tests/ping.yaml": """
        apiVersion: v1
        kind: Pod
        metadata:
          name: ping
          annotations: {helm.sh/hook: test}
        spec: {containers: [{name: ping, image: "busybox:latest"}]}
        """,
    "chart/templates/NOTES.txt": "Installed {{ .Release.Name }}.\n",
}
PRODUCTION = {"chart/values-production.yaml": "replicas: 3\nimage: {repository: cart, tag: 2.4.1}\n"}

needs_helm = pytest.mark.skipif(
    shutil.which("helm") is None and importlib.util.find_spec("helm_python") is None,
    reason="neither helm nor helm-python-sdk is installed",
)


def facts(files: Mapping[str, str | bytes], helm: Helm | None) -> Facts:
    """The facts of a repository, with a renderer or with none."""
    return Facts(facts_of(files).files, None, lambda: helm)


def found(files: Mapping[str, str | bytes], rule: str) -> list[str]:
    """What one rule finds, with the renderer of this machine."""
    report = judge(facts(files, at_hand()), [each for each in all_rules() if each.id == rule])
    return [f"{each.flaw.at.path}:{each.flaw.at.line} {each.flaw.message}" for each in report.findings]


def test_without_a_renderer_a_chart_is_open() -> None:
    """It is named, and nothing of it is guessed."""
    seen = facts(CHART, None).once(cluster)

    assert () == seen.objects
    assert ("the Helm chart chart is not rendered: neither helm nor machgen[helm] is at hand",) == seen.open


@needs_helm
def test_default_values_are_judged_where_the_template_says_them() -> None:
    """The line is the template's, not the one of what was rendered."""
    assert [
        "chart/templates/deployment.yaml:22 Deployment release-cart: container cart runs cart:latest at `latest`"
    ] == found(CHART, "C104")


HELD = "apiVersion: v1\nkind: Secret\nmetadata: {name: cart}\ndata:\n  PASSWORD: "


@needs_helm
@pytest.mark.parametrize(
    ("value", "places"),
    [
        (
            "{{ .Values.password | b64enc }}\n",
            ["chart/templates/secret.yaml:5 Secret cart holds PASSWORD for everyone to read"],
        ),
        ("{{ randAlphaNum 24 | b64enc }}\n", []),
    ],
    ids=["written in the values", "made up at installation"],
)
def test_a_password_that_no_file_holds_is_no_finding(value: str, places: list[str]) -> None:
    """What a chart makes up is known to the cluster alone."""
    chart = {**CHART, "chart/values.yaml": CHART["chart/values.yaml"] + "password: dbc1f0a94be14b8a8c21\n"}

    assert places == found({**chart, "chart/templates/secret.yaml": HELD + value}, "C110")


@needs_helm
def test_production_values_win() -> None:
    """Where the repository has them, they are what runs."""
    seen = facts({**CHART, **PRODUCTION}, at_hand()).once(cluster)

    assert [] == found({**CHART, **PRODUCTION}, "C104")
    assert [3] == [each.node["spec"]["replicas"] for each in seen.objects]


@needs_helm
@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("templates/service.yaml", "{{ .Values.a.b.c.d }}\n", "nil pointer evaluating interface"),
        ("templates/service.yaml", "{{ required `say the host` .Values.host }}\n", "say the host"),
        ("templates/service.yaml", "a: [\n", "chart/templates/service.yaml renders to what is not YAML"),
        ("Chart.yaml", "apiVersion: v2\nname: cart\n", "version"),
        ("Chart.yaml", "a: [", ""),
    ],
)
def test_what_cannot_be_rendered_is_open(name: str, content: str, reason: str) -> None:
    """With the renderer's reason, and without the place where it ran."""
    objects, open_ = facts({**CHART, f"chart/{name}": content}, at_hand()).once(rendered_charts)

    assert [] == objects
    assert 1 == len(open_)
    assert open_[0].startswith("the Helm chart chart is not rendered: ")
    assert reason in open_[0]
    assert "machgen-charts-" not in open_[0]


@needs_helm
def test_one_broken_chart_leaves_the_others() -> None:
    """Each is rendered by itself."""
    other = {path.replace("chart/", "other/", 1): text for path, text in CHART.items()}
    objects, open_ = facts({**CHART, **other, "chart/templates/x.yaml": "{{ fail `no` }}"}, at_hand()).once(
        rendered_charts
    )

    assert ["other/templates/deployment.yaml"] == [path for _, path, _ in objects]
    assert 1 == len(open_)


@needs_helm
@pytest.mark.parametrize(
    "template",
    [
        "{{ range until 2000000000 }}a{{ end }}",
        '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
        "{{ range until 20000 }}{{ range until 20000 }}{{ range until 20000 }}{{ end }}{{ end }}{{ end }}",
    ],
)
def test_a_hostile_chart_is_stopped(template: str) -> None:
    """By its bounds on processor time and memory, which hold on a busy machine as on a quiet one."""
    began = spent()
    objects, open_ = facts({**CHART, "chart/templates/x.yaml": template}, impatient()).once(rendered_charts)

    assert ([], 1) == (objects, len(open_))
    assert spent() - began < 2


def impatient() -> Helm:
    """The renderer of this machine, with less time."""
    renderer = at_hand()
    assert renderer is not None
    return dataclasses.replace(renderer, seconds=1)


def spent() -> float:
    """Seconds of processor time that ended child processes took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@needs_helm
def test_a_chart_that_takes_all_its_time_is_named() -> None:
    """The reason says what was too much, and nothing of a half of it is judged."""
    endless = "{{ range until 20000 }}{{ range until 20000 }}{{ range until 20000 }}{{ end }}{{ end }}{{ end }}"
    _, open_ = facts({**CHART, "chart/templates/x.yaml": endless}, impatient()).once(rendered_charts)

    assert ["the Helm chart chart is not rendered: rendering takes more than 1 s of processor time"] == open_


@needs_helm
def test_a_slow_machine_renders_as_a_quick_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a chart renders to depends on it alone: five seconds in which the renderer gets no processor are no bound."""
    started = subprocess.Popen
    stopped = []

    class Stopped(started):  # type: ignore[misc, valid-type]  # what a busy machine does to a process
        def __init__(self, *words: Any, **settings: Any) -> None:
            super().__init__(*words, **settings)
            self.send_signal(signal.SIGSTOP)
            stopped.append(threading.Timer(5, self.send_signal, [signal.SIGCONT]))
            stopped[0].start()

    monkeypatch.setattr(subprocess, "Popen", Stopped)
    objects, open_ = facts(CHART, at_hand()).once(rendered_charts)
    stopped[0].join()

    assert (1, []) == (len(objects), open_)


@needs_helm
def test_a_chart_reads_nothing_of_the_machine() -> None:
    """`.Files` knows the chart's own files; there is no environment and no cluster."""
    template = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: a}
        data:
          passwd: {{ .Files.Get "/etc/passwd" | quote }}
          above: {{ .Files.Get "../../../../etc/hostname" | quote }}
          looked: {{ lookup "v1" "Secret" "kube-system" "" | toJson | quote }}
          host: {{ getHostByName "localhost" | quote }}
        """
    objects, _ = facts({**CHART, "chart/templates/x.yaml": template}, at_hand()).once(rendered_charts)
    data = next(node["data"] for _, _, node in objects if node["kind"] == "ConfigMap")

    assert {"passwd": "", "above": "", "looked": "{}", "host": ""} == dict(data)


def test_what_a_chart_carries_is_not_a_chart_of_its_own() -> None:
    """Dependencies in `charts/` are part of it, samples are none, and a library renders nothing."""
    files = {
        **CHART,
        "chart/charts/db/Chart.yaml": "name: db\n",
        "tests/chart/Chart.yaml": "name: x\n",
        "lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n",
    }

    assert ("chart", "lib") == facts(files, None).once(charts)
    assert 1 == len(facts(files, None).once(rendered_charts)[1])


def test_no_chart_asks_for_no_renderer() -> None:
    """Looking for one would cost every other repository."""

    def never() -> Helm | None:
        raise AssertionError("asked")

    assert ([], []) == Facts(facts_of({"a.yaml": "a: 1\n"}).files, None, never).once(rendered_charts)


def test_a_command_renders_each_chart(tmp_path: Path) -> None:
    """The `helm` command is given the chart's files and values; what it prints is parted by its sources."""
    command = str(tmp_path / "helm")
    with open(command, "w", encoding="utf-8") as file:
        file.write(
            '#!/bin/sh\n[ "$1 $2" = "template release" ] || exit 3\n'
            'echo "---"; echo "# Source: cart/templates/a.yaml"; cat "$3/templates/a.yaml"\n'
            'echo "---"; echo "# Source: cart/templates/b.yaml"; cat "$5"\n'
        )

    os.chmod(command, 0o700)
    values = Map()
    values["a"] = 1
    answer = Helm(command).render([({"templates/a.yaml": b"kind: A\n"}, values)])[0]

    assert isinstance(answer, dict)
    assert ["cart/templates/a.yaml", "cart/templates/b.yaml"] == list(answer)
    assert "kind: A" in answer["cart/templates/a.yaml"]
    assert '{"a": 1}' in answer["cart/templates/b.yaml"]


def helm(directory: Path, program: str) -> str:
    """A `helm` command that is this shell program."""
    command = directory / "helm"
    command.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    command.chmod(0o700)
    return str(command)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("echo nothing that helm would say", "the renderer's answer has no templates in it"),
        ("yes '# Source: cart/templates/a.yaml'", "it renders to more than 10 MB"),
        ("sleep 5 & echo Error: no such chart >&2; exit 1", "Error: no such chart"),
    ],
)
def test_a_command_that_is_not_helm_s_leaves_the_chart_open(tmp_path: Path, program: str, reason: str) -> None:
    """However much it prints, and whatever it leaves behind."""
    _, open_ = facts(CHART, Helm(helm(tmp_path, program))).once(rendered_charts)

    assert [f"the Helm chart chart is not rendered: {reason}"] == open_


def test_a_chart_may_render_to_nothing(tmp_path: Path) -> None:
    """Where everything in it is switched off."""
    assert ([], []) == facts(CHART, Helm(helm(tmp_path, "true"))).once(rendered_charts)


def test_what_lies_in_the_repository_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where PATH names the directory that one is in."""
    command = helm(tmp_path, "true")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join((".", "")))
    found = at_hand()

    assert found is None or "" == found.command

    monkeypatch.setenv("PATH", str(tmp_path))

    assert Helm(command) == at_hand()
