"""A payment provider to try things with. It keeps its own books, forgets nothing, and fails on demand.

What happens says the token that a card is given as (:class:`Card`).
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, Database, now
from chassis.identifiers import uuid7
from chassis.webhooks import signature

from .messages import event_of, told
from .port import Outcome, ProviderEvent, ProviderSilentError, Status

NAME = "sandbox"


class Card(StrEnum):
    """Cards to try things with.

    ``DELAY`` is answered later, by webhook; of ``DUPLICATE`` everything is told twice. ``UNKNOWN_CHARGED`` does what it
    is asked and does not answer, ``UNKNOWN_LOST`` never heard the first question. ``NO_CAPTURE`` authorises and then
    gives nothing, ``SECOND_CAPTURE`` gives when it is asked once more.
    """

    OK = "tok_ok"
    DECLINE = "tok_decline"
    EXPIRED = "tok_expired_card"
    DELAY = "tok_delay"
    DUPLICATE = "tok_duplicate"
    UNKNOWN_CHARGED = "tok_unknown_charged"
    UNKNOWN_LOST = "tok_unknown_lost"
    NO_CAPTURE = "tok_no_capture"
    SECOND_CAPTURE = "tok_second_capture"


_REASONS: dict[str, str] = {Card.DECLINE: "insufficient_funds", Card.EXPIRED: "expired_card"}
_WEBHOOKS: dict[str, int] = {Card.DELAY: 1, Card.DUPLICATE: 2}

Receive = Callable[[AsyncSession, Mapping[str, str], bytes], Awaitable[None]]


class SandboxPaymentRow(Base):
    """One request as the provider keeps it. ``authorization`` is the request that the money was held by."""

    __tablename__ = "sandbox_payments"

    key: Mapped[UUID] = mapped_column(primary_key=True)
    authorization: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(50))
    heard: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SandboxWebhookRow(Base):
    """What the provider still has to tell."""

    __tablename__ = "sandbox_webhooks"
    __table_args__ = (Index(None, "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    key: Mapped[UUID]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    times: Mapped[int]
    due_at: Mapped[datetime]


class SandboxProvider:
    """The provider. Its transactions are its own: it may know what the shop does not, and the other way round."""

    name = NAME

    def __init__(self, database: Database, secret: bytes, *, delay_seconds: float) -> None:
        self._database = database
        self._secret = secret
        self._delay = timedelta(seconds=delay_seconds)

    async def authorize(self, key: UUID, *, amount: int, currency: str, token: str) -> Outcome:  # noqa: ARG002 - the port's signature; it holds what it is told
        """Hold an amount, unless the token says otherwise."""
        return await self._do(key, key, "authorize", amount, token)

    async def capture(self, key: UUID, *, reference: str, amount: int) -> Outcome:
        """Take some of what is held; more than that is declined."""
        return await self._do(key, UUID(reference), "capture", amount)

    async def void(self, key: UUID, *, reference: str) -> Outcome:
        """Let go what is held."""
        return await self._do(key, UUID(reference), "void", 0)

    async def refund(self, key: UUID, *, reference: str, amount: int) -> Outcome:
        """Give back some of what was taken; more than that is declined."""
        return await self._do(key, UUID(reference), "refund", amount)

    async def look_up(self, key: UUID) -> Outcome | None:
        """Return what became of a request."""
        async with self._database.reading() as session:
            row = await session.get(SandboxPaymentRow, key)
        return None if row is None or row.status == "lost" else _outcome(row)

    def event(self, headers: Mapping[str, str], body: bytes) -> ProviderEvent:
        """Read one of its own webhooks (Standard Webhooks)."""
        return event_of(NAME, self._secret, headers, body)

    async def tell_next(self, receive: Receive) -> bool:
        """Send a webhook that is due; return whether there was one."""
        async with self._database.transaction() as session:
            query = (
                select(SandboxWebhookRow).where(SandboxWebhookRow.due_at <= now()).order_by(SandboxWebhookRow.due_at)
            )
            row = await session.scalar(query.limit(1).with_for_update(skip_locked=True))
            if row is None:
                return False
            booked = await session.get(SandboxPaymentRow, row.key, with_for_update=True)
            if booked is not None and booked.status == "pending":
                booked.status = "succeeded"
            if row.times > 1:
                row.times -= 1
            else:
                await session.delete(row)
            await receive(session, self._signed(row), row.body)
        return True

    def _signed(self, row: SandboxWebhookRow) -> dict[str, str]:
        moment = str(int(now().timestamp()))
        signed = signature(self._secret, message_id=str(row.id), timestamp=moment, body=row.body)
        return {"webhook-id": str(row.id), "webhook-timestamp": moment, "webhook-signature": signed}

    async def _do(self, key: UUID, authorization: UUID, kind: str, amount: int, token: str | None = None) -> Outcome:
        async with self._database.transaction() as session:
            row = await session.get(SandboxPaymentRow, key, with_for_update=True)
            if row is None:
                row = await self._book(session, key, authorization, kind, amount, token)
            else:
                row.heard += 1
                if row.status == "lost":
                    row.status = "succeeded"
            outcome, silent = _outcome(row), _is_silent(row)
        if silent:
            raise ProviderSilentError
        return outcome

    async def _book(  # noqa: PLR0913, PLR0917 - a request has so many parts
        self, session: AsyncSession, key: UUID, authorization: UUID, kind: str, amount: int, token: str | None
    ) -> SandboxPaymentRow:
        query = select(SandboxPaymentRow).where(SandboxPaymentRow.authorization == authorization).with_for_update()
        booked = list(await session.scalars(query))
        token = token or next((row.token for row in booked if row.kind == "authorize"), "")
        status, reason = _decide(kind, amount, token, booked)
        row = SandboxPaymentRow(
            key=key,
            authorization=authorization,
            kind=kind,
            amount=amount,
            token=token,
            status=status,
            reason=reason,
            heard=1,
        )
        session.add(row)
        await session.flush()
        if times := _WEBHOOKS.get(token, 0):
            final = _outcome(row) if status != "pending" else Outcome(status=Status.SUCCEEDED, reference=str(key))
            body = json.dumps({"key": str(key)} | told(replace(final, reference=str(authorization)))).encode()
            session.add(SandboxWebhookRow(key=key, body=body, times=times, due_at=now() + self._delay))
        return row


def _decide(kind: str, amount: int, token: str, booked: list[SandboxPaymentRow]) -> tuple[str, str]:
    done = [row for row in booked if row.status in ("succeeded", "pending")]

    def total(wanted: str) -> int:
        return sum(row.amount for row in done if row.kind == wanted)

    voided = any(row.kind == "void" for row in done)
    asked_before = any(row.kind == "capture" for row in booked)
    unwilling = token == Card.NO_CAPTURE or (token == Card.SECOND_CAPTURE and not asked_before)
    refused = {
        "authorize": token in _REASONS,
        "capture": voided or unwilling or amount > total("authorize") - total("capture"),
        "void": total("capture") > 0,
        "refund": amount > total("capture") - total("refund"),
    }[kind]
    if refused:
        return "declined", _REASONS.get(token, "not_possible")
    if kind == "authorize" and token == Card.DELAY:
        return "pending", ""
    return ("lost", "") if kind == "authorize" and token == Card.UNKNOWN_LOST else ("succeeded", "")


def _is_silent(row: SandboxPaymentRow) -> bool:
    return row.heard == 1 and row.token in (Card.UNKNOWN_CHARGED, Card.UNKNOWN_LOST)


def _outcome(row: SandboxPaymentRow) -> Outcome:
    if row.status == "pending":  # what is under way is decided once its time has come
        return Outcome(status=Status.PENDING, reference=str(row.authorization))
    status = Status.DECLINED if row.status == "declined" else Status.SUCCEEDED
    return Outcome(status=status, reference=str(row.authorization), reason=row.reason)
