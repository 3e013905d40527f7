"""The states of an invitation, as a table."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class State(StrEnum):
    """Where an invitation stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


INVITATION = StateMachine(
    "invitation",
    State.PENDING,
    (
        Transition(action="accept", sources=(State.PENDING,), target=State.ACCEPTED),
        Transition(action="revoke", sources=(State.PENDING,), target=State.REVOKED),
        Transition(action="expire", sources=(State.PENDING,), target=State.EXPIRED),
    ),
)
