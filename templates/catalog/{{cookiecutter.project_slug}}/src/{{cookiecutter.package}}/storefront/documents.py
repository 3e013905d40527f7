# ruff: noqa: S608 - every value is bound; only words of our own and placeholders are put together
"""Reading what the index in memory holds: piece by piece, all of a view or what has changed of it."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from chassis.database import Database

from ..search.index import index_of
from .inverted import Document
from .timetable import Window

_PIECE = 250
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"
_VIEW = "e.channel = $1 AND e.locale = $2"
_POSTGRES = "= ANY(CAST(string_to_array($3, ',') AS uuid[]))"
_SQLITE = """IN (SELECT value FROM json_each('["' || replace($3, ',', '","') || '"]'))"""


async def documents(database: Database, channel: str, locale: str) -> AsyncIterator[list[Document]]:
    """Read all documents of a view, some hundreds at a time."""
    after: str | None = _BEFORE_ALL
    while after is not None:
        where, given = f"{_VIEW} AND e.publication_id > $3", [channel, locale, after]
        last = await database.fetch(
            f"SELECT CAST(e.publication_id AS text) FROM entries e WHERE {where}"
            f" ORDER BY e.publication_id LIMIT 1 OFFSET {_PIECE - 1}",
            *given,
        )
        after = last[0][0] if last else None
        if after is not None:
            given.append(after)
            where += " AND e.publication_id <= $4"
        yield await _piece(database, where, given)


async def documents_of(
    database: Database, channel: str, locale: str, publications: Iterable[str]
) -> AsyncIterator[list[Document]]:
    """Read the documents of some publications in a view, some hundreds at a time."""
    left = sorted(publications)
    # Named one by one: what a subquery would find PostgreSQL takes for a third of everything, and reads the whole view.
    named = f"{_VIEW} AND e.publication_id {_SQLITE if database.is_sqlite else _POSTGRES}"
    for start in range(0, len(left), _PIECE):
        yield await _piece(database, named, [channel, locale, ",".join(left[start : start + _PIECE])])


async def _piece(database: Database, where: str, given: Sequence[str]) -> list[Document]:
    texts = index_of(database).texts
    entries = await database.fetch(
        f"SELECT CAST(e.publication_id AS text), e.id, e.newness, e.visible_from, e.visible_until, {texts.columns}"
        f" FROM entries e LEFT JOIN search_texts s ON {texts.condition} WHERE {where}",
        *given,
    )
    publication = "SELECT CAST(e.publication_id AS text)"
    listings = await database.fetch(
        f"{publication}, l.visible_from, l.visible_until FROM entries e"
        f" JOIN listings l ON l.publication_id = e.publication_id AND l.channel = e.channel WHERE {where}",
        *given,
    )
    terms = await database.fetch(
        f"{publication}, t.name, t.value, t.number FROM entries e"
        f" JOIN terms t ON t.publication_id = e.publication_id WHERE {where}",
        *given,
    )
    categories = await database.fetch(
        f"{publication}, pc.category FROM entries e"
        f" JOIN publication_categories pc ON pc.publication_id = e.publication_id WHERE {where}",
        *given,
    )
    listed, valued, placed = _grouped(listings), _grouped(terms), _grouped(categories)
    return [
        Document(
            publication=key,
            entry=entry,
            newness=newness,
            windows=_overlaps((begin, end), listed.get(key, ())),
            texts=[name or "", words or "", description or ""],
            name_length=length or 0,
            terms=valued.get(key, ()),
            categories=[category for (category,) in placed.get(key, ())],
        )
        for key, entry, newness, begin, end, name, words, description, length in entries
    ]


def _grouped(rows: Sequence[Sequence[Any]]) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for key, *values in rows:
        found.setdefault(key, []).append(tuple(values))
    return found


def _overlaps(shown: Window, listed: Sequence[tuple[Any, ...]]) -> list[Window]:
    """Return when something is both published and listed."""
    both = ((max(shown[0], begin), min(shown[1], end)) for begin, end in listed)
    return list({(begin, end) for begin, end in both if begin < end})
