# ruff: noqa: S608 - every value is bound; only words of our own and placeholders are put together
"""How touchpoints' questions become SQL: one SELECT each, the same on both databases, answered with ready bytes."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from chassis.database import Database, now
from chassis.problems import Problem

from ..search.index import Match
from ..vocabulary.moments import microseconds

FILTER = r"^[a-z][a-z0-9_]{0,49}:.{1,500}$"
_RANGE = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)?\.\.(-?[0-9]{1,15}(?:\.[0-9]{1,9})?)?")
_VALUE = re.compile(r"(?:\\.|[^,])+", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL = re.compile(r"[\\,]")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LANGUAGE_SECONDS = 5.0
SORTS = {"newest": "newness", "name": "sort_name", "price": "price", "-price": "price_descending"}


@dataclass(frozen=True, kw_only=True)
class View:
    """Who is looking: a channel, in one of its languages, at a moment (microseconds since 1970)."""

    channel: str
    locale: str
    moment: int


def present(channel: str, locale: str) -> View:
    """Return the view of a channel now."""
    return View(channel=channel, locale=locale, moment=microseconds(now()))


_languages: WeakKeyDictionary[Database, dict[str, tuple[float, list[dict[str, Any]]]]] = WeakKeyDictionary()


def forget_languages() -> None:
    """Read the channels' languages again; other processes do so within seconds."""
    _languages.clear()


async def _languages_of(database: Database, channel: str) -> list[dict[str, Any]]:
    kept = _languages.setdefault(database, {})
    until, locales = kept.get(channel, (0.0, []))
    if time.monotonic() > until:
        rows = await database.fetch("SELECT CAST(live_locales AS text) FROM channels WHERE key = $1", channel)
        if not rows:
            raise Problem(404, "no-channel", "There is no such channel.")
        locales = json.loads(rows[0][0])
        kept[channel] = (time.monotonic() + _LANGUAGE_SECONDS, locales)
    return locales


async def language(database: Database, channel: str, wanted: str | None) -> Sequence[str]:
    """Return the channel's language that fits best what is wanted, followed by those that stand in for it.

    Without a fitting one it is the channel's default (lookup: RFC 4647, section 3.4).

    :raises Problem: 404 when there is no such channel.
    """
    locales = await _languages_of(database, channel)
    by_name = {each["locale"]: each for each in locales}
    tag = wanted or ""
    while tag and tag not in by_name:
        tag = tag.rpartition("-")[0]
    chosen = by_name.get(tag, locales[0])
    return [chosen["locale"], *chosen["fallbacks"]]


@dataclass
class Statement:
    """A SELECT in the making. ``bind`` takes a value and returns its place."""

    parameters: list[object] = field(default_factory=list)

    def bind(self, value: object) -> str:
        """Add a parameter; return its placeholder."""
        self.parameters.append(value)
        return f"${len(self.parameters)}"

    def visible(self, view: View) -> str:
        """Return the condition under which the view shows an entry ``e``: published, in the assortment, in its time."""
        channel, locale, moment = self.bind(view.channel), self.bind(view.locale), self.bind(view.moment)
        return (
            f"e.channel = {channel} AND e.locale = {locale}"
            f" AND e.visible_from <= {moment} AND e.visible_until > {moment}"
            f" AND EXISTS (SELECT 1 FROM listings l WHERE l.publication_id = e.publication_id AND l.channel = {channel}"
            f" AND l.visible_from <= {moment} AND l.visible_until > {moment})"
        )

    def below(self, category: str) -> str:
        """Return the condition that an entry is in a category or below it."""
        return (
            "EXISTS (SELECT 1 FROM publication_categories pc JOIN category_paths cp ON cp.descendant = pc.category"
            f" WHERE pc.publication_id = e.publication_id AND cp.ancestor = {self.bind(category)})"
        )

    def having(self, wanted: "Filter") -> str:
        """Return the condition that an entry has one of the values of an attribute, or one in a range."""
        if wanted.bounds is None and not wanted.values:
            return "1 = 0"
        start = f"e.publication_id IN (SELECT t.publication_id FROM terms t WHERE t.name = {self.bind(wanted.name)}"
        if wanted.bounds is not None:
            low, high = wanted.bounds
            return f"{start} AND t.number >= {self.bind(low)} AND t.number <= {self.bind(high)})"
        return f"{start} AND t.value IN ({', '.join(self.bind(value) for value in wanted.values)}))"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """An attribute and the values that are wanted of it, or the bounds, both included."""

    name: str
    values: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None


def filters(given: Sequence[str]) -> list[Filter]:
    """Read filters: ``material:steel,bronze`` or ``max_head:4..10``, one end of which may be left open.

    A backslash takes the next character as it is, so that values may hold commas. Of several for one attribute the
    last one counts.

    :param given: each fits :data:`FILTER`.
    """
    found: dict[str, Filter] = {}
    for each in given:
        name, _, wanted = each.partition(":")
        if (bounds := _RANGE.fullmatch(wanted)) and wanted != "..":
            low, high = float(bounds[1] or "-inf"), float(bounds[2] or "inf")
            found[name] = Filter(name=name, bounds=(low, high))
        else:
            values = [_ESCAPED.sub(r"\1", value) for value in _VALUE.findall(wanted)]
            found[name] = Filter(name=name, values=tuple(values[:50]))
    return list(found.values())


def in_filter(value: str) -> str:
    """Write a value in the way in which a filter means it, and nothing but it."""
    text = _SPECIAL.sub(r"\\\g<0>", value)
    return text.replace("..", "\\..") if _RANGE.fullmatch(text) else text


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a touchpoint asks for."""

    view: View
    category: str | None = None
    filters: Sequence[Filter] = ()
    match: Match | None = None

    def conditions(self, statement: Statement, *, filtered: bool = True) -> tuple[str, str]:
        """Return what goes into FROM and WHERE.

        :param filtered: whether the filters by attributes are among it.
        """
        where = [statement.visible(self.view)]
        source = "entries e"
        if self.match is not None:
            source += " " + self.match.join.format(statement.bind(self.match.parameter)[1:])
        if self.category is not None:
            where.append(statement.below(self.category))
        if filtered:
            where += [statement.having(each) for each in self.filters]
        return source, " AND ".join(where)

    def order(self, statement: Statement, sort: str) -> str:
        """Return what the answer is ordered by: the best match, or a column."""
        if self.match is None:
            return f"e.{SORTS[sort]}"
        return self.match.rank.format(statement.bind(self.match.parameter)[1:])


@dataclass(frozen=True, kw_only=True)
class CardPage:
    """One page of cards, and the position after which the next one begins."""

    cards: list[bytes]
    position: bytes | None


async def cards(database: Database, question: Question, *, sort: str, limit: int, position: bytes | None) -> CardPage:
    """Read one page of products as lists show them."""
    statement = Statement()
    source, where = question.conditions(statement)
    order = question.order(statement, sort)
    if position is not None:
        value, entry = json.loads(position)
        where += f" AND ({order}, e.id) > ({statement.bind(value)}, {statement.bind(entry)})"
    rows = await database.fetch(
        f"SELECT e.card, {order}, e.id FROM {source} WHERE {where} ORDER BY 2, 3 LIMIT {limit + 1}",
        *statement.parameters,
    )
    places = [(row[1], row[2]) for row in rows]
    return CardPage(cards=[row[0] for row in rows[:limit]], position=_following(places, limit))


async def cards_at(database: Database, view: View, places: Sequence[tuple[int, int]], limit: int) -> CardPage:
    """Read the cards of entries that were found, as far as the view still shows them.

    :param places: what they are ordered by, and their ids; one more than ``limit`` where there is a next page.
    """
    ids = [entry for _, entry in places[:limit]]
    if not ids:
        return CardPage(cards=[], position=None)
    statement = Statement()
    where = statement.visible(view)
    # As many as the limit, whatever was found: the driver keeps one prepared statement for it.
    wanted = ", ".join(statement.bind(entry) for entry in ids + ids[-1:] * (limit - len(ids)))
    # By their ids first: a database that knows nothing yet of a fresh table might read the whole channel instead.
    rows = await database.fetch(
        f"WITH e AS MATERIALIZED (SELECT * FROM entries WHERE id IN ({wanted}))"
        f" SELECT e.id, e.card FROM e WHERE {where}",
        *statement.parameters,
    )
    found = {row[0]: row[1] for row in rows}
    return CardPage(cards=[found[entry] for entry in ids if entry in found], position=_following(places, limit))


def _following(places: Sequence[tuple[Any, int]], limit: int) -> bytes | None:
    return json.dumps(places[limit - 1]).encode() if len(places) > limit else None


async def descendants(database: Database, category: str) -> list[str]:
    """Return a category and all below it."""
    rows = await database.fetch("SELECT descendant FROM category_paths WHERE ancestor = $1", category)
    return [row[0] for row in rows]


async def product(database: Database, view: View, id_or_slug: str, columns: str) -> Sequence[Any] | None:
    """Read columns of the entry of one product, by its id or its slug; nothing when the view does not show it."""
    statement = Statement()
    where = statement.visible(view)
    named = statement.bind(id_or_slug)
    # A slug may look like an id; both columns have their index.
    which = f"(e.product_id = {named} OR e.slug = {named})" if _ID.fullmatch(id_or_slug) else f"e.slug = {named}"
    rows = await database.fetch(
        f"SELECT {columns} FROM entries e WHERE {where} AND {which} ORDER BY e.visible_from DESC, e.id DESC LIMIT 1",
        *statement.parameters,
    )
    found: Sequence[Any] | None = rows[0] if rows else None
    return found


async def related(database: Database, view: View, entry: int) -> Sequence[Any]:
    """Read relation and card of the products that an entry refers to, as far as the view shows them."""
    statement = Statement()
    where = statement.visible(view)
    return await database.fetch(
        "SELECT r.relation, e.card FROM entries me"
        " JOIN publication_references r ON r.publication_id = me.publication_id"
        f" JOIN entries e ON e.product = r.product WHERE me.id = {statement.bind(entry)} AND {where}"
        " ORDER BY r.position LIMIT 200",
        *statement.parameters,
    )


async def names(database: Database, view: View, products: Sequence[str]) -> dict[str, str]:
    """Return what the view calls those of some products that it shows, by their keys."""
    if not products:
        return {}
    statement = Statement()
    where = statement.visible(view)
    wanted = ", ".join(statement.bind(key) for key in products)
    rows = await database.fetch(
        f"SELECT e.product, e.card FROM entries e WHERE e.product IN ({wanted}) AND {where}", *statement.parameters
    )
    return {key: json.loads(card)["name"] for key, card in rows}


async def populated(database: Database, view: View) -> set[str]:
    """Return the keys of the categories in which, or below which, the view shows a product."""
    statement = Statement()
    where = statement.visible(view)
    rows = await database.fetch(
        "SELECT DISTINCT cp.ancestor FROM entries e JOIN publication_categories pc ON pc.publication_id ="
        f" e.publication_id JOIN category_paths cp ON cp.descendant = pc.category WHERE {where}",
        *statement.parameters,
    )
    return {row[0] for row in rows}
