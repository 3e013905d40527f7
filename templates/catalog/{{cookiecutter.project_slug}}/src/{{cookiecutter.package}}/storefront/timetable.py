"""Which documents are seen now, and when that changes next."""

from collections.abc import Sequence
from heapq import heappop, heappush

from pyroaring import BitMap

from ..vocabulary.moments import NEVER_ENDING

Window = tuple[int, int]
"""The first microsecond since 1970, and the one after the last."""


class Timetable:
    """Keeps the set of documents that are seen at a moment; the moment only ever goes forward.

    :param moment: to begin with, in microseconds since 1970.
    """

    def __init__(self, moment: int) -> None:
        self.seen = BitMap()
        self._moment = moment
        self._windows: dict[int, Sequence[Window]] = {}
        self._changes: list[tuple[int, int]] = []

    def add(self, document: int, windows: Sequence[Window]) -> None:
        """Show a document in any of these windows."""
        self._windows[document] = windows
        for each in windows:
            for moment in each:
                if self._moment < moment < NEVER_ENDING:
                    heappush(self._changes, (moment, document))
        self._look(document)

    def remove(self, document: int) -> None:
        """Show a document no more."""
        self._windows.pop(document, None)
        self.seen.discard(document)

    def advance(self, moment: int) -> None:
        """Go forward to a moment."""
        self._moment = max(self._moment, moment)
        while self._changes and self._changes[0][0] <= self._moment:
            self._look(heappop(self._changes)[1])

    def _look(self, document: int) -> None:
        if any(begin <= self._moment < end for begin, end in self._windows.get(document, ())):
            self.seen.add(document)
        else:
            self.seen.discard(document)
