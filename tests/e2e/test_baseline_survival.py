"""The baseline survives what real repositories do to their files, with the real git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from machgen.errors import BadRequest
from machgen.git import first_commit
from machgen.origin import Origin
from machgen.project import own_files, read_project
from machgen.publish import publish
from machgen.tree import File, Tree

DIGEST = "sha256:" + "0" * 64
RENDERED = Tree(
    {
        "README.md": File(b"# shop\n$Id$ $Format:%H$\n"),
        "windows.bat": File(b"echo off\r\n"),
        "bin/run": File(b"#!/bin/sh\n", executable=True),
        "data.bin": File(bytes(range(256))),
    }
)


@pytest.fixture(autouse=True)
def user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a user's configuration of its own."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    config = tmp_path_factory.mktemp("home") / "gitconfig"
    config.write_text("[user]\nname = Jane\nemail = jane@acme.example\n[protocol.file]\nallow = always\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return config


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout


def own(rendered: Tree) -> Tree:
    return own_files("service", Origin("builtin", "0.1.0"), DIGEST, {"name": "shop"}, rendered)


def new(target: Path, rendered: Tree = RENDERED) -> Path:
    publish(rendered, target, own=own(rendered), before=lambda staged: first_commit(staged, "Create shop"))
    return target


def baseline(directory: Path) -> Tree:
    """Read the project's baseline from disk; the digest is checked on the way."""
    names = ("machgen.toml", ".machgen/baseline")
    return read_project({name: File((directory / name).read_bytes()) for name in names}, str(directory))[1]


def clone(source: Path, target: Path, *options: str) -> Path:
    git(source.parent, "clone", "--quiet", *options, f"file://{source}", str(target))
    return target


@pytest.mark.parametrize("rules", [".*\n", "*\n", "*.tar\nbaseline\n", ".machgen/\n", ".machgen\n!.gitignore\n"])
def test_ignore_rules(tmp_path: Path, rules: str) -> None:
    """The project may ignore what it likes; its next commits keep the baseline, too."""
    rendered = RENDERED | {".gitignore": File(rules.encode())}
    shop = new(tmp_path / "shop", rendered)

    assert rendered == baseline(clone(shop, tmp_path / "clone"))

    later = rendered | {"new.txt": File(b"x")}
    for name, file in own(later).items():
        (shop / name).write_bytes(file.data)
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "-m", "Update")

    assert later == baseline(clone(shop, tmp_path / "clone2"))


@pytest.mark.parametrize("rules", ["baseline\n", "/shop/.machgen/*\n", "*.tar\n"])
def test_ignore_rules_of_a_repository_around_the_project(tmp_path: Path, rules: str) -> None:
    """In a monorepo a plain `git add` finds it, unless the directory itself is ignored, which machgen says."""
    git(tmp_path, "init", "--quiet", "mono")
    mono = tmp_path / "mono"
    (mono / ".gitignore").write_text(rules)
    publish(RENDERED, mono / "shop", own=own(RENDERED))
    git(mono, "add", "--all")
    git(mono, "commit", "--quiet", "-m", "Add shop")

    assert RENDERED == baseline(clone(mono, tmp_path / "clone") / "shop")


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "* text=auto\n",
        "* text eol=crlf\n",
        "* text working-tree-encoding=UTF-16LE\n"
        "*.toml !working-tree-encoding\n*.gitattributes !working-tree-encoding\n",
        "* ident\n",
        "* filter=upper\n",
        "[attr]lines text eol=crlf ident filter=upper\n* lines\n",
    ],
)
def test_conversions_at_checkout(tmp_path: Path, user: Path, attributes: str, autocrlf: str) -> None:
    """Line ends, encodings, keywords and filters change a project's files as they are told to; never the baseline."""
    rendered = RENDERED | {".gitattributes": File(attributes.encode())}
    if "UTF-16" in attributes:
        rendered = Tree({path: file for path, file in rendered.items() if path.startswith(".")})
    shop = new(tmp_path / "shop", rendered)
    with user.open("a") as config:
        config.write(f"[core]\nautocrlf = {autocrlf}\n")
        config.write('[filter "upper"]\nclean = tr A-Z a-z\nsmudge = tr a-z A-Z\n')
        # machgen.toml is text and means the same with other line ends, but not in capital letters
        config.write(f"[core]\nattributesFile = {user.parent}/attributes\n")
    (user.parent / "attributes").touch()

    target = clone(shop, tmp_path / "clone", "--no-checkout")
    (target / ".git/info").mkdir(exist_ok=True)
    (target / ".git/info/attributes").write_text("machgen.toml -filter\n")
    git(target, "checkout", "--quiet", "main")
    assert rendered == baseline(target)

    (target / "README.md").write_text("edited\n", encoding="utf-16-le" if "UTF-16" in attributes else "utf-8")
    git(target, "add", "--all")
    git(target, "add", "--all", "--renormalize")
    git(target, "commit", "--quiet", "-m", "Edit")
    again = clone(target, tmp_path / "again", "--no-checkout")
    (again / ".git/info").mkdir(exist_ok=True)
    (again / ".git/info/attributes").write_text("machgen.toml -filter\n")
    git(again, "checkout", "--quiet", "main")

    assert rendered == baseline(again)


def test_shallow_clones(tmp_path: Path) -> None:
    """No history is needed."""
    shop = new(tmp_path / "shop")
    (shop / "README.md").write_text("edited\n")
    git(shop, "commit", "--quiet", "--all", "-m", "Edit")

    target = clone(shop, tmp_path / "clone", "--depth=1")

    assert "1\n" == git(target, "rev-list", "--count", "HEAD")
    assert RENDERED == baseline(target)


def test_squash_merges_and_rebases(tmp_path: Path) -> None:
    """The update was a branch; what is left of it is one commit of somebody else's making."""
    shop = new(tmp_path / "shop")
    later = RENDERED | {"new.txt": File(b"x")}
    git(shop, "switch", "--quiet", "--create", "update")
    for name, file in (later | own(later)).items():
        (shop / name).write_bytes(file.data)
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "-m", "Update")
    git(shop, "switch", "--quiet", "main")
    (shop / "mine.py").touch()
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "-m", "Work")
    git(shop, "merge", "--quiet", "--squash", "update")
    git(shop, "commit", "--quiet", "-m", "Update (#1)")
    git(shop, "branch", "--quiet", "-D", "update")

    assert later == baseline(clone(shop, tmp_path / "clone", "--depth=1"))


def test_two_updates_at_once_are_a_conflict_and_never_a_blend(tmp_path: Path) -> None:
    """git must not merge two baselines line by line; taking one side whole settles it."""
    shop = new(tmp_path / "shop")
    trees = {name: RENDERED | {"README.md": File(name.encode() * 9)} for name in ("ours", "theirs")}
    for name, tree in trees.items():
        git(shop, "switch", "--quiet", "--create", name, "main")
        for path, file in own(tree).items():
            (shop / path).write_bytes(file.data)
        git(shop, "commit", "--quiet", "--all", "-m", name)
    merge = subprocess.run(["git", "merge", "ours"], cwd=shop, capture_output=True, text=True, check=False)

    assert 1 == merge.returncode
    assert "CONFLICT (content): Merge conflict in .machgen/baseline" in merge.stdout
    with pytest.raises(BadRequest, match="a merge conflict is left"):
        baseline(shop)
    git(shop, "checkout", "--ours", "machgen.toml", ".machgen")
    assert trees["theirs"] == baseline(shop)
    git(shop, "checkout", "--theirs", "machgen.toml", ".machgen")
    assert trees["ours"] == baseline(shop)


def test_exported_sources(tmp_path: Path) -> None:
    """`git archive` is how many builds get their sources; it can expand keywords in any file."""
    rendered = RENDERED | {".gitattributes": File(b"* export-subst\n")}
    shop = new(tmp_path / "shop", rendered)
    git(shop, "archive", f"--output={tmp_path}/sources.zip", "main")
    shutil.unpack_archive(tmp_path / "sources.zip", tmp_path / "sources")

    assert rendered == baseline(tmp_path / "sources")


def test_a_moved_project(tmp_path: Path) -> None:
    """Nothing in it says where it was made."""
    shop = new(tmp_path / "shop")
    shop.rename(tmp_path / "renamed")

    assert RENDERED == baseline(tmp_path / "renamed")
    assert "" == git(tmp_path / "renamed", "status", "--porcelain")


def test_it_costs_a_repository_little(tmp_path: Path) -> None:
    """A change of one file is stored as a change of one file, since the archive is not compressed."""
    noise = {f"src/m{i:03}.py": File(os.urandom(2000).hex().encode()) for i in range(100)}
    shop = new(tmp_path / "shop", RENDERED | noise)
    git(shop, "gc", "--quiet")
    before = sum(path.stat().st_size for path in (shop / ".git/objects").rglob("*.pack"))
    later = RENDERED | noise | {"src/m050.py": File(b"changed")}
    for name, file in own(later).items():
        (shop / name).write_bytes(file.data)
    git(shop, "commit", "--quiet", "--all", "-m", "Update")
    git(shop, "gc", "--quiet")
    after = sum(path.stat().st_size for path in (shop / ".git/objects").rglob("*.pack"))

    assert later == baseline(shop)
    assert after - before < 10_000
