"""The made-up dealer's terms: loaded as real ones would be, and good enough to sell by."""

from pathlib import Path

import httpx

from samples.load import load
from tests.processes import servers
from tests.shop import key, order_of


def test_samples_load_twice_and_sell(tmp_path: Path) -> None:
    """A second time changes nothing; a cart of them can be ordered."""
    with servers(tmp_path) as start:
        server = start(LOG_LEVEL="warning")
        server.wait_until_ready()
        authorization = {"Authorization": f"Bearer {server.token('ann')}"}
        with httpx.Client(base_url=server.url, headers=authorization, timeout=30) as client:
            for _ in range(2):
                load(client)
            cart = client.post("/v1/carts", json={"channel": "web", "codes": ["WELCOME"]}).json()
            client.post(f"/v1/carts/{cart['id']}/lines", json={"sku": "HP00003-230"}).raise_for_status()
            placed = client.post("/v1/orders", json=order_of(cart), headers=key())
            (entry,) = client.get("/v1/attributions").json()["items"]

    assert (placed.status_code, placed.json()["totals"]["gross"]) == (201, 26458)
    assert (entry["territory"], entry["representative"]) == ("north", "eva")
