"""Paired, alternating measurement of whole commands."""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """One contender.

    Args:
        words: The command line; `{out}` is replaced by a fresh path for each run.
        cleanup: Called with that path after each run, outside the measured time.
    """

    words: Sequence[str]
    cleanup: Callable[[Path], None] | None = None


def measure(commands: Mapping[str, Command], rounds: int, scratch: Path) -> dict[str, list[float]]:
    """Run the commands in turn, `rounds` times each, after one run that does not count.

    Args:
        commands: The contenders by name.
        rounds: How many counted runs each has.
        scratch: An empty directory for what they write.

    Returns:
        Wall seconds of the whole process, by name, in the order of the rounds.

    Raises:
        RuntimeError: A command failed; its error output is the message.
    """
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for round_ in range(rounds + 1):
        for name, command in commands.items():
            out = scratch / f"out-{round_}-{name.replace(' ', '-')}"
            words = [word.replace("{out}", str(out)) for word in command.words]
            begin = time.perf_counter()
            done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=scratch)
            took = time.perf_counter() - begin
            if done.returncode:
                raise RuntimeError(f"{name}: {' '.join(words)} gave {done.returncode}: {done.stderr[-2000:]}")
            if command.cleanup:
                command.cleanup(out)
            if round_:
                seconds[name].append(took)
    return seconds


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """Return the median of the paired ratios ours/theirs and its quartiles."""
    ratios = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    low, middle, high = statistics.quantiles(ratios, n=4)
    return middle, low, high


def milliseconds(seconds: Sequence[float]) -> str:
    """Return median and quartiles, as `61 ms (60–63)`."""
    low, middle, high = (1000 * each for each in statistics.quantiles(seconds, n=4))
    return f"{middle:.0f} ms ({low:.0f}–{high:.0f})"
