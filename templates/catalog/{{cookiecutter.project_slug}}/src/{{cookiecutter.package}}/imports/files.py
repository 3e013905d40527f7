"""Reading files line by line while they arrive: NDJSON as it is, CSV turned into it; never more than a piece."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

PIECE_BYTES = 1024 * 1024
LONGEST_LINE = 1024 * 1024

_PRICE = re.compile(r"price\.([A-Z]{3})")
_WHOLE = re.compile(r"[0-9]{1,18}")
_MEASURE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) (\S{1,10})")
_LOCALIZED = ("name", "slug", "description")

Line = tuple[int, bytes]
"""A line of the file, numbered from 1, as JSON or as what could not become JSON."""


async def lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[Line]:
    """Split what arrives into lines. A line that is too long comes cut, so that it is refused as broken."""
    number, rest = 0, b""
    skipping = False
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            number += 1
            if not skipping and line.strip():
                yield number, line.strip()[:LONGEST_LINE]
            skipping = False
        if len(rest) > LONGEST_LINE:
            if not skipping:
                yield number + 1, rest[:LONGEST_LINE]
            rest, skipping = b"", True
    if rest.strip() and not skipping:
        yield number + 1, rest.strip()


async def from_csv(source: AsyncIterator[Line]) -> AsyncIterator[Line]:
    """Turn the lines of a CSV file (RFC 4180, UTF-8) into one JSON document a product.

    The first line names the columns: members of a product (``key``, ``product_type``, ``categories`` separated by
    ``|``), texts by language (``name.de``), and of a variant ``sku``, ``gtin``, ``price.EUR`` in minor units,
    ``content``, ``attributes.<name>`` and ``source.system|reference|version``. Lines that follow each other with the
    same key are variants of one product.
    """
    header: list[str] = []
    first, rows = 0, list[dict[str, str]]()
    async for number, record in _records(source):
        if not header:
            header = [name.strip().lstrip("\ufeff") for name in record]
            continue
        row = dict(zip(header, record, strict=False))
        if rows and row.get("key") != rows[0].get("key"):
            yield first, _dump(_product(rows))
            rows = []
        if not rows:
            first = number
        rows.append(row)
    if rows:
        yield first, _dump(_product(rows))


async def _records(source: AsyncIterator[Line]) -> AsyncIterator[tuple[int, list[str]]]:
    """Put records together that span lines because a quoted field holds a line break."""
    start, text = 0, ""
    async for number, line in source:
        start, text = (number, "") if not text else (start, text + "\n")
        text += line.decode("utf-8", "replace")
        if text.count('"') % 2 and len(text) < LONGEST_LINE:
            continue
        yield start, _fields(text)
        text = ""
    if text:
        yield start, _fields(text)


def _fields(text: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text)), [])
    except csv.Error:
        return []  # a record without fields is refused like every other line that lacks what it needs


def _product(rows: list[dict[str, str]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for column, text in rows[0].items():
        member, _, below = column.partition(".")
        if not text:
            continue
        if member in _LOCALIZED and below:
            document.setdefault(member, {})[below] = text
        elif member in ("external_references", "source") and below:
            document.setdefault(member, {})[below] = _whole(text) if column == "source.version" else text
        elif member in ("categories", "related"):
            document[member] = [each.strip() for each in text.split("|") if each.strip()]
        elif not below and member not in ("sku", "gtin", "content"):
            document[member] = text
    document["variants"] = [_variant(row) for row in rows if row.get("sku")]
    return document


def _variant(row: dict[str, str]) -> dict[str, Any]:
    variant: dict[str, Any] = {"sku": row["sku"], "attributes": {}, "list_prices": []}
    if row.get("gtin"):
        variant["gtin"] = row["gtin"]
    if content := row.get("content"):
        variant["content"] = _value(content)
    for column, text in row.items():
        if not text:
            continue
        if price := _PRICE.fullmatch(column):
            variant["list_prices"].append({"amount": _whole(text), "currency": price[1]})
        elif column.startswith("attributes."):
            variant["attributes"][column.removeprefix("attributes.")] = _value(text)
    return variant


def _value(text: str) -> Any:
    """Read a value: JSON where it is JSON, ``20 mm`` as a measurement, else a text."""
    if measure := _MEASURE.fullmatch(text):
        return {"value": float(measure[1]), "unit": measure[2]}
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _whole(text: str) -> int | str:
    """Read a whole number; what is none stays a text, and is refused where a number is wanted."""
    return int(text) if _WHOLE.fullmatch(text) else text


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


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


READERS: dict[str, Callable[[AsyncIterator[Line]], AsyncIterator[Line]]] = {
    "application/x-ndjson": lambda source: source,
    "text/csv": from_csv,
}
"""What turns the lines of a file of this media type into lines of JSON."""
