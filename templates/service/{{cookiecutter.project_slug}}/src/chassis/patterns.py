"""Patterns of what callers write, each with the words that tell people what it takes.

A contract needs the pattern, for programs. Whoever has typed a wrong key into a form needs a sentence.
"""

_WORDS = {r"\S": "takes at least one character that is not a space"}


def worded(pattern: str, words: str) -> str:
    """Return a pattern as it is, and remember what it takes in words.

    :param words: completes the sentence "this member ...", such as ``takes two capital letters``.
    """
    _WORDS[pattern] = words
    return pattern


def words_of(pattern: str) -> str | None:
    """Return what a pattern takes in words, where somebody has said so."""
    return _WORDS.get(pattern)
