"""The command line as a user meets it: real processes, real terminals, exact words."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from machgen import __version__
from machgen.bundle import builtin_template, descriptions, modules
from machgen.cli.commands import COMMANDS
from tests.running import MACHGEN, Terminal, environment, machgen
from tests.templating import read, source, write

SHOP = {
    "project_slug": "my-shop",
    "title": "{{ cookiecutter.project_slug | title }}",
    "ci": ["github", "gitlab"],
    "docker": True,
    "ports": {"http": "80", "tls": False},
    "_description": "A shop",
    "_validators": {"project_slug": {"pattern": "[a-z-]+", "message": "lower-case letters and hyphens"}},
    "__prompts__": {
        "project_slug": "Name of the shop",
        "ci": {"__prompt__": "Continuous integration", "github": "GitHub Actions"},
    },
}
FILES = {
    "README.md": "{{ cookiecutter.title }} {{ cookiecutter.ci }} {{ cookiecutter.docker }} "
    "{{ cookiecutter.ports.http }}\n",
    "bin/run": "#!/bin/sh\n",
    "Makefile": "run:\n\ttrue\ntest: run\n",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory with a pack that holds one template, `shop`."""
    write(source(SHOP, FILES, executable=("bin/run",)), tmp_path / "pack" / "shop")
    return tmp_path


def test_one_broken_template_hides_none_of_the_others(home: Path) -> None:
    """`list` shows what can be made, names what cannot, and ends as a request that cannot be met does."""
    (home / "pack" / "till").mkdir()
    (home / "pack" / "till" / "cookiecutter.json").write_text('{"_extends": "nothing"}')
    (home / "pack" / "till" / "{{cookiecutter.x}}").mkdir()
    (home / "pack" / "till" / "{{cookiecutter.x}}" / "a").write_text("a")

    ended = machgen("list", "--pack", "pack", cwd=home)

    assert (2, "shop  A shop\n") == (ended.code, ended.out)
    assert "till" in ended.err


def test_a_pattern_that_takes_for_ever_is_given_up(home: Path) -> None:
    """A pack's own pattern may backtrack without end; `new` says so instead of hanging."""
    hostile = SHOP | {"_validators": {"project_slug": {"pattern": "([a-z]+)+", "message": "letters"}}}
    write(source(hostile, FILES), home / "slow" / "shop")

    ended = machgen("new", "shop", "x", "--no-input", "-a", f"project_slug={'a' * 60}-", "--pack", "slow", cwd=home)

    assert (2, "") == (ended.code, ended.out)
    assert "the pattern of project_slug takes for ever" in ended.err


def test_a_service_takes_one_line(home: Path) -> None:
    """`machgen new service x` makes the project, named by its directory, and says what to type next."""
    ended = machgen("new", "service", "my-catalog", "--no-input", "--no-git", cwd=home)

    assert (0, "") == (ended.code, ended.err)
    assert re.fullmatch(
        rf"Made my-catalog from service {re.escape(__version__)}: [0-9]+ files\. Next:\n\n"
        r"  cd my-catalog\n  make test\n  make run\n",
        ended.out,
    )
    assert 'project_slug = "my-catalog"' in (home / "my-catalog" / "machgen.toml").read_text()
    assert (home / "my-catalog" / "src" / "my_catalog" / "__init__.py").is_file()


def test_the_next_commands_are_those_of_the_makefile(home: Path) -> None:
    """They work: here is what they do in a project whose targets do nothing."""
    ended = machgen(
        "new", "shop", "my shop", "--no-input", "--no-git", "-a", "project_slug=x", "--pack", "pack", cwd=home
    )

    assert "Made my shop from shop: 7 files. Next:\n\n  cd 'my shop'\n  make test\n  make run\n" == ended.out
    for line in ended.out.splitlines()[-2:]:
        done = subprocess.run(["bash", "-ec", f"cd 'my shop' && {line}"], cwd=home, capture_output=True, check=False)
        assert 0 == done.returncode


@pytest.mark.parametrize(
    "target",
    ["-x", "--", "a b", "it's", "a\nb", "\x1b[31mred", "\u202ex", "Größe 😀", "\udcff", "a\\b", "~", "$HOME"],
    ids=ascii,
)
def test_the_next_commands_enter_any_directory(target: str, home: Path) -> None:
    """Also one that a shell takes for an option, or that no terminal can show."""
    words = ("--no-input", "--no-git", "-a", "project_slug=x", "--pack", "pack", "--", "shop", target)
    ended = machgen("new", *words, cwd=home)

    assert (0, "") == (ended.code, ended.err)
    script = "".join(f"{line}\n" for line in ended.out.splitlines()[2:])
    done = subprocess.run(
        ["bash", "-e"],
        input=script + "pwd -P",
        cwd=home,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=True,
    )
    assert f"{home.resolve()}/{target}" == done.stdout.removesuffix("\n").split("true\n")[-1]


def test_a_project_begins_as_a_repository_with_one_commit(home: Path) -> None:
    """On branch main, everything in it; `--no-git` leaves it out."""
    ended = machgen("new", "shop", "x", "--no-input", "--pack", "pack", cwd=home)

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=home / "x", capture_output=True, text=True, check=True).stdout

    assert 0 == ended.code
    assert "main\n" == git("branch", "--show-current")
    assert "Make x from shop\n" == git("log", "--format=%s")
    assert "" == git("status", "--porcelain")


def test_a_project_inside_a_repository_gets_none_of_its_own(home: Path) -> None:
    """It belongs to the work tree it is made in, and the user is told."""
    subprocess.run(["git", "init", "--quiet"], cwd=home, check=True)

    ended = machgen("new", "shop", "x", "--no-input", "--pack", "pack", cwd=home)

    assert f"note: x is in the git work tree {home}, so it gets no repository of its own\n" == ended.err
    assert not (home / "x" / ".git").exists()


def test_without_a_directory_the_answers_name_it(home: Path) -> None:
    """As cookiecutter does."""
    machgen("new", "shop", "--no-input", "--no-git", "-a", "project_slug=corner", "--pack", "pack", cwd=home)

    assert b"Corner github True 80\n" == (home / "corner" / "README.md").read_bytes()


def test_json_is_one_document(home: Path) -> None:
    """What was made of what, for programs."""
    ended = machgen("new", "shop", "x", "--no-input", "--no-git", "--json", "--pack", "pack", cwd=home)
    made = json.loads(ended.out)
    on_disk = read(home / "x")

    assert ("x", "shop", "pack", "") == (made["target"], made["template"], made["pack"], made["version"])
    assert {
        "project_slug": "x",
        "title": "X",
        "ci": "github",
        "docker": True,
        "ports": {"http": "80", "tls": False},
    } == (made["answers"])
    assert on_disk.digest == made["files_digest"]
    assert [{"path": p, "size": len(f.data), "executable": f.executable} for p, f in on_disk.items()] == made["files"]
    assert made["digest"] in (home / "x" / "machgen.toml").read_text()


def test_a_dry_run_tells_what_the_real_run_does(home: Path) -> None:
    """Every file with its size and executable bit, the same digest, and nothing is written."""
    words = ("new", "shop", "x", "--no-input", "--no-git", "--pack", "pack")
    before = sorted(home.rglob("*"))

    dry = machgen(*words, "--dry-run", cwd=home)
    as_json = machgen(*words, "--dry-run", "--json", cwd=home)

    assert before == sorted(home.rglob("*"))
    real = machgen(*words, "--json", cwd=home)
    files = read(home / "x")
    width = max(len(str(len(file.data))) for file in files.values())
    listed = [f"{'x' if f.executable else '-'} {len(f.data):>{width}} {path}" for path, f in files.items()]
    size = sum(len(file.data) for file in files.values())
    assert ["x", "10", "bin/run"] in [line.split() for line in listed]
    assert [
        *listed,
        f"x: {len(files)} files, {size} bytes, {files.digest}; nothing was written",
    ] == dry.out.splitlines()
    assert json.loads(real.out) == json.loads(as_json.out)


def test_a_dry_run_refuses_what_the_real_run_refuses(home: Path) -> None:
    """Also the target."""
    (home / "x").mkdir()
    (home / "x" / "mine").touch()

    ended = machgen("new", "shop", "x", "--no-input", "--dry-run", "--pack", "pack", cwd=home)

    assert (2, "error: x exists and is not empty\nhint: name a directory that does not exist yet\n") == (
        ended.code,
        ended.err,
    )


OFFERED = ", ".join(descriptions())
TAKEN = ("pack exists and is not empty", "name a directory that does not exist yet")
MISTAKES = {
    "a mistyped template": (["new", "servce", "x"], "no template 'servce'", "did you mean 'service'?"),
    "a template of the pack": (["new", "shpo", "x", "--pack", "pack"], "no template 'shpo'", "did you mean 'shop'?"),
    "a mistyped command": (["nwe"], "no command 'nwe'", "did you mean new?"),
    "an unknown command": (["frobnicate"], "no command 'frobnicate'", f"there are: {', '.join(COMMANDS)}"),
    "a mistyped option": (["new", "--no-inptu"], "no such option '--no-inptu'", "did you mean --no-input?"),
    "no value": (
        ["new", "service", "x", "-a"],
        "option '-a' requires an argument",
        "machgen new --help shows what there is",
    ),
    "too many words": (["list", "x"], "got unexpected extra argument (x)", "machgen list --help shows what there is"),
    "a missing argument": (["show"], "missing argument 'TEMPLATE'", "machgen show --help shows what there is"),
    "no template": (["new"], "no template named", f"there are: {OFFERED}"),
    "an answer without a value": (
        ["new", "service", "x", "-a", "ci"],
        "--answer ci: no answer",
        "write it as -a ci=value",
    ),
    "a mistyped question": (
        ["new", "service", "x", "-a", "projct_name=x"],
        "--answer projct_name=x: service has no question 'projct_name'",
        "did you mean 'project_name'?",
    ),
    "a mistyped choice": (
        ["new", "service", "x", "-a", "ci=githb"],
        "--answer ci=githb: ci 'githb' is not one of: github, gitlab",
        "did you mean 'github'?",
    ),
    "an answer that does not fit": (
        ["new", "shop", "x", "-a", "project_slug=My Shop", "--pack", "pack"],
        "--answer project_slug=My Shop: project_slug 'My Shop' does not fit: lower-case letters and hyphens",
        None,
    ),
    "a directory that names no project": (
        ["new", "shop", "My Shop", "--pack", "pack"],
        "the directory's name: project_slug 'My Shop' does not fit: lower-case letters and hyphens",
        "name the directory otherwise, or answer it: -a project_slug=…",
    ),
    "a missing answers file": (
        ["new", "service", "x", "--answers", "nothing.toml"],
        "nothing.toml: No such file or directory",
        "name a file that can be read",
    ),
    "a missing pack": (
        ["list", "--pack", "./nothing"],
        "no such directory: ./nothing",
        "a pack is a directory, or a git repository as URL@REF, gh:owner/name@REF or git@host:path@REF",
    ),
    "a taken target": (["new", "shop", "pack", "--pack", "pack"], *TAKEN),
    "a taken target of an export": (["export", "service", "pack"], *TAKEN),
    "half an export": (
        ["export", "service"],
        "export wants TEMPLATE DIR, or --all DIR",
        f"the templates are: {OFFERED}",
    ),
    "an export of too much": (
        ["export", "--all", "service", "x"],
        "export wants --all DIR",
        f"the templates are: {OFFERED}",
    ),
    "a shell without completion": (
        ["completion", "tcsh"],
        "invalid value for '{bash|zsh|fish}': 'tcsh' is not one of 'bash', 'zsh', 'fish'",
        "machgen completion --help shows what there is",
    ),
}


@pytest.mark.parametrize(("words", "error", "hint"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_in_one_line(words: list[str], error: str, hint: str | None, home: Path) -> None:
    """Exit code 2, what was wrong, and what to do; nothing on stdout, nothing on disk."""
    before = sorted(home.rglob("*"))

    ended = machgen(*words, cwd=home)

    assert f"error: {error}\n" + (f"hint: {hint}\n" if hint else "") == ended.err
    assert (2, "") == (ended.code, ended.out)
    assert before == sorted(home.rglob("*"))


def test_nothing_asked_is_help_given(home: Path) -> None:
    """On stderr and with exit code 2: a script that forgot the command must not go on."""
    bare, asked = machgen(cwd=home), machgen("--help", cwd=home)

    assert (2, "", 0, "") == (bare.code, bare.out, asked.code, asked.err)
    assert asked.out == bare.err
    assert (0, f"machgen {__version__}\n") == ((ended := machgen("--version", cwd=home)).code, ended.out)


def test_a_terminal_is_asked(home: Path) -> None:
    """Defaults are shown, choices go by number or value, mistakes are explained at once; stdout stays clean."""
    terminal = Terminal("new", "shop", "--pack", "pack", "--no-git", "--json", cwd=home)
    terminal.answer(
        [
            ("Name of the shop [my-shop]:", "My Shop"),
            ("  project_slug 'My Shop' does not fit: lower-case letters and hyphens", ""),
        ]
    )
    terminal.expect("Name of the shop [my-shop]:")
    terminal.answer(
        [
            ("title [My-Shop]:", "Zoë's"),
            ("Continuous integration\r\n  1 - GitHub Actions (github)\r\n  2 - gitlab\r\nChoose [1]:", "3"),
            ("ci '3' is not one of: github, gitlab\r\nChoose [1]:", "gitlba"),
            ("ci 'gitlba' is not one of: github, gitlab; did you mean 'gitlab'?\r\nChoose [1]:", "2"),
            ("docker [Y/n]:", "perhaps"),
            ("docker 'perhaps' is neither yes nor no\r\ndocker [Y/n]:", "n"),
            ('ports (JSON) [{"http": "80", "tls": false}]:', "{"),
            ("ports is not valid JSON", '{"http": 8080}'),
        ]
    )
    ended = terminal.end()

    assert 0 == ended.code, ended.err
    assert {
        "project_slug": "my-shop",
        "title": "Zoë's",
        "ci": "gitlab",
        "docker": False,
        "ports": {"http": "8080", "tls": False},
    } == json.loads(ended.out)["answers"]


def test_a_terminal_is_not_asked_what_is_answered(home: Path) -> None:
    """Flags and files answer; the environment and user defaults only change what is offered."""
    (home / "answers.yaml").write_text("ci: gitlab\nports: {}\n")
    (home / ".cookiecutterrc").write_text("default_context: {docker: no, title: From rc, email: x}\n")
    terminal = Terminal(
        *("new", "shop", "x", "--pack", "pack", "--no-git", "--json", "--answers", "answers.yaml", "-a", "title=T"),
        cwd=home,
        env={"MACHGEN_ANSWER_PROJECT_SLUG": "from-env"},
    )
    terminal.answer([("Name of the shop [from-env]:", ""), ("docker [y/N]:", "")])
    ended = terminal.end()

    assert "title" not in ended.err
    assert {
        "project_slug": "from-env",
        "title": "T",
        "ci": "gitlab",
        "docker": False,
        "ports": {"http": "80", "tls": False},
    } == json.loads(ended.out)["answers"]


def test_a_terminal_is_offered_the_templates(home: Path) -> None:
    """`machgen new` alone shows what there is; by number or by name."""
    write(source({"project_slug": "b"}, {"README.md": "x"}), home / "pack" / "blog")
    terminal = Terminal("new", "--pack", "pack", "--no-git", "-a", "project_slug=x", cwd=home)
    terminal.answer(
        [("Templates\r\n  1  blog\r\n  2  shop  A shop\r\nChoose [1]:", "3"), ("'3' is none of them", "blog")]
    )
    ended = terminal.end()

    assert (0, "Made x from blog: 5 files. Next:\n\n  cd x\n") == (ended.code, ended.out)


def test_a_pack_of_one_template_is_named_by_itself(home: Path) -> None:
    """`machgen new --pack gh:owner/template` needs no more words."""
    ended = machgen("new", "--pack", "pack", "--no-git", "--no-input", "-a", "project_slug=x", cwd=home)

    assert (0, "Made x from shop: 7 files.") == (ended.code, ended.out[:26])


def test_no_input_asks_nothing_on_a_terminal(home: Path) -> None:
    """Scripts may run anywhere."""
    ended = Terminal("new", "--no-input", cwd=home).end()

    assert (2, f"error: no template named\nhint: there are: {OFFERED}\n") == (ended.code, ended.err)


@pytest.mark.parametrize(
    ("act", "code", "said"),
    [
        (lambda terminal: terminal.press(b"\x03"), 130, "interrupted"),
        (lambda terminal: terminal.press(b"\x04"), 130, "interrupted"),
        (lambda terminal: terminal.signal(signal.SIGTERM), 143, "terminated"),
        (lambda terminal: terminal.signal(signal.SIGHUP), 129, "terminated"),
    ],
    ids=["Ctrl-C", "Ctrl-D", "SIGTERM", "SIGHUP"],
)
def test_a_run_that_is_cut_short_leaves_nothing(act: "object", code: int, said: str, home: Path) -> None:
    """One line, the exit code that shells expect, no project and no staging."""
    before = sorted(home.rglob("*"))
    terminal = Terminal("new", "shop", "--pack", "pack", cwd=home)
    terminal.expect("Name of the shop [my-shop]:")
    assert callable(act)
    act(terminal)
    ended = terminal.end()

    assert (code, "") == (ended.code, ended.out)
    assert said == ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err
    terminal.out.unlink()
    assert before == sorted(home.rglob("*"))


def test_the_target_is_checked_before_anything_is_asked(home: Path) -> None:
    """Nobody answers ten questions to hear that the directory is taken."""
    ended = Terminal("new", "shop", "pack", "--pack", "pack", cwd=home).end()

    assert (2, "error: pack exists and is not empty\nhint: name a directory that does not exist yet\n") == (
        ended.code,
        ended.err,
    )


def test_missing_git_is_a_matter_of_the_surroundings(home: Path) -> None:
    """Exit code 3, before anything is asked."""
    ended = machgen("new", "service", "x", "--no-input", cwd=home, env={"PATH": str(home)})

    assert (3, "error: git is not installed\n") == (ended.code, ended.err.splitlines(keepends=True)[0])
    assert not (home / "x").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_no_success(home: Path) -> None:
    """A full disk behind a redirection is told, with exit code 3 and without a traceback."""
    full_disk = b"error: the output cannot be written: No space left on device\nhint: see where it is redirected to\n"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*MACHGEN, "list"], cwd=home, env=environment(home), stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert (3, full_disk) == (done.returncode, done.stderr)


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    """`machgen list | head -0` ends quietly, as after SIGPIPE."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*MACHGEN, "list"], cwd=home, env=environment(home), stdout=theirs, stderr=subprocess.PIPE, check=False
    )
    os.close(theirs)

    assert (141, b"") == (done.returncode, done.stderr)


def test_closed_streams_are_no_crash(home: Path) -> None:
    """`<&- >&- 2>&-`: nothing can be said, and the exit code still tells."""
    command = f"{sys.executable} -m machgen list <&- >&- 2>&-"

    assert 0 == subprocess.run(["bash", "-c", command], cwd=home, env=environment(home), check=False).returncode


def test_colour_is_for_terminals(home: Path) -> None:
    """And not where NO_COLOR is set; without a terminal there is none in any case (see the exact texts above)."""
    coloured = Terminal("nwe", cwd=home, env={"NO_COLOR": ""}).end().err
    plain = Terminal("nwe", cwd=home, env={"NO_COLOR": "1"}).end().err
    dumb = Terminal("nwe", cwd=home, env={"TERM": "dumb"}).end().err

    assert "\x1b[1;31merror:\x1b[0m no command 'nwe'\n\x1b[1;36mhint:\x1b[0m did you mean new?\n" == coloured
    assert "error: no command 'nwe'\nhint: did you mean new?\n" == plain == dumb


def test_a_pack_cannot_speak_to_the_terminal(home: Path) -> None:
    """Escape sequences in descriptions, prompts and names are shown, not obeyed."""
    evil = "\x1b]0;owned\x07\x1b[2J\u202e"
    asked = {"project_slug": "x", "_description": evil, "__prompts__": {"project_slug": evil}, f"k{evil}": evil}
    write(source(asked, {"README.md": ""}), home / "evil" / "one")
    runs = [
        machgen("list", "--pack", "evil", cwd=home),
        machgen("show", "one", "--pack", "evil", cwd=home),
        machgen("new", "one", "y", "--pack", "evil", "--no-input", "-a", f"project_slug={evil}", cwd=home),
        machgen("new", "one", evil, "--pack", "evil", "--no-input", "--dry-run", cwd=home),
    ]
    terminal = Terminal("new", "one", "--pack", "evil", "--no-git", "-a", f"k{evil}=v", cwd=home)
    terminal.answer([("\\x1b]0;owned\\x07\\x1b[2J\\u202e [x]:", "")])
    shown = [run.out + run.err for run in runs] + [terminal.end().err]

    assert [0, 0, 2, 2] == [run.code for run in runs]
    for text in shown:
        assert text
        assert not set("\x1b\x07\u202e") & set(text)
    assert "one  \\x1b]0;owned\\x07\\x1b[2J\\u202e\n" == runs[0].out


def test_show_tells_all_about_a_template(home: Path) -> None:
    """Layers, digest, questions with what they allow, files."""
    text = machgen("show", "shop", "--pack", "pack", cwd=home).out
    told = json.loads(machgen("show", "shop", "--pack", "pack", "--json", cwd=home).out)

    assert (
        f"""\
shop: A shop

  pack    pack
  digest  {told["digest"]}
  layers  shop
  runs    nothing of its own

Questions (-a key=value)
  project_slug: Name of the shop
      default my-shop; lower-case letters and hyphens
  title
      default {{{{ cookiecutter.project_slug | title }}}}
  ci: Continuous integration
      one of github (GitHub Actions), gitlab
  docker
      default true
  ports
      default {{"http": "80", "tls": false}}

Files (3, below {{{{cookiecutter.project_slug}}}}/)
  Makefile
  README.md
  bin/run
"""
        == text
    )
    assert {
        "key": "ci",
        "kind": "choice",
        "prompt": "Continuous integration",
        "choices": [{"value": "github", "label": "GitHub Actions"}, {"value": "gitlab", "label": "gitlab"}],
    } == told["questions"][2]
    assert ("shop", ["shop"], []) == (told["name"], told["layers"], told["runs"])


def test_a_file_of_a_template_can_be_looked_at(home: Path) -> None:
    """By its path in the template or in the project: nobody has to trust what they cannot read."""
    hook = "# coding: utf-8\nprint('\x1b[2J')\n"
    files: dict[str, str | bytes] = {
        "bin/run": "#!/bin/sh\n",
        "logo.png": b"\x89PNG",
        "/hooks/post_gen_project.py": hook,
    }
    write(source({"project_slug": "x"}, files), home / "foreign" / "one")

    def show(*words: str) -> tuple[int, str]:
        ended = machgen("show", "one", "--pack", "foreign", *words, cwd=home)
        return ended.code, ended.out + ended.err

    assert (0, "# coding: utf-8\nprint('\\x1b[2J')\n") == show("--file", "hooks/post_gen_project.py")
    assert (0, "#!/bin/sh\n") == show("--file", "bin/run") == show("--file", "{{cookiecutter.project_slug}}/bin/run")
    assert (2, "error: one has no file 'bin/rum'\nhint: did you mean 'bin/run'?\n") == show("--file", "bin/rum")
    assert (2, "error: logo.png is no text in UTF-8\nhint: export the template to look at it\n") == show(
        "--file", "logo.png"
    )
    assert show()[1].endswith("\nBeside the project (1)\n  hooks/post_gen_project.py\n")


def test_code_of_a_pack_runs_only_when_its_digest_is_trusted(home: Path) -> None:
    """The refusal names the code and the digest; with the digest the hooks run, before anything is published."""
    hooks = {
        "/hooks/pre_gen_project.py": "open('from-pre', 'w').write('{{ cookiecutter.project_slug }}')",
        "/hooks/post_gen_project.py": "import os\nos.remove('gone')\nopen('README.md', 'a').write('post\\n')",
    }
    write(source({"project_slug": "x"}, {"README.md": "hi\n", "gone": "", **hooks}), home / "foreign" / "one")
    words = ("new", "one", "--no-input", "--no-git", "--pack", "foreign")
    refused = machgen(*words, cwd=home)
    digest = json.loads(machgen("show", "one", "--pack", "foreign", "--json", cwd=home).out)["digest"]
    wrong = machgen(*words, "--trust", digest[:-1], cwd=home)

    assert (2, 2) == (refused.code, wrong.code)
    assert "one would run code of its own: hooks/pre_gen_project.py, hooks/post_gen_project.py" in refused.err
    assert f"--trust {digest}" in refused.err
    assert not (home / "x").exists()

    made = machgen(*words, "--trust", digest, cwd=home)

    assert 0 == made.code, made.err
    assert {"README.md": b"hi\npost\n", "from-pre": b"x"} == {
        path: file.data for path, file in read(home / "x").items() if not path.startswith((".machgen", "machgen.toml"))
    }
    listed = subprocess.run(["tar", "tf", "x/.machgen/baseline"], cwd=home, capture_output=True, text=True, check=True)
    assert ["README.md", "from-pre"] == listed.stdout.split()


def test_the_same_words_mean_the_same_in_every_locale(home: Path) -> None:
    """Arguments are UTF-8, whatever the locale takes them for."""
    made = []
    for name, env in {"utf": {}, "c": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}}.items():
        ended = machgen(
            *("new", "shop", name, "--no-input", "--no-git", "--pack", "pack"),
            *("-a", "title=Größe 😀"),
            cwd=home,
            env=env,
        )
        assert 0 == ended.code, ended.err
        made.append((home / name / "README.md").read_bytes())

    assert ["Größe 😀 github True 80\n".encode()] * 2 == made


def test_an_exported_repository_is_a_pack(home: Path) -> None:
    """`machgen new --pack` makes of it what it makes of the built-in templates, and asks for no trust."""
    words = ("--no-input", "--no-git", "-a", "project_slug=one")
    exported = machgen("export", "--all", "golden", cwd=home)
    first = machgen("new", "service", "one", *words, cwd=home)
    second = machgen("new", "service", "two", "--pack", "golden", *words, cwd=home)

    assert (0, 0, 0) == (exported.code, first.code, second.code), second.err
    one, two = read(home / "one"), read(home / "two")
    assert {"machgen.toml"} == {path for path in one | two if one.get(path) != two.get(path)}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, home: Path) -> None:
    """Each shell gets a script that asks machgen."""
    ended = machgen("completion", shell, cwd=home)

    assert (0, "") == (ended.code, ended.err)
    assert "_MACHGEN_COMPLETE" in ended.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("machgen ", list(COMMANDS)),
        ("machgen new --no", ["--no-input", "--no-git"]),
        ("machgen new serv", ["service"]),
        ("machgen show ", list(descriptions())),
        ("machgen new service -a ci", ["ci=github", "ci=gitlab"]),
    ],
)
def test_bash_completes(words: str, expected: list[str], home: Path) -> None:
    """Commands, options, templates, and the answers of the template that was named."""
    parts = words.split(" ")
    env = {"_MACHGEN_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(parts) - 1)}
    ended = machgen(cwd=home, env=env)

    assert expected == [line.split(",", 1)[1] for line in ended.out.split()]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built-in templates as the wheel carries them."""
    directory = tmp_path_factory.mktemp("bundle")
    for name, text in modules({name: builtin_template(name)[0] for name in descriptions()}):
        (directory / f"{name}.py").write_text(text, encoding="utf-8")
    return directory


def imported(home: Path, bundle: Path, *args: str) -> set[str]:
    """Return the modules that a command of an installed machgen imports."""
    start = f"""
import sys
import machgen._builtin
from machgen.cli import main
machgen._builtin.__path__.append({str(bundle)!r})
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", start, *args],
        cwd=home,
        env=environment(home),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


# what costs more than it is worth on the way to a project
SLOW = {"jinja2", "cookiecutter", "yaml", "tomllib", "tomli_w", "subprocess", "tempfile", "shutil", "urllib", "logging"}
FOR_HELP = {"machgen.cli", *(f"machgen.cli.{name}" for name in ("boundary", "commands", "console"))}
FOR_HELP |= {"machgen.errors", "machgen.names"}


def test_the_short_way_imports_little(home: Path, bundle: Path) -> None:
    """What a command does not need, it does not load; help loads no command at all."""
    new = imported(home, bundle, "new", "service", "x", "--no-input", "--no-git")
    shown = imported(home, bundle, "--help")
    listed = imported(home, bundle, "list")

    assert {"machgen.cli.new", "machgen.publish"} <= new
    assert set() == new & SLOW
    # click asks shutil for the width of the terminal
    assert {"shutil"} == (shown | listed) & {*SLOW, "machgen.publish", "machgen.answers"}
    assert FOR_HELP == {name for name in shown if name.startswith("machgen.") and not name.startswith("machgen._")}
