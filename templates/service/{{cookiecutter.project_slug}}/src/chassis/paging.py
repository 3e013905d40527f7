"""Lists: keyset paging with an opaque, signed cursor.

A page begins after the last key the caller has seen, so rows that are inserted meanwhile never shift the pages, and
the thousandth page costs what the first one costs.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from chassis.problems import FieldError, Problem

_Item = TypeVar("_Item", bound=BaseModel)
_Row = TypeVar("_Row")
_SIGNATURE_BYTES = 16


class Page(BaseModel, Generic[_Item]):
    """One page of a list."""

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Name the page of notes ``NotePage`` in the contract."""
        return f"{params[0].__name__}Page"

    items: list[_Item] = Field(max_length=100, description="at most `limit` items, oldest first")
    next: str | SkipJsonSchema[None] = Field(
        default_factory=lambda: None,
        description="cursor of the next page; absent on the last one",
        exclude_if=lambda value: value is None,
        json_schema_extra={"examples": ["AZCl4AAAcACAAAAAAAAAAA"]},
    )


class Paging:
    """The page that the caller asks for."""

    def __init__(self, request: Request, cursor: str | None, limit: int) -> None:
        self.limit = limit
        self._key: bytes = request.app.state.signing_key
        # A cursor is good for the list it was made for and nothing else: same path, same filters.
        filters = sorted(item for item in request.query_params.multi_items() if item[0] not in ("cursor", "limit"))
        self._list = repr((request.url.path, filters)).encode()
        self.position = self._decode(cursor) if cursor else None

    async def fetch(
        self, session: AsyncSession, query: Select[_Row], key: InstrumentedAttribute[UUID]
    ) -> tuple[list[_Row], str | None]:
        """Run ``query`` for this page.

        :param query: what to list, already filtered by who may see it.
        :param key: the unique column that orders the list.
        :returns: the rows, and the cursor of the next page.
        """
        if self.position is not None:
            query = query.where(key > UUID(bytes=self.position))
        # One row more than asked for tells whether there is a next page.
        rows = list(await session.scalars(query.order_by(key).limit(self.limit + 1)))
        if len(rows) <= self.limit:
            return rows, None
        rows.pop()
        last: UUID = getattr(rows[-1], key.key)
        return rows, self.cursor(last.bytes)

    def cursor(self, position: bytes) -> str:
        """Return the cursor of the page after ``position``; a list with an order of its own says what that is.

        Its next request finds it in :attr:`position`, unchanged by whoever carried it.
        """
        return base64.urlsafe_b64encode(position + self._sign(position)).rstrip(b"=").decode()

    def _sign(self, position: bytes) -> bytes:
        return hmac.digest(self._key, self._list + b"\0" + position, hashlib.sha256)[:_SIGNATURE_BYTES]

    def _decode(self, cursor: str) -> bytes:
        try:
            token = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            token = b""
        position, signature = token[:-_SIGNATURE_BYTES], token[-_SIGNATURE_BYTES:]
        genuine = bool(position) and hmac.compare_digest(signature, self._sign(position))
        # Base64 has spare bits in its last character: only the spelling that was given out counts.
        if not genuine or cursor != self.cursor(position):
            raise Problem(
                400,
                "invalid-cursor",
                "The cursor is not one of this list; start again without a cursor.",
                errors=[FieldError(pointer=None, parameter="cursor", detail="not a cursor of this list")],
            )
        return position


# A function and not the class itself: FastAPI would run that in a thread.
async def _paging(
    request: Request,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="most items on the page")] = 20,
) -> Paging:
    return Paging(request, cursor, limit)


PageRequest = Annotated[Paging, Depends(_paging)]
