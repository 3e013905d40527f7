"""What can happen to a cart."""

from chassis.states import StateMachine, Transition

CART = StateMachine(
    "cart",
    "active",
    (
        Transition(action="freeze", sources=("active",), target="frozen"),
        Transition(action="thaw", sources=("frozen",), target="active"),
        Transition(action="merge", sources=("active",), target="merged"),
        Transition(action="order", sources=("active",), target="ordered"),
    ),
)
"""Frozen while an approval is pending; merged into the cart of the account that its guest signed in to."""
