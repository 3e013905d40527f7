"""The baseline: a project's tree as it was last rendered, as one file in the project.

It is an uncompressed tar archive, so that anyone can look into it, and the same bytes everywhere, so that a digest can
vouch for it and git can store what changed. `docs/decisions/0002-baseline-format.md` has the reasons.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from machgen.errors import BadRequest
from machgen.names import check_twins, fault, printable
from machgen.tree import File, Tree

BASELINE = ".machgen/baseline"
RESTORE = "mend it, or restore it from version control: `git checkout -- machgen.toml .machgen`"

_BLOCK = 512


def digest_of(data: bytes) -> str:
    """Return what `sha256sum` says of a file, with the prefix `sha256:`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def pack(tree: Mapping[str, File]) -> bytes:
    """Return a tree as one file: an uncompressed POSIX tar archive (pax), the same bytes for the same tree.

    Args:
        tree: Path → file, in path order.

    Returns:
        What `tar tf .machgen/baseline` lists; neither times nor owners are in it.
    """
    parts: list[bytes] = []
    for path, file in tree.items():
        name = path.encode("utf-8")
        if len(name) > 100 or not path.isascii():
            record = _pax_record(name)
            parts += (_header(b"PaxHeader", len(record), b"0000644", b"x"), record, _padding(record))
            name = path.encode("ascii", "replace")[:100]
        mode = b"0000755" if file.executable else b"0000644"
        parts += (_header(name, len(file.data), mode, b"0"), file.data, _padding(file.data))
    parts.append(bytes(2 * _BLOCK))
    return b"".join(parts)


def _pax_record(path: bytes) -> bytes:
    """Return `<length> path=<path>\\n`, where the length counts its own digits (POSIX.1-2017, pax)."""
    rest = b" path=%s\n" % path
    length = len(rest)
    while len(rest) + len(str(length)) != length:
        length = len(rest) + len(str(length))
    return b"%d" % length + rest


def _padding(data: bytes) -> bytes:
    return bytes(-len(data) % _BLOCK)


def _header(name: bytes, size: int, mode: bytes, kind: bytes) -> bytes:
    """Return a ustar header block (POSIX.1-2017, pax): everything that differs between machines is zero."""
    start = b"%s%s\0%s%s%011o\0%s" % (name.ljust(100, b"\0"), mode, b"0000000\0", b"0000000\0", size, b"0" * 11 + b"\0")
    end = kind + bytes(100) + b"ustar\x0000" + bytes(64) + b"0000000\0" * 2
    checksum = sum(start) + sum(end) + 8 * ord(" ")
    return (start + b"%06o\0 " % checksum + end).ljust(_BLOCK, b"\0")


def unpack(data: bytes, digest: str, where: str = BASELINE) -> Tree:
    """Read a baseline back.

    Args:
        data: The archive.
        digest: The digest that `machgen.toml` names.
        where: Its path as errors name it.

    Raises:
        BadRequest: It is not the file that the digest is of, or not what `pack` gives for any tree.
    """
    where = printable(where)
    if digest_of(data) != digest:
        raise BadRequest(f"{where} is not the file that machgen.toml names by its digest", hint=RESTORE)
    try:
        tree = Tree(_members(data))
    except ValueError:
        tree = Tree()
    # the archive of a tree is one sequence of bytes: whatever a crafted one means to other readers, it is refused
    if not tree or pack(tree) != data:
        raise BadRequest(f"{where} is not an archive that machgen wrote", hint=RESTORE)
    for path in tree:
        if found := fault(path):
            raise BadRequest(f"{where}: the name {printable(path)!r} {found}", hint=RESTORE)
    check_twins((path, where) for path in tree)
    return tree


def _members(data: bytes) -> Iterator[tuple[str, File]]:
    position, long_path = 0, ""
    while any(header := data[position : position + _BLOCK]):
        size = re.match(rb"[0-7]{11}", header[124:135])
        if not size:
            raise ValueError("not a header")
        content = data[position + _BLOCK : position + _BLOCK + int(size[0], 8)]
        position += _BLOCK + len(content) + len(_padding(content))
        if header[156:157] == b"x":
            long_path = content.partition(b"path=")[2][:-1].decode("utf-8")
        else:
            path = long_path or header[:100].rstrip(b"\0").decode("ascii")
            yield path, File(content, executable=header[100:107] == b"0000755")
            long_path = ""
