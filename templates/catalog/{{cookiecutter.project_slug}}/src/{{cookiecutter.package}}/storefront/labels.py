"""What the values of facets are called."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from chassis.database import Database

from ..vocabulary.answers import answer
from ..vocabulary.localized import choose

_SECONDS = 10.0
_TRUTHS = ("true", "false")


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What searchable attributes and their values are called, in every language, and which kind of values they have.

    ``products`` are those attributes whose values are the keys of products.
    """

    kinds: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, str]]
    options: Mapping[tuple[str, str], Mapping[str, str]]
    units: Mapping[str, str]
    products: Set[str]

    def attribute(self, name: str, chain: Sequence[str]) -> str:
        """Return what an attribute is called; its name where no language fits."""
        return choose(self.attributes.get(name, {}), chain) or name

    def value(self, name: str, value: str, chain: Sequence[str]) -> str:
        """Return what a value is called."""
        if self.kinds.get(name) == "boolean" and value in _TRUTHS:
            return answer(value == "true", self.options.get((name, value), {}), chain)
        found = choose(self.options.get((name, value), {}), chain)
        return found or (f"{value} {self.units[name]}" if name in self.units else value)


_kept: WeakKeyDictionary[Database, tuple[float, Labels]] = WeakKeyDictionary()


async def labels(database: Database, attributes: Iterable[str] = ()) -> Labels:
    """Return the labels, read at most every ten seconds: they change with the product types, which is rare.

    :param attributes: which must be known; one that is new is looked for at once.
    """
    until, found = _kept.get(database, (0.0, None))
    if found is None or time.monotonic() > until or not found.kinds.keys() >= set(attributes):
        found = _collect(await database.fetch("SELECT CAST(attributes AS text) FROM product_types ORDER BY id"))
        _kept[database] = (time.monotonic() + _SECONDS, found)
    return found


def _collect(rows: Sequence[Sequence[str]]) -> Labels:
    kinds: dict[str, str] = {}
    attributes: dict[str, Mapping[str, str]] = {}
    options: dict[tuple[str, str], Mapping[str, str]] = {}
    units: dict[str, str] = {}
    products: set[str] = set()
    for row in rows:
        for definition in json.loads(row[0]):
            name, kind = definition["name"], definition["type"]
            kind = kind.get("element", kind)
            kinds.setdefault(name, kind["kind"])
            attributes.setdefault(name, definition["label"])
            if kind["kind"] == "measurement":
                units.setdefault(name, kind["unit"])
            if kind.get("target") == "product":
                products.add(name)
            for key, label in _options(kind):
                options.setdefault((name, key), label)
    return Labels(kinds=kinds, attributes=attributes, options=options, units=units, products=products)


def _options(kind: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for option in kind.get("options", ()):
        yield option["key"], option["label"]
    for truth in _TRUTHS:
        if label := kind.get(f"{truth}_label"):
            yield truth, label
