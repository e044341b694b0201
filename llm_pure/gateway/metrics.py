"""Metrics of a gateway in Prometheus' text format, written by hand: two histograms and a few counters need no package.

Names and buckets of `gen_ai_*` are those of OpenTelemetry's semantic conventions, as Prometheus spells them; what the
conventions do not have begins with `llm_pure_`. Source: github.com/open-telemetry/semantic-conventions-genai,
docs/gen-ai/gen-ai-metrics.md, read 2026-11-30.

The client's own name of a model is no label: clients choose it, and each value is kept for ever.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from math import isfinite, isnan
from threading import Lock
from typing import Any, NamedTuple

from llm_pure.core.telemetry import LATEST
from llm_pure.gateway.call_record import CallRecord

TOKEN_BUCKETS = tuple([4**power for power in range(14)])
DURATION_BUCKETS = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
)  # fmt: skip

Labels = tuple[tuple[str, str], ...]


Figures = Any
"""[[name, labels, value], ...], [[name, labels, counts, sum], ...]: what `figures` returns and `add` takes, as JSON has it."""


class Metric(NamedTuple):
    """One metric as its readers see it."""

    name: str
    kind: str
    help: str
    buckets: tuple[float, ...] = ()
    """Of a histogram."""


DURATION = Metric(
    "gen_ai_client_operation_duration_seconds",
    "histogram",
    "GenAI operation duration.",
    DURATION_BUCKETS,
)
FIRST_CHUNK = Metric(
    "gen_ai_client_operation_time_to_first_chunk_seconds",
    "histogram",
    "Time to the first chunk of a stream.",
    DURATION_BUCKETS,
)
TOKENS = Metric(
    "gen_ai_client_token_usage",
    "histogram",
    "Number of input and output tokens used.",
    TOKEN_BUCKETS,
)
REQUESTS = Metric("llm_pure_requests_total", "counter", "Requests by key, model and status.")
COST = Metric("llm_pure_cost_usd_total", "counter", "Cost in US dollars by key and model.")
UNPRICED = Metric(
    "llm_pure_unpriced_calls_total", "counter", "Calls with usage and without a known price."
)
ATTEMPTS = Metric("llm_pure_attempts_total", "counter", "Requests sent to providers, with retries.")
IN_FLIGHT = Metric("llm_pure_requests_in_flight", "gauge", "Requests that are being answered.")
METRICS = (DURATION, FIRST_CHUNK, TOKENS, REQUESTS, COST, UNPRICED, ATTEMPTS)


class _Counter:
    """A counter; without a value it is not shown."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float | None = None

    def add(self, value: float) -> None:
        self.value = value if self.value is None else self.value + value


class _Histogram:
    """A histogram; without an observation it is not shown."""

    __slots__ = ("buckets", "counts", "sum")

    def __init__(self, buckets: tuple[float, ...]) -> None:
        self.buckets = buckets
        self.counts = [0] * (len(buckets) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.buckets, value)] += 1
        self.sum += value


class _CallFigures(NamedTuple):
    """What a request counts in."""

    requests: _Counter
    duration: _Histogram
    first_chunk: _Histogram
    input: _Histogram
    output: _Histogram
    attempts: _Counter
    cost: _Counter
    unpriced: _Counter


class Metrics:
    """The metrics of one process. Safe for threads."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, Labels], _Counter] = {}
        """(name of the metric, labels) -> counter."""
        self._histograms: dict[tuple[str, Labels], _Histogram] = {}
        self._of_calls: dict[tuple[object, ...], _CallFigures] = {}
        """What the labels depend on -> the figures."""
        self._lock = Lock()

    def observe(self, record: CallRecord) -> None:
        """Count one request; an `Observer` of the gateway."""
        usage = record.usage
        with self._lock:
            figures = self._figures_of(record)
            figures.requests.add(1)
            if not record.model_used:
                return
            figures.duration.add(record.duration_s)
            if record.stream and record.first_byte_s is not None:
                figures.first_chunk.add(record.first_byte_s)
            if usage.input_tokens is not None:
                figures.input.add(usage.input_tokens)
            if usage.output_tokens is not None:
                figures.output.add(usage.output_tokens)
            if record.attempts:
                figures.attempts.add(record.attempts)
            if record.cost_usd is not None:
                figures.cost.add(float(record.cost_usd))
            elif usage.output_tokens is not None:
                figures.unpriced.add(1)

    def _figures_of(self, record: CallRecord) -> _CallFigures:
        """The figures that a request counts in, looked up once for requests with the same labels."""
        labels = (
            record.key, record.dialect, record.operation, record.model_used, record.provider, record.status, record.error,
        )  # fmt: skip
        figures = self._of_calls.get(labels)
        if figures is None:
            figures = self._of_calls[labels] = self._make_figures(record)
        return figures

    def _make_figures(self, record: CallRecord) -> _CallFigures:
        operation = record.operation or "unknown"
        call = (
            ("gen_ai_operation_name", operation),
            ("gen_ai_provider_name", LATEST.providers.get(record.provider, record.provider)),
            ("gen_ai_request_model", record.model_used),
        )
        error = (("error_type", record.error),) if record.error else ()
        model = ("model", record.model_used)
        payer = (("key", record.key), model)
        how = (
            ("dialect", record.dialect),
            ("operation", operation),
            ("status", str(record.status)),
        )
        return _CallFigures(
            requests=self._counter(REQUESTS, (*payer, *how)),
            duration=self._histogram(DURATION, (*call, *error)),
            first_chunk=self._histogram(FIRST_CHUNK, call),
            input=self._histogram(TOKENS, (*call, ("gen_ai_token_type", "input"))),
            output=self._histogram(TOKENS, (*call, ("gen_ai_token_type", "output"))),
            attempts=self._counter(ATTEMPTS, (model, ("provider", record.provider))),
            cost=self._counter(COST, payer),
            unpriced=self._counter(UNPRICED, payer),
        )

    def render(self, in_flight: int | None = None) -> bytes:
        """Return everything as text for Prometheus."""
        counters, histograms = [sorted(figures) for figures in self.figures()]
        lines: list[str] = []
        for metric in METRICS:
            lines += _head(metric)
            for name, labels, value in counters:
                if name == metric.name:
                    lines.append(f"{name}{_labels(labels)} {_number(value)}")
            for name, labels, counts, total in histograms:
                if name == metric.name:
                    lines += _histogram_lines(metric, labels, counts, total)
        if in_flight is not None:
            lines += [*_head(IN_FLIGHT), f"{IN_FLIGHT.name} {in_flight}"]
        return ("\n".join(lines) + "\n").encode()

    def figures(self) -> Figures:
        """Return everything as plain values, for `add`."""
        with self._lock:
            counters = [
                (name, labels, counter.value)
                for (name, labels), counter in self._counters.items()
                if counter.value is not None
            ]
            histograms = [
                (name, labels, list(histogram.counts), histogram.sum)
                for (name, labels), histogram in self._histograms.items()
                if any(histogram.counts)
            ]
        return [counters, histograms]

    def add(self, figures: Figures) -> None:
        """Add the figures of another process. Fails with ValueError, TypeError or LookupError if they are none."""
        metrics = {metric.name: metric for metric in METRICS}
        counters, histograms = figures
        with self._lock:
            for name, labels, value in counters:
                self._counter(metrics[name], _as_labels(labels)).add(value)
            for name, labels, counts, total in histograms:
                metric = metrics[name]
                if len(counts) != len(metric.buckets) + 1:
                    raise ValueError(f"{name} has {len(counts)} buckets")
                histogram = self._histogram(metric, _as_labels(labels))
                histogram.counts = [a + b for a, b in zip(histogram.counts, counts, strict=True)]
                histogram.sum += total

    def _counter(self, metric: Metric, labels: Labels) -> _Counter:
        return self._counters.setdefault((metric.name, labels), _Counter())

    def _histogram(self, metric: Metric, labels: Labels) -> _Histogram:
        return self._histograms.setdefault((metric.name, labels), _Histogram(metric.buckets))


def _as_labels(pairs: Iterable[Iterable[str]]) -> Labels:
    return tuple([(str(name), str(value)) for name, value in pairs])


def _head(metric: Metric) -> list[str]:
    return [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]


def _histogram_lines(
    metric: Metric, labels: Labels, counts: Iterable[int], total: float
) -> list[str]:
    lines, below = [], 0
    for bound, count in zip((*metric.buckets, float("inf")), counts, strict=True):
        below += count
        limit = "+Inf" if bound == float("inf") else _number(bound)
        lines.append(f"{metric.name}_bucket{_labels((*labels, ('le', limit)))} {below}")
    lines.append(f"{metric.name}_sum{_labels(labels)} {_number(total)}")
    lines.append(f"{metric.name}_count{_labels(labels)} {below}")
    return lines


_ESCAPES: Mapping[int, str] = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def _labels(labels: Labels) -> str:
    pairs = [f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _number(value: float) -> str:
    if not isfinite(value):  # a sum of costs that a provider reports
        return "NaN" if isnan(value) else "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
