"""Guests: callers who have not signed in, told apart by a token of the service itself."""

import pytest

from chassis.guests import PREFIX, GuestTokens, is_guest
from tests import example
from tests.fixtures import Service

TOKENS = GuestTokens(b"k" * 32)


def test_every_guest_is_another_one() -> None:
    """The token tells nothing but who comes back, and in which house."""
    first, second = [TOKENS.claims(TOKENS.mint(tenant="t", seconds=60)) for _ in range(2)]

    assert first is not None
    assert second is not None
    assert first.keys() == {"sub", "tenant", "exp"}
    assert first["sub"] != second["sub"]
    assert (first["tenant"], is_guest(str(first["sub"])), is_guest("ann")) == ("t", True, False)


def _tampered() -> list[str]:
    good = TOKENS.mint(tenant="t", seconds=60)
    payload, _, signature = good.removeprefix(PREFIX).partition(".")
    other = TOKENS.mint(tenant="u", seconds=60).removeprefix(PREFIX).partition(".")[0]
    return [
        PREFIX,
        PREFIX + payload,
        f"{PREFIX}{other}.{signature}",
        f"{PREFIX}{payload}.{signature[:-2]}",
        f"{good}=",
        f"{PREFIX}ä.ö",
        GuestTokens(b"l" * 32).mint(tenant="t", seconds=60),
        TOKENS.mint(tenant="t", seconds=-1),
    ]


@pytest.mark.parametrize(
    "token", _tampered(), ids=["empty", "unsigned", "another's", "short", "padded", "no text", "other key", "expired"]
)
def test_only_tokens_of_this_service_count(token: str) -> None:
    """A guest cannot become another guest, live for ever, or come from another service."""
    assert TOKENS.claims(token) is None


async def test_guest_may_do_what_the_domain_grants_to_guests(service: Service) -> None:
    """And no more: reading what needs another scope is forbidden, and a forged token is no token."""
    token = service.app.state.guest_tokens.mint(tenant="", seconds=60)
    headers = {"Authorization": f"Bearer {token}"}

    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 403
    headers["Authorization"] += "x"
    assert (await service.anonymous.get(example.COLLECTION, headers=headers)).status_code == 401
