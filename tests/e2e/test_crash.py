"""All or nothing, with real processes: killed, interrupted, out of disk, too many at once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from machgen.tree import Tree
from tests.templating import read

REPOSITORY = Path(__file__).parents[2]
POINTS = 100
"""How often each signal is sent; the points are seeded, the machine's load moves them a little."""

NEW: list[str | Path] = [sys.executable, "-P", "-m", "machgen", "new", "service"]
OPTIONS = [["--no-input", "--no-git"], ["--no-input"]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a user has: machgen as its wheel installs it, and no settings."""
    home, dist, machgen = (tmp_path_factory.mktemp(name) for name in ("home", "dist", "machgen"))
    build: list[str | Path] = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        wheel.extractall(machgen)
    subprocess.run([sys.executable, "-m", "compileall", "-q", machgen], check=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    return inherited | {"PYTHONPATH": os.pathsep.join([str(machgen), *libraries]), "HOME": str(home)}


@dataclass
class Reference:
    """A complete project, and how long it took to make."""

    tree: Tree
    seconds: dict[int, float] = field(default_factory=dict)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Reference:
    """Make the project once with git and once without; without its repository it is the same."""
    trees = []
    seconds = {}
    for number, options in enumerate(OPTIONS):
        target = tmp_path_factory.mktemp("reference") / "shop"
        start = time.monotonic()
        subprocess.run([*NEW, target, *options], env=environment, check=True, capture_output=True)
        seconds[number] = time.monotonic() - start
        trees.append(files(target))
    assert trees[0] == trees[1]
    return Reference(trees[0], seconds)


def files(project: Path) -> Tree:
    return Tree({path: file for path, file in read(project).items() if not path.startswith(".git/")})


def staged(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.startswith(".machgen-")]


def assert_complete(project: Path, expected: Tree, *, with_git: bool, environment: dict[str, str]) -> None:
    assert expected == files(project)
    assert with_git == (project / ".git").exists()
    if with_git:
        status = subprocess.run(
            ["git", "status", "--porcelain", "--branch"], cwd=project, env=environment, capture_output=True, check=True
        )
        assert b"## main\n" == status.stdout


@dataclass
class Outcome:
    """What striking many runs came to."""

    nothing: int = 0
    whole: int = 0
    left: int = 0


@dataclass(frozen=True)
class Striker:
    """Runs of one kind on one target, each struck by a signal at another moment."""

    number: signal.Signals
    kind: int
    target: Path
    reference: Reference
    environment: dict[str, str]

    def outcome(self) -> Outcome:
        """Strike `POINTS` / 2 runs: half of them anywhere, half of them while they write."""
        chance = random.Random(f"{self.number} {self.kind}")  # noqa: S311 - points in time, no secrets
        outcome = Outcome()
        work = self.target.parent
        for point in range(POINTS // 2):
            before = set(staged(work))
            if point % 2:
                self.strike(chance.uniform(0, self.reference.seconds[self.kind]))
            else:
                self.strike_while_writing(chance.uniform(0, (0.008, self.reference.seconds[1] / 2)[self.kind]))
            outcome.left += bool(set(staged(work)) - before)
            assert set(os.listdir(work)) <= {self.target.name, *staged(work)}
            if self.target.exists():
                outcome.whole += 1
                self.assert_complete()
                shutil.rmtree(self.target)
            else:
                outcome.nothing += 1
        return outcome

    def assert_complete(self) -> None:
        assert_complete(self.target, self.reference.tree, with_git=bool(self.kind), environment=self.environment)

    def start(self) -> "subprocess.Popen[str]":
        command = [*NEW, self.target, *OPTIONS[self.kind]]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def strike(self, delay: float) -> None:
        """Strike a run anywhere: also while Python itself is starting, which answers as it likes."""
        with self.start() as run:
            time.sleep(delay)
            run.send_signal(self.number)

    def strike_while_writing(self, delay: float) -> None:
        """Strike a run after its staging directory has appeared: now it has to answer as it promises."""
        before = set(staged(self.target.parent))
        with self.start() as run:
            while run.poll() is None and not set(staged(self.target.parent)) - before:
                time.sleep(0.0005)
            time.sleep(delay)
            run.send_signal(self.number)
            assert run.stderr is not None
            said = run.stderr.read()
        if run.returncode == 0:
            assert self.target.exists()
            assert "" == said
        elif self.number is not signal.SIGKILL:
            word = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[self.number]
            assert 128 + self.number == run.returncode
            # nothing is said where the signal came after all was said
            assert said == f"{word}\n" or (said == "" and self.target.exists())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_run_that_is_struck_leaves_the_complete_project_or_nothing(
    number: signal.Signals, tmp_path: Path, reference: Reference, environment: dict[str, str]
) -> None:
    """100 points: half of them anywhere, half while it writes; half with git, half without. The next run cleans up."""
    strikers = []
    for kind in range(len(OPTIONS)):
        (tmp_path / str(kind)).mkdir()
        strikers.append(Striker(number, kind, tmp_path / str(kind) / "shop", reference, environment))
    with ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(Striker.outcome, strikers))

    print(number.name, *outcomes)  # noqa: T201 - shown where the test fails
    time.sleep(0.3)  # a git that outlived its killed parent ends
    for striker in strikers:
        with striker.start() as run:
            pass
        assert 0 == run.returncode
        assert ["shop"] == os.listdir(striker.target.parent)
        striker.assert_complete()
    # the points have to be worth something: some struck in time, and those that nothing can catch in the middle
    assert min(outcome.nothing for outcome in outcomes) > 5
    left = sum(outcome.left for outcome in outcomes)
    assert left > 10 if number is signal.SIGKILL else left == 0


def test_of_twenty_runs_at_once_one_wins(tmp_path: Path, reference: Reference, environment: dict[str, str]) -> None:
    """Twenty rounds of twenty commands on one target: one project, nineteen polite refusals, nothing left."""
    for number in range(20):
        work = tmp_path / f"round-{number}"
        work.mkdir()
        kind = number % 10 == 0
        command = [*NEW, work / "shop", *OPTIONS[kind]]
        runs = [
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            for _ in range(20)
        ]
        errors = [run.communicate(timeout=120)[1] for run in runs]

        assert [0] + 19 * [2] == sorted(run.returncode for run in runs), errors
        assert {f"{work}/shop exists and is not empty" in error for error in errors if error} == {True}
        assert ["shop"] == os.listdir(work)
        assert_complete(work / "shop", reference.tree, with_git=kind, environment=environment)


RACER = """
import sys
from machgen.errors import BadRequest
from machgen.publish import publish
from machgen.tree import File, Tree
tree = Tree({f"src/d{n % 12}/m{n}.py": File(b"x" * 500) for n in range(120)})
for target in sys.stdin:
    try:
        publish(tree, target.strip())
    except BadRequest as error:
        print(error.message.removeprefix(target.strip()), flush=True)
    else:
        print("won", flush=True)
"""


def test_of_twenty_runs_in_step_one_wins(tmp_path: Path, environment: dict[str, str]) -> None:
    """As above without the start of Python in between, so that all twenty are writing when the first one is done."""
    pipe = subprocess.PIPE
    racers = [
        subprocess.Popen([sys.executable, "-P", "-c", RACER], env=environment, stdin=pipe, stdout=pipe, text=True)
        for _ in range(20)
    ]
    outcomes = []
    for number in range(20):
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write(f"{tmp_path}/{number}/deep/shop\n" if number % 2 else f"{tmp_path}/{number}\n")
            racer.stdin.flush()
        outcomes.append(sorted(racer.stdout.readline() for racer in racers if racer.stdout is not None))
    for racer in racers:
        racer.communicate()

    assert [19 * [" exists and is not empty\n"] + ["won\n"]] * 20 == outcomes
    assert sorted(map(str, range(20))) == sorted(os.listdir(tmp_path))
    assert {("deep",), ("src",)} == {tuple(os.listdir(tmp_path / str(number))) for number in range(20)}


def test_a_target_that_keeps_changing_under_the_run_leads_nowhere(
    tmp_path: Path, reference: Reference, environment: dict[str, str]
) -> None:
    """Another process swaps links in and out of the target; each run wins it whole or is refused."""
    outside, work = tmp_path / "outside", tmp_path / "work"
    outside.mkdir()
    work.mkdir()
    swap = (
        "import os, sys\nwork, outside = sys.argv[1:]\n"
        "os.symlink(outside, work + '/absolute'); os.symlink('../outside', work + '/relative')\n"
        "os.symlink('relative', work + '/chained'); os.symlink('nowhere', work + '/dangling')\nprint(flush=True)\n"
        "while True:\n"
        "    for name in ('absolute', 'relative', 'chained', 'dangling'):\n"
        "        try:\n"
        "            os.link(f'{work}/{name}', f'{work}/shop', follow_symlinks=False)\n"
        "            os.unlink(f'{work}/shop')\n"
        "        except OSError:\n"
        "            pass\n"
    )
    codes = []
    with subprocess.Popen([sys.executable, "-c", swap, work, outside], stdout=subprocess.PIPE) as swapping:
        try:
            assert swapping.stdout is not None
            swapping.stdout.readline()
            for _ in range(12):
                command = [*NEW, work / "shop", *OPTIONS[0]]
                run = subprocess.run(command, env=environment, capture_output=True, check=False)
                codes.append(run.returncode)
                if run.returncode == 0:
                    assert reference.tree == files(work / "shop")
                    shutil.rmtree(work / "shop")
        finally:
            swapping.kill()

    assert {2} <= set(codes) <= {0, 2}
    assert [] == os.listdir(outside)
    assert [] == staged(work)


IN_A_NAMESPACE = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
# mounts a file system over the directory in its second argument, runs the rest, and lists what that left there
ON_A_DISK = (
    'mount -t tmpfs -o "$1" none "$2" && work=$2 && shift 2 && "$@" >/dev/null; code=$?; ls -A "$work"; exit $code'
)


@pytest.fixture(scope="module")
def namespaces() -> None:
    """Mounting a small disk takes a mount namespace of its own."""
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare(1) to mount a small disk with")
    tried = subprocess.run([*IN_A_NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {tried.stderr.decode().strip()}")


def on_a_disk(
    disk: str, work: Path, options: Sequence[str], environment: dict[str, str]
) -> "subprocess.CompletedProcess[str]":
    """Make a project on a file system mounted with the options `disk`; stdout is what stands there afterwards."""
    command = [*IN_A_NAMESPACE, "sh", "-c", ON_A_DISK, "sh", disk, work, *NEW, work / "shop", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


FULL = [f"size={kib}k" for kib in (4, 8, 16, 64, 128, 192, 256, 320, 384)]
FULL += [f"size=16m,nr_inodes={inodes}" for inodes in (2, 3, 4, 5, 10, 40, 80, 120)]


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("disk", FULL)
@pytest.mark.parametrize("options", OPTIONS, ids=["no git", "git"])
def test_a_full_disk_is_one_clear_error_and_nothing_is_left(
    disk: str, options: list[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    """Full at the first directory, in the middle of a file, at the last inode, in git."""
    done = on_a_disk(disk, tmp_path, options, environment)

    assert (3, "") == (done.returncode, done.stdout), done.stderr
    error, _, hint = done.stderr.partition("\n")
    assert "No space left on device" in error
    assert "nothing was changed" in error
    assert 1 == hint.count("\n")


@pytest.mark.usefixtures("namespaces")
@pytest.mark.parametrize("options", OPTIONS, ids=["no git", "git"])
def test_a_disk_that_is_large_enough_holds_the_project(
    options: list[str], tmp_path: Path, environment: dict[str, str]
) -> None:
    """What the test above is measured against."""
    done = on_a_disk("size=16m,nr_inodes=2000", tmp_path, options, environment)

    assert (0, "shop\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.usefixtures("namespaces")
def test_a_read_only_disk_is_one_clear_error(tmp_path: Path, environment: dict[str, str]) -> None:
    """Told before a single question is asked."""
    done = on_a_disk("ro", tmp_path, OPTIONS[1], environment)

    assert (3, "") == (done.returncode, done.stdout)
    assert f"cannot write {tmp_path}/shop: Read-only file system; nothing was changed" in done.stderr
    assert "name a target on a file system that can be written to" in done.stderr


def test_a_directory_that_may_not_be_written_to_is_one_clear_error(tmp_path: Path, environment: dict[str, str]) -> None:
    """Also for root, once it has given up its right to write everywhere."""
    tmp_path.chmod(0o555)
    powerless = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    if powerless and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv(1)")
    command = [*powerless, *NEW, tmp_path / "shop", *OPTIONS[1]]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (3, "") == (done.returncode, done.stdout)
    assert f"cannot write {tmp_path}/shop: Permission denied; nothing was changed" in done.stderr
    assert [] == os.listdir(tmp_path)
