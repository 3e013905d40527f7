"""`python -m tests.benchmarks.checking`: generated services, trees of 5,000 files of two kinds, and checkov beside it.

What is compared is run in turn, whole processes, and each group is printed as soon as it is measured: the services with
most rounds, since they are quick and have the tightest bound; the large trees; checkov, which takes its time, in pairs
with the same tree. `make bench` measures the installed wheel, this module alone the sources.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.paired import Command, measure, milliseconds, ratio

REPOSITORY = Path(__file__).parents[2]
FILES = 5000
"""Files of a large tree."""

SERVICES = ("service", "catalog", "portal", "shop")
"""The templates whose projects are checked."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; whether the bounds hold is for people to judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.checking")
    parser.add_argument("--rounds", type=int, default=15, help="of the services; the others have a third and a fifth")
    options = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPATH"] = str(REPOSITORY)
    with tempfile.TemporaryDirectory(prefix="machgen-bench-") as directory:
        checking([sys.executable, "-m", "machgen"], options.rounds, Path(directory))
    return 0


def checking(machgen: Sequence[str], rounds: int, scratch: Path) -> None:
    """Measure and print whole processes; checkov takes part where a `checkov` is on the path.

    Args:
        machgen: The command.
        rounds: How often each service is checked, at least two.
        scratch: An empty directory to write to.
    """
    trees = {name: scratch / "checked" / name for name in SERVICES}
    for name, tree in trees.items():
        made = [*machgen, "new", name, str(tree), "--no-input"]
        subprocess.run(made, check=True, capture_output=True, cwd=scratch)
    # a baseline ends with 0, whatever is found
    words = [*machgen, "check", "--profile", "reference", "--format", "baseline"]
    print("\ncheck: median (quartiles), least, memory of the larger process")
    services = {f"machgen check, {name}": Command([*words, str(tree)]) for name, tree in trees.items()}
    shown(services, rounds, scratch, bound="350 ms")
    tree = trees[SERVICES[0]]
    many, one = copies(tree, scratch / "many"), grown(tree, scratch / "one")
    large = {
        f"{held(many)} files, {len(list(many.iterdir()))} services": Command([*words, str(many)]),
        f"{held(one)} files, one service": Command([*words, str(one)]),
    }
    shown(large, max(2, rounds // 3), scratch, bound="2,000 ms and 150 MiB")
    if not (peer := shutil.which("checkov")):
        print("  no checkov on the path: nothing to compare with", flush=True)
        return
    quiet = ["--compact", "--quiet", "--soft-fail", "--skip-download"]
    pair = {"machgen check": Command([*words, str(tree)]), "checkov": Command([peer, "-d", str(tree), *quiet])}
    seconds = shown(pair, max(2, rounds // 5), scratch, bound="a twentieth")
    middle, low, high = ratio(seconds["checkov"], seconds["machgen check"])
    print(f"  checkov / machgen check: {middle:.0f} times ({low:.0f}–{high:.0f})", flush=True)


def shown(commands: dict[str, Command], rounds: int, scratch: Path, *, bound: str) -> dict[str, list[float]]:
    """Measure commands in turn and print what each takes."""
    seconds = measure(commands, rounds, scratch)
    for name, command in commands.items():
        least = f"least {1000 * min(seconds[name]):.0f} ms"
        print(f"  {name:28} {milliseconds(seconds[name]):24} {least:15} {peak(command):4.0f} MiB", flush=True)
    print(f"  bound: {bound}; {rounds} rounds", flush=True)
    return seconds


def held(tree: Path) -> int:
    """Return how many files a tree has, without git's own."""
    return sum(len(files) for where, _, files in os.walk(tree) if ".git" not in Path(where).parts)


def copies(tree: Path, large: Path) -> Path:
    """Return a directory of copies of a tree side by side, with `FILES` files."""
    for number in range(-(-FILES // held(tree))):
        shutil.copytree(tree, large / f"service-{number}", ignore=shutil.ignore_patterns(".git"))
    return large


def grown(tree: Path, large: Path) -> Path:
    """Return a copy of a tree whose sources stand in it over and over, no file equal to another: `FILES` files."""
    shutil.copytree(tree, large, ignore=shutil.ignore_patterns(".git"))
    sources = [(path.relative_to(tree), path.read_text()) for path in sorted((tree / "src").rglob("*.py"))]
    missing = FILES - held(large)
    for number in range(missing):
        path, text = sources[number % len(sources)]
        place = large / "src" / f"more_{number // len(sources)}" / path.relative_to("src")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"{text}\n# copy {number}\n")
    return large


def peak(command: Command) -> float:
    """Return the most memory that a command holds, in MiB (Linux: `ru_maxrss` is in KiB)."""
    process = subprocess.Popen(command.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    raise SystemExit(main())
