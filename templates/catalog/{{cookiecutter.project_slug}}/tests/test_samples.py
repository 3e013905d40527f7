"""The made-up company's catalog: whole, plausible, the same every time, and loaded as a real one would be."""

import itertools
import time
from collections import Counter
from pathlib import Path

import httpx

from samples.company import TREE, Place
from samples.load import load
from samples.products import COUNT, products
from tests.processes import servers


def _depth(place: Place) -> int:
    return 1 + max((_depth(below) for below in place.below), default=0)


def test_sample_is_a_company_of_some_size() -> None:
    """At least two thousand products of several kinds, variants, four levels of categories; the same ones each time."""
    made = list(products())

    assert made[:100] == list(itertools.islice(products(), 100))
    assert len({each["key"] for each in made}) == COUNT >= 2_000
    assert Counter(each["product_type"] for each in made).keys() == {
        "pump",
        "valve",
        "sensor",
        "consumable",
        "spare-part",
    }
    assert sum(len(each["variants"]) for each in made) > 1.5 * COUNT
    assert max(_depth(place) for place in TREE) == 4
    assert {locale for each in made for locale in each["name"]} == {"de", "en"}


def test_sample_is_loaded_published_and_found(tmp_path: Path) -> None:
    """Import, publish, search with facets, conditional read; loading it again changes nothing."""
    with servers(tmp_path) as start:
        server = start(LOG_LEVEL="warning", RATE_LIMIT_REQUESTS="0")
        server.wait_until_ready()
        headers = {"Authorization": f"Bearer {server.token('ann')}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            began = time.monotonic()
            first, again = load(client, 240), load(client, 240)
            found = client.get("/v1/storefront/search", params={"channel": "web", "locale": "en", "q": "bal valve"})
            hidden = client.get("/v1/storefront/search", params={"channel": "counter", "q": "kreiselpumpe"})
            slug = found.json()["items"][0]["slug"]
            path, view = f"/v1/storefront/products/{slug}", {"channel": "web", "locale": "en"}
            shown = client.get(path, params=view)
            fresh = client.get(path, params=view, headers={"If-None-Match": shown.headers["etag"]})

    counts = ("created", "updated", "unchanged", "rejected")
    assert [[job[name] for name in counts] for job in (first, again)] == [[240, 0, 0, 0], [0, 0, 240, 0]]
    assert found.json()["total"] > 10
    assert {"material", "connection"} <= {facet["name"] for facet in found.json()["facets"]}
    assert {item["slug"].partition("-")[0] for item in hidden.json()["items"]} <= {
        "laufrad",
        "gleitringdichtung",
        "stator",
    }
    assert (shown.status_code, fresh.status_code) == (200, 304)
    assert time.monotonic() - began < 60
