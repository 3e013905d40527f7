"""Five times more than the service can do: most of what it can do is still done, and the rest is told so at once."""

import statistics
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pytest

from tests import cores, load, postgres
from tests.processes import ServerFactory, servers
from tests.scale import SOAK, report, scale

pytestmark = pytest.mark.alone

PAIRS, SECONDS = scale(1, 21), scale(0.6, 2.0)
WARM_UP = scale(0.5, 1.0)
# How fast the machine is just now must not decide over a change: one second says only that nothing collapses.
# Nor whether it is too busy to send more than can be served: what sends the load takes several turns then.
MOST_PAIRS = scale(10, PAIRS)
LEAST_GOODPUT, LONGEST_REFUSAL, OF_ALL = scale(0.05, 0.85), scale(5.0, 0.05), scale(0.5, 0.99)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[ServerFactory]:
    """Give a function that starts servers."""
    with servers(tmp_path) as factory:
        yield factory


def _good(result: load.Result) -> float:
    return result.rate(200) + result.rate(201)


def _compared(plan: load.Plan) -> Iterator[tuple[float, load.Result]]:
    """Run it in turns as a closed loop on a few connections, and at five times what that gets done.

    :returns: for each of the latter its result, and what the closed loops before and after it got done per second:
        while a machine becomes slower or faster, both sides of the comparison do.
    """
    few = replace(plan, connections=16, warm_up=WARM_UP / 2)
    before = _good(load.run(few))
    for seed in count():
        result = load.run(replace(plan, rate=5 * before, seed=seed))
        after = _good(load.run(replace(few, seed=seed)))
        yield (before + after) / 2, result
        before = after


@pytest.mark.parametrize("mix", ["plausible", "reads"])
def test_overload_leaves_most_of_the_work_done(
    fresh_url: str, postgres_server: str | None, start: ServerFactory, capsys: pytest.CaptureFixture[str], mix: str
) -> None:
    """An open loop at five times the closed loop's rate: goodput, and how long a refusal takes from its due time.

    Both loops alternate, because nothing else on the machine keeps still; the median of the pairs counts. The load has
    a core of its own: at five times the rate it would otherwise take from the service what it then finds missing. Reads
    of one thing are the hardest: the less a request costs, the more it matters what a refusal does.
    """
    if not SOAK and (fresh_url.startswith("sqlite") or mix == "reads"):
        pytest.skip("`make soak` takes both databases and both mixes")
    server = start(DATABASE_URL=fresh_url, RATE_LIMIT_REQUESTS="0")
    server.wait_until_ready()
    serving, loading = cores.shares() if SOAK else ((), ())
    cores.pin(serving, server.process.pid, *postgres.processes(postgres_server))
    plan = load.Plan(
        port=server.port,
        requests=load.plausible_mix(server)[: 7 if mix == "reads" else None],
        connections=400,
        seconds=SECONDS,
        warm_up=WARM_UP,
        cores=loading,
    )
    goodputs, refusals, statuses = [], [], set[int]()
    for peak, result in islice(_compared(plan), MOST_PAIRS):
        assert result.lost == 0
        statuses |= set(result.latencies)
        goodputs.append(_good(result) / peak)
        refusals.append(result.quantile(503, OF_ALL))
        report(
            capsys,
            f"{mix}: peak {peak:.0f}/s; at five times {_good(result):.0f}/s ({goodputs[-1]:.0%}) and "
            f"{result.rate(503):.0f}/s refused, half in {1000 * result.quantile(503, 0.5):.1f} ms, 99 % in "
            f"{1000 * result.quantile(503, 0.99):.1f} ms",
        )
        if len(goodputs) >= PAIRS and 503 in statuses:
            break
    report(
        capsys,
        f"{mix}: median goodput {statistics.median(goodputs):.1%} ({min(goodputs):.0%} to {max(goodputs):.0%}), "
        f"refusals within {1000 * statistics.median(refusals):.1f} ms",
    )

    assert {200, 503} <= statuses <= {200, 201, 503}
    assert statistics.median(goodputs) >= LEAST_GOODPUT
    assert statistics.median(refusals) <= LONGEST_REFUSAL
