"""Events of other services, as they arrive: CloudEvents 1.0 by webhook, signed by somebody we know.

An operation that takes them is declared with :data:`from_sender` and asks for :data:`Sender`. It deals with each event
once (:mod:`chassis.inbox`) and in whatever order they come (:attr:`ReceivedEvent.sequence`).
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from chassis.cloudevents import MEDIA_TYPE
from chassis.operation import authenticated
from chassis.patterns import worded
from chassis.settings import Settings
from chassis.webhook_keys import key_of
from chassis.webhooks import SIGNATURE, sender_of

from_sender = authenticated(by=SIGNATURE, media_type=MEDIA_TYPE)
"""Declares that an operation takes events of the services that ``EVENTS_SENDERS`` names."""


class ReceivedEvent(BaseModel):
    """A CloudEvent in the JSON format. Attributes that nobody here knows are let through unread."""

    model_config = ConfigDict(
        extra="ignore",
        title="CloudEvent",
        json_schema_extra={
            "examples": [
                {
                    "specversion": "1.0",
                    "id": "0190a5e0-0000-7000-8000-000000000000",
                    "source": "/services/shop",
                    "type": "order.placed",
                    "subject": "orders/0190a5e0-0000-7000-8000-000000000001",
                    "time": "2026-01-31T12:00:00Z",
                    "sequence": "0000000001",
                    "data": {"id": "0190a5e0-0000-7000-8000-000000000001"},
                }
            ]
        },
    )

    specversion: Annotated[str, Field(pattern=worded(r"^1\.0$", "takes `1.0`"), description="version of CloudEvents")]
    id: Annotated[str, Field(min_length=1, max_length=255, description="with `source`: names the event")]
    source: Annotated[str, Field(min_length=1, max_length=255, description="the service that it comes from")]
    type: Annotated[str, Field(min_length=1, max_length=100, description="what happened")]
    subject: Annotated[str, Field(min_length=1, max_length=200, description="the resource it happened to")]
    time: Annotated[datetime, Field(description="when it happened")]
    sequence: Annotated[
        str,
        Field(
            pattern=worded(r"^[0-9]{1,18}$", "takes 1 to 18 digits"),
            description="orders the events of one subject; a higher one is newer",
        ),
    ]
    tenant: Annotated[str, Field(max_length=64, description="whose it is; empty where there is only one")] = ""
    data: dict[str, Any] = Field(description="what the type says")

    @property
    def order(self) -> int:
        """The sequence as a number."""
        return int(self.sequence)


async def _sender(request: Request) -> str:
    settings: Settings = request.app.state.settings
    return await sender_of(
        request, {name: key_of(secret.get_secret_value()) for name, secret in settings.events_senders.items()}
    )


Sender = Annotated[str, Depends(_sender)]
"""The name of the service whose secret signed the request; everybody else got a 401."""
