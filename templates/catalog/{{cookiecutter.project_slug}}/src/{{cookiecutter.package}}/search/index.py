"""The port to full text search, and its two implementations.

Both find a word by its beginning, by a part of it (``pumpe`` in ``Kreiselpumpe``), and in spite of a slip of the pen
(``pmupe``). They rank names above attributes above descriptions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Database, take_turns

from .words import SHORTEST_INEXACT, closest, exchanged, is_marked, scanned, slips, trigrams, words

_LEAST_LIKENESS = 0.3
_MOST_ALTERNATIVES = 8
_MOST_WORDS = 8
_LONGEST_SLIP = 12
_BATCH = 400
_SWEPT = 200
_VOCABULARY = "search-words"
"""What those take turns for who add words, among each other together, and who forget them."""

_MOST_DESCRIBED = 2000
TIER = 1000
"""What lies between ranks: all words in the name, else in name and words, else with the description; the shorter name
first. Not ``bm25``, which changes with every other entry, so that cursors would lead elsewhere; nor ``ts_rank``, which
SQLite has not."""

_POSTGRES_RANK = (
    "(CASE WHEN s.words @@ to_tsquery('simple', replace(${0}, ':*', ':*A')) THEN 0"
    " WHEN s.words @@ to_tsquery('simple', replace(${0}, ':*', ':*AB')) THEN 1000 ELSE 2000 END + s.name_length)"
)
_SQLITE_RANK = (
    "(CASE WHEN e.id IN (SELECT rowid FROM search_texts WHERE search_texts MATCH 'name : (' || ${0} || ')') THEN 0 WHEN"
    " e.id IN (SELECT rowid FROM search_texts WHERE search_texts MATCH '- description : (' || ${0} || ')')"
    " THEN 1000 ELSE 2000 END + min(length(search_texts.name), 999))"
)


@dataclass(frozen=True, kw_only=True)
class Text:
    """What is searched of one entry: the name counts most, then the words (SKUs, attributes), then the description."""

    name: str
    words: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Match:
    """How a query joins the index.

    ``join`` goes into the FROM clause, where ``e`` is the entry and ``{0}`` the number of the parameter that holds
    ``parameter``; ``rank`` is a number that is lower for better matches, and depends on the entry alone. ``groups``
    says the same to who has the words at hand: of each group one beginning of a word has to be there.
    """

    join: str
    rank: str
    parameter: str
    groups: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """How the indexed texts are read again.

    ``columns`` are name, words, description and the length of the name as the rank counts it, where ``s`` is the row of
    ``search_texts`` that meets ``condition`` for an entry ``e``. Each word is in its text at least once.
    """

    columns: str
    condition: str


class Index(Protocol):
    """Full text search."""

    @property
    def texts(self) -> Stored:
        """How to read what is indexed."""
        ...

    async def add(self, session: AsyncSession, texts: Mapping[int, Text]) -> None:
        """Make entries findable, in the transaction that makes them."""
        ...

    async def remove(self, session: AsyncSession, entries: Sequence[int]) -> None:
        """Forget entries."""
        ...

    async def match(self, database: Database, query: str) -> Match | None:
        """Return how entries that fit a query are found; nothing when there is no word in it."""
        ...

    async def sweep(self, session: AsyncSession, after: str) -> str:
        """Forget known words that no entry has any more, some of those that follow ``after``.

        :returns: after which word to go on; empty when all have been looked at.
        """
        ...


def index_for(session: AsyncSession) -> Index:
    """Return the index of the database that a session talks to."""
    return PostgresIndex() if session.get_bind().dialect.name == "postgresql" else SqliteIndex()


def index_of(database: Database) -> Index:
    """Return the index of a database."""
    return SqliteIndex() if database.is_sqlite else PostgresIndex()


_ADD_TEXTS = text(
    "INSERT INTO search_texts (entry_id, name_length, words) SELECT id, least(length(name), 999),"
    " setweight(to_tsvector('simple', name), 'A') || setweight(to_tsvector('simple', words), 'B')"
    " || setweight(to_tsvector('simple', description), 'D')"
    " FROM unnest(CAST(:id AS bigint[]), CAST(:name AS text[]), CAST(:words AS text[]), CAST(:description AS text[]))"
    " AS added (id, name, words, description)"
)
_LIKE_WORDS = (
    "SELECT word FROM search_words WHERE word % $1 OR word LIKE '%' || $1 || '%'"
    " ORDER BY similarity(word, $1) DESC, word LIMIT 50"
)
_MEANT_WORDS = (
    "SELECT CASE WHEN word LIKE meant || '%' THEN meant ELSE word END"
    " FROM unnest(string_to_array($1, ' ')) AS exchanged (meant) JOIN search_words ON word LIKE '%' || meant || '%'"
    " UNION SELECT left(word, length(meant))"
    " FROM unnest(string_to_array($2, ' ')) AS slips (meant) JOIN search_words ON word LIKE meant || '%' LIMIT 50"
)
_ADD_WORDS = text("INSERT INTO search_words (word) SELECT unnest(CAST(:words AS text[])) ON CONFLICT DO NOTHING")


class PostgresIndex:
    """``tsvector`` for words and their beginnings, ``pg_trgm`` for parts and slips."""

    texts = Stored(
        columns=", ".join(
            [
                *(f"array_to_string(tsvector_to_array(ts_filter(s.words, '{{{each}}}')), ' ')" for each in "abd"),
                "s.name_length",
            ]
        ),
        condition="s.entry_id = e.id",
    )

    async def add(self, session: AsyncSession, texts: Mapping[int, Text]) -> None:
        """Make entries findable."""
        await take_turns(session, _VOCABULARY, together=True)
        rows = _plain_rows(texts)
        columns = {name: [each[name] for each in rows] for name in ("id", "name", "words", "description")}
        await session.execute(_ADD_TEXTS, columns)
        if found := sorted(_vocabulary(rows)):
            await session.execute(_ADD_WORDS, {"words": found})

    async def remove(self, session: AsyncSession, entries: Sequence[int]) -> None:
        """Forget entries."""
        await session.execute(text("DELETE FROM search_texts WHERE entry_id = ANY(:ids)"), {"ids": list(entries)})

    async def match(self, database: Database, query: str) -> Match | None:
        """Return how entries that fit a query are found."""
        groups = [[*await self._like(database, word), *scanned(word)] for word in words(query)[:_MOST_WORDS]]
        if not groups:
            return None
        return Match(
            join="JOIN search_texts s ON s.entry_id = e.id AND s.words @@ to_tsquery('simple', ${0})",
            rank=_POSTGRES_RANK,
            parameter=" & ".join("(" + " | ".join(f"'{each}':*" for each in group) + ")" for group in groups),
            groups=groups,
        )

    async def _like(self, database: Database, word: str) -> list[str]:
        if len(word) < SHORTEST_INEXACT:
            return [word]
        rows = await database.fetch(_LIKE_WORDS, word)
        known = [row[0] for row in rows]
        if not _may_be_a_slip(word, known):
            return _alternatives(word, known)
        meant = await database.fetch(_MEANT_WORDS, " ".join(exchanged(word)), " ".join(slips(word, "_")))
        return _alternatives(word, known, [row[0] for row in meant])

    async def sweep(self, session: AsyncSession, after: str) -> str:
        """Forget known words that no entry has any more."""
        await take_turns(session, _VOCABULARY)
        looked_at = await _next_words(session, after)
        unused = text(
            "DELETE FROM search_words WHERE word = ANY(:words) AND NOT EXISTS"
            " (SELECT 1 FROM search_texts s WHERE s.words @@ plainto_tsquery('simple', search_words.word))"
        )
        await session.execute(unused, {"words": looked_at})
        return looked_at[-1] if looked_at else ""


class SqliteIndex:
    """FTS5: one table for words and their beginnings, one of trigrams for parts and slips."""

    texts = Stored(columns="s.name, s.words, s.description, min(length(s.name), 999)", condition="s.rowid = e.id")

    async def add(self, session: AsyncSession, texts: Mapping[int, Text]) -> None:
        """Make entries findable."""
        statement = text(
            "INSERT INTO search_texts (rowid, name, words, description) VALUES (:id, :name, :words, :description)"
        )
        rows = _plain_rows(texts)
        await session.execute(statement, rows)
        found = sorted(_vocabulary(rows))
        for start in range(0, len(found), _BATCH):
            batch = found[start : start + _BATCH]
            names = {f"w{number}": word for number, word in enumerate(batch)}
            query = text(f"SELECT word FROM search_words WHERE word IN ({', '.join(':' + name for name in names)})")  # noqa: S608 - parameter names of our own
            known = set(await session.scalars(query, names))
            fresh = [{"word": word} for word in batch if word not in known]
            if fresh:
                await session.execute(text("INSERT INTO search_words (word) VALUES (:word)"), fresh)
                await session.execute(text("INSERT INTO search_grams (word) VALUES (:word)"), fresh)

    async def remove(self, session: AsyncSession, entries: Sequence[int]) -> None:
        """Forget entries."""
        if entries:
            rows = [{"id": entry} for entry in entries]
            await session.execute(text("DELETE FROM search_texts WHERE rowid = :id"), rows)

    async def match(self, database: Database, query: str) -> Match | None:
        """Return how entries that fit a query are found."""
        groups = [[*await self._like(database, word), *scanned(word)] for word in words(query)[:_MOST_WORDS]]
        if not groups:
            return None
        return Match(
            join="JOIN search_texts ON search_texts.rowid = e.id AND search_texts MATCH ${0}",
            rank=_SQLITE_RANK,
            parameter=" AND ".join("(" + " OR ".join(f'"{each}"*' for each in group) + ")" for group in groups),
            groups=groups,
        )

    async def _like(self, database: Database, word: str) -> list[str]:
        if len(word) < SHORTEST_INEXACT:
            return [word]
        # Padded trigrams hold blanks, which the index of whole words has not.
        pieces = [piece for piece in sorted(trigrams(word)) if " " not in piece]
        rows = await database.fetch(
            "SELECT word FROM search_grams WHERE search_grams MATCH $1 ORDER BY rank LIMIT 200",
            " OR ".join(f'"{piece}"' for piece in pieces),
        )
        known = [row[0] for row in rows]
        if not _may_be_a_slip(word, known):
            return _alternatives(word, known)
        patterns = [*(f"*{each}*" for each in exchanged(word)), *(f"{each}*" for each in slips(word, "?"))]
        anyone = " OR ".join(f"word GLOB ${number}" for number in range(1, len(patterns) + 1))
        meant = await database.fetch(f"SELECT word FROM search_words WHERE {anyone} LIMIT 50", *patterns)  # noqa: S608 - numbers
        return _alternatives(word, known, [row[0] for row in meant])

    async def sweep(self, session: AsyncSession, after: str) -> str:
        """Forget known words that no entry has any more."""
        looked_at = await _next_words(session, after)
        used = text("SELECT 1 FROM search_texts WHERE search_texts MATCH :word LIMIT 1")
        for word in looked_at:
            if await session.scalar(used, {"word": f'"{word}"'}) is None:
                for table in ("search_words", "search_grams"):
                    await session.execute(text(f"DELETE FROM {table} WHERE word = :word"), {"word": word})  # noqa: S608 - a name of our own
        return looked_at[-1] if looked_at else ""


async def _next_words(session: AsyncSession, after: str) -> list[str]:
    query = text("SELECT word FROM search_words WHERE word > :after ORDER BY word LIMIT :limit")
    return list(await session.scalars(query, {"after": after, "limit": _SWEPT}))


def _may_be_a_slip(word: str, known: Iterable[str]) -> bool:
    """Say whether nothing contains a word, and it is not so long that trigrams tell of its slips."""
    return len(word) <= _LONGEST_SLIP and not any(word in each for each in known)


def _alternatives(word: str, known: Sequence[str], meant: Iterable[str] = ()) -> list[str]:
    """Return the word and those that stand for it: what contains it, and, if there is nothing, what is like it.

    :param known: words that share trigrams with it.
    :param meant: words, or beginnings of words, that one slip is between.
    """
    containing = sorted((each for each in known if word in each), key=len)
    close = [] if containing else closest(word, known, least=_LEAST_LIKENESS, most=_MOST_ALTERNATIVES)
    slipped = closest(word, set(meant), least=0, most=_MOST_ALTERNATIVES)
    return list(dict.fromkeys([word, *containing[:_MOST_ALTERNATIVES], *slipped, *close]))[: _MOST_ALTERNATIVES + 1]


def _plain_rows(texts: Mapping[int, Text]) -> list[dict[str, object]]:
    # Channels that show a product in one language say the same of it: each text is taken apart once.
    plain = {
        text: {
            "name": " ".join(words(text.name)),
            "words": " ".join(words(text.words)),
            "description": " ".join(words(text.description)[:_MOST_DESCRIBED]),
        }
        for text in set(texts.values())
    }
    return [{"id": entry, **plain[text]} for entry, text in texts.items()]


def _vocabulary(rows: Iterable[Mapping[str, object]]) -> set[str]:
    found: set[str] = set()
    for row in rows:
        found.update(str(row["name"]).split(), str(row["words"]).split(), str(row["description"]).split())
    return {word for word in found if len(word) >= SHORTEST_INEXACT and not is_marked(word)}
