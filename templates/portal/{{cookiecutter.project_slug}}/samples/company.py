"""What the made-up company is like: its units, people, addresses, rules and things. Nothing here is somebody's."""

from typing import Any

NAME = "Hansen Heating"
ADMIN = "carla"
"""Who opened the account; she is its admin."""

WORKSHOPS: dict[str, str] = {"Hamburg": "4711", "Bremen": "4712"}
"""Business units below the company's own, with their cost centres."""

PEOPLE: dict[str, tuple[str, list[str]]] = {
    "amy": ("", ["approver"]),
    "otto": ("", ["accountant"]),
    "ben": ("Hamburg", ["buyer"]),
    "dora": ("Bremen", ["buyer"]),
    "tim": ("Hamburg", ["technician"]),
}
"""Who is what in which unit; "" is the company's own."""

ADDRESSES: dict[str, dict[str, Any]] = {
    "": {"recipient": NAME, "street": "Hof 1", "postal_code": "20095", "city": "Hamburg", "shipping": False},
    "Hamburg": {"recipient": f"{NAME}, Gate 3", "street": "Elbchaussee 5", "postal_code": "22767", "city": "Hamburg"},
    "Bremen": {"recipient": f"{NAME}, Workshop", "street": "Schlachte 7", "postal_code": "28195", "city": "Bremen"},
}
RULE: dict[str, Any] = {
    "name": "From 500 euros on",
    "minimum": {"amount": 50_000, "currency": "EUR"},
    "tiers": [{"role": "approver", "needed": 1}],
}
LIMIT: dict[str, Any] = {"role": "buyer", "limit": {"amount": 200_000, "currency": "EUR"}, "period": "month"}
SHOPPING_LIST: dict[str, Any] = {
    "name": "What the van needs",
    "shared": True,
    "lines": [{"sku": "HV00006-15", "quantity": 20}, {"sku": "HE00000", "quantity": 50, "note": "not the blue ones"}],
}
QUOTE: dict[str, Any] = {
    "title": "Pumps for the new hall",
    "comment": "Delivery in May, all at once.",
    "currency": "EUR",
    "lines": [{"sku": "HP00003-230", "quantity": 20, "target_price": 20_000}],
}
OFFERED = [{"sku": "HP00003-230", "quantity": 20, "unit_price": 20_500, "note": "two weeks"}]
OFFER_DAYS = 30
CASE: dict[str, Any] = {
    "title": "Pump in the boiler room hums",
    "topic": "repair",
    "message": {"text": "Since Monday, at night only."},
}
DEVICE: dict[str, Any] = {"product": "pump-00003", "serial_number": "HP3-2026-000017", "name": "Boiler room, left"}
