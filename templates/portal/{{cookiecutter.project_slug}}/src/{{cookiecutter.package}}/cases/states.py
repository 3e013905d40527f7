"""The states of a case, as a table."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class CaseState(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class CaseCustomerAction(StrEnum):
    """What the customer does with a case, besides writing."""

    REOPEN = "reopen"
    CLOSE = "close"


class CaseStaffAction(StrEnum):
    """What the house does with a case."""

    TAKE = "take"
    ASK = "ask"
    RESOLVE = "resolve"


REPLY = "reply"
_LIVE = (CaseState.OPEN, CaseState.IN_PROGRESS, CaseState.WAITING)

CASE = StateMachine(
    "case",
    CaseState.OPEN,
    (
        Transition(action=CaseStaffAction.TAKE, sources=(CaseState.OPEN,), target=CaseState.IN_PROGRESS),
        Transition(
            action=CaseStaffAction.ASK, sources=(CaseState.OPEN, CaseState.IN_PROGRESS), target=CaseState.WAITING
        ),
        Transition(action=REPLY, sources=(CaseState.WAITING,), target=CaseState.IN_PROGRESS),
        Transition(action=REPLY, sources=(CaseState.RESOLVED,), target=CaseState.OPEN),
        Transition(action=CaseStaffAction.RESOLVE, sources=_LIVE, target=CaseState.RESOLVED),
        Transition(action=CaseCustomerAction.REOPEN, sources=(CaseState.RESOLVED,), target=CaseState.OPEN),
        Transition(action=CaseCustomerAction.CLOSE, sources=(*_LIVE, CaseState.RESOLVED), target=CaseState.CLOSED),
    ),
)
