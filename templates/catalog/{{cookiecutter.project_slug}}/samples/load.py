"""Loads the made-up manufacturer's catalog into a running service: ``python -m samples.load URL TOKEN [count]``."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from samples.company import ASSORTMENTS, CHANNELS, TREE, TYPES, Place
from samples.products import COUNT, products


def load(client: httpx.Client, count: int = COUNT) -> dict[str, Any]:
    """Put types, categories, channels and assortments there, then import and publish the products.

    What is there already is left as it is, so it may run twice.

    :returns: the finished import.
    :raises httpx.HTTPStatusError: when the service refuses something.
    """
    prepare(client)
    lines = (json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in products(count))
    accepted = client.post(
        "/v1/product-imports",
        params={"publish": True},
        content=lines,
        headers={"Content-Type": "application/x-ndjson"},
    )
    accepted.raise_for_status()
    while True:
        job: dict[str, Any] = client.get(accepted.headers["location"]).raise_for_status().json()
        if job["state"] == "finished":
            return job
        time.sleep(0.2)


def prepare(client: httpx.Client) -> None:
    """Put there what products need: types, categories, channels and assortments."""
    for collection, things in (
        ("product-types", TYPES),
        ("categories", list(_categories(TREE, None))),
        ("channels", CHANNELS),
        ("assortments", ASSORTMENTS),
    ):
        for thing in things:
            _put(client, collection, thing)


def _put(client: httpx.Client, collection: str, thing: dict[str, Any]) -> None:
    response = client.post(f"/v1/{collection}", json=thing)
    if response.status_code != 409 or not response.json()["type"].endswith(":key-taken"):
        response.raise_for_status()


def _categories(places: Sequence[Place], parent: str | None) -> Iterator[dict[str, Any]]:
    for position, place in enumerate(places):
        yield {
            "key": place.key,
            "parent": parent,
            "position": position,
            "name": {"de": place.german, "en": place.english},
            "slug": {"de": f"{place.key}-de", "en": place.key},
        }
        yield from _categories(place.below, place.key)


def main(arguments: Sequence[str]) -> int:
    """Load what the arguments ask for and say what became of it."""
    if len(arguments) < 2:
        sys.stderr.write("python -m samples.load URL TOKEN [count]\n")
        return 2
    url, token = arguments[0], arguments[1]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        count = int(arguments[2]) if len(arguments) > 2 else COUNT
        if count == 0:
            prepare(client)
            return 0
        began = time.monotonic()
        job = load(client, count)
        seconds = time.monotonic() - began
    counts = ", ".join(f"{job[name]} {name}" for name in ("created", "updated", "unchanged", "rejected"))
    sys.stdout.write(f"{job['lines']} lines in {seconds:.1f} s: {counts}; published for every channel.\n")
    return 0 if job["rejected"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
