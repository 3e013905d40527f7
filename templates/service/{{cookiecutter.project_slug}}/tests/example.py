"""The resource that the tests of the chassis call: any one that is listed, created, read, changed and deleted.

A service with resources of its own names one of them here.
"""

import httpx

COLLECTION = "/v1/notes"
ITEM = "/v1/notes/{note_id}"
ABSENT = "/v1/notes/0190a5e0-0000-7000-8000-000000000000"
READ, WRITE = "notes:read", "notes:write"
SCHEMA = "Note"

TEXT = "title"
"""A required text that may not be empty."""
FLAG = "pinned"
"""A boolean."""
WITHOUT_KEY: dict[str, str] = {}
"""The POSTs that take no ``Idempotency-Key``, by operation id, and why."""


def draft(text: str = "Milk") -> dict[str, object]:
    """Return what creates one, with ``text`` in :data:`TEXT`."""
    return {TEXT: text}


def change(text: str) -> dict[str, object]:
    """Return a merge patch that changes one."""
    return {TEXT: text}


def seed(client: httpx.Client) -> dict[str, str]:
    """Put something there for the fuzzer to find; return what ``schemathesis.toml`` must know of it."""
    for _ in range(3):
        client.post(COLLECTION, json=draft()).raise_for_status()
    return {}
