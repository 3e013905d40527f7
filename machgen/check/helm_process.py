"""What renders Helm charts: the `helm` command, or helm-python-sdk (`machgen[helm]`).

A chart's files are copied to a directory of their own and rendered by a process of its own that has no plugins, no
network to ask, no credentials, and bounds on processor time and memory.
"""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from machgen.check.document import Map
from machgen.check.files import LARGEST
from machgen.check.lazy_regex import lazy_compile
from machgen.check.manifest_loading import NotRendered

SECONDS = 4
"""Processor time that rendering a repository's charts may take; real ones take hundredths.

Not the clock's: how much else a machine does must not decide what is judged.
"""

_DEADLINE = 60  # seconds of the clock, for a renderer that waits for something; templates have nothing to wait for

_MEMORY = 2 * 1024**3  # of addresses; Go reserves far more than it uses
_LONGEST = 2 * LARGEST  # bytes that charts may render to
_BOUNDED = (
    "import os, resource, sys\n"
    "seconds = int(sys.argv.pop(1))\n"
    "resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))\n"
    f"resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))\n"
    f"resource.setrlimit(resource.RLIMIT_FSIZE, ({_LONGEST}, {_LONGEST}))\n"
)
_COMMAND = _BOUNDED + "os.execv(sys.argv[1], sys.argv[1:])\n"
_SDK = _BOUNDED + (
    "import json\n"
    "from helm_python import Chart, HelmError\n"
    "for line in sys.stdin:\n"
    "    directory, values = json.loads(line)\n"
    "    try:\n"
    "        print(json.dumps(Chart.load(directory).render(values or None, name='release')), flush=True)\n"
    "    except HelmError as error:\n"
    "        print(json.dumps(str(error)), flush=True)\n"
)
_SOURCE = lazy_compile(r"^# Source: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Helm:
    """A renderer that is at hand.

    Args:
        command: The path of the `helm` command; empty for helm-python-sdk.
        seconds: Processor time that rendering may take: each chart's for the command, of all together for the SDK.
    """

    command: str
    seconds: int = SECONDS

    def render(self, charts: "Sequence[tuple[Mapping[str, bytes], Map]]") -> "list[dict[str, str] | NotRendered]":
        """Render charts.

        Args:
            charts: The files of each, by path relative to it, and what is set over its own defaults.

        Returns:
            For each, template path, which begins with the chart's name → what it renders to; or why it is not rendered.
        """
        with tempfile.TemporaryDirectory(prefix="machgen-charts-") as directory:
            asked = []
            for number, (files, values) in enumerate(charts):
                chart = os.path.join(directory, str(number))
                for path, data in files.items():
                    full = os.path.join(chart, path)
                    os.makedirs(os.path.dirname(full), exist_ok=True)
                    with open(full, "wb") as file:
                        file.write(data)
                asked.append((chart, values))
            if self.command:
                return [self._by_command(directory, *each) for each in asked]
            return self._by_sdk(directory, asked)

    def _by_command(self, directory: str, chart: str, values: Map) -> "dict[str, str] | NotRendered":
        given = f"{chart}.json"
        with open(given, "w", encoding="utf-8") as text:
            json.dump(values, text)
        words = (self.command, "template", "release", chart, "--values", given, "--skip-tests")
        status, said, error = self._run(directory, _COMMAND, *words)
        if status:
            return _refusal(directory, error, status)
        parts = dict(_parted(said))
        return parts if parts or not said.strip() else NotRendered("the renderer's answer has no templates in it")

    def _by_sdk(self, directory: str, asked: list[tuple[str, Map]]) -> "list[dict[str, str] | NotRendered]":
        """Loading the library costs more than rendering a chart, so one process renders them all."""
        lines = "".join(json.dumps(each) + "\n" for each in asked)
        status, said, error = self._run(directory, _SDK, stdin=lines)
        answers: list[Any] = [json.loads(line) for line in said.splitlines(keepends=True) if line.endswith("\n")]
        found: list[dict[str, str] | NotRendered] = [
            {str(name): str(text) for name, text in each.items()}
            if isinstance(each, dict)
            else _refusal(directory, str(each), 0)
            for each in answers[: len(asked)]
        ]
        return found + [_refusal(directory, error, status)] * (len(asked) - len(found))

    def _run(self, directory: str, program: str, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """The exit code and what a bounded process prints."""
        quiet = {
            "PATH": os.defpath,
            "HOME": directory,
            "LC_ALL": "C.UTF-8",
            "HELM_PLUGINS": directory,
            "GOMAXPROCS": "1",
        }
        # files, since who started something in the background would hold a pipe open; and they have a largest size
        with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as error:
            try:
                done = subprocess.run(  # noqa: S603 - no shell; helm's own templates cannot start programs
                    [sys.executable, "-I", "-c", program, str(self.seconds), *words],
                    cwd=directory,
                    env=quiet,
                    input=stdin.encode(),
                    stdout=said,
                    stderr=error,
                    check=False,
                    timeout=_DEADLINE,
                )
            except subprocess.TimeoutExpired:
                return 1, "", f"the renderer does not end within {_DEADLINE} s"
            said.seek(0)
            printed = said.read()
            error.seek(0)
            complaint = error.read(100_000).decode("utf-8", "replace")
        if done.returncode in {-signal.SIGKILL, -signal.SIGXCPU}:
            complaint = f"rendering takes more than {self.seconds} s of processor time"
        elif len(printed) >= _LONGEST:
            complaint = f"it renders to more than {_LONGEST // 1_000_000} MB"
        return done.returncode, printed.decode("utf-8", "replace"), complaint


def _refusal(directory: str, error: str, status: int) -> NotRendered:
    """The one line of an error that says what is wrong."""
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    said = next((line for line in lines if "rror" in line), lines[-1] if lines else f"the renderer ends with {status}")
    return NotRendered(re.sub(re.escape(directory) + r"/[0-9]+/?", "", said)[:200])


def _parted(text: str) -> Iterator[tuple[str, str]]:
    """What `helm template` prints, by template."""
    parts: dict[str, list[str]] = {}
    for document in re.split(r"^---\s*$", text, flags=re.MULTILINE):
        if source := _SOURCE.search(document):
            parts.setdefault(source[1], []).append(document)
    yield from ((name, "\n---\n".join(documents)) for name, documents in parts.items())


def at_hand() -> Helm | None:
    """Return the renderer of this machine; None where there is none.

    What stands in a directory that `PATH` names relative to this one, such as the repository that is judged, is not
    started. The name stays as it was found: some commands are links to a program that asks what it is called.
    """
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if command := shutil.which("helm", path=os.pathsep.join(filter(os.path.isabs, entries))):
        return Helm(command)
    return Helm("") if importlib.util.find_spec("helm_python") else None
