"""The states of a case, as a table."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class CustomerAction(StrEnum):
    """What the customer does with a case, besides writing."""

    REOPEN = "reopen"
    CLOSE = "close"


class StaffAction(StrEnum):
    """What the house does with a case."""

    TAKE = "take"
    ASK = "ask"
    RESOLVE = "resolve"


REPLY = "reply"
_LIVE = (State.OPEN, State.IN_PROGRESS, State.WAITING)

CASE = StateMachine(
    "case",
    State.OPEN,
    (
        Transition(action=StaffAction.TAKE, sources=(State.OPEN,), target=State.IN_PROGRESS),
        Transition(action=StaffAction.ASK, sources=(State.OPEN, State.IN_PROGRESS), target=State.WAITING),
        Transition(action=REPLY, sources=(State.WAITING,), target=State.IN_PROGRESS),
        Transition(action=StaffAction.RESOLVE, sources=_LIVE, target=State.RESOLVED),
        Transition(action=CustomerAction.REOPEN, sources=(State.RESOLVED,), target=State.OPEN),
        Transition(action=CustomerAction.CLOSE, sources=(*_LIVE, State.RESOLVED), target=State.CLOSED),
    ),
)
