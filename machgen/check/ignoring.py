"""What ignore files leave out: `.gitignore` and `.dockerignore`, as far as they agree (gitignore(5))."""

import functools
import re
from collections.abc import Sequence


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> tuple[re.Pattern[str] | None, bool, bool]:
    """A pattern as an expression (None where it matches everything), whether it takes back, whether it is a name."""
    text = pattern.lstrip("!").strip("/").removeprefix("**/").removesuffix("/**")
    negative, anywhere = pattern.startswith("!"), "/" not in pattern.strip("!").rstrip("/")
    if text in {"*", "**", ""} and pattern.strip("!"):
        return None, negative, anywhere
    regular = re.escape(text).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", ".")
    return re.compile(regular), negative, anywhere


def ignores(patterns: Sequence[str], name: str) -> bool:
    """Whether the patterns of an ignore file keep a name at the context's root out (the last match counts)."""
    ignored = False
    for pattern in patterns:
        expression, negative, _ = _compiled(pattern)
        if expression is None or expression.fullmatch(name):
            ignored = not negative
    return ignored


def leaves_out(patterns: Sequence[str], path: str) -> bool:
    """Whether a `.gitignore` leaves a path out by itself; its directories are asked before it.

    Args:
        patterns: The lines of the file, without comments.
        path: POSIX path relative to the file's directory.
    """
    name = path.rpartition("/")[2]
    ignored = False
    for pattern in patterns:
        expression, negative, anywhere = _compiled(pattern)
        if expression is None or expression.fullmatch(path) or (anywhere and expression.fullmatch(name)):
            ignored = not negative
    return ignored


def left_out(patterns: Sequence[str], path: str) -> bool:
    """Whether a `.gitignore` leaves a path out: by itself, or by one of the directories above it."""
    parts = path.split("/")
    return any(leaves_out(patterns, "/".join(parts[:end])) for end in range(1, len(parts) + 1))


def patterns_of(text: str) -> list[str]:
    """Return the patterns in an ignore file's text."""
    return [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
