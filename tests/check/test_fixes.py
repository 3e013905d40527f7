"""`--fix`: whatever it changes is what it says, mends what it names, breaks nothing, and is done after once."""

import importlib
from collections.abc import Iterator, Mapping

import pytest

from machgen.check.engine import Report, judge
from machgen.check.facts import Facts
from machgen.check.files import TreeFiles
from machgen.check.fixes import fixed
from machgen.check.registry import all_rules
from machgen.tree import Tree
from tests.check.judging import facts_of

MODULES = (
    "api_first",
    "headless",
    "image",
    "judged",
    "kubernetes",
    "landscape",
    "microservices",
    "process",
    "supply_chain",
    "unusual",
)

MORE: list[Mapping[str, str]] = [
    {"Dockerfile": "FROM python:3.13.1-slim\nUSER 10001\nCMD python -m cart --port=8000\n", "requirements.txt": "fastapi\n"},
    {"Dockerfile": "FROM node:22.1.0\nUSER 1000\nENTRYPOINT node server.js # not a comment\n", "package.json": '{"dependencies": {"express": "5"}}'},
    {"Dockerfile": "FROM node:22.1.0\r\nUSER 1000\r\nENTRYPOINT node server.js\r\n", "package.json": '{"dependencies": {"express": "5"}}'},
    {"Dockerfile": "FROM a:1\nENTRYPOINT run\nCMD serve all\n", "go.mod": "module a\n"},
    {"Dockerfile": "FROM a:1\nCMD exec run $PORT && true\n", "go.mod": "module a\n"},
    {"Dockerfile": "FROM a:1\nCMD cd /app\n", "go.mod": "module a\n"},
    {"Dockerfile": "FROM a:1\nCMD run \\\n  --all\n", "go.mod": "module a\n"},
    {"a.yaml": "# a\nkind: CronJob\napiVersion: batch/v1beta1 # batch/v1beta1 was\nmetadata: {name: a}\nspec: {schedule: '* * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: 'a:1', securityContext: {capabilities: {drop: [all]}}}]}}}}}\n"},
]  # fmt: skip


def repositories() -> Iterator[Mapping[str, str]]:
    """Every repository that a rule's test holds, right or wrong."""
    yield from MORE
    for name in MODULES:
        module = importlib.import_module(f"tests.check.test_{name}")
        for cases in ("VIOLATIONS", "LOOKALIKES", "MISSED", "WRONG"):
            for case in getattr(module, cases, ()):
                yield from (each for each in getattr(case, "values", case) if isinstance(each, dict))


def judged(facts: Facts) -> Report:
    """What every rule says."""
    return judge(facts, all_rules())


def after(facts: Facts, changed: Tree) -> Facts:
    """The repository with the changed files in it."""
    files = facts.files
    assert isinstance(files, TreeFiles)
    return Facts(TreeFiles(Tree({**files._tree, **changed})))


def names(report: Report) -> set[tuple[str, str, str]]:
    """The findings, by what they are about."""
    return {(each.rule.id, each.flaw.at.path, each.flaw.about or each.flaw.message) for each in report.findings}


def test_a_fix_mends_what_it_names_and_nothing_else() -> None:
    """On every repository of the rules' own tests."""
    offered: set[str] = set()
    for files in repositories():
        facts = facts_of(files)
        report = judged(facts)
        changed, mended = fixed(facts, report.findings)
        offered |= {each.rule.id for each in report.findings if each.flaw.fix}
        if not mended:
            assert 0 == len(changed)
            continue
        again = after(facts, changed)
        report_again = judged(again)

        assert names(report_again) == names(report) - names(Report(mended, (), (), ())), files
        assert ((), 0) == ((tried := fixed(again, report_again.findings))[1], len(tried[0]))
        for path, file in changed.items():
            before = facts.files.read(path).decode().splitlines(keepends=True)
            edits = {edit.line: edit for each in mended for edit in each.flaw.fix if edit.path == path}
            now = file.data.decode().splitlines(keepends=True)

            assert len(before) == len(now)
            for number, (old, new) in enumerate(zip(before, now, strict=True), 1):
                edit = edits.get(number)
                assert (
                    old[: (at := edit.column_in(old) - 1)] + edit.new + old[at + len(edit.old) :] if edit else old
                ) == new

    assert {rule.id for rule in all_rules() if rule.fix} == offered


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("CMD python -m cart --port=8000", 'CMD ["python", "-m", "cart", "--port=8000"]'),
        ("cmd  ./server", 'cmd  ["./server"]'),
        ("CMD ./server && true", None),
        ("CMD ./server $PORT", None),
        ("CMD 'a b' c", None),
        ("CMD A=b ./server", None),
        ("CMD cd /app", None),
        ("CMD ./server *", None),
        ("CMD ./server ~/a", None),
        ("CMD a  b", None),
    ],
)
def test_exec_form_is_written_where_no_shell_is_missed(line: str, expected: str | None) -> None:
    """Words that a shell would read in another way stay as they are."""
    facts = facts_of({"Dockerfile": f"FROM a:1\n{line}\n", "go.mod": "module a\n"})
    changed, _ = fixed(facts, judged(facts).findings)

    assert ([f"FROM a:1\n{expected}\n"] if expected else []) == [file.data.decode() for file in changed.values()]


SAFE = "runAsNonRoot: true, readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, seccompProfile: {type: RuntimeDefault}"


def job(container: str, api: str = "batch/v1") -> str:
    """A CronJob with lines of its container."""
    return f"""apiVersion: {api}
kind: CronJob
metadata: {{name: all}}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
{container}"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            job(f"          - {{name: a, securityContext: {{{SAFE}, capabilities: {{drop: [all]}}}}}}\n"),
            job(f"          - {{name: a, securityContext: {{{SAFE}, capabilities: {{drop: [ALL]}}}}}}\n"),
            id="other words begin with the same letters",
        ),
        pytest.param(
            job(f"          - {{name: all, securityContext: {{{SAFE}, capabilities: {{drop: [all]}}}}}}\n"),
            None,
            id="the same word stands on the line twice",
        ),
        pytest.param(
            job("          - name: a\n", "batch/v1beta1  # was batch/v1beta1"),
            job("          - name: a\n", "batch/v1  # was batch/v1beta1"),
            id="a comment says it too",
        ),
        pytest.param(
            job("          - name: a\n", '"batch/v1beta1"').replace("\n", "\r\n").rstrip(),
            job("          - name: a\n", '"batch/v1"').replace("\n", "\r\n").rstrip(),
            id="in quotes, with carriage returns and no end of the last line",
        ),
        pytest.param(
            "# a\u2028\n" + job("          - name: a\n", "batch/v1beta1"),
            None,
            id="what only YAML takes for a line's end",
        ),
        pytest.param("# a\f\n" + job("          - name: a\n", "batch/v1beta1"), None, id="a form feed"),
    ],
)
def test_an_edit_changes_the_very_word_or_nothing(old: str, new: str | None) -> None:
    """And every other byte stays."""
    facts = facts_of({"k8s/a.yaml": old.encode()})
    changed, _ = fixed(facts, judged(facts).findings)

    assert ([new.encode()] if new else []) == [file.data for file in changed.values()]


def test_a_file_in_another_encoding_is_left_alone() -> None:
    """Latin-1 could not be written back as it was."""
    facts = facts_of({"k8s/a.yaml": b"# caf\xe9\n" + job("          - name: a\n", "batch/v1beta1").encode()})
    changed, _ = fixed(facts, judged(facts).findings)

    assert 0 == len(changed)
