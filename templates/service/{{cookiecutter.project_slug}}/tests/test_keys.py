"""Keys of an OIDC issuer: found by discovery, rotated without a restart, good while the issuer is away."""

import asyncio
import time
from collections.abc import Callable

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.keys import IssuerKeys
from chassis.problems import Problem

ISSUER = "https://issuer.test/realm"


def _public(key_id: str, **members: str) -> dict[str, str]:
    numbers = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
    return {name: str(value) for name, value in numbers.items()} | {"kid": key_id, "alg": "ES256"} | members


class Issuer:
    """An identity provider that can rotate its keys and go away."""

    def __init__(self) -> None:
        self.published = [_public("first")]
        self.away = False
        self.asked: list[str] = []
        self.name = ISSUER

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer, after others had their turn."""
        self.asked.append(request.url.path)
        await asyncio.sleep(0)
        if self.away:
            raise httpx.ConnectError("away")
        if request.url.path == "/realm/.well-known/openid-configuration":
            return httpx.Response(200, json={"issuer": self.name, "jwks_uri": "https://issuer.test/keys"})
        return httpx.Response(200, json={"keys": self.published})

    def keys(self, jwks_url: str = "") -> IssuerKeys:
        """Return the service's view of this issuer."""
        client = httpx.AsyncClient(transport=httpx.MockTransport(self))
        return IssuerKeys(issuer=ISSUER, audience="api", jwks_url=jwks_url, client=client)


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Give a function that lets time pass."""
    now = 1000.0

    def advance(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(time, "monotonic", lambda: now)
    return advance


async def test_keys_are_found_by_discovery_and_kept() -> None:
    """The key set is read once, not for every token."""
    issuer = Issuer()
    found = issuer.keys()
    for _ in range(3):
        assert await found.find("first") is not None

    assert issuer.asked == ["/realm/.well-known/openid-configuration", "/keys"]


async def test_rotated_key_is_found_at_once(wait: Callable[[float], None]) -> None:
    """An unknown key id makes the set be read again, but not for every made-up id."""
    issuer = Issuer()
    found = issuer.keys("https://issuer.test/keys")
    await found.find("first")
    issuer.published = [_public("second")]
    wait(11)

    assert await found.find("second") is not None
    assert await found.find("first") is None
    for _ in range(100):
        await found.find("made up")
    assert issuer.asked == ["/keys", "/keys"]


async def test_keys_stay_good_while_the_issuer_is_away(wait: Callable[[float], None]) -> None:
    """An issuer that restarts does not log everybody out."""
    issuer = Issuer()
    found = issuer.keys()
    await found.find("first")
    issuer.away = True
    wait(3600)

    assert await found.find("first") is not None
    await found.close()


async def test_those_who_come_together_wait_for_the_same_keys() -> None:
    """A process that has just begun refuses nobody whose token comes while the first one's key is being read."""
    issuer = Issuer()
    keys = issuer.keys()
    found = await asyncio.gather(*(keys.find("first") for _ in range(5)))

    assert None not in found
    assert issuer.asked == ["/realm/.well-known/openid-configuration", "/keys"]


async def test_one_who_gives_up_leaves_the_others_their_keys() -> None:
    """A caller that goes away takes nothing from those who wait for the same."""
    keys = Issuer().keys()
    impatient, patient = (asyncio.create_task(keys.find("first")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()

    assert await patient is not None


async def test_known_keys_are_not_waited_for(wait: Callable[[float], None]) -> None:
    """An issuer that is slow delays nobody whose key is at hand; what it says then counts for the next."""
    issuer = Issuer()
    keys = issuer.keys()
    await keys.find("first")
    wait(3600)
    issuer.published = [_public("second")]

    assert await keys.find("first") is not None  # and asks, meanwhile
    assert await keys.find("second") is not None
    assert await keys.find("first") is None


async def test_no_keys_at_all_is_unavailable(wait: Callable[[float], None]) -> None:
    """Before the first key set nobody can be told from anybody: 503, not 401; it heals by itself."""
    issuer = Issuer()
    issuer.away = True
    found = issuer.keys()
    with pytest.raises(Problem, match="503 issuer-unavailable"):
        await found.find("first")
    issuer.away = False
    wait(11)

    assert await found.find("first") is not None


async def test_discovery_of_another_issuer_is_not_believed() -> None:
    """OpenID Connect Discovery 1.0, section 4.3: the names must be the same."""
    issuer = Issuer()
    issuer.name = "https://evil.test"

    with pytest.raises(Problem, match="503 issuer-unavailable"):
        await issuer.keys().find("first")


async def test_encryption_keys_verify_nothing() -> None:
    """A key published for another use is not taken for signatures."""
    issuer = Issuer()
    issuer.published = [_public("first"), _public("other", use="enc")]

    assert await issuer.keys().find("other") is None
