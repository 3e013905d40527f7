"""Whatever lies in a repository: no traceback, no hang, no code run, and what could not be read is named."""

import copy
import errno
import json
import os
import random
import socket
import subprocess
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from machgen.check.document import DEEPEST, Unreadable, read_json, read_toml, read_yaml
from machgen.check.engine import Report, judge
from machgen.check.facts import Facts
from machgen.check.files import LARGEST, Checkout, TreeFiles
from machgen.check.registry import all_rules
from machgen.check.reports import FORMATS, shown
from machgen.tree import File, Tree
from tests.check.test_kubernetes import SCALER, WORKLOAD
from tests.check.test_kustomize import OVERLAY
from tests.promisor import is_live, plant

SEEDS: dict[str, bytes] = {
    "Dockerfile": b"ARG V=3.13.1\nFROM python:${V} AS a\nRUN --mount=type=cache,target=/x \\\n  pip install "
        b"x\nCOPY . .\nCMD [\"a\"]\n",
    "compose.yaml": b"services:\n  a:\n    build: {context: .}\n    environment: [A=1, DB=postgres://u:p@db/x]\n  "
        b"  volumes: ['./a.conf:/a']\n",
    "deploy/app.yaml": f"{WORKLOAD}\n---\n{SCALER}".encode(),
    "overlay/kustomization.yaml": textwrap.dedent(OVERLAY["overlays/prod/kustomization.yaml"]).encode(),
    "base/kustomization.yaml": textwrap.dedent(OVERLAY["base/kustomization.yaml"]).encode(),
    "base/app.yaml": textwrap.dedent(OVERLAY["base/app.yaml"]).encode(),
    ".github/workflows/ci.yml": b"on: {push: {paths: [a]}}\njobs:\n  a:\n    steps:\n      - uses: "
        b"actions/checkout@v4\n      - run: pytest\n",
    ".gitlab-ci.yml": b"include: [{local: a.yml}]\ntest:\n  script: [pytest, [a, b]]\n",
    "package.json": b'{"name": "a", "workspaces": ["x"], "dependencies": {"express": "1", "b": "file:../b"}, "scripts": {"start": "node a"}}',
    "pyproject.toml": b'[project]\nname = "a"\ndependencies = ["fastapi>=1", "x @ file:../y"]\n[tool.uv.sources]\nx = {path = "../y"}\n',
    "pom.xml": b"<project><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId></dependency></dependencies></project>",
    "go.mod": b"module a\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.0.0\n)\nreplace a => ../b\n",
    "a/a.csproj": b'<Project Sdk="Microsoft.NET.Sdk.Web"><ProjectReference Include="..\\b\\b.csproj" /></Project>',
    "Cargo.toml": b'[package]\nname = "a"\n[dependencies]\naxum = {version = "1", path = "../x"}\n',
    "composer.json": b'{"require": {"slim/slim": "4"}}',
    "catalog-info.yaml": b"apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: a}\nspec: "
        b"{type: service, owner: b}\n",
    "CODEOWNERS": b"* @a\n",
    ".dockerignore": b"*\n!src\n",
    "app.py": b"import requests\ncarts = {}\nrequests.get(f(g(1)), timeout=None)\nSECRET_KEY = "
        b"os.environ.get('SECRET_KEY', 'x')\n",
    "app.js": b"const s = session({secret: 'a', x: {y: 1}});\naxios.post(u, {a: f(1)});\n",
    "Jenkinsfile": b"node { sh 'make test' }\n",
    "skaffold.yaml": b"build: {artifacts: [{image: a, context: .}]}\n",
}  # fmt: skip
NOISE = [
    b"\xff\xfe", b"\x00", b"{{", b"}}", b"[[[[", b"&a [*a]", b"<<: *a", b"!!python/object/apply:os.system "
        b"['id']", b"\t", b"\r\n", b"- - - -",
    b"? : ", b"%YAML 9.9", b"...", b"---", b"'", b'"', b"\\", b"${", b"$(", b"\xe2\x80\xae", b"1e999", b"9" * 400, b"null", b"~", b"[]", b"{}",
    b"true", b"!x", b"|", b">-", b"0x", b"=", b"::", b"../..", b"/etc/passwd", b"(" * 50, b"a" * 5000,
]  # fmt: skip


def mutated(seed: int) -> dict[str, File]:
    """The seeds with some of them damaged: cut, repeated, exchanged, spiced."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    files = dict(SEEDS)
    for path in chance.sample(sorted(files), 6):
        data = files[path]
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data) + 1)
            end = min(len(data), at + chance.randint(0, 30))
            data = chance.choice(
                [
                    data[:at] + chance.choice(NOISE) + data[at:],
                    data[:at] + data[end:],
                    data[:at] + chance.choice(NOISE) + data[end:],
                    data[:at],
                    data[:end] + data[at:],
                    data[:at] + files[chance.choice(sorted(files))][:200] + data[end:],
                ]
            )
        files[path] = data
    return {path: File(data) for path, data in files.items()}


JUNK: list[Any] = [
    None, [], {}, "", 0, 1.5, True, "x", [None], {"a": None}, [[]], [{}], "${X}", "{{ x }}", "9" * 50, "../../..", "*",
    {"name": 3}, {"name": None, "value": []},
]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document where a value stands."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *places(value[key]))]


def misshaped(seed: int) -> dict[str, File]:
    """The seeds that are YAML or JSON with values of wrong types in one to six places each."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
    files = {path: File(data) for path, data in SEEDS.items()}
    for path in (path for path in SEEDS if path.endswith((".yaml", ".yml", ".json"))):
        documents = list(yaml.safe_load_all(SEEDS[path]))
        for _ in range(chance.randint(1, 6)):
            holder, key = chance.choice([place for each in documents for place in places(each)])
            holder[key] = copy.deepcopy(chance.choice(JUNK))
        text = json.dumps(documents[0]) if path.endswith(".json") else yaml.safe_dump_all(documents)
        files[path] = File(text.encode())
    return files


def report(files: dict[str, File]) -> Report:
    """Judge these files by every rule."""
    return judge(Facts(TreeFiles(Tree(files))), all_rules())


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_damaged_files_are_judged_without_a_traceback(start: int) -> None:
    """Twenty damaged repositories a case; none takes long, and every report can be shown."""
    for seed in range(start, start + 20):
        began = time.monotonic()
        found = report(mutated(seed))
        for shape in FORMATS:
            shown(found, shape)

        assert time.monotonic() - began < 5, seed


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_misshaped_files_are_judged_without_a_traceback(start: int) -> None:
    """A number where a list is meant, a list where a name is: fifty repositories a case."""
    for seed in range(start, start + 50):
        report(misshaped(seed))


@pytest.mark.soak
@pytest.mark.parametrize("start", range(200, 2200, 100))
def test_many_damaged_files_are_judged_without_a_traceback(start: int) -> None:
    """The same, two thousand times, and two thousand misshapen ones."""
    for seed in range(start, start + 100):
        began = time.process_time()  # a soak shares its machine
        report(mutated(seed))
        report(misshaped(seed))

        assert time.process_time() - began < 5, seed


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 100_000,
        "".join(" " * depth + "a:\n" for depth in range(1000)),
        "{a: " * 50_000,
        "? " * 50_000,
    ],
    ids=["flow", "block in a line", "indented", "mappings", "keys"],
)
def test_nesting_is_bounded(text: str) -> None:
    """Deeper than a person writes is refused, quickly and without exhausting any stack."""
    with pytest.raises(Unreadable, match=r"nested deeper|not YAML"):
        read_yaml(text)


def test_json_and_toml_nesting_is_bounded() -> None:
    """As for YAML."""
    with pytest.raises(Unreadable):
        read_json("[" * 100_000 + "]" * 100_000)
    with pytest.raises(Unreadable):
        read_json("[" * (DEEPEST + 5) + "]" * (DEEPEST + 5))
    with pytest.raises(Unreadable):
        read_toml("a = " + "[" * 5000 + "]" * 5000)


def test_no_tag_makes_an_object() -> None:
    """A tag that other loaders would call is text here."""
    assert [{"a": ["touch /tmp/x"]}] == read_yaml("a: !!python/object/apply:os.system ['touch /tmp/x']")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Too large, binary, broken: each by its name; links out, loops and pipes are no files."""
    (tmp_path / "Dockerfile").write_bytes(b"FROM a:1\n" + b"#" * LARGEST)
    (tmp_path / "compose.yaml").write_bytes(b"\x00\x01\x02")
    (tmp_path / "openapi.yaml").write_text("a: [")
    (tmp_path / "catalog-info.yaml").write_text("a: b: c\n")
    (tmp_path / "secret").symlink_to("/etc/passwd")
    (tmp_path / "loop").symlink_to(".")
    os.mkfifo(tmp_path / "Containerfile")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "package.json"))
        facts = Facts(Checkout(str(tmp_path)))
        found = judge(facts, all_rules())

    assert ("Dockerfile", "catalog-info.yaml", "compose.yaml", "openapi.yaml") == facts.paths
    assert {
        "Dockerfile": "larger than 5 MB",
        "catalog-info.yaml": "not YAML: mapping values are not allowed in this context",
        "compose.yaml": "binary",
    }.items() <= {path: reason for path, _, reason in found.unreadable}.items()


def test_a_closed_directory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind a door that this user may not open is not judged, and the report says so."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "README.md").write_text("hello\n")
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def guarded(path: str) -> Any:
        if path.rstrip("/").endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", guarded)  # root may open every door
    facts = Facts(Checkout(str(tmp_path)))

    assert ("open/README.md",) == facts.paths
    assert (("closed", 1, "Permission denied"),) == judge(facts, all_rules()).unreadable


def test_a_closed_directory_that_git_does_not_know_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """git lists nothing of it and only warns; the report names it, also where a part of the repository is checked."""
    nobody = 65534
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:  # where `nobody` may go, which pytest's own are not
        (Path(directory) / "part" / "closed").mkdir(parents=True)
        (Path(directory) / "part" / "README.md").write_text("hello\n")
        subprocess.run(["git", "init", "-q", directory], check=True)
        monkeypatch.setenv("HOME", directory)
        (Path(directory) / "part" / "closed").chmod(0)
        if os.geteuid() == 0:  # root may open every door
            for path in [Path(directory), *Path(directory).rglob("*")]:
                os.chown(path, nobody, nobody)
            os.seteuid(nobody)
        try:
            whole, part = Checkout(directory), Checkout(f"{directory}/part")
            listed = whole.paths, part.paths
        finally:
            os.seteuid(os.getuid())
            (Path(directory) / "part" / "closed").chmod(0o700)

    assert (("part/README.md",), ("README.md",)) == listed
    assert ({"part/closed": "Permission denied"}, {"closed": "Permission denied"}) == (whole.closed, part.closed)


def test_three_thousand_declared_roots_take_no_square_of_time() -> None:
    """Each is asked every rule, and none looks through all the others."""
    declared = "[check.roots]\n" + "".join(f'"a{n}" = "service"\n' for n in range(3000))
    began = time.process_time()
    report({"machgen.toml": File(declared.encode())})

    assert time.process_time() - began < 5


NINE = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
BOMB = f"a0: &a0 [x, x, x, x, x, x, x, x, x]\n{NINE}"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("compose.yaml", f"{BOMB}services: {{a: {{build: ., environment: *a29, volumes: *a29, ports: *a29}}}}\n"),
        (".gitlab-ci.yml", f"{BOMB}a: {{script: *a29}}\n"),
        ("azure-pipelines.yml", f"{BOMB}steps: [{{script: *a29}}]\n"),
        ("app.yaml", f"{BOMB}apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: *a29\n"),
        ("openapi.yaml", f"{BOMB}openapi: 3.1.0\npaths: {{/a: {{get: {{responses: *a29}}}}}}\n"),
        ("compose.yaml", "services: &s\n  a: *s\n"),
        ("compose.yaml", "b: &b {" + ", ".join(f"k{n}: 1" for n in range(4000)) + "}\nservices:\n"
            + "".join(f"  s{n}: {{<<: *b}}\n" for n in range(4000))),
    ],
    ids=["compose", "gitlab", "azure", "manifest", "contract", "itself", "merges"],
)  # fmt: skip
def test_a_bomb_of_aliases_is_refused_and_named(path: str, text: str) -> None:
    """What nine lines of aliases stand for would fill every memory; it is counted before anybody walks it."""
    began = time.monotonic()
    found = report({path: File(text.encode())})

    assert [path] == [each for each, _, _ in found.unreadable]
    assert time.monotonic() - began < 5


def test_variables_that_double_stay_short() -> None:
    """Sixty lines, each twice the one before, in a container file and in `.env`."""
    doubling = [f"V{n}=${{V{n - 1}}}${{V{n - 1}}}\n" for n in range(1, 60)]
    files = {
        "Dockerfile": "FROM a:1\nENV V0=aaaaaaaaaa\n" + "".join(f"ENV {line}" for line in doubling) + "USER $V59\n",
        ".env": "V0=aaaaaaaaaa\n" + "".join(doubling),
        "compose.yaml": "services: {a: {build: ., environment: {X: $V59}}}\n",
        "b/Dockerfile": "".join(f"FROM a{n}:1 AS s{n}\n" for n in range(5000)),
    }
    began = time.monotonic()
    found = report({path: File(text.encode()) for path, text in files.items()})

    assert (("b/Dockerfile", 1, "more than 100 stages"),) == found.unreadable
    assert time.monotonic() - began < 5


def test_many_services_take_no_square_of_time() -> None:
    """Two thousand services in a line of calls, and five hundred Deployments with their Services."""
    line = "".join(f"  s{n}: {{build: s{n}, environment: {{A_URL: 'http://s{n + 1}:80'}}}}\n" for n in range(2000))
    pods = "---\n".join(
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{n}}}\nspec:\n  selector: {{matchLabels: {{a: b{n}}}}}\n"
        f"  template:\n    metadata: {{labels: {{a: b{n}}}}}\n    spec: {{containers: [{{name: a, image: a{n}}}]}}\n---\n"
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: s{n}}}\nspec: {{selector: {{a: b{n}}}, ports: [{{port: 1}}]}}\n"
        for n in range(500)
    )
    files = {"compose.yaml": f"services:\n{line}", "k.yaml": pods}
    began = time.process_time()
    report({path: File(text.encode()) for path, text in files.items()})

    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "line",
    ["requests.get(" * 3000, "session({" * 3000, "axios.post((" * 3000, "curl " * 20_000, "from '../" * 5000, " " * 100_000 + "x", "a=" * 50_000],
    ids=["calls", "sessions", "nested calls", "commands", "imports", "blanks", "pairs"],
)  # fmt: skip
def test_no_pattern_takes_for_ever(line: str) -> None:
    """Long lines that nearly match."""
    texts = (
        "app.py",
        "app.js",
        "main.go",
        "Dockerfile",
        "requirements.txt",
        "application.yml",
        "a.sh",
        "pom.xml",
        ".env",
    )
    data = line.encode()
    files = {path: File(data) for path in texts} | {
        "package.json": File(SEEDS["package.json"]),
        "pyproject.toml": File(b'[project]\nname = "a"\ndependencies = ["fastapi", "sqlalchemy"]\n'),
        ".github/workflows/a.yml": File(b"on: push\njobs:\n  a:\n    steps:\n      - run: " + data + b"\n"),
        "docker/Dockerfile": File(b"FROM a:1\nRUN " + data + b"\nENV " + data + b"\n"),
    }
    began = time.monotonic()
    report(files)

    assert time.monotonic() - began < 5


def test_a_hostile_git_configuration_runs_nothing(tmp_path: Path) -> None:
    """Git would run what `core.fsmonitor` of the repository names, to list its files."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    proof = tmp_path / "proof"
    hook = tmp_path / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
    hook.chmod(0o755)
    subprocess.run(["git", "-C", tmp_path, "config", "core.fsmonitor", str(hook)], check=True)
    paths = Checkout(str(tmp_path)).paths

    assert ("hook.sh",) == paths
    assert not proof.exists()


def test_a_repository_that_lacks_an_object_runs_no_command_to_fetch_it(tmp_path: Path) -> None:
    """git would, and the repository names the command: the files are listed without."""
    plant(tmp_path / "repository", tmp_path / "mark")
    assert is_live(tmp_path / "repository", tmp_path / "mark")

    files = Checkout(str(tmp_path / "repository"))

    assert ("main.py",) == files.paths
    assert not (tmp_path / "mark").exists()
