"""Values that are equal get the same text."""

import hashlib
import json
from typing import Any
from unicodedata import normalize

_written = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_LONGEST = 500
_BEGINNING = 100


def canonical(value: Any) -> str:
    """Return a text that is equal for equal values.

    ``1.0`` is ``1``, on its own as within a measurement; letters count as equal however Unicode composes them (NFC).
    """
    if type(value) is int:  # many are, and the encoder takes a while to begin
        return str(value)
    text = _written(value if isinstance(value, str) else _whole(value))
    return text if text.isascii() else normalize("NFC", text)


def distinctive(value: Any) -> str:
    """Return a canonical text that an index takes: of a long one the beginning and a digest (SHA-256) of all of it.

    PostgreSQL's indexes hold no more than 2,704 bytes of a row, which is not even 700 characters of some languages.
    """
    text = canonical(value)
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_BEGINNING]}… {hashlib.sha256(text.encode()).hexdigest()}"


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value
