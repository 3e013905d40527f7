"""The inverted index of one view, in memory: what fits a question, in which order, and what tells it apart.

Sets of documents are Roaring bitmaps, and a facet's count is the size of an intersection, as Lucene and Meilisearch
count. Documents are only ever added: one that is gone is struck from what is seen, and what else is known of it goes
when the index is built anew.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from ..search.index import TIER, Match
from .counting import Counts, arranged
from .ordering import Ordering, Place
from .postings import Postings
from .reading import Filter, Question
from .timetable import Timetable, Window


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What is known of an entry. Its texts are plain words, with blanks between them."""

    entry: int
    publication: str
    newness: int
    windows: Sequence[Window]
    texts: Sequence[str]
    name_length: int
    terms: Sequence[tuple[str, str, float | None]]
    categories: Sequence[str]


class Words:
    """Which documents have which words in one of their texts."""

    def __init__(self) -> None:
        self._postings: Postings[str] = Postings()

    def add(self, document: int, text: str) -> None:
        """Note the words of a document."""
        for word in text.split():
            self._postings.add(word, document)

    def beginning_with(self, starts: Iterable[str]) -> BitMap:
        """Return the documents that have a word with one of these beginnings."""
        return self._postings.having_any(word for start in starts for word in self._range(start))

    def settle(self) -> None:
        """Do at once what the next look would have to."""
        _ = self._postings.ordered

    def _range(self, start: str) -> Sequence[str]:
        words = self._postings.ordered
        first = bisect_left(words, start)
        return words[first : bisect_left(words, start + "\U0010ffff", first)]


class InvertedIndex:
    """The documents of one view.

    :param moment: at which they are looked at first, in microseconds since 1970.
    """

    def __init__(self, moment: int) -> None:
        self._documents: dict[str, int] = {}
        self._entries = array("q")
        self._times = Timetable(moment)
        self.newest = Ordering(self._entries)
        self.shortest = Ordering(self._entries)
        self._texts = (Words(), Words(), Words())
        self._values: dict[str, Postings[str]] = {}
        self._numbers: dict[str, Postings[float]] = {}
        self._categories: Postings[str] = Postings()

    def __len__(self) -> int:
        return len(self._documents)

    @property
    def struck(self) -> int:
        """How many documents are kept in vain."""
        return len(self._entries) - len(self._documents)

    def put(self, found: Document) -> None:
        """Add a document, in the place of what was known of its publication."""
        self.strike(found.publication)
        document = len(self._entries)
        self._documents[found.publication] = document
        self._entries.append(found.entry)
        self.newest.add(found.newness)
        self.shortest.add(found.name_length)
        for words, text in zip(self._texts, found.texts, strict=True):
            words.add(document, text)
        for name, value, number in found.terms:
            self._values.setdefault(name, Postings()).add(value, document)
            if number is not None:
                self._numbers.setdefault(name, Postings()).add(number, document)
        for category in found.categories:
            self._categories.add(category, document)
        self._times.add(document, found.windows)

    def settle(self) -> None:
        """Put what is new in order, so that no search has to do it for very much at once."""
        for each in (self.newest, self.shortest, *self._texts):
            each.settle()

    def strike(self, publication: str) -> None:
        """Show what belongs to a publication no more."""
        if (document := self._documents.pop(publication, None)) is not None:
            self._times.remove(document)

    def find(self, question: Question, categories: Sequence[str] | None) -> "Found":
        """Find what is seen at the question's moment and fits.

        :param categories: the question's category and all below it.
        """
        self._times.advance(question.view.moment)
        candidates = self._times.seen
        tiers: Sequence[BitMap] = ()
        if question.match is not None:
            tiers = self._tiers(question.match)
            candidates = candidates & tiers[-1]
        if categories is not None:
            candidates = candidates & self._categories.having_any(categories)
        having = {each.name: self._having(each) for each in question.filters}
        return Found(index=self, candidates=candidates, having=having, tiers=tiers)

    def counts(self, name: str, documents: BitMap) -> Iterable[tuple[str, int]]:
        """Return the values of an attribute that any of these documents has, and how many of them do."""
        return self._values[name].counts(documents) if name in self._values else ()

    @property
    def attributes(self) -> Iterable[str]:
        """The names of all attributes of which there are values."""
        return self._values

    def _tiers(self, match: Match) -> list[BitMap]:
        """Return what has all words in its name; in name or attributes; in name, attributes or description."""
        tiers: list[BitMap] = []
        by_word = [BitMap() for _ in match.groups]
        for words in self._texts:
            by_word = [found | words.beginning_with(group) for found, group in zip(by_word, match.groups, strict=True)]
            tiers.append(BitMap.intersection(*by_word))
        return tiers

    def _having(self, wanted: Filter) -> BitMap:
        if wanted.bounds is None:
            values = self._values.get(wanted.name)
            return BitMap() if values is None else values.having_any(wanted.values)
        low, high = wanted.bounds
        postings: Postings[float] = self._numbers.get(wanted.name, Postings())
        numbers = postings.ordered
        return postings.having_any(numbers[bisect_left(numbers, low) : bisect_right(numbers, high)])


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found: ``candidates`` fit everything but the filters, ``having`` is what fits each of these.

    ``tiers`` are sets of which each holds the one before it, the better matches; without any the newest come first.
    """

    index: InvertedIndex
    candidates: BitMap
    having: dict[str, BitMap]
    tiers: Sequence[BitMap]

    def counts(self, wanted: Sequence[str]) -> Counts:
        """Count as :func:`.counting.counts` does."""
        fitting = self._fitting()
        rows: list[tuple[str, str, int]] = []
        for name in dict.fromkeys(wanted) or self.index.attributes:
            documents = self._fitting(leave_out=name) if name in self.having else fitting
            rows += [(name, value, count) for value, count in self.index.counts(name, documents)]
        return Counts(total=len(fitting), facets=arranged(rows))

    def places(self, count: int, after: Place | None) -> list[Place]:
        """Return the first places in the order of the answer, behind the place ``after``."""
        fitting = self._fitting()
        if not self.tiers:
            return self.index.newest.first(fitting, count, after)
        found: list[Place] = []
        better = BitMap()
        for rank, tier in enumerate(self.tiers):
            inside = None if after is None else (after[0] - rank * TIER, after[1])
            places = self.index.shortest.first((fitting & tier) - better, count - len(found), inside)
            found += [(rank * TIER + number, entry) for number, entry in places]
            better = tier
        return found

    def _fitting(self, leave_out: str | None = None) -> BitMap:
        return BitMap.intersection(
            self.candidates, *(found for name, found in self.having.items() if name != leave_out)
        )
