"""Where a template comes from: the values only, so that a built-in template needs nothing of `machgen.pack`."""

from collections.abc import Mapping
from typing import NamedTuple

from machgen.tree import Tree

QUESTIONS_FILE = "cookiecutter.json"
"""The file that makes a directory a template."""


class Origin(NamedTuple):
    """Where a template comes from, as `machgen.toml` records it.

    Args:
        pack: `builtin`, the directory as the user wrote it, or the git URL without credentials.
        version: The version of machgen for the built-in pack, the ref that was asked for with git (empty for the
            default branch), empty for a directory.
        commit: The full commit id with git, else empty.
        directory: The directory inside the pack that was asked for, empty for its root.
    """

    pack: str
    version: str
    commit: str = ""
    directory: str = ""


class Pack(NamedTuple):
    """Templates that are versioned together.

    Args:
        origin: Where they come from.
        sources: Template name → its raw directory: `cookiecutter.json`, the project directory, `templates/`, `hooks/`
            and whatever else stands there. Names of templates in nested menus are joined with `/`.
    """

    origin: Origin
    sources: Mapping[str, Tree]
