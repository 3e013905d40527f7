"""What `machgen check` costs: a generated service, a repository of 5,000 files, and checkov on the same tree."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.benchmarks.paired import Command, measure, milliseconds, ratio

FILES = 5000
"""Files of the large repository: as many copies of the generated service as that takes."""


def checking(bin_: Path, rounds: int, scratch: Path) -> None:
    """Measure and print whole processes; checkov takes part where a `checkov` is on the path.

    Args:
        bin_: The environment's `bin`, with machgen installed.
        rounds: How often each is run.
        scratch: An empty directory to write to.
    """
    tree = scratch / "checked" / "service"
    subprocess.run([bin_ / "machgen", "new", "service", tree, "--no-input"], check=True, capture_output=True)
    large = copies(tree, scratch / "large")
    words = [str(bin_ / "machgen"), "check", "--format", "baseline"]  # which ends with 0, whatever is found
    commands = {
        "machgen check": Command([*words, str(tree)]),
        f"machgen check, {FILES} files": Command([*words, str(large)]),
    }
    if peer := shutil.which("checkov"):
        quiet = ["--compact", "--quiet", "--soft-fail", "--skip-download"]
        commands["checkov"] = Command([peer, "-d", str(tree), *quiet])
    seconds = measure(commands, rounds, scratch)
    print("\ncheck")
    for name, command in commands.items():
        print(f"  {name:28} {milliseconds(seconds[name]):22} {peak(command):.0f} MiB")
    if peer:
        middle, low, high = ratio(seconds["checkov"], seconds["machgen check"])
        print(f"  checkov / machgen check: {middle:.0f} times ({low:.0f}–{high:.0f}); the design asks for 20")
    print("  bounds: 350 ms for the service, 2,000 ms for the large repository, 150 MiB")


def copies(tree: Path, large: Path) -> Path:
    """Return a directory of copies of a tree side by side, with `FILES` files."""
    each = sum(len(files) for where, _, files in os.walk(tree) if ".git" not in Path(where).parts)
    for number in range(-(-FILES // each)):
        shutil.copytree(tree, large / f"service-{number}", ignore=shutil.ignore_patterns(".git"))
    return large


def peak(command: Command) -> float:
    """Return the most memory that a command holds, in MiB (Linux: `ru_maxrss` is in KiB)."""
    process = subprocess.Popen(command.words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024
