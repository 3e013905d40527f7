# ruff: noqa: S608 - every value is bound; only words of our own and placeholders are put together
"""How many products fit a question, and what tells them apart: one SELECT that looks at each of them once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chassis.database import Database

from .reading import Question, Statement

_MOST_ROWS, _MOST_VALUES = 1000, 50
"""How many values are told of in all, and of one attribute."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """``total`` products; how many of them have which value of which attribute, the most frequent first.

    An attribute that the question narrows is counted as if it did not: its other values are what one may choose next.
    """

    total: int
    facets: Mapping[str, list[tuple[str, int]]]


async def counts(database: Database, question: Question, wanted: Sequence[str]) -> Counts:
    """Count what fits a question.

    :param wanted: names of the attributes to count; empty means all searchable ones.
    """
    statement = Statement()
    narrowed = [each.name for each in question.filters]
    fits = [f"fits_{number}" for number in range(len(narrowed))]
    found = _candidates(statement, question, fits)
    names = {name: statement.bind(name) for name in narrowed}
    all_fit = " AND ".join(["TRUE", *fits])
    counted = [" AND ".join([all_fit, *(f"f.name <> {place}" for place in names.values())])]
    for name, place in names.items():
        others = [fit for fit, other in zip(fits, narrowed, strict=True) if other != name]
        counted.append(" AND ".join([f"f.name = {place}", *others]))
    only = f" AND f.name IN ({', '.join(statement.bind(name) for name in wanted)})" if wanted else ""
    # As Python compares texts, so that the same values are told of wherever they are counted.
    bytewise = "" if database.is_sqlite else ' COLLATE "C"'
    rows = await database.fetch(
        f"WITH found AS MATERIALIZED ({found})"
        f" SELECT '' AS name, '' AS value, count(*) AS number FROM found WHERE {all_fit} UNION ALL"
        " SELECT name, value, number FROM (SELECT f.name, f.value, count(*) AS number, row_number() OVER"
        f" (PARTITION BY f.name ORDER BY count(*) DESC, f.value{bytewise}) AS place FROM found JOIN terms f"
        f" ON f.publication_id = found.publication_id WHERE ({' OR '.join(f'({each})' for each in counted)}){only}"
        f" GROUP BY f.name, f.value) counted WHERE place <= {_MOST_VALUES}",
        *statement.parameters,
    )
    total = next(number for name, _, number in rows if not name)
    return Counts(total=total, facets=arranged(row for row in rows if row[0]))


def arranged(rows: Iterable[Sequence[Any]]) -> dict[str, list[tuple[str, int]]]:
    """Return the most frequent of counted values, by attribute; the attribute that has the most frequent one first.

    :param rows: attribute, value and number.
    """
    facets: dict[str, list[tuple[str, int]]] = {}
    told = 0
    for name, value, number in sorted(rows, key=lambda row: (-row[2], row[0], row[1])):
        values = facets.setdefault(name, [])
        if len(values) < _MOST_VALUES:
            values.append((value, number))
            told += 1
        if told == _MOST_ROWS:
            break
    return facets


def _candidates(statement: Statement, question: Question, fits: Sequence[str]) -> str:
    """Return the SELECT of what the view shows, with which filters each fits; all but one have to."""
    source, where = question.conditions(statement, filtered=False)
    marks = [f", {statement.having(each)} AS {fit}" for each, fit in zip(question.filters, fits, strict=True)]
    shown = f"SELECT e.publication_id{''.join(marks)} FROM {source} WHERE {where}"
    if len(fits) < 2:
        return shown
    fitting = " + ".join(f"CASE WHEN {fit} THEN 1 ELSE 0 END" for fit in fits)
    return f"SELECT * FROM ({shown}) shown WHERE {fitting} >= {len(fits) - 1}"
