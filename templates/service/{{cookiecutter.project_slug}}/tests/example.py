"""The resource that the tests of the chassis call: any one that is listed, created, read, changed and deleted.

A service with resources of its own names one of them here.
"""

COLLECTION = "/v1/notes"
ITEM = "/v1/notes/{note_id}"
ABSENT = "/v1/notes/0190a5e0-0000-7000-8000-000000000000"
READ, WRITE = "notes:read", "notes:write"
SCHEMA = "Note"

TEXT = "title"
"""A required text that may not be empty."""
FLAG = "pinned"
"""A boolean."""


def draft(text: str = "Milk") -> dict[str, object]:
    """Return what creates one, with ``text`` in :data:`TEXT`."""
    return {TEXT: text}
