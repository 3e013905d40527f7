"""Who is calling: bearer tokens (RFC 6750) of one issuer, checked by the rules of RFC 8725."""

import asyncio
import hashlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Protocol

from fastapi import Depends, Request

from chassis import guests
from chassis.problems import Problem

if TYPE_CHECKING:
    import jwt

_KNOWN_SECONDS = 60.0
_MOST_KNOWN = 10_000
TENANT_LENGTH = 64
"""The longest tenant that a token may name; columns are as wide."""


@dataclass(frozen=True, kw_only=True)
class Principal:
    """The caller.

    ``subject`` is the issuer's identifier of the person or client; everything a caller owns is filtered by it, in
    the query itself. ``tenant`` is the house whose data it is, "" where one service serves one house; ``account`` is
    the customer that the person acts for. Both are claims of the token, so nobody chooses them. A subject is known
    within its tenant only: the same one elsewhere is somebody else.
    """

    subject: str
    scopes: frozenset[str]
    tenant: str = ""
    account: str | None = None

    @property
    def key(self) -> str:
        """The one name of this caller among all callers."""
        return f"{self.tenant}\0{self.subject}"


class Keys(Protocol):
    """Where the issuer's public keys come from."""

    issuer: str
    audience: str

    async def find(self, key_id: str) -> "jwt.PyJWK | None":
        """Return the key of that id, or ``None``."""
        ...


@dataclass(frozen=True, kw_only=True)
class TokenRules:
    """How the issuer's tokens are read: accepted algorithms, tolerated clock skew, and which claim names the tenant.

    ``only_tenant`` is the one whose callers are served, where the service's data is that of one house; ``None`` is any.
    """

    algorithms: Sequence[str]
    leeway_seconds: int
    tenant_claim: str = "tenant"
    only_tenant: str | None = None


class Authenticator:
    """Turns a request's token into a principal.

    A token that was good is remembered, for a minute at most and never past its end: checking a signature costs more
    than the rest of many requests.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        rules: TokenRules,
        guest_tokens: guests.GuestTokens,
        guest_scopes: frozenset[str] = frozenset(),
    ) -> None:
        self.keys = keys
        self._guest_tokens = guest_tokens
        self._guest_scopes = guest_scopes
        self._rules = rules
        self._known: dict[bytes, tuple[float, Principal]] = {}

    async def principal(self, authorization: str) -> Principal:
        """Check the token in an ``Authorization`` header, which is empty where there is none.

        :raises Problem: 401 when it is missing or not acceptable; which check failed is not told. 403 when it is of
            another tenant.
        """
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            _refuse("This operation needs a bearer token.", error="")
        digest = hashlib.sha256(token.encode("latin-1")).digest()
        good_until, principal = self._known.get(digest, (0.0, None))
        if principal is not None and time.time() < good_until:
            return principal
        claims = await self._check(token)
        principal = self._principal(claims)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[digest] = (
            min(time.time() + _KNOWN_SECONDS, int(claims["exp"]) + self._rules.leeway_seconds),
            principal,
        )
        return principal

    async def _check(self, token: str) -> dict[str, Any]:
        if token.startswith(guests.PREFIX):
            claims = self._guest_tokens.claims(token)
            if claims is None:
                _refuse("The token is not acceptable.")
            return {**claims, "scope": " ".join(self._guest_scopes), self._rules.tenant_claim: claims["tenant"]}
        # It takes long to load and is needed with the first token only; meanwhile others are served.
        if "jwt" not in sys.modules:
            await asyncio.to_thread(import_module, "jwt")
        import jwt  # noqa: PLC0415 - see above

        try:
            header = jwt.get_unverified_header(token)
            key = await self.keys.find(str(header.get("kid", "")))
            if key is None or header.get("alg") not in self._rules.algorithms:
                _refuse("The token is not acceptable.")
            return jwt.decode(
                token,
                key,
                # The key decides the algorithm as well: an RSA key never verifies anything but RSA.
                algorithms=[header["alg"]],
                issuer=self.keys.issuer,
                audience=self.keys.audience,
                leeway=self._rules.leeway_seconds,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            _refuse("The token is not acceptable.")

    def _principal(self, claims: dict[str, Any]) -> Principal:
        account, tenant = claims.get("account"), claims.get(self._rules.tenant_claim, "")
        if not isinstance(tenant, str) or len(tenant) > TENANT_LENGTH:
            _refuse("The token is not acceptable.")
        if self._rules.only_tenant not in (None, tenant):
            raise Problem(403, "foreign-tenant", "Nothing here is of the token's tenant.")
        return Principal(
            subject=str(claims["sub"]),
            scopes=_scopes(claims),
            tenant=tenant,
            account=None if account is None else str(account),
        )


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    # "scope" is RFC 8693 section 4.2; "scp" is what Entra ID and Okta send instead, Okta as a list.
    granted = claims.get("scope", claims.get("scp", ""))
    if isinstance(granted, str):
        return frozenset(granted.split())
    return frozenset(map(str, granted)) if isinstance(granted, list) else frozenset()


def _refuse(detail: str, error: str = ', error="invalid_token"') -> NoReturn:
    raise Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": f'Bearer realm="api"{error}'})


def require(principal: Principal, scopes: Sequence[str]) -> None:
    """Refuse a caller whose token was granted none of ``scopes``.

    :raises Problem: 403 (RFC 6750, section 3.1); of several the first one is asked for.
    """
    if principal.scopes.isdisjoint(scopes):
        raise Problem(
            403,
            "missing-scope",
            f"This operation needs the scope {' or '.join(scopes)}.",
            headers={"WWW-Authenticate": f'Bearer realm="api", error="insufficient_scope", scope="{scopes[0]}"'},
        )


async def _current_principal(request: Request) -> Principal:
    principal = request.state.principal
    assert isinstance(principal, Principal)  # noqa: S101 - only operations with a scope may ask for the caller
    return principal


Caller = Annotated[Principal, Depends(_current_principal)]
