"""`make bench`: what generating and checking cost, beside cookiecutter, copier and checkov in the same run.

The wheel is built and installed as a user would, bytecode is compiled for all, and all bake the same files: machgen
from its built-in pack, cookiecutter from the exported template, copier from the same files under its own names.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.checking import checking
from tests.benchmarks.paired import Command, measure, milliseconds, ratio

REPOSITORY = Path(__file__).parents[2]
MANY = 1000
"""Files of the large template."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, with the bounds that the design sets itself; whether they hold is for people to judge."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--no-copier", action="store_true", help="leave the slowest peer out")
    options = parser.parse_args(arguments)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="machgen-bench-") as directory:
        scratch = Path(directory)
        bin_ = install(scratch)
        start_up(bin_, options.rounds, scratch)
        built_in(bin_, options.rounds, scratch, copier=not options.no_copier)
        many_files(bin_, max(3, options.rounds // 3), scratch, copier=not options.no_copier)
        checking([str(bin_ / "machgen")], options.rounds, scratch)
    return 0


def install(scratch: Path) -> Path:
    """Install the wheel and the peers into one environment of their own, compiled; return its `bin`."""
    run(sys.executable, "-m", "venv", str(scratch / "venv"))
    bin_ = scratch / "venv" / "bin"
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(scratch / "dist"), cwd=REPOSITORY)
    wheel = next((scratch / "dist").glob("*.whl"))
    run(str(bin_ / "pip"), "install", "-q", "--require-hashes", "-r", str(REPOSITORY / "requirements" / "bench.txt"))
    run(str(bin_ / "pip"), "install", "-q", "--no-deps", str(wheel))
    run(str(bin_ / "python"), "-m", "compileall", "-q", str(scratch / "venv" / "lib"), check=False)
    return bin_


def run(*words: str, cwd: Path | None = None, check: bool = True) -> None:
    """Run one preparing command, quietly."""
    subprocess.run(words, cwd=cwd, check=check, stdout=subprocess.DEVNULL)


def start_up(bin_: Path, rounds: int, scratch: Path) -> None:
    """Measure `--help` and `list` against starting Python."""
    commands = {
        "python -c pass": Command([str(bin_ / "python"), "-c", "pass"]),
        "machgen --help": Command([str(bin_ / "machgen"), "--help"]),
        "machgen list": Command([str(bin_ / "machgen"), "list"]),
    }
    seconds = measure(commands, rounds, scratch)
    for name in list(commands)[1:]:
        report(seconds, name, "python -c pass", 10.0)


def built_in(bin_: Path, rounds: int, scratch: Path, *, copier: bool) -> None:
    """Measure `machgen new service` against cookiecutter and copier on the same files."""
    template = scratch / "exported"
    run(str(bin_ / "machgen"), "export", "service", str(template))
    home = scratch / "home"
    home.mkdir()
    os.environ["HOME"] = str(home)
    commands = {
        "python -c pass": Command([str(bin_ / "python"), "-c", "pass"]),
        "machgen new": Command([str(bin_ / "machgen"), "new", "service", "{out}/my-service", "--no-input", "--no-git"]),
        "cookiecutter": Command([str(bin_ / "cookiecutter"), "--no-input", "-o", "{out}", str(template)]),
    }
    if copier:
        for_copier(template, scratch / "for-copier", bin_)
        words = ["copy", "--defaults", "--quiet", "--trust", str(scratch / "for-copier"), "{out}"]
        commands["copier copy"] = Command([str(bin_ / "copier"), *words])
    seconds = measure(commands, rounds, scratch)
    files = sum(1 for path in (scratch / "out-1-machgen-new").rglob("*") if path.is_file())
    print(f"\nnew service: {files} files")
    report(seconds, "machgen new", "cookiecutter", 0.25)
    if copier:
        report(seconds, "machgen new", "copier copy", 0.05)
    report(seconds, "machgen new", "python -c pass", None)


def for_copier(template: Path, made: Path, bin_: Path) -> None:
    """Write the exported template as a copier template of the same files.

    copier renders every name and the contents of files that end in `.jinja`; one question named `cookiecutter` holds
    all answers, so that the texts need no change.
    """
    questions = json.loads((template / "cookiecutter.json").read_text())
    script = (
        "import json,sys; from cookiecutter.generate import generate_context; "
        "from cookiecutter.prompt import prompt_for_config; "
        "c = generate_context(sys.argv[1]); print(json.dumps(prompt_for_config(c, True)))"
    )
    words = [str(bin_ / "python"), "-c", script, str(template / "cookiecutter.json")]
    answers = json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    public = {key: answers[key] for key in questions if not key.startswith("_")}
    root = next(path for path in template.iterdir() if path.name.startswith("{{"))
    shutil.copytree(root, made / "project")
    for path in [path for path in (made / "project").rglob("*") if path.is_file()]:
        if (
            path.suffix not in (".py", ".sql", ".mako")
            and b"{{" in path.read_bytes() + b""
            and "requirements" not in path.parts
        ):
            # a conditional name must still be able to be empty: copier strips the suffix before it renders the name
            path.rename(path.with_name(path.name + ".jinja"))
    settings = {
        "_subdirectory": "project",
        "_envops": {"keep_trailing_newline": True},
        "cookiecutter": {"type": "yaml", "default": json.dumps(public)},
    }
    (made / "copier.yml").write_text(json.dumps(settings))


def many_files(bin_: Path, rounds: int, scratch: Path, *, copier: bool) -> None:
    """Measure foreign templates of many files, of which nothing is prepared; the cost has to grow with their number."""
    commands = {}
    for count in (MANY // 4, MANY, MANY * 4):
        template = large_template(scratch / f"many-{count}", count)
        words = ["new", template.name, "{out}/many", "--pack", str(template), "--no-input", "--no-git"]
        commands[f"machgen {count}"] = Command([str(bin_ / "machgen"), *words])
    baked = scratch / f"many-{MANY}"
    commands["cookiecutter"] = Command([str(bin_ / "cookiecutter"), "--no-input", "-o", "{out}", str(baked)])
    if copier:
        for_copier(scratch / f"many-{MANY // 4}", scratch / "many-for-copier", bin_)
        words = ["copy", "--defaults", "--quiet", "--trust", str(scratch / "many-for-copier"), "{out}"]
        commands["copier copy"] = Command([str(bin_ / "copier"), *words])
    seconds = measure(commands, rounds, scratch)
    print(f"\ntemplates of {MANY // 4}, {MANY} and {MANY * 4} files")
    for name in list(commands)[:3]:
        each = 1000 * min(seconds[name]) / int(name.split()[1])
        print(f"  {name:16} {milliseconds(seconds[name]):22} {each:.3f} ms a file")
    report(seconds, f"machgen {MANY}", "cookiecutter", 0.25)
    if copier:
        report(seconds, f"machgen {MANY // 4}", "copier copy", 0.05)


def large_template(directory: Path, count: int) -> Path:
    """Write a template of `count` files: every name and every content rendered, every fourth with a condition."""
    for number in range(count):
        folder = directory / "{{cookiecutter.project_slug}}" / f"part{number % 40}"
        folder.mkdir(parents=True, exist_ok=True)
        text = f"# {{{{ cookiecutter.project_slug }}}} {number}\n" + "value = 1  # some text\n" * 40
        if number % 4 == 0:
            text += "{% if cookiecutter.flag == 'yes' %}on{% else %}off{% endif %}\n"
        (folder / f"{{{{cookiecutter.project_slug}}}}_{number}.txt").write_text(text)
    (directory / "cookiecutter.json").write_text('{"project_slug": "many", "flag": ["yes", "no"]}')
    return directory


def report(seconds: dict[str, list[float]], ours: str, theirs: str, bound: float | None) -> None:
    """Print one comparison and, where the design sets a bound, whether it holds."""
    middle, low, high = ratio(seconds[ours], seconds[theirs])
    verdict = "" if bound is None else f"  bound {bound:g}: {'holds' if middle <= bound else 'MISSED'}"
    print(
        f"  {ours:16} {milliseconds(seconds[ours]):22} {theirs:16} {milliseconds(seconds[theirs]):24}"
        f" ratio {middle:.3f} ({low:.3f}–{high:.3f}){verdict}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
