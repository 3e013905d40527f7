"""Answering a search: from the index in memory where there is one, else by asking the database."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chassis.database import Database

from . import reading
from .counting import Counts, counts
from .live import LiveIndexes
from .reading import CardPage, Question

if TYPE_CHECKING:
    from .ordering import Place


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search: the question, the attributes to count (none means all), and the page of cards."""

    question: Question
    facets: Sequence[str]
    limit: int
    position: bytes | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One page of what was found, and the counts of all of it."""

    page: CardPage
    counts: Counts


async def search(database: Database, indexes: LiveIndexes, asked: Asked) -> Answer:
    """Answer a search with what is true now; the same, whichever of the two answers."""
    view, category = asked.question.view, asked.question.category
    below = None if category is None else await reading.descendants(database, category)
    async with indexes.current(view.channel, view.locale) as index:
        if index is not None:
            question = replace(asked.question, view=reading.present(view.channel, view.locale))
            found = index.find(question, below)
            after: Place | None = None if asked.position is None else tuple(json.loads(asked.position))
            places = found.places(asked.limit + 1, after)
            counted = found.counts(asked.facets)
    if index is None:
        page = await reading.cards(database, asked.question, sort="newest", limit=asked.limit, position=asked.position)
        return Answer(page=page, counts=await counts(database, asked.question, asked.facets))
    return Answer(page=await reading.cards_at(database, question.view, places, asked.limit), counts=counted)
