"""CloudEvents 1.0 in the JSON event format: the form in which events leave the service."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from chassis.project import project

MEDIA_TYPE = "application/cloudevents+json"  # structured mode: CloudEvents HTTP binding 1.0, section 3.2


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What events that are recorded together have in common.

    ``tenant`` is empty where there is only one, ``tracestate`` where there is no ``traceparent``.
    """

    type: str
    time: datetime
    tenant: str = ""
    traceparent: str = ""
    tracestate: str = ""

    @cached_property
    def members(self) -> str:
        """The members that all of them have, as JSON without its braces.

        ``traceparent`` and ``tracestate`` are extensions of CloudEvents' own, ``tenant`` is one of ours.
        """
        members = {
            "specversion": "1.0",
            "source": source(),
            "type": self.type,
            "time": self.time.isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
        }
        further = {"tenant": self.tenant, "traceparent": self.traceparent, "tracestate": self.tracestate}
        members |= {name: value for name, value in further.items() if value}
        return to_json(members).decode()[1:-1]


class CloudEvent(NamedTuple):
    """One event, as everybody sees it, but for its number; ``data`` is JSON text."""

    occasion: Occasion
    id: UUID
    subject: str
    data: str

    def document(self, sequence: int) -> str:
        """Return the JSON text that is published: always the same one, however often it is sent.

        :param sequence: counts the events of one ``subject`` from 1 without gaps, in the order in which their
            transactions were committed. Subjects are independent of each other. It is filled up with zeros, because
            that extension of CloudEvents compares it as text.
        """
        subject = to_json(self.subject).decode()
        own = f'"id":"{self.id}","subject":{subject},"sequence":"{sequence:010d}","data":{self.data}'
        return f"{{{self.occasion.members},{own}}}"


def trace_headers(document: str) -> dict[str, str]:
    """Return the headers with which an event is delivered, so that what its consumer does belongs to the same trace.

    :param document: the event as JSON text.
    """
    members = json.loads(document)
    return {name: members[name] for name in ("traceparent", "tracestate") if name in members}


def source() -> str:
    """Return the ``source`` of all events of this service, a URI reference."""
    return f"/services/{project().name}"
