"""C301-C309: repositories that violate a rule, and others that only look as if."""

import pytest

from machgen.check.model import Outcome
from tests.check.judging import found, outcomes, places

CI = ".github/workflows/ci.yml"
COMMIT = "a" * 40
NODE = '{"dependencies": {"express": "5.0.1"}}'
KEY = "-----BEGIN {0}PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEAyVgm3kq0pVq8Jq1yq3FHn0v7mWQk0Xw5mJr2sT9u4bLd8eZc\n" * 2


def steps(*lines: str, on: str = "push", head: str = "") -> str:
    """A workflow with one job of these steps."""
    body = "".join(f"      - {line}\n" for line in lines)
    return f"on: {on}\n{head}jobs:\n  a:\n    steps:\n{body}"


VIOLATIONS = [
    ("C301", "a tag", {CI: steps("uses: actions/checkout@v4")}, [f"{CI}:5"]),
    ("C301", "in a composite action", {"action.yml": "runs:\n  using: composite\n  steps:\n    - uses: actions/cache@main\n"}, ["action.yml:4"]),
    ("C302", "nothing said", {CI: steps("run: make")}, [f"{CI}:3"]),
    ("C302", "everything", {CI: steps("run: make", head="permissions: write-all\n")}, [f"{CI}:2"]),
    ("C303", "a title in a script", {CI: steps("run: echo ${{ github.event.pull_request.title }}", on="pull_request")}, [f"{CI}:5"]),
    ("C303", "a fork where the secrets are", {CI: steps("uses: actions/checkout@v4\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}", on="pull_request_target")}, [f"{CI}:5"]),
    ("C303", "a branch's name in JavaScript", {CI: steps("uses: actions/github-script@v7\n        with: {script: \"x('${{ github.head_ref }}')\"}")}, [f"{CI}:5"]),
    ("C304", "nothing", {"package.json": NODE}, [":1"]),
    ("C304", "one is missing", {"package.json": NODE, "Dockerfile": "FROM node:22.1.0\n", ".github/dependabot.yml": "updates: [{package-ecosystem: npm, directory: /}]\n"}, [".github/dependabot.yml:1"]),
    ("C305", "a plain push", {CI: steps("run: docker push example.com/a:1")}, [f"{CI}:5"]),
    ("C305", "provenance switched off", {CI: steps(f"uses: docker/build-push-action@{COMMIT} # v6.1.0\n        "
        f"with: {{push: true, provenance: false}}")}, [f"{CI}:5"]),
    ("C305", "GitLab", {".gitlab-ci.yml": "release:\n  script:\n    - docker push $IMAGE\n"}, [".gitlab-ci.yml:2"]),
    ("C306", "a private key", {"config/server.key": KEY.format("RSA ")}, ["config/server.key:1"]),
    ("C306", "a token", {"deploy.sh": "TOKEN=ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6" + "\n"}, ["deploy.sh:1"]),
    ("C306", "Terraform's state", {"infra/terraform.tfstate": "{}"}, ["infra/terraform.tfstate:1"]),
    ("C307", "Python", {"app/settings.py": 'import os\nSECRET_KEY = os.environ.get("SECRET_KEY", "insecure-key")\n'}, ["app/settings.py:2"]),
    ("C307", "Node", {"server.js": "const secret = process.env.JWT_SECRET || 'keyboard cat';\n"}, ["server.js:1"]),
    ("C307", "Spring", {"src/main/resources/application.yml": "jwt:\n  secret: ${JWT_SECRET:c2VjcmV0}\n"}, ["src/main/resources/application.yml:2"]),
    ("C308", "Python", {"client.py": "import httpx\nhttpx.get(URL, verify=False)\n"}, ["client.py:2"]),
    ("C308", "Go", {"main.go": "tls.Config{InsecureSkipVerify: true}\n"}, ["main.go:1"]),
    ("C308", "in a build", {"Dockerfile": "FROM a:1\nRUN curl -sk https://example.com/a.tar.gz | tar x\n"}, ["Dockerfile:2"]),
    ("C309", "a copy", {"Dockerfile": "FROM a:1\nCOPY requirements.txt .\n"}, ["Dockerfile:2"]),
    ("C309", "a wildcard that matches nothing", {"Dockerfile": "FROM a:1\nCOPY conf/*.conf /etc/\n", "conf/a.yaml": ""}, ["Dockerfile:2"]),
    ("C309", "a result where nothing builds", {"Dockerfile": "FROM a:1\nCOPY target/app.jar .\n"}, ["Dockerfile:2"]),
    ("C309", "a compose build", {"compose.yaml": "services:\n  a:\n    build: {context: ., dockerfile: docker/Dockerfile}\n"}, ["compose.yaml:3"]),
    ("C309", "an action", {CI: steps("uses: ./.github/actions/build")}, [f"{CI}:5"]),
    ("C309", "a resource", {"k/kustomization.yaml": "resources:\n  - a.yaml\n"}, ["k/kustomization.yaml:2"]),
]  # fmt: skip

LOOKALIKES = [
    ("C301", "by commit", {CI: steps(f"uses: actions/checkout@{COMMIT} # v4.2.2")}),
    ("C301", "its own", {CI: steps("uses: ./.github/actions/build")}),
    ("C302", "reads only", {CI: steps("run: make", head="permissions: {contents: read}\n")}),
    ("C302", "the job says", {CI: "on: push\njobs:\n  a:\n    permissions: {}\n    steps: []\n"}),
    ("C303", "by the environment", {CI: steps("run: echo \"$TITLE\"\n        env: {TITLE: '${{ github.event.pull_request.title }}'}", on="pull_request")}),
    ("C303", "a number is no text", {CI: steps("run: echo ${{ github.event.pull_request.number }}")}),
    ("C303", "a fork without secrets", {CI: steps("uses: actions/checkout@v4\n        with: {ref: '${{ github.event.pull_request.head.sha }}'}", on="pull_request")}),
    ("C304", "Renovate sees all", {"package.json": NODE, "renovate.json": "{}"}),
    ("C304", "uv is Python's too", {"pyproject.toml": '[project]\nname = "a"\ndependencies = ["flask"]\n', ".github/dependabot.yml": "updates: [{package-ecosystem: uv}]\n"}),
    ("C305", "attested by default", {CI: steps(f"uses: docker/build-push-action@{COMMIT} # v6.1.0\n        with: "
        f"{{push: true}}")}),
    ("C305", "cosign attests", {CI: steps("run: docker push a:1", "run: cosign attest --predicate sbom.json a:1")}),
    ("C305", "only built", {CI: steps("run: docker build .")}),
    ("C306", "a certificate and a public key", {"ca.pem": "-----BEGIN CERTIFICATE-----\nMIIE\n", "k.pub": "-----BEGIN PUBLIC KEY-----\nMIIB\n"}),
    ("C306", "made at run time, or an example", {"tests/keys/test.pem": KEY.format(""), "docs.md": "AKIAIOSFODNN7EXAMPLE", "a.py": 'PEM = "-----BEGIN PRIVATE KEY-----"\n'}),
    ("C307", "from the environment alone", {"app/settings.py": 'import os\nSECRET_KEY = os.environ["SECRET_KEY"]\n'}),
    ("C307", "refused", {"app/settings.py": 'SECRET_KEY = os.getenv("SECRET_KEY", "changethis")\nif SECRET_KEY == "changethis":\n    raise RuntimeError("set SECRET_KEY")\n'}),
    ("C307", "a name", {"app/settings.py": 'signing_key = "signing-key-name"\n'}),
    ("C308", "this machine", {"Makefile": "check:\n\tcurl -sk https://localhost:8443/livez\n"}),
    ("C308", "a token is not a certificate", {"auth.py": "jwt.decode(token, options={}, verify=False)\n"}),
    ("C308", "said in a comment", {"client.py": "# never httpx.get(url, verify=False)\n"}),
    ("C309", "made later", {"Dockerfile": "FROM a:1\nCOPY target/app.jar .\n", ".gitignore": "target/\n"}),
    ("C309", "what Maven makes", {"Dockerfile": "FROM a:1\nCOPY target/*.jar app.jar\n", "pom.xml": "<project/>"}),
    ("C309", "what Gradle makes, from above", {"cart/docker/Dockerfile": "FROM a:1\nCOPY build/libs/cart.jar app.jar\n", "cart/build.gradle": ""}),
    ("C309", "a lock that may be there", {"Dockerfile": "FROM a:1\nCOPY package.json yarn.lock* ./\n", "package.json": NODE}),
    ("C309", "a wildcard that matches", {"Dockerfile": "FROM a:1\nCOPY */a.yam[l] /etc/\n", "conf/a.yaml": ""}),
    ("C309", "from another stage", {"Dockerfile": "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /x /x\n"}),
    ("C309", "not required", {"compose.yaml": "services:\n  a:\n    image: a:1\n    env_file: [{path: local.env, required: false}]\n"}),
    ("C309", "the context is one up", {"docker/Dockerfile": "FROM a:1\nCOPY src src\n", "src/a.py": ""}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "files", "expected"), [pytest.param(r, f, e, id=f"{r} {n}") for r, n, f, e in VIOLATIONS]
)
def test_what_violates_is_found_where_it_stands(rule: str, files: dict[str, str], expected: list[str]) -> None:
    """Each violation is found, at its line, and nothing else is."""
    assert expected == places(rule, files)


@pytest.mark.parametrize(("rule", "files"), [pytest.param(r, f, id=f"{r} {n}") for r, n, f in LOOKALIKES])
def test_what_only_looks_like_it_is_not_found(rule: str, files: dict[str, str]) -> None:
    """No false alarm."""
    assert [] == found(rule, files)


def test_one_secret_counts_once() -> None:
    """The same key in two files is one secret to revoke."""
    assert ["a.pem:1"] == places("C306", {"a.pem": KEY.format(""), "b.pem": KEY.format("")})


def test_no_secret_is_shown() -> None:
    """A report is copied to places where the secret should not be."""
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"

    assert ["deploy.sh:1 a GitHub token is in the tree"] == found("C306", {"deploy.sh": f"export T={token}\n"})


def test_a_pipeline_that_is_a_program_is_unknown() -> None:
    """A Jenkinsfile may publish through a shared library."""
    assert [Outcome.UNKNOWN] == outcomes("C305", {"Jenkinsfile": "@Library('ci') _\nservicePipeline()\n"})
