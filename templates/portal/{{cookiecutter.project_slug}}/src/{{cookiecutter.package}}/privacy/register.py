"""The register: every column that names a person, and what becomes of its rows when the person is forgotten.

A column that is missing here fails a test, and so does one that no longer exists: whoever adds a table decides about it
(Regulation (EU) 2016/679, articles 15, 17 and 30).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Table

from chassis.database import Base

CONTRACT = "needed for a contract with the customer (GDPR article 17(3)(e))"
TRADE = "commercial records are kept for the time that the law asks for (GDPR article 17(3)(b); in Germany HGB § 257)"
PROOF = "proof that consent was given or refused (GDPR articles 7(1) and 17(3)(e))"
TEAM = "belongs to the business unit, which goes on with it"
TAIL = "goes by itself after the time that the settings say"


class Fate(StrEnum):
    """What becomes of a row when its person is forgotten."""

    DELETED = "deleted"
    CLEARED = "cleared"
    """What says who it is is emptied; the row stays."""
    KEPT = "kept"
    """The row names the person's id alone, which says nothing any more."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One column that names a person.

    ``why``: the reason for whatever is kept. ``cleared``: columns that are emptied, with what stands there afterwards.
    """

    fate: Fate
    why: str = ""
    cleared: Mapping[str, object] = field(default_factory=dict)


_GONE = "[erased]"

REGISTER: Mapping[str, Entry] = {
    "preferences.person_id": Entry(fate=Fate.DELETED),
    "memberships.person_id": Entry(fate=Fate.DELETED),
    "shopping_lists.person_id": Entry(fate=Fate.DELETED),
    "consents.person_id": Entry(fate=Fate.KEPT, why=PROOF),
    "invitations.person_id": Entry(fate=Fate.KEPT, why=TEAM),
    "invitations.accepted_by": Entry(fate=Fate.CLEARED, why=TEAM, cleared={"email": None}),
    "addresses.person_id": Entry(fate=Fate.KEPT, why=TEAM),
    "quotes.person_id": Entry(fate=Fate.KEPT, why=CONTRACT),
    "quote_moves.person_id": Entry(fate=Fate.KEPT, why=CONTRACT),
    "offers.person_id": Entry(fate=Fate.KEPT, why=CONTRACT),
    "approval_requests.person_id": Entry(fate=Fate.KEPT, why=TRADE),
    "approval_decisions.person_id": Entry(fate=Fate.KEPT, why=TRADE),
    "orders.person_id": Entry(fate=Fate.KEPT, why=TRADE),
    "invoices.person_id": Entry(fate=Fate.KEPT, why=TRADE),
    "documents.person_id": Entry(fate=Fate.KEPT, why=TRADE),
    "cases.person_id": Entry(fate=Fate.CLEARED, why=TEAM, cleared={"title": _GONE}),
    "case_messages.person_id": Entry(fate=Fate.CLEARED, why=TEAM, cleared={"text": _GONE, "attachments": []}),
    "devices.person_id": Entry(fate=Fate.KEPT, why=TEAM),
    "erasures.person_id": Entry(fate=Fate.KEPT, why="proof that the person was forgotten (GDPR article 5(2))"),
}
"""Every column that names a person, as ``table.column``."""

NOT_BY_PERSON: Mapping[str, str] = {
    "idempotency_keys": f"answers to repeated requests: {TAIL} (IDEMPOTENCY_SECONDS)",
    "outbox": f"events that wait to be delivered, which name the person's id alone: {TAIL} (RELAY_GIVE_UP_HOURS)",
}
"""Tables that cannot be searched for a person, and why that is no harm."""


def table_of(entry: str) -> Table:
    """Return the table of an entry."""
    return Base.metadata.tables[entry.partition(".")[0]]
