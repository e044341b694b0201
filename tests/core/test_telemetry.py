"""OpenTelemetry attributes of a call."""

import pytest

from llm_pure import ChatRequest, Completion, LLMConfig, Usage, user
from llm_pure.core.telemetry import CONVENTIONS, otel_attributes, span_name
from llm_pure.types.completion import Choice
from llm_pure.types.errors import RateLimited, StreamInterrupted
from llm_pure.types.request import JsonFormat
from llm_pure.types.result import Failure, Success

REQUEST = ChatRequest(
    messages=(user("a secret"),),
    model="m",
    max_tokens=5,
    temperature=0.5,
    stop="END",
    seed=7,
    n=2,
    stream=True,
    response_format=JsonFormat(),
)
CONFIG = LLMConfig(api_type="azure", api_key="k", base_url="https://me:pw@a.example:8443/openai")
ANSWER = Completion(
    id="c1",
    model="m-1",
    finish_reason="stop",
    usage=Usage(input_tokens=10, output_tokens=3, cached_input_tokens=4),
    alternatives=(Choice(message=user("x"), finish_reason="length"),),
)


def test_a_call_has_the_attributes_of_its_request_and_of_its_answer() -> None:
    assert otel_attributes(REQUEST, Success(ANSWER), CONFIG) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.request.model": "m",
        "gen_ai.request.max_tokens": 5,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.seed": 7,
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "json",
        "gen_ai.response.id": "c1",
        "gen_ai.response.model": "m-1",
        "gen_ai.response.finish_reasons": ("stop", "length"),
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 3,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "server.address": "a.example",
        "server.port": 8443,
    }


def test_what_the_configuration_sets_is_told_where_the_request_says_nothing() -> None:
    config = LLMConfig(
        model="c", max_token=9, temperature=0.3, top_p=0.8, top_k=4, stop=("a", "b"), n=3, seed=1
    )
    assert otel_attributes(ChatRequest(messages="Hi", temperature=0.9), config=config) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "c",
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.temperature": 0.9,
        "gen_ai.request.top_p": 0.8,
        "gen_ai.request.top_k": 4,
        "gen_ai.request.stop_sequences": ("a", "b"),
        "gen_ai.request.choice.count": 3,
        "gen_ai.request.seed": 1,
    }


def test_an_older_version_has_its_own_names() -> None:
    told = otel_attributes(REQUEST, Success(ANSWER), CONFIG, CONVENTIONS["1.28"])
    assert told["gen_ai.system"] == "az.ai.openai"
    assert told["gen_ai.openai.request.seed"] == 7
    assert "gen_ai.provider.name" not in told


def test_an_error_is_told_by_its_kind() -> None:
    told = otel_attributes(REQUEST, Failure(RateLimited(message="no")), CONFIG)
    assert told["error.type"] == "rate_limited"
    assert not [name for name in told if "response" in name or "usage" in name]


def test_what_a_broken_stream_had_used_is_told() -> None:
    broken = StreamInterrupted(message="cut", partial=ANSWER)
    told = otel_attributes(REQUEST, Failure(broken), CONFIG)
    assert (told["error.type"], told["gen_ai.usage.output_tokens"]) == ("stream_interrupted", 3)
    assert "gen_ai.response.finish_reasons" not in told


@pytest.mark.parametrize("version", CONVENTIONS)
def test_no_content_and_no_key_is_told(version: str) -> None:
    told = repr(otel_attributes(REQUEST, Success(ANSWER), CONFIG, CONVENTIONS[version]))
    assert "secret" not in told
    assert "pw" not in told


def test_a_span_is_called_after_its_operation_and_model() -> None:
    assert span_name(REQUEST) == "chat m"
    assert span_name(ChatRequest(messages="Hi"), LLMConfig(model="c")) == "chat c"


def test_names_are_those_of_the_package_that_publishes_them() -> None:
    schemas = pytest.importorskip("opentelemetry.semconv.schemas").Schemas
    if not hasattr(schemas, "V1_44_0"):
        pytest.skip("this opentelemetry-semantic-conventions is older than the conventions 1.44")
    package = pytest.importorskip("opentelemetry.semconv._incubating.attributes.gen_ai_attributes")
    published = {value for name, value in vars(package).items() if name.startswith("GEN_AI_")}
    ours = {name for name in CONVENTIONS["1.44"].names.values() if name.startswith("gen_ai.")}
    assert ours <= published
