"""What callers are told and allowed beyond the operation itself: rates, origins, correlation."""

import httpx
import pytest

from chassis import correlation
from chassis.app import create_app
from chassis.clients import calling, service_client
from chassis.problems import Problem
from chassis.rate_limit import RateLimiter
from tests import example
from tests.fixtures import Service, SettingsFor

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
PAGE = "https://shop.example"


async def test_every_answer_tells_what_is_left(ann: httpx.AsyncClient) -> None:
    """A client can slow down before it is refused."""
    first, second = [await ann.get(example.COLLECTION) for _ in range(2)]

    assert first.headers["ratelimit-policy"] == '"default";q=12000;w=60'
    assert first.headers["ratelimit"].startswith('"default";r=11999;t=')
    assert second.headers["ratelimit"].startswith('"default";r=11998;t=')


def test_too_many_requests_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One caller's excess is a 429 with the time to wait; others are not touched; the next window is new."""
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    limiter = RateLimiter(limit=2, window=60)
    for _ in range(2):
        limiter.take("ann")
    with pytest.raises(Problem) as refused:
        limiter.take("ann")
    assert limiter.take("bob") is not None
    now += 60
    assert limiter.take("ann") is not None

    assert refused.value.status == 429
    assert refused.value.headers == {
        "Retry-After": "60",
        "RateLimit-Policy": '"default";q=2;w=60',
        "RateLimit": '"default";r=0;t=60',
    }


async def test_limit_can_be_switched_off(database_url: str, settings_for: SettingsFor) -> None:
    """Where a gateway counts, the service need not."""
    app = create_app(settings_for(database_url, rate_limit_requests=0))

    assert app.state.rate_limiter.take("ann") is None


async def test_cors_is_closed_by_default(service: Service) -> None:
    """No page of another origin may read an answer."""
    response = await service.anonymous.get("/livez", headers={"Origin": PAGE})

    assert "access-control-allow-origin" not in response.headers


async def test_named_origin_may_call(database_url: str, settings_for: SettingsFor) -> None:
    """Only what the settings name is let through, also on errors; a refused preflight is a problem."""
    app = create_app(settings_for(database_url, cors_origins=(PAGE,)))
    transport = httpx.ASGITransport(app=app)
    preflight = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "If-Match"}
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://s") as client:
        allowed = await client.options(example.ABSENT, headers={"Origin": PAGE} | preflight)
        error = await client.get(example.COLLECTION, headers={"Origin": PAGE})
        refused = await client.options(example.ABSENT, headers={"Origin": "https://evil.example"} | preflight)

    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, PAGE)
    assert (error.status_code, error.headers["access-control-allow-origin"]) == (401, PAGE)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert "access-control-allow-origin" not in refused.headers


async def test_correlation_is_passed_on() -> None:
    """A call to another service carries the request's id and trace."""
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200)

    correlation.request_id.set("r-1")
    correlation.traceparent.set(TRACE)
    correlation.tracestate.set("congo=1")
    client = service_client("http://pricing")
    client._transport = httpx.MockTransport(answer)
    async with client:
        await client.get("/prices")

    assert [seen[0][name] for name in ("x-request-id", "traceparent", "tracestate")] == ["r-1", TRACE, "congo=1"]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (httpx.ConnectError("no"), 503, "dependency-unavailable"),
        (httpx.ReadTimeout("slow"), 504, "dependency-timeout"),
        (
            httpx.HTTPStatusError("500", request=httpx.Request("GET", "http://p"), response=httpx.Response(500)),
            503,
            "dependency-unavailable",
        ),
    ],
    ids=["unreachable", "slow", "failing"],
)
def test_failing_dependency_is_named_to_the_caller(error: httpx.HTTPError, status: int, kind: str) -> None:
    """Whose fault it is, and whether to try again; not how it failed."""
    with pytest.raises(Problem) as raised, calling("Pricing"):
        raise error

    assert (raised.value.status, raised.value.kind) == (status, kind)
    assert "Pricing" in raised.value.detail
