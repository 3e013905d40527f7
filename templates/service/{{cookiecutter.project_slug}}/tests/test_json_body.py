"""Bodies are read quickly where a few looks say that they are fine, and closely otherwise: with the same result."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis import json_body
from chassis.json_body import JsonLimits, parse
from chassis.problems import Problem

LIMITS = JsonLimits(depth=4, string=200, items=50)

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=4), below, max_size=4),
    max_leaves=12,
)
_WRITTEN = st.builds(
    lambda value, ascii_, separators: json.dumps(value, ensure_ascii=ascii_, separators=separators),
    _VALUES,
    st.booleans(),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]),
)


def _result(body: bytes, *, closely: bool) -> str:
    try:
        return repr(json_body._closely(body, LIMITS) if closely else parse(body, LIMITS))
    except Problem as problem:
        return problem.detail


@given(
    _WRITTEN,
    st.integers(0, 60),
    st.sampled_from(["", '"', ":", "{", "]", '"a":1,', "\\u0000", "\\ud800", "9", "e", " "]),
)
@example('{"a":1,"a":2}', 0, "")
@example('{"a" :1,"a" :2}', 0, "")
@example('{"a\\":":1}', 0, "")
@example("[[[[[]]]]]", 0, "")
@example("[[[[1]]]]", 0, "")
@example("[1e400]", 0, "")
def test_both_ways_of_reading_agree(text: str, place: int, more: str) -> None:
    """Whatever is sent: the same value, or the same refusal."""
    try:
        body = (text[:place] + more + text[place:]).encode()
    except UnicodeEncodeError:  # half of a surrogate pair has no UTF-8 of its own
        return

    assert _result(body, closely=False) == _result(body, closely=True)


@pytest.mark.parametrize(
    ("body", "quick"),
    [
        (b'{"name": {"de": "P\xc3\xbcmpe", "en": "Pump"}, "sizes": [1, 2.5]}', True),
        (b'{"name" : 1}', True),
        (b'{"a": 1, "a": 1}', False),
        (b'{"a" : 1, "a"\t\r\n: 1}', False),
        (b'{"text": "a colon after a quote, \\":"}', False),
        (b"[1e999]", False),
        (b"\xff", False),
    ],
    ids=["plain", "space before colon", "name twice", "twice before spaces", "colon in a text", "too big", "no UTF-8"],
)
def test_what_is_read_quickly(body: bytes, *, quick: bool) -> None:
    """Ordinary bodies are; what leaves the slightest doubt is not."""
    assert (json_body._plainly_fine(body, LIMITS) is not json_body._UNREAD) is quick
