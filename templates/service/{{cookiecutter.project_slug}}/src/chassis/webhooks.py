"""Signed webhooks, sent and received: Standard Webhooks 1.0, HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

from fastapi import Request

from chassis.operation import Credential
from chassis.problems import Problem

TOLERANCE_SECONDS = 300
"""How old a signature may be: longer than a delivery takes, too short for what was recorded to be of use later."""

SIGNATURE = Credential(
    name="signature",
    scheme={
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": (
            "Standard Webhooks 1.0: `v1,` and the Base64 of HMAC-SHA256 over `webhook-id`, `webhook-timestamp` and the"
            " body, joined by dots."
        ),
    },
)


def signature(secret: bytes, *, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the value of ``webhook-signature``.

    :param timestamp: seconds since 1970, as in ``webhook-timestamp``.
    """
    signed = hmac.digest(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(signed).decode()}"


def sender(headers: Mapping[str, str], body: bytes, secrets: Mapping[str, bytes]) -> str:
    """Find out who sent a webhook.

    :param secrets: the secret of everybody who may.
    :returns: whose secret signed it.
    :raises Problem: 401 when nobody's did, or when it is not from now; which of the two is not told.
    """
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "").split()
    found = None
    for name, secret in secrets.items():
        expected = signature(secret, message_id=message_id, timestamp=timestamp, body=body).encode()
        # A sender that changes its secret signs with both for a while.
        if any(hmac.compare_digest(expected, one.encode()) for one in given):
            found = name
    recent = timestamp.isdecimal() and len(timestamp) < 12 and abs(time.time() - int(timestamp)) <= TOLERANCE_SECONDS
    if found is None or not message_id or not recent:
        raise Problem(401, "unauthenticated", "The signature is not acceptable.")
    return found


async def sender_of(request: Request, secrets: Mapping[str, bytes]) -> str:
    """Find out who sent the request, as :func:`sender` does."""
    return sender(request.headers, await request.body(), secrets)
