"""Revisions: which migrations there are, and which of them a database lacks; asked at every start and by ``/readyz``.

Alembic knows it too, and takes a tenth of a second to load. What it is asked here stands at the top of each migration:
its revision, the one before it, and the ones that it depends on.
"""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.database import NO_WRITE_LOCK
from chassis.project import ROOT

_TABLE = "alembic_version"
_FUNCTION = re.compile(r"^(?:async )?def |^class |^@", re.MULTILINE)
_SAID = frozenset({"revision", "down_revision", "branch_labels", "depends_on"})


@dataclass(frozen=True, kw_only=True)
class State:
    """How far a database is.

    ``present`` are the revisions that it says it is at, ``missing`` the newest ones here that it has not reached.
    """

    present: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One migration: its name, its labels, the revisions right before it, and the ones of other branches it needs."""

    name: str
    labels: tuple[str, ...]
    down: tuple[str, ...]
    needs: tuple[str, ...]


async def state(engine: AsyncEngine) -> State:
    """Compare the database's revisions with the newest ones there are.

    A database that names a revision unknown here has been migrated by newer code. Nothing is missing then: while a
    release is rolled out, and when it is rolled back, the code before it goes on working on the newer tables.
    """
    async with engine.execution_options(**NO_WRITE_LOCK).connect() as connection:
        present = await connection.run_sync(_present)
    return State(present=present, missing=missing(present, written(ROOT)))


def missing(present: tuple[str, ...], revisions: tuple[Revision, ...]) -> tuple[str, ...]:
    """Return the newest revisions that are not among the present ones nor among what those were built on."""
    named = {name: one for one in revisions for name in (one.name, *one.labels)}
    if not named.keys() >= set(present):
        return ()
    reached, left = set[str](), list(present)
    while left:
        one = named[left.pop()]
        if one.name not in reached:
            reached.add(one.name)
            left += one.down + one.needs
    passed = {named[name].name for one in revisions for name in one.down}
    return tuple(sorted({one.name for one in revisions} - passed - reached))


@cache
def written(root: Path) -> tuple[Revision, ...]:
    """Read what the migrations of a project say of themselves; none of them is run.

    :param root: the directory that holds ``migrations/versions``.
    """
    found = (_read(path) for path in sorted((root / "migrations" / "versions").glob("*.py")))
    return tuple(one for one in found if one is not None)


def _read(path: Path) -> Revision | None:
    said: dict[str, object] = {}
    # The functions below are what takes long to parse.
    top = _FUNCTION.split(path.read_text(encoding="utf-8"), maxsplit=1)[0]
    for statement in ast.parse(top, str(path)).body:
        match statement:
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                if name in _SAID:
                    said[name] = ast.literal_eval(value)
    if "revision" not in said:
        return None
    (name,) = _names(said["revision"])
    return Revision(
        name=name,
        labels=_names(said.get("branch_labels")),
        down=_names(said.get("down_revision")),
        needs=_names(said.get("depends_on")),
    )


def _names(value: object) -> tuple[str, ...]:
    """Return what Alembic lets be nothing, one name or several."""
    if isinstance(value, (tuple, list, set)):
        return tuple(map(str, value))
    return () if value is None else (str(value),)


def _present(connection: Connection) -> tuple[str, ...]:
    if not inspect(connection).has_table(_TABLE):
        return ()
    return tuple(connection.scalars(text(f"SELECT version_num FROM {_TABLE} ORDER BY version_num")))  # noqa: S608 - our own word
