"""Spans of calls, as an exporter gets them."""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from llm_pure.client.tracing import TracedLLM
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.settings.config_file import ConfigFile, ModelTable
from llm_pure.transports.scripted import ResponseScript, ScriptedResponse, ScriptedTransport
from llm_pure.types.result import Success
from tests.support.tiny_provider import JSON, REGISTRY, SSE, config, frames, whole
from tests.support.twins import called, every_kind, streamed

HELLO = ScriptedResponse(headers=JSON, chunks=(whole("Hello"),))
HELLO_STREAM = ScriptedResponse(headers=SSE, chunks=frames("Hel", "lo"))


def traced(
    script: ResponseScript, retry: RetryPolicy = NO_RETRY
) -> tuple[TracedLLM, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    transport = ScriptedTransport(script)
    return TracedLLM(config(), transport, registry=REGISTRY, retry=retry, tracer=tracer), exporter


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


@every_kind
def test_a_call_is_one_span_whatever_its_attempts(kind: str) -> None:
    llm, exporter = traced(
        [ScriptedResponse(status=503), HELLO], retry=RetryPolicy(initial_backoff_s=0.001)
    )
    assert called(kind, llm, "ask", "Hi", stream=False) == Success("Hello")
    span = only(exporter)
    assert span.kind is SpanKind.CLIENT
    assert span.name == f"chat {config().model}".rstrip()
    assert span.attributes is not None
    assert span.attributes["gen_ai.provider.name"] == "tiny"
    assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)
    assert span.status.status_code is StatusCode.UNSET


@every_kind
def test_a_failed_call_is_a_span_in_error(kind: str) -> None:
    llm, exporter = traced([ScriptedResponse(status=503)])
    called(kind, llm, "completion", "Hi").failure()
    span = only(exporter)
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["error.type"] == "overloaded"


@every_kind
def test_a_stream_is_a_span_until_its_end(kind: str) -> None:
    llm, exporter = traced([HELLO_STREAM])
    _, result = streamed(kind, llm, "Hi")
    assert result.unwrap().text == "Hello"
    span = only(exporter)
    assert span.attributes is not None
    assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)


def test_a_traced_client_comes_out_of_a_configuration_too() -> None:
    configuration = ConfigFile(models=ModelTable({"mine": config()}))
    transport = ScriptedTransport([HELLO])
    llm = TracedLLM.from_config("tiny", configuration, transport, registry=REGISTRY).unwrap()
    assert isinstance(llm, TracedLLM)
    assert llm.ask("Hi", stream=False) == Success("Hello")
