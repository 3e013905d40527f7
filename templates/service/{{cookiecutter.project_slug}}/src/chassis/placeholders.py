"""Secrets that are none: what was copied from an example and never filled in, or is too short to keep anything."""

from collections.abc import Iterator

from pydantic import BaseModel, SecretStr
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

_WORDS = ("changeme", "change-me", "change_me", "placeholder", "replace", "example", "secret", "password", "xxxx")
_HABITS = ("admin", "app", "postgres", "root", "test")
_FEWEST_CHARACTERS = 6
"""A secret with fewer different characters is somebody's finger on one key."""


def weak_secrets(settings: BaseModel, shortest: dict[str, int]) -> Iterator[str]:
    """Name every setting whose secret protects nothing, in words for whoever starts the service.

    Every field that is a ``SecretStr``, or maps names to some, is looked at; of a URL only its password counts.

    :param shortest: least number of characters, by name of the field.
    """
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        given = value if isinstance(value, dict) else {"": value}
        for part, secret in given.items():
            if isinstance(secret, SecretStr) and (fault := _fault(secret.get_secret_value(), shortest.get(name, 0))):
                yield f"{name.upper()}{f' for {part}' if part else ''} {fault}"


def _fault(given: str, shortest: int) -> str:
    if "://" in given:
        try:
            password = make_url(given).password or ""
        except ArgumentError:
            return ""  # no address at all; whoever uses it says so
        return "holds a placeholder password" if password and _is_placeholder(password) else ""
    if given and (len(given) < shortest or _is_placeholder(given)):
        least = shortest or _FEWEST_CHARACTERS
        return f"is a placeholder or too short ({least} characters); make one: openssl rand -hex 32"
    return ""


def _is_placeholder(secret: str) -> bool:
    lowered = secret.lower()
    if lowered in _HABITS or any(word in lowered for word in _WORDS):
        return True
    return len(set(lowered)) < _FEWEST_CHARACTERS
