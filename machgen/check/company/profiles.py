"""Profiles: from which level on findings count, and what rules weigh."""

from dataclasses import dataclass, field

from machgen.check.model import Level


@dataclass(frozen=True, slots=True)
class Profile:
    """Which levels count, and what rules weigh; machgen's own, or a company's.

    Args:
        floor: Findings below it do not count.
        levels: Rule id → level, over the rule's own.
    """

    floor: Level
    levels: dict[str, Level] = field(default_factory=dict)


PROFILES: dict[str, Profile] = {
    "reference": Profile(Level.NOTE),
    "standard": Profile(Level.WARNING),
    "starter": Profile(Level.ERROR),
}
"""machgen's own: everything, no notes, errors only."""
