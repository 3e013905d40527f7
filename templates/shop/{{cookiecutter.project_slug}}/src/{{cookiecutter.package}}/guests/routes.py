"""Guest sessions over HTTP."""

from typing import Annotated

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from chassis.auth import TENANT_LENGTH
from chassis.guests import GuestTokens
from chassis.operation import public, resource_router

from ..settings import ShopSettings

router = resource_router("/v1/guest-sessions", tag="guests")


class GuestSessionDraft(BaseModel):
    """Where somebody is a guest."""

    model_config = ConfigDict(extra="forbid")

    tenant: Annotated[
        str, Field(max_length=TENANT_LENGTH, description="the house; empty where there is one", examples=[""])
    ] = ""


class GuestSession(BaseModel):
    """A token by which a guest is known again."""

    token: str = Field(description="bearer token with the scope `shop:buy`", examples=["guest.eyJz…"])
    expires_in: int = Field(description="seconds until it is good for nothing", examples=[2592000])


@router.post("", summary="Begin as a guest")
@public
async def create_guest_session(request: Request, draft: GuestSessionDraft, response: Response) -> GuestSession:
    """Return a token for somebody who has not signed in; nothing is stored until they fill a cart."""
    settings: ShopSettings = request.app.state.settings
    tokens: GuestTokens = request.app.state.guest_tokens
    seconds = round(settings.guest_days * 86_400)
    response.headers["Cache-Control"] = "no-store"
    return GuestSession(token=tokens.mint(tenant=draft.tenant, seconds=seconds), expires_in=seconds)
