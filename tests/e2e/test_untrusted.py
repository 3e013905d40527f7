"""A hostile pack through the real command line: nothing of it runs, is imported or is connected to without consent.

Every piece of the pack that anything could run leaves a mark when it does. Beside the marks, an audit hook in machgen's
own process (PEP 578) writes down each process that is started, each connection and each module that is loaded.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import machgen
from machgen.compose import compose
from machgen.pack import open_pack

PROBE = """
import json, os, sys
STARTS = "subprocess.Popen os.exec os.fork os.forkpty os.posix_spawn os.spawn os.system pty.spawn".split()
CONNECTS = "socket.connect socket.bind socket.sendto socket.getaddrinfo socket.gethostbyname".split()
seen = {"starts": [], "connects": []}
def watch(event, arguments):
    if event in STARTS:
        command = arguments[1] if event == "subprocess.Popen" else arguments
        seen["starts"].append([str(part) for part in command] if isinstance(command, (list, tuple)) else [str(command)])
    elif event in CONNECTS:
        seen["connects"].append(repr(arguments))
sys.addaudithook(watch)
report, pack = sys.argv[1:3]
sys.argv[:] = ["machgen", *sys.argv[3:]]
try:
    from machgen.cli import main
    main()
finally:
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    seen["modules"] = [file for file in files if file.startswith(pack)]
    with open(report, "w") as written:
        json.dump(seen, written)
"""

# what a Python, a test runner, a build or a shell would pick up if the pack's directory ever became theirs
MODULES = (
    "conftest.py", "sitecustomize.py", "usercustomize.py", "setup.py", "local_extensions.py", "evil/__init__.py",
    "click.py", "jinja2.py", "yaml.py", "json.py", "cookiecutter/__init__.py", "encodings/__init__.py", "tomllib.py",
    "machgen/__init__.py", "hooks/__init__.py",
)  # fmt: skip
HOOKS = (
    "pre_prompt", "pre_prompt.py", "pre_prompt.sh", "pre_gen_project", "pre_gen_project.py", "pre_gen_project.sh",
    "post_gen_project", "post_gen_project.py", "post_gen_project.sh",
)  # fmt: skip
GIT_HOOKS = ("post-checkout", "post-merge", "reference-transaction", "post-index-change", "pre-commit", "post-update")


@dataclass(frozen=True)
class Hostile:
    """A pack in a git repository: `evil` has all that could run, `plain` only lies near it, `claims` claims our files.

    Args:
        directory: The pack.
        marks: The directory where each piece that runs leaves a mark.
        connections: The peers that connected to the address that the pack names everywhere.
    """

    directory: Path
    marks: Path
    connections: list[Any]

    @property
    def left(self) -> list[str]:
        """The marks that were left."""
        return sorted(path.name for path in self.marks.iterdir())

    @property
    def digest(self) -> str:
        """The digest that consent to `evil` has to name."""
        return compose("evil", open_pack(str(self.directory))).digest


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Hostile]:
    """Write the pack; listen at the address it names."""
    marks, connections = tmp_path / "marks", []
    marks.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/pack.git"

        def listen() -> None:
            while True:
                try:
                    connection, peer = server.accept()
                except OSError:
                    return  # closed: the test is over
                connections.append(peer)
                connection.close()

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        pack = tmp_path / "pack"
        _write(pack, _files(marks, url))
        _commit(pack, marks, url)
        yield Hostile(pack, marks, connections)
        server.shutdown(socket.SHUT_RDWR)
    listening.join(5)


def _files(marks: Path, url: str) -> dict[str, str]:
    digest = f"sha256:{'0' * 64}"
    manifest = (
        f'[template]\nname = "evil"\npack = "{url}"\nversion = "main"\ncommit = "{"1" * 40}"\ndigest = "{digest}"\n'
        f'[answers]\nslug = "x"\n[baseline]\ndigest = "{digest}"\n'
    )
    files = {f"{below}{path}": _mark(marks, path) for path in MODULES for below in ("", "evil/", "plain/")}
    files |= {f"evil/hooks/{name}": _mark(marks, f"hooks/{name}") for name in HOOKS}
    files |= {f"hooks/{name}": _mark(marks, f"root/{name}") for name in HOOKS}
    attributes = "* filter=evil diff=evil merge=evil text eol=crlf ident export-subst\n"
    for below in ("", "evil/", "plain/"):
        files |= {
            f"{below}machgen.toml": manifest,
            f"{below}.gitattributes": attributes,
            f"{below}.lfsconfig": f"[lfs]\n\turl = {url}\n",
            f"{below}.gitmodules": f'[submodule "s"]\n\tpath = s\n\turl = {url}\n\tupdate = !touch {marks}/submodule\n',
            f"{below}evil.pth": f"import os; os.system('touch {marks}/pth')\n",
            f"{below}pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil"\n',
        }
    project = "{{cookiecutter.slug}}/"
    files |= {f"{each}/{project}README.md": "# {{ cookiecutter.slug }}\n" for each in ("evil", "plain", "claims")}
    files |= {f"plain/{project}{name}": _mark(marks, f"project/{name}") for name in MODULES[:6]}
    files[f"plain/{project}.gitattributes"] = attributes
    files[f"claims/{project}machgen.toml"] = manifest
    files["evil/cookiecutter.json"] = '{"slug": "x", "_extensions": ["local_extensions.Evil", "evil.Evil"]}'
    files["plain/cookiecutter.json"] = files["claims/cookiecutter.json"] = '{"slug": "x"}'
    return files


def _mark(marks: Path, name: str) -> str:
    """Return text that leaves a mark as Python and as a shell script, and fails as neither."""
    mark = marks / name.replace("/", "-")
    if name.endswith(".py"):
        return f"open({str(mark)!r}, 'w').close()\n"
    return f"#!/bin/sh\ntouch '{mark}'\n"


def _write(directory: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        place = directory / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        place.chmod(0o755 if text.startswith("#!") else 0o644)


def _git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _commit(pack: Path, marks: Path, url: str) -> None:
    """Make the pack a repository first, and its own configuration and hooks hostile after."""
    _git(pack, "init", "--quiet", "--initial-branch=main")
    identity = ("-c", "user.name=E", "-c", "user.email=e@example.org")
    _git(pack, *identity, "add", "-A")
    _git(pack, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},s")
    _git(pack, *identity, "commit", "--quiet", "-m", "hostile")
    touch = f"touch {marks}/config; cat"
    settings = (
        f'[filter "evil"]\n\tclean = {touch}\n\tsmudge = {touch}\n\tprocess = {touch}\n\trequired = true\n'
        f'[diff "evil"]\n\ttextconv = {touch}\n\tcommand = {touch}\n'
        f"[core]\n\tfsmonitor = {touch}\n\tsshCommand = {touch}\n\tpager = {touch}\n\teditor = {touch}\n"
        f"\talternateRefsCommand = {touch}\n\tgitProxy = {touch}\n\taskPass = {touch}\n"
        f'[uploadpack]\n\tpackObjectsHook = {touch}\n[credential]\n\thelper = "!{touch}"\n'
        f'[gpg]\n\tprogram = {touch}\n[url "{url}"]\n\tinsteadOf = https://\n'
    )
    with (pack / ".git" / "config").open("a") as config:
        config.write(settings)
    _write(pack, {f".git/hooks/{name}": _mark(marks, f"git/{name}") for name in GIT_HOOKS})


@dataclass(frozen=True)
class Run:
    """What a run of machgen came to.

    Args:
        code: The exit code.
        out: What it said on stdout.
        err: What it said on stderr.
        starts: The processes that it started, each as its arguments.
        connects: The connections that it made.
        modules: The files of the pack that it loaded as modules.
    """

    code: int
    out: str
    err: str
    starts: list[list[str]]
    connects: list[str]
    modules: list[str]


def run(hostile: Hostile, *arguments: str, cwd: Path | None = None) -> Run:
    """Run machgen under the audit hook."""
    place = hostile.marks.parent
    probe, report, home = place / "probe" / "probe.py", place / "report.json", place / "home"
    for directory in (probe.parent, home):
        directory.mkdir(exist_ok=True)
    probe.write_text(PROBE)
    user = {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "T"}
    user |= {"GIT_CONFIG_KEY_1": "user.email", "GIT_CONFIG_VALUE_1": "t@example.org"}
    done = subprocess.run(
        [sys.executable, str(probe), str(report), str(hostile.directory), *arguments],
        cwd=cwd or place,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(Path(machgen.__file__).parents[1]),
            **user,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr, **json.loads(report.read_text()))


@pytest.mark.parametrize("inside", [False, True], ids=["from outside", "from inside the pack"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("list", 0),
        ("list --json", 0),
        ("show evil", 0),
        ("show evil --json", 0),
        ("export evil {out}", 0),
        ("export --all {out}", 0),
        ("new evil {out} --no-input --no-git", 2),
        ("new evil {out} --no-input --dry-run", 2),
        ("new evil {out} --no-input --no-git --answers {pack}/machgen.toml", 2),
        ("new evil {out} --no-input --no-git --trust yes", 2),
        ("new evil {out} --no-input --no-git --trust sha256:", 2),
        ("new claims {out} --no-input --no-git", 2),
        ("new plain {out} --no-input --no-git", 0),
        ("new plain {out} --no-input --no-git --answers {pack}/machgen.toml", 0),
    ],
)
def test_no_command_runs_a_thing_of_a_directory(hostile: Hostile, arguments: str, code: int, inside: bool) -> None:
    """Whatever is done with an untrusted pack on disk: no process, no connection, no import, no mark."""
    out, pack = hostile.marks.parent / "out", hostile.directory
    filled = arguments.format(out=out, pack=pack).split()

    ended = run(hostile, *filled, "--pack", str(pack), cwd=pack if inside else None)

    assert code == ended.code, ended.err
    assert ([], [], []) == (ended.starts, ended.connects, ended.modules)
    assert ([], []) == (hostile.left, hostile.connections)
    assert out.exists() == (code == 0 and "{out}" in arguments)


@pytest.mark.parametrize("url", ["file://{pack}@main", "{pack}@main", "file://{pack}"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("list", 0),
        ("show evil", 0),
        ("new evil {out} --no-input", 2),
        ("new plain {out} --no-input", 0),
    ],
)
def test_no_command_runs_a_thing_of_a_repository(hostile: Hostile, arguments: str, code: int, url: str) -> None:
    """Read from git, machgen starts git and nothing else, and git runs nothing that the repository asks for."""
    out, pack = hostile.marks.parent / "out", hostile.directory
    filled = arguments.format(out=out, pack=pack).split()

    ended = run(hostile, *filled, "--pack", url.format(pack=pack))

    assert code == ended.code, ended.err
    assert {"git"} == {Path(command[0]).name for command in ended.starts}
    assert ([], []) == (ended.connects, ended.modules)
    assert ([], []) == (hostile.left, hostile.connections)
    assert out.exists() == (code == 0 and "{out}" in arguments)


def test_a_hostile_machgen_toml_names_a_pack_and_nobody_goes_there(hostile: Hostile) -> None:
    """A checkout's machgen.toml may give answers; the pack and the trust that it claims are not taken from it."""
    manifest = str(hostile.directory / "machgen.toml")
    out = hostile.marks.parent / "out"

    ended = run(hostile, "new", "evil", str(out), "--no-input", "--answers", manifest, cwd=hostile.directory)

    assert 2 == ended.code
    assert "no template 'evil'" in ended.err
    assert ([], [], [], []) == (ended.connects, ended.modules, hostile.left, hostile.connections)
    assert not out.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_that_never_answers_can_be_left(tmp_path: Path, number: signal.Signals) -> None:
    """A signal ends machgen and the git it started, and nothing stays in the directory for temporary files."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = f"http://127.0.0.1:{server.getsockname()[1]}/pack.git@v1"
        waiting = subprocess.Popen(
            [sys.executable, "-m", "machgen", "list", "--pack", source],
            cwd=Path(machgen.__file__).parents[1],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # no terminal, as in CI: nobody else passes the signal on to git
        )
        server.settimeout(30)
        connection, _ = server.accept()
        with connection:
            waiting.send_signal(number)
            code = waiting.wait(30)
            connection.settimeout(30)
            while connection.recv(4096):
                pass  # the request, and then the end: git has hung up

    assert 128 + number == code
    assert [] == list(tmp_path.iterdir())


def test_the_refusal_says_what_would_run_and_how_to_review_it(hostile: Hostile) -> None:
    """Every hook and extension by name, the full digest, and the command that shows them."""
    ended = run(hostile, "new", "evil", "out", "--no-input", "--pack", str(hostile.directory))

    assert all(f"hooks/{name}" in ended.err for name in HOOKS)
    assert "_extensions: local_extensions.Evil" in ended.err
    assert f"machgen show evil --pack {hostile.directory}" in ended.err
    assert f"--trust {hostile.digest}" in ended.err


class TestTrust:
    @pytest.fixture(autouse=True)
    def _hooked(self, hostile: Hostile) -> None:
        """Add a template whose hooks are harmless enough to be trusted."""
        marks = hostile.marks
        post = f"#!/bin/sh\ntouch {marks}/post_gen\necho made >> a.txt\ncat a.txt > b\n"
        files = {
            "hooked/cookiecutter.json": '{"slug": "shop"}',
            "hooked/{{cookiecutter.slug}}/a.txt": "{{ cookiecutter.slug }}\n",
            "hooked/hooks/pre_prompt.sh": f"#!/bin/sh\necho talking | tee note\ntouch {marks}/pre_prompt\n",
            "hooked/hooks/pre_gen_project.py": f"open({str(marks / 'pre_gen')!r}, 'w').close()\n",
            "hooked/hooks/post_gen_project.sh": post,
        }
        _write(hostile.directory, files)

    def test_runs_exactly_what_was_shown(self, hostile: Hostile) -> None:
        """With the digest that `show` prints the hooks run, before the project is there; stdout stays machgen's."""
        out, source = hostile.marks.parent / "shop", ("--pack", str(hostile.directory))
        shown = json.loads(run(hostile, "show", "hooked", "--json", *source).out)
        assert ["hooks/pre_prompt.sh", "hooks/pre_gen_project.py", "hooks/post_gen_project.sh"] == shown["runs"]

        ended = run(hostile, "new", "hooked", str(out), "--no-input", "--trust", shown["digest"], "--json", *source)

        assert 0 == ended.code, ended.err
        assert ["post_gen", "pre_gen", "pre_prompt"] == hostile.left
        assert ("shop\nmade\n", "shop\nmade\n") == ((out / "a.txt").read_text(), (out / "b").read_text())
        told = json.loads(ended.out)
        assert shown["digest"] == told["digest"]
        assert ["a.txt", "b", "machgen.toml"] == [f["path"] for f in told["files"] if not f["path"].startswith(".")]
        assert "talking" in ended.err
        assert "" == _git(out, "status", "--porcelain")

    def test_is_for_these_bytes_only(self, hostile: Hostile) -> None:
        """Digests of another template, of this one before its last change, shortened or rewritten run nothing."""
        source = ("--pack", str(hostile.directory))
        before = json.loads(run(hostile, "show", "hooked", "--json", *source).out)["digest"]
        (hostile.directory / "hooked" / "note.txt").write_text("one more file\n")
        now = json.loads(run(hostile, "show", "hooked", "--json", *source).out)["digest"]

        for digest in (before, hostile.digest, now[:-1], now[:19], now.upper(), now[7:], now + " ", "sha256:*"):
            ended = run(hostile, "new", "hooked", "out", "--no-input", "--trust", digest, *source)

            assert 2 == ended.code
            assert now in ended.err
            assert [] == hostile.left

    def test_ends_when_the_branch_moves(self, hostile: Hostile) -> None:
        """Consent to what a branch was is no consent to what somebody pushes to it."""
        identity = ("-c", "user.name=E", "-c", "user.email=e@example.org", "-c", "core.fsmonitor=false")
        pack = hostile.directory
        (pack / ".git" / "config").write_text("[core]\n\trepositoryformatversion = 0\n")
        _git(pack, *identity, "add", "hooked")
        _git(pack, *identity, "commit", "--quiet", "--no-verify", "-m", "reviewed")
        source = ("--pack", f"{pack.as_uri()}@main")
        reviewed = json.loads(run(hostile, "show", "hooked", "--json", *source).out)["digest"]
        (pack / "hooked" / "hooks" / "post_gen_project.sh").write_text("#!/bin/sh\nrm -rf ~\n")
        _git(pack, *identity, "commit", "--quiet", "--no-verify", "-am", "pushed")
        for mark in hostile.marks.iterdir():
            mark.unlink()  # git's own hooks ran for the commits above

        ended = run(hostile, "new", "hooked", "out", "--no-input", "--trust", reviewed, *source)

        assert 2 == ended.code
        assert [] == hostile.left

    @pytest.mark.parametrize("hook", ["pre_prompt", "pre_gen_project", "post_gen_project"])
    def test_publishes_nothing_when_a_hook_fails(self, hostile: Hostile, hook: str) -> None:
        """One line with the hook and its exit status; no project, no staging directory, no temporary file."""
        for kind in (".py", ".sh"):
            (hostile.directory / "hooked" / "hooks" / f"{hook}{kind}").unlink(missing_ok=True)
        _write(hostile.directory, {f"hooked/hooks/{hook}.sh": "#!/bin/sh\nexit 41\n"})
        digest = compose("hooked", open_pack(str(hostile.directory))).digest
        place = hostile.marks.parent / "empty"
        place.mkdir()

        ended = run(
            hostile, "new", "hooked", "--no-input", "--trust", digest, "--pack", str(hostile.directory), cwd=place
        )

        assert 2 == ended.code
        assert f"hooked: hooks/{hook}.sh failed: exit status: 41" in ended.err
        assert "Traceback" not in ended.err
        assert [] == list(place.iterdir())
