"""What the values of facets are called."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from chassis.database import Database

from ..vocabulary.localized import choose

_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of searchable attributes and of their options, in every language."""

    attributes: Mapping[str, Mapping[str, str]]
    options: Mapping[tuple[str, str], Mapping[str, str]]
    units: Mapping[str, str]

    def attribute(self, name: str, chain: Sequence[str]) -> str:
        """Return what an attribute is called; its name where no language fits."""
        return choose(self.attributes.get(name, {}), chain) or name

    def value(self, name: str, value: str, chain: Sequence[str]) -> str:
        """Return what a value is called."""
        found = choose(self.options.get((name, value), {}), chain)
        return found or (f"{value} {self.units[name]}" if name in self.units else value)


_kept: WeakKeyDictionary[Database, tuple[float, Labels]] = WeakKeyDictionary()


async def labels(database: Database) -> Labels:
    """Return the labels, read at most every ten seconds: they change with the product types, which is rare."""
    until, found = _kept.get(database, (0.0, None))
    if found is None or time.monotonic() > until:
        found = _collect(await database.fetch("SELECT CAST(attributes AS text) FROM product_types ORDER BY id"))
        _kept[database] = (time.monotonic() + _SECONDS, found)
    return found


def _collect(rows: Sequence[Sequence[str]]) -> Labels:
    attributes: dict[str, Mapping[str, str]] = {}
    options: dict[tuple[str, str], Mapping[str, str]] = {}
    units: dict[str, str] = {}
    for row in rows:
        for definition in json.loads(row[0]):
            name, kind = definition["name"], definition["type"]
            kind = kind.get("element", kind)
            attributes.setdefault(name, definition["label"])
            if kind["kind"] == "measurement":
                units.setdefault(name, kind["unit"])
            for option in kind.get("options", ()):
                options.setdefault((name, option["key"]), option["label"])
    return Labels(attributes=attributes, options=options, units=units)
