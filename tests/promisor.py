"""A git repository that has a program run by whoever reads it: an object is missing, and a command would fetch it."""

import subprocess
from pathlib import Path


def plant(directory: Path, mark: Path) -> None:
    """Make a repository whose ignore rules are missing, and whose promisor remote touches `mark` to fetch them."""
    directory.mkdir(parents=True, exist_ok=True)

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=directory, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    (directory / ".gitignore").write_text("build/\n")
    git("add", ".gitignore")
    git("-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--message=x")
    git("update-index", "--skip-worktree", ".gitignore")
    blob = git("rev-parse", ":.gitignore")
    (directory / ".gitignore").unlink()
    (directory / "main.py").touch()  # something to hold against the rules
    (directory / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with (directory / ".git" / "config").open("a") as config:
        config.write(
            "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = origin\n"
            f'[remote "origin"]\n\tpromisor = true\n\turl = {directory}\n\tuploadpack = touch {mark}; git-upload-pack\n'
        )


def is_live(directory: Path, mark: Path) -> bool:
    """Say whether git alone runs the program, so that a test which sees no mark has seen something."""
    words = ["git", "ls-files", "--others", "--exclude-standard"]
    subprocess.run(words, cwd=directory, check=False, capture_output=True)
    ran = mark.exists()
    mark.unlink(missing_ok=True)
    return ran
