"""What notes tell others, checked against the contract."""

import json
from typing import Any

import httpx
import jsonschema_rs
import yaml
from sqlalchemy import select

from chassis.outbox import OutboxRow
from chassis.project import ROOT
from tests.fixtures import Service

from .drafts import draft

MERGE = {"Content-Type": "application/merge-patch+json"}


async def _recorded(service: Service) -> list[dict[str, Any]]:
    async with service.app.state.database.reading() as session:
        rows = await session.scalars(select(OutboxRow.document).order_by(OutboxRow.subject, OutboxRow.sequence))
        return [json.loads(document) for document in rows]


async def test_life_of_a_note_is_told_in_order(service: Service, ann: httpx.AsyncClient) -> None:
    """Each change is one event, no change is none, and every event keeps the contract."""
    note = (await ann.post("/v1/notes", json=draft(text="secret"))).json()
    path = f"/v1/notes/{note['id']}"
    for tag, patch in (('"1"', {"pinned": True}), ('"2"', {"pinned": True}), ('"2"', {"title": "Beer"})):
        assert (await ann.patch(path, json=patch, headers=MERGE | {"If-Match": tag})).status_code == 200
    assert (await ann.delete(path, headers={"If-Match": '"3"'})).status_code == 204
    told = await _recorded(service)

    assert {one["subject"] for one in told} == {f"notes/{note['id']}"}
    assert [(one["type"], one["sequence"], one["data"]) for one in told] == [
        ("note.created", "0000000001", {"id": note["id"], "version": 1}),
        ("note.changed", "0000000002", {"id": note["id"], "version": 2}),
        ("note.changed", "0000000003", {"id": note["id"], "version": 3}),
        ("note.deleted", "0000000004", {"id": note["id"], "version": 3}),
    ]
    contract = yaml.safe_load((ROOT / "contract" / "asyncapi.yaml").read_text(encoding="utf-8"))
    for one in told:
        schema = contract["components"]["messages"][one["type"]]["payload"] | {"components": contract["components"]}
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(one)


async def test_refused_change_is_not_told(service: Service, ann: httpx.AsyncClient) -> None:
    """A request that fails publishes nothing."""
    note = (await ann.post("/v1/notes", json=draft())).json()
    path = f"/v1/notes/{note['id']}"
    await ann.delete(path, headers={"If-Match": '"9"'})
    await ann.put(path, json=draft(title=""), headers={"If-Match": '"1"'})

    assert [one["type"] for one in await _recorded(service)] == ["note.created"]
