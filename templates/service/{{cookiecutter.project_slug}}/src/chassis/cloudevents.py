"""CloudEvents 1.0 in the JSON event format: the form in which events leave the service."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from chassis.project import project

MEDIA_TYPE = "application/cloudevents+json"  # structured mode: CloudEvents HTTP binding 1.0, section 3.2


@dataclass(frozen=True, kw_only=True)
class CloudEvent:
    """One event, as everybody sees it.

    ``sequence`` counts the events of one ``subject`` from 1 without gaps, in the order in which their transactions
    were committed. Subjects are independent of each other. ``tenant`` is empty where there is only one, ``tracestate``
    where there is no ``traceparent``.
    """

    id: UUID
    type: str
    subject: str
    time: datetime
    sequence: int
    data: dict[str, Any]
    tenant: str = ""
    traceparent: str = ""
    tracestate: str = ""

    def document(self) -> str:
        """Return the JSON text that is published: always the same one, however often it is sent.

        ``sequence``, ``traceparent`` and ``tracestate`` are CloudEvents' own extensions; the first is filled up with
        zeros, because that extension compares it as text. ``tenant`` is an extension of ours.
        """
        members: dict[str, Any] = {
            "specversion": "1.0",
            "id": str(self.id),
            "source": source(),
            "type": self.type,
            "subject": self.subject,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "sequence": f"{self.sequence:010d}",
        }
        further = {"tenant": self.tenant, "traceparent": self.traceparent, "tracestate": self.tracestate}
        members |= {name: value for name, value in further.items() if value}
        return to_json(members | {"data": self.data}).decode()


def trace_headers(document: str) -> dict[str, str]:
    """Return the headers with which an event is delivered, so that what its consumer does belongs to the same trace.

    :param document: the event as JSON text.
    """
    members = json.loads(document)
    return {name: members[name] for name in ("traceparent", "tracestate") if name in members}


def source() -> str:
    """Return the ``source`` of all events of this service, a URI reference."""
    return f"/services/{project().name}"
