"""Which names a project may hold: a long list of hostile ones, and a list of ordinary ones that must always pass."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machgen.errors import BadRequest
from machgen.names import LONGEST_NAME, LONGEST_PATH, check_name, check_twins, fault, fold, printable

DEVICES = ["con", "prn", "aux", "nul", "conin$", "conout$", "com0", "com1", "com9", "lpt1", "lpt9", "com¹", "lpt³"]
GIT = [
    ".git",
    ".GIT",
    ".Git",
    "git~1",
    "GIT~1",
    "git~2",
    "\uff0egit",
    ".\uff47\uff49\uff54",
    ".gi\u200dt",
    ".git\u200c",
    "\u200b.git",
]
UNSEEN = {
    "a newline": "\n",
    "a carriage return": "\r",
    "a tab": "\t",
    "NUL": "\0",
    "escape": "\x1b",
    "bell": "\a",
    "backspace": "\b",
    "DEL": "\x7f",
    "a C1 control": "\x9b",
    "next line": "\x85",
    "left-to-right embedding": "\u202a",
    "right-to-left embedding": "\u202b",
    "pop directional formatting": "\u202c",
    "left-to-right override": "\u202d",
    "right-to-left override": "\u202e",
    "left-to-right isolate": "\u2066",
    "right-to-left isolate": "\u2067",
    "first strong isolate": "\u2068",
    "pop directional isolate": "\u2069",
    "left-to-right mark": "\u200e",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "a surrogate": "\ud800",
    "an undecodable byte": "\udcff",
    "a tag": "\U000e0041",
    "an interlinear annotation": "\ufff9",
    "no character at all": "\ufdd0",
}

# what one segment of a path can do wrong, wherever it stands
SEGMENTS = [
    *[
        "..",
        ".",
        "",
        "...",
        ".. ",
        " ..",
        ". ",
        ".. .",
        "..\\",
        "..\\x",
        "\\",
        "\\\\host\\share",
        "a\\b",
        "C:",
        "c:x",
        "C:\\x",
    ],
    *["x.", "x ", "x. ", "x .", "x..", " x", "  ", " "],
    *['a"b', "a<b", "a>b", "a|b", "a?b", "a*b", "a:b", "file::$DATA", "file:stream", ".git::$INDEX_ALLOCATION"],
    *DEVICES,
    *[device.upper() for device in DEVICES[:8]],
    *["CON.txt", "nul.tar.gz", "aux.", "con ", "con .txt", "Com1.log", "\uff23\uff2f\uff2e", "\uff4e\uff55\uff4c.txt"],
    *GIT,
    *[f"a{character}b" for character in UNSEEN.values()],
    "\u202egpj.exe",
    "x" * (LONGEST_NAME + 1),
    "é" * (LONGEST_NAME // 2 + 1),
]
PLACES = ["{}", "src/{}", "{}/x", "a/{}/b.py", "a/b/c/{}"]
# what only a whole path can do wrong
PATHS = [
    *["/", "/etc/passwd", "//host/share", "/..", "../x", "../../x", "a/../../x", "a/..", "./x", "a//b", "a/", "~/../x"],
    *[".git/hooks/pre-commit", ".git/config", "a/.git/hooks/x", ".GIT/config", "sub/.gIt/x", ".git/../x"],
    *["machgen.toml", "Machgen.toml", "MACHGEN.TOML", ".machgen", ".machgen/baseline", ".MACHGEN/x", ".machgen/a/b"],
    "/".join(["deep"] * (LONGEST_PATH // 5 + 2)),
]
HOSTILE = sorted({place.format(segment) for place in PLACES for segment in SEGMENTS} | set(PATHS))


def shortly(path: str) -> str:
    return ascii(path)[:60]


def test_the_list_is_long_enough() -> None:
    """It is made of a table and the places a segment can stand in; this says that the table did not shrink."""
    assert 500 < len(HOSTILE)


@pytest.mark.parametrize("path", HOSTILE, ids=shortly)
def test_hostile_names_are_refused_with_the_template_files_name(path: str) -> None:
    """What would leave the project, reach into `.git`, mislead a reader or not exist on another system."""
    with pytest.raises(BadRequest) as caught:
        check_name(path, "{{cookiecutter.name}}.py")

    assert caught.value.message.startswith("{{cookiecutter.name}}.py: the rendered name '")
    assert caught.value.message.isprintable()
    assert caught.value.hint


@pytest.mark.parametrize(
    "path",
    [
        *[
            "README.md",
            ".gitignore",
            ".gitattributes",
            ".github/workflows/ci.yml",
            ".gitlab-ci.yml",
            "git/x",
            ".gitkeep",
        ],
        *[
            "src/my_package/__init__.py",
            "src/my-package/a.b.c.py",
            "a b/c d.txt",
            "...x",
            "..x",
            ".x..y",
            "x~1",
            "-x",
            "_",
        ],
        *[
            "naïve/café.md",
            "日本語/ファイル.txt",
            "Ελλάδα.md",
            "עברית.txt",
            "emoji-👍.md",
            "a+b=c,d;e'f(g)[h]{i}@j#k%l^m&n!o$p",
        ],
        *[
            "console.log",
            "cone.py",
            "nullable.py",
            "auxiliary/x",
            "com10.txt",
            "lpt.txt",
            "icon",
            "con-1",
            "prn_1",
            "com",
        ],
        *[
            "machgen.toml.example",
            "sub/machgen.toml",
            "sub/.machgen/x",
            ".machgenrc",
            "Makefile",
            "Dockerfile",
            "x" * LONGEST_NAME,
        ],
        *[
            "é" * (LONGEST_NAME // 2),
            "/".join(["deep"] * (LONGEST_PATH // 5)),
            "migrations/versions/0001_a.py",
            "~",
            "~x",
        ],
    ],
    ids=shortly,
)
def test_ordinary_names_pass(path: str) -> None:
    """A name that any file system takes and any reader understands is nobody's business to refuse."""
    assert fault(path) is None


@given(st.text(st.sampled_from("aA.~ 1/gitcon\\\u0130é\u200b:\n"), max_size=12))
def test_the_quick_way_and_the_thorough_way_agree(path: str) -> None:
    """Plain names take a short cut; whatever takes it would pass the long way too."""
    padded = f"é/{path}"  # no plain name, so never a short cut; and never a name of machgen's own

    if path and fault(path) is None:
        assert fault(padded) is None
    if fault(padded) is None:
        assert fault(path) in (None, "is one that machgen keeps for itself")


TWINS = [
    ("README.md", "readme.md"),
    ("src/A.py", "src/a.py"),
    ("Src/a.py", "src/b.py"),
    ("a/B/c", "a/b/d"),
    ("caf\u00e9", "cafe\u0301"),
    ("CAF\u00c9", "cafe\u0301"),
    ("stra\u00dfe", "STRASSE"),
    ("\u212a", "k"),
    ("\u03a3", "\u03c2"),
    ("\u1e9e", "ss"),
    ("\u00c5", "\u212b"),
    ("a", "a/b"),
    ("A", "a/b"),
    ("a/b", "a/B/c"),
    ("same", "same"),
]


@pytest.mark.parametrize("twins", TWINS, ids=ascii)
@pytest.mark.parametrize("turned", [False, True])
def test_twins_are_refused_with_both_template_files(twins: tuple[str, str], *, turned: bool) -> None:
    """On macOS and Windows the two are one file, and which content it has would be chance."""
    one, other = reversed(twins) if turned else twins

    with pytest.raises(BadRequest) as caught:
        check_twins([(one, "first.j2"), ("between", "x"), (other, "second.j2")])

    assert {"first.j2", "second.j2"} <= set(caught.value.message.replace(" and ", " ").split())
    assert "both land on" in caught.value.message


def test_files_that_only_look_alike_are_no_twins() -> None:
    """Different letters are different files on every system."""
    check_twins((path, path) for path in ["a", "ab/c", "ab/d", "b/a", "b/ab", "\u0430", "a.b", "a-b/c", "ä", "æ", "ae"])


@given(st.text())
def test_folding_is_done_once(path: str) -> None:
    """Folding what is folded changes nothing, so that twins are twins from both sides."""
    assert fold(path) == fold(fold(path))


@given(st.text())
def test_what_is_shown_is_seen(text: str) -> None:
    """Names reach a terminal: no escape sequence, no bidirectional control does."""
    assert not any(character in printable(text) for character in UNSEEN.values())
