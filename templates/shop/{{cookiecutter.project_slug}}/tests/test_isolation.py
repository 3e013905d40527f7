"""Isolation: two houses with customers and guests, every operation of the contract. Nobody sees what is another's.

The operations are read from the contract, so a new one is tested the day it is written; one that takes an id this test
does not know fails it.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain, combinations
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.database import Base
from tests.contract_calls import ABSENT, SCHEMAS, Call, calls, example, resolved
from tests.fixtures import Service
from tests.scale import report, scale
from tests.shop import order_of
from tests.timing import slower
from tests.world import Party, walk, world

SIGNED = {"receive_payment_event", "receive_event"}
"""What others tell, with a signature: it may say more than is read."""
PERIOD = {"begin": "2020-01-01", "end": "2100-01-01"}
MOST_AT_ONCE = 40
"""Members that are tried in one request: a problem names at most 100 errors."""


ALL = list(calls())
FOR_CALLERS = [call for call in ALL if call.scope]
LISTS = [call for call in FOR_CALLERS if "cursor" in call.filters]
NAMED = {call.name: call for call in ALL}


def _query(call: Call) -> dict[str, str]:
    """Return the query parameters that an operation cannot do without."""
    return {name: PERIOD[name] for name in call.filters if name in PERIOD}


async def _by(caller: Party, call: Call, ids: Mapping[str, str], body: Any = None) -> httpx.Response:
    """Call an operation with ids of somebody."""
    return await call.send(caller.client, ids, body, _query(call))


def shape(answer: httpx.Response, *given: str) -> Any:
    """Return an answer without what differs from request to request, such as the words that were given with it."""
    if not answer.content:
        return answer.status_code, None
    text = answer.text
    for one in given:
        text = text.replace(one, "given")
    body = answer.json() if not given else httpx.Response(200, text=text).json()
    return answer.status_code, {name: body[name] for name in body if name not in ("instance", "request_id")}


def _foreign(me: Party, everybody: list[Party]) -> set[str]:
    """Return what somebody may never see."""
    return {secret for one in everybody if not me.may_see(one) for secret in one.secrets} - me.secrets


def _leaks(text: str, secrets: set[str]) -> list[str]:
    return [secret for secret in secrets if secret in text]


async def _everything(party: Party) -> dict[str, list[Any]]:
    """Return what a party has, as every list shows it."""
    found = {}
    for call in LISTS:
        if call.scope in party.scopes:
            pages = await walk(party.client, call.path.format(**party.ids), _query(call))
            found[call.name] = [page.json()["items"] for page in pages]
    return found


def test_world_has_every_id_that_the_contract_takes() -> None:
    """An operation with a new kind of id is not left out by mistake."""
    taken = {name for call in FOR_CALLERS for name in call.parameters}

    assert taken == {
        "cart_id", "line_id", "order_id", "shipment_id", "return_id", "stock_item_id", "reservation_id", "channel_id",
        "customer_id", "price_list_id", "discount_id", "assignment_id", "rule_id",
    }  # fmt: skip
    assert {call.name for call in ALL if not call.scope} == {"create_guest_session", *SIGNED}


async def test_ids_of_others_name_nothing(service: Service) -> None:
    """Every operation, as everybody, with everybody else's ids: as if the thing did not exist, and it stays as it was.

    Where there are two ids, each one alone is another's, too. What asks for a scope that the caller has not is refused
    before anybody looks which id it is.
    """
    everybody = await world(service)
    before = [await _everything(party) for party in everybody]
    leaks: list[Any] = []
    tried = set()
    for call, me in ((call, me) for call in FOR_CALLERS if call.parameters for me in everybody):
        allowed, secrets, names = call.scope in me.scopes, _foreign(me, everybody), call.parameters
        mine = {name: me.ids.get(name, ABSENT) for name in names}
        alone_and_together = chain.from_iterable(combinations(names, count + 1) for count in range(len(names)))
        for swapped in alone_and_together if allowed else [tuple(names)]:
            unknown = await _by(me, call, mine | dict.fromkeys(swapped, ABSENT))
            for other in everybody:
                if (allowed and me.may_see(other)) or (not allowed and not other.works_here):
                    continue
                if any(name not in other.ids for name in names):
                    continue
                answer = await _by(me, call, mine | {name: other.ids[name] for name in swapped})
                if shape(answer) != shape(unknown) or answer.status_code != (404 if allowed else 403):
                    leaks.append((call.name, me.name, other.name, shape(answer), shape(unknown)))
                shown = answer.text.replace(answer.request.url.path, "")
                leaks += [(call.name, me.name, secret) for secret in _leaks(shown, secrets)]
                tried.add(call.name)
    after = [await _everything(party) for party in everybody]

    assert leaks == []
    assert tried == {call.name for call in FOR_CALLERS if call.parameters}
    assert after == before


async def test_time_tells_nothing(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody finds out from a watch whether what they ask for is somebody else's or nobody's; at full size, for every
    operation that reads."""
    everybody = await world(service)
    me, other = everybody[0], next(one for one in everybody if not everybody[0].may_see(one))
    reads = [call for call in FOR_CALLERS if call.method == "GET" and call.parameters and call.scope in me.scopes]
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


async def test_lists_hold_what_is_ones_own(service: Service) -> None:
    """Every page of every list, its filters with others' values, and others' cursors: nothing of anybody else."""
    everybody = await world(service)
    leaks, found, stolen = [], set(), set()
    for call in (call for call in FOR_CALLERS if call.method == "GET" and call.filters):
        for me in (party for party in everybody if call.scope in party.scopes):
            secrets, path = _foreign(me, everybody), call.path.format(**me.ids)
            pages = await walk(me.client, path, _query(call))
            leaks += [(call.name, me.name, secret) for page in pages for secret in _leaks(page.text, secrets)]
            for other in (other for other in everybody if not me.may_see(other)):
                for name in set(call.filters) & other.filters.keys():
                    wanted = {name: other.filters[name]}
                    hidden = (await me.client.get(path, params=wanted)).json()["items"]
                    leaks += [(call.name, me.name, name) for _ in hidden]
                    seen = await other.client.get(call.path.format(**other.ids), params=wanted)
                    if seen.is_success and seen.json()["items"]:
                        found.add((call.path, name))
                if call not in LISTS or call.scope not in other.scopes:
                    continue
                theirs = (await other.client.get(call.path.format(**other.ids), params={"limit": 1})).json()
                if "next" not in theirs:  # staff who buy nothing
                    continue
                answer = await me.client.get(path, params={"cursor": theirs["next"]})
                leaks += [(call.name, me.name, secret) for secret in _leaks(answer.text, secrets)]
                stolen.add(call.name)

    assert leaks == []
    assert stolen == {call.name for call in LISTS}
    assert found == {(call.path, name) for call in LISTS for name in call.filters} - {
        (call.path, name) for call in LISTS for name in ("state", "cursor", "limit")
    }


def _naming(me: Party, other: Party) -> list[tuple[str, Any, str]]:
    """Return operations with a body of the caller's that names another's thing, and what it names."""
    order = order_of({"id": me.ids["cart_id"]}, email="x@example.com")
    merge = {"guest_token": me.guest_token, "guest_cart": me.ids["cart_id"]}
    line = other.ids["ordered_line"]
    pieces = {"lines": [{"line": line, "quantity": 1}]}
    foreign = other.ids["cart_id"]
    named: list[tuple[str, Any, str]] = [
        ("place_order", order | {"cart": foreign}, foreign),
        ("copy_cart", {"cart": foreign}, foreign),
    ]
    if me.guest_token:
        named += [("merge_carts", merge | {member: foreign}, foreign) for member in ("guest_cart", "cart")]
    if me.works_here:
        named += [("ship_order", pieces, line), ("return_order", pieces, line)]
    if other.works_here:
        house = other.marker
        quote = {"channel": house, "lines": [{"sku": house}]}
        named += [
            ("create_cart", {"channel": house}, house),
            ("quote_prices", quote, house),
            ("add_line", {"sku": house}, house),
        ]
    if other.guest_token and other.tenant != me.tenant:
        named.append(("merge_carts", {"guest_token": other.guest_token, "guest_cart": foreign}, other.guest_token))
    return named


async def test_others_things_in_bodies_are_unknown_ones(service: Service) -> None:
    """Naming another's cart, line, channel, article or guest in a body is naming nothing: same answer, nothing done."""
    everybody = await world(service)
    before = [await _everything(party) for party in everybody]
    leaks, tried = [], set()
    for me in everybody:
        for other in (other for other in everybody if not me.may_see(other)):
            for name, body, foreign in _naming(me, other):
                absent = ABSENT if foreign in other.ids.values() else f"marker-{uuid4().hex}"
                answer = await _by(me, NAMED[name], me.ids, body)
                unknown = await _by(me, NAMED[name], me.ids, _with(body, foreign, absent))
                if shape(answer, foreign) != shape(unknown, absent) or answer.status_code not in (404, 422):
                    leaks.append((name, me.name, other.name, shape(answer, foreign), shape(unknown, absent)))
                tried.add(name)
    after = [await _everything(party) for party in everybody]

    assert leaks == []
    assert tried == {
        "place_order", "copy_cart", "merge_carts", "ship_order", "return_order", "create_cart", "quote_prices",
        "add_line",
    }  # fmt: skip
    assert after == before


def _with(body: Any, old: str, new: str) -> Any:
    """Return a body with another word in the place of one."""
    if isinstance(body, dict):
        return {name: _with(value, old, new) for name, value in body.items()}
    if isinstance(body, list):
        return [_with(value, old, new) for value in body]
    return new if body == old else body


def _places(schema: dict[str, Any], at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], set[str]]]:
    """Yield where a body has objects, and the members that each of them has."""
    schema = resolved(schema)
    if "anyOf" in schema:
        schema = resolved(schema["anyOf"][0])
    if schema.get("type") == "array":
        yield from _places(schema["items"], (*at, 0))
    elif "properties" in schema:
        assert schema["additionalProperties"] is False, at
        yield at, set(schema["properties"])
        for name, one in schema["properties"].items():
            yield from _places(one, (*at, name))


async def test_what_the_service_owns_is_never_written(service: Service) -> None:
    """Every object in every body with every column and every member of an answer that it has not: 422 at that member.

    So nobody sets a price, a state, an owner or a house; and nothing is stored.
    """
    everybody = await world(service)
    staff = everybody[-1]
    before = [await _everything(party) for party in everybody]
    owned = {column.name for table in Base.metadata.tables.values() for column in table.columns}
    owned |= {name for schema in SCHEMAS.values() for name in schema.get("properties", {})}
    accepted = []
    for call in (call for call in ALL if call.media_type and call.name not in SIGNED):
        for at, members in _places(call.schema):
            foreign = sorted(owned - members)
            for begin in range(0, len(foreign), MOST_AT_ONCE):
                names = foreign[begin : begin + MOST_AT_ONCE]
                body = example(call.schema, whole=True)
                spot = body
                for step in at:
                    spot = spot[step]
                spot.update(dict.fromkeys(names, "x"))
                answer = await _by(staff, call, staff.ids, body)
                refused = {one.get("pointer") for one in answer.json().get("errors", [])}
                accepted += [
                    (call.name, name, answer.status_code)
                    for name in names
                    if answer.status_code != 422 or "/" + "/".join(map(str, (*at, name))) not in refused
                ]
    after = [await _everything(party) for party in everybody]

    assert {"owner", "tenant", "captured", "order_state", "reserved", "unit_price", "spent"} <= owned
    assert accepted == []
    assert after == before
