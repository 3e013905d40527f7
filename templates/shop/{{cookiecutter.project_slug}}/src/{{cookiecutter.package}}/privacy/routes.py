"""Privacy over HTTP."""

from fastapi.encoders import jsonable_encoder

from chassis.auth import Caller
from chassis.database import Session, now
from chassis.operation import idempotent, requires, resource_router

from . import service
from .register import NOT_BY_BUYER
from .schemas import Erased, Erasure, ErasureDraft, PrivacyExport

router = resource_router("/v1/me", tag="privacy")


# It makes nothing, so it can be repeated; a key would store the answer, one more place where the person's data is.
@router.post("/privacy-exports", summary="Export everything about you")
@requires("shop:buy")
async def create_privacy_export(caller: Caller, session: Session) -> PrivacyExport:
    """Return every row about the caller, machine-readable. No copy of it is kept."""
    data = await service.export(session, caller)
    return PrivacyExport(
        owner=caller.subject, exported_at=now(), data=jsonable_encoder(data), elsewhere=dict(NOT_BY_BUYER)
    )


# 200 and not 201: the report is the answer, and whoever was forgotten can read nothing later.
@router.post("/erasures", summary="Be forgotten", responses={404: {}, 409: {}})
@idempotent(required=False)
@requires("shop:buy")
async def create_erasure(caller: Caller, session: Session, draft: ErasureDraft) -> Erasure:  # noqa: ARG001 - the wish is all it says
    """Forget the caller: what is theirs alone is deleted, what must be kept no longer says whose it is, except the
    address of an invoice. Not while an order is open. A token of the same person that is used later is somebody new."""
    row = await service.erase(session, caller)
    return Erasure(
        id=row.id,
        owner=row.owner,
        erased_at=row.erased_at,
        report=[Erased.model_validate(one) for one in row.report],
        elsewhere=dict(NOT_BY_BUYER),
    )
