"""The states of an invitation, as a table."""

from enum import StrEnum

from chassis.states import StateMachine, Transition


class InvitationState(StrEnum):
    """Where an invitation stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


INVITATION = StateMachine(
    "invitation",
    InvitationState.PENDING,
    (
        Transition(action="accept", sources=(InvitationState.PENDING,), target=InvitationState.ACCEPTED),
        Transition(action="revoke", sources=(InvitationState.PENDING,), target=InvitationState.REVOKED),
        Transition(action="expire", sources=(InvitationState.PENDING,), target=InvitationState.EXPIRED),
    ),
)
