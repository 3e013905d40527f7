"""CSV as people's programs write it: what stands in it comes in, and what cannot is refused and never lost."""

import csv
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from chassis.problems import Problem
from tests.fixtures import Service

from ..files import LONGEST_LINE, NEVER_CLOSED, NOT_CSV, NOT_UTF8, NOT_WHOLE, TOO_LONG, TOO_MANY_FIELDS
from ..models import ImportPiece
from ..spreadsheets import from_csv
from .importing import imported

HEADER = "key,product_type,name.en,sku"


async def _read(content: bytes, *, chunk: int = 64 * 1024) -> list[tuple[int, Any]]:
    async def arriving() -> AsyncIterator[bytes]:
        for start in range(0, len(content), chunk):
            yield content[start : start + chunk]

    found = sorted([each async for each in from_csv(arriving())])
    return [(number, text if text.startswith(b"!") else json.loads(text)) for number, text in found]


def _names(found: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    return [(number, each if isinstance(each, bytes) else each["name"]["en"]) for number, each in found]


async def test_a_quote_within_a_field_stands_for_itself() -> None:
    """An inch is no quotation: the lines after it are lines (RFC 4180, section 2, rules 5 to 7)."""
    content = f'{HEADER}\na,pump,Pipe 3/4" steel,A\nb,pump,"Pump ""B""",B\nc,pump,Pump C,C\n'
    found = await _read(content.encode())

    assert _names(found) == [(2, 'Pipe 3/4" steel'), (3, 'Pump "B"'), (4, "Pump C")]


async def test_a_quoted_field_keeps_its_lines() -> None:
    """Empty ones and blanks at their ends among them; a carriage return belongs to the line break."""
    content = f'{HEADER}\r\na,pump,"one\r\n\r\n  two ,""\r\n",A\r\n\r\nb,pump,B,B\r\n'
    for chunk in (1, 3, 1000):
        found = await _read(content.encode(), chunk=chunk)

        assert _names(found) == [(2, 'one\n\n  two ,"\n'), (7, "B")]


@settings(deadline=None)  # a loaded machine may take long
@given(st.lists(st.text(alphabet='a",\n ', max_size=8), min_size=1, max_size=5))
async def test_what_a_program_writes_is_read_as_it_was(names: list[str]) -> None:
    """Python's own writer quotes where RFC 4180 says so."""
    file = io.StringIO()
    written = csv.writer(file)
    written.writerow(HEADER.split(","))
    written.writerows([f"k{number}", "pump", name, f"S{number}"] for number, name in enumerate(names))
    found = await _read(file.getvalue().encode())

    assert [name or None for name in names] == [each.get("name", {}).get("en") for _, each in found]


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        (b"a,pump,Gr\xf6\xdfe,A", NOT_UTF8),
        (b"a,pump,Pump, large,A", TOO_MANY_FIELDS),
        (b"a,pump," + b"x" * LONGEST_LINE + b",A", TOO_LONG),
        (b"a,pump," + b"x" * 200_000 + b",A", NOT_CSV),
        (b"a,pump,A\rb,pump,B", NOT_CSV),
    ],
    ids=["latin-1", "a comma too many", "long line", "long field", "carriage returns"],
)
async def test_what_cannot_be_read_is_refused_by_itself(line: bytes, refusal: bytes) -> None:
    """Nothing is guessed, and the lines around it come in."""
    content = f"{HEADER}\nz,pump,Z,Z\n".encode() + line + b"\nb,pump,B,B,,\n"
    found = await _read(content)

    assert _names(found) == [(2, "Z"), (3, refusal), (4, "B")]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"key;product_type;name.en", "it says: key;product_type;name.en"),
        (b"a,pump,Pump", "it says: a, pump, Pump"),
        (b"key,na\xefve", "The first line cannot be read: it is not UTF-8."),
        (b'key,"name.en', "The first line cannot be read: it belongs to a quoted field that nothing closes."),
    ],
    ids=["semicolons", "no header", "latin-1", "open quote"],
)
async def test_a_file_without_columns_is_refused_as_a_whole(header: bytes, said: str) -> None:
    """Line by line it would be refused ten thousand times, for what is wrong with none of them."""
    with pytest.raises(Problem, match="no-columns") as refused:
        await _read(header + b"\na,pump,A\n")

    assert refused.value.detail.endswith(said)


async def test_what_an_open_field_swallows_is_refused_line_by_line() -> None:
    """No line is lost without a word; what follows after a megabyte comes in again, and nothing is looked at twice."""
    last = 100_002
    content = f'{HEADER}\na,pump,A,A\nb,pump,"B,B\n' + "".join(f"c{n},pump,C,C\n" for n in range(4, last + 1))
    began = time.process_time()
    found = await _read(content.encode())
    seconds = time.process_time() - began

    refused = [number for number, each in found if each == NEVER_CLOSED]
    assert list(range(2, last + 1)) == [number for number, _ in found]
    assert list(range(3, refused[-1] + 1)) == refused
    assert len(refused) < 20_000
    assert seconds < 20  # it takes half a second; it took minutes


async def test_a_product_is_refused_with_its_variant() -> None:
    """What is left of it would be taken for all of it, and a variant be deleted."""
    content = f"{HEADER}\na,pump,A,A1\na,pump,,A2,too,many\na,pump,,A3\nb,pump,B,B1\n".encode()
    found = await _read(content + b"b,pump,\xff,B2\nb,pump,,B3\nc,pump,C,C\n")

    assert _names(found) == [(2, TOO_MANY_FIELDS), (5, NOT_WHOLE), (6, NOT_UTF8), (8, "C")]


async def test_a_product_without_end_is_kept_no_longer_than_it_takes_to_refuse_it() -> None:
    """A product has at most 250 variants."""
    content = f"{HEADER}\n" + "".join(f"a,pump,A,A{number}\n" for number in range(1000))
    ((_, document),) = await _read(content.encode())

    assert len(document["variants"]) == 251


async def test_spreadsheet_comes_in(catalog: httpx.AsyncClient) -> None:
    """CSV: one variant a line, texts by language, measurements as people write them, quotes and line breaks."""
    content = (
        "\ufeffkey,product_type,name.de,slug.de,description.de,categories,sku,attributes.material,"
        "attributes.max_head,price.EUR,source.system,source.reference,source.version\r\n"
        'c40,pump,"Pumpe ""leise"", klein",pumpe-c40,"Zeile 1\r\nZeile 2",heating|pumps,'
        "C40-1,steel,4 m,19900,erp,4711,3\r\n"
        "c40,pump,,,,,C40-2,bronze,4 m,,,,\r\n"
        "c60,pump,Pumpe 60,,,,C60-1,wood,,,,,\r\n"
    )
    _, found = await imported(catalog, content.encode(), headers={"Content-Type": "text/csv; charset=utf-8"})
    made = (await catalog.get("/v1/products")).json()["items"]

    assert [(each["line"], each["outcome"]) for each in found] == [(2, "created"), (5, "rejected")]
    assert (made[0]["name"], made[0]["categories"]) == ({"de": 'Pumpe "leise", klein'}, ["heating", "pumps"])
    assert made[0]["description"] == {"de": "Zeile 1\nZeile 2"}
    assert [(each["sku"], each["attributes"], each["list_prices"]) for each in made[0]["variants"]] == [
        (
            "C40-1",
            {"material": "steel", "max_head": {"value": 4.0, "unit": "m"}},
            [{"amount": 19900, "currency": "EUR"}],
        ),
        ("C40-2", {"material": "bronze", "max_head": {"value": 4.0, "unit": "m"}}, []),
    ]


async def test_what_is_no_csv_is_refused_in_words(catalog: httpx.AsyncClient) -> None:
    """Whoever has exported a file in another encoding, or without quotes, reads what to mend."""
    content = "key,product_type,name.en,sku\nc20,pump,Größe,C20\n".encode("latin-1") + b"c30,pump,Three, thirty,C30\n"
    _, lines = await imported(catalog, content, headers={"Content-Type": "text/csv"})

    assert [(each["line"], each["outcome"], each["reasons"][0]["detail"]) for each in lines] == [
        (2, "rejected", "it is not UTF-8"),
        (
            3,
            "rejected",
            "one of its lines has more fields than there are columns: a field with a comma in it needs quotes",
        ),
    ]


async def test_file_without_columns_leaves_nothing(service: Service, catalog: httpx.AsyncClient) -> None:
    """It is refused while it arrives, and there is no import of it."""
    path, headers = "/v1/product-imports", {"Content-Type": "text/csv"}
    refused = await catalog.post(path, content=b"key;product_type\nc40;pump\n", headers=headers)

    assert (refused.status_code, refused.json()["type"]) == (422, "urn:problem-type:no-columns")
    assert (await catalog.get(path)).json()["items"] == []
    async with service.app.state.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ImportPiece)) == 0


async def test_odd_cells_are_refused_at_their_line(catalog: httpx.AsyncClient) -> None:
    """What looks like a number to Python alone, or nests without end, stops no other line."""
    deep = "[" * 100_000
    content = (
        "key,product_type,name.en,sku,attributes.approval,price.EUR,source.system,source.reference,source.version\n"
        f"c20,pump,Two,C20,A,²,,,\nc30,pump,Three,C30,B,,erp,3,{'9' * 5000}\nc40,pump,Four,C40,{deep},,,,\n"
        "c50,pump,Five,C50,C,100,erp,5,5\n"
    )
    _, lines = await imported(catalog, content.encode(), headers={"Content-Type": "text/csv"})

    assert [(each["outcome"], each["reasons"][0]["pointer"] if each["reasons"] else None) for each in lines] == [
        ("rejected", "/variants/0/list_prices/0/amount"),
        ("rejected", "/source/version"),
        ("rejected", ""),
        ("created", None),
    ]
