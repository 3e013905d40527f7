"""Metrics in Prometheus' text format: rate, errors and duration per route template, and the connection pool."""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import QueuePool

from chassis.deliveries import Backlog
from chassis.readers import Readers

# When each counter was made is half of all lines, and Prometheus' text format has no use for it.
disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The metrics of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "http_requests", "Requests answered", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "http_request_duration_seconds", "Time to the last byte", ("method", "route"), registry=self.registry
        )
        # Finding a metric by its labels costs more than counting; there are few of them.
        self._answered: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._shed = Counter("http_requests_shed", "Requests refused under overload", registry=self.registry)
        self._shed_lately = 0
        self._deliveries = Counter(
            "events_delivered", "Attempts to deliver an event", ("destination", "outcome"), registry=self.registry
        )
        self._outbox = Gauge(
            "outbox_events", "Events that wait, or are dead letters", ("destination", "state"), registry=self.registry
        )
        self._lag = Gauge(
            "outbox_lag_seconds", "Age of the oldest event that waits", ("destination",), registry=self.registry
        )

    def count_deliveries(self, count: int, *, destination: str, outcome: str) -> None:
        """Count attempts to deliver an event.

        :param outcome: ``delivered``, ``failed`` (it is tried again) or ``dead`` (it was given up).
        """
        self._deliveries.labels(destination, outcome).inc(count)

    def show_outbox(self, backlogs: Iterable[Backlog]) -> None:
        """Show what the outbox holds just now, and nothing about destinations that are not given."""
        self._outbox.clear()
        self._lag.clear()
        for one in backlogs:
            self._outbox.labels(one.destination, "pending").set(one.waiting)
            self._outbox.labels(one.destination, "dead").set(one.dead)
            self._lag.labels(one.destination).set(one.oldest_seconds)

    def count_shed(self) -> None:
        """Count a request that was refused because too many were running; there may be ten thousand a second."""
        self._shed_lately += 1

    def observe_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request.

        :param route: the route's template, never the path itself: a metric per identifier would never end.
        :param seconds: from the first byte of the request to the last byte of the response.
        """
        key = (method, route, status)
        if (found := self._answered.get(key)) is None:
            found = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._answered[key] = found
        requests, duration = found
        requests.inc()
        duration.observe(seconds)

    def watch_pool(self, engine: AsyncEngine, readers: Readers | None) -> None:
        """Report the connections of the engine, and those beside it that only read."""
        self.registry.register(_PoolCollector(engine, readers))

    def render(self) -> bytes:
        """Return everything, as ``/metrics`` shows it."""
        self._shed.inc(self._shed_lately)
        self._shed_lately = 0
        return generate_latest(self.registry)


class _PoolCollector(Collector):
    def __init__(self, engine: AsyncEngine, readers: Readers | None) -> None:
        self._engine = engine
        self._readers = readers

    def collect(self) -> Iterable[GaugeMetricFamily]:
        pool = self._engine.pool
        gauge = GaugeMetricFamily("database_connections", "Connections of the pool", labels=("state",))
        if isinstance(pool, QueuePool):
            beside = (self._readers.in_use, self._readers.idle) if self._readers else (0, 0)
            gauge.add_metric(("in_use",), pool.checkedout() + beside[0])
            gauge.add_metric(("idle",), pool.checkedin() + beside[1])
        yield gauge
