"""A payment provider behind HTTP: what is no answer leaves the outcome unknown."""

import json
from uuid import UUID

import httpx
import pytest
from pydantic import ValidationError

from ...settings import ShopSettings
from ..port import Outcome, ProviderSilentError, Status
from ..remote import RemoteProvider

KEY = UUID("0190a5e0-0000-7000-8000-000000000000")
DONE = {"status": "succeeded", "reference": "p-1", "reason": ""}


class Books:
    """A provider that knows what it was asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, object]] = []
        self.answer = httpx.Response(200, json=DONE)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Note the request, and answer."""
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.headers["authorization"], body))
        assert request.url.path == f"/v1/payment-requests/{KEY}"
        return self.answer


def _provider(books: Books) -> RemoteProvider:
    client = httpx.AsyncClient(base_url="http://provider", transport=httpx.MockTransport(books))
    return RemoteProvider(client, api_key="k", secret=b"s")


async def test_each_request_says_what_to_do() -> None:
    """By its key, with what it takes and no more."""
    books = Books()
    provider = _provider(books)
    outcomes = [
        await provider.authorize(KEY, amount=5, currency="EUR", token="tok_ok"),
        await provider.capture(KEY, reference="p-1", amount=4),
        await provider.refund(KEY, reference="p-1", amount=3),
        await provider.void(KEY, reference="p-1"),
        await provider.look_up(KEY),
    ]

    assert outcomes == [Outcome(status=Status.SUCCEEDED, reference="p-1")] * 5
    assert books.asked == [
        ("PUT", "Bearer k", {"kind": "authorize", "amount": 5, "currency": "EUR", "token": "tok_ok"}),
        ("PUT", "Bearer k", {"kind": "capture", "reference": "p-1", "amount": 4}),
        ("PUT", "Bearer k", {"kind": "refund", "reference": "p-1", "amount": 3}),
        ("PUT", "Bearer k", {"kind": "void", "reference": "p-1"}),
        ("GET", "Bearer k", None),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(401),
        httpx.Response(302),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"status": "succeeded"}),
        httpx.Response(200, json=DONE | {"status": "maybe"}),
    ],
    ids=["500", "401", "302", "no JSON", "no object", "members missing", "unknown status"],
)
async def test_what_is_no_answer_is_silence(answer: httpx.Response) -> None:
    """Nobody knows then whether it happened, so it is asked about, and never done a second time."""
    books = Books()
    books.answer = answer
    for ask in (
        _provider(books).void(KEY, reference="p-1"),
        _provider(books).look_up(KEY),
    ):
        with pytest.raises(ProviderSilentError):
            await ask


async def test_what_never_arrived_is_nothing() -> None:
    """404: it may be sent again, with the same key; but a request that gets it was not heard."""
    books = Books()
    books.answer = httpx.Response(404)

    assert await _provider(books).look_up(KEY) is None
    with pytest.raises(ProviderSilentError):
        await _provider(books).void(KEY, reference="p-1")


def test_remote_provider_needs_an_address_and_a_secret() -> None:
    """Without them the start stops, and says what is missing."""
    with pytest.raises(ValidationError, match="PAYMENT_PROVIDER=remote needs PAYMENT_URL and PAYMENT_WEBHOOK_SECRET"):
        ShopSettings.model_validate({"payment_provider": "remote", "payment_url": "http://provider"})
