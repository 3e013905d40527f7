"""What can be done with invitations. The token is told once; what is stored cannot be turned back into it."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.auth import Principal
from chassis.database import now
from chassis.events import record
from chassis.problems import Problem

from ..access.permissions import Permission, Role
from ..access.service import in_reach, the_one, unit_for
from ..accounts.models import AccountRow
from ..members.models import MembershipRow
from ..members.service import join
from ..people.service import ensure
from ..settings import PortalSettings
from ..units.models import UnitRow
from ..vocabulary.facts import UnitFact
from . import events
from .models import InvitationRow
from .schemas import InvitationDraft
from .states import INVITATION, InvitationState


def listed(caller: Principal, unit_id: UUID | None = None) -> Select[InvitationRow]:
    """Return the query for the invitations into units whose members the caller manages."""
    query = select(InvitationRow).where(in_reach(caller, InvitationRow, Permission.MANAGE_MEMBERS))
    return query if unit_id is None else query.where(InvitationRow.unit_id == unit_id)


async def find(session: AsyncSession, caller: Principal, invitation_id: UUID) -> InvitationRow:
    """Return one invitation.

    :raises Problem: 404 when there is none for this caller.
    """
    return await the_one(session, listed(caller).where(InvitationRow.id == invitation_id), name="invitation")


def state_of(row: InvitationRow) -> InvitationState:
    """Return the state that holds now: time passes without anybody writing it down."""
    overdue = row.state == InvitationState.PENDING and row.expires_at <= now()
    return InvitationState(INVITATION.after(row.state, "expire") if overdue else row.state)


async def invite(
    session: AsyncSession, caller: Principal, draft: InvitationDraft, settings: PortalSettings
) -> InvitationRow:
    """Store an invitation. It opens nothing before it has a token.

    :raises Problem: 404 or 403 when the caller may not, 429 when its account has invited too many people lately.
    """
    unit = await unit_for(session, caller, draft.unit_id, Permission.MANAGE_MEMBERS)
    person = await ensure(session, caller)
    await session.execute(select(AccountRow.id).where(AccountRow.id == unit.account_id).with_for_update())
    lately = select(func.count()).where(
        InvitationRow.account_id == unit.account_id, InvitationRow.created_at > now() - timedelta(hours=1)
    )
    if (await session.scalar(lately) or 0) >= settings.invitations_per_hour:
        raise Problem(
            429,
            "too-many-invitations",
            f"An account sends at most {settings.invitations_per_hour} invitations an hour.",
            headers={"Retry-After": "600"},
        )
    row = InvitationRow(
        tenant=caller.tenant,
        unit_id=unit.id,
        account_id=unit.account_id,
        person_id=person.id,
        email=draft.email,
        roles=list(draft.roles),
        state=INVITATION.initial,
        expires_at=now() + timedelta(hours=settings.invitation_hours),
    )
    session.add(row)
    await session.flush()
    fact = UnitFact.model_validate(row)
    await record(session, events.INVITED, subject=f"invitations/{row.id}", data=fact, tenant=row.tenant)
    return row


async def new_token(session: AsyncSession, row: InvitationRow) -> str:
    """Return a new token of an invitation; the one before it is useless from now on.

    :raises Problem: 409 when the invitation cannot be accepted any more.
    """
    INVITATION.after(state_of(row), "accept")
    token = secrets.token_urlsafe(32)
    row.token_hash = _hash(token)
    await session.flush()
    return token


async def revoke(session: AsyncSession, row: InvitationRow) -> None:
    """Make an invitation useless.

    :raises Problem: 409 when it has been used already.
    """
    row.state = INVITATION.after(state_of(row), "revoke")
    await session.flush()


async def accept(session: AsyncSession, caller: Principal, token: str) -> MembershipRow:
    """Make the caller a member by its token. Of two that use one token at the same time one becomes it.

    :raises Problem: 404 when the token is unknown, used, revoked, too old or another tenant's; which is not told.
    """
    person = await ensure(session, caller)
    used = (
        update(InvitationRow)
        .where(
            InvitationRow.tenant == caller.tenant,
            InvitationRow.token_hash == _hash(token),
            InvitationRow.state == InvitationState.PENDING,
            InvitationRow.expires_at > now(),
        )
        .values(
            state=INVITATION.after(InvitationState.PENDING, "accept"),
            accepted_by=person.id,
            version=InvitationRow.version + 1,
            updated_at=now(),
        )
        .returning(InvitationRow.unit_id, InvitationRow.roles)
        .execution_options(synchronize_session=False)
    )
    found = (await session.execute(used)).first()
    if found is None:
        raise Problem(404, "not-found", "There is no such invitation, or it cannot be accepted any more.")
    unit = (await session.scalars(select(UnitRow).where(UnitRow.id == found.unit_id))).one()
    return await join(session, unit, person.id, [Role(role) for role in found.roles])


def _hash(token: str) -> str:
    # The token has 256 bits of chance, so a plain hash of it cannot be guessed; a slow one would protect nothing more.
    return hashlib.sha256(token.encode()).hexdigest()
