"""Which file names a project may hold.

A rendered name comes from a template and from answers, so it is as little trusted as they are. What is refused here
would leave the target, reach into `.git`, be another file on another operating system, or mislead the reader.
Sources: POSIX.1-2017 3.271 (filename), Microsoft "Naming Files, Paths, and Namespaces", git's `verify_path` with
`core.protectHFS` and `core.protectNTFS`, Unicode TR 36 (bidirectional controls).
"""

import re
import unicodedata
from collections.abc import Iterable

from machgen.errors import BadRequest

LONGEST_NAME = 255
"""Bytes of UTF-8 in one path segment: ext4's, APFS's and NTFS's limit."""

LONGEST_PATH = 1024
"""Bytes of UTF-8 in a path below the project: macOS' PATH_MAX, the smallest of the common ones."""

_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\..*)?\Z", re.IGNORECASE
)
# nearly every real path is plain, and then no look at each character is needed: ASCII letters, digits and `_ . -`,
# no segment that is `.`, `..`, `.git`, a device, or ends in a dot
_PLAIN = re.compile(
    r"(?!(?:[^/]*/)*(?:\.\.?(?:/|\Z)|\.git(?:/|\Z)|[^/]*\.(?:/|\Z)|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:[./]|\Z)))"
    r"[a-z0-9_.\-]+(?:/[a-z0-9_.\-]+)*\Z",
    re.IGNORECASE,
)
_FORBIDDEN = frozenset('<>:"|?*\\')
# Cc control, Cf format (bidirectional and zero-width among them), Cs surrogate, Cn unassigned, Zl and Zp separators
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})


def fold(path: str) -> str:
    """Return the form under which two paths are one file on a case-insensitive, Unicode-normalising file system."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def fault(path: str) -> str | None:
    """Say what is wrong with a rendered path, or None where nothing is.

    Args:
        path: A path below the project's root, separated by `/`.

    Returns:
        A clause that continues "the name …", such as "leaves the project (`..`)".
    """
    if len(path) <= LONGEST_NAME and path.isascii() and _PLAIN.match(path):
        return _reserved(path)
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    for segment in path.split("/"):
        if found := _segment_fault(segment):
            return found
    if len(path.encode("utf-8")) > LONGEST_PATH:
        return f"is longer than {LONGEST_PATH} bytes"
    return _reserved(path)


def _segment_fault(segment: str) -> str | None:
    if segment == "":
        return "holds an empty directory name"
    if segment in (".", ".."):
        return f"leaves the project (`{segment}`)"
    for character in segment:
        if character in _FORBIDDEN:
            return f"holds {character!r}, which Windows does not allow in names"
        if unicodedata.category(character) in _INVISIBLE:
            return f"holds the control or invisible character U+{ord(character):04X}"
    if segment[-1] in ". ":
        return "ends in a dot or a space, which Windows drops"
    if segment[0] == " ":
        return "begins with a space"
    compatible = unicodedata.normalize("NFKC", segment)
    if _DEVICE.match(segment) or _DEVICE.match(compatible):
        return f"is the Windows device {segment!r}"
    if compatible.casefold() == ".git" or re.match(r"\.?git~[0-9]+\Z", compatible, re.IGNORECASE):
        return "reaches into `.git`"
    if len(segment.encode("utf-8")) > LONGEST_NAME:
        return f"has a part longer than {LONGEST_NAME} bytes"
    return None


def _reserved(path: str) -> str | None:
    folded = fold(path)
    if folded == "machgen.toml" or folded.split("/", 1)[0] == ".machgen":
        return "is one that machgen keeps for itself"
    return None


def check_name(path: str, template_file: str) -> None:
    """Refuse a rendered path that no project may hold.

    Args:
        path: The rendered path below the project's root.
        template_file: The file of the template that it was rendered from; the error names it.

    Raises:
        BadRequest: The name is refused.
    """
    if found := fault(path):
        raise BadRequest(
            f"{printable(template_file)}: the rendered name {printable(path)!r} {found}",
            hint="change the answer that the name is made of, or mend the template",
        )


def check_twins(rendered: Iterable[tuple[str, str]]) -> None:
    """Refuse two template files that land on one path, or on a file and a directory of one name.

    Args:
        rendered: Pairs of rendered path and the template file it comes from.

    Raises:
        BadRequest: Two paths are the same, also when case or Unicode form is folded.
    """
    files: dict[str, tuple[str, str]] = {}
    directories: dict[str, tuple[str, str]] = {}
    for path, template_file in rendered:
        key = fold(path)
        if key in files:
            _refuse_twins(files[key], (path, template_file))
        files[key] = (path, template_file)
        while "/" in path:
            path = path.rsplit("/", 1)[0]  # noqa: PLW2901 - climbs from the file to the root
            above = fold(path)
            if above in directories:
                if directories[above][0] != path:
                    _refuse_twins(directories[above], (path, template_file))
                break
            directories[above] = (path, template_file)
    for key in files.keys() & directories.keys():
        _refuse_twins(files[key], directories[key])


def _refuse_twins(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = printable(one[1]), printable(other[1])
    raise BadRequest(
        f"{first} and {second} both land on {printable(other[0])!r}",
        hint="two files of one template need two names that differ by more than case or Unicode form",
    )


def printable(text: str) -> str:
    """Return `text` with every control and invisible character escaped, safe to show on a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if unicodedata.category(c) not in _INVISIBLE else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in text
    )
