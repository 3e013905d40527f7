"""What ignore files leave out: `.gitignore` and `.dockerignore`, as far as they agree (gitignore(5), last match
counts)."""

import re


def ignores(patterns: list[str], name: str) -> bool:
    """Whether the patterns of an ignore file keep a name at the context's root out (the last match counts)."""
    ignored = False
    for pattern in patterns:
        negative = pattern.startswith("!")
        text = pattern.lstrip("!").strip("/").removeprefix("**/").removesuffix("/**")
        if text in {"*", "**", ""} and pattern.strip("!"):
            matches = True
        else:
            regular = re.escape(text).replace(r"\*\*", ".*").replace(r"\*", "[^/]*").replace(r"\?", ".")
            matches = re.fullmatch(regular, name) is not None
        if matches:
            ignored = not negative
    return ignored


def left_out(patterns: list[str], path: str) -> bool:
    """Whether a `.gitignore` beside it leaves a path out: by itself, by one of its parts, or by a directory above.

    Args:
        patterns: The lines of the file, without comments.
        path: POSIX path relative to the file's directory.
    """
    parts = path.split("/")
    for end in range(1, len(parts) + 1):
        if ignores(patterns, "/".join(parts[:end])):
            return True
        anywhere = [pattern for pattern in patterns if "/" not in pattern.strip("!").rstrip("/")]
        if end > 1 and ignores(anywhere, parts[end - 1]):
            return True
    return False


def patterns_of(text: str) -> list[str]:
    """Return the patterns in an ignore file's text."""
    return [line.strip() for line in text.split("\n") if line.strip() and not line.startswith("#")]
