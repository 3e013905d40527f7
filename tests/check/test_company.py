"""Rules of a company's own: declared in YAML, or written in Python and trusted like a hook."""

import sys
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from machgen.check.company.declared import read_rules
from machgen.check.company.profiles import PROFILES
from machgen.check.company.rulebook import assembled
from machgen.check.configuration import apply, read_configuration
from machgen.check.engine import judge
from machgen.check.expressions import LONGEST_TEXT, Malformed, expression, glob
from machgen.check.model import covers
from machgen.check.registry import all_rules
from machgen.cli.boundary import run
from machgen.errors import BadRequest
from tests.check.judging import facts_of

HEAD = "machgen-rules: 1\nrules:\n"


def declared(rule: str, *, name: str = "ACME001") -> str:
    """A file with one rule; `rule` holds what it asks."""
    body = f"id: {name}\ntitle: A rule of Acme's\nwhy: The auditors ask for it.\nmend: Set it.\n{textwrap.dedent(rule)}"
    return HEAD + textwrap.indent(body, "    ").replace("    ", "  - ", 1)


def found(rule: str, files: Mapping[str, str]) -> list[str]:
    """What one declared rule finds, as `path:line message`."""
    book = read_rules(declared(rule), "house.yaml", ())
    report = judge(facts_of(files), book.rules)
    return [f"{each.flaw.at.path}:{each.flaw.at.line} {each.flaw.message}" for each in report.findings]


DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: cart
      labels: {app: cart, cost-centre: "47x"}
    spec:
      selector: {matchLabels: {app: cart}}
      template:
        metadata: {labels: {app: cart}}
        spec:
          containers:
            - {name: cart, image: "registry.acme.example/cart:1.0.0"}
            - {name: proxy, image: "docker.io/envoy:1.32.0"}
    """
COMPOSE = "services:\n  cart: {image: cart, mem_limit: 100}\n  db: {image: 'postgres:17', mem_limit: 2000}\n"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "objects: Deployment\nexpect: {metadata.labels.cost-centre: {pattern: '[0-9]{4}'}}",
            ["k8s/cart.yaml:5 metadata.labels.cost-centre of Deployment cart is '47x'; it has to match [0-9]{4}"],
        ),
        (
            "objects: Deployment\nexpect: {'metadata.annotations[\"acme.example/owner\"]': {present: true}}",
            ['k8s/cart.yaml:1 Deployment cart has no metadata.annotations["acme.example/owner"]'],
        ),
        (
            "objects: ['*']\neach: $..containers[*]\nexpect: {image: {pattern: 'registry\\.acme\\.example/.*'}}",
            [
                "k8s/cart.yaml:13 image of spec.template.spec.containers[1] of Deployment cart is "
                "'docker.io/envoy:1.32.0'; it has to match registry\\.acme\\.example/.*"
            ],
        ),
        (
            "objects: Deployment\nwhen: {metadata.labels.tier: gold}\nexpect: {spec.replicas: {at-least: 3}}",
            [],
        ),
        (
            "files: compose.y*ml\neach: services[*]\nexpect: {mem_limit: {at-most: 512}}",
            ["compose.yaml:3 mem_limit of services.db is 2000; it has to be at most 512"],
        ),
        (
            "files: ['**/*.json']\nexpect: {license: [MIT, Apache-2.0], private: {present: false}}",
            [
                "web/package.json:1 license is 'GPL-3.0'; it has to be one of 'MIT', 'Apache-2.0'",
                "web/package.json:1 private is set, which it may not be",
            ],
        ),
        (
            "files: pyproject.toml\nexpect: {project.requires-python: {contains: '3.13'}}",
            ["pyproject.toml:2 project.requires-python is '>=3.11'; it has to contain '3.13'"],
        ),
        ("exists: [SECURITY.md, .github/SECURITY.md]", [":1 there is no SECURITY.md or .github/SECURITY.md"]),
        ("exists: ['**/package.json']", []),
        ("absent: ['**/*.jks']\nexcept: test/**", ["keys/a.jks:1 keys/a.jks is here, which it may not be"]),
    ],
)
def test_a_declared_rule_finds_what_it_says(rule: str, expected: list[str]) -> None:
    """Paths into YAML, JSON and TOML, into Kubernetes objects as they would be applied, and into the tree itself."""
    files = {
        "compose.yaml": COMPOSE,
        "k8s/cart.yaml": DEPLOYMENT,
        "keys/a.jks": "x",
        "pyproject.toml": '[project]\nrequires-python = ">=3.11"\n',
        "test/b.jks": "x",
        "web/package.json": '{"license": "GPL-3.0", "private": true}',
    }

    assert expected == found(rule, files)


def test_a_declared_rule_can_be_asked_of_each_service() -> None:
    """Its paths are then those in the service's directory."""
    service = {"cart/requirements.txt": "fastapi==0.1", "search/requirements.txt": "fastapi==0.1"}
    rule = "roles: [service]\nexists: [docs/runbook.md]"

    assert [":1 there is no docs/runbook.md in search"] == found(rule, {**service, "cart/docs/runbook.md": "x"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: []\n", "house.yaml:1: no file of rules: it has to begin with `machgen-rules: 1`"),
        ("", "house.yaml:1: no file of rules: it has to begin with `machgen-rules: 1`"),
        ("a: [\n", "house.yaml:2: not YAML"),
        (HEAD + "  - 1\n", "house.yaml:3: rule 1 is no mapping"),
        (HEAD + "  - {id: ACME001}\n", "house.yaml:3: ACME001 needs a text for `title`"),
        (declared("files: a\nexpect: {a: 1}", name="A001"), "house.yaml:3: 'A001' is no id: two to twelve capitals"),
        (declared("files: a\nexpct: {a: 1}"), "house.yaml:8: ACME001 has no `expct`; did you mean `expect`?"),
        (declared("files: a"), "house.yaml:7: ACME001 needs `expect`: paths, and what is there"),
        (declared("expect: {a: 1}"), "house.yaml:3: ACME001 needs one of files, objects, exists, absent; it has none"),
        (declared("files: a\nexists: b"), "house.yaml:8: ACME001 needs one of .*; it has files and exists"),
        (declared("exists: b\nexpect: {a: 1}"), "house.yaml:8: ACME001 says all with its paths, without `expect`"),
        (declared("files: []\nexpect: {a: 1}"), "house.yaml:7: ACME001 names nothing under `files`"),
        (declared("files: a\nexpect: {a: {}}"), "house.yaml:8: ACME001: `expect` for a: expects nothing"),
        (
            declared("files: a\nexpect:\n  a:\n    patern: x"),
            "house.yaml:10: ACME001: `expect` for a: `patern` is no condition; did you mean `pattern`?",
        ),
        (
            declared("files: a\nexpect:\n  a: {pattern: 'x('}"),
            r"house.yaml:9: ACME001: `expect` for a: `pattern` 'x\(' ends too early",
        ),
        (declared("files: a\nexpect: {'a[?(@.b)]': 1}"), r"house.yaml:8: ACME001: 'a\[\?\(@.b\)\]' is no path"),
        (declared("files: a\nlevel: fatal\nexpect: {a: 1}"), "house.yaml:8: ACME001: `level` is none of note, warning"),
        (declared("files: a\nroles: [api]\nexpect: {a: 1}"), "house.yaml:8: ACME001: 'api' is no role; there are"),
        (declared("objects: Pod\nroles: [tool]\nexpect: {a: 1}"), "house.yaml:8: .* objects belong to the repository"),
        (declared("exists: a\n") + declared("exists: b")[len(HEAD) :], "a second rule is called ACME001"),
        ("machgen-rules: 1\nprofiles: {standard: {}}\n", "house.yaml:2: the profile 'standard' is machgen's own"),
        (
            "machgen-rules: 1\nprofiles:\n  acme:\n    levels: {C30l: error}\n",
            "house.yaml:4: the profile 'acme': no rule 'C30l'; did you mean C301",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, message: str) -> None:
    """One clear message: the file, the line, the rule, and what was meant."""
    with pytest.raises(BadRequest, match=message):
        read_rules(text, "house.yaml", ["C301"])


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("rule", "files"),
    [
        ("files: '*.yaml'\nexpect: {'$..*..*..*': {pattern: '(a+)+b'}}", {"a.yaml": BOMB}),
        ("files: '*.yaml'\nexpect: {'j[*][*][*][*][*][*][*][*][*]': 1}", {"a.yaml": BOMB}),
        ("files: '*.yaml'\nexpect: {a: {pattern: '((a*)*)*b'}}", {"a.yaml": f"a: {'a' * LONGEST_TEXT}\n"}),
        ("files: '**/**/**/**/**/**/*x'\nexpect: {a: 1}", {f"{'a/' * 60}y.yaml": "a: 1\n"}),
        ("files: '*.yaml'\nexpect: {a: !!python/object/apply:os.system [exit 1]}", {"a.yaml": "a: exit 1\n"}),
        ("files: '*'\nexpect: {a: 1}", {"a.yaml": "[" * 5000, "b.bin": "\0"}),
    ],
    ids=["descents", "aliases", "backtracking", "globs", "tags", "depth"],
)
def test_a_hostile_rule_costs_little(rule: str, files: Mapping[str, str]) -> None:
    """What a rule costs grows with the repository only: it is data, and nothing of it runs."""

    begun = time.process_time()
    found(rule, files)

    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        (r"[a-z]+(-[a-z]+)*", "order-intake", "order-"),
        (r"^\d{4}$", "4711", "47110"),
        (r"v\d+(\.\d+){0,2}", "v1.2.3", "v1.2.3.4"),
        (r"(a|bc)?d", "bcd", "abcd"),
        (r"[^/\]]{2,}", "ab", "a/"),
        (r"a.b", "a-b", "a\nb"),
        (r"a\$", "a$", "a"),
        ("", "", "x"),
    ],
)
def test_an_expression_matches_the_whole_text(text: str, yes: str, no: str) -> None:
    """As I-Regexp (RFC 9485) says."""
    assert (True, False) == (expression(text).matches(yes), expression(text).matches(no))


@pytest.mark.parametrize(
    "text", ["a**", "(a", "a)", "[", "[]", "[z-a]", "a{2,1}", "a{x}", r"\p{L}", "(?=a)", "a{999}b{999}"]
)
def test_an_expression_that_cannot_be_simulated_is_refused(text: str) -> None:
    """Also one that is larger than its bounds."""
    with pytest.raises(Malformed):
        expression(text)


def test_globs_know_directories() -> None:
    """`*` stays within a name, `**` does not, and a directory stands for what is below it."""
    yes = [("**/*.yaml", "a.yaml"), ("**/*.yaml", "x/y/a.yaml"), ("legacy", "legacy/a/b"), ("a?c*", "abcd")]
    no = [("*.yaml", "x/a.yaml"), ("legacy", "legacy2/a"), ("a?c", "a/c")]

    assert ([True] * 4, [False] * 3) == ([glob(p).matches(t) for p, t in yes], [glob(p).matches(t) for p, t in no])


def test_a_letter_is_whole() -> None:
    """`A` asks for the rules about contracts, not for those of Acme."""
    assert [True, True, False, False] == [
        covers("A", "A001"),
        covers("AC", "AC001"),
        covers("A", "AC001"),
        covers("", "A001"),
    ]


HOUSE = """\
machgen-rules: 1
profiles:
  acme:
    extends: starter
    levels: {ACME001: error, M003: error}
rules:
  - id: ACME001
    title: A service says what it costs
    why: Who pays for a service decides about it.
    mend: Add COST-CENTRE with the four digits of the cost centre.
    source: Acme platform handbook, 3.2
    roles: [service]
    exists: COST-CENTRE
"""
SERVICE = {"requirements.txt": "fastapi==0.130.0\n", "Dockerfile": "FROM python:3.13.1-slim\nUSER 10001\n"}


def written(directory: Path, files: Mapping[str, str]) -> str:
    """A directory that holds these files."""
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)
    return str(directory)


def test_a_repository_names_its_own_rules() -> None:
    """Declared rules are data, so a checkout may bring them; its profile decides what they weigh."""
    configured = '[check]\nrules = ["rules/house.yaml"]\nprofile = "acme"\n'
    facts = facts_of({**SERVICE, "machgen.toml": configured, "rules/house.yaml": HOUSE})
    known = [rule.id for rule in all_rules()]
    book = assembled([read_rules(HOUSE, "rules/house.yaml", known)])
    configuration = read_configuration(facts, book.rules, book.profiles)
    report = apply(judge(facts, configuration.rules(book.rules)), configuration, facts)

    assert {"error"} == {each.level.word for each in report.findings}
    assert {"ACME001", "M003"} <= {each.rule.id for each in report.findings}


def test_the_command_asks_declared_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the repository's configuration, from a file, or from a pack; `machgen rules` explains them."""
    own = written(
        tmp_path / "own", {**SERVICE, "house.yaml": HOUSE, "machgen.toml": '[check]\nrules = ["house.yaml"]\n'}
    )
    bare = written(tmp_path / "bare", SERVICE)
    pack = written(tmp_path / "pack", {"rules/house.yaml": HOUSE})
    lines = []
    for words in (
        ["check", own],
        ["check", bare, "--rules", f"{pack}/rules/house.yaml"],
        ["check", bare, "--pack", pack],
    ):
        assert 1 == run([*words, "--select", "ACME", "--profile", "acme"])
        lines.append(capsys.readouterr().out.splitlines()[:3])
    assert 0 == run(["rules", "ACME001", "--pack", pack])

    assert [
        "ACME001 error: A service says what it costs",
        "  (repository)  there is no COST-CENTRE",
        "  → Add COST-CENTRE with the four digits of the cost centre.",
    ] == lines[0]
    assert lines[0] == lines[1] == lines[2]
    assert "source      Acme platform handbook, 3.2" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rules", "missing.yaml"], "missing.yaml: No such file"),
        (["--profile", "standart"], "--profile: no profile 'standart'"),
        (["--plugin", "acme"], "no plugin 'acme'"),
    ],
)
def test_what_is_not_there_is_told(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With exit code 2."""
    assert 2 == run(["check", written(tmp_path, SERVICE), *words])
    assert message in capsys.readouterr().err


PLUGIN = '''\
from machgen.check.model import Flaw, Level, Place, rule


@rule("ACME007", "There is a licence", level=Level.ERROR, source="Acme handbook", mend="Add it.", applies_when="always")
def licence(facts):
    """Without one, nobody may use it."""
    if "LICENSE" not in facts.known:
        yield Flaw("there is no LICENSE", Place(""))


@rule("ACME008", "It fails", level=Level.ERROR, source="Acme handbook", mend="Mend it.", applies_when="always")
def broken(facts):
    """A rule with a defect."""
    yield 1 / 0


RULES = (licence, broken)
'''


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution as an installer leaves it; returns its directory."""
    directory = written(
        tmp_path / "site",
        {
            "acme_rules.py": PLUGIN,
            "acme_rules-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n",
            "acme_rules-1.0.dist-info/entry_points.txt": "[machgen.rules]\nacme = acme_rules:RULES\n",
            "acme_rules-1.0.dist-info/RECORD": "acme_rules.py,,\nacme_rules-1.0.dist-info/entry_points.txt,,\n",
        },
    )
    monkeypatch.syspath_prepend(directory)
    monkeypatch.delitem(sys.modules, "acme_rules", raising=False)
    return directory


def test_a_plugin_runs_only_with_the_digest_of_its_files(
    plugin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a pack's hooks do: the refusal says what would run and what to allow; a changed byte ends the consent."""
    bare = written(tmp_path / "bare", SERVICE)
    words = ["check", bare, "--plugin", "acme", "--select", "ACME007"]
    assert 2 == run(words)
    refusal = capsys.readouterr().err
    digest = refusal.partition("--trust ")[2].split("`")[0]

    assert "the plugin acme (acme-rules 1.0) would run acme_rules:RULES" in refusal
    assert "acme_rules" not in sys.modules
    assert 1 == run([*words, "--trust", digest])
    assert "ACME007 error: There is a licence\n  (repository)  there is no LICENSE" in capsys.readouterr().out
    Path(plugin, "acme_rules.py").write_text(PLUGIN + "\n")
    assert 2 == run([*words, "--trust", digest])


def test_a_rule_that_fails_is_named(plugin: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose it is and what it raised, without a traceback."""
    words = ["check", written(tmp_path / "bare", SERVICE), "--plugin", "acme"]
    run(words)
    digest = capsys.readouterr().err.partition("--trust ")[2].split("`")[0]

    assert 2 == run([*words, "--trust", digest])
    assert "ACME008 of the plugin acme (acme-rules 1.0) failed: ZeroDivisionError" in capsys.readouterr().err


def test_a_checkout_does_not_judge_itself_with_its_own_code(plugin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even where it is on the path and somebody trusts it by mistake."""
    assert 2 == run(["check", str(Path(plugin).parent), "--plugin", "acme"])
    assert "is installed in what is judged" in capsys.readouterr().err


def test_a_checkout_cannot_name_a_plugin(tmp_path: Path, plugin: str, capsys: pytest.CaptureFixture[str]) -> None:
    """There is no word for it in its configuration."""
    files = {**SERVICE, "machgen.toml": '[check]\nplugin = ["acme"]\n'}

    assert 2 == run(["check", written(tmp_path / "bare", files)])
    assert "machgen.toml:2: `check.plugin` is unknown" in capsys.readouterr().err
    assert "acme_rules" not in sys.modules


def test_the_profiles_of_the_command_are_those_of_the_library() -> None:
    """Everything, no notes, errors only."""
    assert ["note", "warning", "error"] == [profile.floor.word for profile in PROFILES.values()]


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        (["check", "--select"], "c11", ["C110", "C111", "C112", "C113", "C114", "C115", "C116", "C117"]),
        (["check", "--ignore"], "M,l00", ["M,L001", "M,L002", "M,L003", "M,L004"]),
        (["check", "--profile"], "st", ["standard", "starter"]),
        (["rules"], "H00", ["H001", "H002", "H003", "H004", "H005", "H006", "H007"]),
    ],
)
def test_a_shell_completes_rules_and_profiles(words: list[str], incomplete: str, expected: list[str]) -> None:
    """Letters folded, also behind a comma."""
    from click.shell_completion import ShellComplete  # noqa: PLC0415 - slow to import

    from machgen.cli.commands import machgen  # noqa: PLC0415 - see above

    found = ShellComplete(machgen, {}, "machgen", "_MACHGEN_COMPLETE").get_completions(words, incomplete)

    assert expected == [each.value for each in found]
