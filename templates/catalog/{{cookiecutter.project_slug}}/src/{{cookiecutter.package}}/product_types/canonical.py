"""Values that are equal get the same text."""

import json
from typing import Any
from unicodedata import normalize

_written = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def canonical(value: Any) -> str:
    """Return a text that is equal for equal values; letters count as equal however Unicode composes them (NFC)."""
    text = _written(int(value) if isinstance(value, float) and value.is_integer() else value)
    return text if text.isascii() else normalize("NFC", text)
