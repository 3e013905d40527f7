"""The parts of the index in memory, beside the plain way of doing the same."""

from array import array
from itertools import islice
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from ...search.index import Match
from ...vocabulary.moments import NEVER_ENDING
from ..inverted import Document, InvertedIndex
from ..ordering import Ordering
from ..reading import Filter, Question, View
from ..timetable import Timetable

places = st.lists(st.tuples(st.integers(-3, 3) | st.integers(0, 10**6), st.booleans()), min_size=1, max_size=80)
windows = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9) | st.just(NEVER_ENDING)), max_size=3)


@given(documents=places, count=st.integers(1, 90), start=st.integers(0, 80), data=st.data())
def test_pages_are_cut_from_the_order(
    documents: list[tuple[int, bool]], count: int, start: int, data: st.DataObject
) -> None:
    """By number, then by id; few documents are sorted, of many the first ones are met on the way: all the same."""
    ids = data.draw(st.permutations(range(len(documents))))
    order = Ordering(array("q", ids))
    for number, _ in documents:
        order.add(number)
    wanted = BitMap(position for position, (_, taken) in enumerate(documents) if taken)
    expected = sorted((documents[each][0], ids[each]) for each in wanted)
    after = expected[start] if start < len(expected) else None
    begin = start + 1 if after else 0
    walked = list(islice(order.walk(wanted, count, after), count))

    assert expected[begin : begin + count] == order.first(wanted, count, after)
    assert expected[begin : begin + count] == walked


@given(shown=st.lists(windows, max_size=12), gone=st.sets(st.integers(0, 11)), steps=st.lists(st.integers(0, 11)))
def test_time_alone_shows_and_hides(shown: list[Any], gone: set[int], steps: list[int]) -> None:
    """At each moment those are seen that are in one of their windows; the moment never goes back."""
    table, moment = Timetable(4), 4
    for document, each in enumerate(shown):
        table.add(document, each)
    for document in gone:
        table.remove(document)
    for step in steps:
        moment = max(moment, step)
        table.advance(step)
        expected = {
            document
            for document, each in enumerate(shown)
            if document not in gone and any(begin <= moment < end for begin, end in each)
        }

        assert expected == set(table.seen)


def _document(number: int, **members: Any) -> Document:
    given: dict[str, Any] = {
        "entry": number,
        "publication": f"p{number}",
        "newness": -number,
        "windows": [(0, NEVER_ENDING)],
        "texts": ["", "", ""],
        "name_length": number,
        "terms": [],
        "categories": [],
    }
    return Document(**given | members)


def _question(**members: Any) -> Question:
    return Question(view=View(channel="web", locale="de", moment=5), **members)


def test_best_matches_come_first() -> None:
    """Words in the name, then in the attributes, then in the description; in each the shorter name."""
    index = InvertedIndex(5)
    texts = (["", "", "pumpe"], ["", "pumpe", ""], ["pumpe", "", ""], ["", "pumpen", ""], ["ventil", "", "pump"])
    for number, each in enumerate(texts, start=1):
        index.put(_document(number, texts=each))
    found = index.find(_question(match=Match(join="", rank="", parameter="", groups=[["pumpe", "kreiselpumpe"]])), None)

    assert found.places(9, None) == [(3, 3), (1002, 2), (1004, 4), (2001, 1)]
    assert found.places(9, (1002, 2)) == [(1004, 4), (2001, 1)]


def test_attribute_of_two_kinds_is_found_by_number_where_it_is_one() -> None:
    """One product type has it as a text: ``4`` is then no number."""
    index = InvertedIndex(5)
    index.put(_document(1, terms=[("size", "4", 4.0)]))
    index.put(_document(2, terms=[("size", "4", None)]))
    ranged = index.find(_question(filters=[Filter(name="size", bounds=(3, float("inf")))]), None)
    valued = index.find(_question(filters=[Filter(name="size", values=("4",))]), None)

    assert ranged.places(9, None) == [(-1, 1)]
    assert valued.counts([]).total == 2
    assert ranged.counts([]).facets == {"size": [("4", 2)]}


def test_changed_document_takes_the_place_of_the_former_one() -> None:
    """And one that is gone is found nowhere, though its postings stay until the index is built anew."""
    index = InvertedIndex(5)
    index.put(_document(1, categories=["pumps"]))
    index.put(_document(2, categories=["pumps"]))
    index.put(_document(1, categories=["valves"]))
    index.strike("p2")

    assert index.find(_question(), ["pumps"]).places(9, None) == []
    assert index.find(_question(), ["valves", "nothing"]).places(9, None) == [(-1, 1)]
    assert (len(index), index.struck) == (1, 2)
