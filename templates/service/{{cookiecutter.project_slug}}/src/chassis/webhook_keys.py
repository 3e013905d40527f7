"""Secrets as Standard Webhooks 1.0 writes them, and the keys that they stand for."""

import base64
import binascii

_PREFIX = "whsec_"


def key_of(secret: str) -> bytes:
    """Return the key that signs: of ``whsec_`` and Base64 what that stands for, of any other secret its own bytes.

    :raises ValueError: when what follows ``whsec_`` is no Base64.
    """
    if not secret.startswith(_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"what follows {_PREFIX} is no Base64") from None
