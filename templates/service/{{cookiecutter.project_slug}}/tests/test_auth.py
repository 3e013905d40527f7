"""Who may call what: refused by default, decided by the contract."""

import base64
import hmac
import json
import re
import shutil
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fastapi import APIRouter

from chassis.app import create_app
from chassis.auth import Authenticator, Principal, TokenRules, require
from chassis.domain import load_domain
from chassis.guests import GuestTokens
from chassis.keys import DevelopmentKeys
from chassis.operation import Operation, resource_router
from chassis.problems import Problem
from chassis.settings import Settings
from tests import example
from tests.fixtures import Service, forget_settings, running

CONTRACT = create_app(Settings()).openapi()
OPERATIONS = [
    (method.upper(), re.sub(r"\{\w+\}", "0190a5e0-0000-7000-8000-000000000000", path), operation)
    for path, operations in CONTRACT["paths"].items()
    for method, operation in operations.items()
]
BY_TOKEN = [one for one in OPERATIONS if any("token" in each for each in one[2]["security"])]
PROTECTED = [pytest.param(*one, id=one[2]["operationId"]) for one in BY_TOKEN]
HEADERS = {"If-Match": '"1"', "Content-Type": "application/json"}


@pytest.fixture(scope="module")
async def guarded(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Give one service for all operations: who is refused never gets as far as what the one before could have left."""
    directory = tmp_path_factory.mktemp("guarded")
    database = shutil.copy(migrated_sqlite, directory)
    values = {"database_url": f"sqlite:///{database}", "var_dir": directory, "relay_embedded": False}
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch)
        settings = load_domain().settings.model_validate(values | {"rate_limit_requests": 0})
    async with running(settings) as service:
        yield service


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


@cache
def _rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)  # takes a tenth of a second, which is long for once an operation


def _forgeries(service: Service) -> dict[str, str]:
    public = service.keys._private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    stranger = ec.generate_private_key(ec.SECP256R1())
    other_kind = _rsa_key()
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
    guarded: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    """No operation works anonymously unless the contract declares it public."""
    response = await guarded.anonymous.request(method, path, headers=HEADERS, content=b"{")

    assert (response.status_code, response.headers["www-authenticate"]) == (401, 'Bearer realm="api"')
    assert "401" in operation["responses"]


@pytest.mark.parametrize(("method", "path", "operation"), PROTECTED)
async def test_refuses_every_forged_token(guarded: Service, method: str, path: str, operation: dict[str, Any]) -> None:
    """Whatever is wrong with a token, the answer is the same 401."""
    outcomes = {}
    for name, token in _forgeries(guarded).items():
        headers = HEADERS | {"Authorization": f"Bearer {token}"}
        outcomes[name] = (await guarded.anonymous.request(method, path, headers=headers, content=b"{")).status_code

    assert outcomes == dict.fromkeys(outcomes, 401), operation["operationId"]


@pytest.mark.parametrize(("method", "path", "operation"), PROTECTED)
async def test_refuses_a_token_without_the_scope(
    guarded: Service, method: str, path: str, operation: dict[str, Any]
) -> None:
    """A token with none of the scopes that the contract names is a 403, which names the first one."""
    (scope,) = operation["security"][0]["token"]
    async with guarded.as_("ann", "something:else") as client:
        response = await client.request(method, path, headers=HEADERS, content=b"{")

    assert response.status_code == 403
    assert f'scope="{scope}"' in response.headers["www-authenticate"]


def test_one_of_several_scopes_is_enough() -> None:
    """What customers and the house may do takes either scope; the contract names both, as alternatives."""
    of_house = Principal(subject="sam", scopes=frozenset({"notes:all"}))

    require(of_house, ("notes:own", "notes:all"))
    with pytest.raises(Problem, match="the scope notes:own or notes:write") as refused:
        require(of_house, ("notes:own", "notes:write"))

    assert refused.value.headers is not None
    assert refused.value.headers["WWW-Authenticate"].endswith('scope="notes:own"')


async def test_refuses_what_the_contract_does_not_know_of(guarded: Service) -> None:
    """A mistyped filter must not list everything: where a token is needed, a query takes known names only."""
    answers = {}
    async with guarded.as_("ann") as client:
        for method, path, operation in BY_TOKEN:
            answer = await client.request(method, f"{path}?limt=1", headers=HEADERS, content=b"{")
            answers[operation["operationId"]] = (answer.status_code, answer.json()["errors"][0]["parameter"])

    assert answers == dict.fromkeys(answers, (422, "limt"))
    assert answers


@pytest.mark.parametrize(("method", "path", "operation"), PROTECTED)
async def test_refuses_another_tenant(guarded: Service, method: str, path: str, operation: dict[str, Any]) -> None:
    """With every scope there is: where the data is one house's, another's token is a 403 at every operation.

    Where there are many houses, a caller gets what is its own; that is for the tests of each resource to show.
    """
    async with guarded.as_("ann", tenant="another house") as client:
        response = await client.request(method, path, headers=HEADERS, content=b"{")

    if load_domain().many_tenants:
        assert response.status_code != 401
    else:
        assert (response.status_code, response.json()["type"]) == (403, "urn:problem-type:foreign-tenant")
        assert "403" in operation["responses"]


@pytest.mark.parametrize(
    ("tenant", "only", "admitted"), [("a", None, True), ("a", "a", True), ("b", "a", False), ("", "a", False)]
)
async def test_one_house_admits_its_own(service: Service, tenant: str, only: str | None, admitted: bool) -> None:
    """``AUTH_TENANT`` names the house; a token that names none is not of it."""
    authenticator = Authenticator(
        keys=service.app.state.authenticator.keys,
        rules=TokenRules(algorithms=["ES256"], leeway_seconds=30, only_tenant=only),
        guest_tokens=GuestTokens(b"key"),
    )
    authorization = f"Bearer {service.token('ann', claims={'tenant': tenant} if tenant else {})}"
    if admitted:
        assert (await authenticator.principal(authorization)).tenant == tenant
    else:
        with pytest.raises(Problem, match="403 foreign-tenant"):
            await authenticator.principal(authorization)


async def test_accepts_a_good_token(service: Service) -> None:
    """The forgeries above fail for what is wrong with them: without it the same token is good."""
    headers = {"Authorization": f"Bearer {_signed(service)}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 200


async def test_two_tokens_are_none(service: Service) -> None:
    """Which of them a proxy before the service went by, nobody knows."""
    token = _signed(service)
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {service.token('ann')}")]

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 401


@pytest.mark.parametrize("claim", [{"scope": None, "scp": example.READ}, {"scope": None, "scp": [example.READ]}])
async def test_reads_scopes_as_issuers_write_them(service: Service, claim: dict[str, object]) -> None:
    """Besides ``scope`` (RFC 8693) the ``scp`` of Entra ID and Okta counts."""
    headers = {"Authorization": f"Bearer {_signed(service, **claim)}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 200


@pytest.mark.parametrize("scope", [None, 7, {"read": True}], ids=["null", "number", "object"])
async def test_scopes_that_are_none_grant_nothing(service: Service, scope: object) -> None:
    """An issuer that writes them in its own way is told which scope is missing."""
    token = jwt.encode(_claims() | {"scope": scope}, service.keys._private, "ES256", headers={"kid": "development"})
    headers = {"Authorization": f"Bearer {token}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 403


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


def test_route_that_is_no_operation_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A router that was not made for operations would serve around the policy: it is not served at all."""
    router = APIRouter()
    router.get("/v1/leaks")(lambda: "everything")
    leaky = replace(load_domain(), routers=(*load_domain().routers, router))
    monkeypatch.setattr("chassis.app.load_domain", lambda: leaky)

    with pytest.raises(TypeError, match=r"/v1/leaks: not an operation; make its router with resource_router"):
        create_app(Settings())


def test_every_route_is_an_operation() -> None:
    """Nothing is served around the policy, except the contract itself."""
    routes = create_app(Settings()).routes

    assert [getattr(route, "path", route) for route in routes if not isinstance(route, Operation)] == ["/openapi.json"]


async def test_claims_say_whose_data_the_caller_may_see(service: Service) -> None:
    """Tenant and account come from the token alone; a token without them is of the one house, for the person itself."""
    authenticator = Authenticator(
        keys=service.app.state.authenticator.keys,
        rules=TokenRules(algorithms=["ES256"], leeway_seconds=30),
        guest_tokens=GuestTokens(b"key"),
    )
    plain = await authenticator.principal(f"Bearer {service.token('ann')}")
    of_account = await authenticator.principal(f"Bearer {service.token('ann', claims={'tenant': 't', 'account': 'a'})}")

    assert (plain.subject, plain.tenant, plain.account) == ("ann", "", None)
    assert (of_account.subject, of_account.tenant, of_account.account) == ("ann", "t", "a")
