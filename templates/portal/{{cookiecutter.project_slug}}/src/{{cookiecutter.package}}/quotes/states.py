"""The states of a quote, as a table: code, tests and the diagram in docs/states.md are made from it."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class State(StrEnum):
    """Where a quote stands."""

    REQUESTED = "requested"
    IN_REVIEW = "in_review"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    RENEGOTIATION = "renegotiation"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class CustomerAction(StrEnum):
    """What the customer does with a quote."""

    ACCEPT = "accept"
    DECLINE = "decline"
    RENEGOTIATE = "renegotiate"
    WITHDRAW = "withdraw"


class StaffAction(StrEnum):
    """What the house does with a quote, besides offering."""

    REVIEW = "review"
    REFUSE = "refuse"


OFFER, EXPIRE = "offer", "expire"
_OPEN = (State.REQUESTED, State.IN_REVIEW, State.RENEGOTIATION)

QUOTE = StateMachine(
    "quote",
    State.REQUESTED,
    (
        Transition(action=StaffAction.REVIEW, sources=(State.REQUESTED, State.RENEGOTIATION), target=State.IN_REVIEW),
        Transition(action=OFFER, sources=(State.IN_REVIEW,), target=State.OFFERED),
        Transition(action=StaffAction.REFUSE, sources=_OPEN, target=State.DECLINED),
        Transition(action=CustomerAction.ACCEPT, sources=(State.OFFERED,), target=State.ACCEPTED),
        Transition(action=CustomerAction.DECLINE, sources=(State.OFFERED,), target=State.DECLINED),
        Transition(action=CustomerAction.RENEGOTIATE, sources=(State.OFFERED,), target=State.RENEGOTIATION),
        Transition(action=CustomerAction.WITHDRAW, sources=(*_OPEN, State.OFFERED), target=State.WITHDRAWN),
        Transition(action=EXPIRE, sources=(State.OFFERED,), target=State.EXPIRED),
    ),
)
