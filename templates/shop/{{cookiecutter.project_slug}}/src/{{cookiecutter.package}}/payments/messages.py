"""What a provider says in JSON: its answers, and its webhooks (Standard Webhooks 1.0)."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.webhooks import sender

from .port import Outcome, ProviderEvent, Status


def told(outcome: Outcome) -> dict[str, str]:
    """Return an outcome as JSON has it."""
    return {"status": outcome.status.value, "reference": outcome.reference, "reason": outcome.reason}


def outcome_of(members: Mapping[str, Any]) -> Outcome:
    """Read an outcome.

    :raises ValueError: when it is none.
    """
    try:
        return Outcome(
            status=Status(members["status"]), reference=str(members["reference"]), reason=str(members["reason"])
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not an outcome") from error


def event_of(provider: str, secret: bytes, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
    """Read a webhook: an outcome and the ``key`` of the request that it is about.

    :raises Problem: 401 when the provider did not sign it.
    """
    sender(headers, body, {provider: secret})
    members = json.loads(body)
    return ProviderEvent(id=headers["webhook-id"], key=UUID(members["key"]), outcome=outcome_of(members))
