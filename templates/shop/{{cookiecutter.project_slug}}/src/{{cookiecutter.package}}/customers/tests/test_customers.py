"""Customers: which group an account belongs to."""

import httpx

MERGE = {"Content-Type": "application/merge-patch+json"}


async def test_customer_belongs_to_one_group_at_a_time(ann: httpx.AsyncClient) -> None:
    """An account is known once; its group can be taken away again."""
    made = (await ann.post("/v1/customers", json={"reference": "acme", "customer_group": "dealers"})).json()
    again = await ann.post("/v1/customers", json={"reference": "acme"})
    path = f"/v1/customers/{made['id']}"
    changed = await ann.patch(path, json={"customer_group": None}, headers=MERGE | {"If-Match": '"1"'})
    found = (await ann.get("/v1/customers", params={"reference": "acme"})).json()["items"]
    gone = await ann.delete(path, headers={"If-Match": '"2"'})

    assert (again.status_code, again.json()["type"]) == (409, "urn:problem-type:reference-taken")
    assert (changed.status_code, changed.json()["customer_group"]) == (200, None)
    assert [(each["id"], each["version"]) for each in found] == [(made["id"], 2)]
    assert (gone.status_code, (await ann.get(path)).status_code) == (204, 404)
