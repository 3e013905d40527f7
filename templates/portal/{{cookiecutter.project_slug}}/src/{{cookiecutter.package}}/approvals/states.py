"""The states of an approval, as a table."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class ApprovalState(StrEnum):
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
    ApprovalState.PENDING,
    (
        Transition(action=Decision.APPROVE, sources=(ApprovalState.PENDING,), target=ApprovalState.APPROVED),
        Transition(action=Decision.REJECT, sources=(ApprovalState.PENDING,), target=ApprovalState.REJECTED),
        Transition(action=WITHDRAW, sources=(ApprovalState.PENDING,), target=ApprovalState.WITHDRAWN),
    ),
)
