"""Which files a check sees: what git knows or would add; without git, what the ignore files leave."""

import subprocess
from pathlib import Path

import pytest

from machgen.check.files import Checkout
from machgen.check.ignoring import ignores, left_out
from machgen.cli.boundary import run

FILES = ("a.py", "build/b.py", "src/build/c.py", "src/.env", "src/keep.log", "src/d.log", "node_modules/x/package.json")
IGNORED = "build/\n*.log\n!keep.log\n"


def written(root: Path) -> Path:
    """A directory with these files and two ignore files."""
    for path in FILES:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x\n")
    (root / ".gitignore").write_text(IGNORED)
    (root / "src/.gitignore").write_text(".env\n")
    return root


def test_ignored_files_are_not_seen_with_or_without_git(tmp_path: Path) -> None:
    """Both ways give the same files."""
    without = Checkout(str(written(tmp_path / "plain"))).paths
    repository = written(tmp_path / "git")
    subprocess.run(["git", "init", "-q", repository], check=True)

    assert (".gitignore", "a.py", "src/.gitignore", "src/keep.log") == without
    assert without == Checkout(str(repository)).paths


def test_what_is_tracked_counts_although_it_is_ignored(tmp_path: Path) -> None:
    """As git itself has it."""
    subprocess.run(["git", "init", "-q", written(tmp_path)], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "-f", "src/.env"], check=True)

    assert "src/.env" in Checkout(str(tmp_path)).paths


def test_a_part_of_a_repository_can_be_checked(tmp_path: Path) -> None:
    """Paths are relative to what was asked for."""
    subprocess.run(["git", "init", "-q", written(tmp_path)], check=True)

    assert (".gitignore", "keep.log") == Checkout(str(tmp_path / "src")).paths


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        (".git", ".git", True),
        ("**/.git", ".git", True),
        ("*.pem", "a.pem", True),
        ("*.pem", "a.key", False),
        ("/build", "build", True),
    ],
)
def test_patterns_match_as_git_has_them(pattern: str, path: str, expected: bool) -> None:
    """Names, anywhere or at the root, with stars."""
    assert expected == ignores([pattern], path)


def test_a_directory_takes_what_is_below_along() -> None:
    """And an anchored pattern does not reach further down."""
    assert left_out(["target/"], "a/target/x.jar")
    assert not left_out(["/target"], "a/target/x.jar")


def test_fixes_are_written_and_nothing_else_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file keeps its mode and its other bytes; a second run has nothing to do."""
    manifest = tmp_path / "cron.yaml"
    before = "# nightly\r\napiVersion: batch/v1beta1\r\nkind: CronJob\r\nmetadata: {name: nightly}\r\n"
    manifest.write_bytes(before.encode())
    manifest.chmod(0o640)

    assert 0 == run(["check", str(tmp_path), "--select", "C112", "--fix"])
    assert before.replace("v1beta1", "v1").encode() == manifest.read_bytes()
    assert 0o640 == manifest.stat().st_mode & 0o777
    assert "fixed C112 in cron.yaml:2" in capsys.readouterr().err
    assert ["cron.yaml"] == [path.name for path in tmp_path.iterdir()]
    assert 0 == run(["check", str(tmp_path), "--select", "C112", "--fix"])
    assert "" == capsys.readouterr().err
