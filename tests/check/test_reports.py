"""How a report is shown: for people, programs, code scanning, CI and pull requests."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from machgen.check.configuration import Configuration, apply, read_baseline, read_configuration
from machgen.check.engine import judge
from machgen.check.fixes import fixed
from machgen.check.registry import all_rules
from machgen.check.reports import FORMATS, shown
from machgen.cli.boundary import run
from machgen.cli.check import FORMATS as OFFERED
from machgen.errors import BadRequest
from tests.check.judging import facts_of, report_of

FILES = {
    "pyproject.toml": '[project]\nname = "cart"\nversion = "1.0.0"\ndependencies = ["fastapi"]\n',
    "Dockerfile": 'FROM python:latest\nUSER 10001\nHEALTHCHECK CMD ["a"]\nCMD ["a"]\n',
}
HOSTILE = {
    ".github/workflows/a,b:c%0A::error::x|`<b>`\x1b[2J.yml": (
        b"on: push\njobs:\n  a:\n    steps:\n      - uses: \"x<b>&|`\\n::stop-commands::%0A/y@v1\"\n"
    )
}  # fmt: skip


def test_text_is_grouped_by_rule() -> None:
    """What is wrong and where, how to mend it, what was judged, and the score."""
    assert (
        "C002 error: Base images are pinned by version or digest\n"
        "  Dockerfile:1:1  the image python:latest moves with every release: `latest` is no version\n"
        "  → Name a version (`python:3.13.1-slim`), better with its digest (`@sha256:...`), and let a bot update it.\n"
        "\n"
        "Judged:\n"
        "  .  service: depends on fastapi\n"
        "\n"
        "C 50 % of 2\n"
        "1 error\n"
    ) == shown(report_of(FILES, "C002", "C003"), "text")


def test_annotations_escape_what_would_be_a_command() -> None:
    """A hostile file name or action cannot begin a workflow command of its own."""
    lines = shown(report_of(HOSTILE, "C301"), "github").splitlines()

    assert 2 == len(lines)
    assert lines[0].startswith(
        "::warning file=.github/workflows/a%2Cb%3Ac%250A%3A%3Aerror%3A%3Ax|`<b>`\\x1b[2J.yml,line=5,col=9,title=C301 "
    )
    assert "\\n::stop-commands::%250A/y is used at v1" in lines[0]


def test_markdown_and_text_escape_names() -> None:
    """No control character reaches a terminal, no markup a comment, no bar ends a cell."""
    report = report_of(HOSTILE, "C301")

    assert "\x1b" not in shown(report, "text") + shown(report, "markdown") + shown(report, "github")
    row = shown(report, "markdown").splitlines()[-1]
    assert "x\\|`<b>`" in row
    assert "x\\<b\\>" in row


def test_junit_is_xml_whatever_the_names() -> None:
    """A case a rule and root; the failure's text has the places."""
    suites = ElementTree.fromstring(shown(report_of({**FILES, **HOSTILE}, "C002", "C301", "M003"), "junit"))  # noqa: S314 - our own output

    assert [("Microservices", "1"), ("Cloud-native", "2")] == [
        (each.get("name"), each.get("failures")) for each in suites
    ]
    assert "Dockerfile:1:1: the image python:latest moves with every release: `latest` is no version" in [
        failure.text for failure in suites.iter("failure")
    ]


def test_sarif_carries_places_and_fingerprints() -> None:
    """One run; each result points to its rule, its place and itself."""
    run = json.loads(shown(report_of({**FILES, **HOSTILE}, "C002", "C301"), "sarif"))["runs"][0]

    assert ["C002", "C301"] == [each["id"] for each in run["tool"]["driver"]["rules"]]
    assert [
        ("C301", 1, ".github/workflows/a%2Cb%3Ac%250A%3A%3Aerror%3A%3Ax%7C%60%3Cb%3E%60%1B%5B2J.yml", 5),
        ("C002", 0, "Dockerfile", 1),
    ] == [
        (
            each["ruleId"],
            each["ruleIndex"],
            each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            each["locations"][0]["physicalLocation"]["region"]["startLine"],
        )
        for each in run["results"]
    ]
    assert all(len(each["partialFingerprints"]["machgen/v1"]) == 32 for each in run["results"])


@pytest.mark.parametrize("shape", FORMATS)
def test_every_format_is_stable(shape: str) -> None:
    """The same repository gives the same bytes, also where it has nothing in it."""
    assert shown(report_of({**FILES, **HOSTILE}), shape) == shown(report_of({**FILES, **HOSTILE}), shape)
    assert shown(report_of({}), shape).endswith("\n")


def test_the_command_offers_every_format() -> None:
    """The command's list is written down for a quick --help; this holds it against the formats there are."""
    assert OFFERED == FORMATS


def test_a_badge_shows_the_score() -> None:
    """One cell a letter that was asked."""
    assert "<title>machgen check: C 50</title>" in shown(report_of(FILES, "C002", "C003"), "badge")


CONFIGURED = {
    **FILES,
    "machgen.toml": """
        [[check.ignore]]
        rule = "C002"
        paths = ["Docker*"]
        reason = "until the mirror is there"
        """,
}


def test_an_ignore_sets_aside_with_its_reason() -> None:
    """The finding is out of the way and not forgotten."""
    facts = facts_of(CONFIGURED)
    configuration = read_configuration(facts, all_rules())
    report = apply(judge(facts, configuration.rules(all_rules())), configuration, facts)

    assert [("C002", "until the mirror is there")] == [(each.rule.id, why) for each, why in report.ignored]
    assert "C002" not in [each.rule.id for each in report.findings]


def test_an_ignore_without_a_reason_is_refused() -> None:
    """Nobody knows later why."""
    facts = facts_of({"pyproject.toml": '[tool.machgen.check]\nignore = [{rule = "C002"}]\n'})

    with pytest.raises(BadRequest, match=r"pyproject.toml:2: .* sets C002 aside without a `reason`"):
        read_configuration(facts, all_rules())


def test_a_mistyped_rule_is_told() -> None:
    """With the rule that was meant."""
    facts = facts_of({"machgen.toml": '[check]\nselect = ["C30x"]\n'})

    with pytest.raises(BadRequest, match="no rule 'C30x'") as refused:
        read_configuration(facts, all_rules())
    assert refused.value.hint.startswith("did you mean C30")


@pytest.mark.parametrize(
    ("comment", "kept"),
    [
        ("# machgen: ignore[C002] the mirror has no other", 0),
        ("# machgen: ignore[C003, C002] the mirror has no other", 0),
        ("# machgen: ignore[C002]", 1),
        ("# machgen: ignore[C003] something else", 1),
    ],
)
def test_a_comment_sets_aside_what_it_names_and_explains(comment: str, kept: int) -> None:
    """On the line above or the line itself; without a reason it does not count."""
    facts = facts_of({**FILES, "Dockerfile": f"{comment}\n{FILES['Dockerfile']}"})
    report = apply(judge(facts, [rule for rule in all_rules() if rule.id == "C002"]), Configuration(), facts)

    assert kept == len(report.findings)


def test_a_baseline_lets_only_new_findings_count() -> None:
    """What was there before is set aside by its fingerprint, also when lines move."""
    kept = read_baseline(shown(report_of(FILES, "C002"), "baseline"), "baseline.json")
    facts = facts_of({**FILES, "Dockerfile": "# moved\n" + FILES["Dockerfile"] + "COPY --from=busybox:latest a a\n"})
    report = apply(
        judge(facts, [rule for rule in all_rules() if rule.id == "C002"]), Configuration(baseline=kept), facts
    )

    assert ["the image busybox:latest moves with every release: `latest` is no version"] == [
        each.flaw.message for each in report.findings
    ]


def test_a_level_can_be_raised_and_a_profile_lowered() -> None:
    """Company standards differ; `starter` asks for errors only."""
    files = {**FILES, "machgen.toml": '[check]\nprofile = "starter"\nlevels = {M003 = "error"}\n'}
    facts = facts_of(files)
    configuration = read_configuration(facts, all_rules())
    report = apply(judge(facts, configuration.rules(all_rules())), configuration, facts)

    assert {"M003", "C002"} <= {each.rule.id for each in report.findings}
    assert {"error"} == {each.level.word for each in report.findings}


def test_the_command_ends_with_one_on_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 without findings, 1 with some, 2 for a directory that is not there."""
    for path, text in FILES.items():
        (tmp_path / path).write_text(text)

    assert 1 == run(["check", str(tmp_path), "--select", "c002"])
    assert 2 == run(["check", str(tmp_path), "--ignore", "C0O2"])
    assert 0 == run(["check", str(tmp_path), "--select", "C003"])
    assert 2 == run(["check", str(tmp_path / "missing")])
    assert "not a directory" in capsys.readouterr().err


def test_rules_are_explained_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason, the mend and the source."""
    assert 0 == run(["rules", "c301"])
    out = capsys.readouterr().out

    assert out.startswith(
        "C301 warning: Actions are pinned by full commit\n\nA tag or branch of an action can be moved"
    )
    assert "GitHub Docs, Security hardening" in out


def test_fixes_are_none_where_nothing_is_safe() -> None:
    """A finding without a fix changes no file."""
    facts = facts_of(FILES)

    assert (0, ()) == (len((result := fixed(facts, judge(facts, all_rules()).findings))[0]), result[1])


EVIL = "a\x1b[31m,b:c\r\n::error::x]]>|`<b>\"'&\u202e\udcff\ufffe[x](y)%0A"


@pytest.mark.parametrize("shape", FORMATS)
def test_a_hostile_name_reaches_no_format_as_it_is(shape: str) -> None:
    """No control or invisible character, no line of its own, no markup; whatever a file or an image is called."""
    files: dict[str, str | bytes] = {
        f"{EVIL}/Dockerfile": f"FROM {EVIL}:latest\n".encode("utf-8", "surrogateescape"),
        f"{EVIL}/requirements.txt": "fastapi\n",
    }
    text = shown(report_of(files), shape)

    assert [] == [character for character in text if character in "\x1b\r\u202e\ufffe\udcff"]
    assert [] == [line for line in text.splitlines() if line.startswith("::error::x")]
    assert "<b>" not in text or shape in {"text", "json", "sarif", "github", "gitlab", "baseline"} or "`<b>" in text


@pytest.mark.parametrize("shape", FORMATS)
def test_bytes_do_not_depend_on_the_machine(shape: str, tmp_path: Path) -> None:
    """Not on the hash seed, the locale, the time zone, the terminal or the place of the repository."""

    outputs = []
    for number, extra in enumerate(
        (
            {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo"},
            {"PYTHONHASHSEED": "2", "COLUMNS": "20", "LC_ALL": "C.UTF-8"},
        )
    ):
        directory = tmp_path / str(number)
        directory.mkdir()
        for path, text in FILES.items():
            (directory / path).write_text(text)
        command = [sys.executable, "-m", "machgen", "check", "--format", shape, "--profile", "reference"]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), **extra}
        outputs.append(subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=False).stdout)

    assert outputs[0] == outputs[1] != b""
