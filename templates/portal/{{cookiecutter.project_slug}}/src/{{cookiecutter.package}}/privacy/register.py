"""The register: every column that names a person, and what becomes of its rows when the person is forgotten.

A column that is missing here fails a test, and so does one that no longer exists: whoever adds a table decides about it
(Regulation (EU) 2016/679, articles 15, 17 and 30).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

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
    ``free_text``: columns that stay as somebody wrote them, and in which a name may stand; the person is told of them.
    """

    fate: Fate
    why: str = ""
    cleared: Mapping[str, object] = field(default_factory=dict)
    free_text: tuple[str, ...] = ()


ERASED = "[erased]"
"""What stands where somebody's words stood."""

REGISTER: Mapping[str, Entry] = {
    "preferences.person_id": Entry(fate=Fate.DELETED),
    "memberships.person_id": Entry(fate=Fate.DELETED),
    "shopping_lists.person_id": Entry(fate=Fate.DELETED),
    "consents.person_id": Entry(fate=Fate.KEPT, why=PROOF),
    "invitations.person_id": Entry(fate=Fate.KEPT, why=TEAM),
    "invitations.accepted_by": Entry(fate=Fate.CLEARED, why=TEAM, cleared={"email": None}),
    "addresses.person_id": Entry(fate=Fate.KEPT, why=TEAM, free_text=("recipient", "street", "additional")),
    "quotes.person_id": Entry(fate=Fate.KEPT, why=CONTRACT, free_text=("title", "comment", "lines")),
    "quote_moves.person_id": Entry(fate=Fate.KEPT, why=CONTRACT, free_text=("comment",)),
    "offers.person_id": Entry(fate=Fate.KEPT, why=CONTRACT, free_text=("lines",)),
    "approval_requests.person_id": Entry(fate=Fate.KEPT, why=TRADE, free_text=("reference",)),
    "approval_decisions.person_id": Entry(fate=Fate.KEPT, why=TRADE, free_text=("comment",)),
    "orders.person_id": Entry(fate=Fate.KEPT, why=TRADE, free_text=("purchase_order_number",)),
    "invoices.person_id": Entry(fate=Fate.KEPT, why=TRADE),
    "documents.person_id": Entry(fate=Fate.KEPT, why=TRADE, free_text=("name",)),
    "cases.person_id": Entry(fate=Fate.CLEARED, why=TEAM, cleared={"title": ERASED}),
    "case_messages.person_id": Entry(fate=Fate.CLEARED, why=TEAM, cleared={"text": ERASED, "attachments": []}),
    "devices.person_id": Entry(fate=Fate.KEPT, why=TEAM, free_text=("name",)),
    "erasures.person_id": Entry(fate=Fate.KEPT, why="proof that the person was forgotten (GDPR article 5(2))"),
}
"""Every column that names a person, as ``table.column``."""

NOT_BY_PERSON: Mapping[str, str] = {
    "idempotency_keys": f"answers to repeated requests: {TAIL} (IDEMPOTENCY_SECONDS)",
    "outbox": f"events that wait to be delivered, which name the person's id alone: {TAIL} (RELAY_GIVE_UP_HOURS)",
}
"""Tables that cannot be searched for a person, and why that is no harm."""


def report_line(named: str, *, rows: int, fate: Fate, why: str, free_text: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a person is told about rows that named it.

    :param named: the column that did, as ``table.column``.
    """
    table, _, column = named.partition(".")
    return {"table": table, "column": column, "rows": rows, "fate": fate, "why": why, "free_text": list(free_text)}


def table_of(entry: str) -> Table:
    """Return the table of an entry."""
    return Base.metadata.tables[entry.partition(".")[0]]
