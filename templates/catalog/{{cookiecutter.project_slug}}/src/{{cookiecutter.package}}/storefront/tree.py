"""The tree of categories as touchpoints show it."""

import json
from collections.abc import Sequence
from typing import Any

from chassis.database import Database

from ..vocabulary.localized import choose
from .reading import View, populated


async def tree(database: Database, view: View, chain: Sequence[str]) -> list[dict[str, Any]]:
    """Return the categories in which the view shows products, nested and in their order."""
    wanted = await populated(database, view)
    rows = await database.fetch(
        "SELECT key, parent, CAST(name AS text), CAST(slug AS text), CAST(description AS text)"
        " FROM categories ORDER BY position, key"
    )
    nodes: dict[str, dict[str, Any]] = {}
    parents: dict[str, str | None] = {}
    for key, parent, name, slug, description in rows:
        if key in wanted:
            names = json.loads(name)
            nodes[key] = {
                "key": key,
                "slug": choose(json.loads(slug), chain),
                "name": choose(names, chain) or next(iter(names.values())),
                "description": choose(json.loads(description), chain),
                "children": [],
            }
            parents[key] = parent
    top: list[dict[str, Any]] = []
    for key, node in nodes.items():
        parent = parents[key]
        (top if parent is None else nodes[parent]["children"]).append(node)
    return top
