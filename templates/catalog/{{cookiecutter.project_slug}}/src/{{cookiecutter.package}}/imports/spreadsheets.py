"""CSV (RFC 4180), turned into one JSON document a product while it arrives."""

import csv
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from chassis.problems import Problem

from .files import (
    LONGEST_LINE,
    NEVER_CLOSED,
    NOT_CSV,
    NOT_UTF8,
    NOT_WHOLE,
    REFUSALS,
    TOO_LONG,
    TOO_MANY_FIELDS,
    Line,
    split,
)

_PRICE = re.compile(r"price\.([A-Z]{3})")
_WHOLE = re.compile(r"[0-9]{1,18}")
_MEASURE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?) (\S{1,10})")
_LOCALIZED = ("name", "slug", "description")
_UP_TO_CLOSING_QUOTE = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')
_MOST_ROWS = 251
"""So many variants of one product are kept: one more than it may have, so that it is refused."""

_MOST_QUOTED = 200

_LINE_BYTES = 64
"""What a line takes besides its text while it is held; empty ones, too."""

Record = tuple[int, list[str] | bytes]
"""The line where a record begins, and its fields; or a line that belongs to none, and why (:data:`.files.REFUSALS`)."""


async def from_csv(chunks: AsyncIterator[bytes]) -> AsyncIterator[Line]:
    """Turn a CSV file in UTF-8 into one JSON document a product.

    The first line names the columns: members of a product (``key``, ``product_type``, ``categories`` separated by
    ``|``), texts by language (``name.de``), and of a variant ``sku``, ``gtin``, ``price.EUR`` in minor units,
    ``content``, ``attributes.<name>`` and ``source.system|reference|version``. Lines that follow each other with the
    same key are variants of one product, which is refused with any of them: what is left would be taken for all of it.

    :raises Problem: 422 when the first line does not name the columns: nothing of the file could be read rightly.
    """
    header: list[str] | None = None
    first, rows, fault, interrupted = 0, list[dict[str, str]](), b"", False
    async for number, record in _records(split(chunks)):
        if header is None:
            header = _columns(record)
            continue
        if isinstance(record, bytes):
            yield number, record
            interrupted = True
            continue
        row = dict(zip(header, record, strict=False))
        if rows and row.get("key") != rows[0].get("key"):
            yield first, fault or _dump(_product(rows))
            rows, fault = [], b""
        if not rows:
            first = number
        elif interrupted:
            fault = NOT_WHOLE
        if len(rows) < _MOST_ROWS:
            rows.append(row)
        if any(record[len(header) :]):
            fault = TOO_MANY_FIELDS
        interrupted = False
    if rows:
        yield first, fault or _dump(_product(rows))


def _columns(record: list[str] | bytes) -> list[str]:
    if isinstance(record, bytes):
        raise Problem(422, "no-columns", f"The first line cannot be read: {REFUSALS[record]}.")
    names = [name.strip() for name in record]
    if "key" not in names:
        detail = (
            "The first line of a CSV file names the columns, with commas between them, and `key` among them; it says: "
        )
        raise Problem(422, "no-columns", detail + ", ".join(names)[:_MOST_QUOTED])
    return names


async def _records(source: AsyncIterator[Line]) -> AsyncIterator[Record]:
    """Put the lines of each record together: a quoted field may hold line breaks."""
    held: list[Line] = []
    size, quoted = 0, False
    async for number, text in source:
        line = text.removesuffix(b"\r")
        if not held and not line.strip():
            continue
        held.append((number, line))
        size += len(line) + _LINE_BYTES
        quoted = _ends_quoted(line, quoted)
        if not quoted:
            yield _record(held)
        elif size >= LONGEST_LINE:
            for each, _ in held:
                yield each, NEVER_CLOSED
        else:
            continue
        held, size, quoted = [], 0, False
    for each, _ in held:
        yield each, NEVER_CLOSED


def _ends_quoted(line: bytes, quoted: bool) -> bool:
    """Tell whether a line ends within a quoted field, having begun in one if ``quoted``.

    A quote opens a field only where the field begins; any other one stands for itself.
    """
    place = 0
    if not quoted and line.startswith(b'"'):
        place, quoted = 1, True
    while True:
        if quoted:
            closed = _UP_TO_CLOSING_QUOTE.match(line, place)
            if closed is None:
                return True
            place = closed.end()
        place = line.find(b",", place) + 1
        if not place:
            return False
        quoted = line.startswith(b'"', place)
        place += quoted


def _record(held: list[Line]) -> Record:
    number = held[0][0]
    if any(len(line) >= LONGEST_LINE for _, line in held):
        return number, TOO_LONG
    try:
        return number, next(csv.reader([b"\n".join(line for _, line in held).decode()]), [])
    except UnicodeDecodeError:
        return number, NOT_UTF8
    except csv.Error:  # such as a carriage return alone, or more than csv.field_size_limit()
        return number, NOT_CSV


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
