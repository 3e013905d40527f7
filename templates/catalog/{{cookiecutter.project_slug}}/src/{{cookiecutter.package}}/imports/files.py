"""Files line by line while they arrive, and never more than a piece: NDJSON as it is, CSV by :mod:`.spreadsheets`."""

from collections.abc import AsyncIterator, Iterator

PIECE_BYTES = 1024 * 1024
LONGEST_LINE = 1024 * 1024

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Line = tuple[int, bytes]
"""A line of the file, numbered from 1, as JSON or as what could not become JSON (:data:`REFUSALS`)."""

NEVER_CLOSED, NOT_CSV, NOT_UTF8, NOT_WHOLE = b"!closed", b"!csv", b"!utf-8", b"!whole"
TOO_LONG, TOO_MANY_FIELDS = b"!long", b"!fields"
REFUSALS = {
    NEVER_CLOSED: "it belongs to a quoted field that nothing closes",
    NOT_CSV: "it is not CSV with one record a line, or one of its fields is too long",
    NOT_UTF8: "it is not UTF-8",
    NOT_WHOLE: "a line between those of this product was refused",
    TOO_LONG: f"it is longer than {LONGEST_LINE} bytes",
    TOO_MANY_FIELDS: "one of its lines has more fields than there are columns: a field with a comma in it needs quotes",
}
"""What stands for a line that could not become JSON, which nothing of this is, and why it could not."""


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[Line]:
    """Split what arrives into lines; empty ones are counted and left out."""
    async for number, line in split(chunks):
        if text := line.strip():
            yield number, text


async def split(chunks: AsyncIterator[bytes]) -> AsyncIterator[Line]:
    """Split what arrives at its line feeds. A line that is too long comes cut, so that it is refused as broken."""
    number, rest = 0, b""
    skipping = False
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            if not skipping:
                text = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
                yield number, text[:LONGEST_LINE]
            skipping = False
        if len(rest) > LONGEST_LINE:
            if not skipping:
                yield number + 1, rest[:LONGEST_LINE]
            rest, skipping = b"", True
    if rest and not skipping:
        yield number + 1, rest.removeprefix(_BYTE_ORDER_MARK) if not number else rest


async def pieces(source: AsyncIterator[Line]) -> AsyncIterator[bytes]:
    """Gather lines into pieces of about a megabyte, each line with its number before a tab."""
    gathered: list[bytes] = []
    size = 0
    async for number, line in source:
        gathered.append(b"%d\t%s" % (number, line))
        size += len(line)
        if size >= PIECE_BYTES:
            yield b"\n".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"\n".join(gathered)


def numbered(piece: bytes) -> Iterator[Line]:
    """Take a piece apart again."""
    for line in piece.split(b"\n"):
        number, _, text = line.partition(b"\t")
        yield int(number), text
