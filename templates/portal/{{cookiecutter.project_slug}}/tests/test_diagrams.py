"""The diagrams in the documents are those of the code."""

from tests.diagrams import PATH, document, machines


def test_diagrams_are_drawn_from_the_tables() -> None:
    """A changed table changes docs/states.md in the same commit: run ``make states``."""
    assert document() == PATH.read_text(encoding="utf-8")


def test_every_thing_with_states_is_drawn() -> None:
    """None is forgotten when it moves to another module."""
    assert machines().keys() == {"approval", "case", "invitation", "quote"}
