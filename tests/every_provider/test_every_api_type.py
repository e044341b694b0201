"""Every api_type of the mission and the services beside them: built, authorized, answered, refused, streamed and cut."""

from datetime import UTC, datetime
from functools import partial

import msgspec
import pytest

from llm_pure import (
    ChatRequest,
    EmbedRequest,
    HttpResponse,
    JsonFormat,
    ReasoningRequest,
    ResponseHead,
    Tool,
    system,
    user,
)
from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.result import Success
from tests.support.cassettes import Recorded, config_for, recorded
from tests.support.rows import check_each

MISSION = [
    "openai",
    "anthropic",
    "claude",
    "gemini",
    "azure",
    "bedrock",
    "qianfan",
    "dashscope",
    "ark",
    "zhipuai",
    "spark",
    "moonshot",
    "yi",
    "deepseek",
    "ollama",
    "ollama.generate",
    "ollama.embeddings",
    "ollama.embed",
    "open_llm",
    "fireworks",
    "mistral",
    "open_router",
    "openrouter",
    "openrouter_reasoning",
    "siliconflow",
    "llama_api",
    "metagpt",
]
BESIDE = [
    "vertex",
    "cohere",
    "groq",
    "xai",
    "together",
    "perplexity",
    "cerebras",
    "nvidia",
    "huggingface",
    "github",
]
EMBED_ONLY = ("ollama.embeddings", "ollama.embed")
CHATS = [name for name in (*MISSION, *BESIDE) if name not in EMBED_ONLY]
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
JSON = (("content-type", "application/json"),)

PLAIN = ChatRequest(messages="hi")
EVERYTHING = ChatRequest(
    messages=(system("Be brief."), user("How warm is it?", name="ann")),
    tools=(Tool(name="get_weather", description="The weather."),),
    tool_choice="auto",
    parallel_tool_calls=False,
    response_format=JsonFormat(),
    max_tokens=64,
    temperature=0.5,
    top_p=0.9,
    top_k=5,
    stop=("END",),
    seed=7,
    presence_penalty=0.1,
    frequency_penalty=0.1,
    n=1,
    logprobs=True,
    reasoning=ReasoningRequest(effort="low"),
    stream=True,
    metadata={"run": "1"},
    extra={"x_own_field": 1},
)

KINDS = {
    400: "invalid_request",
    401: "authentication",
    404: "not_found",
    429: "rate_limited",
    500: "server_error",
    529: "overloaded",
}


def provider_of(name: str) -> Provider:
    return registry.get(name).unwrap()


def recorded_of(name: str) -> list[Recorded]:
    """Good answers to chat; an alias has those of its provider."""
    mine = provider_of(name).name
    return [
        one
        for one in recorded()
        if one.provider.name == mine
        and one.operation == "chat"
        and ".200." in one.file  # Qianfan v1 refuses with a status of 200
    ]


def test_the_mission_has_27_api_types_and_ten_services_stand_beside_them() -> None:
    assert (len(MISSION), len(BESIDE)) == (27, 10)
    assert set(MISSION) | set(BESIDE) <= set(registry.names())


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize("request_", [PLAIN, EVERYTHING], ids=["plain", "everything"])
def test_a_request_is_built_and_authorized(name: str, request_: ChatRequest) -> None:
    provider = provider_of(name)
    asked = request_
    if name == "ollama.generate":  # one prompt, and no tools with it
        asked = msgspec.structs.replace(asked, tools=(), tool_choice=None)
    built = provider.build_chat(config_for(name), asked).unwrap()

    signed = provider.authorize(config_for(name), built.request, NOW).unwrap()

    assert signed.body == built.request.body
    assert (b"x_own_field" in signed.body) == (request_ is EVERYTHING)
    lost = [one.field for one in built.adaptations if not one.lossless]
    strict = provider.build_chat(config_for(name), asked, strict=True)
    assert isinstance(strict, Success) == (not lost)


@pytest.mark.parametrize("name", EMBED_ONLY)
def test_a_provider_that_only_embeds_says_so_and_embeds(name: str) -> None:
    provider = provider_of(name)

    assert isinstance(provider.build_chat(config_for(name), PLAIN).failure(), UnsupportedFeature)
    assert provider.embed is not None
    assert provider.embed.build(config_for(name), EmbedRequest(input="hi")).unwrap().request.body


@pytest.mark.parametrize("name", CHATS)
def test_a_refusal_says_what_to_do_whole_and_in_place_of_a_stream(name: str) -> None:
    check_each(partial(_is_a_refusal, name), KINDS)


def _is_a_refusal(name: str, status: int) -> None:
    provider = provider_of(name)
    body = b'{"error":{"message":"no","type":"some_error"},"message":"no"}'

    whole = provider.parse_chat(HttpResponse(status, JSON, body)).failure()
    _, streamed = read_pieces(provider.open_stream(ResponseHead(status, JSON)), [body])

    assert (whole.kind, whole.status) == (KINDS[status], status)
    assert streamed is not None
    assert (streamed.kind, streamed.status) == (KINDS[status], status)


@pytest.mark.parametrize("name", CHATS)
def test_a_recorded_answer_is_read_whole_and_streamed_and_a_cut_one_is_a_failure(name: str) -> None:
    answers = recorded_of(name)
    wholes = [one for one in answers if not one.streamed]
    streams = [one for one in answers if one.streamed]
    assert wholes
    assert streams
    for one in wholes:
        assert one.provider.parse_chat(one.interaction.response).unwrap().message.parts
    for one in streams:
        response = one.interaction.response
        decoder = one.provider.open_stream(response.head)
        assert read_pieces(decoder, [response.body])[1] is None
        assert decoder.partial().message.parts
        half = response.body[: len(response.body) // 2]
        _, cut = read_pieces(one.provider.open_stream(response.head), [half])
        assert cut is not None
        assert cut.kind == "stream_interrupted"
