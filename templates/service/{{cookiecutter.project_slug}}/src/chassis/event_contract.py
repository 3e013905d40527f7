"""The contract of the events: AsyncAPI 3.0, made from what the domain says it publishes."""

from typing import Any

from pydantic.json_schema import models_json_schema

from chassis.cloudevents import MEDIA_TYPE, source
from chassis.domain import Domain
from chassis.events import EventType
from chassis.project import Project
from chassis.trace_context import LONGEST_TRACESTATE


def build(project: Project, domain: Domain) -> dict[str, Any]:
    """Return the contract as a JSON object."""
    models = {kind.data for kind in domain.events}
    _, definitions = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": project.title,
            "version": project.version,
            "description": project.description,
            "contact": {"name": project.owner},
        },
        "defaultContentType": MEDIA_TYPE,
        "channels": {kind.name: _channel(kind) for kind in domain.events},
        "operations": {f"publish.{kind.name}": _operation(kind) for kind in domain.events},
        "components": {
            "messages": {kind.name: _message(kind) for kind in domain.events},
            "schemas": {**definitions.get("$defs", {}), "CloudEvent": _envelope()},
        },
    }


def _channel(kind: EventType) -> dict[str, Any]:
    return {
        "address": kind.name,
        "description": "An HTTP subscriber gets it by POST; on NATS the configured prefix stands before the address.",
        "messages": {kind.name: {"$ref": f"#/components/messages/{kind.name}"}},
    }


def _operation(kind: EventType) -> dict[str, Any]:
    return {
        "action": "send",
        "summary": kind.summary,
        "channel": {"$ref": f"#/channels/{kind.name}"},
        "messages": [{"$ref": f"#/channels/{kind.name}/messages/{kind.name}"}],
    }


def _message(kind: EventType) -> dict[str, Any]:
    return {
        "name": kind.name,
        "title": kind.summary.rstrip("."),
        "summary": kind.summary,
        "contentType": MEDIA_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEvent"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": kind.name},
                        "source": {"const": source()},
                        "data": {"$ref": f"#/components/schemas/{kind.data.__name__}"},
                    },
                },
            ]
        },
    }


def _envelope() -> dict[str, Any]:
    """Describe what CloudEvents 1.0 (JSON format) puts around every payload."""
    return {
        "type": "object",
        "description": "CloudEvents 1.0 in JSON. Delivery is at least once: a repeated event has the same id.",
        "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "sequence", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"type": "string", "format": "uri-reference"},
            "type": {"type": "string"},
            "subject": {"type": "string", "description": "the resource; events of one subject arrive in order"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {
                "type": "string",
                "pattern": "^[0-9]{10}$",
                "description": "counts the events of one subject from 1 without gaps; one that is not above the last "
                "one seen is a repetition, or a dead letter delivered after all",
            },
            "tenant": {"type": "string", "description": "whose it is; absent where there is only one tenant"},
            "traceparent": {"type": "string", "description": "W3C trace context of the request that caused it"},
            "tracestate": {
                "type": "string",
                "maxLength": LONGEST_TRACESTATE,
                "description": "what tracing systems say of that context; only beside `traceparent`",
            },
            "data": {"type": "object"},
        },
    }
