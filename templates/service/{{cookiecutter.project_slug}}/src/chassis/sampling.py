"""Which requests are traced: OpenTelemetry's sampler, asked once and not with every request.

Loaded only where traces are exported.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

_LOWER_HALF = (1 << 64) - 1
_ANY = 1


class GivenIds(RandomIdGenerator):
    """Random ids, except where a trace has its own already: the sampler has decided about that one."""

    def __init__(self) -> None:
        self._given: ContextVar[int] = ContextVar("given", default=0)

    @contextmanager
    def given(self, trace_id: int) -> Iterator[None]:
        """Let the trace that begins in the block have this id."""
        token = self._given.set(trace_id)
        try:
            yield
        finally:
            self._given.reset(token)

    def generate_trace_id(self) -> int:
        """Return the id of a new trace."""
        return self._given.get() or super().generate_trace_id()


class Sampling:
    """Decides by one comparison what the SDK's sampler would.

    The SDK's own samplers take those traces whose ids' lower half is below a bound, which may depend on the parent's
    decision (OpenTelemetry's specification of the SDK, TraceIdRatioBased and ParentBased). Another one, which an
    installed package brings, may look at whatever it likes: everything is taken then, and it decides when the span
    begins.
    """

    def __init__(self, provider: TracerProvider, ids: GivenIds) -> None:
        self.tracer = provider.get_tracer("chassis")
        self.ids = ids
        self._without_parent = _bound(provider.sampler, Context())
        self._by_parents_decision = [_bound(provider.sampler, _under(TraceFlags(flags))) for flags in (0, 1)]

    def takes(self, trace_id: int, parent_flags: int | None = None) -> bool:
        """Tell whether a request is sampled.

        :param parent_flags: the caller's, if it said something of its trace.
        """
        bound = self._without_parent
        if parent_flags is not None:
            bound = self._by_parents_decision[parent_flags & TraceFlags.SAMPLED]
        return trace_id & _LOWER_HALF < bound


def exporting() -> tuple[TracerProvider, GivenIds]:
    """Return a provider that exports as the environment says, and what it takes the ids of new traces from."""
    ids = GivenIds()
    provider = TracerProvider(shutdown_on_exit=False, id_generator=ids)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider, ids


def _under(flags: TraceFlags) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(SpanContext(_ANY, _ANY, True, flags)), Context())


def _bound(sampler: Sampler, parent: Context) -> int:
    """Find the lowest id that a sampler does not take, by bisection."""
    if type(sampler).__module__ != Sampler.__module__:
        return _LOWER_HALF + 1
    low, high = 0, _LOWER_HALF + 1
    while low < high:
        middle = (low + high) // 2
        if sampler.should_sample(parent, middle, "", SpanKind.SERVER).decision is Decision.RECORD_AND_SAMPLE:
            low = middle + 1
        else:
            high = middle
    return low
