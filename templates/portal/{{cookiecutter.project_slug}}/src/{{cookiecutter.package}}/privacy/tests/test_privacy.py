"""Privacy: an export holds every row about a person, and after an erasure nothing says who it was."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import String, cast, or_, select

from chassis.database import Base
from tests.fixtures import Service
from tests.portal import CUSTOMER, Company, company, invite, member_of, patch, post
from tests.senders import event, tell, trust
from tests.telling import document, order

from ..register import NOT_BY_PERSON, REGISTER, Fate

NAME, EMAIL, PHONE = "Xaver Quixotic", "xaver.quixotic@example.com", "+4922199887766"
SUBJECT = "xq-7f3a"
PLACE = {"recipient": f"Works, {NAME}", "street": "Domkloster 4", "city": "Köln", "country": "DE"}


async def _live(service: Service, works: Company) -> httpx.AsyncClient:
    """Let a person do everything that a person can."""
    trust(service)
    invitation = await invite(works.admin, unit_id=works.unit_id, email=EMAIL, roles=["admin"])
    me = service.as_(SUBJECT, *CUSTOMER)
    await post(me, "invitation-acceptances", token=invitation["token"])
    await patch(me, "me/profile", name=NAME, email=EMAIL, phone=PHONE, locale="de")
    await patch(me, "me/preferences", currency="EUR")
    await post(me, "me/consents", purpose="newsletter", granted=True, source="web", text_version="1")
    await post(me, "shopping-lists", name="Mine")
    await post(me, "invitations", unit_id=works.unit_id, email="else@example.com", roles=["buyer"])
    await post(me, "addresses", unit_id=works.unit_id, **PLACE)
    lines = [{"sku": "C40", "quantity": 1}]
    asked = {"title": "Pumps", "comment": f"Call {NAME}.", "currency": "EUR", "lines": lines}
    await post(me, "quotes", unit_id=works.unit_id, **asked)
    await _be_staff(service, works)
    await _approve(works, me)
    await post(me, "cases", unit_id=works.unit_id, title=f"{NAME} asks", topic="repair", message={"text": f"I, {NAME}"})
    await post(me, "devices", unit_id=works.unit_id, product="c40", serial_number="C40-1", name="Pump")
    invoice = {
        "id": str(uuid4()), "unit_id": works.unit_id, "buyer": SUBJECT, "number": "R-1", "state": "open",
        "issued_at": "2026-11-02T00:00:00Z", "total": {"amount": 1, "currency": "EUR"},
    }  # fmt: skip
    for told in (
        event("order.placed", order(works.unit_id, SUBJECT)),
        event("invoice.issued", invoice),
        event("document.published", document(works.unit_id, SUBJECT)),
    ):
        assert (await tell(service, told)).status_code == 204
    return me


async def _be_staff(service: Service, works: Company) -> None:
    """The same person works for the house as well, and offers something."""
    lines = [{"sku": "C40", "quantity": 1}]
    quote = await post(works.admin, "quotes", unit_id=works.unit_id, title="More", currency="EUR", lines=lines)
    staff, path = service.as_(SUBJECT, "portal:staff"), f"/v1/staff/quotes/{quote['id']}"
    anything: dict[str, Any] = {"headers": {"If-Match": "*", "Idempotency-Key": str(uuid4())}}
    assert (await staff.post(f"{path}/transitions", json={"action": "review"}, **anything)).is_success
    anything["headers"]["Idempotency-Key"] = str(uuid4())
    offer = {"lines": [{"sku": "C40", "quantity": 1, "unit_price": 1}], "valid_until": "2099-01-01T00:00:00Z"}
    assert (await staff.post(f"{path}/offers", json=offer, **anything)).is_success


async def _approve(works: Company, me: httpx.AsyncClient) -> None:
    """The person asks for approval, and approves what a colleague asks for."""
    money = {"amount": 1, "currency": "EUR"}
    rule = {"name": "all", "minimum": money, "tiers": [{"role": "admin"}]}
    await post(works.admin, "approval-rules", unit_id=works.unit_id, **rule)
    draft = {"unit_id": works.unit_id, "kind": "cart", "reference": "c", "amount": money}
    for client in (me, works.admin):
        headers = {"Idempotency-Key": str(uuid4())}
        request = (await client.post("/v1/approval-requests", json=draft, headers=headers)).json()
    path = f"/v1/approval-requests/{request['id']}/decisions"
    assert (await me.post(path, json={"decision": "approve"}, headers={"If-Match": "*"})).is_success


async def _person_id(me: httpx.AsyncClient) -> UUID:
    (mine,) = await member_of(me, EMAIL)
    return UUID(mine["person"]["id"])


async def _rows_about(service: Service, person_id: UUID) -> dict[str, int]:
    """Walk the schema: count the rows of every table in which any column names the person."""
    found = {}
    async with service.app.state.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            pointing = {key.parent for key in table.foreign_keys if key.column.table.name == "people"}
            named = [table.c.id] if table.name == "people" else list(pointing)
            if named:
                query = select(table).where(or_(*(column == person_id for column in named)))
                if count := len((await session.execute(query)).all()):
                    found[table.name] = count
    return found


async def _places_of(service: Service, *words: str) -> set[str]:
    """Walk the schema: name every column of every table in which one of the words stands."""
    found = set()
    async with service.app.state.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                for value in await session.scalars(select(cast(column, String)).select_from(table)):
                    text = value if isinstance(value, str) else str(value)
                    text += bytes.fromhex(text[2:]).decode("utf-8", "replace") if text.startswith("\\x") else ""
                    if any(word.lower() in text.lower() for word in words):
                        found.add(f"{table.name}.{column.name}")
    return found


def test_register_names_every_column_that_names_a_person() -> None:
    """A new table cannot be forgotten, and an old one cannot stay listed."""
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "people" for key in column.foreign_keys)
    }

    assert named == set(REGISTER)
    assert [name for name, entry in REGISTER.items() if entry.fate is not Fate.DELETED and not entry.why] == []


async def test_export_holds_every_row_about_the_person(service: Service) -> None:
    """Found by walking the schema, not by asking the code that exports; and nothing about anybody else."""
    works = await company(service)
    me = await _live(service, works)
    exported = (await me.post("/v1/me/privacy-exports")).json()
    person_id = await _person_id(me)
    about = await _rows_about(service, person_id)

    assert {name: len(rows) for name, rows in exported["data"].items() if rows} == about
    assert about.keys() >= {entry.partition(".")[0] for entry in REGISTER} - {"erasures"}
    assert exported["data"]["people"][0]["email"] == EMAIL
    assert all(str(person_id) in json.dumps(row) for rows in exported["data"].values() for row in rows)
    assert "token_hash" not in json.dumps(exported)


async def test_nothing_says_who_it_was_after_an_erasure(service: Service) -> None:
    """No column of any table holds name, address, number or subject, except those that are listed with their reason."""
    works = await company(service)
    me = await _live(service, works)
    person_id = await _person_id(me)
    before = await _places_of(service, NAME, EMAIL, PHONE, SUBJECT)
    erased = (await me.post("/v1/me/erasures", json={"confirm": True})).json()
    after = await _places_of(service, NAME, EMAIL, PHONE, SUBJECT)

    assert {"people.email", "invitations.email", "case_messages.text"} <= before
    listed = {f"{line['table']}.{column}" for line in erased["report"] for column in line["free_text"] if line["rows"]}
    assert {"addresses.recipient", "quotes.comment"} <= after
    assert {place for place in after if place.partition(".")[0] not in NOT_BY_PERSON} <= listed
    assert erased["person_id"] == str(person_id)
    assert (await me.get("/v1/me/profile")).json()["version"] == 0
    assert (await me.get("/v1/members")).json() == {"items": []}


async def test_private_account_goes_with_its_person(service: Service) -> None:
    """Where it lived, what it owned and what was said about it: nobody else's, so nothing of it stays."""
    me, staff = service.as_(SUBJECT, *CUSTOMER), service.as_("sam", "portal:staff")
    account = await post(me, "accounts", kind="person", name=NAME)
    unit = account["unit_id"]
    await patch(me, "me/profile", name=NAME, email=EMAIL)
    await post(me, "addresses", unit_id=unit, **PLACE)
    await post(me, "invitations", unit_id=unit, email=f"spouse.of.{EMAIL}", roles=["buyer"])
    await post(me, "devices", unit_id=unit, product="c40", serial_number="C40-1", name=f"Pump of {NAME}")
    case = await post(me, "cases", unit_id=unit, title="Leak", topic="repair", message={"text": "Help!"})
    answer = {"text": f"Dear {NAME}, have you tried turning it off and on again?", "internal": False}
    assert (await staff.post(f"/v1/staff/cases/{case['id']}/messages", json=answer)).is_success
    before = await _places_of(service, NAME, EMAIL, SUBJECT)
    erased = (await me.post("/v1/me/erasures", json={"confirm": True})).json()
    after = await _places_of(service, NAME, EMAIL, SUBJECT)
    (closed,) = (await staff.get("/v1/staff/accounts")).json()["items"]

    assert {
        "accounts.name",
        "business_units.name",
        "addresses.recipient",
        "devices.name",
        "case_messages.text",
    } <= before
    assert {place.partition(".")[0] for place in after} <= NOT_BY_PERSON.keys()
    assert (closed["name"], closed["state"]) == ("[erased]", "closed")
    assert {
        (line["table"], line["fate"], line["rows"]) for line in erased["report"] if line["column"] == "unit_id"
    } == {
        ("addresses", "deleted", 1),
        ("devices", "deleted", 1),
        ("invitations", "cleared", 1),
        ("cases", "cleared", 1),
    }


async def test_account_that_others_use_stays(service: Service) -> None:
    """A household's account is the others' as well; a company's is about no person at all."""
    me = service.as_(SUBJECT, *CUSTOMER)
    home = await post(me, "accounts", kind="person", name="Home")
    invitation = await invite(me, unit_id=home["unit_id"], email="else@example.com", roles=["admin"])
    other = service.as_("other", *CUSTOMER)
    await post(other, "invitation-acceptances", token=invitation["token"])
    firm = await post(me, "accounts", kind="company", name="Firm")
    assert (await me.post("/v1/me/erasures", json={"confirm": True})).status_code == 200
    staff = service.as_("sam", "portal:staff")
    kept = (await staff.get("/v1/staff/accounts")).json()["items"]

    assert [(one["id"], one["name"], one["state"]) for one in kept] == [
        (home["id"], "Home", "active"),
        (firm["id"], "Firm", "active"),
    ]


async def test_report_is_true(service: Service) -> None:
    """What it says was deleted is gone, what it says was kept is there, each with its reason."""
    works = await company(service)
    me = await _live(service, works)
    person_id = await _person_id(me)
    before = await _rows_about(service, person_id)
    report = (await me.post("/v1/me/erasures", json={"confirm": True})).json()["report"]
    after = await _rows_about(service, person_id)

    for line in report:
        if line["fate"] == "deleted":
            assert (line["rows"], line["table"] in after) == (before[line["table"]], False)
        elif line["rows"]:
            assert after[line["table"]] >= line["rows"]
            assert line["why"]
    assert after.keys() == (before.keys() - {"preferences", "memberships", "shopping_lists"}) | {"erasures"}


async def test_last_admin_hands_over_first(service: Service) -> None:
    """Others would be left without anybody; alone one may go."""
    works = await company(service)
    await works.hire("bob", "buyer")
    refused = await works.admin.post("/v1/me/erasures", json={"confirm": True})
    alone = await company(service, "eve")
    gone = await alone.admin.post("/v1/me/erasures", json={"confirm": True})

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:problem-type:last-admin")
    assert gone.status_code == 200
    assert len(await member_of(works.admin)) == 2


async def test_erasure_is_meant(ann: httpx.AsyncClient) -> None:
    """It cannot be taken back, so it has to be said; who is not known cannot be forgotten."""
    unsaid = await ann.post("/v1/me/erasures", json={"confirm": False})
    unknown = await ann.post("/v1/me/erasures", json={"confirm": True})

    assert (unsaid.status_code, unsaid.json()["errors"][0]["pointer"]) == (422, "/confirm")
    assert unknown.status_code == 404
    assert (await ann.post("/v1/me/privacy-exports")).json()["data"] == {}
