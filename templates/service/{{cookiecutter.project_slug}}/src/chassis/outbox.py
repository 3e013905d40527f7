"""The outbox: events are stored in the transaction of what they tell about, and delivered afterwards.

So an event exists exactly if its cause was committed, whatever is killed when. :mod:`chassis.relay` delivers what
is stored here and removes it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, String, Text, event, func, literal, select, text
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column

from chassis.bulk import insert_rows
from chassis.cloudevents import CloudEvent
from chassis.database import RECORDED, Base

UNNUMBERED = 0
"""The sequence of an event that has not been flushed yet."""
_ROWS_A_STATEMENT = 500


class OutboxRow(Base):
    """One event that is still owed to one destination.

    The destinations are fixed when the event is recorded, so that one that is down never holds up another.
    ``due_at`` is when delivery is tried next; ``dead_at`` is set when it was given up.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        # What the relay asks for, again and again.
        Index(
            "ix_outbox_due",
            "destination",
            "due_at",
            postgresql_where=text("dead_at IS NULL"),
            sqlite_where=text("dead_at IS NULL"),
        ),
    )

    destination: Mapped[str] = mapped_column(String(63), primary_key=True)
    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    event_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(String(100))
    document: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int]
    dead_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(500))

    def __init__(self, happened: CloudEvent, destination: str) -> None:
        super().__init__(
            destination=destination,
            subject=happened.subject,
            sequence=UNNUMBERED,
            event_id=happened.id,
            type=happened.occasion.type,
            recorded_at=happened.occasion.time,
            due_at=happened.occasion.time,
            attempts=0,
        )
        self._happened = happened

    def number(self, sequence: int) -> None:
        """Give the event its place among those of its subject."""
        self.sequence = sequence
        self.document = self._happened.document(sequence)


class StreamRow(Base):
    """The number of the last event of a subject.

    The row is locked from the flush to the end of the transaction: numbers are given in the order of commits.
    """

    __tablename__ = "outbox_streams"

    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    last_sequence: Mapped[int] = mapped_column(BigInteger)


@event.listens_for(Session, "before_flush")
def _number(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Give every newly recorded event its number.

    Here and not when it is recorded, so that thousands of events cost two statements, and the subjects' counters are
    locked for as short as possible. A savepoint that is rolled back takes its events and their numbers with it.
    """
    recorded: dict[str, dict[UUID, list[OutboxRow]]] = defaultdict(lambda: defaultdict(list))
    for row in session.new:
        if isinstance(row, OutboxRow) and row.sequence == UNNUMBERED:
            recorded[row.subject][row.event_id].append(row)
    if not recorded:
        return
    session.info[RECORDED] = True
    last = _advance(session, {subject: len(events) for subject, events in recorded.items()})
    for subject, events in recorded.items():
        first = last[subject] - len(events) + 1
        # Identifiers of one process sort by the time they were made: this is the order of the calls.
        for sequence, event_id in enumerate(sorted(events), start=first):
            for row in events[event_id]:
                row.number(sequence)


async def number(session: AsyncSession, subjects: Sequence[str]) -> list[int]:
    """Give events their places among those of their subjects, after everything that was recorded before.

    :param subjects: one for each event, in the order of the events.
    """
    await session.flush()
    counts = Counter(subjects)
    last = await session.run_sync(_advance, counts)
    following = {subject: last[subject] - count for subject, count in counts.items()}
    numbers = []
    for subject in subjects:
        following[subject] += 1
        numbers.append(following[subject])
    return numbers


async def store(
    session: AsyncSession, events: Sequence[CloudEvent], sequences: Sequence[int], destinations: Sequence[str]
) -> None:
    """Store events for every destination.

    :param sequences: the number of each event.
    """
    rows = [
        {
            "destination": destination,
            "subject": one.subject,
            "sequence": sequence,
            "event_id": one.id,
            "type": one.occasion.type,
            "document": document,
            "recorded_at": one.occasion.time,
            "due_at": one.occasion.time,
            "attempts": 0,
        }
        for one, sequence, document in (
            (one, sequence, one.document(sequence)) for one, sequence in zip(events, sequences, strict=True)
        )
        for destination in destinations
    ]
    session.info[RECORDED] = True
    await insert_rows(session, OutboxRow, rows)


def _advance(session: Session, counts: Mapping[str, int]) -> dict[str, int]:
    """Count the subjects' events on, and return the last number of each."""
    names = sorted(counts)  # one order for everybody, or two transactions wait for each other
    if session.get_bind().dialect.name == "postgresql":
        wanted = literal(names, ARRAY(Text)), literal([counts[name] for name in names], ARRAY(BigInteger))
        rows = select(*map(func.unnest, wanted))
        given = insert_postgresql(StreamRow).from_select([StreamRow.subject, StreamRow.last_sequence], rows)
        return _count_on(session, given)
    last: dict[str, int] = {}
    for start in range(0, len(names), _ROWS_A_STATEMENT):
        some = [{"subject": name, "last_sequence": counts[name]} for name in names[start : start + _ROWS_A_STATEMENT]]
        last |= _count_on(session, insert_sqlite(StreamRow).values(some))
    return last


def _count_on(session: Session, given: PostgresqlInsert | SqliteInsert) -> dict[str, int]:
    upsert = given.on_conflict_do_update(
        index_elements=[StreamRow.subject],
        set_={"last_sequence": StreamRow.last_sequence + given.excluded.last_sequence},
    ).returning(StreamRow.subject, StreamRow.last_sequence)
    return {row.subject: row.last_sequence for row in session.connection().execute(upsert)}
