"""What `machgen check` costs: generated services, trees of 5,000 files of two kinds, and checkov beside it."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.paired import Command, measure, milliseconds, ratio

FILES = 5000
"""Files of a large tree."""

SERVICES = ("service", "catalog", "portal", "shop")
"""The templates whose projects are checked."""


def checking(bin_: Path, rounds: int, scratch: Path) -> None:
    """Measure and print whole processes; checkov takes part where a `checkov` is on the path.

    Args:
        bin_: The environment's `bin`, with machgen installed.
        rounds: How often each is run.
        scratch: An empty directory to write to.
    """
    for name in SERVICES:
        made = [str(bin_ / "machgen"), "new", name, str(scratch / "checked" / name), "--no-input"]
        subprocess.run(made, check=True, capture_output=True)
    tree = scratch / "checked" / SERVICES[0]
    many, one = copies(tree, scratch / "many"), grown(tree, scratch / "one")
    words = [str(bin_ / "machgen"), "check", "--format", "baseline"]  # which ends with 0, whatever is found
    commands = {f"machgen check, {name}": Command([*words, str(scratch / "checked" / name)]) for name in SERVICES}
    commands |= {
        f"{FILES} files, services": Command([*words, str(many)]),
        f"{FILES} files, one service": Command([*words, str(one)]),
    }
    if peer := shutil.which("checkov"):
        quiet = ["--compact", "--quiet", "--soft-fail", "--skip-download"]
        commands["checkov"] = Command([peer, "-d", str(tree), *quiet])
    seconds = measure(commands, rounds, scratch)
    print("\ncheck")
    for name, command in commands.items():
        print(f"  {name:28} {milliseconds(seconds[name]):22} {peak(command):.0f} MiB")
    if peer:
        middle, low, high = ratio(seconds["checkov"], seconds[f"machgen check, {SERVICES[0]}"])
        print(f"  checkov / machgen check: {middle:.0f} times ({low:.0f}–{high:.0f}); the design asks for 20")
    print(f"  bounds: 350 ms for a service, 2,000 ms for {FILES} files, 150 MiB")


def copies(tree: Path, large: Path) -> Path:
    """Return a directory of copies of a tree side by side, with `FILES` files."""
    each = sum(len(files) for where, _, files in os.walk(tree) if ".git" not in Path(where).parts)
    for number in range(-(-FILES // each)):
        shutil.copytree(tree, large / f"service-{number}", ignore=shutil.ignore_patterns(".git"))
    return large


def grown(tree: Path, large: Path) -> Path:
    """Return a copy of a tree whose sources stand in it over and over, no file equal to another: `FILES` files."""
    shutil.copytree(tree, large, ignore=shutil.ignore_patterns(".git"))
    sources = [(path.relative_to(tree), path.read_text()) for path in sorted((tree / "src").rglob("*.py"))]
    missing = FILES - sum(len(files) for _, _, files in os.walk(large))
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
