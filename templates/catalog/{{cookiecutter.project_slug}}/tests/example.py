"""The resource that the tests of the chassis call: any one that is listed, created, read, changed and deleted."""

from typing import Any

import httpx

from tests.catalog import PUMP_TYPE, category, product

COLLECTION = "/v1/categories"
ITEM = "/v1/categories/{category_id}"
ABSENT = "/v1/categories/0190a5e0-0000-7000-8000-000000000000"
READ, WRITE = "catalog:read", "catalog:write"
SCHEMA = "Category"

TEXT = "key"
"""A text that may not be empty."""
FLAG = "position"
"""A member that is no text."""
WITHOUT_KEY: dict[str, str] = {}
"""The POSTs that take no ``Idempotency-Key``, by operation id, and why."""


def draft(text: str | None = None) -> dict[str, object]:
    """Return what creates one, with ``text`` in :data:`TEXT`."""
    return {"name": {"en": "Pumps"}} | ({} if text is None else {TEXT: text})


def change(text: str) -> dict[str, object]:
    """Return a merge patch that changes one."""
    return {"name": {"en": text}}


def seed(client: httpx.Client) -> dict[str, str]:
    """Put something there for the fuzzer to find; return what ``schemathesis.toml`` must know of it."""

    def post(collection: str, thing: dict[str, Any]) -> str:
        response = client.post(f"/v1/{collection}", json=thing)
        response.raise_for_status()
        return str(response.json()["id"])

    post("product-types", PUMP_TYPE)
    post("categories", category("fuzzed"))
    web: dict[str, Any] = {"key": "web", "name": {"en": "Shop"}, "currency": "EUR", "locales": [{"locale": "en"}]}
    post("channels", web | {"site": "https://shop.example.com/p"})
    post("assortments", {"key": "all", "name": {"en": "All"}, "channels": ["web"], "everything": True})
    product_id = post("products", product("c40", categories=["fuzzed"]))
    publication_id = post(f"products/{product_id}/publications", {})
    lines = client.post("/v1/product-imports", content=b"{}", headers={"Content-Type": "application/x-ndjson"})
    return {
        "FUZZ_PRODUCT_ID": product_id,
        "FUZZ_PUBLICATION_ID": publication_id,
        "FUZZ_IMPORT_ID": lines.json()["id"],
    }
