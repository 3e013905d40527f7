"""What a shop and an ERP tell the portal."""

from typing import Any
from uuid import UUID

from chassis.identifiers import uuid7


def order(unit_id: str, buyer: str = "ann", **members: Any) -> dict[str, Any]:
    """Return an order as the shop tells it."""
    return {
        "id": str(uuid7()),
        "version": 1,
        "number": "2026-000123",
        "owner": buyer,
        "business_unit": unit_id,
        "channel": "web",
        "currency": "EUR",
        "net": 17900,
        "tax": 3401,
        "gross": 21301,
        "lines": [{"sku": "C40", "product": "c40", "name": "Pump", "quantity": 1, "net": 17900, "gross": 21301}],
        "purchase_order_number": None,
        "order_state": "placed",
        "payment_state": "pending",
        "shipment_state": "pending",
    } | members


def document(unit_id: str, buyer: str = "ann", **members: Any) -> dict[str, Any]:
    """Return a document as the ERP tells it."""
    return {
        "id": str(UUID(int=uuid7().int)),
        "unit_id": unit_id,
        "buyer": buyer,
        "kind": "invoice",
        "name": "Rechnung Köln.pdf",
        "media_type": "application/pdf",
        "size": 9,
        "published_at": "2026-11-01T10:00:00Z",
        "location": "2026/11/invoice-1.pdf",
    } | members
