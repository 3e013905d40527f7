"""A caller who sees the wire: one connection a request, which may be dropped before the answer is read."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def lasting(self) -> tuple[int, str | None, str | None, bytes]:
        """What a repeated request must get again, byte for byte."""
        return self.status, self.headers.get("location"), self.headers.get("etag"), self.body


async def call(
    port: int,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: object = None,
    *,
    drop_after: float | None = None,
    seconds: float = 30,
) -> Reply | None:
    """Send a request on a new connection.

    :param drop_after: close the connection so many seconds after sending, unread; then there is no reply.
    :raises OSError: when the other side is gone; ``EOFError`` when it went in the middle.
    """
    content = b"" if body is None else json.dumps(body).encode()
    fields = {"Host": "service", "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
            await writer.drain()
            if drop_after is not None:
                await asyncio.sleep(drop_after)
                return None
            return await _read(reader)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Reply:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.rstrip().split("\r\n")
        headers = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError as error:
        raise EOFError from error
    return Reply(status=int(line.split()[1]), headers=headers, body=body)
