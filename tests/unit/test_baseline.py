"""The baseline archive: read by every tar, the same everywhere, and refused when it is anything else."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machgen.baseline import digest_of, pack, unpack
from machgen.errors import BadRequest
from machgen.names import check_twins, fault
from machgen.tree import File, Tree

SMALL = Tree({"README.md": File(b"# shop\n"), "bin/run": File(b"#!/bin/sh\n", executable=True)})
LONG = "deep/" * 30 + "naïve-\N{SNOWMAN}.txt"


def fits(paths: set[str]) -> bool:
    try:
        check_twins((path, path) for path in paths)
    except BadRequest:
        return False
    return not any(map(fault, paths))


SEGMENT = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters='/<>:"|?*\\'), min_size=1, max_size=40
)
PATH = st.lists(SEGMENT, min_size=1, max_size=6).map("/".join)
PATHS = st.sets(PATH, min_size=1, max_size=6).filter(fits)
FILE = st.builds(File, st.binary(max_size=1500), st.booleans())
TREES = PATHS.flatmap(lambda paths: st.fixed_dictionaries(dict.fromkeys(sorted(paths), FILE))).map(Tree)


@given(TREES)
def test_every_tree_comes_back(tree: Tree) -> None:
    """Path, bytes and executable bit, however long or foreign the name."""
    archive = pack(tree)

    assert tree == unpack(archive, digest_of(archive))


@given(TREES)
def test_python_reads_the_same_tree_from_the_archive(tree: Tree) -> None:
    """The archive is not a format of our own."""
    files = {}
    with tarfile.open(fileobj=io.BytesIO(pack(tree)), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            assert (0, 0, 0, "", "") == (member.mtime, member.uid, member.gid, member.uname, member.gname)
            files[member.name] = File(content.read(), bool(member.mode & 0o100))

    assert tree == Tree(files)


def test_tar_lists_it(tmp_path: Path) -> None:
    """`tar tf .machgen/baseline` is all it takes to look inside."""
    (tmp_path / "baseline").write_bytes(pack(SMALL | {LONG: File(b"")}))

    done = subprocess.run(
        ["tar", "--quoting-style=literal", "-tf", "baseline"], cwd=tmp_path, capture_output=True, check=True
    )

    assert ["README.md", "bin/run", LONG] == done.stdout.decode().splitlines()
    assert b"" == done.stderr


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """A digest that was written by one version of machgen on one machine holds for the next: the format is frozen."""
    archive = pack(SMALL | {LONG: File(b"x")})

    assert "sha256:8a7764d27246ff5441fb1a53db3194447d4961589dfdd9ef9626ebbba71c2816" == digest_of(archive)


def test_a_changed_archive_is_refused() -> None:
    """One bit is enough."""
    archive = pack(SMALL)
    changed = archive.replace(b"# shop", b"# Shop")

    with pytest.raises(BadRequest) as caught:
        unpack(changed, digest_of(archive), "shop/.machgen/baseline")

    assert "shop/.machgen/baseline is not the file that machgen.toml names by its digest" == caught.value.message
    assert "git checkout -- machgen.toml .machgen" in caught.value.hint


def crafted(*members: tuple[str, bytes, int, bytes]) -> bytes:
    """An archive as an attacker writes it with Python's tarfile: name, type, mode, content."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, mode, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.size, info.linkname = kind, mode, len(content), "/etc/passwd"
            info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            archive.addfile(info, io.BytesIO(content))
    return raw.getvalue()


@pytest.mark.parametrize(
    "archive",
    [
        b"",
        bytes(1024),
        pack(SMALL)[:-512],
        pack(SMALL)[:700],
        pack(SMALL) + bytes(512),
        pack(SMALL) + b"x",
        b"x" * 512,
        pack(SMALL) + pack(SMALL),
        pack({"z": File(b""), "a": File(b"")}),
        crafted(("link", tarfile.SYMTYPE, 0o777, b"")),
        crafted(("link", tarfile.LNKTYPE, 0o644, b"")),
        crafted(("device", tarfile.CHRTYPE, 0o644, b"")),
        crafted(("fifo", tarfile.FIFOTYPE, 0o644, b"")),
        crafted(("directory", tarfile.DIRTYPE, 0o755, b"")),
        crafted(("setuid", tarfile.REGTYPE, 0o4755, b"x")),
        crafted(("twice", tarfile.REGTYPE, 0o644, b"x"), ("twice", tarfile.REGTYPE, 0o644, b"y")),
        crafted(("sparse", tarfile.GNUTYPE_SPARSE, 0o644, b"x")),
        pack({"a": File(b"x")}).replace(b"00000000001", b"77777777777", 1),
        pack({"a": File(b"x")}).replace(b"00000000001", b"-0000000001", 1),
        pack({"a": File(b"x")}).replace(b"00000000001", b"0000000_001", 1),
    ],
)
def test_what_machgen_did_not_write_is_refused(archive: bytes) -> None:
    """Links, devices, twins, other modes, cut or padded ends: no archive but ours is read."""
    with pytest.raises(BadRequest, match="is not an archive that machgen wrote"):
        unpack(archive, digest_of(archive))


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", "a/../../x", ".git/hooks/x", "a//b", "con", "machgen.toml", "a\u202eb"]
)
def test_hostile_names_are_refused(path: str) -> None:
    """The archive can be perfect and the names in it not."""
    archive = pack({path: File(b"x")})

    with pytest.raises(BadRequest, match=r"^\.machgen/baseline: the name "):
        unpack(archive, digest_of(archive))


def test_twins_are_refused() -> None:
    """Two files on Linux, one on macOS."""
    archive = pack(Tree({"A": File(b"1"), "a": File(b"2")}))

    with pytest.raises(BadRequest, match="both land on"):
        unpack(archive, digest_of(archive))


@given(st.data())
def test_what_is_read_is_what_would_be_written(data: st.DataObject) -> None:
    """Whatever bytes are changed: either the archive is refused, or it is the one archive of the tree it gives."""
    archive = bytearray(pack(SMALL))
    for _ in range(data.draw(st.integers(1, 4))):
        archive[data.draw(st.integers(0, len(archive) - 1))] = data.draw(st.sampled_from(b"\x00/.017x-a"))
    try:
        tree = unpack(bytes(archive), digest_of(bytes(archive)))
    except BadRequest:
        return

    assert bytes(archive) == pack(tree)
