"""Isolation: two houses, two customers each, every operation of the contract. Nobody sees anything of anybody else.

The operations are read from the contract, so a new one is tested the day it is written; one that takes an id this test
does not know fails it.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
import pytest

from tests.contract_calls import ABSENT, Call, calls, example
from tests.fixtures import Service
from tests.scale import report, scale
from tests.senders import trust
from tests.statements import statements
from tests.timing import slower
from tests.world import Customer, world

NO_ID = {"link_token"}
"""Path parameters that are proofs by themselves; src/<package>/documents/tests/ has their own tests."""
SERVER_OWNED = ("id", "tenant", "version", "created_at", "updated_at", "state", "status", "person_id", "account_id",
                "number", "round", "offer", "token", "token_hash", "decided_at", "tier", "role", "roles", "balance",
                "unit_id", "subject", "erased_at", "by_house", "internal", "accepted_by", "sequence",
                "credential_hash", "warranty_state", "connected", "needs_approval")  # fmt: skip


CALLS = [call for call in calls() if any("token" in one for one in call.operation["security"])]


def _client(call: Call, caller: Customer) -> httpx.AsyncClient:
    """Return the client with which a customer, or the staff of its house, may call an operation."""
    return caller.staff if call.scope == "portal:staff" else caller.client


async def _by(caller: Customer, call: Call, ids: Mapping[str, str], **changes: Any) -> httpx.Response:
    """Call an operation with ids of somebody, in its body too."""
    body = None
    if call.media_type:
        body = {name: ids.get(name, value) for name, value in example(call.schema).items()} | changes
    return await call.send(_client(call, caller), ids, body)


OF_THE_REQUEST = {"x-request-id", "ratelimit", "content-length"}
"""Headers that differ from request to request."""


def shape(answer: httpx.Response) -> Any:
    """Return an answer without what differs from request to request: its status, headers and body."""
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}
    body = answer.json() if answer.content else {}
    return answer.status_code, headers, {name: body[name] for name in body if name not in ("instance", "request_id")}


async def _walk(client: httpx.AsyncClient, path: str) -> list[httpx.Response]:
    """Read every page of a list, one item at a time."""
    pages = [await client.get(path, params={"limit": 1})]
    while "next" in pages[-1].json():
        pages.append(await client.get(path, params={"limit": 1, "cursor": pages[-1].json()["next"]}))
    return pages


def _foreign(me: Customer, others: tuple[Customer, ...], *, staff: bool) -> set[str]:
    """Return what a customer, or the staff of its house, may never see."""
    return set().union(*(one.secrets for one in others if one is not me and not (staff and one.tenant == me.tenant)))


def test_world_has_every_id_that_the_contract_takes() -> None:
    """An operation with a new kind of id is not left out by mistake."""
    taken = {name for call in CALLS for name in call.parameters}

    assert taken <= NO_ID | {
        "account_id", "unit_id", "member_id", "invitation_id", "address_id", "list_id", "quote_id", "case_id",
        "message_id", "offer_id", "rule_id", "limit_id", "request_id", "order_id", "invoice_id", "document_id",
        "device_id",
    }  # fmt: skip


async def test_nothing_of_another_customer_is_ever_seen(service: Service) -> None:
    """Every operation, as everybody, with everybody else's ids: in the path it is as if the thing did not exist.

    Unknown and forbidden answer alike: same status, same headers, same words, after the same questions to the database,
    so that the time they take tells nothing either. Lists, their pages and their search hold one's own.
    """
    trust(service)
    everybody = await world(service)
    leaks = []
    for call in CALLS:
        name = call.name
        for me in everybody:
            staff = call.scope == "portal:staff"
            secrets = _foreign(me, everybody, staff=staff)
            if not call.parameters:
                if call.method == "GET" and "cursor" in str(call.operation.get("parameters", "")):
                    for page in await _walk(_client(call, me), call.path):
                        leaks += [(name, secret) for secret in secrets if secret in page.text]
                continue
            with statements(service) as asked_for_unknown:
                unknown = await _by(me, call, {**me.ids, **dict.fromkeys(call.parameters, ABSENT)})
            for other in everybody:
                if other is me or (staff and other.tenant == me.tenant):
                    continue
                with statements(service) as asked:
                    answer = await _by(me, call, {**me.ids, **{one: other.ids[one] for one in call.parameters}})
                if shape(answer) != shape(unknown) or answer.status_code != 404:
                    leaks.append((name, f"{shape(answer)} is not {shape(unknown)}"))
                if not asked or asked != asked_for_unknown:
                    leaks.append((name, f"{asked} is not {asked_for_unknown}"))
                leaks += [
                    (name, secret) for secret in secrets if secret in answer.text.replace(answer.request.url.path, "")
                ]

    assert leaks == []


async def test_time_tells_nothing(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody finds out from a watch whether what they ask for is somebody else's or nobody's; at full size, for every
    operation that reads."""
    trust(service)
    everybody = await world(service)
    me, other = everybody[0], everybody[1]
    reads = [call for call in CALLS if call.method == "GET" and call.parameters and call.scope != "portal:staff"]
    bound = scale(0.3, 0.1)
    for call in reads[: scale(2, len(reads))]:
        unknown, foreign = (
            partial(_by, me, call, {**me.ids, **{one: ids.get(one, ABSENT) for one in call.parameters}})
            for ids in ({}, other.ids)
        )
        told = await slower(unknown, foreign, rounds=scale(40, 400), suspicious=bound)
        report(capsys, f"{call.name}: {told:.2f}")

        assert (await foreign()).status_code == 404, call.name
        assert abs(told - 0.5) < bound, (call.name, told)


async def test_lists_are_not_searched_by_what_is_somebody_elses(service: Service) -> None:
    """Every filter of every list with another customer's id or words finds what nothing finds."""
    trust(service)
    everybody = await world(service)
    me, tried = everybody[0], set()
    for call in CALLS:
        filters = [one for one in call.operation.get("parameters", []) if one["in"] == "query"]
        for name in {one["name"] for one in filters} & {*me.ids, "q"}:
            path = call.path.format(**me.ids)
            for other in everybody[1:]:
                wanted = other.marker if name == "q" else other.ids[name]
                if call.scope == "portal:staff" and other.tenant == me.tenant:
                    continue
                answer = await _client(call, me).get(path, params={name: wanted})
                nothing = await _client(call, me).get(path, params={name: "nothing" if name == "q" else ABSENT})
                assert shape(answer) == shape(nothing), (call.name, name)
                assert answer.json().get("items", []) == [], (call.name, name)
                tried.add((call.name, name))

    assert len(tried) >= 8


@pytest.mark.parametrize("field", ["unit_id", "parent_id", "order_id", "default_unit_id"])
async def test_foreign_ids_in_bodies_are_unknown_ones(service: Service, field: str) -> None:
    """Naming another customer's thing in a body is naming nothing: same answer, and nothing is stored."""
    trust(service)
    everybody = await world(service)
    me, others = everybody[0], everybody[1:]
    tried = 0
    for call in CALLS:
        if not call.media_type or call.scope == "portal:staff" or field not in call.schema.get("properties", {}):
            continue
        if field == "default_unit_id":
            continue  # a preference is the person's own words; nothing is looked up by it
        unknown = await _by(me, call, me.ids, **{field: ABSENT})
        for other in others:
            foreign = other.ids["unit_id" if field == "parent_id" else field]
            answer = await _by(me, call, me.ids, **{field: foreign})
            assert shape(answer) == shape(unknown), call.name
            assert answer.status_code in (404, 422), call.name
            tried += 1

    assert tried or field == "default_unit_id"


async def test_cursor_of_somebody_else_shows_nothing(service: Service) -> None:
    """A cursor says where to go on, not in whose list."""
    trust(service)
    everybody = await world(service)
    for call in CALLS:
        if call.method != "GET" or "cursor" not in str(call.operation.get("parameters", "")) or call.parameters:
            continue
        me, other = everybody[0], everybody[3]
        for _ in range(2):
            await other.client.post("/v1/shopping-lists", json={"name": other.marker})
        page = (await _client(call, other).get(call.path, params={"limit": 1})).json()
        if "next" not in page:
            continue
        stolen = await _client(call, me).get(call.path, params={"cursor": page["next"]})
        secrets = _foreign(me, everybody, staff=call.scope == "portal:staff")

        assert [secret for secret in secrets if secret in stolen.text] == [], call.name


async def test_what_the_service_owns_is_never_written(service: Service) -> None:
    """Every body of the contract with every server-owned member that it does not name: 422 at that member."""
    trust(service)
    me = (await world(service))[0]
    accepted = []
    for call in CALLS:
        if not call.media_type:
            continue
        assert call.schema["additionalProperties"] is False, call.name
        for name in SERVER_OWNED:
            if name in call.schema["properties"]:
                continue
            answer = await _by(me, call, me.ids, **{name: "x"})
            pointers = [one.get("pointer") for one in answer.json().get("errors", [])]
            if answer.status_code != 422 or f"/{name}" not in pointers:
                accepted.append((call.name, name, answer.status_code))

    assert accepted == []
