"""The first commit, made by the real git under configurations that are as unhelpful as they can be."""

import os
import subprocess
from pathlib import Path

import pytest

from machgen.errors import Surroundings
from machgen.git import WorkTree, check_installed, first_commit, work_tree_around
from machgen.publish import publish
from machgen.tree import File, Tree
from tests.promisor import is_live, plant

SMALL = Tree({"README.md": File(b"# shop\n"), "bin/run": File(b"#!/bin/sh\n", executable=True)})
OWN = {"machgen.toml": File(b""), ".machgen/baseline": File(b"archive"), ".machgen/.gitignore": File(b"!*\n")}


@pytest.fixture(autouse=True)
def config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a user's configuration of its own, empty at first."""
    for name in [name for name in os.environ if name.startswith("GIT_") or name == "EMAIL"]:
        monkeypatch.delenv(name)
    path = tmp_path_factory.mktemp("home") / "gitconfig"
    path.touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return path


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", *arguments], cwd=directory, capture_output=True, text=True, check=True
    )
    return done.stdout


def new(target: Path, tree: Tree = SMALL) -> Path:
    publish(tree, target, own=OWN, before=lambda staged: first_commit(staged, "Create shop"))
    return target


def test_a_project_begins_with_one_commit_of_everything(tmp_path: Path) -> None:
    """On branch `main`, with nothing left to add after the project has moved to its target."""
    shop = new(tmp_path / "shop")

    assert "Create shop\n" == git(shop, "log", "--format=%s", "main")
    assert sorted([*SMALL, *OWN]) == git(shop, "ls-files").split()
    assert "100755" == git(shop, "ls-files", "--stage", "bin/run").split()[0]
    assert "" == git(shop, "status", "--porcelain")
    assert ["shop"] == os.listdir(tmp_path)


AUTHORS = "%an <%ae>, %cn <%ce>"


def test_the_user_commits(tmp_path: Path, config: Path) -> None:
    """Name and e-mail come from git's configuration, included files and all."""
    (config.parent / "work").write_text("[user]\nemail = jane@acme.example\n")
    config.write_text("[user]\nname = Jane Doe\n[include]\npath = work\n")

    shop = new(tmp_path / "shop")

    jane = "Jane Doe <jane@acme.example>"
    assert f"{jane}, {jane}\n" == git(shop, "log", f"--format={AUTHORS}")


def test_the_environment_names_the_user_before_the_configuration(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As git itself has it, role by role."""
    config.write_text("[user]\nname = Jane Doe\nemail = jane@acme.example\n[committer]\nname = Robot\n")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "John Roe")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2026-01-02T03:04:05+00:00")

    shop = new(tmp_path / "shop")

    expected = "John Roe <jane@acme.example>, Robot <jane@acme.example> 1767323045\n"
    assert expected == git(shop, "log", f"--format={AUTHORS} %at")


@pytest.mark.parametrize("settings", ["", "[user]\nuseConfigOnly = true\n", "[user]\nname =\nemail =\n"])
def test_machgen_commits_where_git_knows_no_user(tmp_path: Path, config: Path, settings: str) -> None:
    """Continuous integration and fresh machines have no name; a made-up one would look like somebody's."""
    config.write_text(settings)

    shop = new(tmp_path / "shop")

    machgen = "machgen <noreply@machgen.invalid>"
    assert f"{machgen}, {machgen}\n" == git(shop, "log", f"--format={AUTHORS}")
    assert "[user]" not in (shop / ".git/config").read_text()


def test_nothing_of_the_users_configuration_runs_or_waits(tmp_path: Path, config: Path) -> None:
    """Hooks, signing, an editor, filters, a repository template and a file monitor: none of them is started."""
    ran = tmp_path / "ran"
    program = config.parent / "program"
    program.write_text(f"#!/bin/sh\necho $0 $* >> {ran}\nsleep 60\n")
    program.chmod(0o755)
    for place in ("hooks", "template/hooks"):
        (config.parent / place).mkdir(parents=True)
        for hook in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "post-index-change"):
            (config.parent / place / hook).symlink_to(program)
        (config.parent / place / "reference-transaction").symlink_to(program)
    (config.parent / "attributes").write_text("* filter=evil\n*.txt text\n")
    config.write_text(
        f"""
        [core]
            hooksPath = {config.parent}/hooks
            editor = {program}
            fsmonitor = {program}
            attributesFile = {config.parent}/attributes
            autocrlf = true
            safecrlf = true
        [commit]
            gpgSign = true
            template = {program}
            verbose = true
        [gpg]
            program = {program}
        [init]
            templateDir = {config.parent}/template
            defaultBranch = trunk
        [filter "evil"]
            clean = {program}
            required = true
        [filter "a=b c"]
            process = {program}
            required = true
        """
    )
    attributes = {".gitattributes": File(b"*.md filter=evil\nbin/* filter=a=b\\ c\n"), "crlf.txt": File(b"a\r\nb\n")}

    shop = new(tmp_path / "shop", SMALL | attributes)

    assert not ran.exists()
    assert "main\n" == git(shop, "branch", "--show-current")
    assert "a\r\nb\n" == subprocess.check_output(["git", "show", "main:crlf.txt"], cwd=shop).decode()
    assert not (shop / ".git/hooks").exists()


def test_a_hook_that_calls_machgen_does_not_lend_it_its_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git tells its hooks by environment which repository, index and work tree they run for."""
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other/.git/index"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare'='true'")

    shop = new(tmp_path / "shop")

    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_CONFIG_PARAMETERS"):
        monkeypatch.delenv(name)
    assert "Create shop\n" == git(shop, "log", "--format=%s")
    assert "" == git(tmp_path / "other", "ls-files")
    assert [] == os.listdir(tmp_path / "other/.git/refs/heads")


@pytest.mark.parametrize("rules", [".*\n", "*\n", "*.toml\n.machgen/\n", ".machgen/\n"])
def test_the_baseline_is_committed_whatever_the_project_ignores(tmp_path: Path, rules: str) -> None:
    """Without it the project could never be updated."""
    shop = new(tmp_path / "shop", SMALL | {".gitignore": File(rules.encode())})

    assert set(OWN) <= set(git(shop, "ls-files").split())


def test_what_the_project_ignores_itself_is_left_out(tmp_path: Path) -> None:
    """A template may render an `.env` that belongs to one developer only."""
    shop = new(tmp_path / "shop", SMALL | {".gitignore": File(b".env\n"), ".env": File(b"SECRET=1\n")})

    assert ".env" not in git(shop, "ls-files").split()
    assert "" == git(shop, "status", "--porcelain")


def test_what_the_user_ignores_everywhere_is_still_part_of_the_project(tmp_path: Path, config: Path) -> None:
    """The first commit holds the same files on every machine."""
    (config.parent / "ignore").write_text("*.md\n")
    config.write_text(f"[core]\nexcludesFile = {config.parent}/ignore\n")

    shop = new(tmp_path / "shop")

    assert "README.md" in git(shop, "ls-files").split()


def test_a_tree_without_machgens_files_is_committed_too(tmp_path: Path) -> None:
    """An exported template has no `machgen.toml`."""
    publish(SMALL, tmp_path / "template", before=lambda staged: first_commit(staged, "Export"))

    assert sorted(SMALL) == git(tmp_path / "template", "ls-files").split()


def test_without_git_there_is_one_clear_error_and_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be known before a question is asked, and still leaves nothing when it is not."""
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    with pytest.raises(Surroundings) as early:
        check_installed()
    with pytest.raises(Surroundings) as late:
        new(tmp_path / "shop")

    assert "git is not installed" == early.value.message
    assert "git cannot be started: No such file or directory" == late.value.message
    assert "install git 2.31 or later, or leave the repository out with `--no-git`" == early.value.hint
    assert early.value.hint == late.value.hint
    assert [] == os.listdir(tmp_path)


def test_git_is_found_where_it_is() -> None:
    """The other half of the test above."""
    check_installed()


def test_a_failing_git_leaves_nothing_and_is_quoted(tmp_path: Path, config: Path) -> None:
    """What git says is what the user has to mend."""
    config.write_text("[user\n")

    with pytest.raises(Surroundings) as caught:
        new(tmp_path / "shop")

    expected = f"git init failed, and nothing was changed: fatal: bad config line 1 in file {config}"
    assert expected == caught.value.message
    assert [] == os.listdir(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_system_that_shows_another_owner_is_no_obstacle(tmp_path: Path) -> None:
    """Mounted directories of containers do; git would speak of dubious ownership."""

    def commit(staged: str) -> None:
        os.chown(staged, 12345, 12345)
        first_commit(staged, "Create shop")

    publish(SMALL, tmp_path / "shop", own=OWN, before=commit)

    assert "Create shop\n" == git(tmp_path / "shop", "log", "--format=%s")


def test_inside_a_work_tree_there_is_no_second_repository(tmp_path: Path) -> None:
    """A service in a monorepo belongs to the monorepo, as `cargo new` has it."""
    git(tmp_path, "init", "--quiet")

    assert WorkTree(str(tmp_path), ()) == work_tree_around(tmp_path / "services/shop")
    assert work_tree_around(tmp_path) is None


def test_linked_work_trees_and_links_to_work_trees_count(tmp_path: Path) -> None:
    """`.git` is a file in a linked work tree; and a link on the way leads where it leads."""
    main, linked = tmp_path / "main", tmp_path / "linked"
    git(tmp_path, "init", "--quiet", "main")
    git(main, "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--allow-empty", "-m", "x")
    git(main, "worktree", "add", "--quiet", str(linked))
    (tmp_path / "alias").symlink_to("main")

    assert WorkTree(str(linked), ()) == work_tree_around(linked / "shop")
    assert WorkTree(str(main), ()) == work_tree_around(tmp_path / "alias/shop")


def test_a_target_that_the_work_tree_ignores_is_on_its_own(tmp_path: Path) -> None:
    """`build/` of a repository, or a home directory under git that ignores everything."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("/build/\n")

    assert work_tree_around(tmp_path / "build/shop") is None
    assert WorkTree(str(tmp_path), ()) == work_tree_around(tmp_path / "shop")


@pytest.mark.parametrize(
    ("rules", "ignored"),
    [
        (".*\n", (".machgen/baseline",)),
        (".machgen/\n", (".machgen/baseline",)),
        ("*.toml\n.machgen\n", ("machgen.toml", ".machgen/baseline")),
        ("*.tar\n", ()),
    ],
)
def test_rules_of_a_work_tree_that_would_lose_the_baseline_are_told(
    tmp_path: Path, rules: str, ignored: tuple[str, ...]
) -> None:
    """Nothing is added behind the user's back; the command line says what to add."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(rules)

    assert WorkTree(str(tmp_path), ignored) == work_tree_around(tmp_path / "shop")


def test_the_users_own_ignore_rules_count_in_a_work_tree(tmp_path: Path, config: Path) -> None:
    """There it is the user who adds the files."""
    (config.parent / "ignore").write_text(".*\n")
    config.write_text(f"[core]\nexcludesFile = {config.parent}/ignore\n")
    git(tmp_path, "init", "--quiet")

    assert WorkTree(str(tmp_path), (".machgen/baseline",)) == work_tree_around(tmp_path / "shop")


def test_a_directory_named_git_is_not_a_repository(tmp_path: Path) -> None:
    """It takes a HEAD to make one."""
    (tmp_path / ".git").mkdir()

    assert work_tree_around(tmp_path / "shop") is None


def test_nothing_of_a_work_tree_around_the_project_runs(tmp_path: Path) -> None:
    """Not even the command that a repository names for fetching what it lacks: its ignore rules, for one."""
    plant(tmp_path, tmp_path / "mark")
    assert is_live(tmp_path, tmp_path / "mark")

    around = work_tree_around(tmp_path / "shop")

    assert WorkTree(str(tmp_path), ()) == around
    assert not (tmp_path / "mark").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_work_tree_of_another_user_is_not_asked(tmp_path: Path) -> None:
    """Anybody can make a repository of a shared directory, such as /tmp: git's refusal to read it stands."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".*\n")
    assert WorkTree(str(tmp_path), (".machgen/baseline",)) == work_tree_around(tmp_path / "shop")

    for path in (tmp_path, tmp_path / ".git"):
        os.chown(path, 12345, 12345)

    assert WorkTree(str(tmp_path), ()) == work_tree_around(tmp_path / "shop")
