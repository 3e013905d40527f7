"""Privacy over HTTP."""

from uuid import UUID

from fastapi.encoders import jsonable_encoder

from chassis.auth import Caller
from chassis.database import Session, now
from chassis.operation import idempotent, requires, resource_router
from chassis.problems import FieldError, Problem

from . import service
from .register import NOT_BY_PERSON
from .schemas import Erased, Erasure, ErasureDraft, PrivacyExport

router = resource_router("/v1/me", tag="me")


# It makes nothing, so it can be repeated; a key would store the answer, one more place where the person's data is.
@router.post("/privacy-exports", summary="Export everything about you")
@requires("portal:write")
async def create_privacy_export(caller: Caller, session: Session) -> PrivacyExport:
    """Return every row about the caller, machine-readable. No copy of it is kept."""
    person_id, data = await service.export(session, caller)
    return PrivacyExport(
        person_id=person_id, exported_at=now(), data=jsonable_encoder(data), elsewhere=dict(NOT_BY_PERSON)
    )


# 200 and not 201: the report is the answer, and whoever was forgotten can read nothing later.
@router.post("/erasures", summary="Be forgotten", responses={404: {}, 409: {}})
@idempotent(required=False)
@requires("portal:write")
async def create_erasure(caller: Caller, session: Session, draft: ErasureDraft) -> Erasure:
    """Forget the caller: what is its alone is deleted, what must be kept no longer says whose it is.

    A private account in which the caller is the only member is closed with it. A company's account stays. What somebody
    wrote in words of their own and the law wants kept, such as the comment of a quote, is kept and listed.
    Whoever is the last admin of a unit with other members makes one of them admin first. A token of the same person
    that is used later is somebody new.
    """
    if not draft.confirm:
        detail = "confirm that it cannot be taken back"
        errors = [FieldError(pointer="/confirm", parameter=None, detail=detail)]
        raise Problem(422, "invalid-request", "The request does not fit the contract.", errors=errors)
    row = await service.erase(session, caller)
    person_id: UUID = row.person_id
    return Erasure(
        person_id=person_id,
        erased_at=row.erased_at,
        report=[Erased.model_validate(one) for one in row.report],
        elsewhere=dict(NOT_BY_PERSON),
    )
