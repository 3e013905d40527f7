"""The states of a quote, as a table: code, tests and the diagram in docs/states.md are made from it."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class QuoteState(StrEnum):
    """Where a quote stands."""

    REQUESTED = "requested"
    IN_REVIEW = "in_review"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    RENEGOTIATION = "renegotiation"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class QuoteCustomerAction(StrEnum):
    """What the customer does with a quote."""

    ACCEPT = "accept"
    DECLINE = "decline"
    RENEGOTIATE = "renegotiate"
    WITHDRAW = "withdraw"


class QuoteStaffAction(StrEnum):
    """What the house does with a quote, besides offering."""

    REVIEW = "review"
    REFUSE = "refuse"


OFFER, EXPIRE = "offer", "expire"
_OPEN = (QuoteState.REQUESTED, QuoteState.IN_REVIEW, QuoteState.RENEGOTIATION)

QUOTE = StateMachine(
    "quote",
    QuoteState.REQUESTED,
    (
        Transition(
            action=QuoteStaffAction.REVIEW,
            sources=(QuoteState.REQUESTED, QuoteState.RENEGOTIATION),
            target=QuoteState.IN_REVIEW,
        ),
        Transition(action=OFFER, sources=(QuoteState.IN_REVIEW,), target=QuoteState.OFFERED),
        Transition(action=QuoteStaffAction.REFUSE, sources=_OPEN, target=QuoteState.DECLINED),
        Transition(action=QuoteCustomerAction.ACCEPT, sources=(QuoteState.OFFERED,), target=QuoteState.ACCEPTED),
        Transition(action=QuoteCustomerAction.DECLINE, sources=(QuoteState.OFFERED,), target=QuoteState.DECLINED),
        Transition(
            action=QuoteCustomerAction.RENEGOTIATE, sources=(QuoteState.OFFERED,), target=QuoteState.RENEGOTIATION
        ),
        Transition(
            action=QuoteCustomerAction.WITHDRAW, sources=(*_OPEN, QuoteState.OFFERED), target=QuoteState.WITHDRAWN
        ),
        Transition(action=EXPIRE, sources=(QuoteState.OFFERED,), target=QuoteState.EXPIRED),
    ),
)
