"""States as data: what the table allows happens, everything else is refused with what would be allowed."""

import pytest

from chassis.problems import Problem
from chassis.states import StateMachine, Transition

DOOR = StateMachine(
    "door",
    "open",
    (
        Transition(action="close", sources=("open",), target="closed"),
        Transition(action="open", sources=("closed",), target="open"),
        Transition(action="remove", sources=("open", "closed"), target="removed"),
    ),
)


def test_table_says_what_there_is() -> None:
    """States and actions are those of the table, in its order."""
    assert DOOR.states == ("open", "closed", "removed")
    assert DOOR.actions == ("close", "open", "remove")
    assert DOOR.final == {"removed"}


@pytest.mark.parametrize("state", DOOR.states)
@pytest.mark.parametrize("action", DOOR.actions)
def test_every_move_is_allowed_or_refused(state: str, action: str) -> None:
    """There is no third way: each pair of state and action has one outcome."""
    moves = {
        ("open", "close"): "closed", ("closed", "open"): "open", ("open", "remove"): "removed",
        ("closed", "remove"): "removed",
    }  # fmt: skip
    if (state, action) in moves:
        assert DOOR.after(state, action) == moves[state, action]
        return
    with pytest.raises(Problem) as refused:
        DOOR.after(state, action)

    assert (refused.value.status, refused.value.kind) == (409, "illegal-transition")
    assert refused.value.extra == {"state": state, "allowed": [move for here, move in moves if here == state]}


def test_refusal_reads_like_a_sentence() -> None:
    """A person who gets it knows what to do."""
    with pytest.raises(Problem, match="A door that is open cannot open; it can close or remove"):
        DOOR.after("open", "open")
    with pytest.raises(Problem, match="A door that is removed cannot open; it can do nothing more"):
        DOOR.after("removed", "open")


def test_diagram_is_drawn_from_the_table() -> None:
    """Mermaid shows it wherever Markdown is read."""
    assert DOOR.mermaid() == (
        "stateDiagram-v2\n"
        "    [*] --> open\n"
        "    open --> closed: close\n"
        "    closed --> open: open\n"
        "    open --> removed: remove\n"
        "    closed --> removed: remove\n"
        "    removed --> [*]\n"
    )


@pytest.mark.parametrize(
    ("transitions", "complaint"),
    [
        (
            (
                Transition(action="close", sources=("open",), target="closed"),
                Transition(action="close", sources=("open",), target="locked"),
            ),
            "door: an action leads from one state to two",
        ),
        ((Transition(action="unlock", sources=("locked",), target="open"),), "door: nothing leads to locked"),
    ],
    ids=["ambiguous", "unreachable"],
)
def test_broken_table_is_refused_at_import(transitions: tuple[Transition, ...], complaint: str) -> None:
    """A table that cannot be right stops the service at its start."""
    with pytest.raises(ValueError, match=complaint):
        StateMachine("door", "open", transitions)
