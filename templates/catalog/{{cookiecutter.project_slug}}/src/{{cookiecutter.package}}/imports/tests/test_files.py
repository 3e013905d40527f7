"""Files: their lines, however they arrive."""

from typing import Any

from ..files import lines


async def _collect(content: list[bytes]) -> list[tuple[int, bytes]]:
    async def arriving() -> Any:
        for chunk in content:
            yield chunk

    return [each async for each in lines(arriving())]


async def test_lines_are_the_same_however_they_arrive() -> None:
    """Chunks end anywhere; empty lines only count; the last one needs no end; a byte order mark is no text."""
    content = b'\xef\xbb\xbf{"a": 1}\r\n\n{"b": "\xc3\xa4"}\n{"c": 3}'
    expected = [(1, b'{"a": 1}'), (3, b'{"b": "\xc3\xa4"}'), (4, b'{"c": 3}')]

    for size in (1, 2, 3, 7, 100):
        assert await _collect([content[at : at + size] for at in range(0, len(content), size)]) == expected


async def test_endless_line_is_cut() -> None:
    """A gigabyte without a line break is one broken line, and what follows is read."""
    found = await _collect([b"x" * 700_000] * 10 + [b"y\n", b"{}\n"])

    assert [(number, len(text)) for number, text in found] == [(1, 1024 * 1024), (2, 2)]
