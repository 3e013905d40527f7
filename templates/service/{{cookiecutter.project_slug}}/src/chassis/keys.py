"""Where the keys come from that tokens are checked with: an OIDC issuer, or a key pair for development."""

import asyncio
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from chassis.logs import logger
from chassis.problems import Problem
from chassis.settings import Settings

# jwt brings cryptography along, which takes a quarter of the start; it is loaded with the first token.
if TYPE_CHECKING:
    import httpx
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

_FRESH_SECONDS = 600.0
_RETRY_SECONDS = 10.0


class IssuerKeys:
    """The signing keys that an OIDC issuer publishes (OpenID Connect Discovery 1.0, RFC 7517).

    Keys are kept for ten minutes. A token signed with an unknown key makes the set be read again, at most every ten
    seconds, so a rotated key is found at once and a made-up key id causes no load. While the issuer is away the keys
    at hand stay good, and nobody who has one of them waits for it.

    :param client: asks the issuer; made with the first token where none is given.
    """

    def __init__(self, *, issuer: str, audience: str, jwks_url: str, client: "httpx.AsyncClient | None" = None) -> None:
        self.issuer = issuer
        self.audience = audience
        self._jwks_url = jwks_url
        self._client = client
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = -_FRESH_SECONDS
        self._tried_at = -_RETRY_SECONDS
        self._reading: asyncio.Task[None] | None = None

    async def find(self, key_id: str) -> "jwt.PyJWK | None":
        """Return the key of that id, reading the issuer's key set when needed.

        :raises Problem: 503 when no key set was ever read and the issuer does not answer.
        """
        if self._reading is None and self._stale(key_id):
            self._reading = asyncio.create_task(self._refresh())
            self._reading.add_done_callback(self._has_read)
        if self._reading is not None and key_id not in self._keys:
            await asyncio.shield(self._reading)  # others wait for it, too
        if not self._keys:
            raise Problem(
                503, "issuer-unavailable", "The identity provider cannot be reached.", headers={"Retry-After": "10"}
            )
        return self._keys.get(key_id)

    def _stale(self, key_id: str) -> bool:
        now = time.monotonic()
        wanted = key_id not in self._keys or now - self._read_at > _FRESH_SECONDS
        return wanted and now - self._tried_at > _RETRY_SECONDS

    async def _refresh(self) -> None:
        import httpx  # noqa: PLC0415 - see above
        import jwt  # noqa: PLC0415

        self._tried_at = time.monotonic()
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=httpx.Timeout(5.0))
        try:
            url = self._jwks_url or await self._discover(self._client)
            response = await self._client.get(url)
            response.raise_for_status()
            found = jwt.PyJWKSet.from_dict(response.json())
        except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError) as error:
            logger().warning("issuer keys not read", issuer=self.issuer, reason=type(error).__name__)
            return
        self._keys = {key.key_id: key for key in found.keys if key.key_id and key.public_key_use in (None, "sig")}
        self._read_at = self._tried_at

    def _has_read(self, _reading: asyncio.Task[None]) -> None:
        self._reading = None

    async def close(self) -> None:
        """Close the connections to the issuer."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        if self._client is not None:
            await self._client.aclose()

    async def _discover(self, client: "httpx.AsyncClient") -> str:
        response = await client.get(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        response.raise_for_status()
        document = response.json()
        if document["issuer"] != self.issuer:
            raise ValueError("the discovery document names another issuer")
        return str(document["jwks_uri"])


class DevelopmentKeys:
    """A key pair of this working copy, made at the first start, for ``ENVIRONMENT=dev`` without an issuer."""

    issuer = "urn:chassis:development"
    audience = "urn:chassis:development"

    def __init__(self, directory: Path) -> None:
        self._path = directory / "development-key.pem"

    @cached_property
    def _private(self) -> "ec.EllipticCurvePrivateKey":
        return _load_or_make(self._path)

    @cached_property
    def _key(self) -> "jwt.PyJWK":
        import jwt  # noqa: PLC0415 - see above

        numbers = jwt.algorithms.ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        return jwt.PyJWK(numbers | {"kid": "development", "alg": "ES256"})

    async def find(self, key_id: str) -> "jwt.PyJWK | None":
        """Return the one key if it is asked for."""
        return self._key if key_id == "development" else None

    def mint(
        self, *, subject: str, scopes: frozenset[str], seconds: int, claims: Mapping[str, str] | None = None
    ) -> str:
        """Sign a token.

        :param seconds: how long it is valid; negative makes one that has expired.
        :param claims: what else it says, such as ``tenant`` and ``account``.
        """
        import jwt  # noqa: PLC0415 - see above

        now = int(time.time())
        payload = dict(claims or {}) | {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": subject,
            "scope": " ".join(sorted(scopes)),
            "iat": now,
            "exp": now + seconds,
            "jti": str(uuid4()),
        }
        return jwt.encode(payload, self._private, algorithm="ES256", headers={"kid": "development"})


def _load_or_make(path: Path) -> "ec.EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        create_private_file(path, pem)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} does not hold an elliptic curve key; delete it and start again")
    return key


def create_private_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all; a file that is there already wins."""
    draft = path.with_name(f"{path.name}.{uuid4().hex}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first; its file is as good
    finally:
        draft.unlink()


def signing_key(settings: Settings) -> bytes:
    """Return the key that cursors are signed with: ``SECRET_KEY``, or one made at the first start in ``dev``."""
    given = settings.secret_key.get_secret_value()
    if given:
        return given.encode()
    path = settings.var_dir / "development-secret"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        create_private_file(path, uuid4().hex.encode() + uuid4().hex.encode())
    return path.read_bytes()
