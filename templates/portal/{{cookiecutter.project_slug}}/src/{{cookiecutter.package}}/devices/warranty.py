"""Warranty: nobody writes down its state; the day decides it."""

from datetime import date
from enum import StrEnum


class WarrantyState(StrEnum):
    """Whether a warranty holds."""

    NONE = "none"
    UPCOMING = "upcoming"
    ACTIVE = "active"
    EXPIRED = "expired"


def state_on(day: date, *, begins: date | None, ends: date | None) -> WarrantyState:
    """Return the state of a warranty on a day.

    :param begins: the first day of the warranty; without one there is no warranty.
    :param ends: the last day on which it holds; without one it holds for good.
    """
    if begins is None:
        return WarrantyState.NONE
    if day < begins:
        return WarrantyState.UPCOMING
    return WarrantyState.EXPIRED if ends is not None and day > ends else WarrantyState.ACTIVE
