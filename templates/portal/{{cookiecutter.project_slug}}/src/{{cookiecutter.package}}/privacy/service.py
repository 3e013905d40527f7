"""Everything about a person, and nothing about it any more. Both walk the register, so they cannot disagree."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.events import record
from chassis.problems import Problem

from ..members.models import MembershipRow
from ..members.service import end
from ..people.models import PersonRow
from ..people.service import mine
from . import events
from .models import ErasureRow
from .private_account import alone_in, close
from .register import REGISTER, Fate, report_line, table_of


async def export(session: AsyncSession, caller: Principal) -> tuple[UUID | None, Mapping[str, list[dict[str, Any]]]]:
    """Return the caller's person and every row about it, by table."""
    person = await session.scalar(mine(caller))
    if person is None:
        return None, {}
    found = {"people": await _rows(session, PersonRow.__table__, [PersonRow.__table__.c.id], person.id)}
    columns: dict[str, list[Any]] = {}
    for entry in REGISTER:
        table, _, column = entry.partition(".")
        columns.setdefault(table, []).append(table_of(entry).c[column])
    for name, named in columns.items():
        found[name] = await _rows(session, table_of(name), named, person.id)
    return person.id, found


async def _rows(session: AsyncSession, table: Any, named: list[Any], person_id: UUID) -> list[dict[str, Any]]:
    query = select(table).where(or_(*(column == person_id for column in named)))
    # Secrets are nobody's data: a hash of a token or key says nothing about the person.
    return [
        {name: value for name, value in row.items() if not name.endswith("_hash")}
        for row in (await session.execute(query)).mappings()
    ]


async def erase(session: AsyncSession, caller: Principal) -> ErasureRow:
    """Forget the caller: delete what is its alone, empty what says who it is, keep what must be kept, and report it.

    :raises Problem: 404 when nothing is known about the caller, 409 when it is the last admin of a unit that others
        are members of.
    """
    person = await session.scalar(mine(caller).with_for_update())
    if person is None:
        raise Problem(404, "not-found", "Nothing is known about you.")
    report = [await _count(session, entry, person.id) for entry in REGISTER]
    for account in await alone_in(session, person.id):
        report += await close(session, account)
    await _leave(session, caller, person)
    for entry, rule in REGISTER.items():
        table, column = table_of(entry), table_of(entry).c[entry.partition(".")[2]]
        if rule.fate is Fate.DELETED:
            await session.execute(delete(table).where(column == person.id))
        elif rule.fate is Fate.CLEARED:
            await session.execute(update(table).where(column == person.id).values(**rule.cleared))
    person.name = person.email = person.phone = person.locale = None
    person.subject, person.erased_at = f"erased:{person.id}", now()
    row = ErasureRow(tenant=person.tenant, person_id=person.id, report=report)
    session.add(row)
    await session.flush()
    fact = events.PersonErased(person_id=person.id)
    await record(session, events.ERASED, subject=f"people/{person.id}", data=fact, tenant=person.tenant)
    return row


async def _leave(session: AsyncSession, caller: Principal, person: PersonRow) -> None:
    """End the person's memberships. Where it is alone, the unit stays behind without anybody."""
    for row in list(await session.scalars(select(MembershipRow).where(MembershipRow.person_id == person.id))):
        others = select(func.count()).where(MembershipRow.unit_id == row.unit_id, MembershipRow.id != row.id)
        if await session.scalar(others):
            await end(session, caller, row)


async def _count(session: AsyncSession, entry: str, person_id: UUID) -> dict[str, Any]:
    table, rule = table_of(entry), REGISTER[entry]
    count = select(func.count()).select_from(table).where(table.c[entry.partition(".")[2]] == person_id)
    rows = int(await session.scalar(count) or 0)
    return report_line(entry, rows=rows, fate=rule.fate, why=rule.why, free_text=rule.free_text)
