"""Where templates come from."""

from collections.abc import Mapping
from dataclasses import dataclass

from machgen.tree import Tree


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a template comes from, as `machgen.toml` records it.

    Args:
        pack: `builtin`, the directory as the user wrote it, or the git URL without credentials.
        version: machgen's version for the built-in pack; the reference asked for with git; empty for a directory.
        commit: The full commit id for git, else empty.
        directory: The directory inside the pack, empty for its root.
    """

    pack: str
    version: str
    commit: str = ""
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """Templates that are versioned together.

    Args:
        origin: Where the pack comes from.
        sources: Template name → its raw directory.
    """

    origin: Origin
    sources: Mapping[str, Tree]
