"""Dividing an amount: to the cent, and so that the parts add up to it."""

from collections.abc import Sequence


def apportion(amount: int, weights: Sequence[int]) -> list[int]:
    """Divide an amount in proportion to weights. What rounding leaves goes to the largest remainders, the first first.

    :param amount: in minor units; below zero, each part is too.
    :param weights: none below zero; if all are zero, so must be the amount.
    """
    whole, sign = sum(weights) or 1, -1 if amount < 0 else 1
    parts = [divmod(abs(amount) * weight, whole) for weight in weights]
    left = abs(amount) - sum(part for part, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda index: (-parts[index][1], index))
    extra = set(by_remainder[:left])
    return [sign * (part + (index in extra)) for index, (part, _) in enumerate(parts)]
