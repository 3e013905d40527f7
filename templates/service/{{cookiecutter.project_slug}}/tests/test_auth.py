"""Who may call what: refused by default, decided by the contract."""

import base64
import hmac
import json
import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from chassis.app import create_app
from chassis.auth import Authenticator, TokenRules
from chassis.guests import GuestTokens
from chassis.keys import DevelopmentKeys
from chassis.operation import Operation, resource_router
from chassis.settings import Settings
from tests import example
from tests.fixtures import Service

CONTRACT = create_app(Settings()).openapi()
OPERATIONS = [
    (method.upper(), re.sub(r"\{\w+\}", "0190a5e0-0000-7000-8000-000000000000", path), operation)
    for path, operations in CONTRACT["paths"].items()
    for method, operation in operations.items()
]
PROTECTED = [pytest.param(*one, id=one[2]["operationId"]) for one in OPERATIONS if "token" in dict(*one[2]["security"])]
HEADERS = {"If-Match": '"1"', "Content-Type": "application/json"}


def _claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    good = {
        "iss": DevelopmentKeys.issuer,
        "aud": DevelopmentKeys.audience,
        "sub": "mallory",
        "scope": f"{example.READ} {example.WRITE}",
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def _signed(service: Service, **changes: object) -> str:
    return jwt.encode(_claims(**changes), service.keys._private, "ES256", headers={"kid": "development"})


def _with_shared_secret(secret: bytes) -> str:
    """Sign by hand: PyJWT rightly refuses to take a public key for a secret."""

    def encode(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    header = json.dumps({"alg": "HS256", "kid": "development"}).encode()
    signed = encode(header) + b"." + encode(json.dumps(_claims()).encode())
    return (signed + b"." + encode(hmac.digest(secret, signed, "sha256"))).decode()


def _forgeries(service: Service) -> dict[str, str]:
    public = service.keys._private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    stranger = ec.generate_private_key(ec.SECP256R1())
    other_kind = rsa.generate_private_key(65537, 2048)
    kid = {"kid": "development"}
    good = _signed(service)
    return {
        "expired": _signed(service, exp=int(time.time()) - 60),
        "not yet valid": _signed(service, nbf=int(time.time()) + 600),
        "never expires": _signed(service, exp=None),
        "nobody's": _signed(service, sub=None),
        "another issuer": _signed(service, iss="https://evil.example"),
        "another audience": _signed(service, aud="another-service"),
        "no audience": _signed(service, aud=None),
        "unsigned": jwt.encode(_claims(), "", "none", headers=kid),
        "public key as shared secret": _with_shared_secret(public),
        "another key": jwt.encode(_claims(), stranger, "ES256", headers=kid),
        "another kind of key": jwt.encode(_claims(), other_kind, "RS256", headers=kid),
        "unknown key": jwt.encode(_claims(), stranger, "ES256", headers={"kid": "stranger"}),
        "no key id": jwt.encode(_claims(), service.keys._private, "ES256"),
        "changed claims": good[:40] + ("A" if good[40] != "A" else "B") + good[41:],
        "cut off": good[:-8],
        "not a token": "x.y.z",
    }


@pytest.mark.parametrize(("method", "path", "operation"), PROTECTED)
async def test_refuses_a_caller_without_token(
    service: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    """No operation works anonymously unless the contract declares it public."""
    response = await service.anonymous.request(method, path, headers=HEADERS, content=b"{")

    assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert "401" in operation["responses"]


@pytest.mark.parametrize(("method", "path", "operation"), PROTECTED)
async def test_refuses_every_forged_token(service: Service, method: str, path: str, operation: dict[str, Any]) -> None:
    """Whatever is wrong with a token, the answer is the same 401."""
    outcomes = {}
    for name, token in _forgeries(service).items():
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        outcomes[name] = (await service.anonymous.request(method, path, headers=headers, content=b"{")).status_code

    assert outcomes == dict.fromkeys(outcomes, 401), operation["operationId"]


@pytest.mark.parametrize(("method", "path", "operation"), PROTECTED)
async def test_refuses_a_token_without_the_scope(
    service: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    """A token with every scope but the one that the contract names is a 403."""
    (scope,) = operation["security"][0]["token"]
    async with service.as_("ann", "something:else") as client:
        response = await client.request(method, path, headers=HEADERS, content=b"{")

    assert response.status_code == 403
    assert f'scope="{scope}"' in response.headers["www-authenticate"]


async def test_accepts_a_good_token(service: Service) -> None:
    """The forgeries above fail for what is wrong with them: without it the same token is good."""
    headers = {"Authorization": f"Bearer {_signed(service)}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 200


@pytest.mark.parametrize("claim", [{"scope": None, "scp": example.READ}, {"scope": None, "scp": [example.READ]}])
async def test_reads_scopes_as_issuers_write_them(service: Service, claim: dict[str, object]) -> None:
    """Besides ``scope`` (RFC 8693) the ``scp`` of Entra ID and Okta counts."""
    headers = {"Authorization": f"Bearer {_signed(service, **claim)}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "tenant", [7, ["a"], None, {"id": "a"}, "x" * 65], ids=["number", "list", "null", "object", "too long"]
)
async def test_refuses_a_tenant_that_is_none(service: Service, tenant: object) -> None:
    """Whoever's house cannot be told is let into none."""
    token = jwt.encode(_claims() | {"tenant": tenant}, service.keys._private, "ES256", headers={"kid": "development"})
    headers = {"Authorization": f"Bearer {token}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 401


async def test_issuers_name_the_tenant_as_they_like(service: Service) -> None:
    """``AUTH_TENANT_CLAIM`` says where it stands: ``tid``, ``org_id``, or a name of one's own."""
    keys = service.app.state.authenticator.keys
    guests = GuestTokens(b"key")
    rules = TokenRules(algorithms=["ES256"], leeway_seconds=30, tenant_claim="tid")
    authenticator = Authenticator(keys=keys, rules=rules, guest_tokens=guests)
    token = service.token("ann", claims={"tid": "acme", "tenant": "made up"})

    assert (await authenticator.principal(f"Bearer {token}")).tenant == "acme"
    guest = guests.mint(tenant="acme", seconds=60)
    assert (await authenticator.principal(f"Bearer {guest}")).tenant == "acme"


def test_operation_without_policy_cannot_be_defined() -> None:
    """Forgetting to say who may call is an error at import, not a hole in production."""
    router = resource_router("/v1/things", tag="things")

    async def list_things() -> None: ...

    with pytest.raises(TypeError, match=r"list_things: declare @requires\(scope\) or @public"):
        router.get("")(list_things)


def test_every_route_is_an_operation() -> None:
    """Nothing is served around the policy, except the contract itself."""
    routes = create_app(Settings()).routes

    assert [getattr(route, "path", route) for route in routes if not isinstance(route, Operation)] == ["/openapi.json"]


async def test_claims_say_whose_data_the_caller_may_see(service: Service) -> None:
    """Tenant and account come from the token alone; a token without them is of the one house, for the person itself."""
    authenticator = service.app.state.authenticator
    plain = await authenticator.principal(f"Bearer {service.token('ann')}")
    of_account = await authenticator.principal(f"Bearer {service.token('ann', claims={'tenant': 't', 'account': 'a'})}")

    assert (plain.subject, plain.tenant, plain.account) == ("ann", "", None)
    assert (of_account.subject, of_account.tenant, of_account.account) == ("ann", "t", "a")
