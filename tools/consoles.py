"""The documentation's consoles: what follows `$ command` in a ```console block is what the command prints.

Each page is a session of its own, in an empty home directory, from its first block to its last. `make docs` runs the
pages and writes what has changed; a test runs them and compares. `…` stands for anything on its line, a line of its own
that is `…` for any lines; both stay as they are when a page is written again.

    usage: python tools/consoles.py [--write] [PAGE]…
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
HOME = "/home/you"
"""What the temporary home directory is called on the pages."""

SECONDS = 120
"""A command of a page that runs longer than this is no example."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "\x1emachgen-console "


@dataclass(frozen=True, slots=True)
class Step:
    """One command and what the page says that it prints.

    Args:
        command: The lines behind `$ ` and `> `, as typed.
        expected: The lines below it.
    """

    command: str
    expected: tuple[str, ...]


def pages() -> list[Path]:
    """Return every page that has a console."""
    found = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [page for page in found if _BLOCK.search(page.read_text(encoding="utf-8"))]


def steps(block: str) -> Iterator[Step]:
    """Read the commands of one block; a command goes on in lines that begin with `> `."""
    command: list[str] = []
    output: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield Step("\n".join(command), tuple(output))
            command, output = [line[2:]], []
        elif line.startswith("> ") and not output:
            command.append(line[2:])
        elif line == ">" and not output:
            command.append("")
        else:
            output.append(line)
    if command:
        yield Step("\n".join(command), tuple(output))


def play(page: Path) -> list[tuple[Step, tuple[str, ...]]]:
    """Run all commands of a page in one shell; return each with the lines that it printed, on both streams."""
    told = [step for block in _BLOCK.findall(page.read_text(encoding="utf-8")) for step in steps(block)]
    with tempfile.TemporaryDirectory(prefix="machgen-docs-") as home:
        script = "".join(f"{step.command}\nprintf '\\n%s%d\\n' '{_MARK}' $?\n" for step in told)
        kept = {k: os.environ[k] for k in ("PYENV_ROOT", "LD_LIBRARY_PATH") if k in os.environ}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        identity = {f"GIT_{who}_{what}": "you" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        env = {**kept, **identity, "HOME": home, "PATH": path, "LANG": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}
        done = subprocess.run(
            ["bash"],  # noqa: S607 - the shell that the reader has
            input=script, cwd=home, env=env, text=True, timeout=SECONDS, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        printed = done.stdout.replace(os.path.realpath(home), HOME).replace(home, HOME)
    parts = re.split(rf"\n?{_MARK}\d+\n", printed)
    if len(parts) != len(told) + 1:
        raise RuntimeError(f"{page}: the shell ended after `{told[len(parts) - 1].command}`, with steps left to run")
    return [(step, tuple(part.rstrip("\n").splitlines())) for step, part in zip(told, parts[:-1], strict=True)]


def matches(expected: Sequence[str], actual: Sequence[str]) -> bool:
    """Say whether the printed lines are what the page shows."""
    pattern = ""
    for line in expected:
        pattern += (
            r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
        )
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in actual)) is not None


def rewritten(page: Path) -> str:
    """Return the page's text with every console that is out of step as it is now."""
    played = iter(play(page))

    def replace(found: re.Match[str]) -> str:
        lines = []
        for step in steps(found[1]):
            _, actual = next(played)
            first, *rest = step.command.split("\n")
            lines += [f"$ {first}", *(f"> {line}".rstrip() for line in rest)]
            lines += step.expected if matches(step.expected, actual) else actual
        return "```console\n" + "".join(f"{line}\n" for line in lines) + "```"

    return _BLOCK.sub(replace, page.read_text(encoding="utf-8"))


def main() -> int:
    """Compare or write the pages; return 1 where one is out of step and was not written."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", action="store_true")
    parser.add_argument("pages", nargs="*", type=Path)
    options = parser.parse_args()
    behind = 0
    for page in options.pages or pages():
        text = rewritten(page)
        if text != page.read_text(encoding="utf-8"):
            behind += not options.write
            print(f"{'wrote' if options.write else 'out of step:'} {page}")
            if options.write:
                page.write_text(text, encoding="utf-8")
    return int(behind > 0)


if __name__ == "__main__":
    sys.exit(main())
