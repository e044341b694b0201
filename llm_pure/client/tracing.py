"""`TracedLLM`: an LLM whose chat calls are OpenTelemetry spans. It needs the extra `otel`; nothing is exported by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_tracer

from llm_pure.client.jobs import ChatInput, chat_request
from llm_pure.client.llm import LLM, OnEvent
from llm_pure.client.streams import AsyncStream, Stream
from llm_pure.core.telemetry import LATEST, SemanticConventions, otel_attributes, span_name
from llm_pure.types.completion import Completion
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult


class TracedLLM(LLM):
    """tracer: the global provider's where None. conventions: whose names the attributes have.

    A span is one call with all its attempts; no message is ever in it.
    """

    def __init__(
        self,
        *args: Any,
        tracer: Tracer | None = None,
        conventions: SemanticConventions = LATEST,
        **named: Any,
    ) -> None:
        super().__init__(*args, **named)
        self._conventions = conventions
        self._tracer = tracer or get_tracer("llm_pure", schema_url=conventions.schema_url)

    def completion(
        self,
        request: ChatInput,
        *,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Completion]:
        """`LLM.completion` in a span."""
        asked = chat_request(request)
        with self._span(asked) as span:
            got = super().completion(asked, on_event=on_event, timeout_s=timeout_s)
            self._tell(span, asked, got)
            return got

    async def acompletion(
        self,
        request: ChatInput,
        *,
        on_event: OnEvent | None = None,
        timeout_s: float | None = None,
    ) -> LLMResult[Completion]:
        """`LLM.acompletion` in a span."""
        asked = chat_request(request)
        with self._span(asked) as span:
            got = await super().acompletion(asked, on_event=on_event, timeout_s=timeout_s)
            self._tell(span, asked, got)
            return got

    def stream(self, request: ChatInput, *, timeout_s: float | None = None) -> Stream:
        """`LLM.stream`; its span begins now and ends with the stream."""
        asked = chat_request(request, stream=True)
        stream = super().stream(asked, timeout_s=timeout_s)
        stream._stack.callback(self._ending(asked, stream))
        return stream

    def astream(self, request: ChatInput, *, timeout_s: float | None = None) -> AsyncStream:
        """`LLM.astream`; its span begins now and ends with the stream."""
        asked = chat_request(request, stream=True)
        stream = super().astream(asked, timeout_s=timeout_s)
        stream._stack.callback(self._ending(asked, stream))
        return stream

    @contextmanager
    def _span(self, request: ChatRequest) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            span_name(request, self.config),
            kind=SpanKind.CLIENT,
            attributes=otel_attributes(request, None, self.config, self._conventions),
        ) as span:
            yield span

    def _ending(self, request: ChatRequest, stream: Stream | AsyncStream) -> Any:
        span = self._tracer.start_span(
            span_name(request, self.config),
            kind=SpanKind.CLIENT,
            attributes=otel_attributes(request, None, self.config, self._conventions),
        )

        def end() -> None:
            self._tell(span, request, stream.result())
            span.end()

        return end

    def _tell(self, span: Span, request: ChatRequest, got: LLMResult[Completion]) -> None:
        span.set_attributes(otel_attributes(request, got, self.config, self._conventions))
        if isinstance(got, Failure):
            span.set_status(StatusCode.ERROR, got.failure().kind)
