"""OpenTelemetry spans of a gateway's requests. Needs the extra `otel`; exports nothing by itself.

app = gateway(configuration, observers=[SpanObserver().observe])
"""

from datetime import UTC, datetime, timedelta

from opentelemetry.trace import SpanKind, StatusCode, Tracer, get_tracer

from llm_pure.core.telemetry import LATEST, Attribute, SemanticConventions
from llm_pure.gateway.call_record import CallRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OPERATIONS = {"embed": "embeddings"}
"""Operation of a gateway -> its name in the conventions, where they differ."""


class SpanObserver:
    """Records a span for each request, when it is over. No text and no key is in it."""

    def __init__(
        self, tracer: Tracer | None = None, conventions: SemanticConventions = LATEST
    ) -> None:
        """tracer: by default of the global provider. conventions: names of the span attributes."""
        self._conventions = conventions
        self._tracer = tracer or get_tracer("llm_pure", schema_url=conventions.schema_url)

    def observe(self, record: CallRecord) -> None:
        """Record the span of a request."""
        if not record.model_used:  # a model list, a health check, a request without a valid key
            return
        operation = _OPERATIONS.get(record.operation, record.operation)
        span = self._tracer.start_span(
            f"{operation} {record.model_used}",
            kind=SpanKind.SERVER,
            start_time=_nanoseconds(record, 0.0),
        )
        if not span.is_recording():
            return
        span.set_attributes(span_attributes(record, self._conventions))
        if record.first_byte_s is not None:
            span.add_event(
                "gen_ai.first_chunk", timestamp=_nanoseconds(record, record.first_byte_s)
            )
        if record.error:
            span.set_status(StatusCode.ERROR, record.error)
        span.end(_nanoseconds(record, record.duration_s))


def span_attributes(
    record: CallRecord, conventions: SemanticConventions = LATEST
) -> dict[str, Attribute]:
    """Return the attributes of a request's span: those of the conventions, and the gateway's own."""
    usage = record.usage
    values = {
        "operation": _OPERATIONS.get(record.operation, record.operation),
        "provider": conventions.providers.get(record.provider, record.provider),
        "model": record.model_used,
        "stream": record.stream or None,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_input_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "error": record.error or None,
    }
    named = {conventions.names.get(name): value for name, value in values.items()}
    own: dict[str, Attribute | None] = {
        "http.response.status_code": record.status,
        "llm_pure.request_id": record.request_id,
        "llm_pure.key": record.key or None,
        "llm_pure.dialect": record.dialect or None,
        "llm_pure.cost_usd": None if record.cost_usd is None else float(record.cost_usd),
        "llm_pure.attempts": record.attempts or None,
        "llm_pure.adaptations": record.adaptations or None,
    }
    attributes: dict[str, Attribute] = {}
    for name, value in (*named.items(), *own.items()):
        if name is not None and value is not None:
            attributes[name] = value
    return attributes


def _nanoseconds(record: CallRecord, after_s: float) -> int:
    since = record.time - _EPOCH + timedelta(seconds=after_s)
    return since // timedelta(microseconds=1) * 1000
