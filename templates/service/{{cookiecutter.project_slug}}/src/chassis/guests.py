"""Guests: callers who have not signed in, and are still told apart from each other.

A guest gets a token of the service itself, which only says "the same one as before". It is a bearer token like any
other, so a guest's things are filtered by subject in the query as everybody's are.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time

from chassis.identifiers import uuid7

PREFIX = "guest."
_SUBJECT = "guest:"


class GuestTokens:
    """Makes and reads the tokens of guests: signed with the service's own key (HMAC-SHA-256, RFC 2104)."""

    def __init__(self, key: bytes) -> None:
        # A key of its own: what is signed as something else, such as a cursor, is never a token.
        self._key = hmac.digest(key, b"guest tokens", hashlib.sha256)

    def mint(self, *, tenant: str, seconds: int) -> str:
        """Return the token of a new guest.

        :param seconds: how long it is good; negative makes one that has expired.
        """
        claims = {"sub": f"{_SUBJECT}{uuid7()}", "tenant": tenant, "exp": int(time.time()) + seconds}
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return f"{PREFIX}{_encode(payload)}.{_encode(self._sign(payload))}"

    def claims(self, token: str) -> dict[str, str | int] | None:
        """Return what a token says, or nothing when it is none of ours or has expired."""
        try:
            encoded, _, signature = token.removeprefix(PREFIX).partition(".")
            payload = _decode(encoded)
            genuine = hmac.compare_digest(_decode(signature), self._sign(payload))
        except (binascii.Error, ValueError):
            return None
        # Base64 has spare bits in its last character: only the spelling that was given out counts.
        if not genuine or token != f"{PREFIX}{_encode(payload)}.{_encode(self._sign(payload))}":
            return None
        claims: dict[str, str | int] = json.loads(payload)
        return claims if int(claims["exp"]) > time.time() else None

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)


def is_guest(subject: str) -> bool:
    """Tell whether a caller is a guest by its subject."""
    return subject.startswith(_SUBJECT)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
