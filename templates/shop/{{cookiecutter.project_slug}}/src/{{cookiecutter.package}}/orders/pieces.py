"""Pieces of an order that move, and what they are worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from chassis.problems import FieldError, Problem

from .models import OrderRow
from .schemas import Pieces


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Pieces of an order that are about to move, and what they are worth with tax."""

    lines: dict[str, int]
    skus: dict[str, int]
    value: int
    net: dict[str, int]


def moved_in(order: OrderRow, asked: Pieces, counter: str, most: Mapping[str, int], what: str) -> Moved:
    """Add pieces to a counter of their lines, unless there are not so many.

    :param most: how many of each line can be counted at most.
    """
    lines = {line["id"]: line for line in order.lines}
    errors = []
    moved: dict[str, int] = {}
    for index, each in enumerate(asked.lines):
        key = str(each.line)
        if key not in lines:
            errors.append(_error(index, "line", "not a line of this order"))
            continue
        left = most[key] - order.progress[key][counter]
        if each.quantity > left:
            errors.append(_error(index, "quantity", f"{left} pieces can be {what}"))
        moved[key] = each.quantity
    if errors:
        raise Problem(422, "wrong-pieces", f"These pieces cannot be {what}.", errors=errors)
    progress, skus, net, value = dict(order.progress), dict[str, int](), dict[str, int](), 0
    for key, quantity in moved.items():
        line, before = lines[key], progress[key][counter]
        progress[key] = progress[key] | {counter: before + quantity}
        skus[line["sku"]] = skus.get(line["sku"], 0) + quantity
        value += portion(line["gross"], line["quantity"], before, before + quantity)
        net[key] = portion(line["net"], line["quantity"], before, before + quantity)
    order.progress = progress
    return Moved(lines=moved, skus=skus, value=value, net=net)


def portion(gross: int, quantity: int, before: int, after: int) -> int:
    """Return what the pieces from one count to another are worth; all portions of a line add up to the line."""
    return round(Fraction(gross * after, quantity)) - round(Fraction(gross * before, quantity))


def _error(index: int, member: str, detail: str) -> FieldError:
    return FieldError(pointer=f"/lines/{index}/{member}", parameter=None, detail=detail)
