"""Tool names: renamed on the way out, everywhere in the request, and the caller's again in what is parsed."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, NamedToolChoice, Tool, ToolCall, assistant, tool_result, user
from llm_pure.adapters import registry
from llm_pure.client import LLM
from llm_pure.core.collect import collect
from llm_pure.core.provider import Built
from llm_pure.core.tool_names import restore_completion, restore_decoder, restore_result
from llm_pure.schema.profiles import (
    COHERE_TOOL_NAME,
    GEMINI_TOOL_NAME,
    MOONSHOT_TOOL_NAME,
    TOOL_NAME,
)
from llm_pure.types.errors import InvalidRequest, StreamInterrupted
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import LLMResult
from tests.support.cassettes import chat_providers, config_for

LONG = "read_" * 16
PATTERNS = {"gemini": GEMINI_TOOL_NAME, "vertex": GEMINI_TOOL_NAME, "moonshot": MOONSHOT_TOOL_NAME, "cohere": COHERE_TOOL_NAME}  # fmt: skip
ANY_NAME = ("ollama", "ollama.generate")
NO_TOOLS = ("ollama.generate", "open_llm_raw")
CALLERS = [name for name in chat_providers() if name not in ANY_NAME]


def build(name: str, *, messages: Any = "hi", **requested: Any) -> LLMResult[Built]:
    request = ChatRequest(messages=messages, **requested)
    return registry.get(name).unwrap().build_chat(config_for(name), request)


def names_in(value: Any) -> set[str]:
    """Every name in a body."""
    if isinstance(value, dict):
        own = {value["name"]} if isinstance(value.get("name"), str) else set()
        return own.union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", CALLERS)
def test_names_fit_the_service_wherever_they_stand(name: str) -> None:
    messages = (
        user("hi"),
        assistant(ToolCall("call00001", "lit.search", "{}")),
        tool_result("call00001", "r", name="lit.search"),
    )
    tools = (Tool(name="lit.search"), Tool(name=LONG), Tool(name="lit_search"), Tool(name="größe"))
    built = build(
        name, messages=messages, tools=tools, tool_choice=NamedToolChoice("lit.search")
    ).unwrap()
    body = built.request.body.decode()
    pattern = PATTERNS.get(name, TOOL_NAME)
    for sent, callers in built.tool_names.items():
        assert pattern.fullmatch(sent)
        assert not pattern.fullmatch(callers)
        assert f'"{callers}"' not in body
    fields = [change.field for change in built.adaptations if change.field.startswith("tools/")]
    if "tools" not in [change.field for change in built.adaptations]:
        assert LONG in built.tool_names.values()
        assert "tools/1/name" in fields
        assert len(set(built.tool_names)) == len(built.tool_names)


def test_a_name_that_fits_stays_and_the_other_gives_way() -> None:
    tools = (Tool(name="a.b"), Tool(name="a_b"), Tool(name="a b"))
    built = build("openai", tools=tools).unwrap()
    sent = [tool["function"]["name"] for tool in json.loads(built.request.body)["tools"]]
    assert sent[1] == "a_b"
    assert len(set(sent)) == 3
    assert {built.tool_names.get(name, name) for name in sent} == {"a.b", "a_b", "a b"}
    reversed_names = build("openai", tools=tools[::-1]).unwrap().tool_names
    assert reversed_names == built.tool_names


@pytest.mark.parametrize(
    ("tools", "param"),
    [
        ((Tool(name=""),), "tools/0/name"),
        ((Tool(name="f"), Tool(name="f", description="another")), "tools/1/name"),
    ],
)
def test_names_that_cannot_be_told_apart_are_errors(tools: Any, param: str) -> None:
    for name in ("openai", "anthropic", "gemini", "bedrock"):
        error = build(name, tools=tools).failure()
        assert isinstance(error, InvalidRequest)
        assert (error.param, error.provider) == (param, name)


def test_a_tool_that_is_listed_twice_is_sent_once() -> None:
    built = build("anthropic", tools=(Tool(name="f"), Tool(name="f"))).unwrap()
    assert len(json.loads(built.request.body)["tools"]) == 1
    assert [(change.field, change.lossless) for change in built.adaptations] == [("tools/1", True)]


@given(st.lists(st.text(min_size=1, max_size=90), min_size=1, max_size=6, unique=True))
def test_any_names_fit_and_map_back(names: list[str]) -> None:
    for pattern, name in (
        (TOOL_NAME, "openai"),
        (GEMINI_TOOL_NAME, "gemini"),
        (COHERE_TOOL_NAME, "cohere"),
    ):
        usable = [text for text in names if text.isprintable()]
        tools = tuple([Tool(name=text) for text in usable])
        built = build(name, tools=tools).unwrap()
        body = json.loads(built.request.body)
        sent = sorted(names_in(body.get("tools", [])))
        assert len(sent) == len(usable)
        assert all(pattern.fullmatch(text) for text in sent)
        assert sorted([built.tool_names.get(text, text) for text in sent]) == sorted(usable)


ANSWER = {
    "id": "c",
    "object": "chat.completion",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "lit_search", "arguments": "{}"}}
                ],
            },
        }
    ],
}  # fmt: skip
CHUNK = {
    "id": "c",
    "object": "chat.completion.chunk",
    "model": "m",
    "choices": [
        {
            "index": 0,
            "delta": {
                "role": "assistant",
                "tool_calls": [
                    {"index": 0, "id": "1", "type": "function", "function": {"name": "lit_search", "arguments": "{}"}}
                ],
            },
            "finish_reason": "tool_calls",
        }
    ],
}  # fmt: skip
STREAM = b"data: " + json.dumps(CHUNK).encode() + b"\n\ndata: [DONE]\n\n"
SSE = (("content-type", "text/event-stream"),)
NAMES = {"lit_search": "lit.search"}


def test_answers_and_streams_have_the_callers_names() -> None:
    provider = registry.get("openai").unwrap()
    parsed = provider.parse_chat(HttpResponse(200, (), json.dumps(ANSWER).encode()))
    completion = restore_result(parsed, NAMES).unwrap()
    assert [call.name for call in completion.tool_calls] == ["lit.search"]
    decoder = restore_decoder(provider.open_stream(ResponseHead(200, SSE)), NAMES)
    events = (*decoder.feed(STREAM).unwrap(), *decoder.close().unwrap())
    assert [call.name for call in collect(events).unwrap().tool_calls] == ["lit.search"]
    assert decoder.partial().tool_calls == collect(events).unwrap().tool_calls
    assert restore_completion(completion, {}) is completion


def test_what_a_cut_stream_leaves_has_the_callers_names() -> None:
    decoder = restore_decoder(
        registry.get("openai").unwrap().open_stream(ResponseHead(200, SSE)), NAMES
    )
    unfinished = json.loads(json.dumps(CHUNK))
    unfinished["choices"][0]["finish_reason"] = None
    decoder.feed(b"data: " + json.dumps(unfinished).encode() + b"\n\n").unwrap()
    error = decoder.close().failure()
    assert isinstance(error, StreamInterrupted)
    assert error.partial is not None
    assert [call.name for call in error.partial.tool_calls] == ["lit.search"]


def test_the_client_maps_names_back() -> None:
    from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport

    config = msgspec.structs.replace(config_for("openai"), model="gpt-4o", stream=False)
    tools = (Tool(name="lit.search"),)
    whole = ScriptedResponse(chunks=(json.dumps(ANSWER).encode(),))
    streamed = ScriptedResponse(headers=SSE, chunks=(STREAM,))
    with LLM(config, transport=ScriptedTransport([whole, streamed])) as llm:
        request = ChatRequest(messages="hi", tools=tools, stream=False)
        assert llm.completion(request).unwrap().tool_calls[0].name == "lit.search"
        with llm.stream(ChatRequest(messages="hi", tools=tools)) as stream:
            list(stream)
            assert stream.result().unwrap().tool_calls[0].name == "lit.search"


def test_patterns_accept_what_is_sent_for_every_letter() -> None:
    for pattern in (TOOL_NAME, GEMINI_TOOL_NAME, MOONSHOT_TOOL_NAME, COHERE_TOOL_NAME):
        assert re.fullmatch(pattern, "t_1")
