"""People over HTTP: what the caller may know and change about itself. Nobody else's id appears here."""

from typing import Annotated

from fastapi import Query, Response

from chassis.auth import Caller
from chassis.database import Session
from chassis.merge_patch import patched
from chassis.operation import idempotent, requires, resource_router
from chassis.paging import Page, PageRequest
from chassis.preconditions import IfMatch, IfNoneMatch

from . import service
from .models import ConsentRow
from .schemas import (
    Consent,
    ConsentDraft,
    Preferences,
    PreferencesDraft,
    PreferencesPatch,
    Profile,
    ProfileDraft,
    ProfilePatch,
    Purpose,
)

router = resource_router("/v1/me", tag="me")


async def _profile(session: Session, caller: Caller) -> Profile:
    person = await session.scalar(service.mine(caller))
    return Profile(version=0) if person is None else Profile.model_validate(person)


async def _preferences(session: Session, caller: Caller) -> Preferences:
    row = await session.scalar(service.preferred(caller))
    return Preferences(version=0) if row is None else Preferences(**row.document, version=row.version)


@router.get("/profile", summary="Read your profile")
@requires("portal:read")
async def read_profile(caller: Caller, session: Session, copy: IfNoneMatch) -> Profile:
    """Read what the caller says about itself."""
    profile = await _profile(session, caller)
    copy.check(profile)
    return profile


@router.patch("/profile", summary="Change your profile")
@requires("portal:write")
async def update_profile(caller: Caller, session: Session, seen: IfMatch, patch: ProfilePatch) -> Profile:
    """Change some members and leave the others. The first change of version 0 makes the profile."""
    before = await _profile(session, caller)
    seen.check(before)
    person = await service.ensure(session, caller)
    draft = ProfileDraft.model_validate(before.model_dump(exclude={"version"}))
    await service.write_profile(session, person, patched(draft, patch))
    seen.changed(person)
    return Profile.model_validate(person)


@router.get("/preferences", summary="Read your preferences")
@requires("portal:read")
async def read_preferences(caller: Caller, session: Session, copy: IfNoneMatch) -> Preferences:
    """Read what the caller prefers."""
    preferences = await _preferences(session, caller)
    copy.check(preferences)
    return preferences


@router.patch("/preferences", summary="Change your preferences")
@requires("portal:write")
async def update_preferences(caller: Caller, session: Session, seen: IfMatch, patch: PreferencesPatch) -> Preferences:
    """Change some members and leave the others. The first change of version 0 makes the preferences."""
    before = await _preferences(session, caller)
    seen.check(before)
    draft = PreferencesDraft.model_validate(before.model_dump(exclude={"version"}))
    row = await service.write_preferences(session, caller, patched(draft, patch))
    seen.changed(row)
    return Preferences(**row.document, version=row.version)


@router.get("/consents", summary="List your consents")
@requires("portal:read")
async def list_consents(
    caller: Caller,
    session: Session,
    page: PageRequest,
    purpose: Annotated[Purpose | None, Query(description="only answers about this purpose")] = None,
) -> Page[Consent]:
    """List every answer that the caller has given about consent, oldest first. The newest of a purpose holds."""
    rows, following = await page.fetch(session, service.consented(caller, purpose), ConsentRow.id)
    return Page(items=[Consent.model_validate(row) for row in rows], next=following)


@router.post("/consents", status_code=201, summary="Give or withdraw consent")
@idempotent(required=False)
@requires("portal:write")
async def create_consent(caller: Caller, session: Session, draft: ConsentDraft, response: Response) -> Consent:
    """Add an answer. Earlier ones stay on record, so that it can be shown who agreed to which text, and when."""
    row = await service.answer(session, caller, draft)
    response.headers["Location"] = "/v1/me/consents"
    return Consent.model_validate(row)
