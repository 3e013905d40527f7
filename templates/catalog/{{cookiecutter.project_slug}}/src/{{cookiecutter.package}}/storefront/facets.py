"""Facets as touchpoints get them, and filters as far as there is what they name.

Some attributes refer to products. One that a view does not show does not exist for it: neither as a value to choose,
nor as one to filter by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chassis.database import Database

from . import reading
from .labels import labels
from .reading import Filter, View


async def existing(database: Database, view: View, wanted: Sequence[Filter]) -> Sequence[Filter]:
    """Leave out of filters the products that the view does not show."""
    known = (await labels(database)).products if wanted else ()
    named = [each for each in wanted if each.name in known]
    if not named:
        return wanted
    there = await reading.names(database, view, [key for each in named for key in each.values])
    return [
        replace(each, values=tuple(key for key in each.values if key in there), bounds=None) if each in named else each
        for each in wanted
    ]


async def shown(
    database: Database, view: View, chain: Sequence[str], counted: Mapping[str, Sequence[tuple[str, int]]]
) -> list[dict[str, Any]]:
    """Return counted values with what they are called in the first language of the chain that has a word for it."""
    known = await labels(database, counted)
    named = [value for name in counted.keys() & known.products for value, _ in counted[name]]
    products = await reading.names(database, view, named)
    facets = []
    for name, values in counted.items():
        refers = name in known.products
        there = [(value, count) for value, count in values if not refers or value in products]
        if there:
            facets.append(
                {
                    "name": name,
                    "label": known.attribute(name, chain),
                    "kind": known.kinds.get(name, "text"),
                    "unit": known.units.get(name),
                    "values": [
                        {
                            "value": reading.in_filter(value),
                            "label": products[value] if refers else known.value(name, value, chain),
                            "count": count,
                        }
                        for value, count in there
                    ],
                }
            )
    return facets
