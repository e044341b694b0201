"""`TracedLLM`: an LLM whose chat calls are OpenTelemetry spans. Needs the extra `otel`; exports nothing by itself."""

from collections.abc import Mapping
from functools import partial
from typing import Unpack

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, get_tracer, use_span

from llm_pure.client.call import ChatInput, chat_request
from llm_pure.client.from_settings import ClientOptions
from llm_pure.client.llm import LLM, OnEvent
from llm_pure.client.streams import AsyncChatStream, ChatStream
from llm_pure.client.transport_manager import AnyTransport
from llm_pure.core.registry import Registry
from llm_pure.core.telemetry import LATEST, SemanticConventions, otel_attributes, span_name
from llm_pure.transports.base import TransportSettings
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult


class TracedLLM(LLM):
    """An LLM whose chat calls are spans. A span is one call with all its attempts, without messages."""

    def __init__(
        self,
        config: LLMConfig,
        transport: AnyTransport = "httpx",
        *,
        tracer: Tracer | None = None,
        conventions: SemanticConventions = LATEST,
        registry: Registry | None = None,
        settings: TransportSettings | None = None,
        env: Mapping[str, str] | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        """tracer: by default of the global provider. conventions: names of the span attributes. The others are those of LLM."""
        super().__init__(
            config, transport, registry=registry, settings=settings, env=env, **options
        )
        self._conventions = conventions
        self._tracer = tracer or get_tracer("llm_pure", schema_url=conventions.schema_url)

    def completion(
        self, request: ChatInput, *, on_event: OnEvent | None = None, timeout_s: float | None = None
    ) -> LLMResult[Completion]:
        """`LLM.completion` in a span."""
        chat = chat_request(request)
        with use_span(self._start_span(chat), end_on_exit=True) as span:
            result = super().completion(chat, on_event=on_event, timeout_s=timeout_s)
            self._record(span, chat, result)
            return result

    async def acompletion(
        self, request: ChatInput, *, on_event: OnEvent | None = None, timeout_s: float | None = None
    ) -> LLMResult[Completion]:
        """`LLM.acompletion` in a span."""
        chat = chat_request(request)
        with use_span(self._start_span(chat), end_on_exit=True) as span:
            result = await super().acompletion(chat, on_event=on_event, timeout_s=timeout_s)
            self._record(span, chat, result)
            return result

    def stream(self, request: ChatInput, *, timeout_s: float | None = None) -> ChatStream:
        """`LLM.stream`; its span begins now and ends with the stream."""
        chat = chat_request(request, stream=True)
        stream = super().stream(chat, timeout_s=timeout_s)
        stream.on_finish = partial(self._end_span, self._start_span(chat), chat)
        return stream

    def astream(self, request: ChatInput, *, timeout_s: float | None = None) -> AsyncChatStream:
        """`LLM.astream`; its span begins now and ends with the stream."""
        chat = chat_request(request, stream=True)
        stream = super().astream(chat, timeout_s=timeout_s)
        stream.on_finish = partial(self._end_span, self._start_span(chat), chat)
        return stream

    def _start_span(self, request: ChatRequest) -> Span:
        return self._tracer.start_span(
            span_name(request, self.config),
            kind=SpanKind.CLIENT,
            attributes=otel_attributes(request, None, self.config, self._conventions),
        )

    def _end_span(self, span: Span, request: ChatRequest, result: LLMResult[Completion]) -> None:
        self._record(span, request, result)
        span.end()

    def _record(self, span: Span, request: ChatRequest, result: LLMResult[Completion]) -> None:
        span.set_attributes(otel_attributes(request, result, self.config, self._conventions))
        if isinstance(result, Failure):
            span.set_status(StatusCode.ERROR, result.failure().kind)
