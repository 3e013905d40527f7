"""What can happen to a request to a payment provider."""

from chassis.states import StateMachine, Transition

REQUEST = StateMachine(
    "payment request",
    "due",
    (
        Transition(action="send", sources=("due",), target="sent"),
        Transition(action="withdraw", sources=("due",), target="withdrawn"),
        Transition(action="succeed", sources=("sent",), target="succeeded"),
        Transition(action="decline", sources=("sent",), target="declined"),
    ),
)
"""Sent means: it may have had its effect. Only the provider knows, so it is asked, and never for a second one."""

OPEN = ("due", "sent")
