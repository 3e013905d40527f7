"""What goes wrong: the sender, the database, a defect, or the process in between."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import now
from chassis.outbox import OutboxRow
from tests.catalog import product
from tests.fixtures import Service

from .. import failures, files, settling
from .. import service as importing
from ..batch import take_in
from ..models import ImportPiece, ImportRow
from ..schemas import Outcome
from .importing import file_of, imported


async def test_file_that_never_became_complete_is_cleared(service: Service, catalog: httpx.AsyncClient) -> None:
    """Its sender went away or its process died: after a while nothing of it is left, and others stay."""

    async def broken_off() -> AsyncIterator[bytes]:
        yield b'1\t{"key": "c40"}'
        raise ConnectionResetError

    database = service.app.state.database
    with pytest.raises(ConnectionResetError):
        await importing.receive(database, broken_off(), publish=False, lines_days=90)
    await imported(catalog, file_of(product("c60")))
    young = await importing.clear_abandoned(database, timedelta(seconds=60))
    old = await importing.clear_abandoned(database, timedelta(0))

    assert (young, old) == (0, 1)
    assert [each["state"] for each in (await catalog.get("/v1/product-imports")).json()["items"]] == ["finished"]
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportPiece)) == 0


async def test_import_that_always_fails_is_given_up(
    catalog: httpx.AsyncClient, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before is in, settled and told; the rest is not, the job says where, and others have their turn."""
    monkeypatch.setattr(files, "PIECE_BYTES", 1)
    monkeypatch.setattr(failures, "_FIRST_PAUSE", timedelta(0))
    seen = list[str]()

    async def fail_at_c40(session: AsyncSession, lines: Any, types: Any) -> Any:
        seen.extend(each.key for each in lines)
        if "c40" in seen[-1:]:
            raise RuntimeError("a defect")
        return await take_in(session, lines, types)

    monkeypatch.setattr(importing, "take_in", fail_at_c40)
    job, lines = await imported(catalog, file_of(product("c20", related=["c60"]), product("c40"), product("c60")))
    other, _ = await imported(catalog, file_of(product("c80")))
    made = (await catalog.get("/v1/products")).json()["items"]
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportPiece)) == 0
        told = await session.scalars(select(OutboxRow.document).where(OutboxRow.type == "import.finished"))
        states = [json.loads(each)["data"]["state"] for each in told]

    assert (job["state"], job["failure"]) == ("failed", "given up at line 2 after 5 attempts")
    assert (job["lines"], job["created"], seen.count("c40")) == (1, 1, 5)
    assert [each["outcome"] for each in lines] == ["created"]
    assert (other["state"], other["failure"]) == ("finished", None)
    assert [(each["key"], each["related"]) for each in made] == [("c20", []), ("c80", [])]
    assert sorted(states) == ["failed", "finished"]


async def test_failing_import_waits_ever_longer(catalog: httpx.AsyncClient, service: Service) -> None:
    """One second, then two, four, eight; the import that waits holds up no other."""
    database = service.app.state.database
    async with database.transaction() as session:
        job = ImportRow(state="queued", publish=False, position=0, pieces=1, attempts=0, lines_days=1,
                        **dict.fromkeys(("lines", *Outcome), 0))  # fmt: skip
        job.due_at = now() + timedelta(hours=1)
        session.add(job)
    waits = []
    for _ in range(failures.MOST_ATTEMPTS - 1):
        before = now()
        async with database.transaction() as session:
            attempt = await failures.book(session, await importing.find(session, job.id), None)
        assert attempt is not None
        await failures.note(database, attempt, RuntimeError("a defect"))
        async with database.reading() as session:
            found = await importing.find(session, job.id)
        assert found.due_at is not None
        waits.append(round((found.due_at - before).total_seconds()))
    other, _ = await imported(catalog, file_of(product("c40")))

    assert waits == [1, 2, 4, 8]
    assert other["state"] == "finished"


async def test_interrupted_piece_is_worked_off_once(
    service: Service, catalog: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens before the commit did not happen; the next turn does it all."""
    finish = settling.finish
    failures: list[Any] = []

    async def fail_once(session: AsyncSession, job: Any) -> None:
        await finish(session, job)
        if not failures:
            failures.append(job.id)
            raise OSError("the process dies here")

    monkeypatch.setattr(importing, "finish", fail_once)
    monkeypatch.setattr("asyncio.wait_for", _hurried(asyncio.wait_for))
    job, found = await imported(catalog, file_of(product("c40")))

    assert [str(each) for each in failures] == [job["id"]]
    assert (job["created"], len(found)) == (1, 1)
    assert service


def _hurried(wait_for: Any) -> Any:
    def hurried(awaitable: Any, seconds: float | None) -> Any:
        return wait_for(awaitable, None if seconds is None else min(seconds, 0.05))

    return hurried
