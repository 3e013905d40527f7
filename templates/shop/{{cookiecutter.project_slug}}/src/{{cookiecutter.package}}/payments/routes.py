"""Webhooks of the payment provider over HTTP."""

from fastapi import Request

from chassis.database import Session
from chassis.operation import authenticated, resource_router
from chassis.problems import Problem
from chassis.webhooks import SIGNATURE

from ..ports import Plugged
from .settlement import receive

router = resource_router("/v1/payment-events", tag="payments")


@router.post(
    "",
    status_code=204,
    summary="Take a webhook of the payment provider",
    responses={401: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object", "description": "as the provider writes it"}}},
        }
    },
)
@authenticated(by=SIGNATURE)
async def receive_payment_event(request: Request, session: Session, ports: Plugged) -> None:
    """Take what the payment provider tells by itself. A repetition has no effect; a signature that is not the
    provider's is a 401."""
    if ports.payments is None:
        raise Problem(401, "unauthenticated", "The signature is not acceptable.")
    await receive(session, ports.payments, request.headers, await request.body())
