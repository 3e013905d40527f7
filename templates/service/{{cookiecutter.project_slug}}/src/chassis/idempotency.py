"""Idempotency keys (IETF draft "The Idempotency-Key HTTP Header Field"): a repeated request has one effect.

The key is claimed, the effect made and the response stored in one transaction. Whatever kills the process, either all
of it happened or nothing did, so no key is ever stuck. A request that failed is not stored: repeating it tries again.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlalchemy import JSON, LargeBinary, String, delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base, now
from chassis.problems import Problem

HEADER = "Idempotency-Key"
PATTERN = "^[!-~]{1,255}$"
_FORM = re.compile(PATTERN)
_NO_KEY = f"{HEADER} takes 1 to 255 printable ASCII characters without spaces; send a new UUID per attempt."
_KEPT_HEADERS = ("content-type", "etag", "location")


class StoredResponse(Base):
    """What was answered to the first request with a key. ``id`` is a hash of caller, route and key."""

    __tablename__ = "idempotency_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    def response(self) -> Response:
        """Answer as the first time, byte for byte."""
        return Response(self.body, self.status, self.headers)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A key as this request uses it.

    ``id`` names caller, route and key; ``fingerprint`` names what is asked for. Both are SHA-256 in hexadecimal.
    """

    id: str
    fingerprint: str

    @property
    def lock(self) -> int:
        """The number of PostgreSQL's advisory lock: 64 bits with sign."""
        return int.from_bytes(bytes.fromhex(self.id)[:8], signed=True)


def claim_of(request: Request, *, caller: str, route: str, body: bytes, required: bool) -> Claim | None:
    """Read the request's key.

    :param caller: who sends it; the same key of somebody else is another key.
    :param route: the operation; so is the same key elsewhere.
    :returns: the claim, or nothing when no key was sent and none is needed.
    :raises Problem: 400 when the key is missing or is none.
    """
    given = request.headers.get(HEADER)
    if given is None:
        if required:
            raise Problem(400, "idempotency-key-missing", f"This operation needs an {HEADER}: a new UUID per attempt.")
        return None
    if not _FORM.fullmatch(given):
        raise Problem(400, "idempotency-key-invalid", _NO_KEY)
    key = given.removeprefix('"').removesuffix('"')  # the draft's structured string, or the bare value
    asked = f"{request.method} {request.url.path}?{request.url.query}".encode()
    return Claim(
        id=hashlib.sha256("\0".join((caller, route, key)).encode()).hexdigest(),
        fingerprint=hashlib.sha256(asked + b"\0" + body).hexdigest(),
    )


class InFlight:
    """The keys whose first request is running in this process."""

    def __init__(self) -> None:
        self._claims: set[str] = set()

    @contextmanager
    def hold(self, claim: Claim) -> Iterator[None]:
        """Run the first request with a key.

        :raises Problem: 409 when it is running already.
        """
        if claim.id in self._claims:
            raise _in_flight()
        self._claims.add(claim.id)
        try:
            yield
        finally:
            self._claims.discard(claim.id)


async def stored(session: AsyncSession, claim: Claim) -> Response | None:
    """Return the response of the first request with this key, if it has been answered.

    :raises Problem: 409 while another process answers it, 422 when the key was used for something else.
    """
    if session.get_bind().dialect.name == "postgresql":
        locked = await session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": claim.lock})
        if not locked:
            raise _in_flight()
    found = await session.scalar(select(StoredResponse).where(StoredResponse.id == claim.id))
    if found is None:
        return None
    if found.expires_at <= now():
        await session.delete(found)
        await session.flush()
        return None
    if found.fingerprint != claim.fingerprint:
        raise Problem(422, "idempotency-key-reused", f"This {HEADER} was used for another request; take a new one.")
    return found.response()


async def store(session: AsyncSession, claim: Claim, response: Response, seconds: float) -> None:
    """Keep a response, in the transaction that made its effect.

    :param seconds: how long repeated requests get it.
    """
    session.add(
        StoredResponse(
            id=claim.id,
            fingerprint=claim.fingerprint,
            status=response.status_code,
            headers={name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers},
            body=bytes(response.body),
            expires_at=now() + timedelta(seconds=seconds),
        )
    )
    await session.flush()


async def forget_expired(session: AsyncSession) -> None:
    """Delete what nobody may repeat any more."""
    await session.execute(delete(StoredResponse).where(StoredResponse.expires_at <= now()))


def _in_flight() -> Problem:
    return Problem(
        409,
        "request-in-flight",
        f"The first request with this {HEADER} is still running; repeat this one later.",
        headers={"Retry-After": "1"},
    )
