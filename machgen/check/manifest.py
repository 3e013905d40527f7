"""What a dependency manifest says, whatever its ecosystem."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from machgen.check.facts import parent
from machgen.check.model import Place


class Dependency(NamedTuple):
    """One thing that a manifest asks for.

    Args:
        name: Its name as the ecosystem compares it: lower case, `-` for Python's `_` and `.`, `group:artifact` in Java.
        constraint: The version asked for, as written; empty where none is.
        at: Where.
        runtime: Whether the running program needs it; False for development, test and build only.
        local: The repository path of a dependency by path; None for one from a registry.
        extra: The name of Python's optional dependencies that it belongs to; empty for what is always installed.
    """

    name: str
    constraint: str
    at: Place
    runtime: bool = True
    local: str | None = None
    extra: str = ""


class Manifest(NamedTuple):
    """One dependency manifest.

    Args:
        ecosystem: `python`, `node`, `java`, `dotnet`, `go`, `rust` or `php`.
        path: The file.
        name: The name of what it describes; empty where it does not say.
        version: Its version; empty where it does not say.
        dependencies: What it asks for.
        lines: Where keys such as `version` stand.
        workspace: Whether it only holds others together (npm workspaces, a Maven parent, a Cargo workspace).
        kind: `web`, `worker` or `blazorwebassembly` for an SDK that makes a program of it by itself (.NET), `package`
            for what is published for others to depend on (npm, Composer), else empty.
    """

    ecosystem: str
    path: str
    name: str = ""
    version: str = ""
    dependencies: tuple[Dependency, ...] = ()
    lines: Mapping[str, int] = MappingProxyType({})
    workspace: bool = False
    kind: str = ""

    @property
    def directory(self) -> str:
        """The directory that the manifest describes."""
        return parent(self.path)

    def needs(self, *names: str) -> Dependency | None:
        """Return the first dependency that has one of `names`; a name that ends in `*` is a beginning."""
        return next(self.every(*names), None)

    def every(self, *names: str) -> Iterator[Dependency]:
        """Give the dependencies that have one of `names`, likewise."""
        exact = {name for name in names if not name.endswith("*")}
        begins = tuple(name[:-1] for name in names if name.endswith("*"))
        for each in self.dependencies:
            if each.name in exact or (begins and each.name.startswith(begins)):
                yield each
