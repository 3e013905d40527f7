"""Idempotency keys: whatever is repeated, whoever dies, one effect per key."""

import asyncio

import httpx
import pytest
from fastapi import Request
from sqlalchemy import select, update

from chassis import idempotency
from chassis.database import now
from chassis.domain import load_domain
from chassis.idempotency import StoredResponse, forget_expired
from chassis.operation import Idempotency, idempotent, policy_of, requires
from tests import example
from tests.fixtures import Service

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


async def _count(client: httpx.AsyncClient) -> int:
    return len((await client.get(example.COLLECTION, params={"limit": 100})).json()["items"])


async def test_repeated_request_gets_the_same_answer(ann: httpx.AsyncClient) -> None:
    """Byte for byte, with the headers that matter, and no second effect."""
    first = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)
    again = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert await _count(ann) == 1


async def test_structured_and_bare_key_are_the_same(ann: httpx.AsyncClient) -> None:
    """The draft puts the key in quotes; many clients do not."""
    first = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)
    quoted = await ann.post(
        example.COLLECTION, json=example.draft(), headers={"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'}
    )

    assert quoted.content == first.content


async def test_key_with_another_payload_is_refused(ann: httpx.AsyncClient) -> None:
    """A key names one request, not one caller's afternoon."""
    await ann.post(example.COLLECTION, json=example.draft("a"), headers=KEY)
    other = await ann.post(example.COLLECTION, json=example.draft("b"), headers=KEY)

    assert (other.status_code, other.json()["type"]) == (422, "urn:problem-type:idempotency-key-reused")
    assert await _count(ann) == 1


async def test_somebody_elses_key_is_another_key(service: Service, ann: httpx.AsyncClient) -> None:
    """Nobody gets an answer that was meant for another caller."""
    others = [service.as_("bob")] + [service.as_("ann", tenant="another house")] * load_domain().many_tenants
    first = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)
    answers = [first, *[await other.post(example.COLLECTION, json=example.draft(), headers=KEY) for other in others]]

    assert [answer.status_code for answer in answers] == [201] * len(answers)
    assert len({answer.json()["id"] for answer in answers}) == len(answers)


async def test_failed_request_can_be_repeated(ann: httpx.AsyncClient) -> None:
    """What had no effect is not remembered."""
    refused = await ann.post(example.COLLECTION, json={}, headers=KEY)
    accepted = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)

    assert (refused.status_code, accepted.status_code) == (422, 201)


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\x7fb"])
async def test_what_is_no_key_is_refused(ann: httpx.AsyncClient, key: str) -> None:
    """A key has 1 to 255 printable characters; the refusal says so, and what to send instead."""
    response = await ann.post(example.COLLECTION, json=example.draft(), headers={"Idempotency-Key": key})

    assert (response.status_code, response.json()["type"]) == (400, "urn:problem-type:idempotency-key-invalid")
    assert response.json()["detail"].endswith("without spaces; send a new UUID per attempt.")


async def test_many_at_once_have_one_effect(ann: httpx.AsyncClient) -> None:
    """Of concurrent duplicates one works; the others learn that, and get its answer when they ask again."""
    answers = await asyncio.gather(
        *(ann.post(example.COLLECTION, json=example.draft(), headers=KEY) for _ in range(20))
    )
    (winner,) = {answer.content for answer in answers if answer.status_code == 201}
    waiting = [answer for answer in answers if answer.status_code != 201]
    again = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)

    assert {(one.status_code, one.headers["retry-after"]) for one in waiting} <= {(409, "1")}
    assert again.content == winner
    assert await _count(ann) == 1


async def test_another_process_is_seen(service: Service, ann: httpx.AsyncClient) -> None:
    """On PostgreSQL the claim is a lock in the database, so that replicas see each other."""
    database = service.app.state.database
    if database.is_sqlite:
        pytest.skip("SQLite has one writer: a second process waits for the first one's commit")
    async with database.transaction() as session:
        claim = idempotency.Claim(id=await _claim_id(), fingerprint="")
        assert await idempotency.stored(session, claim) is None
        response = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)

    assert (response.status_code, response.json()["type"]) == (409, "urn:problem-type:request-in-flight")


async def _claim_id() -> str:
    scope = {
        "type": "http", "method": "POST", "path": example.COLLECTION, "query_string": b"", "server": ("service", 80),
        "headers": [(b"idempotency-key", KEY["Idempotency-Key"].encode())],
    }  # fmt: skip
    claim = idempotency.claim_of(
        Request(scope), caller="\0ann", route=f"POST {example.COLLECTION}", body=b"", required=True
    )
    assert claim is not None
    return claim.id


async def test_key_expires(service: Service, ann: httpx.AsyncClient) -> None:
    """After its time a key is free again, and the housekeeping forgets it."""
    first = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)
    database = service.app.state.database
    async with database.transaction() as session:
        await session.execute(update(StoredResponse).values(expires_at=now()))
    second = await ann.post(example.COLLECTION, json=example.draft(), headers=KEY)
    async with database.transaction() as session:
        await session.execute(update(StoredResponse).values(expires_at=now()))
        await forget_expired(session)
    async with database.reading() as session:
        left = list(await session.scalars(select(StoredResponse)))

    assert first.json()["id"] != second.json()["id"]
    assert left == []


def test_required_key_is_in_policy_and_contract() -> None:
    """Where money or stock moves, the contract asks for the key and its absence is a 400."""

    @idempotent(required=True)
    @requires("things:write")
    async def pay() -> None: ...

    assert policy_of(pay).idempotency is Idempotency.REQUIRED
    with pytest.raises(Exception, match="idempotency-key-missing"):
        idempotency.claim_of(Request({"type": "http", "headers": []}), caller="", route="", body=b"", required=True)
