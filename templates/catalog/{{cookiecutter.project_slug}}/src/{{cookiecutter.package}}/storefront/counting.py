# ruff: noqa: S608 - every value is bound; only words of our own and placeholders are put together
"""How many products fit a question, and what tells them apart: one SELECT that looks at each of them once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chassis.database import Database

from .reading import Question, Statement

_MOST_ROWS = 1000


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
    rows = await database.fetch(
        f"WITH found AS MATERIALIZED ({found})"
        f" SELECT '' AS name, '' AS value, count(*) AS number FROM found WHERE {all_fit} UNION ALL"
        " SELECT * FROM (SELECT f.name, f.value, count(*) AS number FROM found JOIN terms f"
        f" ON f.publication_id = found.publication_id WHERE ({' OR '.join(f'({each})' for each in counted)}){only}"
        f" GROUP BY f.name, f.value ORDER BY 3 DESC, 1, 2 LIMIT {_MOST_ROWS}) counted",
        *statement.parameters,
    )
    facets: dict[str, list[tuple[str, int]]] = {}
    for name, value, number in sorted(rows[1:], key=lambda row: (-row[2], row[0], row[1])):
        facets.setdefault(name, []).append((value, number))
    return Counts(total=rows[0][2], facets=facets)


def _candidates(statement: Statement, question: Question, fits: Sequence[str]) -> str:
    """Return the SELECT of what the view shows, with which filters each fits; all but one have to."""
    source, where = question.conditions(statement, filtered=False)
    marks = [f", {statement.having(each)} AS {fit}" for each, fit in zip(question.filters, fits, strict=True)]
    shown = f"SELECT e.publication_id{''.join(marks)} FROM {source} WHERE {where}"
    if len(fits) < 2:
        return shown
    fitting = " + ".join(f"CASE WHEN {fit} THEN 1 ELSE 0 END" for fit in fits)
    return f"SELECT * FROM ({shown}) shown WHERE {fitting} >= {len(fits) - 1}"
