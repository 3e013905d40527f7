"""Notes: what the feature promises, through the API and on both databases."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.fixtures import Service

from .drafts import draft

MERGE = {"Content-Type": "application/merge-patch+json"}


async def _create(client: httpx.AsyncClient, **members: object) -> dict[str, Any]:
    response = await client.post("/v1/notes", json=draft(**members))
    assert response.status_code == 201
    found: dict[str, Any] = response.json()
    return found


async def test_created_note_is_found_where_the_answer_says(ann: httpx.AsyncClient) -> None:
    """``Location`` leads to the note, ``ETag`` names its version."""
    created = await ann.post("/v1/notes", json=draft(text="Two litres", pinned=True))
    found = await ann.get(created.headers["location"])

    assert found.json() == created.json()
    assert created.headers["etag"] == found.headers["etag"] == '"1"'
    assert {name: created.json()[name] for name in ("title", "text", "pinned", "version")} == {
        "title": "Milk", "text": "Two litres", "pinned": True, "version": 1,
    }  # fmt: skip


async def test_fresh_copy_is_not_sent_again(ann: httpx.AsyncClient) -> None:
    """A read with the present ETag is a 304 without body."""
    note = await _create(ann)
    response = await ann.get(f"/v1/notes/{note['id']}", headers={"If-None-Match": 'W/"1", "7"'})

    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", '"1"')


async def test_put_replaces_everything(ann: httpx.AsyncClient) -> None:
    """What a replacement leaves out is gone."""
    note = await _create(ann, text="Two litres", pinned=True)
    response = await ann.put(f"/v1/notes/{note['id']}", json=draft(title="Beer"), headers={"If-Match": '"1"'})

    assert response.headers["etag"] == '"2"'
    assert {name: response.json()[name] for name in ("title", "text", "pinned", "version")} == {
        "title": "Beer", "text": None, "pinned": False, "version": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("patch", "outcome"),
    [
        ({"pinned": True}, {"title": "Milk", "text": "Two litres", "pinned": True}),
        ({"text": None}, {"title": "Milk", "text": None, "pinned": False}),
        ({}, {"title": "Milk", "text": "Two litres", "pinned": False}),
    ],
    ids=["set", "remove", "nothing"],
)
async def test_patch_changes_only_what_it_names(
    ann: httpx.AsyncClient, patch: dict[str, object], outcome: dict[str, object]
) -> None:
    """RFC 7396: absent stays, null removes."""
    note = await _create(ann, text="Two litres")
    response = await ann.patch(f"/v1/notes/{note['id']}", json=patch, headers=MERGE | {"If-Match": '"1"'})

    assert {name: response.json()[name] for name in outcome} == outcome


@pytest.mark.parametrize("patch", [{"title": None}, {"title": ""}, {"owner": "bob"}, {"version": 9}])
async def test_patch_cannot_break_a_rule(ann: httpx.AsyncClient, patch: dict[str, object]) -> None:
    """The result of a patch obeys what a whole note obeys; what the service owns cannot be written."""
    note = await _create(ann)
    path = f"/v1/notes/{note['id']}"
    response = await ann.patch(path, json=patch, headers=MERGE | {"If-Match": '"1"'})

    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (422, f"/{next(iter(patch))}")
    assert (await ann.get(path)).json() == note


async def test_deleted_note_is_gone(ann: httpx.AsyncClient) -> None:
    """After 204, which has neither content nor its type, there is nothing to read, change or list."""
    note = await _create(ann)
    path = f"/v1/notes/{note['id']}"
    gone = await ann.delete(path, headers={"If-Match": '"1"'})

    assert (gone.status_code, gone.content, gone.headers.get("content-type")) == (204, b"", None)
    assert (await ann.get(path)).status_code == 404
    assert (await ann.get("/v1/notes")).json() == {"items": []}


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', "1", '"0"'])
async def test_stale_change_is_refused(ann: httpx.AsyncClient, tag: str) -> None:
    """Only the present strong tag lets a change through; the answer names it."""
    note = await _create(ann)
    response = await ann.delete(f"/v1/notes/{note['id']}", headers={"If-Match": tag})

    assert (response.status_code, response.headers["etag"]) == (412, '"1"')


async def test_of_many_changes_to_one_version_one_wins(ann: httpx.AsyncClient) -> None:
    """Nobody's update is lost without being told."""
    note = await _create(ann)
    path = f"/v1/notes/{note['id']}"
    answers = await asyncio.gather(
        *(ann.put(path, json=draft(title=f"by {n}"), headers={"If-Match": '"1"'}) for n in range(10))
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await ann.get(path)).json() == winner


async def test_pages_are_stable_while_notes_are_added(ann: httpx.AsyncClient) -> None:
    """A reader that follows ``next`` sees every note once, however many are added meanwhile."""
    expected = [(await _create(ann, title=f"note {n}"))["id"] for n in range(5)]
    seen, path = [], "/v1/notes?limit=2"
    while path:
        page = (await ann.get(path)).json()
        seen += [note["id"] for note in page["items"]]
        if len(seen) < 6:
            expected.append((await _create(ann, title="late"))["id"])
        path = f"/v1/notes?limit=2&cursor={page['next']}" if "next" in page else ""

    assert seen == expected


async def test_filter_applies_to_every_page(ann: httpx.AsyncClient) -> None:
    """A filtered list pages through what the filter leaves."""
    for n in range(4):
        await _create(ann, pinned=n % 2 == 0)
    page = (await ann.get("/v1/notes", params={"pinned": "true", "limit": 1})).json()
    last = (await ann.get("/v1/notes", params={"pinned": "true", "limit": 1, "cursor": page["next"]})).json()

    assert [note["pinned"] for note in page["items"] + last["items"]] == [True, True]
    assert "next" not in last


async def test_foreign_or_tampered_cursor_is_refused(ann: httpx.AsyncClient) -> None:
    """A cursor is good for the list it was made for, as it was given out, and nothing else."""
    for _ in range(3):
        await _create(ann)
    cursor = (await ann.get("/v1/notes", params={"limit": 1})).json()["next"]
    tampered = [cursor[:n] + ("A" if cursor[n] != "A" else "B") + cursor[n + 1 :] for n in range(len(cursor))]

    for wrong in [*tampered, cursor[:-1], cursor + "A", "", "!", "é"]:
        response = await ann.get("/v1/notes", params={"cursor": wrong})
        expected = 200 if wrong == "" else 400
        assert response.status_code == expected, wrong
    assert (await ann.get("/v1/notes", params={"cursor": cursor, "pinned": "true"})).status_code == 400


@pytest.mark.parametrize(("subject", "tenant"), [("bob", ""), ("ann", "another house")])
async def test_somebody_elses_note_does_not_exist(
    service: Service, ann: httpx.AsyncClient, subject: str, tenant: str
) -> None:
    """Every answer about another person's note is that about none at all; so is the same name elsewhere."""
    note = (await ann.post("/v1/notes", json=draft())).json()
    bob = service.as_(subject, tenant=tenant)
    path, absent = f"/v1/notes/{note['id']}", "/v1/notes/0190a5e0-0000-7000-8000-000000000000"
    headers = {"If-Match": '"1"'}
    patch = headers | {"Content-Type": "application/merge-patch+json"}

    for method, options in [
        ("GET", {}),
        ("PUT", {"headers": headers, "json": draft(title="his")}),
        ("PATCH", {"headers": patch, "content": b'{"title": "his"}'}),
        ("DELETE", {"headers": headers}),
    ]:
        answers = [await bob.request(method, one, **options) for one in (path, absent)]  # type: ignore[arg-type] # a table
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert (await bob.get("/v1/notes")).json() == {"items": []}
    assert (await ann.get(path)).json() == note
