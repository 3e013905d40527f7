"""The rules to ask: machgen's own, and those that a company adds, with its profiles."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from machgen.check.company.profiles import Profile
from machgen.check.lazy_regex import lazy_compile
from machgen.check.model import Rule
from machgen.check.registry import all_rules
from machgen.errors import BadRequest

ID = lazy_compile(r"[A-Z]{2,12}[0-9]{3}\Z")
"""A company's rule: at least two letters, since single ones are machgen's, and three digits."""


class Rulebook(NamedTuple):
    """Rules and profiles that belong together.

    Args:
        rules: By id.
        profiles: Beside machgen's own, by name.
    """

    rules: tuple[Rule, ...]
    profiles: Mapping[str, Profile] = MappingProxyType({})


def assembled(books: Iterable[Rulebook]) -> Rulebook:
    """Return machgen's own rules and those of `books`, as one.

    Raises:
        BadRequest: Two rules have one id, or two profiles one name.
    """
    rules = {each.id: each for each in all_rules()}
    profiles: dict[str, Profile] = {}
    for book in books:
        for each in book.rules:
            if each.id in rules:
                raise BadRequest(
                    f"two rules are called {each.id}: {rules[each.id].title!r} and {each.title!r}",
                    hint="give one of them another id",
                )
            rules[each.id] = each
        for name, profile in book.profiles.items():
            if name in profiles:
                raise BadRequest(f"two profiles are called {name}", hint="give one of them another name")
            profiles[name] = profile
    return Rulebook(tuple(rules[key] for key in sorted(rules)), profiles)
