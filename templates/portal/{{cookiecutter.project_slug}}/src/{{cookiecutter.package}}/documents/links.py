"""Links: a path that proves by itself, and for a short while, that its holder was given it."""

import base64
import binascii
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

_SIGNATURE_BYTES = 32


class DocumentLinks:
    """Makes and reads links: tenant, document and end, signed with the service's own key (HMAC-SHA-256, RFC 2104)."""

    def __init__(self, key: bytes) -> None:
        # A key of its own: what is signed as something else, such as a cursor, is never a link.
        self._key = hmac.digest(key, b"document links", hashlib.sha256)

    def make(self, tenant: str, document_id: UUID, *, until: datetime) -> str:
        """Return the token of a link."""
        payload = int(until.timestamp()).to_bytes(8) + document_id.bytes + tenant.encode()
        return _encode(payload + self._sign(payload))

    def read(self, token: str, *, at: datetime) -> tuple[str, UUID] | None:
        """Return tenant and document of a link, or nothing when it is none of ours or over."""
        try:
            signed = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        payload, signature = signed[:-_SIGNATURE_BYTES], signed[-_SIGNATURE_BYTES:]
        # Base64 has spare bits in its last character: only the spelling that was given out counts.
        if len(payload) < 24 or not hmac.compare_digest(signature, self._sign(payload)) or token != _encode(signed):
            return None
        until = datetime.fromtimestamp(int.from_bytes(payload[:8]), UTC)
        return (payload[24:].decode(), UUID(bytes=payload[8:24])) if at < until + timedelta(seconds=1) else None

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
