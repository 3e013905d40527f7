"""A016's engine for AsyncAPI: which changes of what a service sends and receives break who is at the other end.

Sources: AsyncAPI 2.6 and 3.0. What is sent is judged as a response is, what is received as a request is. The name of a
message is not on the wire, so the one message of a channel may be called anything.
"""

from collections.abc import Callable, Iterator
from typing import Any

from machgen.check.api_first.breaking import distinct
from machgen.check.api_first.references import Node, References
from machgen.check.api_first.schema_changes import Change, SchemaComparison, Side, gone
from machgen.check.api_first.shapes import Shapes

Messages = dict[tuple[bool, str], dict[str, Node]]
"""Whether it is sent, and the channel's address → its messages by name."""


class Events:
    """One AsyncAPI description.

    Args:
        path: The file.
        document: What it says, parsed.
        load: Reads other files that it refers to.
    """

    def __init__(self, path: str, document: Any, load: Callable[[str], Any]) -> None:
        self.root = Node(path, "", document)
        self.references = References(lambda other: document if other == path else load(other))
        self.shapes = Shapes(self.references, "3.1.0")  # both have whole JSON Schema

    def messages(self) -> Messages:
        """Return what is sent and received."""
        found: Messages = {}
        if str(self.root.get("asyncapi")).startswith("2"):
            for address, item in self.root.child("channels").children():
                channel = self.references.resolved(item)
                for key, sent in (("subscribe", True), ("publish", False)):
                    if isinstance(channel.get(key), dict):
                        found[sent, address] = dict(self._of_two(channel.child(key)))
            return found
        for _, written in self.root.child("operations").children():
            operation = self.references.resolved(written)
            channel = self.references.resolved(operation.child("channel"))
            address = channel.get("address") or channel.pointer.rpartition("/")[2]
            action = operation.get("action")
            if action in {"send", "receive"} and isinstance(address, str):
                found.setdefault((action == "send", address), {}).update(self._of_three(operation, channel))
        return found

    def _of_two(self, operation: Node) -> Iterator[tuple[str, Node]]:
        message = operation.child("message")
        several = message.child("oneOf").items()
        for number, each in enumerate(several or [message]):
            node = self.references.resolved(each)
            yield str(node.get("name") or node.get("messageId") or number), node

    def _of_three(self, operation: Node, channel: Node) -> Iterator[tuple[str, Node]]:
        named = operation.child("messages").items()
        for each in named or [node for _, node in channel.child("messages").children()]:
            node = self.references.resolved(each)
            reference = str(each.get("$ref") or node.pointer)
            yield reference.rpartition("/")[2], node

    def payload(self, message: Node) -> Node:
        """Return a message's schema; its value is None where there is none, or it is no JSON Schema."""
        payload = self.references.resolved(message.child("payload"))
        if isinstance(payload.get("schemaFormat"), str) and "schema" in payload.value:
            json = "json" in payload.value["schemaFormat"] or "asyncapi" in payload.value["schemaFormat"]
            return payload.child("schema") if json else Node(payload.path, payload.pointer, None)
        return message.child("payload")


def breaking_events(before: Events, after: Events) -> tuple[Change, ...]:
    """Return what breaks, in the order of the old description; each thing once.

    Args:
        before: The description that others rely on.
        after: The one that replaces it.
    """
    return distinct(_changes(before, after))


def _changes(before: Events, after: Events) -> Iterator[Change]:
    comparison = SchemaComparison()
    old, new = before.messages(), after.messages()
    for (sent, address), messages in old.items():
        verb = "sent" if sent else "received"
        now = new.get((sent, address))
        if now is None:
            first = next(iter(messages.values()), before.root)
            yield gone(first, f"{address} is no longer {verb}")
            continue
        for name, message in messages.items():
            other = now.get(name) or (next(iter(now.values())) if len(now) == len(messages) == 1 else None)
            if other is None:
                yield gone(message, f"the message {name} of {address} is no longer {verb}")
                continue
            side = Side(*((after, before) if sent else (before, after)), request=not sent, where=f"{address}, {verb}")
            for what in (_payload, _headers):
                pair = what(before, message), what(after, other)
                if isinstance(pair[0].value, dict) and isinstance(pair[1].value, dict):
                    narrow, wide = (pair[1], pair[0]) if sent else pair
                    yield from comparison.schemas((narrow,), (wide,), side)


def _payload(events: Events, message: Node) -> Node:
    return events.payload(message)


def _headers(_events: Events, message: Node) -> Node:
    return message.child("headers")
