"""A check shares its work with a second process where it can; what it says does not hang on that."""

import os
import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from machgen.answers import resolve
from machgen.bundle import builtin_template, descriptions
from machgen.check.api_first.contracts import contracts
from machgen.check.engine import is_apart, judge
from machgen.check.facts import Facts
from machgen.check.files import TreeFiles
from machgen.check.registry import all_rules
from machgen.render import Renderer
from tests.check.test_services import FILE
from tests.running import PATIENCE, environment

T = TypeVar("T")

ALONE = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
PAIRED = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="a second process needs a second processor"
)
SERVICES = sorted((Path(__file__).parent / "services").iterdir())


def python(code: str, cwd: Path) -> str:
    """What a program of its own prints; it may fork, as no test runner's threads are in it."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=cwd,
        env=environment(cwd),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.stdout + done.stderr


@PAIRED
@pytest.mark.parametrize("source", SERVICES, ids=lambda path: path.stem)
def test_the_report_of_one_processor_and_of_two_is_the_same(source: Path, tmp_path: Path) -> None:
    """Byte for byte, with findings, unknowns and unreadable files on both sides.

    What is read ahead for both processes is nothing that the rules which were asked for would have left alone.
    """
    head, *parts = FILE.split(source.read_text())
    unreadable = {
        "broken.yaml": "a: [",
        "openapi.json": '{"openapi": "3.1.0",',
        "k8s/a.yaml": "kind: {",
        "b.yaml": "\0",
        "src/c.py": "\0",
    }
    files = dict(zip(parts[::2], parts[1::2], strict=True)) | unreadable
    for path, text in files.items():
        place = tmp_path / "judged" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    check = "import sys; sys.argv[1:] = ['check', 'judged', '--format', 'json']; from machgen.cli import main; main()"

    alone = python(ALONE + check, tmp_path)
    assert alone == python(check, tmp_path)
    assert set(re.findall(r"^([A-Z])\d{3}", head, re.MULTILINE)) <= set(re.findall(r'"rule": ?"([A-Z])\d{3}"', alone))
    assert '"openapi.json"' in alone
    few = check.replace("'json']", "'json', '--select', 'A001,C001']")
    assert python(ALONE + few, tmp_path) == python(few, tmp_path)


@PAIRED
def test_what_is_no_service_is_shared_too(tmp_path: Path) -> None:
    """There is no contract to read, but every file is looked through for credentials and for default secrets."""
    (tmp_path / "settings.py").write_text('SECRET_KEY = os.environ.get("SECRET_KEY", "c0rrect-horse")\n')
    (tmp_path / "token.txt").write_text("ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8\n")
    (tmp_path / "bundle.py").write_text("\0")
    check = "import sys; sys.argv[1:] = ['check', '.', '--format', 'json']; from machgen.cli import main; main()"
    counted = "import os; fork = os.fork; os.fork = lambda: print('forked', file=sys.stderr) or fork(); import sys; "

    alone = python(ALONE + check, tmp_path)
    assert {"C306", "C307"} <= set(re.findall(r'"rule": "(C30\d)",\n *"level"', alone))
    assert f"{alone}forked\n" == python(counted + check, tmp_path)


@PAIRED
def test_the_first_half_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    """And here where there is one processor, or where a thread may hold a lock."""
    shown = """
    from machgen.check.second_core import both
    from threading import Event, Thread

    def shown():
        first, second = both(lambda hear: os.getpid(), lambda tell: os.getpid())
        print(second == os.getpid(), first == second)

    shown()
    ended = Event()
    thread = Thread(target=ended.wait)
    thread.start()
    shown()
    ended.set()
    thread.join()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    shown()
    """

    assert "True False\nTrue True\nTrue True\n" == python("import os\n" + textwrap.dedent(shown), tmp_path)


@pytest.mark.parametrize(
    ("work", "length"),
    [
        pytest.param("os.kill(os.getpid(), 9) if os.getpid() != here else 'here'", 4, id="killed"),
        pytest.param("os._exit(0) if os.getpid() != here else 'here'", 4, id="says nothing"),
        pytest.param("(lambda: 0) if os.getpid() != here else 'here'", 4, id="cannot be pickled"),
        pytest.param("1 / (os.getpid() == here) and 'here'", 4, id="raises"),
        pytest.param("'x' * 1_000_000", 1_000_000, id="has much to say"),
    ],
)
def test_a_child_that_does_not_answer_costs_time_and_nothing_else(work: str, length: int, tmp_path: Path) -> None:
    """Its half is done here then; nothing is printed about it, and no process is left."""
    told = python(
        f"""
        import os
        from machgen.check.second_core import both
        here = os.getpid()
        first, second = both(lambda hear: {work}, lambda tell: 2)
        print(len(first), second)
        try:
            print(os.waitpid(-1, 0))
        except ChildProcessError:
            print("no child")
        """,
        tmp_path,
    )

    assert f"{length} 2\nno child\n" == told


@PAIRED
def test_without_files_in_memory_one_process_does_all(tmp_path: Path) -> None:
    """Some sandboxes refuse them: that costs time and nothing else."""
    said = python(
        """
        import os
        from machgen.check.second_core import both

        def refuse(*_arguments):
            raise OSError(38, "Function not implemented")

        os.memfd_create = refuse
        print(both(lambda hear: (hear(), os.getpid() == here), lambda tell: tell("x")) if (here := os.getpid()) else "")
        """,
        tmp_path,
    )

    assert said.split() == ["((None,", "True),", "None)"]


@PAIRED
def test_the_second_half_tells_the_first_one_something_while_both_run(tmp_path: Path) -> None:
    """More than a pipe holds, and without waiting to be heard; one that says nothing keeps nobody waiting."""
    shown = """
    import os, time
    from machgen.check.second_core import both

    told = []
    def tells(tell):
        tell("x" * 1_000_000)
        told.append(time.monotonic())
    def hears(hear):
        time.sleep(0.3)
        began = time.monotonic()
        return began, len(hear())
    (began, length), _ = both(hears, tells)
    print(length, told[0] < began)
    print(both(lambda hear: hear(), lambda tell: None))
    print(sorted(os.listdir("/proc/self/fd"))[:-1] == ["0", "1", "2"])
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(both(lambda hear: hear(), lambda tell: tell(1)))
    """

    assert "1000000 True\n(None, None)\nTrue\n(None, None)\n" == python(shown, tmp_path)


def test_a_piece_that_either_may_take_is_taken_once(tmp_path: Path) -> None:
    """By two processes or by one; asking again finds nothing left and does not wait."""
    told = python(
        """
        from machgen.check.second_core import Claims, both
        claims = Claims(200)
        first, second = both(lambda hear: list(claims), lambda tell: list(claims))
        print(sorted(first + second) == list(range(200)), list(claims))
        """,
        tmp_path,
    )

    assert "True []\n" == told


def test_what_a_process_took_that_ended_without_an_answer_is_asked_again(tmp_path: Path) -> None:
    """A report lacks no rule because the child that was to ask it was killed."""
    (tmp_path / "Dockerfile").write_text('FROM python:3.11-slim\nCMD ["uvicorn", "app:app"]\n')
    (tmp_path / "requirements.txt").write_text("fastapi==0.115.0\nuvicorn==0.30.0\n")
    (tmp_path / "app.py").write_text("from fastapi import FastAPI\n\napp = FastAPI()\n")
    told = python(
        """
        import os, time
        from machgen.check.engine import judge
        from machgen.check.facts import Facts
        from machgen.check.files import Checkout
        from machgen.check.registry import all_rules

        here = os.getpid()
        rules = [rule for rule in all_rules() if rule.id in {"A001", "C202", "H001", "C307", "C308"}]

        def deadly(rule):
            def judged(*about):
                if os.getpid() != here:
                    os.kill(os.getpid(), 9)
                time.sleep(0.5 if rule.id == "C202" else 0)
                yield from rule.judge(*about)
            return rule._replace(judge=judged) if rule.id != "A001" else rule

        def shown(report):
            return [(each.rule.id, each.root, each.outcome, each.reasons) for each in report.judgements]

        alone = shown(judge(Facts(Checkout(".")), rules))
        print(len(alone), alone == shown(judge(Facts(Checkout(".")), [deadly(each) for each in rules], second_core=True)))
        """,
        tmp_path,
    )

    assert "5 True\n" == told


@pytest.mark.parametrize("failing", ["first", "second"])
def test_what_either_half_raises_is_raised_here(failing: str, tmp_path: Path) -> None:
    """With its own type and message, once, and the other process has ended before."""
    told = python(
        f"""
        import os, time
        from machgen.check.second_core import both
        def fails(_): raise ValueError("a defect")
        def slow(_): time.sleep(30 if {failing!r} == "second" else 0)
        try:
            both(*((fails, slow) if {failing!r} == "first" else (slow, fails)))
        except ValueError as error:
            print(error)
        try:
            print(os.waitpid(-1, 0))
        except ChildProcessError:
            print("no child")
        """,
        tmp_path,
    )

    assert "a defect\nno child\n" == told


@PAIRED
def test_an_interrupt_ends_both_processes(tmp_path: Path) -> None:
    """SIGTERM reaches the parent only, in the middle of its half; the child does not go on by itself."""
    told = python(
        f"""
        import os, signal, sys, time
        from machgen.check.second_core import both
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
        started = time.monotonic()
        try:
            both(lambda hear: time.sleep({PATIENCE}), lambda tell: os.kill(os.getpid(), {int(signal.SIGTERM)}))
        finally:
            try:
                print(os.waitpid(-1, 0))
            except ChildProcessError:
                print("no child", time.monotonic() - started < {PATIENCE / 2})
        """,
        tmp_path,
    )

    assert "no child True\nended\n" == told


class Watched(Facts):
    """Facts that know what was asked of them."""

    def __init__(self, files: TreeFiles) -> None:
        super().__init__(files)
        self.asked: list[object] = []

    def once(self, extract: Callable[[Facts], T]) -> T:
        """Remember the question."""
        self.asked.append(extract)
        return super().once(extract)


@pytest.mark.parametrize("name", descriptions())
def test_only_one_half_of_the_rules_reads_contracts(name: str) -> None:
    """So that the large files of a service are parsed once, and the other process need not wait for them."""
    template, plan = builtin_template(name)
    renderer = Renderer(template, plan=plan)
    files = TreeFiles(renderer.tree(resolve(template, renderer, []).context))

    def readers(*, apart: bool) -> bool:
        facts = Watched(files)
        judge(facts, [rule for rule in all_rules() if is_apart(rule) is apart])
        return contracts in facts.asked

    assert (True, False) == (readers(apart=True), readers(apart=False))
