"""The tree of categories against a model of it: whatever is created, moved and deleted in whatever order."""

import asyncio
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from pydantic import SecretStr
from sqlalchemy import delete, select

from chassis import migrations
from chassis.database import Database
from chassis.problems import Problem
from chassis.settings import Settings
from tests.scale import scale

from .. import service
from ..models import CategoryPath, CategoryRow, CategorySlug
from ..schemas import CategoryDraft

DEPTH, SIBLINGS = 4, 3
_Result = TypeVar("_Result")


@dataclass
class Node:
    """A category as it should be stored."""

    id: UUID
    parent: str | None
    position: int
    slug: str | None


@pytest.fixture
def tree(fresh_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[RuleBasedStateMachine]]:
    """Give the machine for an empty database; the tree's bounds are so small that they are met."""
    monkeypatch.setattr(service, "MAX_DEPTH", DEPTH)
    monkeypatch.setattr(service, "MAX_SIBLINGS", SIBLINGS)
    with asyncio.Runner() as runner:
        database = Database(Settings(database_url=SecretStr(fresh_url), var_dir=tmp_path))
        runner.run(migrations.upgrade(database.engine))

        class Bound(Tree):
            def __init__(self) -> None:
                super().__init__(runner, database)

        yield Bound
        runner.run(database.close())


class Tree(RuleBasedStateMachine):
    """Creates, moves, renames and deletes; each answer is the one that the model gives."""

    keys: "Bundle[str]" = Bundle("keys")

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner = runner
        self.database = database
        self.nodes: dict[str, Node] = {}
        self.made = 0

    def wait(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run something to its end."""
        return self.runner.run(work)

    @initialize()
    def empty(self) -> None:
        """Begin with nothing."""

        async def clear() -> None:
            async with self.database.transaction() as session:
                for table in (CategoryPath, CategorySlug, CategoryRow):
                    await session.execute(delete(table))

        self.wait(clear())

    @rule(target=keys, parent=st.none() | keys, position=st.integers(0, 2), slug=st.sampled_from([None, *"abc"]))
    def create(self, parent: str | None, position: int, slug: str | None) -> Any:
        """Create a category below one that is there, or was, or at the top."""
        self.made += 1
        key = f"c{self.made}"
        expected = self._misplaced(parent, height=0) or self._taken(key, slug)

        async def work() -> UUID:
            async with self.database.transaction() as session:
                return (await service.create(session, _draft(key, parent, position, slug))).id

        outcome, made = self._outcome(work())
        assert expected == outcome
        if made is None:
            return multiple()
        self.nodes[key] = Node(made, parent, position, slug)
        return key

    @rule(key=keys, parent=st.none() | keys, position=st.integers(0, 2), slug=st.sampled_from([None, *"abc"]))
    def replace(self, key: str, parent: str | None, position: int, slug: str | None) -> None:
        """Move a category, with what is below it, or rename it where it is."""
        if (node := self.nodes.get(key)) is None:
            return
        expected = ""
        if parent != node.parent:
            below = self._below(key)
            expected = "category-circle" if parent in below else self._misplaced(parent, max(below.values()))
        expected = expected or (self._taken(key, slug) if slug != node.slug else "")

        async def work() -> None:
            async with self.database.transaction() as session:
                row = await service.find(session, node.id)
                await service.replace(session, row, _draft(key, parent, position, slug))

        outcome, _ = self._outcome(work())
        assert expected == outcome
        if not outcome:
            self.nodes[key] = Node(node.id, parent, position, slug)

    @rule(key=keys, subtree=st.booleans())
    def remove(self, key: str, subtree: bool) -> None:
        """Delete a category, alone or with what is below it."""
        if (node := self.nodes.get(key)) is None:
            return
        below = self._below(key)
        expected = "has-children" if len(below) > 1 and not subtree else ""

        async def work() -> None:
            async with self.database.transaction() as session:
                await service.remove(session, await service.find(session, node.id), subtree=subtree)

        outcome, _ = self._outcome(work())
        assert expected == outcome
        for gone in below if not outcome else ():
            del self.nodes[gone]

    @invariant()
    def is_stored_as_it_should_be(self) -> None:
        """Rows, pairs of ancestor and descendant, and slugs are those of the model, which has no circle."""

        async def stored() -> tuple[Any, ...]:
            async with self.database.reading() as session:
                rows = {
                    row.key: (row.id, row.parent, row.position) for row in await session.scalars(select(CategoryRow))
                }
                paths = {
                    (each.ancestor, each.descendant, each.depth) for each in await session.scalars(select(CategoryPath))
                }
                slugs = {(each.slug, each.category_id) for each in await session.scalars(select(CategorySlug))}
            return rows, paths, slugs

        rows = {key: (node.id, node.parent, node.position) for key, node in self.nodes.items()}
        paths = {(above, key, depth) for key in self.nodes for depth, above in enumerate(self._above(key))}
        slugs = {(node.slug, node.id) for node in self.nodes.values() if node.slug}

        assert self.wait(stored()) == (rows, paths, slugs)

    def _outcome(self, work: Coroutine[Any, Any, _Result]) -> tuple[str, _Result | None]:
        try:
            return "", self.wait(work)
        except Problem as problem:
            return problem.kind, None

    def _above(self, key: str) -> list[str]:
        """Return a category and everything above it; a circle would never end, so it is looked for."""
        found: list[str] = []
        above: str | None = key
        while above is not None:
            assert above not in found, f"a circle: {found}"
            found.append(above)
            above = self.nodes[above].parent
        return found

    def _below(self, key: str) -> dict[str, int]:
        """Return a category and everything below it, each with its depth there."""
        found = {each: self._above(each) for each in self.nodes}
        return {each: above.index(key) for each, above in found.items() if key in above}

    def _misplaced(self, parent: str | None, height: int) -> str:
        """Say why there can be nothing of that height below a parent."""
        if parent is not None and parent not in self.nodes:
            return "no-parent"
        depth = 1 if parent is None else len(self._above(parent)) + 1
        if depth + height > DEPTH:
            return "too-deep"
        siblings = sum(node.parent == parent for node in self.nodes.values())
        return "too-many" if siblings >= SIBLINGS else ""

    def _taken(self, key: str, slug: str | None) -> str:
        others = {node.slug for other, node in self.nodes.items() if other != key}
        return "slug-taken" if slug is not None and slug in others else ""


def _draft(key: str, parent: str | None, position: int, slug: str | None) -> CategoryDraft:
    slugs = {} if slug is None else {"en": slug}
    return CategoryDraft(key=key, parent=parent, position=position, name={"en": key}, slug=slugs)


def test_tree_stays_a_tree(tree: type[RuleBasedStateMachine]) -> None:
    """Any history: no circle, no lost child, no slug twice, and every refusal for its reason."""
    plan = settings(max_examples=scale(8, 400), stateful_step_count=scale(20, 60), deadline=None)
    run_state_machine_as_test(tree, settings=plan)
