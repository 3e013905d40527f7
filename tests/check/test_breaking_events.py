"""A016 for AsyncAPI and for callbacks: edits of what a service sends and receives, each labelled as breaking or not."""

import pytest

from machgen.check.api_first.event_changes import Events, breaking_events
from machgen.check.document import read_yaml
from tests.check.test_compatibility import SERVICE, compared

ORDERS = """\
asyncapi: 3.0.0
info: {title: Orders, version: 1.0.0}
channels:
  placed:
    address: order.placed
    messages:
      Placed:
        headers: {type: object, properties: {trace: {type: string}}}
        payload: {$ref: '#/components/schemas/Order'}
  paid:
    address: payment.received
    messages:
      Paid:
        payload:
          type: object
          required: [order]
          properties: {order: {type: string}, amount: {type: integer, minimum: 0}}
operations:
  place: {action: send, channel: {$ref: '#/channels/placed'}}
  hear: {action: receive, channel: {$ref: '#/channels/paid'}, messages: [{$ref: '#/channels/paid/messages/Paid'}]}
components:
  schemas:
    Order:
      type: object
      required: [id, total]
      properties: {id: {type: string}, total: {type: integer, maximum: 100}, state: {enum: [new, paid]}}
"""
OLD = """\
asyncapi: 2.6.0
info: {title: Orders, version: 1.0.0}
channels:
  order.placed:
    subscribe:
      message:
        oneOf:
          - {name: Placed, payload: {type: object, properties: {id: {type: string}}}}
          - {name: Cancelled, payload: {type: object}}
"""

EDITS = [
    ("a channel goes", "  place: {action: send, channel: {$ref: '#/channels/placed'}}\n", "", ["order.placed is no longer sent"]),
    ("nobody hears it", "action: receive", "action: send", ["payment.received is no longer received"]),
    ("another address", "address: order.placed", "address: orders.placed", ["order.placed is no longer sent"]),
    ("a property goes", "total: {type: integer, maximum: 100}, ", "", ["the property total is gone (order.placed, sent)"]),
    ("no longer always there", "required: [id, total]", "required: [id]", ["the property total is not always there any more (order.placed, sent)"]),
    ("another type", "{id: {type: string}, total", "{id: {type: integer}, total", ["an integer may now be returned (order.placed, sent)"]),
    ("a value more", "enum: [new, paid]", "enum: [new, paid, gone]", ['"gone" may now be returned (order.placed, sent)']),
    ("wider", "maximum: 100", "maximum: 200", ["the upper bound is 200 instead of 100 (order.placed, sent)"]),
    ("more is asked of who sends", "required: [order]", "required: [order, amount]", ["the property amount is now required (payment.received, received)"]),
    ("less is accepted", "minimum: 0", "minimum: 1", ["the lower bound is 1 instead of 0 (payment.received, received)"]),
    ("a header goes", "{trace: {type: string}}", "{span: {type: string}}", ["the property trace is gone (order.placed, sent)"]),
    ("a property more is sent", "{id: {type: string}, total", "{id: {type: string}, at: {type: string}, total", []),
    ("narrower is sent", "maximum: 100", "maximum: 50", []),
    ("a value less is sent", "enum: [new, paid]", "enum: [new]", []),
    ("less is asked", "required: [order]", "required: []", []),
    ("more is accepted", "minimum: 0", "minimum: -1", []),
    ("another name for the one message", "      Placed:\n", "      OrderPlaced:\n", []),
    ("another name for the channel", "placed", "created", []),
    ("one more", "  hear:", "  again: {action: send, channel: {address: order.shipped}}\n  hear:", []),
]  # fmt: skip


def events(text: str) -> Events:
    """A description of events."""
    return Events("asyncapi.yaml", read_yaml(text)[0], lambda _: None)


@pytest.mark.parametrize(("old", "new", "expected"), [pytest.param(*edit[1:], id=edit[0]) for edit in EDITS])
def test_an_edit_is_judged(old: str, new: str, expected: list[str]) -> None:
    """What breaks who is at the other end, and nothing else."""
    assert old in ORDERS
    after = ORDERS.replace(old, new)
    if new == "created":
        after = after.replace("address: order.created", "address: order.placed")

    assert expected == [each.message for each in breaking_events(events(ORDERS), events(after))]


def test_a_message_of_several_goes() -> None:
    """In AsyncAPI 2, where `subscribe` is what the service sends."""
    after = OLD.replace("          - {name: Cancelled, payload: {type: object}}\n", "")

    assert ["the message Cancelled of order.placed is no longer sent"] == [
        each.message for each in breaking_events(events(OLD), events(after))
    ]


def test_events_are_compared_with_the_base() -> None:
    """As A016, at the line in the new contract."""
    before = {**SERVICE, "contract/asyncapi.yaml": ORDERS}
    after = {
        **SERVICE,
        "contract/asyncapi.yaml": ORDERS.replace("{id: {type: string}, total", "{id: {type: integer}, total"),
    }

    assert [
        "contract/asyncapi.yaml:26 an integer may now be returned (order.placed, sent) at "
        "/components/schemas/Order/properties/id"
    ] == compared(before, after)
    assert ["contract/asyncapi.yaml:1 the contract contract/asyncapi.yaml is gone"] == compared(before, SERVICE)


CALLED_BACK = """
    openapi: 3.1.0
    info: {title: Orders, version: 1.0.0}
    paths:
      /orders:
        post:
          responses: {'201': {description: made}}
          callbacks:
            paid:
              '{$request.body#/url}':
                post:
                  requestBody: {content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}
                  responses: {'200': {description: ok}}
    """


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("id: {type", "key: {type", "the property id is gone (callback paid of POST /orders {$request.body#/url})"),
        ("paid:", "settled:", "the callback paid of POST /orders {$request.body#/url} is gone"),
        ("{id: {type: string}}", "{id: {type: string}, at: {type: string}}", ""),
    ],
    ids=["a property goes", "a callback goes", "a property more"],
)
def test_callbacks_are_judged_as_responses(old: str, new: str, expected: str) -> None:
    """The service sends them."""
    found = compared(
        {**SERVICE, "openapi.yaml": CALLED_BACK}, {**SERVICE, "openapi.yaml": CALLED_BACK.replace(old, new)}
    )

    assert [expected] * bool(expected) == [each.split(" ", 1)[1].split(" at /")[0] for each in found]
