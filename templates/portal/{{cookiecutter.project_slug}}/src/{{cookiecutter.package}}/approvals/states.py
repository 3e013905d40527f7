"""The states of an approval, as a table."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class State(StrEnum):
    """Where a request for approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Decision(StrEnum):
    """What an approver says."""

    APPROVE = "approve"
    REJECT = "reject"


WITHDRAW = "withdraw"
APPROVAL = StateMachine(
    "approval",
    State.PENDING,
    (
        Transition(action=Decision.APPROVE, sources=(State.PENDING,), target=State.APPROVED),
        Transition(action=Decision.REJECT, sources=(State.PENDING,), target=State.REJECTED),
        Transition(action=WITHDRAW, sources=(State.PENDING,), target=State.WITHDRAWN),
    ),
)
