"""Ready-made parts of a small catalog, and ways to put them there."""

from typing import Any

import httpx

MERGE = {"Content-Type": "application/merge-patch+json"}

PUMP_TYPE: dict[str, Any] = {
    "key": "pump",
    "name": {"de": "Pumpe", "en": "Pump"},
    "attributes": [
        {
            "name": "material",
            "label": {"de": "Werkstoff", "en": "Material"},
            "type": {
                "kind": "enum",
                "options": [
                    {"key": "steel", "label": {"de": "Stahl", "en": "Steel"}},
                    {"key": "bronze", "label": {"de": "Bronze", "en": "Bronze"}},
                ],
            },
            "required": True,
            "searchable": True,
        },
        {
            "name": "max_head",
            "label": {"de": "Förderhöhe", "en": "Maximum head"},
            "type": {"kind": "measurement", "unit": "m"},
            "searchable": True,
            "constraint": "same_for_all",
        },
        {
            "name": "voltage",
            "label": {"de": "Spannung", "en": "Voltage"},
            "type": {"kind": "measurement", "unit": "V"},
            "constraint": "combination_unique",
        },
        {"name": "approval", "label": {"en": "Approval"}, "type": {"kind": "text"}, "constraint": "unique"},
        {"name": "cost", "label": {"en": "Cost price"}, "type": {"kind": "number"}, "internal": True},
        {
            "name": "fits",
            "label": {"en": "Fits"},
            "type": {"kind": "set", "element": {"kind": "reference", "target": "product"}},
        },
    ],
}


def category(key: str, parent: str | None = None, **members: Any) -> dict[str, Any]:
    """Return a category whose German and English names and slugs follow from its key."""
    return {
        "key": key,
        "parent": parent,
        "name": {"de": f"{key.title()} (de)", "en": key.title()},
        "slug": {"de": f"{key}-de", "en": key},
    } | members


def variant(sku: str, **members: Any) -> dict[str, Any]:
    """Return a steel pump's variant."""
    return {"sku": sku, "attributes": {"material": "steel"}} | members


def product(key: str, **members: Any) -> dict[str, Any]:
    """Return a pump with one variant whose SKU is the key in capitals."""
    return {
        "key": key,
        "product_type": "pump",
        "name": {"de": f"Pumpe {key}", "en": f"Pump {key}"},
        "slug": {"de": f"pumpe-{key}", "en": f"pump-{key}"},
        "variants": [variant(key.upper())],
    } | members


async def put(client: httpx.AsyncClient, collection: str, draft: dict[str, Any]) -> dict[str, Any]:
    """Create something and return it."""
    response = await client.post(f"/v1/{collection}", json=draft)
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def replace(client: httpx.AsyncClient, collection: str, thing: dict[str, Any], **members: Any) -> httpx.Response:
    """Change members of what was created; return the answer."""
    path, tag = f"/v1/{collection}/{thing['id']}", f'"{thing["version"]}"'
    return await client.patch(path, json=members, headers=MERGE | {"If-Match": tag})


async def publish(client: httpx.AsyncClient, thing: dict[str, Any], **members: Any) -> dict[str, Any]:
    """Publish a product and return the publication."""
    return await put(client, f"products/{thing['id']}/publications", members)


async def small_catalog(client: httpx.AsyncClient) -> None:
    """Make the type ``pump``, two categories, two channels, and an assortment of everything for the channel ``web``."""
    await put(client, "product-types", PUMP_TYPE)
    await put(client, "categories", category("heating"))
    await put(client, "categories", category("pumps", "heating"))
    web = {"locale": "de", "fallbacks": ["en"]}, {"locale": "en", "fallbacks": ["de"]}
    site = "https://shop.example.com/p"
    await put(
        client,
        "channels",
        {"key": "web", "name": {"en": "Shop"}, "currency": "EUR", "locales": web, "traits": ["shown"], "site": site},
    )
    await put(
        client,
        "channels",
        {"key": "till", "name": {"en": "Till"}, "currency": "CHF", "locales": [{"locale": "de", "fallbacks": ["en"]}]},
    )
    await put(client, "assortments", {"key": "all", "name": {"en": "All"}, "channels": ["web"], "everything": True})


async def found(client: httpx.AsyncClient, collection: str, key: str) -> dict[str, Any]:
    """Read what has a key."""
    response = await client.get(f"/v1/{collection}", params={"key": key})
    (one,) = response.json()["items"]
    thing: dict[str, Any] = one
    return thing


async def delete(client: httpx.AsyncClient, collection: str, thing: dict[str, Any]) -> httpx.Response:
    """Delete what was created, in whichever version it is."""
    return await client.delete(f"/v1/{collection}/{thing['id']}", headers={"If-Match": "*"})
