"""Requests that services refuse, of public reports: each with the body that is taken, and with what is reported of it.

Numbers are those of the list of faults of 29 November 2026.
"""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, JsonFormat, LLMConfig, SchemaFormat, Tool
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.tokens import window_for
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.request import NamedToolChoice, NativeTool
from llm_pure.types.result import Failure

T = Tool(name="f")
SCHEMA = SchemaFormat(schema={"type": "object", "properties": {}}, strict=None)
ASK_JSON = "Answer with a JSON object and nothing else."
LLAMA, CLAUDE_45 = (
    "us.meta.llama3-3-70b-instruct-v1:0",
    "us.anthropic.claude-opus-4-5-20251101-v1:0",
)
ABSENT = object()


def build(provider: str, model: str, strict: bool = False, **fields: Any) -> Any:
    config = LLMConfig(
        api_type=provider,
        model=model,
        api_key="k" * 24,
        project="p",
        location="us-east1",
        base_url="https://e.test",
    )
    request = ChatRequest(**{"messages": "q", **fields})
    return registry.get(provider).unwrap().build_chat(config, request, strict=strict)


def at(body: Any, path: str) -> Any:
    for key in path.split("/"):
        if isinstance(body, list):
            body = body[int(key)] if int(key) < len(body) else ABSENT
        else:
            body = body.get(key, ABSENT) if isinstance(body, dict) else ABSENT
    return body


Row = tuple[str, str, dict[str, Any], dict[str, Any], list[tuple[str, str]]]
DEEP = {
    "text": {"verbosity": "low"},
    "reasoning": {"mode": "pro"},
    "include": ["file_search_call.results"],
}

ROWS: dict[str, Row] = {
    # what -> provider, model, request, path of the body -> its value, what is reported
    "07 stop of gpt-5-mini": ("openai", "gpt-5-mini", {"stop": ("END",)}, {"stop": ABSENT}, [("stop", "dropped")]),
    "07 stop of gpt-5.1 at effort low": ("azure", "gpt-5.1", {"stop": ("END",), "reasoning": "low"}, {"stop": ABSENT}, [("stop", "dropped")]),
    "07 stop of gpt-5.1 at no effort": ("openai", "gpt-5.1", {"stop": ("END",)}, {"stop": ABSENT}, [("stop", "dropped")]),
    "08 metadata without store": ("openai", "gpt-4o", {"metadata": {"team": "docs"}}, {"metadata": ABSENT}, [("metadata", "dropped")]),
    "08 at Azure": ("azure", "gpt-4o", {"metadata": {"team": "docs"}}, {"metadata": ABSENT}, [("metadata", "dropped")]),
    "08 metadata with store": ("openai", "gpt-4o", {"metadata": {"team": "docs"}, "store": True}, {"metadata/team": "docs", "store": True}, []),
    "08 metadata with store by extra": ("openai", "gpt-4o", {"metadata": {"team": "docs"}, "extra": {"store": True}}, {"metadata/team": "docs"}, []),
    "08 Responses": ("openai_responses", "gpt-4o", {"metadata": {"team": "docs"}}, {"metadata/team": "docs", "store": False}, []),
    "13 Gemini 2.5": ("gemini", "gemini-2.5-flash", {"tools": (T,), "response_format": JsonFormat()}, {"generationConfig": ABSENT, "systemInstruction/parts/0/text": ASK_JSON}, [("response_format", "changed")]),
    "13 Vertex": ("vertex", "gemini-2.0-flash", {"tools": (NativeTool("vertex", {"googleSearch": {}}),), "response_format": JsonFormat()}, {"generationConfig": ABSENT}, [("response_format", "changed")]),
    "13 Gemini 3": ("gemini", "gemini-3-flash-preview", {"tools": (T,), "response_format": JsonFormat()}, {"generationConfig/responseMimeType": "application/json"}, []),
    "13 Groq": ("groq", "openai/gpt-oss-120b", {"tools": (T,), "response_format": JsonFormat()}, {"response_format": ABSENT, "messages/0/content": ASK_JSON}, [("response_format", "changed")]),
    "13 Cohere": ("cohere", "command-a-03-2025", {"tools": (T,), "response_format": JsonFormat()}, {"response_format": ABSENT, "messages/0/content": ASK_JSON}, [("response_format", "changed")]),
    **{
        f"14 {provider}": (provider, model, {"response_format": JsonFormat()}, {"response_format/type": "json_object", "messages/0/content": ASK_JSON}, [("messages", "added")])
        for provider, model in (("openai", "gpt-4o"), ("azure", "gpt-4o"), ("deepseek", "deepseek-v4-pro"), ("dashscope_compatible", "qwen-plus"), ("groq", "qwen/qwen3.8-27b"), ("openrouter", "openai/gpt-4o"))
    },
    "14 dashscope": ("dashscope", "qwen-plus", {"response_format": JsonFormat()}, {"input/messages/0/content": ASK_JSON}, [("messages", "added")]),
    "14 Responses": ("openai_responses", "gpt-4o", {"response_format": JsonFormat()}, {"input/0/content": ASK_JSON, "text/format/type": "json_object"}, [("messages", "added")]),
    "14 the word is there": ("openai", "gpt-4o", {"messages": "As json.", "response_format": JsonFormat()}, {"messages/0/content": "As json."}, []),
    "14 by extra": ("openai", "gpt-4o", {"extra": {"response_format": {"type": "json_object"}}}, {"messages/0/content": ASK_JSON}, [("messages", "added")]),
    "16 Llama, required": ("bedrock", LLAMA, {"tools": (T,), "tool_choice": "required"}, {"toolConfig/toolChoice": {"auto": {}}}, [("tool_choice", "changed")]),
    "16 Llama, by name": ("bedrock", LLAMA, {"tools": (T,), "tool_choice": NamedToolChoice("f")}, {"toolConfig/toolChoice": {"auto": {}}}, [("tool_choice", "changed")]),
    "16 Mistral": ("bedrock", "mistral.mistral-large-2407-v1:0", {"tools": (T,), "tool_choice": "required"}, {"toolConfig/toolChoice": {"auto": {}}}, [("tool_choice", "changed")]),
    "16 Cohere": ("bedrock", "cohere.command-r-plus-v1:0", {"tools": (T,), "tool_choice": "required"}, {"toolConfig/toolChoice": {"auto": {}}}, [("tool_choice", "changed")]),
    "16 Nova": ("bedrock", "us.amazon.nova-pro-v1:0", {"tools": (T,), "tool_choice": "required"}, {"toolConfig/toolChoice": {"any": {}}}, []),
    "21 invoke": ("bedrock_invoke", CLAUDE_45, {"reasoning": "low", "max_tokens": 9000}, {"output_config/effort": "low", "anthropic_beta": ["effort-2025-11-24"]}, []),
    "21 converse": ("bedrock", CLAUDE_45, {"reasoning": "low", "max_tokens": 9000}, {"additionalModelRequestFields/output_config/effort": "low", "additionalModelRequestFields/anthropic_beta": ["effort-2025-11-24"]}, []),
    "21 Opus 4.6": ("bedrock_invoke", "us.anthropic.claude-opus-4-6-v1:0", {"reasoning": "low", "max_tokens": 9000}, {"output_config/effort": "low", "anthropic_beta": ABSENT}, []),
    "21 Anthropic's own API": ("anthropic", "claude-opus-4-5", {"reasoning": "low", "max_tokens": 9000}, {"output_config/effort": "low", "anthropic_beta": ABSENT}, []),
    "26 an open Qwen": ("dashscope", "qwen3-32b", {}, {"parameters/enable_thinking": False}, [("reasoning", "added")]),
    "26 compatible mode": ("dashscope_compatible", "qwen3-235b-a22b", {"reasoning": 900}, {"enable_thinking": False, "thinking_budget": ABSENT}, [("reasoning", "changed")]),
    "26 in a stream": ("dashscope", "qwen3-32b", {"stream": True}, {"parameters/enable_thinking": ABSENT}, []),
    "26 a model that is not open": ("dashscope", "qwen-plus", {}, {"parameters/enable_thinking": ABSENT}, []),
    "D4 JSON while an older Qwen thinks": ("dashscope_compatible", "qwen-plus", {"reasoning": ..., "response_format": JsonFormat()}, {"response_format": ABSENT, "enable_thinking": True}, [("response_format", "changed")]),
    "D4 JSON while qwen3.8 thinks": ("dashscope_compatible", "qwen3.8-max", {"messages": "JSON", "reasoning": ..., "response_format": JsonFormat()}, {"response_format/type": "json_object", "enable_thinking": True}, []),
    "Mistral, greedy": ("mistral", "mistral-large-latest", {"temperature": 0, "top_p": 0.5, "n": 2}, {"temperature": 0, "top_p": ABSENT, "n": ABSENT}, [("top_p", "dropped"), ("n", "dropped")]),
    "GLM, greedy": ("zai", "glm-4.7", {"temperature": 0, "top_p": 0.5}, {"do_sample": False, "top_p": ABSENT}, [("top_p", "dropped"), ("temperature", "renamed")]),
    "DashScope, choices beside tools": ("dashscope_compatible", "qwen-plus", {"n": 2, "tools": (T,)}, {"n": ABSENT}, [("n", "dropped")]),
    "surface 1 a tool at gpt-6.2-sol": ("openai", "gpt-6.2-sol", {"tools": (T,)}, {"reasoning_effort": ABSENT, "temperature": ABSENT, "tools/0/function/name": "f"}, []),
    "surface 1 no reasoning at gpt-6.2-sol": ("openai_responses", "gpt-6.2-sol", {"reasoning": "none"}, {"reasoning/effort": "low", "include": ["reasoning.encrypted_content"]}, [("reasoning", "changed")]),
    "surface 2 gpt-7": ("openai_responses", "gpt-7", {"temperature": 0.5}, {"temperature": ABSENT, "include": ["reasoning.encrypted_content"]}, [("temperature", "dropped")]),
    "surface 2 computer-use-preview": ("openai", "computer-use-preview", {}, {"temperature": ABSENT}, []),
    "surface 2 grok-5": ("xai", "grok-5", {"stop": ("x",)}, {"stop": ABSENT}, [("stop", "dropped")]),
    "the stop sequences of Grok": ("xai", "grok-3", {"stop": ("a", "b", "c", "d", "e")}, {"stop": ["a", "b", "c", "d"]}, [("stop", "clamped")]),
    "Grok's penalties": ("xai", "grok-4-fast-non-reasoning", {"presence_penalty": 3.0, "frequency_penalty": 1.0}, {"presence_penalty": 2, "frequency_penalty": 1.0}, [("presence_penalty", "clamped")]),
    "no penalty at a reasoning Grok": ("xai", "grok-4", {"presence_penalty": 1.0, "frequency_penalty": 1.0}, {"presence_penalty": ABSENT, "frequency_penalty": ABSENT}, [("presence_penalty", "dropped"), ("frequency_penalty", "dropped")]),
    "no presence_penalty at grok-3": ("xai", "grok-3", {"presence_penalty": 1.0, "frequency_penalty": 1.0}, {"presence_penalty": ABSENT, "frequency_penalty": 1.0}, [("presence_penalty", "dropped")]),
    "Grok's names": ("xai", "grok-4", {"user": "u1", "service_tier": "priority", "tools": (T,), "parallel_tool_calls": False}, {"user": "u1", "service_tier": "priority", "parallel_tool_calls": False}, []),
    "no schema at gpt-4": ("openai", "gpt-4", {"response_format": SCHEMA}, {"response_format": ABSENT}, [("response_format", "changed")]),
    "no schema at audio models": ("openai", "gpt-4o-audio-preview", {"response_format": SCHEMA}, {"response_format": ABSENT}, [("response_format", "changed")]),
    "a schema at gpt-4.5": ("openai", "gpt-4.5-preview", {"response_format": SCHEMA}, {"response_format/type": "json_schema"}, []),
    "Mistral's ranges": ("mistral", "mistral-large-latest", {"temperature": 2.0, "frequency_penalty": 3.0}, {"temperature": 1.5, "frequency_penalty": 2}, [("temperature", "clamped"), ("frequency_penalty", "clamped")]),
    "Perplexity's ranges": ("perplexity", "sonar", {"temperature": 2.0, "top_k": 9000}, {"temperature": 1.99, "top_k": 2048}, [("temperature", "clamped"), ("top_k", "clamped")]),
    "Perplexity's penalties": ("perplexity", "sonar", {"presence_penalty": 1.0, "frequency_penalty": 1.0}, {"presence_penalty": 1.0, "frequency_penalty": ABSENT}, [("frequency_penalty", "dropped")]),
    "one limit at Fireworks": ("fireworks", "some/model", {"max_tokens": 9, "extra": {"max_completion_tokens": 5}}, {"max_tokens": ABSENT, "max_completion_tokens": 5}, [("max_tokens", "dropped")]),
    "DashScope's logprobs": ("dashscope_compatible", "qwen-plus", {"logprobs": 20}, {"top_logprobs": 5}, [("logprobs", "clamped")]),
    "DashScope's own logprobs": ("dashscope", "qwen-plus", {"logprobs": 20}, {"parameters/top_logprobs": 5}, [("logprobs", "clamped")]),
    "Ollama's logprobs": ("ollama", "llama3.2", {"logprobs": 25}, {"top_logprobs": 20}, [("logprobs", "clamped")]),
    "Groq's temperature": ("groq", "llama-3.3-70b-versatile", {"temperature": 2.5}, {"temperature": 2}, [("temperature", "clamped")]),
    "Cerebras' ranges": ("cerebras", "llama3.1-8b", {"temperature": 2.5, "presence_penalty": -3.0, "logprobs": 25}, {"temperature": 2, "presence_penalty": -2, "top_logprobs": 20}, [(name, "clamped") for name in ("temperature", "presence_penalty", "logprobs")]),
    "Together's ranges": ("together", "some/model", {"frequency_penalty": 3.0, "logprobs": 25}, {"frequency_penalty": 2, "logprobs": 20}, [("frequency_penalty", "clamped"), ("logprobs", "clamped")]),
    "Fireworks' ranges": ("fireworks", "some/model", {"temperature": 2.5, "top_k": 500, "n": 200, "logprobs": 9, "repetition_penalty": 3.0}, {"temperature": 2, "top_k": 100, "n": 128, "top_logprobs": 5, "repetition_penalty": 2}, [(name, "clamped") for name in ("temperature", "n", "top_k", "repetition_penalty", "logprobs")]),
    "OpenRouter's ranges": ("openrouter", "some/model", {"temperature": 2.5, "presence_penalty": 3.0, "logprobs": 25, "stop": ("a", "b", "c", "d", "e")}, {"temperature": 2, "presence_penalty": 2, "top_logprobs": 20, "stop": ["a", "b", "c", "d"]}, [(name, "clamped") for name in ("temperature", "presence_penalty", "logprobs", "stop")]),
    "OpenRouter's metadata": ("openrouter", "some/model", {"metadata": {"k": "v" * 600}}, {"metadata/k": ABSENT}, [("metadata/k", "dropped")]),
    "an empty stop sequence": ("openai", "gpt-4o", {"stop": ("", "a")}, {"stop": ["a"]}, [("stop", "dropped")]),
    "no stop sequence": ("openai", "gpt-4o", {"stop": ()}, {"stop": ABSENT}, []),
    "none that is not empty": ("gemini", "gemini-2.5-flash", {"stop": ("", "")}, {"generationConfig/stopSequences": ABSENT}, [("stop", "dropped")]),
    "a stop sequence twice": ("cohere", "command-a-03-2025", {"stop": ("a", "a")}, {"stop_sequences": ["a"]}, [("stop", "rewritten")]),
    "surface 4 a verbosity beside a schema": ("openai_responses", "gpt-5.5", {"response_format": SCHEMA, "reasoning": "high", "extra": DEEP}, {"text/verbosity": "low", "text/format/type": "json_schema", "reasoning/effort": "high", "reasoning/mode": "pro", "include": ["reasoning.encrypted_content", "file_search_call.results"]}, []),
    "surface 4 a task budget": ("anthropic", "claude-opus-4-6", {"max_tokens": 9000, "reasoning": "high", "extra": {"output_config": {"task_budget": 1}, "thinking": {"block_binding": "x"}}}, {"output_config/effort": "high", "output_config/task_budget": 1, "thinking/type": "adaptive", "thinking/block_binding": "x"}, []),
    "surface 4 stream options": ("openai", "gpt-4o", {"stream": True, "extra": {"stream_options": {"include_obfuscation": False}}}, {"stream_options/include_usage": True, "stream_options/include_obfuscation": False}, []),
    "surface 4 a value in place of another": ("openai_responses", "gpt-5.5", {"verbosity": "high", "extra": DEEP}, {"text/verbosity": "low"}, [("extra/text/verbosity", "changed")]),
    "surface 13 max on Responses": ("openai_responses", "gpt-5.6-sol", {"reasoning": "max"}, {"reasoning/effort": "max"}, []),
    "surface 13 max on chat completions": ("openai", "gpt-5.6-sol", {"reasoning": "max"}, {"reasoning_effort": "xhigh"}, [("reasoning", "changed")]),
    "surface 13 gpt-5-pro": ("openai_responses", "gpt-5-pro", {"reasoning": "low"}, {"reasoning/effort": "high"}, [("reasoning", "changed")]),
    "surface 13 qwen3.8 at Groq": ("groq", "qwen/qwen3.8-27b", {"reasoning": "high"}, {"reasoning_effort": "high"}, []),
    "surface 14 betas": ("anthropic", "claude-opus-4-8", {"max_tokens": 9, "extra": {"betas": ["a-1", "b-2"], "mcp_servers": []}}, {"betas": ABSENT, "mcp_servers": []}, []),
    "surface 14 betas on invoke": ("bedrock_invoke", CLAUDE_45, {"max_tokens": 9, "extra": {"betas": ["a-1"]}}, {"anthropic_beta": ["a-1"], "betas": ABSENT}, []),
    "surface 14 betas on converse": ("bedrock", CLAUDE_45, {"max_tokens": 9, "extra": {"betas": ["a-1"]}}, {"additionalModelRequestFields": {"anthropic_beta": ["a-1"]}, "betas": ABSENT}, []),
    "surface 15 a tool that OpenAI runs": ("openai_responses", "gpt-5.5", {"tools": (NativeTool("openai_responses", {"type": "web_search"}),), "tool_choice": NamedToolChoice("web_search")}, {"tool_choice": {"type": "web_search"}}, []),
    "surface 19 Gemini 4": ("gemini", "gemini-4-argon", {}, {"generationConfig": ABSENT}, []),
    "an unknown Nova": ("bedrock", "us.amazon.nova-3-lite-v1:0", {"reasoning": "low"}, {"additionalModelRequestFields/reasoningConfig/maxReasoningEffort": "low"}, []),
    "an unknown GLM": ("zai", "glm-6", {"reasoning": "max"}, {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}, []),
    "an unknown GLM on Bedrock": ("bedrock", "zai.glm-6", {"reasoning": "none"}, {"additionalModelRequestFields/reasoning_effort": "low"}, [("reasoning", "changed")]),
    "an unknown Kimi": ("moonshot", "kimi-k4", {"reasoning": "medium", "temperature": 0.5}, {"reasoning_effort": "low", "temperature": ABSENT}, [("reasoning", "changed"), ("temperature", "dropped")]),
    "an unknown Gemini": ("gemini", "gemini-5-pro", {"reasoning": "minimal"}, {"generationConfig/thinkingConfig/thinkingLevel": "LOW"}, [("reasoning", "changed")]),
    "an unknown Claude": ("anthropic", "claude-opus-7", {"max_tokens": 9, "tools": (T,), "tool_choice": "required", "temperature": 0.5}, {"tool_choice": {"type": "auto"}, "temperature": ABSENT}, [("temperature", "dropped"), ("tool_choice", "changed")]),
    "an unknown GPT on Bedrock": ("bedrock", "openai.gpt-7", {"reasoning": "none"}, {"additionalModelRequestFields/reasoning/effort": "low"}, [("reasoning", "changed")]),
    "a limit that Anthropic requires": ("anthropic", "claude-haiku-4-5", {}, {"max_tokens": 64_000, "temperature": ABSENT}, [("max_tokens", "added")]),
    "a limit on Bedrock": ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {}, {"inferenceConfig": {"maxTokens": 64_000}}, [("max_tokens", "added")]),
    "a limit on Vertex": ("vertex_anthropic", "claude-opus-4-8", {}, {"max_tokens": 128_000}, [("max_tokens", "added")]),
    "nothing is sent that nobody set": ("openai", "gpt-4o", {}, {"max_completion_tokens": ABSENT, "temperature": ABSENT, "store": ABSENT}, []),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_request_of_a_report_gets_a_body_that_the_service_takes(row: Row) -> None:
    provider, model, fields, paths, reported = row
    if fields.get("reasoning") is ...:
        fields = {**fields, "reasoning": True}
    built: Built = build(provider, model, **fields).unwrap()
    body = json.loads(built.request.body)
    assert {path: at(body, path) for path in paths} == paths
    assert [
        (change.field, change.action) for change in built.adaptations if change.action != "renamed"
    ] == [change for change in reported if change[1] != "renamed"]
    lossy = any(not change.lossless for change in built.adaptations)
    assert isinstance(build(provider, model, strict=True, **fields), Failure) == lossy


def test_betas_of_the_request_join_those_of_the_configuration_in_the_header() -> None:
    config = LLMConfig(
        api_type="anthropic", model="claude-opus-4-8", headers=(("Anthropic-Beta", "a-1, b-2"),)
    )
    request = ChatRequest(messages="q", max_tokens=9, extra={"betas": ["b-2", "c-3"]})
    built = registry.get("anthropic").unwrap().build_chat(config, request).unwrap()
    assert dict(built.request.headers)["anthropic-beta"] == "a-1,b-2,c-3"


@pytest.mark.parametrize("model", ["qwq-plus", "qwen3-32b-thinking", "qwen3-30b-a3b-thinking-2507"])
def test_a_model_that_only_streams_is_not_called_without_a_stream(model: str) -> None:
    result = build("dashscope", model)
    if model != "qwen3-32b-thinking":
        assert isinstance(result.failure(), UnsupportedFeature)
        assert result.failure().feature == "stream"
    assert build("dashscope", model, stream=True).unwrap()


def test_cached_content_stands_alone() -> None:
    error = build("gemini", "gemini-3-pro", cached_content="cachedContents/a", tools=(T,)).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "cached_content"


@pytest.mark.parametrize(
    "model",
    ["claude-opus-4-5", "claude-haiku-5-5", "claude-opus-4-1", "claude-3-7-sonnet", "claude-3-5-haiku", "claude-3-haiku"],
)  # fmt: skip
def test_the_limit_of_a_claude_model_is_that_of_the_table_of_windows(model: str) -> None:
    window = window_for(model)
    assert window is not None
    built = build("anthropic", model).unwrap()
    assert json.loads(built.request.body)["max_tokens"] == window.output


def test_a_models_own_temperature_gives_no_way_to_a_files_default() -> None:
    config = LLMConfig(
        api_type="gemini", model="gemini-4-argon", temperature=0.0, default_fields=("temperature",)
    )
    provider = registry.get("gemini").unwrap()
    body = json.loads(provider.build_chat(config, ChatRequest(messages="q")).unwrap().request.body)
    assert "generationConfig" not in body
    own = msgspec.structs.replace(config, default_fields=())
    body = json.loads(provider.build_chat(own, ChatRequest(messages="q")).unwrap().request.body)
    assert body["generationConfig"] == {"temperature": 0.0}


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"stream": True}, "stream"),
        ({"reasoning": "high"}, "a thinking budget"),
        ({"reasoning": 2000}, "a thinking budget"),
        ({"response_format": SCHEMA}, "response_format"),
        ({"tools": (T,), "tool_choice": "required"}, "a forced tool_choice"),
        ({"tools": (T,), "tool_choice": NamedToolChoice("f")}, "a forced tool_choice"),
    ],
)
def test_filling_claudes_cache_stands_alone(fields: dict[str, Any], what: str) -> None:
    error = build("anthropic", "claude-sonnet-4-5", max_tokens=0, **fields).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "max_tokens"
    assert error.message.endswith(what)


@pytest.mark.parametrize(
    "fields", [{}, {"tools": (T,), "tool_choice": "auto"}, {"reasoning": "none"}]
)
def test_claudes_cache_is_filled_without_an_answer(fields: dict[str, Any]) -> None:
    built: Built = build("anthropic", "claude-sonnet-4-5", max_tokens=0, **fields).unwrap()
    assert json.loads(built.request.body)["max_tokens"] == 0
