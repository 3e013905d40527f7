"""What people can do about themselves. A person comes into being with the first thing that its subject writes."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.events import record
from chassis.identifiers import uuid7

from ..vocabulary.rows import insert_unless_there
from . import events
from .models import ConsentRow, PersonRow, PreferencesRow
from .schemas import ConsentDraft, PreferencesDraft, ProfileDraft


def mine(caller: Principal) -> Select[PersonRow]:
    """Return the query for the caller's person."""
    return select(PersonRow).where(PersonRow.tenant == caller.tenant, PersonRow.subject == caller.subject)


def preferred(caller: Principal) -> Select[PreferencesRow]:
    """Return the query for the caller's preferences."""
    return select(PreferencesRow).where(
        PreferencesRow.tenant == caller.tenant,
        PreferencesRow.person_id == mine(caller).with_only_columns(PersonRow.id).scalar_subquery(),
    )


def consented(caller: Principal, purpose: str | None = None) -> Select[ConsentRow]:
    """Return the query for the caller's answers about consent, or those about one purpose."""
    query = select(ConsentRow).where(
        ConsentRow.tenant == caller.tenant,
        ConsentRow.person_id == mine(caller).with_only_columns(PersonRow.id).scalar_subquery(),
    )
    return query if purpose is None else query.where(ConsentRow.purpose == purpose)


async def ensure(session: AsyncSession, caller: Principal) -> PersonRow:
    """Return the caller's person, made now if this is the first time."""
    found = await session.scalar(mine(caller))
    if found is None:
        await insert_unless_there(session, PersonRow, **_new(tenant=caller.tenant, subject=caller.subject))
        found = (await session.scalars(mine(caller))).one()
    return found


async def write_profile(session: AsyncSession, person: PersonRow, draft: ProfileDraft) -> None:
    """Replace what a person says about itself."""
    for name, value in draft.model_dump().items():
        setattr(person, name, value)
    await session.flush()


async def write_preferences(session: AsyncSession, caller: Principal, draft: PreferencesDraft) -> PreferencesRow:
    """Replace what a person prefers."""
    row, document = await session.scalar(preferred(caller)), draft.model_dump(mode="json")
    if row is None:
        person = await ensure(session, caller)
        values = _new(tenant=caller.tenant, person_id=person.id, document=document)
        await insert_unless_there(session, PreferencesRow, **values)
        row = (await session.scalars(preferred(caller))).one()
    if row.document != document:
        row.document = document
        await session.flush()
    return row


async def answer(session: AsyncSession, caller: Principal, draft: ConsentDraft) -> ConsentRow:
    """Add an answer about consent; what was answered before stays on record."""
    person = await ensure(session, caller)
    row = ConsentRow(tenant=caller.tenant, person_id=person.id, **draft.model_dump())
    session.add(row)
    await session.flush()
    kind = events.GIVEN if row.granted else events.WITHDRAWN
    fact = events.ConsentFact.model_validate(row)
    await record(session, kind, subject=f"people/{person.id}", data=fact, tenant=caller.tenant)
    return row


async def current(session: AsyncSession, person_id: UUID) -> list[ConsentRow]:
    """Return the answers of a person that hold: the newest of each purpose."""
    rows = await session.scalars(select(ConsentRow).where(ConsentRow.person_id == person_id).order_by(ConsentRow.id))
    return list({row.purpose: row for row in rows}.values())


def _new(**values: Any) -> dict[str, Any]:
    written = now()
    return {"id": uuid7(), "version": 1, "created_at": written, "updated_at": written} | values
