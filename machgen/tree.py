"""Tree and File: the value everything speaks.

A tree is an in-memory set of files, path → bytes + executable bit. Composing, rendering, merging and checking take
trees and give trees; only `pack` reads them from disk and only `publish` writes them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple


class File(NamedTuple):
    """One file's content.

    Args:
        data: The bytes, exactly as they are or will be on disk.
        executable: Whether the file carries the executable bit, the only permission a tree knows (as in git).
    """

    data: bytes
    executable: bool = False


class Tree(Mapping[str, File]):
    """An immutable set of files by POSIX path relative to the tree's root, iterated in path order.

    A tree does not judge its paths: the source of a template holds `{{cookiecutter.project_slug}}`, which no project
    may hold. `machgen.names.check_names` judges the paths of what is about to become a project.

    Args:
        files: Path → file; the paths separate with `/` and do not begin with it.
    """

    __slots__ = ("_digest", "_files")

    def __init__(self, files: Mapping[str, File] | Iterable[tuple[str, File]] = ()) -> None:
        self._files: dict[str, File] = dict(sorted(dict(files).items()))
        self._digest = ""

    def __getitem__(self, path: str) -> File:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tree):
            return self._files == other._files
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self._files.items()))

    def __repr__(self) -> str:
        return f"Tree({len(self._files)} files, {self.digest})"

    def __or__(self, other: Mapping[str, File]) -> "Tree":
        """Return this tree with `other`'s files added; where both have a path, `other` wins."""
        return Tree({**self._files, **other})

    def below(self, directory: str) -> "Tree":
        """Return the files below `directory`, their paths relative to it; an empty tree where there is none."""
        prefix = directory.rstrip("/") + "/"
        return Tree({p[len(prefix) :]: f for p, f in self._files.items() if p.startswith(prefix)})

    @property
    def digest(self) -> str:
        """`sha256:` and 64 hexadecimal digits over every path, executable bit and content, in path order."""
        if not self._digest:
            import hashlib  # noqa: PLC0415 - loads OpenSSL, which few commands need

            whole = hashlib.sha256()
            for path, file in self._files.items():
                name = path.encode("utf-8", "surrogateescape")
                # lengths first, so that no two different trees give one byte stream
                whole.update(b"%d %d %d\n" % (len(name), file.executable, len(file.data)))
                whole.update(name)
                whole.update(file.data)
            self._digest = f"sha256:{whole.hexdigest()}"
        return self._digest
