"""Profiles: from which level on findings count, and what rules weigh."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from machgen.check.model import Level


class Profile(NamedTuple):
    """Which levels count, and what rules weigh; machgen's own, or a company's.

    Args:
        floor: Findings below it do not count.
        levels: Rule id → level, over the rule's own.
    """

    floor: Level
    levels: Mapping[str, Level] = MappingProxyType({})


PROFILES: dict[str, Profile] = {
    "reference": Profile(Level.NOTE),
    "standard": Profile(Level.WARNING),
    "starter": Profile(Level.ERROR),
}
"""machgen's own: everything, no notes, errors only."""
