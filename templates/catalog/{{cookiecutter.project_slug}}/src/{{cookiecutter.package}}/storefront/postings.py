"""Sets of documents by what they have: a word, a value, a category."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

from pyroaring import BitMap

Key = TypeVar("Key", str, int, float)


class Postings(Generic[Key]):
    """Which documents, counted from 0, have which key.

    What only one document has, such as an article number, is kept as a plain number: a tenth of the smallest set.
    """

    def __init__(self) -> None:
        self._found: dict[Key, int | BitMap] = {}
        self._ordered: list[Key] = []
        self._fresh: list[Key] = []

    def add(self, key: Key, document: int) -> None:
        """Note that a document has a key."""
        found = self._found.get(key)
        if found is None:
            self._found[key] = document
            self._fresh.append(key)
        elif isinstance(found, BitMap):
            found.add(document)
        elif found != document:
            self._found[key] = BitMap((found, document))

    @property
    def ordered(self) -> Sequence[Key]:
        """All keys in their order; looked at now and then, few new ones have to be put among the others at once."""
        if self._fresh:
            self._fresh.sort()
            self._ordered += self._fresh
            self._ordered.sort()  # two runs that are sorted: they are merged
            self._fresh = []
        return self._ordered

    def having(self, key: Key) -> BitMap:
        """Return the documents that have a key; not to be changed."""
        found = self._found.get(key)
        if found is None:
            return BitMap()
        return found if isinstance(found, BitMap) else BitMap((found,))

    def having_any(self, keys: Iterable[Key]) -> BitMap:
        """Return the documents that have one of these keys."""
        sets, single = [BitMap()], []
        for key in keys:
            found = self._found.get(key)
            if isinstance(found, BitMap):
                sets.append(found)
            elif found is not None:
                single.append(found)
        return BitMap.union(*sets, BitMap(single))

    def counts(self, documents: BitMap) -> Iterator[tuple[Key, int]]:
        """Yield how many of these documents have each key, where there are any."""
        for key, found in self._found.items():
            count = documents.intersection_cardinality(found) if isinstance(found, BitMap) else int(found in documents)
            if count:
                yield key, count
