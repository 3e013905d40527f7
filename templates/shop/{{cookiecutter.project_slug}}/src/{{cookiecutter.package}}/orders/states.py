"""What can happen to an order: three axes, each with a table of its own."""

from chassis.states import StateMachine, Transition

ORDER = StateMachine(
    "order",
    "placed",
    (
        Transition(action="confirm", sources=("placed",), target="confirmed"),
        Transition(action="cancel", sources=("placed", "confirmed"), target="cancelled"),
        Transition(action="complete", sources=("confirmed",), target="completed"),
    ),
)
"""Confirmed when it is certain to be paid, completed when everything was paid and delivered."""

PAYMENT = StateMachine(
    "payment",
    "pending",
    (
        Transition(action="authorize", sources=("pending",), target="authorized"),
        Transition(action="fail", sources=("pending",), target="failed"),
        Transition(action="void", sources=("pending", "authorized"), target="voided"),
        Transition(action="capture_part", sources=("authorized", "partially_captured"), target="partially_captured"),
        Transition(action="capture", sources=("authorized", "partially_captured"), target="captured"),
        Transition(action="refund_part", sources=("captured", "partially_refunded"), target="partially_refunded"),
        Transition(action="refund", sources=("captured", "partially_refunded"), target="refunded"),
    ),
)
"""Captured as shipments leave; a refund before everything was captured changes the amounts and not the state."""

SHIPMENT = StateMachine(
    "shipment",
    "pending",
    (
        Transition(action="ship_part", sources=("pending", "partially_shipped"), target="partially_shipped"),
        Transition(action="ship", sources=("pending", "partially_shipped"), target="shipped"),
        Transition(action="deliver", sources=("shipped",), target="delivered"),
        Transition(action="cancel", sources=("pending",), target="cancelled"),
    ),
)
"""Of the whole order; each parcel is a shipment of its own."""
