"""Tree → disk, all or nothing: promises 1 and 3 of the design, in one process (`tests/e2e` kills real ones)."""

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from machgen import publish as module
from machgen.errors import BadRequest, Surroundings
from machgen.publish import publish, replace_files, sweep, unrendered_fault
from machgen.target import check_target
from machgen.tree import File, Tree

SMALL = Tree({"README.md": File(b"# shop\n"), "bin/run": File(b"#!/bin/sh\n", executable=True)})


def on_disk(directory: Path) -> Tree:
    """Read a directory back; it may hold no links."""
    files = {}
    for path in sorted(directory.rglob("*")):
        assert not path.is_symlink()
        if path.is_file():
            files[path.relative_to(directory).as_posix()] = File(path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return Tree(files)


def snapshot(directory: Path) -> list[tuple[str, str, bytes]]:
    """Everything below a directory, staging aside: path, mode, and content or link target."""
    found = []
    for path in sorted(directory.rglob("*")):
        if ".machgen-" in str(path.relative_to(directory)) and path.is_dir():
            continue
        mode = path.lstat().st_mode
        content = os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found.append((str(path), oct(mode), content))
    return found


def staged(directory: Path) -> list[str]:
    return [name for name in os.listdir(directory) if name.startswith(".machgen-")]


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_tree_arrives_byte_for_byte(tmp_path: Path) -> None:
    """Every file is there with its bytes and its executable bit, and nothing else is left in the parent."""
    publish(SMALL, tmp_path / "shop")

    assert SMALL == on_disk(tmp_path / "shop")
    assert ["shop"] == os.listdir(tmp_path)


def test_a_directory_may_go_on_after_the_directories_in_it(tmp_path: Path) -> None:
    """Path order visits `a/m/` before `a/z`, and `a-b/` before `a/`."""
    tree = Tree({path: File(path.encode()) for path in ("a/m/n/x", "a/m/z", "a/z", "a-b/y", "b")})

    publish(tree, tmp_path / "shop")

    assert tree == on_disk(tmp_path / "shop")


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o027, 0o077])
def test_files_have_one_mode_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    """Files are 0644 or 0755 on every machine; directories follow the umask, so that a private place stays private."""
    os.umask(mask)

    publish(SMALL, tmp_path / "shop")

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "shop").rglob("*")}
    assert {"README.md": 0o644, "bin": 0o777 & ~mask, "run": 0o755} == modes
    assert 0o777 & ~mask == stat.S_IMODE((tmp_path / "shop").stat().st_mode)


def test_an_empty_directory_is_filled_and_keeps_its_mode(tmp_path: Path) -> None:
    """A directory that was made ready, closed to others for instance, stays as closed as it was."""
    (tmp_path / "shop").mkdir(mode=0o700)

    publish(SMALL, tmp_path / "shop")

    assert SMALL == on_disk(tmp_path / "shop")
    assert 0o700 == stat.S_IMODE((tmp_path / "shop").stat().st_mode)


def test_missing_parents_are_made(tmp_path: Path) -> None:
    """As `git clone` does."""
    publish(SMALL, tmp_path / "clients/acme/shop")

    assert SMALL == on_disk(tmp_path / "clients/acme/shop")
    assert ["clients"] == os.listdir(tmp_path)


def test_missing_parents_do_not_survive_a_failure(tmp_path: Path) -> None:
    """Nothing means nothing: not even the directories above the project."""

    def fail(_: str) -> None:
        raise Surroundings("git is not installed")

    with pytest.raises(Surroundings):
        publish(SMALL, tmp_path / "clients/acme/shop", before=fail)

    assert [] == os.listdir(tmp_path)


def test_a_parent_that_appears_meanwhile_is_entered_not_replaced(tmp_path: Path) -> None:
    """Two services made at once below the same missing directory both arrive."""

    def other_run(_: str) -> None:
        publish(SMALL, tmp_path / "clients/acme/portal")

    publish(SMALL, tmp_path / "clients/acme/shop", before=other_run)

    assert SMALL == on_disk(tmp_path / "clients/acme/shop")
    assert SMALL == on_disk(tmp_path / "clients/acme/portal")
    assert ["clients"] == os.listdir(tmp_path)


def test_a_parent_that_becomes_a_link_meanwhile_is_not_followed(tmp_path: Path) -> None:
    """The link was not there when the user named the target; what it points to is somebody else's."""
    outside = tmp_path / "outside"
    (outside / "acme").mkdir(parents=True)
    (tmp_path / "work").mkdir()

    def swap(_: str) -> None:
        (tmp_path / "work/clients").symlink_to(outside)

    with pytest.raises(BadRequest, match="a symbolic link appeared there while"):
        publish(SMALL, tmp_path / "work/clients/acme/shop", before=swap)

    assert [] == os.listdir(outside / "acme")
    assert [] == staged(tmp_path / "work")


def test_what_is_done_before_the_rename_is_published_too(tmp_path: Path) -> None:
    """`before` gets the staged project: named like the target, complete, and not at its target yet."""
    seen = []

    def commit(directory: str) -> None:
        seen.append((os.path.basename(directory), on_disk(Path(directory)), (tmp_path / "shop").exists()))
        (Path(directory) / "extra").write_bytes(b"from git")

    publish(SMALL, tmp_path / "shop", before=commit)

    assert [("shop", SMALL, False)] == seen
    assert SMALL | {"extra": File(b"from git")} == on_disk(tmp_path / "shop")


@pytest.mark.parametrize("failure", [KeyboardInterrupt, SystemExit, RuntimeError, MemoryError])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    """Whatever ends a run early also ends its staging directory, with all that a hook put in and beside it."""

    def hook(directory: str) -> None:
        locked = Path(directory) / "locked"
        locked.mkdir()
        (locked / "file").touch()
        locked.chmod(0o500)
        (Path(directory).parent / "beside").touch()
        raise failure

    with pytest.raises(failure):
        publish(SMALL, tmp_path / "shop", before=hook)

    assert [] == os.listdir(tmp_path)


def test_a_program_that_outlives_the_run_is_waited_for(tmp_path: Path) -> None:
    """An interrupt can come between the start of git and the moment from which it is known: it still writes a bit."""
    write = "import os, sys\nos.chdir(sys.argv[1])\nfor n in range(3000): os.makedirs(f'{n % 7}/{n}')"
    started = []

    def interrupted(directory: str) -> None:
        started.append(subprocess.Popen([sys.executable, "-c", write, directory], stderr=subprocess.DEVNULL))
        while not os.path.exists(f"{directory}/6"):
            pass
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(SMALL, tmp_path / "shop", before=interrupted)
    started[0].wait(60)

    assert [] == os.listdir(tmp_path)


def target_file(path: Path) -> None:
    path.write_text("mine")


def target_directory(path: Path) -> None:
    path.mkdir()
    (path / "mine").touch()


def target_hidden(path: Path) -> None:
    path.mkdir()
    (path / ".mine").touch()


def target_link_to_empty(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to(path.parent / "elsewhere")


def target_relative_link(path: Path) -> None:
    (path.parent / "elsewhere").mkdir()
    path.symlink_to("elsewhere")


def target_chained_link(path: Path) -> None:
    target_relative_link(path.parent / "link")
    path.symlink_to("link")


def target_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def target_loop(path: Path) -> None:
    path.symlink_to(path.name)


def target_fifo(path: Path) -> None:
    os.mkfifo(path)


Make = Callable[[Path], None]
REFUSED: list[tuple[Make, str]] = [
    (target_file, "exists and is not a directory"),
    (target_directory, "exists and is not empty"),
    (target_hidden, "exists and is not empty"),
    (target_link_to_empty, "is a symbolic link"),
    (target_relative_link, "is a symbolic link"),
    (target_chained_link, "is a symbolic link"),
    (target_dangling_link, "is a symbolic link"),
    (target_loop, "is a symbolic link"),
    (target_fifo, "exists and is not a directory"),
]


@pytest.mark.parametrize(("make", "problem"), REFUSED)
def test_what_stands_at_the_target_is_never_touched(tmp_path: Path, make: Make, problem: str) -> None:
    """Refused before anything is rendered, and again by `publish`: nothing in the parent changes."""
    make(tmp_path / "shop")
    before = snapshot(tmp_path)

    with pytest.raises(BadRequest) as early:
        check_target(tmp_path / "shop")
    with pytest.raises(BadRequest) as late:
        publish(SMALL, tmp_path / "shop")

    assert f"{tmp_path / 'shop'} {problem}" == early.value.message == late.value.message
    assert early.value.hint.endswith("name a directory that does not exist yet")
    assert before == snapshot(tmp_path)


@pytest.mark.parametrize("make", [make for make, _ in REFUSED])
def test_what_appears_at_the_target_meanwhile_is_never_touched(tmp_path: Path, make: Make) -> None:
    """The rename itself refuses what was not there when the run began."""
    after: list[tuple[str, str, bytes]] = []

    def other(_: str) -> None:
        make(tmp_path / "shop")
        after.extend(entry for entry in snapshot(tmp_path) if ".machgen-" not in entry[0])

    with pytest.raises(BadRequest) as caught:
        publish(SMALL, tmp_path / "shop", before=other)

    assert "name a directory that does not exist yet" == caught.value.hint
    assert after == snapshot(tmp_path)
    assert [] == staged(tmp_path)


def test_links_above_the_target_are_the_users_own_way_there(tmp_path: Path) -> None:
    """`/home` may be a link, and on macOS `/tmp` is: a link on the way to the target is followed."""
    (tmp_path / "data").mkdir()
    (tmp_path / "home").symlink_to("data")

    publish(SMALL, tmp_path / "home/shop")

    assert SMALL == on_disk(tmp_path / "data/shop")


@pytest.mark.parametrize("target", [".", "./", "../here"])
def test_the_current_directory_is_refused_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """Its inode would be replaced, and the user's shell would stand in a directory that is gone."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(BadRequest) as caught:
        check_target(target)

    assert "is the current directory, which a new project cannot replace" in caught.value.message
    assert "name a new directory, such as `./my-service`" == caught.value.hint


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/", "/ names no new directory"),
        ("..", ".. names no new directory"),
        ("new/..", "new/.. names no new directory"),
        ("new/../shop", "new/../shop goes up from a directory that does not exist"),
        ("", "the target's name is empty"),
        (".git", ".git is inside a `.git` directory, which is git's own"),
        (".GIT/hooks", ".GIT/hooks is inside a `.git` directory, which is git's own"),
        (".machgen-0123456789abcdef", ".machgen-0123456789abcdef: names that begin with `.machgen-` are those of"),
        ("file/shop", "/file is not a directory"),
        ("file/sub/shop", "/file is not a directory"),
        ("dangling/shop", "/dangling is a symbolic link to nothing"),
        ("a\0b", "a\\x00b: no path holds a NUL character"),
    ],
)
def test_targets_that_cannot_be_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, problem: str
) -> None:
    """One clear line, and nothing has changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("nowhere")
    before = snapshot(tmp_path)

    with pytest.raises(BadRequest) as early:
        check_target(target)
    with pytest.raises(BadRequest) as late:
        publish(SMALL, target)

    assert problem in early.value.message
    assert early.value.message == late.value.message
    assert before == snapshot(tmp_path)


def test_a_repository_of_git_is_no_place_even_through_a_link(tmp_path: Path) -> None:
    """A hook written into somebody's `.git` would run at their next commit."""
    (tmp_path / ".git/hooks").mkdir(parents=True)
    (tmp_path / "innocent").symlink_to(".git/hooks")

    with pytest.raises(BadRequest, match=r"is inside a `\.git` directory"):
        publish(SMALL, tmp_path / "innocent/shop")

    assert [] == os.listdir(tmp_path / ".git/hooks")


ESCAPING = ["../x", "/etc/x", "a/../../x", "a//b", "a/./b", "a/", "", ".git/hooks/x", "a/.GIT/x", "a\0b", "a\u202eb"]


@pytest.mark.parametrize("path", [*ESCAPING, "con", "x.", "machgen.toml", ".machgen/baseline"])
def test_hostile_names_are_refused_at_the_last_door_too(tmp_path: Path, path: str) -> None:
    """The renderer refuses them first and names the template's file; publishing does not rely on it."""
    (tmp_path / "work").mkdir()

    with pytest.raises(BadRequest, match="the name '"):
        publish(Tree({path: File(b"x"), "good": File(b"x")}), tmp_path / "work/shop")

    assert ["work"] == os.listdir(tmp_path)
    assert [] == os.listdir(tmp_path / "work")


@pytest.mark.parametrize("path", ESCAPING)
def test_hostile_names_of_an_exported_template_are_refused(tmp_path: Path, path: str) -> None:
    """An exported template keeps its Jinja names, and still cannot leave its directory."""
    with pytest.raises(BadRequest, match="the name '"):
        publish(Tree({path: File(b"x")}), tmp_path / "template", judge=unrendered_fault)

    assert [] == os.listdir(tmp_path)


def test_an_exported_template_keeps_its_names(tmp_path: Path) -> None:
    """Conditional names hold quotes, bars and braces."""
    name = '{{cookiecutter.slug}}/{% if cookiecutter.ci == "github" %}ci.yml{% endif %}'

    publish(Tree({name: File(b"x")}), tmp_path / "template", judge=unrendered_fault)

    assert [name] == list(on_disk(tmp_path / "template"))


def test_twins_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    """On macOS and Windows the two are one file."""
    with pytest.raises(BadRequest, match="both land on"):
        publish(Tree({"a/B": File(b"1"), "a/b": File(b"2")}), tmp_path / "shop")

    assert [] == os.listdir(tmp_path)


def test_machgens_own_files_come_through_their_own_door(tmp_path: Path) -> None:
    """No template may render `machgen.toml`; machgen itself writes it."""
    publish(SMALL, tmp_path / "shop", own={"machgen.toml": File(b""), ".machgen/baseline": File(b"")})

    assert {"machgen.toml", ".machgen/baseline"} < set(on_disk(tmp_path / "shop"))
    with pytest.raises(ValueError, match="none of machgen's own files"):
        publish(SMALL, tmp_path / "portal", own={".machgen/../x": File(b"")})


def kill_while_staging(parent: Path) -> str:
    """Run a process that dies of SIGKILL with a project half made, and return its staging directory."""
    script = (
        "import os, signal, sys\nfrom machgen.publish import publish\nfrom machgen.tree import File\n"
        "publish({'a/b': File(b'x')}, sys.argv[1], before=lambda _: os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", script, parent / "killed"], check=False)
    assert -9 == done.returncode
    (name,) = staged(parent)
    return name


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """SIGKILL cannot be handled; the next run on that parent cleans up."""
    kill_while_staging(tmp_path)

    publish(SMALL, tmp_path / "shop")

    assert ["shop"] == os.listdir(tmp_path)


def test_a_file_that_was_being_replaced_is_swept_too(tmp_path: Path) -> None:
    """Killed between the new text and its place, a run leaves the old file; the next one replaces it and cleans up."""
    (tmp_path / "deploy").mkdir()
    file = tmp_path / "deploy" / "compose.yaml"
    file.write_text("old")
    file.chmod(0o640)
    script = (
        "import os, signal, sys\nfrom machgen.publish import replace_files\nfrom machgen.tree import File\n"
        "os.replace = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "replace_files(sys.argv[1], {'deploy/compose.yaml': File(b'killed')})"
    )
    done = subprocess.run([sys.executable, "-c", script, tmp_path], check=False)

    assert (-9, "old", 2) == (done.returncode, file.read_text(), len(os.listdir(file.parent)))

    replace_files(tmp_path, {"deploy/compose.yaml": File(b"new")})

    assert ("new", 0o640) == (file.read_text(), stat.S_IMODE(file.stat().st_mode))
    assert ["compose.yaml"] == os.listdir(file.parent)


def test_a_live_run_is_not_swept(tmp_path: Path) -> None:
    """A second run while the first one is writing leaves it alone."""

    def other_run(_: str) -> None:
        publish(SMALL, tmp_path / "portal")
        sweep(tmp_path)

    publish(SMALL, tmp_path / "shop", before=other_run)

    assert ["portal", "shop"] == sorted(os.listdir(tmp_path))
    assert SMALL == on_disk(tmp_path / "shop")


def test_what_is_not_ours_is_not_swept(tmp_path: Path) -> None:
    """A file, a link, a directory that others may enter, and names of another form are no staging directories."""
    (tmp_path / ".machgen-0000000000000000").write_text("mine")
    (tmp_path / ".machgen-1111111111111111").symlink_to(tmp_path)
    (tmp_path / ".machgen-2222222222222222").mkdir(mode=0o755)
    (tmp_path / ".machgen-backup").mkdir(mode=0o700)
    (tmp_path / ".machgen-notes-on-my-shop").mkdir(mode=0o700)
    before = sorted(os.listdir(tmp_path))

    sweep(tmp_path)

    assert before == sorted(os.listdir(tmp_path))


def test_without_locks_nothing_is_swept_and_runs_still_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS locks no directories: then nobody can tell a dead run from a live one."""
    name = kill_while_staging(tmp_path)

    def flock(*_: int) -> None:
        raise OSError(errno.EBADF, "Bad file descriptor")

    monkeypatch.setattr(fcntl, "flock", flock)
    publish(SMALL, tmp_path / "shop")

    assert sorted([name, "shop"]) == sorted(os.listdir(tmp_path))


def test_a_run_whose_staging_was_swept_at_birth_makes_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making the directory and locking it, a sweeping process may take it for an abandoned one."""
    real = os.mkdir
    births: list[str] = []

    def mkdir(name: str | bytes, mode: int = 0o777, *, dir_fd: int) -> None:
        real(name, mode, dir_fd=dir_fd)
        if os.fsdecode(name).startswith(".machgen-"):
            births.append(os.fsdecode(name))
            if len(births) < 4:
                sweep(tmp_path)

    monkeypatch.setattr(os, "mkdir", mkdir)
    publish(SMALL, tmp_path / "shop")

    assert 4 == len(births)
    assert ["shop"] == os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "free some space there, or name a target on another disk"),
        (errno.EDQUOT, "free some of your quota there, or name a target on another disk"),
        (errno.EROFS, "name a target on a file system that can be written to"),
        (errno.EACCES, "name a target in a directory that you may write to"),
        (errno.EIO, "look at the file system there, then run the command again"),
    ],
)
def test_a_failing_disk_is_one_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, hint: str
) -> None:
    """Real full and read-only disks are in `tests/e2e`; here each error number has its next step."""
    real = os.write

    def write(descriptor: int, data: memoryview) -> int:
        if bytes(data) == b"#!/bin/sh\n":
            raise OSError(number, os.strerror(number))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)

    with pytest.raises(Surroundings) as caught:
        publish(SMALL, tmp_path / "shop")

    expected = f"cannot write {tmp_path}/shop/bin/run: {os.strerror(number)}; nothing was changed"
    assert (expected, hint) == (caught.value.message, caught.value.hint)
    assert [] == os.listdir(tmp_path)


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """write(2) may take less than it is given."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))

    publish(SMALL, tmp_path / "shop")

    assert SMALL == on_disk(tmp_path / "shop")


def test_a_name_too_long_for_the_file_system_is_one_clear_error(tmp_path: Path) -> None:
    """The target is the user's own choice; the file system has the last word on it."""
    with pytest.raises(Surroundings) as caught:
        publish(SMALL, tmp_path / ("x" * 300))

    assert "name a target with a shorter path" == caught.value.hint
    assert [] == os.listdir(tmp_path)


def test_staging_is_closed_to_other_users(tmp_path: Path) -> None:
    """Half a project is nobody's business, and nobody else may swap anything in it."""
    modes = []

    def look(directory: str) -> None:
        modes.append(stat.S_IMODE(Path(directory).parent.stat().st_mode))

    publish(SMALL, tmp_path / "shop", before=look)

    assert [0o700] == modes


@pytest.mark.parametrize("victim", ["shop", "bin", "deep"])
def test_a_directory_swapped_for_a_link_at_birth_is_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, victim: str
) -> None:
    """Between mkdir(2) and open(2) is the one moment when a link could be entered by its name."""
    outside, work = tmp_path / "outside", tmp_path / "work"
    outside.mkdir()
    work.mkdir()
    real = os.mkdir

    def mkdir(name: str | bytes, mode: int = 0o777, *, dir_fd: int) -> None:
        real(name, mode, dir_fd=dir_fd)
        if os.fsdecode(name) == victim:
            os.rmdir(name, dir_fd=dir_fd)
            os.symlink(outside, name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "mkdir", mkdir)
    with pytest.raises(Surroundings, match="cannot write"):
        publish(SMALL | {"bin/deep/file": File(b"x")}, work / "shop")

    assert [] == os.listdir(outside)
    assert [] == os.listdir(work)


def swap_directories(work: Path, outside: Path, stop: threading.Event) -> int:
    """Keep replacing directories of staged projects by links to `outside`; return how many were."""
    swapped = 0
    while not stop.is_set():
        for name in staged(work):
            for number in range(0, 60, 7):
                victim = work / name / "shop" / f"d{number:03}"
                try:
                    victim.rename(work / name / f"moved-{swapped}")
                    victim.symlink_to(outside)
                    swapped += 1
                except OSError:
                    continue  # not made yet, or gone already
    return swapped


def test_directories_swapped_for_links_during_the_run_lead_nowhere(tmp_path: Path) -> None:
    """While a thread replaces directories under the writer's hands, nothing is written through the links."""
    outside, work = tmp_path / "outside", tmp_path / "work"
    outside.mkdir()
    work.mkdir()
    tree = Tree({f"d{i:03}/e/f{j}": File(b"x" * 100) for i in range(60) for j in range(3)})
    stop, swapped = threading.Event(), []
    thread = threading.Thread(target=lambda: swapped.append(swap_directories(work, outside, stop)))
    thread.start()
    try:
        for number in range(30):
            try:
                publish(tree, work / "shop")
                (work / "shop").rename(tmp_path / f"done-{number}")
            except (Surroundings, BadRequest):
                continue  # refusing is as good as not following
    finally:
        stop.set()
        thread.join()

    assert swapped[0] > 30
    assert [] == os.listdir(outside)


def test_a_project_swapped_for_a_link_does_not_arrive(tmp_path: Path) -> None:
    """What stands in the staging directory at the end has to be what was written there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "work").mkdir()

    def swap(directory: str) -> None:
        os.rename(directory, tmp_path / "moved")
        os.symlink(outside, directory)

    with pytest.raises(Surroundings, match="was replaced while it was made"):
        publish(SMALL, tmp_path / "work/shop", before=swap)

    assert [] == os.listdir(tmp_path / "work")
    assert [] == os.listdir(outside)


def test_names_are_utf_8_in_every_locale(tmp_path: Path) -> None:
    """Python's file system encoding follows the locale; a project's names do not."""
    script = (
        "import sys; from machgen.publish import publish; from machgen.tree import File\n"
        "publish({'na\\xefve/caf\\xe9.md': File(b'x')}, sys.argv[1])"
    )
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", script, tmp_path / "shop"], check=True, env=os.environ | plain)

    assert ["na\u00efve/caf\u00e9.md"] == list(on_disk(tmp_path / "shop"))


def test_publishing_imports_nothing_heavy(tmp_path: Path) -> None:
    """`machgen new` is to cost little more than starting Python: `-S`, for `site` may import what it likes."""
    script = (
        "import sys\nsys.path.insert(0, sys.argv[2])\n"
        "from machgen.publish import publish\nfrom machgen.tree import File\n"
        "publish({'a': File(b'')}, sys.argv[1])\n"
        "print(*sorted({'shutil', 'tempfile', 'subprocess', 'pathlib', 'logging', 'json'} & set(sys.modules)))"
    )
    root = Path(module.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-S", "-c", script, tmp_path / "shop", root], capture_output=True, text=True, check=True
    )

    assert "\n" == done.stdout
