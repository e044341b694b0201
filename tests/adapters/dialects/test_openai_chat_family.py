"""Every service that speaks chat completions: what it is, and the same requests and answers for all of them."""

import itertools
import json
import re
from datetime import UTC, datetime
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    Completion,
    ProviderMetadata,
    Reasoning,
    ToolCall,
    Usage,
    assistant,
    describe,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.chat.message_input import parse_messages
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, UnsupportedFeature
from llm_pure.types.http import get_header
from llm_pure.types.messages import Document, Refusal
from llm_pure.types.request import SchemaFormat
from llm_pure.types.result import Success
from tests.support.chat_requests import CLOCK, PDF, REQUESTS, SCHEMA, WEATHER, chat_requests
from tests.support.configs import file_config
from tests.support.family import JsonObject, Service
from tests.support.laws import examples
from tests.support.openai_chat_bodies import DONE, USAGE, answer, call, chunk, data, stream
from tests.support.rows import check_each

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = "canary-9f8e7d6c5b4a39281706"

ADDRESSES = {
    "ark": "https://ark.cn-beijing.volces.com/api/v3",
    "cerebras": "https://api.cerebras.ai/v1",
    "deepseek": "https://api.deepseek.com",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "github": "https://models.github.ai/inference",
    "groq": "https://api.groq.com/openai/v1",
    "huggingface": "https://router.huggingface.co/v1",
    "metagpt": "",
    "mistral": "https://api.mistral.ai/v1",
    "moonshot": "https://api.moonshot.ai/v1",
    "nvidia": "https://integrate.api.nvidia.com/v1",
    "open_llm": "http://localhost:8000/v1",
    "open_llm_raw": "http://localhost:8000/v1",
    "open_router": "https://openrouter.ai/api/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "openrouter_reasoning": "https://openrouter.ai/api/v1",
    "perplexity": "https://api.perplexity.ai",
    "siliconflow": "https://api.siliconflow.cn/v1",
    "together": "https://api.together.xyz/v1",
    "xai": "https://api.x.ai/v1",
    "yi": "https://api.lingyiwanwu.com/v1",
    "zai": "https://api.z.ai/api/paas/v4",
    "zhipuai": "https://open.bigmodel.cn/api/paas/v4",
}
KEYS = {
    "ark": ("ARK_API_KEY",),
    "cerebras": ("CEREBRAS_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "github": ("GITHUB_TOKEN", "GITHUB_API_KEY"),
    "groq": ("GROQ_API_KEY",),
    "huggingface": ("HF_TOKEN",),
    "metagpt": (),
    "mistral": ("MISTRAL_API_KEY",),
    "moonshot": ("MOONSHOT_API_KEY", "MOONSHOTAI_API_KEY", "KIMI_API_KEY"),
    "nvidia": ("NVIDIA_API_KEY",),
    "open_llm": ("OPEN_LLM_API_KEY",),
    "open_llm_raw": ("OPEN_LLM_API_KEY",),
    "open_router": ("OPENROUTER_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
    "openrouter_reasoning": ("OPENROUTER_API_KEY",),
    "perplexity": ("PERPLEXITY_API_KEY",),
    "siliconflow": ("SILICONFLOW_API_KEY", "SILICONFLOW_CN_API_KEY"),
    "together": ("TOGETHER_API_KEY",),
    "xai": ("XAI_API_KEY",),
    "yi": ("YI_API_KEY",),
    "zai": ("ZAI_API_KEY",),
    "zhipuai": ("ZHIPUAI_API_KEY", "ZHIPU_API_KEY"),
}
FAMILY = tuple(ADDRESSES)

LONG_LIMIT = ("cerebras", "groq", "openai", "xai")
"""Those that call it max_completion_tokens."""

REPORT_USAGE_UNASKED = ("cerebras", "deepseek", "groq", "mistral", "perplexity", "yi")
"""Streams that carry usage without being asked, or are not known to take the question."""

END_WITH_DONE = (
    "deepseek", "groq", "mistral", "open_router", "openai", "openrouter", "openrouter_reasoning", "zai",
    "zhipuai",
)  # fmt: skip
"""Whose streams were seen to end with [DONE], every one of them."""

KNOW_REFUSALS = (
    "github", "metagpt", "open_llm", "open_llm_raw", "open_router", "openai", "openrouter", "openrouter_reasoning",
)  # fmt: skip
"""Whose messages have a key `refusal`."""

SOME_MODELS = (
    "deepseek-v4-pro", "kimi-k2.6", "kimi-k3", "glm-4.7", "glm-5.3", "zai-glm-4.7", "gpt-oss-120b", "qwen3-32b",
    "magistral-small", "mistral-small", "grok-4", "grok-4.3", "sonar", "sonar-reasoning", "gpt-5", "some-model",
)  # fmt: skip

EVERYTHING = msgspec.structs.replace(
    REQUESTS["every sampling setting"],
    messages=(
        system("Be brief."),
        user("How is the weather?", name="ann"),
        assistant(
            Reasoning("Hm.", None, ProviderMetadata("somebody-else")),
            ToolCall("call_1", "weather", "{}"),
        ),
        tool_result("call_1", "21 °C", name="weather"),
        user("And now?"),
    ),
    tools=(WEATHER, CLOCK),
    tool_choice="required",
    parallel_tool_calls=False,
    response_format=SchemaFormat(schema=SCHEMA, name="place"),
    reasoning="medium",
    stream=True,
)
ASKED: dict[str, tuple[str, ...]] = {
    "max_tokens": ("max_tokens", "max_completion_tokens"),
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "stop": ("stop",),
    "seed": ("seed", "random_seed"),
    "presence_penalty": ("presence_penalty",),
    "frequency_penalty": ("frequency_penalty",),
    "repetition_penalty": ("repetition_penalty",),
    "n": ("n",),
    "logprobs": ("logprobs",),
    "metadata": ("metadata",),
    "tools": ("tools",),
    "tool_choice": ("tool_choice",),
    "parallel_tool_calls": ("parallel_tool_calls",),
    "response_format": ("response_format",),
    "reasoning": (
        "reasoning_effort", "thinking", "enable_thinking", "reasoning", "chat_template_kwargs", "prompt_mode",
    ),
}  # fmt: skip
"""What EVERYTHING asks for -> the names under which it may be sent."""


def service(name: str) -> Service:
    return Service(name, base_url=None if ADDRESSES[name] else "https://gateway.test/v1")


def of(name: str) -> str:
    """The provider's own name: open_router is another name of openrouter."""
    return "openrouter" if name == "open_router" else name


def test_each_of_them_speaks_chat_completions() -> None:
    speakers = {
        name
        for name in registry.names()
        if registry.get(name).unwrap().dialect == "openai_chat" and not name.startswith("azure")
    }
    assert set(FAMILY) <= speakers
    assert set(FAMILY) == set(KEYS)


@pytest.mark.parametrize("name", FAMILY)
def test_it_is_what_it_says(name: str) -> None:
    provider = registry.get(name).unwrap()
    assert (provider.name, provider.dialect) == (of(name), "openai_chat")
    assert (provider.base_url, provider.api_key_env) == (ADDRESSES[name], KEYS[name])
    assert "read 2026-11-20" in provider.source


@pytest.mark.parametrize("name", FAMILY)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
def test_a_plain_request(name: str, streamed: bool) -> None:
    wanted: JsonObject = {
        "model": "some-model",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 4096,
        "temperature": 0.0,
    }
    if name in LONG_LIMIT:
        wanted["max_completion_tokens"] = wanted.pop("max_tokens")
    if name in ("zai", "zhipuai"):
        del wanted["temperature"]
        wanted["do_sample"] = False
    if name == "openrouter_reasoning":
        wanted["reasoning"] = {"enabled": True}
    if streamed:
        wanted["stream"] = True
        if name not in REPORT_USAGE_UNASKED:
            wanted["stream_options"] = {"include_usage": True}

    one = service(name)
    built = one.built(ChatRequest(messages="hi", stream=streamed))

    assert json.loads(built.request.body) == wanted
    assert built.adaptations == ()
    base = ADDRESSES[name] or "https://gateway.test/v1"
    assert (built.request.method, built.request.url) == ("POST", f"{base}/chat/completions")
    assert built.request.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream" if streamed else "application/json"),
    )


@pytest.mark.parametrize("name", FAMILY)
def test_everything_that_is_asked_is_sent_or_reported(name: str) -> None:
    one = service(name)
    body, told = one.body(EVERYTHING), {field for field, _ in one.adaptations(EVERYTHING)}
    unheard = [
        field
        for field, names in ASKED.items()
        if field not in told and not any(key in body for key in names)
    ]
    assert unheard == (["tool_choice", "parallel_tool_calls"] if "tools" in told else [])
    assert ("messages/2/parts/0", "dropped") in one.adaptations(EVERYTHING)
    assert b"Hm." not in one.built(EVERYTHING).request.body


@pytest.mark.parametrize("name", FAMILY)
def test_a_refusal_has_its_key_or_is_said_as_text(name: str) -> None:
    request = ChatRequest(messages=(user("?"), assistant(Refusal("No.")), user("please")))
    one = service(name)
    said = one.body(request)["messages"][1]
    if name in KNOW_REFUSALS:
        assert said == {"role": "assistant", "content": None, "refusal": "No."}
    else:
        assert said == {"role": "assistant", "content": "No."}
        assert one.adaptations(request) == [("messages/1/parts/0", "changed")]


@pytest.mark.parametrize("name", ["cerebras", "groq", "together"])
def test_a_file_that_has_no_form_is_a_failure_that_names_it(name: str) -> None:
    request = ChatRequest(messages=[user("Read", Document(data=PDF))])
    error = Service(name).provider.build_chat(Service(name).config, request).failure()
    assert isinstance(error, UnsupportedFeature)
    assert error.message == f"messages/0/parts/1: {name} does not support documents"


@pytest.mark.parametrize("name", FAMILY)
def test_a_strict_build_fails_where_something_would_be_lost(name: str) -> None:
    one = service(name)
    error = one.provider.build_chat(one.config, EVERYTHING, strict=True).failure()
    assert isinstance(error, UnsupportedFeature)
    plain = one.provider.build_chat(one.config, ChatRequest(messages="hi"), strict=True)
    assert plain.unwrap() == one.built("hi")


@pytest.mark.parametrize("name", FAMILY)
def test_the_key_is_a_bearer_and_only_there(name: str) -> None:
    provider = registry.get(name).unwrap()
    config = file_config(api_type=name, model="m", base_url="https://gateway.test/v1", api_key=KEY)
    request = provider.build_chat(config, ChatRequest(messages="hi")).unwrap().request
    assert KEY not in f"{request.url} {request.headers} {request.body!r}"
    signed = provider.authorize(config, request, NOW).unwrap()
    assert get_header(signed.headers, "authorization") == f"Bearer {KEY}"
    assert (signed.url, signed.body) == (request.url, request.body)


@pytest.mark.parametrize("name", [name for name in FAMILY if not name.startswith("open_llm")])
def test_a_missing_key_is_said_with_the_variable_to_set(name: str) -> None:
    one = service(name)
    request = one.built("hi").request
    error = one.provider.authorize(file_config(api_type=name), request, NOW).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "api_key"
    assert all(variable in error.message for variable in KEYS[name])


ANSWER = answer(
    {
        "content": "Let me see.",
        "tool_calls": [call("weather", '{"city": "Oslo"}'), call("clock", "", "call_2")],
    },
    "tool_calls",
)


def said(name: str) -> Completion:
    return Completion(
        id="chatcmpl-1",
        model="gpt-x-2026-01-01",
        provider=of(name),
        message=assistant(
            "Let me see.",
            ToolCall("call_1", "weather", '{"city": "Oslo"}'),
            ToolCall("call_2", "clock", "{}"),
        ),
        finish_reason="tool_calls",
        raw_finish_reason="tool_calls",
        usage=Usage(20, 9, 8, None, 5, raw=USAGE),
        extra={"created": 1790000000},
    )


STREAM = (
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "Let me "}),
    chunk({"content": "see."}),
    chunk(
        {
            "tool_calls": [
                {"index": 0, "id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ""}}
            ]
        }
    ),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]}),
    chunk(
        {
            "tool_calls": [
                {"index": 1, "id": "call_2", "type": "function", "function": {"name": "clock", "arguments": ""}}
            ]
        }
    ),
    chunk({}, "tool_calls"),
    chunk(choices=[], usage=USAGE),
)  # fmt: skip


@pytest.mark.parametrize("name", FAMILY)
def test_an_answer_and_its_stream_are_read_alike(name: str) -> None:
    one = service(name)
    assert one.reads(ANSWER) == said(name)
    assert one.streams(stream(*STREAM)) == (said(name), None)


@pytest.mark.parametrize("name", FAMILY)
def test_a_stream_that_is_cut_keeps_what_came(name: str) -> None:
    partial, error = service(name).streams(stream(*STREAM[:3], done=False))
    assert error is not None
    assert error.kind == "stream_interrupted"
    assert error.partial == partial
    assert partial.text == "Let me see."


@pytest.mark.parametrize("name", FAMILY)
def test_a_stream_without_done_is_cut_where_done_always_comes(name: str) -> None:
    partial, error = service(name).streams(stream(*STREAM, done=False))
    assert partial == said(name)
    assert (error.kind if error else None) == (
        "stream_interrupted" if name in END_WITH_DONE else None
    )


@pytest.mark.parametrize("name", FAMILY)
def test_an_error_in_mid_stream_keeps_what_came(name: str) -> None:
    told = data({"error": {"message": "no capacity", "type": "overloaded_error", "code": None}})
    partial, error = service(name).streams(stream(*STREAM[:3], done=False) + told + DONE)
    assert error is not None
    assert (error.kind, error.provider, error.message) == ("overloaded", of(name), "no capacity")
    assert error.partial == partial
    assert partial.text == "Let me see."


ERRORS_BY_STATUS = (
    (400, "invalid_request", False),
    (401, "authentication", False),
    (404, "not_found", False),
    (429, "rate_limited", True),
    (500, "server_error", True),
    (529, "overloaded", True),
)
"""Status, kind, whether it is retryable."""

ERROR_SHAPES: tuple[Any, ...] = (
    {"error": {"message": "no", "type": "some_error", "param": None, "code": None}},
    {"error": "no"},
    {"message": "no", "type": "some_error", "param": None, "code": None},
    {"object": "error", "message": "no", "type": "some_error", "code": None},
    {"code": 1, "message": "no", "data": None},
    {"detail": "no"},
)


@pytest.mark.parametrize("name", FAMILY)
def test_an_error_is_read_by_its_status(name: str) -> None:
    def check(row: tuple[tuple[int, str, bool], Any]) -> None:
        (status, kind, retryable), shape = row
        error = service(name).fails(shape, status)
        assert (error.kind, error.provider, error.status) == (kind, of(name), status)
        assert (error.message, error.retryable) == ("no", retryable)
        assert describe(error)

    check_each(check, product(ERRORS_BY_STATUS, ERROR_SHAPES))


@pytest.mark.parametrize("name", FAMILY)
def test_a_body_that_is_no_json_is_an_error_by_its_status(name: str) -> None:
    assert service(name).fails(b"<html>Bad gateway</html>", 502).kind == "server_error"
    assert service(name).fails(b"<html>Welcome</html>", 200).kind == "protocol"


@examples(200)
@given(st.sampled_from(FAMILY), st.sampled_from(SOME_MODELS), chat_requests())
def test_any_request_is_built_the_same_way_twice_or_refused_as_a_value(
    name: str, model: str, request_: ChatRequest
) -> None:
    one = service(name)
    config = msgspec.structs.replace(one.config, model=model)
    built = one.provider.build_chat(config, request_)
    assert built == one.provider.build_chat(config, request_)
    if isinstance(built, Success):
        body = json.loads(built.unwrap().request.body)
        assert [turn["role"] for turn in body["messages"]]
        assert ("tools" in body) or ("tool_choice" not in body)
    else:
        assert isinstance(built.failure(), UnsupportedFeature | InvalidRequest)


@examples(100)
@given(chat_requests())
def test_mistral_gets_short_ids_and_no_user_straight_after_a_tool(request_: ChatRequest) -> None:
    one = Service("mistral")
    turns = one.body(request_)["messages"]
    ids = [turn["tool_call_id"] for turn in turns if turn["role"] == "tool"]
    ids += [made["id"] for turn in turns for made in turn.get("tool_calls", ())]
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", made) for made in ids)
    roles = [turn["role"] for turn in turns]
    assert ("tool", "user") not in set(itertools.pairwise(roles))


@examples(100)
@given(chat_requests())
def test_at_perplexity_nobody_speaks_twice_in_a_row(request_: ChatRequest) -> None:
    turns = parse_messages(request_.messages).unwrap()
    asked = msgspec.structs.replace(request_, messages=[*turns, user("And?")])
    roles = [turn["role"] for turn in Service("perplexity").body(asked)["messages"]]
    assert all(one != other or one == "tool" for one, other in itertools.pairwise(roles))
