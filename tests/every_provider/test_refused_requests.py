"""Requests that services refuse, of public reports of November 2026: each with what is sent in its place, and what is reported of it.

The rules are data in the quirks and profiles of the providers, with their sources.
"""

import base64
import json
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from llm_pure import (
    Document,
    Image,
    Message,
    NativeTool,
    ProviderMetadata,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import CacheMark
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.request import AllowedTools, JsonFormat, NamedToolChoice, SchemaFormat
from llm_pure.types.result import Failure
from tests.every_provider.test_field_rules import ABSENT, at, build
from tests.support.cassettes import config_for
from tests.support.png import tiny_png

T = Tool(name="f")
SEARCH: dict[str, Any] = {"googleSearch": {}}
WEB = NativeTool("openai_responses", {"type": "web_search"})
SCHEMA = SchemaFormat(schema={"type": "object", "properties": {"a": {"type": "string"}}})
CLAUDE_45 = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
HOUR, SHORT = CacheMark("1h"), CacheMark()
CITED = [
    {"type": "text", "text": "q"},
    {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
        "citations": {"enabled": True},
    },
]
THOUGHT = Reasoning("hm", None, ProviderMetadata("mistral"))
BITMAP = b"BM" + bytes(12) + b"\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0" + bytes(40)
ZIPPED = b"PK\x03\x04" + bytes(40)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

HASH_OF_ANN = sha256(b"ann@example.com").hexdigest()
MANY = tuple([Tool(name=f"tool_{number}") for number in range(129)])

Row = tuple[str, str, dict[str, Any], dict[str, Any], list[tuple[str, str]]]

ROWS: dict[str, Row] = {
    # what -> provider, model, request, path of the body -> its value, what is reported
    "an unknown tool is chosen, chat": (
        "openai", "gpt-4o", {"tools": (T,), "tool_choice": NamedToolChoice("g")},
        {"tool_choice": ABSENT}, [("tool_choice", "dropped")],
    ),
    "an unknown tool is chosen, Claude": (
        "anthropic", "claude-opus-4-8", {"tools": (T,), "tool_choice": NamedToolChoice("g")},
        {"tool_choice": ABSENT}, [("tool_choice", "dropped")],
    ),
    "an unknown tool is chosen, Gemini": (
        "gemini", "gemini-3-pro", {"tools": (T,), "tool_choice": NamedToolChoice("g")},
        {"toolConfig": ABSENT}, [("tool_choice", "dropped")],
    ),
    "some allowed tools are unknown": (
        "openai_responses", "gpt-5.2", {"tools": (T,), "tool_choice": AllowedTools(("f", "g"))},
        {"tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]}},
        [("tool_choice/names", "dropped")],
    ),
    "all allowed tools are unknown": (
        "openai", "gpt-4o", {"tools": (T,), "tool_choice": AllowedTools(("g",))},
        {"tool_choice": ABSENT}, [("tool_choice/names", "dropped")],
    ),
    "stop sequences, OpenAI": (
        "openai", "gpt-4o", {"stop": tuple("abcdef")}, {"stop": list("abcd")}, [("stop", "clamped")],
    ),
    "stop sequences, Cohere": (
        "cohere", "command-a-03-2025", {"stop": tuple("abcdef")}, {"stop_sequences": list("abcde")}, [("stop", "clamped")],
    ),
    "alternatives of a token": (
        "openai", "gpt-4o", {"logprobs": 50}, {"logprobs": True, "top_logprobs": 20}, [("logprobs", "clamped")],
    ),
    "metadata that is too long": (
        "openai", "gpt-4o", {"store": True, "metadata": {"k" * 65: "v", "a": "v" * 513, "b": "c"}},
        {"metadata": {"b": "c"}}, [(f"metadata/{'k' * 65}", "dropped"), ("metadata/a", "dropped")],
    ),
    "too much metadata": (
        "openai_responses", "gpt-5.2", {"metadata": {f"k{number}": "v" for number in range(17)}},
        {"metadata": {f"k{number}": "v" for number in range(16)}}, [("metadata/k16", "dropped")],
    ),
    "metadata with other letters, Converse": (
        "bedrock", "amazon.nova-pro-v1:0", {"metadata": {"a": "größe", "b": "c"}},
        {"requestMetadata": {"b": "c"}}, [("metadata/a", "dropped")],
    ),
    "labels in upper case, Vertex": (
        "vertex", "gemini-3-pro", {"metadata": {"Team": "docs", "team": "docs"}},
        {"labels": {"team": "docs"}}, [("metadata/Team", "dropped")],
    ),
    "a free choice while Qwen thinks": (
        "dashscope_compatible", "qwen-plus", {"tools": (T,), "tool_choice": "auto", "reasoning": 2000},
        {"tool_choice": "auto", "enable_thinking": True}, [],
    ),
    "an address as the user, Claude": (
        "anthropic", "claude-opus-4-8", {"user": "ann@example.com"}, {"metadata/user_id": HASH_OF_ANN},
        [("user", "rewritten")],
    ),
    "an address as the user in the metadata, Claude on Bedrock": (
        "bedrock_invoke", CLAUDE_45, {"metadata": {"user_id": "ann@example.com"}}, {"metadata/user_id": HASH_OF_ANN},
        [("metadata/user_id", "rewritten")],
    ),
    "a telephone number as the user, Claude on Vertex": (
        "vertex_anthropic", "claude-opus-4-8", {"user": "+4915112345678"},
        {"metadata/user_id": sha256(b"+4915112345678").hexdigest()}, [("user", "rewritten")],
    ),
    "a short name as the user, GLM": ("zai", "glm-4.6", {"user": "ann"}, {"user_id": sha256(b"ann").hexdigest()}, [("user", "rewritten")]),
    "a user's name of six characters, GLM": ("zhipuai", "glm-4.6", {"user": "ann-01"}, {"user_id": "ann-01"}, []),
    "long identifiers, OpenAI": (
        "openai", "gpt-4o", {"user": "u" * 129, "prompt_cache_key": "k" * 65},
        {"safety_identifier": sha256(b"u" * 129).hexdigest(), "prompt_cache_key": sha256(b"k" * 65).hexdigest()},
        [("user", "rewritten"), ("prompt_cache_key", "rewritten")],
    ),
    "long identifiers, Responses": (
        "azure_responses", "gpt-5.2", {"user": "u" * 128, "prompt_cache_key": "k" * 65},
        {"safety_identifier": "u" * 128, "prompt_cache_key": sha256(b"k" * 65).hexdigest()},
        [("prompt_cache_key", "rewritten")],
    ),
    "a reserved name of a tool, DashScope": (
        "dashscope_compatible", "qwen-plus", {"tools": (Tool(name="search"), Tool(name="searches"))},
        {"tools/0/function/name": "search_b4f0dba7", "tools/1/function/name": "searches"}, [("tools/0/name", "renamed")],
    ),
    "short names of tools, Moonshot": (
        "moonshot", "moonshot-v1-8k", {"tools": (Tool(name="ls"), Tool(name="größe"))},
        {"tools/0/function/name": "ls_419d16d2", "tools/1/function/name": "gr__e"},
        [("tools/0/name", "renamed"), ("tools/1/name", "renamed")],
    ),
    "text in several parts, DashScope": (
        "dashscope", "qwen-plus", {"messages": [user("a", "b")]}, {"input/messages": [{"role": "user", "content": "a\nb"}]}, [],
    ),
    "text in several parts with a mark, DashScope": (
        "dashscope_compatible", "qwen-plus", {"messages": [user("a", Text("b", cache=SHORT))]},
        {"messages/0/content/1": {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}}, [],
    ),
    "text in several parts, DeepSeek": (
        "deepseek", "deepseek-chat", {"messages": [system("a", "b"), user("c")]}, {"messages/0/content": "a\nb"}, [],
    ),
    "JSON while a Qwen thinks by default": (
        "dashscope_compatible", "qwen3.6-plus", {"response_format": JsonFormat()}, {"response_format": ABSENT},
        [("response_format", "changed")],
    ),
    "settings at their ends, DashScope": (
        "dashscope_compatible", "qwen-plus", {"top_p": 0.0, "seed": -1, "repetition_penalty": 0.0},
        {"top_p": 0.01, "seed": 0, "repetition_penalty": 0.01},
        [("top_p", "clamped"), ("repetition_penalty", "clamped"), ("seed", "clamped")],
    ),
    "settings at their ends, Moonshot": (
        "moonshot", "moonshot-v1-8k", {"temperature": 1.7, "n": 9, "presence_penalty": -3.0, "stop": ("x" * 33, "ok")},
        {"temperature": 1, "n": 5, "presence_penalty": -2, "stop": ["ok"]},
        [("presence_penalty", "clamped"), ("temperature", "clamped"), ("n", "clamped"), ("stop", "dropped")],
    ),
    "several answers at a temperature of 0, Moonshot": (
        "moonshot", "moonshot-v1-8k", {"temperature": 0.0, "n": 2}, {"n": ABSENT}, [("n", "dropped")],
    ),
    "strict tools, Moonshot": (
        "moonshot", "moonshot-v1-8k", {"tools": (Tool(name="calc", strict=False),)}, {"tools/0/function/strict": False}, [],
    ),
    "a named tool while Qwen thinks": (
        "dashscope_compatible", "qwen-plus", {"tools": (T,), "tool_choice": NamedToolChoice("f"), "reasoning": 2000},
        {"tool_choice": ABSENT, "enable_thinking": True}, [("tool_choice", "dropped")],
    ),
    "a named tool of a Qwen that thinks by default": (
        "dashscope", "qwen3.8-max", {"tools": (T,), "tool_choice": NamedToolChoice("f")},
        {"parameters/tool_choice": ABSENT}, [("tool_choice", "dropped")],
    ),
    "a named tool of a Qwen that does not think": (
        "dashscope_compatible", "qwen3.8-max", {"tools": (T,), "tool_choice": NamedToolChoice("f"), "reasoning": "none"},
        {"tool_choice": {"type": "function", "function": {"name": "f"}}, "enable_thinking": False}, [],
    ),
    "calls as calls, Spark": (
        "spark", "generalv3.5", {"tools": (T,), "user": "ann", "presence_penalty": -1.0},
        {"tool_calls_switch": True, "user": "ann", "presence_penalty": 0}, [("presence_penalty", "clamped")],
    ),
    "no tools, Spark": ("spark", "generalv3.5", {}, {"tool_calls_switch": ABSENT}, []),
    "a temperature of 0, ERNIE": (
        "qianfan", "ernie-4.5-turbo-128k", {"temperature": 0.0, "user": "ann"}, {"temperature": 0.01, "user": "ann"},
        [("temperature", "clamped")],
    ),
    "long stop sequences, Qianfan": (
        "qianfan", "ernie-4.5-turbo-128k", {"stop": ("停" * 20, "x" * 21)}, {"stop": ["停" * 20]}, [("stop", "dropped")],
    ),
    "a temperature of 0, another model at Qianfan": ("qianfan", "deepseek-v3.2", {"temperature": 0.0}, {"temperature": 0.0}, []),
    "stop sequences, Ark": ("ark", "doubao-seed-1-6", {"stop": tuple("abcde")}, {"stop": list("abcd")}, [("stop", "clamped")]),
    "stop sequences, Hugging Face": (
        "huggingface", "Qwen/Qwen3-32B", {"stop": tuple("abcde"), "logprobs": 9}, {"stop": list("abcd"), "top_logprobs": 5},
        [("logprobs", "clamped"), ("stop", "clamped")],
    ),
    "stop and n, Perplexity": ("perplexity", "sonar", {"stop": "a", "n": 2}, {"stop": ["a"], "n": 2}, []),
    "a participant's name with a space": (
        "openai", "gpt-4o", {"messages": [user("q", name="Ann Smith")]},
        {"messages": [{"role": "user", "content": "q", "name": "Ann_Smith"}]}, [("messages/0/name", "renamed")],
    ),
    "settings of a search model": (
        "openai", "gpt-4o-search-preview", {"temperature": 0.5, "top_p": 0.5, "presence_penalty": 0.5, "n": 1},
        {"temperature": ABSENT, "top_p": ABSENT, "presence_penalty": ABSENT, "n": ABSENT},
        [("temperature", "dropped"), ("top_p", "dropped"), ("presence_penalty", "dropped"), ("n", "dropped")],
    ),
    "a prediction and a limit": (
        "openai", "gpt-4o", {"prediction": "code", "max_tokens": 50},
        {"prediction": {"type": "content", "content": "code"}, "max_completion_tokens": ABSENT}, [("max_tokens", "dropped")],
    ),
    "a prediction beside tools": (
        "openai", "gpt-4o", {"prediction": "code", "max_tokens": 50, "tools": (T,)},
        {"prediction": ABSENT, "max_completion_tokens": 50}, [("prediction", "dropped")],
    ),
    "minimal effort beside a hosted tool": (
        "openai_responses", "gpt-5", {"tools": (WEB,), "reasoning": "minimal"},
        {"reasoning": {"effort": "low", "summary": "auto"}}, [("reasoning", "changed")],
    ),
    "JSON mode beside a web search": (
        "openai_responses", "gpt-5", {"tools": (WEB,), "response_format": JsonFormat()},
        {"text": ABSENT, "instructions": "Answer with a JSON object and nothing else."}, [("response_format", "changed")],
    ),
    "reasoning to a Mistral model without it": (
        "mistral", "devstral-small-latest", {"messages": ["q", assistant(THOUGHT, Text("a")), "b"]},
        {"messages/1": {"role": "assistant", "content": "a"}}, [("messages/1/parts/0", "dropped")],
    ),
    "an effort of a Mistral model without it": (
        "mistral", "mistral-large-latest", {"reasoning": "high"}, {"reasoning_effort": ABSENT}, [("reasoning", "dropped")],
    ),
    "functions beside hosted tools, Gemini 3": (
        "gemini", "gemini-3-pro", {"tools": (T, NativeTool("gemini", SEARCH)), "tool_choice": "auto"},
        {"toolConfig": {"functionCallingConfig": {"mode": "VALIDATED"}, "includeServerSideToolInvocations": True}},
        [("toolConfig/includeServerSideToolInvocations", "added")],
    ),
    "penalties of Gemini 2.5": (
        "vertex", "gemini-2.5-flash", {"presence_penalty": 0.5, "frequency_penalty": 0.5, "logprobs": 3},
        {"generationConfig": {"responseLogprobs": True, "logprobs": 3}},
        [("presence_penalty", "dropped"), ("frequency_penalty", "dropped")],
    ),
    "log probabilities at the Developer API": (
        "gemini", "gemini-2.5-pro", {"logprobs": True}, {"generationConfig/responseLogprobs": ABSENT}, [("logprobs", "dropped")],
    ),
    "numbers out of Gemini's ranges": (
        "gemini", "gemini-2.0-flash", {"seed": 2**40, "n": 9, "max_tokens": 100_000, "presence_penalty": 2.0},
        {"generationConfig": {
            "candidateCount": 8, "maxOutputTokens": 8192, "seed": 2**31 - 1, "presencePenalty": 1.99,
        }},
        [("n", "clamped"), ("seed", "clamped"), ("presence_penalty", "clamped"), ("max_tokens", "clamped")],
    ),
    "a model without functions, JSON mode and instructions": (
        "gemini", "gemma-3-27b-it", {"messages": [system("s"), "q"], "tools": (T,), "response_format": JsonFormat()},
        {
            "contents": [{"role": "user", "parts": [
                {"text": "s"}, {"text": "q"}, {"text": "Answer with a JSON object and nothing else."},
            ]}],
            "systemInstruction": ABSENT, "tools": ABSENT, "generationConfig": ABSENT,
        },
        [("messages/0", "renamed"), ("tools", "dropped"), ("response_format", "changed")],
    ),
    "image/jpg": (
        "gemini", "gemini-3-pro", {"messages": [user("q", Image(url="https://e.test/a", media_type="image/jpg"))]},
        {"contents/0/parts/1": {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://e.test/a"}}}, [],
    ),
    "an Office file is more than an archive": (
        "openai_responses", "gpt-5.2", {"messages": [user("q", Document(data=ZIPPED, media_type=DOCX, name="a.docx"))]},
        {"input/0/content/1/file_data": f"data:{DOCX};base64,{base64.b64encode(ZIPPED).decode()}"}, [],
    ),
    "a text by its name": (
        "anthropic", "claude-opus-4-8", {"messages": [user(Document(data=b"x = 1", name="a.py"))]},
        {"messages/0/content/0/source": {"type": "text", "media_type": "text/plain", "data": "x = 1"}}, [],
    ),
    "an error without content, Claude": (
        "anthropic", "claude-opus-4-8", {
            "tools": (T,), "messages": ["q", assistant(ToolCall("c", "f")), tool_result("c", is_error=True)],
        },
        {"messages/2/content": [{"type": "tool_result", "tool_use_id": "c", "content": "Error.", "is_error": True}]},
        [("messages/2/parts/0/content", "added")],
    ),
    "an error that is an image alone, Claude": (
        "bedrock", CLAUDE_45, {
            "tools": (T,), "messages": ["q", assistant(ToolCall("c", "f")), tool_result("c", Image(data=tiny_png()), is_error=True)],
        },
        {"messages/2/content/0": {"toolResult": {"toolUseId": "c", "content": [{"text": "Error."}], "status": "error"}}},
        [("messages/2/parts/0", "changed"), ("messages/2/parts/0/content", "added")],
    ),
    "an hour after five minutes": (
        "anthropic", "claude-opus-4-8", {
            "messages": [system(Text("s", cache=HOUR)), user(Text("q", cache=SHORT))], "tools": (Tool(name="f", cache=SHORT),),
        },
        {
            "tools/0/cache_control": {"type": "ephemeral"},
            "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
            "messages/0/content": [{"type": "text", "text": "q", "cache_control": {"type": "ephemeral"}}],
        },
        [("cache_control/ttl", "changed")],
    ),
    "five minutes after an hour": (
        "anthropic", "claude-opus-4-8", {"messages": [system(Text("s", cache=HOUR)), user(Text("q", cache=SHORT))]},
        {"system/0/cache_control": {"type": "ephemeral", "ttl": "1h"}}, [],
    ),
    "marks of tools count too": (
        "bedrock", CLAUDE_45, {
            "messages": [system(Text("s", cache=SHORT)), user(*[Text(word, cache=SHORT) for word in "abc"])],
            "tools": (Tool(name="f", cache=SHORT),),
        },
        {
            "toolConfig/tools/1": {"cachePoint": {"type": "default"}},
            "messages/0/content": [
                {"text": "a"}, {"text": "b"}, {"cachePoint": {"type": "default"}}, {"text": "c"}, {"cachePoint": {"type": "default"}},
            ],
        },
        [("cachePoint", "dropped")],
    ),
    "a schema beside citations": (
        "anthropic", "claude-sonnet-4-6", {"messages": [{"role": "user", "content": CITED}], "response_format": SCHEMA},
        {"output_config": ABSENT}, [("response_format", "changed")],
    ),
    "a schema of a response that is continued": (
        "anthropic", "claude-sonnet-4-5", {"messages": ["q", assistant("{")], "response_format": SCHEMA},
        {"output_config": ABSENT}, [("response_format", "changed")],
    ),
    "more than an older Claude writes": (
        "anthropic", "claude-opus-4-1", {"max_tokens": 64_000}, {"max_tokens": 32_000}, [("max_tokens", "clamped")],
    ),
    "one call at a time of the o series": (
        "openai", "o3-mini", {"tools": (T,), "parallel_tool_calls": False}, {"tools/0/function/name": "f", "parallel_tool_calls": ABSENT},
        [("parallel_tool_calls", "dropped")],
    ),
    "one call at a time of the o series, Azure": (
        "azure", "o4-mini", {"tools": (T,), "parallel_tool_calls": True}, {"parallel_tool_calls": ABSENT},
        [("parallel_tool_calls", "dropped")],
    ),
    "one call at a time of the o series, Responses, which takes it": (
        "openai_responses", "o3", {"tools": (T,), "parallel_tool_calls": False}, {"parallel_tool_calls": False}, [],
    ),
    "one call at a time of gpt-4.1, which takes it": (
        "openai", "gpt-4.1", {"tools": (T,), "parallel_tool_calls": False}, {"parallel_tool_calls": False}, [],
    ),
    "the highest effort of gpt-5.1": (
        "openai_responses", "gpt-5.1", {"reasoning": "xhigh"}, {"reasoning/effort": "high"}, [("reasoning", "changed")],
    ),
    "the highest effort of gpt-5.1-codex-max": (
        "openai_responses", "gpt-5.1-codex-max", {"reasoning": "xhigh"}, {"reasoning/effort": "xhigh"}, [],
    ),
    "no effort of a codex model": (
        "openai_responses", "gpt-5.2-codex", {"reasoning": "none", "temperature": 0.5}, {"reasoning": {"effort": "low", "summary": "auto"}, "temperature": ABSENT},
        [("reasoning", "changed"), ("temperature", "dropped")],
    ),
    "an effort of deep research": (
        "openai_responses", "o4-mini-deep-research", {"reasoning": "high"}, {"reasoning/effort": "medium"}, [("reasoning", "changed")],
    ),
    "an effort of computer use": (
        "openai_responses", "computer-use-preview", {"reasoning": "low"}, {"reasoning/effort": "medium"}, [("reasoning", "changed")],
    ),
    "verbosity of a codex model": (
        "openai_responses", "gpt-5.1-codex-max", {"verbosity": "low"}, {"text": ABSENT}, [("verbosity", "dropped")],
    ),
    "tools of chatgpt-4o": ("openai", "chatgpt-4o-latest", {"tools": (T,)}, {"tools": ABSENT}, [("tools", "dropped")]),
    "more than GPT-4o writes": (
        "openai", "gpt-4o-mini", {"max_tokens": 20_480}, {"max_completion_tokens": 16_384}, [("max_tokens", "clamped")],
    ),
    "more than GPT-4.1 writes, Azure": (
        "azure", "gpt-4.1", {"max_tokens": 64_000}, {"max_completion_tokens": 32_768}, [("max_tokens", "clamped")],
    ),
    "more than GPT-4o writes, Responses": (
        "openai_responses", "gpt-4o", {"max_tokens": 32_000}, {"max_output_tokens": 16_384}, [("max_tokens", "clamped")],
    ),
    "as much as an unknown model may write": ("openai", "gpt-9", {"max_tokens": 500_000}, {"max_completion_tokens": 500_000}, []),
    "more than DeepSeek writes, a top_p of 0": (
        "deepseek", "deepseek-chat", {"max_tokens": 500_000, "top_p": 0.0}, {"max_tokens": 393_216, "top_p": 0.01},
        [("top_p", "clamped"), ("max_tokens", "clamped")],
    ),
    "more than Qwen writes": ("dashscope_compatible", "qwen-max", {"max_tokens": 32_000}, {"max_tokens": 8_192}, [("max_tokens", "clamped")]),
    "more than Qwen writes, native API": (
        "dashscope", "qwen3.8-max", {"max_tokens": 200_000}, {"parameters/max_tokens": 131_072}, [("max_tokens", "clamped")],
    ),
    "more than GLM writes": ("zai", "glm-5.2", {"max_tokens": 200_000}, {"max_tokens": 131_072}, [("max_tokens", "clamped")]),
    "more than Groq's Qwen writes": (
        "groq", "qwen/qwen3-32b", {"max_tokens": 64_000}, {"max_completion_tokens": 40_960}, [("max_tokens", "clamped")],
    ),
    "more than Nova writes": (
        "bedrock", "us.amazon.nova-pro-v1:0", {"max_tokens": 20_000}, {"inferenceConfig/maxTokens": 10_000}, [("max_tokens", "clamped")],
    ),
    "more than Nova writes, InvokeModel": (
        "bedrock_invoke", "amazon.nova-lite-v1:0", {"max_tokens": 20_000}, {"inferenceConfig/maxTokens": 10_000}, [("max_tokens", "clamped")],
    ),
    "more than Llama writes": (
        "bedrock", "us.meta.llama3-1-8b-instruct-v1:0", {"max_tokens": 16_000}, {"inferenceConfig/maxTokens": 8_192}, [("max_tokens", "clamped")],
    ),
    "stop sequences of gpt-oss, Converse": (
        "bedrock", "openai.gpt-oss-120b-1:0", {"stop": "END", "max_tokens": 9}, {"inferenceConfig": {"maxTokens": 9}}, [("stop", "dropped")],
    ),
    "stop sequences of Qwen, Converse": (
        "bedrock", "qwen.qwen3-coder-30b-a3b-v1:0", {"stop": "END", "max_tokens": 9}, {"inferenceConfig": {"maxTokens": 9}}, [("stop", "dropped")],
    ),
    "stop sequences of DeepSeek V3, Converse": (
        "bedrock", "deepseek.v3-v1:0", {"stop": "END", "max_tokens": 9}, {"inferenceConfig": {"maxTokens": 9}}, [("stop", "dropped")],
    ),
    "stop sequences of DeepSeek R1, Converse, which takes them": (
        "bedrock", "us.deepseek.r1-v1:0", {"stop": "END"}, {"inferenceConfig/stopSequences": ["END"]}, [],
    ),
    "a top_p of 0, servers of vLLM": ("mistral", "open-mistral-nemo", {"top_p": 0.0}, {"top_p": 0.01}, [("top_p", "clamped")]),
    "several answers of Gemini 3": (
        "gemini", "gemini-3-flash-preview", {"n": 3}, {"generationConfig": {"candidateCount": 1}}, [("n", "clamped")],
    ),
    "several answers of Gemini 3, Vertex AI, which gives them": (
        "vertex", "gemini-3.1-pro-preview", {"n": 3}, {"generationConfig": {"candidateCount": 3}}, [],
    ),
    "several answers of Gemini 2.5": ("gemini", "gemini-2.5-flash", {"n": 3}, {"generationConfig": {"candidateCount": 3}}, []),
    "presence of a Grok that does not reason": (
        "xai", "grok-4-1-fast-non-reasoning", {"presence_penalty": 0.5, "frequency_penalty": 0.5},
        {"presence_penalty": ABSENT, "frequency_penalty": ABSENT}, [("presence_penalty", "dropped"), ("frequency_penalty", "dropped")],
    ),
    "a schema beside tools, Cerebras": (
        "cerebras", "gpt-oss-120b", {"tools": (T,), "response_format": SCHEMA}, {"response_format": ABSENT, "tools/0/function/name": "f"},
        [("response_format/schema/properties/a", "changed"), ("response_format", "changed")],
    ),
    "strict tools beside others, Cerebras": (
        "cerebras", "zai-glm-4.7", {"tools": (Tool(name="a", strict=True), Tool(name="b"))},
        {"tools/0/function/strict": ABSENT, "tools/1/function/strict": ABSENT}, [("tools/0/strict", "dropped")],
    ),
    "strict tools alone, Cerebras": (
        "cerebras", "zai-glm-4.7", {"tools": (Tool(name="a", strict=True),)}, {"tools/0/function/strict": True}, [],
    ),
    "thinking of a model without it, Ollama": ("ollama", "gemma3:4b", {"reasoning": "high"}, {"think": ABSENT}, [("reasoning", "dropped")]),
    "no thinking of a model without it, Ollama": ("ollama", "llama3.2", {"reasoning": "none"}, {"think": ABSENT}, []),
    "a forced tool while Claude thinks, Bedrock": (
        "bedrock", "us.anthropic.claude-sonnet-4-6", {"tools": (T,), "tool_choice": "required", "reasoning": "high"},
        {"toolConfig/toolChoice": {"auto": {}}}, [("tool_choice", "changed")],
    ),
    "a forced tool while Claude thinks, InvokeModel": (
        "bedrock_invoke", "us.anthropic.claude-opus-4-7", {"tools": (T,), "tool_choice": "required", "reasoning": "high"},
        {"tool_choice": {"type": "auto"}}, [("tool_choice", "changed")],
    ),
    "a forced tool while a newer Claude thinks": (
        "bedrock", "us.anthropic.claude-opus-4-8", {"tools": (T,), "tool_choice": "required", "reasoning": "high"},
        {"toolConfig/toolChoice": {"any": {}}}, [],
    ),
    "a switch of a model that does not reason, SiliconFlow": (
        "siliconflow", "Qwen/Qwen3-Coder-30B-A3B-Instruct", {"reasoning": "none"}, {"enable_thinking": ABSENT}, [],
    ),
    "reasoning of a model that does not, SiliconFlow": (
        "siliconflow", "Qwen/Qwen2.5-VL-32B-Instruct", {"reasoning": 2000}, {"enable_thinking": ABSENT, "thinking_budget": ABSENT},
        [("reasoning", "dropped")],
    ),
    "no reasoning of a model that always does, SiliconFlow": (
        "siliconflow", "deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", {"reasoning": "none"}, {"enable_thinking": ABSENT}, [("reasoning", "dropped")],
    ),
    "a budget of a model that always reasons, SiliconFlow": (
        "siliconflow", "Pro/deepseek-ai/DeepSeek-R1", {"reasoning": 2000}, {"enable_thinking": ABSENT, "thinking_budget": 2000}, [],
    ),
    "a switch of a model that has one, SiliconFlow": (
        "siliconflow", "Pro/deepseek-ai/DeepSeek-V3.2", {"reasoning": 2000}, {"enable_thinking": True, "thinking_budget": 2000}, [],
    ),
    "no reasoning of a model that does not, Cerebras": (
        "cerebras", "qwen-3-235b-a22b-instruct-2507", {"reasoning": "none"}, {"reasoning_effort": ABSENT}, [],
    ),
    "no reasoning of gpt-oss, Together": (
        "together", "openai/gpt-oss-120b", {"reasoning": "none"}, {"reasoning": ABSENT, "reasoning_effort": "low"}, [("reasoning", "changed")],
    ),
    "efforts of DeepSeek V4, Together": (
        "together", "deepseek-ai/DeepSeek-V4-Pro", {"reasoning": "low"}, {"reasoning_effort": "high"}, [("reasoning", "changed")],
    ),
    "no reasoning of a model that always does, Together": (
        "together", "MiniMaxAI/MiniMax-M2.7", {"reasoning": "none"}, {"reasoning": ABSENT}, [("reasoning", "dropped")],
    ),
    "no reasoning of gpt-oss, Fireworks": (
        "fireworks", "accounts/fireworks/models/gpt-oss-120b", {"reasoning": "none"}, {"reasoning_effort": "low"}, [("reasoning", "changed")],
    ),
    "an effort of DeepSeek, Responses at Azure": (
        "azure_responses", "DeepSeek-V4-Pro", {"reasoning": "low", "prompt_cache_key": "k"}, {"reasoning": ABSENT, "prompt_cache_key": ABSENT},
        [("reasoning", "dropped"), ("prompt_cache_key", "dropped")],
    ),
    "no reasoning of a model that always does, Ark": (
        "ark", "doubao-seed-1-6-thinking-250715", {"reasoning": "none"}, {"thinking": ABSENT}, [("reasoning", "dropped")],
    ),
    "reasoning of a model that does not, Groq": (
        "groq", "groq/compound", {"reasoning": "low"}, {"reasoning_effort": ABSENT, "reasoning_format": ABSENT}, [("reasoning", "dropped")],
    ),
    "the switch of DeepSeek's template, NVIDIA": (
        "nvidia", "deepseek-ai/deepseek-v3.2", {"reasoning": "none"}, {"chat_template_kwargs": {"thinking": False}}, [],
    ),
    "a JSON file, Converse": (
        "bedrock", "amazon.nova-pro-v1:0", {"messages": [user("sum", Document(data=b"{}", name="a.json", media_type="application/json"))]},
        {"messages/0/content/1/document": {"format": "txt", "name": "a json", "source": {"bytes": "e30="}}},
        [("messages/0/parts/1/name", "renamed")],
    ),
    "a tier that Anthropic does not have": ("anthropic", "claude-opus-4-8", {"service_tier": "flex"}, {"service_tier": ABSENT}, [("service_tier", "dropped")]),
    "a tier of Anthropic": ("anthropic", "claude-opus-4-8", {"service_tier": "standard_only"}, {"service_tier": "standard_only"}, []),
    "a tier that Mistral does not have": ("mistral", "mistral-large-latest", {"service_tier": "priority"}, {"service_tier": ABSENT}, [("service_tier", "dropped")]),
    "a tier that Groq does not have": ("groq", "llama-3.3-70b-versatile", {"service_tier": "priority"}, {"service_tier": ABSENT}, [("service_tier", "dropped")]),
    "a tier of Groq": ("groq", "llama-3.3-70b-versatile", {"service_tier": "on_demand"}, {"service_tier": "on_demand"}, []),
    "a tier that xAI does not have": ("xai", "grok-4", {"service_tier": "flex"}, {"service_tier": ABSENT}, [("service_tier", "dropped")]),
    "a tier that Converse does not have": ("bedrock", "amazon.nova-pro-v1:0", {"service_tier": "auto"}, {"serviceTier": ABSENT}, [("service_tier", "dropped")]),
    "a tier that InvokeModel does not have": ("bedrock_invoke", CLAUDE_45, {"service_tier": "auto"}, {"service_tier": ABSENT}, [("service_tier", "dropped")]),
    "a tier that Gemini does not have": ("gemini", "gemini-3-pro", {"service_tier": "auto"}, {"serviceTier": ABSENT}, [("service_tier", "dropped")]),
    "a tier of Gemini": ("gemini", "gemini-3-pro", {"service_tier": "FLEX"}, {"serviceTier": "FLEX"}, []),
    "a tier that Vertex has as a header": ("vertex", "gemini-3-pro", {"service_tier": "flex"}, {"serviceTier": ABSENT}, []),
    "a tier that Vertex does not have": ("vertex", "gemini-3-pro", {"service_tier": "standard"}, {"serviceTier": ABSENT}, [("service_tier", "dropped")]),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_what_the_service_refuses_is_not_sent_and_is_reported(row: Row) -> None:
    provider, model, fields, expected, reported = row
    built = build(provider, model, **fields).unwrap()
    assert isinstance(built, Built)
    body = json.loads(built.request.body)
    assert {path: at(body, path) for path in expected} == expected
    found = [(change.field, change.action) for change in built.adaptations]
    assert [change for change in found if change not in _OF_DEFAULTS] == reported


_OF_DEFAULTS = (("max_tokens", "added"), ("max_tokens", "renamed"))


REFUSED: dict[str, tuple[str, str, dict[str, Any], type]] = {
    "more tools than it takes, OpenAI": ("openai", "gpt-4o", {"tools": MANY}, InvalidRequest),
    "more tools than it takes, Moonshot": ("moonshot", "kimi-k2.6", {"tools": MANY}, InvalidRequest),
    "more tools than it takes, Groq": ("groq", "llama-3.3-70b-versatile", {"tools": MANY}, InvalidRequest),
    "an omni model without a stream": ("dashscope_compatible", "qwen3-omni-flash", {}, UnsupportedFeature),
    "functions beside hosted tools before Gemini 3": (
        "gemini", "gemini-2.5-flash", {"tools": (T, NativeTool("gemini", SEARCH))}, UnsupportedFeature,
    ),
    "a bitmap, OpenAI": (
        "openai", "gpt-4o", {"messages": [user(Image(data=BITMAP))]}, UnsupportedFeature,
    ),
    "a bitmap, Responses": (
        "openai_responses", "gpt-5.2", {"messages": [user(Image(data=BITMAP))]}, UnsupportedFeature,
    ),
    "an Office file, Gemini": (
        "gemini", "gemini-3-pro", {"messages": [user(Document(data=ZIPPED, media_type=DOCX))]}, UnsupportedFeature,
    ),
    "more functions than it takes, Gemini": (
        "gemini", "gemini-3-pro", {"tools": tuple([Tool(name=f"f{number}") for number in range(513)])}, InvalidRequest,
    ),
    "a picture in a system message, OpenAI": ("openai", "gpt-4o", {"messages": [Message("system", (Text("a"), Image(data=tiny_png()))), "q"]}, UnsupportedFeature),
    "a picture in a system message, Cohere": (
        "cohere", "command-a-vision-07-2025", {"messages": [Message("system", (Text("a"), Image(data=tiny_png()))), "q"]}, UnsupportedFeature,
    ),
    "a PDF, Moonshot": ("moonshot", "kimi-k2.6", {"messages": [user(Document(data=b"%PDF-1.7", name="a.pdf"))]}, UnsupportedFeature),
    "a PDF, GLM": ("zai", "glm-5.2", {"messages": [user(Document(data=b"%PDF-1.7", name="a.pdf"))]}, UnsupportedFeature),
    "a PDF, Hugging Face": ("huggingface", "Qwen/Qwen3-VL-8B-Instruct", {"messages": [user(Document(data=b"%PDF-1.7"))]}, UnsupportedFeature),
    "a picture by its URL, Claude on Vertex": (
        "vertex_anthropic", "claude-opus-4-8", {"messages": [user(Image(url="https://e.test/a.png"))]}, UnsupportedFeature,
    ),
    "a document by its URL, Claude on Vertex": (
        "vertex_anthropic", "claude-opus-4-8", {"messages": [user(Document(url="https://e.test/a.pdf"))]}, UnsupportedFeature,
    ),
    "a picture by its id, Claude on Bedrock": (
        "bedrock_invoke", CLAUDE_45, {"messages": [user(Image(file_id="file_1"))]}, UnsupportedFeature,
    ),
    "a picture of a result by its URL, Claude on Bedrock": (
        "bedrock_invoke", CLAUDE_45,
        {"tools": (T,), "messages": ["q", assistant(ToolCall("c", "f")), tool_result("c", Image(url="https://e.test/a.png"))]},
        UnsupportedFeature,
    ),
    "a table by its URL, Claude": (
        "anthropic", "claude-opus-4-8", {"messages": [user(Document(url="https://e.test/a.csv"))]}, UnsupportedFeature,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
def test_what_has_no_form_is_a_failure(row: tuple[str, str, dict[str, Any], type]) -> None:
    provider, model, fields, error = row
    built = build(provider, model, **fields)
    assert isinstance(built, Failure)
    assert type(built.failure()) is error


Q = user("q")
CALL = assistant(ToolCall("c1", "f"))
PAIR = assistant(ToolCall("c1", "f"), ToolCall("c2", "f"))
CALLED = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SECOND = {**CALLED, "id": "c2"}
ASKED = {"role": "assistant", "content": None, "tool_calls": [CALLED]}
NONE = "The call was interrupted: there is no result."
LABEL = {"type": "text", "text": "Result of a tool:"}


def tool(call_id: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


CHAT: dict[str, tuple[list[Any], list[dict[str, Any]], list[tuple[str, str]]]] = {
    # what -> the conversation, the messages of chat completions after the first, what is reported
    "a last call": ([Q, CALL], [ASKED, tool("c1", NONE)], [("messages/1/parts/0", "changed")]),
    "a call that was interrupted": (
        [Q, CALL, user("go on")], [ASKED, tool("c1", NONE), {"role": "user", "content": "go on"}], [("messages/1/parts/0", "changed")],
    ),
    "one of two results": (
        [Q, PAIR, tool_result("c2", "x")],
        [{**ASKED, "tool_calls": [CALLED, SECOND]}, tool("c1", NONE), tool("c2", "x")], [("messages/1/parts/0", "changed")],
    ),
    "a result of no call": (
        [Q, assistant("a"), tool_result("c9", "x"), user("go on")],
        [{"role": "assistant", "content": "a"}, {"role": "user", "content": [LABEL, {"type": "text", "text": "x"}]},
         {"role": "user", "content": "go on"}],
        [("messages/2/parts/0", "changed")],
    ),
    "two results of one call": (
        [Q, CALL, tool_result("c1", "x"), tool_result("c1", "y")],
        [ASKED, tool("c1", "x"), {"role": "user", "content": [LABEL, {"type": "text", "text": "y"}]}],
        [("messages/3/parts/0", "changed")],
    ),
    "a result after the next answer": (
        [Q, CALL, user("wait"), assistant("yes"), tool_result("c1", "x"), user("so?")],
        [ASKED, tool("c1", "x"), {"role": "user", "content": "wait"}, {"role": "assistant", "content": "yes"},
         {"role": "user", "content": "so?"}],
        [("messages/4/parts/0", "rewritten")],
    ),
    "a result by the name of its tool": (
        [Q, CALL, Message("tool", (ToolResult(tool_call_id="", content=(Text("x"),), name="f"),))],
        [ASKED, tool("c1", "x")], [("messages/2/parts/0/tool_call_id", "renamed")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", CHAT.values(), ids=CHAT)
def test_every_call_has_one_result_and_every_result_a_call(row: Any) -> None:
    messages, expected, reported = row
    built = build("openai", "gpt-4o", messages=messages, tools=(T,)).unwrap()
    assert json.loads(built.request.body)["messages"][1:] == expected
    assert [(change.field, change.action) for change in built.adaptations] == reported


OTHERS: dict[str, tuple[str, str, str, list[dict[str, Any]]]] = {
    # service -> provider, model, field of the turns, these after the first for a call that was interrupted
    "Messages": (
        "anthropic", "claude-opus-4-8", "messages", [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": NONE, "is_error": True}, {"type": "text", "text": "go on"},
            ]},
        ],
    ),
    "Converse": (
        "bedrock", "amazon.nova-pro-v1:0", "messages", [
            {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "f", "input": {}}}]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "c1", "content": [{"text": NONE}], "status": "error"}}, {"text": "go on"},
            ]},
        ],
    ),
    "Gemini": (
        "gemini", "gemini-2.5-flash", "contents", [
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"error": NONE}}}, {"text": "go on"}]},
        ],
    ),
    "Responses": (
        "openai_responses", "gpt-5.2", "input", [
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": NONE},
            {"role": "user", "content": "go on"},
        ],
    ),
    "Ollama, which takes it": (
        "ollama", "llama3.2", "messages", [
            {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {}}}]},
            {"role": "user", "content": "go on"},
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", OTHERS.values(), ids=OTHERS)
def test_a_call_that_was_interrupted_has_a_result_in_every_dialect(row: Any) -> None:
    provider, model, key, expected = row
    built = build(provider, model, messages=[Q, CALL, user("go on")], tools=(T,)).unwrap()
    assert json.loads(built.request.body)[key][1:] == expected


INVALID: dict[str, tuple[str, str, str, Any]] = {
    # dialect -> provider, model, path of the arguments, these for the text {"a":
    "Messages": ("anthropic", "claude-opus-4-8", "messages/1/content/0/input", {"INVALID_JSON": '{"a":'}),
    "Converse": ("bedrock", "amazon.nova-pro-v1:0", "messages/1/content/0/toolUse/input", {"INVALID_JSON": '{"a":'}),
    "Gemini": ("gemini", "gemini-3-pro", "contents/1/parts/0/functionCall/args", {"INVALID_JSON": '{"a":'}),
    "Ollama": ("ollama", "llama3.2", "messages/1/tool_calls/0/function/arguments", {"INVALID_JSON": '{"a":'}),
    "DashScope": (
        "dashscope", "qwen-max", "input/messages/1/tool_calls/0/function/arguments", '{"INVALID_JSON":"{\\"a\\":"}',
    ),
    "OpenAI, which takes any text": ("openai", "gpt-4o", "messages/1/tool_calls/0/function/arguments", '{"a":'),
}  # fmt: skip


@pytest.mark.parametrize("row", INVALID.values(), ids=INVALID)
def test_arguments_that_were_cut_off_stand_in_an_object(row: tuple[str, str, str, Any]) -> None:
    provider, model, path, expected = row
    messages = [Q, assistant(ToolCall("c1", "f", '{"a":')), tool_result("c1", "x")]
    built = build(provider, model, messages=messages, tools=(T,)).unwrap()
    assert at(json.loads(built.request.body), path) == expected
    fields = [change.field for change in built.adaptations if change.action == "changed"]
    assert fields == ([] if provider == "openai" else ["messages/1/parts/0"])


@pytest.mark.parametrize("provider", ["openai", "gemini", "anthropic", "ollama", "mistral"])
def test_no_arguments_are_an_empty_object(provider: str) -> None:
    messages = [Q, assistant(ToolCall("c1", "f", "")), tool_result("c1", "x")]
    plain = [Q, assistant(ToolCall("c1", "f", "{}")), tool_result("c1", "x")]
    bodies = [
        build(provider, "m", messages=turns).unwrap().request.body for turns in (messages, plain)
    ]
    assert bodies[0] == bodies[1]


def test_a_result_for_a_stored_response_needs_no_call() -> None:
    messages = [tool_result("c1", "x")]
    built = build("openai_responses", "gpt-5.2", messages=messages, previous_response_id="resp_1")
    item = {"type": "function_call_output", "call_id": "c1", "output": "x"}
    assert json.loads(built.unwrap().request.body)["input"] == [item]
    assert built.unwrap().adaptations == ()


@pytest.mark.parametrize(
    ("provider", "model", "key"),
    [
        ("openai", "text-embedding-ada-002", "dimensions"),
        ("azure", "text-embedding-ada-002", "dimensions"),
        ("cohere", "embed-english-v3.0", "output_dimension"),
    ],
)
def test_models_of_one_size_get_no_dimensions(provider: str, model: str, key: str) -> None:
    config = msgspec.structs.replace(config_for(provider), model=model)
    embed = registry.get(provider).unwrap().embed
    assert embed is not None
    built = embed.build(config, EmbedRequest(input="a", dimensions=300)).unwrap()
    assert key not in json.loads(built.request.body)
    assert [(change.field, change.action) for change in built.adaptations] == [
        ("dimensions", "dropped")
    ]


def test_a_cited_document_stays_cited() -> None:
    built = build("anthropic", "claude-opus-4-8", messages=[{"role": "user", "content": CITED}])
    assert at(json.loads(built.unwrap().request.body), "messages/0/content/1/citations") == {
        "enabled": True
    }
