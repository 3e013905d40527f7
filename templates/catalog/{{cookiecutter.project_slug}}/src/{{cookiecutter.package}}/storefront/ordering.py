"""An order of documents by a number, from which pages are cut."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from heapq import nsmallest
from itertools import islice

from pyroaring import BitMap

from .postings import Postings

Place = tuple[int, int]
"""Where a document stands in an order: its number, then its entry's id."""


class Ordering:
    """Documents, counted from 0, by a number and then by their entries' ids.

    :param entries: the entries' ids by document; it is read, never changed.
    """

    def __init__(self, entries: "array[int]") -> None:
        self._entries = entries
        self._numbers = array("q")
        self._with: Postings[int] = Postings()

    def add(self, number: int) -> None:
        """Add the next document."""
        self._with.add(number, len(self._numbers))
        self._numbers.append(number)

    def settle(self) -> None:
        """Do at once what the next look would have to."""
        _ = self._with.ordered

    def first(self, documents: BitMap, count: int, after: Place | None) -> list[Place]:
        """Return the first places of these documents, behind the place ``after``."""
        if not documents or not count:
            return []
        # Of few documents all are looked at; of many the first ones are met soon on the way along the numbers.
        if len(documents) ** 2 < 4 * count * len(self._with.ordered):
            places = ((self._numbers[each], self._entries[each]) for each in documents)
            return nsmallest(count, (each for each in places if after is None or each > after))
        return list(islice(self.walk(documents, count, after), count))

    def walk(self, documents: BitMap, count: int, after: Place | None) -> Iterator[Place]:
        """Yield places in their order, of each number no more than ``count``."""
        numbers = self._with.ordered
        start = 0 if after is None else bisect_left(numbers, after[0])
        for position in range(start, len(numbers)):
            number = numbers[position]
            places = ((number, self._entries[each]) for each in self._with.having(number) & documents)
            yield from nsmallest(count, (each for each in places if after is None or each > after))
