"""Words as search sees them: the same for what is stored and for what is asked, on every database."""

import re
import unicodedata
from collections.abc import Iterable

_WORD = re.compile(r"[^\W_]+")
LONGEST = 60
SHORTEST_INEXACT = 4
"""Below that many letters, a word is taken as it was written."""
_SCANNED = re.compile(r"[0-9]{8,14}")
_MARK = "qgtin"


def words(text: str) -> list[str]:
    """Split a text into words without case and accents: ``"Größe, Ü-30"`` gives ``grosse``, ``u`` and ``30``."""
    return [word[:LONGEST] for word in _WORD.findall(bare(text))]


def bare(text: str) -> str:
    """Return a text without case and accents, by which names are ordered too: an Ä stands beside an A (DIN 5007-1)."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(each for each in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(each))


def marked(gtin: str) -> str:
    """Return the word that stands for a GTIN.

    Not its digits: all of one maker's begin alike, so that a search for ``DN 40`` would find everything it makes.
    """
    return _MARK + gtin


def is_marked(word: str) -> bool:
    """Tell whether a word stands for a GTIN, and is nothing that people may nearly have meant."""
    return word.startswith(_MARK)


def scanned(word: str) -> list[str]:
    """Return what stands for a GTIN that was asked for by this word, if it may be one."""
    return [marked(word)] if _SCANNED.fullmatch(word) else []


def trigrams(word: str) -> frozenset[str]:
    """Return all three-letter pieces of a word that is padded as PostgreSQL's pg_trgm pads it."""
    padded = f"  {word} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def exchanged(word: str) -> list[str]:
    """Return what a word may have been before two letters next to each other changed places."""
    swapped = (word[:place] + word[place + 1] + word[place] + word[place + 2 :] for place in range(len(word) - 1))
    return [each for each in dict.fromkeys(swapped) if each != word]


def slips(word: str, anything: str) -> list[str]:
    """Return what a word may have been before one letter became wrong, too many or too few.

    Trigrams tell that of long words; of short ones, a slip in the middle leaves hardly any as it was.

    :param anything: how a pattern of the database writes one letter, whichever it is.
    :returns: patterns, none shorter than what may be inexact.
    """
    parts = [(word[:place], word[place:]) for place in range(len(word))]
    wrong = [head + anything + tail[1:] for head, tail in parts]
    too_many = [head + tail[1:] for head, tail in parts if len(word) > SHORTEST_INEXACT]
    too_few = [head + anything + tail for head, tail in parts]
    return list(dict.fromkeys(wrong + too_many + too_few))


def likeness(one: str, other: str) -> float:
    """Return how alike two words are, from 0 to 1: the share of trigrams that both have (pg_trgm's ``similarity``)."""
    mine, theirs = trigrams(one), trigrams(other)
    return len(mine & theirs) / len(mine | theirs)


def closest(word: str, candidates: Iterable[str], *, least: float, most: int) -> list[str]:
    """Return the candidates that are like a word, the most alike first."""
    found = sorted((-likeness(word, each), each) for each in candidates)
    return [each for distance, each in found if -distance >= least][:most]
