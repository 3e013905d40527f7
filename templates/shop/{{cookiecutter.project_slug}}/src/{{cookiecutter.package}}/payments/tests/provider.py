"""A payment provider as a process of its own: the sandbox behind HTTP, with its own books, for tests that kill it.

PORT=… VAR_DIR=… SHOP_URL=… PAYMENT_WEBHOOK_SECRET=… python -m <package>.payments.tests.provider
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chassis.database import Base, Database
from chassis.settings import Settings

from ..messages import told
from ..port import Outcome, ProviderSilentError
from ..sandbox import SandboxPaymentRow, SandboxProvider, SandboxWebhookRow

_TABLES = [Base.metadata.tables[row.__tablename__] for row in (SandboxPaymentRow, SandboxWebhookRow)]


class Asked(BaseModel):
    """What the shop asks for."""

    kind: str
    amount: int = 0
    currency: str = ""
    token: str = ""
    reference: str = ""


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[None]:
    directory = Path(os.environ["VAR_DIR"])
    database = Database(Settings(database_url=SecretStr(f"sqlite:///{directory / 'provider.db'}"), var_dir=directory))
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all, tables=_TABLES)
    secret = os.environ["PAYMENT_WEBHOOK_SECRET"].encode()
    app.state.sandbox = SandboxProvider(database, secret, delay_seconds=0.2)
    app.state.database = database
    telling = asyncio.create_task(_tell(app.state.sandbox))
    yield
    telling.cancel()
    await database.close()


app = FastAPI(lifespan=_open)


@app.put("/v1/payment-requests/{key}")
async def do(key: UUID, asked: Asked) -> dict[str, str]:
    """Do what is asked, once; or do it and keep silent."""
    sandbox: SandboxProvider = app.state.sandbox
    try:
        return told(await _done(sandbox, key, asked))
    except ProviderSilentError:
        raise HTTPException(504) from None


async def _done(sandbox: SandboxProvider, key: UUID, asked: Asked) -> Outcome:
    if asked.kind == "authorize":
        return await sandbox.authorize(key, amount=asked.amount, currency=asked.currency, token=asked.token)
    if asked.kind == "capture":
        return await sandbox.capture(key, reference=asked.reference, amount=asked.amount)
    if asked.kind == "void":
        return await sandbox.void(key, reference=asked.reference)
    return await sandbox.refund(key, reference=asked.reference, amount=asked.amount)


@app.get("/v1/payment-requests/{key}")
async def look_up(key: UUID) -> dict[str, str]:
    """Say what became of a request."""
    sandbox: SandboxProvider = app.state.sandbox
    outcome = await sandbox.look_up(key)
    if outcome is None:
        raise HTTPException(404)
    return told(outcome)


@app.get("/v1/books")
async def books() -> list[dict[str, Any]]:
    """Show all that the provider has booked."""
    database: Database = app.state.database
    async with database.reading() as session:
        rows = await session.scalars(select(SandboxPaymentRow).order_by(SandboxPaymentRow.created_at))
        return [
            {
                name: getattr(row, name)
                for name in ("key", "authorization", "kind", "amount", "token", "status", "reason")
            }
            for row in rows
        ]


async def _tell(sandbox: SandboxProvider) -> None:
    async with httpx.AsyncClient(base_url=os.environ["SHOP_URL"], timeout=5) as client:

        async def send(_session: AsyncSession, headers: Mapping[str, str], body: bytes) -> None:
            given = {**headers, "Content-Type": "application/json"}
            (await client.post("/v1/payment-events", content=body, headers=given)).raise_for_status()

        while True:
            try:
                more = await sandbox.tell_next(send)
            except httpx.HTTPError:
                more = False  # the shop is away: later
            if not more:
                await asyncio.sleep(0.05)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
