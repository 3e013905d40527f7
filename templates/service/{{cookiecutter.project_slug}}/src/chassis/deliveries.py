"""What the outbox owes: which events are due, who may deliver them now, and what became of them.

Events of one subject are delivered to one destination by one process at a time, so their order is kept.

- PostgreSQL: the first waiting event of a subject is locked (``FOR UPDATE SKIP LOCKED``) until the outcome is
  committed. A killed process loses its locks with its connection; one that hangs loses them by
  ``idle_in_transaction_session_timeout``. Recording never waits for these locks: it only inserts.
- SQLite: writers must not wait for a delivery, so no transaction stays open meanwhile. One process at a time relays,
  the one that holds :func:`sole_relay`.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Delete,
    FromClause,
    Integer,
    Select,
    TableValuedAlias,
    Text,
    and_,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from chassis.database import Database, alone_with, now
from chassis.outbox import OutboxRow

SUBJECTS_A_BATCH = 250
MOST_SUBJECTS_A_BATCH = 1_000
"""Where they are delivered at once."""
EVENTS_A_STREAM = 50
EVENTS_A_BATCH = 12_500
"""So many are in memory at most."""
_OUTBOX = OutboxRow.__table__
_FOR_RELAYS = text(
    # A plan that PostgreSQL keeps from when nothing waited reads all of what waits later, for each event.
    "SELECT set_config('plan_cache_mode', 'force_custom_plan', true),"
    " set_config('idle_in_transaction_session_timeout', '120s', true)"
)
_ROW: ColumnElement[Any] = literal_column("outbox.ctid").label("ctid")
"""Where PostgreSQL has put a row."""


class Delivery(NamedTuple):
    """One event on its way to one destination: a tuple, as there are thousands a second."""

    destination: str
    subject: str
    sequence: int
    event_id: UUID
    type: str
    document: str
    recorded_at: datetime
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an event was not delivered, and when to try again; ``None`` means never: it is a dead letter."""

    delivery: Delivery
    reason: str
    again_at: datetime | None


@dataclass(kw_only=True)
class Outcome:
    """What became of the events of one subject, in their order."""

    delivered: list[Delivery] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)


Deliver = Callable[[Sequence[Sequence[Delivery]]], Awaitable[list[Outcome]]]


async def deliver_due(
    database: Database, destination: str, deliver: Deliver, *, subjects: int = SUBJECTS_A_BATCH
) -> list[Outcome]:
    """Take what is due for a destination, have it delivered, and store what became of it.

    :param deliver: gets a list of subjects, each a list of its events in order.
    :param subjects: of how many subjects at most; others have the rest meanwhile.
    :returns: what ``deliver`` returned; empty when nothing is due, or others are at it.
    :raises Problem: 503 when the database is away; what was delivered meanwhile will be delivered again.
    """
    if database.is_sqlite:
        subjects = min(subjects, SUBJECTS_A_BATCH)  # each is a condition, and SQLite takes no more than a thousand
        async with database.reading() as session:
            streams = await _due(session, destination, subjects)
        outcomes = await deliver(streams) if streams else []
        if outcomes:
            async with database.transaction() as session:
                await _settle(session, outcomes)
        return outcomes
    async with database.transaction() as session:
        await session.execute(_FOR_RELAYS)
        streams = await _due(session, destination, subjects)
        if not streams:
            return []
        outcomes = await deliver(streams)
        await _settle(session, outcomes)
    return outcomes


def _alive(row: FromClause) -> ColumnElement[bool]:
    """Return the condition that an event has not been given up, for what is read subject by subject.

    With a CASE only the primary key is of use. With NOT EXISTS, or the condition of the other index, PostgreSQL may
    plan to read everything that waits for each subject, when it plans while little waits.
    """
    return case((row.c.dead_at.is_(None), 1), else_=0) == 1


def _heads() -> Select[Any]:
    """Return the query for the first events of some subjects."""
    waiting = _OUTBOX.alias("waiting")
    first = select(waiting.c.sequence).where(
        waiting.c.destination == _OUTBOX.c.destination, waiting.c.subject == _OUTBOX.c.subject, _alive(waiting)
    )
    first = first.order_by(waiting.c.sequence).limit(1)
    return (
        select(_OUTBOX.c.subject, _OUTBOX.c.sequence)
        .where(
            _OUTBOX.c.destination == bindparam("destination"),
            _OUTBOX.c.dead_at.is_(None),
            _OUTBOX.c.due_at <= bindparam("present"),
            _OUTBOX.c.sequence == first.scalar_subquery(),
        )
        .order_by(_OUTBOX.c.due_at)
        .limit(bindparam("subjects", type_=Integer))
        .with_for_update(skip_locked=True, of=_OUTBOX)
    )


def _following() -> Select[Any]:
    """Return PostgreSQL's query for what comes next after the first events of some subjects, these among them."""
    head, events = _listed(), bindparam("events", type_=Integer)
    here = _OUTBOX.c.subject == head.c.subject, _OUTBOX.c.sequence >= head.c.sequence
    # Numbers have no gaps but what was given up, so that the end bounds what is read of a long queue.
    near = _OUTBOX.c.sequence < head.c.sequence + events
    each = _waiting().where(*here, near).order_by(_OUTBOX.c.sequence).limit(events).lateral("following")
    return select(each).select_from(head.join(each, true())).order_by(each.c.sequence)


def _waiting() -> Select[Any]:
    columns = [_OUTBOX.c[name] for name in Delivery._fields]
    return select(*columns).where(_OUTBOX.c.destination == bindparam("destination"), _alive(_OUTBOX))


def _listed() -> TableValuedAlias:
    """Return subjects and sequences as a table that is one statement and two parameters, however many there are."""
    arrays = bindparam("of", type_=ARRAY(Text)), bindparam("from", type_=ARRAY(BigInteger))
    return func.unnest(*arrays).table_valued("subject", "sequence").render_derived(name="listed")


def _removal() -> Delete:
    """Return PostgreSQL's statement that removes some events."""
    gone = _listed()
    here = _OUTBOX.c.subject == gone.c.subject, _OUTBOX.c.sequence == gone.c.sequence
    each = select(_ROW).where(_OUTBOX.c.destination == bindparam("destination"), *here).limit(1).lateral("one")
    found = select(each.c.ctid).select_from(gone.join(each, true()))
    return delete(OutboxRow).where(any_(func.array(found.scalar_subquery())) == _ROW)


# Built once: to build them takes longer than to run them.
_HEADS, _FOLLOWING, _REMOVAL = _heads(), _following(), _removal()


async def _due(session: AsyncSession, destination: str, subjects: int) -> list[list[Delivery]]:
    connection = await session.connection()
    wanted = {"destination": destination, "present": now(), "subjects": subjects}
    found = [(row.subject, row.sequence) for row in await connection.execute(_HEADS, wanted)]
    if not found:
        return []
    streams: dict[str, list[Delivery]] = {name: [] for name, _ in found}
    each = min(EVENTS_A_STREAM, EVENTS_A_BATCH // len(found))
    # A second statement: it sees what was committed since, and the locks keep others away from these subjects.
    if connection.dialect.name == "postgresql":
        listed = {"of": [subject for subject, _ in found], "from": [sequence for _, sequence in found]}
        further = {"destination": destination, "events": each, **listed}
        rows = await connection.execute(_FOLLOWING, further)
    else:
        rows = await connection.execute(_following_one_of(found, each), {"destination": destination})
    for delivery in map(Delivery._make, rows):
        streams[delivery.subject].append(delivery)
    return list(streams.values())


def _following_one_of(heads: Sequence[tuple[str, int]], events: int) -> Select[Any]:
    """Return the query for what comes next after the first events of some subjects, as SQLite knows it."""
    places = ((_OUTBOX.c.subject == name, _OUTBOX.c.sequence.between(at, at + events - 1)) for name, at in heads)
    return _waiting().where(or_(*(and_(*place) for place in places))).order_by(_OUTBOX.c.sequence)


async def _settle(session: AsyncSession, outcomes: Sequence[Outcome]) -> None:
    await _remove(session, [one for outcome in outcomes for one in outcome.delivered])
    key = ("destination", "subject", "sequence")
    this = and_(*(_OUTBOX.c[name] == bindparam(f"b_{name}") for name in key))
    connection = await session.connection()
    failed = [
        {f"b_{name}": getattr(failure.delivery, name) for name in key}
        | {
            "attempts": failure.delivery.attempts + 1,
            "due_at": failure.again_at or now(),
            "dead_at": None if failure.again_at else now(),
            "error": failure.reason[:500],
        }
        for outcome in outcomes
        for failure in outcome.failed
    ]
    if failed:
        await connection.execute(update(OutboxRow).where(this), failed)
        # What follows waits as long, or the next claim would look at all of it in vain.
        waiting = [one | {"b_due_at": one["due_at"]} for one in failed if one["dead_at"] is None]
        await _postpone_followers(connection, waiting)


async def _remove(session: AsyncSession, delivered: Sequence[Delivery]) -> None:
    if not delivered:
        return
    destination = delivered[0].destination  # they were asked for together
    connection = await session.connection()
    if connection.dialect.name == "postgresql":
        subjects, sequences = [one.subject for one in delivered], [one.sequence for one in delivered]
        await connection.execute(_REMOVAL, {"destination": destination, "of": subjects, "from": sequences})
    else:
        this = and_(*(_OUTBOX.c[name] == bindparam(f"b_{name}") for name in ("destination", "subject", "sequence")))
        rows = [
            {"b_destination": destination, "b_subject": one.subject, "b_sequence": one.sequence} for one in delivered
        ]
        await connection.execute(delete(OutboxRow).where(this), rows)


async def _postpone_followers(connection: AsyncConnection, heads: Sequence[Mapping[str, object]]) -> None:
    if not heads:
        return
    following = and_(
        _OUTBOX.c.destination == bindparam("b_destination"),
        _OUTBOX.c.subject == bindparam("b_subject"),
        _OUTBOX.c.sequence > bindparam("b_sequence"),
        _OUTBOX.c.dead_at.is_(None),
        _OUTBOX.c.due_at < bindparam("b_due_at"),
    )
    keys = ("b_destination", "b_subject", "b_sequence", "b_due_at")
    await connection.execute(
        update(OutboxRow).where(following).values(due_at=bindparam("b_due_at")),
        [{key: head[key] for key in keys} for head in heads],
    )


@contextmanager
def sole_relay(database: Database) -> Iterator[bool]:
    """Try to become the one process that relays from an SQLite file; yield whether that worked.

    On PostgreSQL there may be many, so it always works.
    """
    path = database.engine.url.database
    with alone_with(path, "relay") if database.is_sqlite and path else nullcontext(True) as alone:
        yield alone


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What one destination waits for: the number of events, the age of the oldest one in seconds, dead letters."""

    destination: str
    waiting: int = 0
    oldest_seconds: float = 0.0
    dead: int = 0


async def backlogs(session: AsyncSession) -> list[Backlog]:
    """Return what is owed to each destination that is owed something."""
    waiting = OutboxRow.dead_at.is_(None)
    rows = await session.execute(
        select(
            OutboxRow.destination,
            func.count().filter(waiting),
            func.min(OutboxRow.recorded_at).filter(waiting),
            func.count().filter(~waiting),
        )
        .group_by(OutboxRow.destination)
        .order_by(OutboxRow.destination)
    )
    present = now()
    return [
        Backlog(
            destination=destination,
            waiting=count,
            oldest_seconds=max((present - oldest).total_seconds(), 0.0) if oldest else 0.0,
            dead=dead,
        )
        for destination, count, oldest, dead in rows
    ]


async def retry_dead(session: AsyncSession, destination: str) -> None:
    """Have everything that was given up for a destination delivered after all, with a new allowance of time."""
    await session.execute(
        update(OutboxRow)
        .where(OutboxRow.destination == destination, OutboxRow.dead_at.is_not(None))
        .values(dead_at=None, recorded_at=now(), due_at=now(), attempts=0)
    )


async def drop(session: AsyncSession, destination: str) -> None:
    """Forget everything that is owed to a destination, for one that is gone for good."""
    await session.execute(delete(OutboxRow).where(OutboxRow.destination == destination))
