"""Words as search sees them: the same for what is stored and for what is asked, on every database."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
LONGEST = 60


def words(text: str) -> list[str]:
    """Split a text into words without case and accents: ``"Größe, Ü-30"`` gives ``grosse``, ``u`` and ``30``."""
    bare = text.casefold()
    if not bare.isascii():
        bare = "".join(each for each in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(each))
    return [word[:LONGEST] for word in _WORD.findall(bare)]


def trigrams(word: str) -> frozenset[str]:
    """Return all three-letter pieces of a word that is padded as PostgreSQL's pg_trgm pads it."""
    padded = f"  {word} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def likeness(one: str, other: str) -> float:
    """Return how alike two words are, from 0 to 1: the share of trigrams that both have (pg_trgm's ``similarity``)."""
    mine, theirs = trigrams(one), trigrams(other)
    return len(mine & theirs) / len(mine | theirs)


def closest(word: str, candidates: Iterable[str], *, least: float, most: int) -> list[str]:
    """Return the candidates that are like a word, the most alike first."""
    found = sorted((-likeness(word, each), each) for each in candidates)
    return [each for distance, each in found if -distance >= least][:most]
