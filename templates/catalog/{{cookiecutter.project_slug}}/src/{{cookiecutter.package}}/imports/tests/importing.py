"""Importing a file, as callers do."""

import asyncio
import json
from typing import Any

import httpx

NDJSON = {"Content-Type": "application/x-ndjson"}


def file_of(*documents: Any) -> bytes:
    """Return a file with these lines; bytes stay as they are."""
    return b"\n".join(each if isinstance(each, bytes) else json.dumps(each).encode() for each in documents)


async def imported(client: httpx.AsyncClient, content: bytes, **options: Any) -> tuple[Any, list[Any]]:
    """Import a file, wait until it is worked off, and return the job and its lines."""
    headers = options.pop("headers", NDJSON)
    accepted = await client.post("/v1/product-imports", content=content, headers=headers, params=options)
    assert accepted.status_code == 202, accepted.text
    path = accepted.headers["location"]
    for _ in range(200):
        job = (await client.get(path)).json()
        if job["state"] in ("finished", "failed"):
            break
        await asyncio.sleep(0.05)
    else:
        raise AssertionError(f"not finished: {job}")
    return job, (await client.get(f"{path}/lines", params={"limit": 100})).json()["items"]
