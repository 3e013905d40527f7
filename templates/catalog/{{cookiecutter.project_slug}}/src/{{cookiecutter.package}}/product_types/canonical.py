"""Values that are equal get the same text."""

import json
from typing import Any

_written = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def canonical(value: Any) -> str:
    """Return a text that is equal for equal values."""
    return _written(int(value) if isinstance(value, float) and value.is_integer() else value)
