"""The overview over HTTP."""

from fastapi import Request, Response

from chassis.auth import Caller
from chassis.operation import requires
from chassis.prepared import prepared_router

from .schemas import Overview
from .service import OverviewReader

router = prepared_router("/v1/me", tag="me")


@router.get("", summary="Read everything about you at once", response_model=Overview)
@requires("portal:read")
async def read_overview(request: Request, caller: Caller) -> Response:
    """Read what a touchpoint needs for the signed-in person. A section that fails says so, and the rest is served."""
    reader: OverviewReader = request.app.state.overview
    return Response(await reader.read(caller), media_type="application/json")
