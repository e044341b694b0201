"""Tool calls and results: names, ids, signatures and modes."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, LLMConfig, assistant, tool_result, user
from llm_pure.adapters import registry
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    ProviderMetadata,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from llm_pure.types.request import (
    NamedToolChoice,
    NativeTool,
    Tool,
)
from tests.support.builders import actions
from tests.support.gemini import (
    PNG,
    STAND_IN,
    WEATHER,
    base64_of,
    body_of,
    built,
    contents_of,
)
from tests.support.pdf import tiny_pdf
from tests.support.wav import tiny_wav


def test_calls_and_results_carry_no_id_that_the_wire_never_had() -> None:
    own = ToolCall("call_r1_0", "weather", '{"city": "Oslo", "n": 1.0}', ProviderMetadata("gemini"))
    foreign = ToolCall("toolu_1", "clock", "{}")
    assert contents_of(
        user("a"),
        assistant(own, foreign),
        tool_result("call_r1_0", "21 °C"),
        tool_result("toolu_1", '{"time": "12:00"}'),
        user("And?"),
    ) == [
        {"role": "user", "parts": [{"text": "a"}]},
        {
            "role": "model",
            "parts": [
                {"functionCall": {"name": "weather", "args": {"city": "Oslo", "n": 1.0}}},
                {"functionCall": {"name": "clock", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "weather", "response": {"output": "21 °C"}}},
                {"functionResponse": {"name": "clock", "response": {"time": "12:00"}}},
                {"text": "And?"},
            ],
        },
    ]


def test_an_id_that_came_goes_back_on_the_call_and_on_its_result() -> None:
    provider_metadata = ProviderMetadata(
        "gemini", '{"functionCall":{"id":"w7"},"thoughtSignature":"czE="}'
    )
    got = contents_of(
        user("a"),
        assistant(ToolCall("w7", "clock", "{}", provider_metadata)),
        tool_result("w7", "noon"),
    )
    assert got[1]["parts"] == [
        {"functionCall": {"id": "w7", "name": "clock", "args": {}}, "thoughtSignature": "czE="}
    ]
    assert got[2]["parts"] == [
        {"functionResponse": {"id": "w7", "name": "clock", "response": {"output": "noon"}}}
    ]


RESPONSES: dict[str, tuple[ToolResult, Any]] = {
    "text": (ToolResult(tool_call_id="c", content=(Text("a"), Text("b"))), {"output": "a\nb"}),
    "nothing": (ToolResult(tool_call_id="c"), {"output": ""}),
    "an object": (ToolResult(tool_call_id="c", content=(Text('{"a": 1}'),)), {"a": 1}),
    "a list": (ToolResult(tool_call_id="c", content=(Text("[1]"),)), {"output": "[1]"}),
    "an error": (
        ToolResult(tool_call_id="c", content=(Text("no"),), is_error=True),
        {"error": "no"},
    ),
    "an error object": (
        ToolResult(tool_call_id="c", content=(Text('{"a": 1}'),), is_error=True),
        {"error": {"a": 1}},
    ),
}


@pytest.mark.parametrize(("result", "response"), RESPONSES.values(), ids=RESPONSES)
def test_a_response_is_always_an_object(result: ToolResult, response: Any) -> None:
    got = contents_of(user("a"), assistant(ToolCall("c", "f")), Message("tool", (result,)))
    assert got[2]["parts"] == [{"functionResponse": {"name": "f", "response": response}}]


def test_a_result_without_an_id_answers_the_call_of_its_name() -> None:
    calls = assistant(ToolCall("c1", "f"), ToolCall("c2", "g"))
    got = contents_of(user("a"), calls, tool_result("", "y", name="g"), tool_result("c1", "x"))
    assert got[2]["parts"] == [
        {"functionResponse": {"name": "f", "response": {"output": "x"}}},
        {"functionResponse": {"name": "g", "response": {"output": "y"}}},
    ]


def test_results_of_two_calls_of_one_function_stand_in_the_order_of_the_calls() -> None:
    calls = assistant(ToolCall("c1", "f"), ToolCall("c2", "f"))
    got = contents_of(user("a"), calls, tool_result("c2", "second"), tool_result("c1", "first"))
    assert got[2]["parts"] == [
        {"functionResponse": {"name": "f", "response": {"output": "first"}}},
        {"functionResponse": {"name": "f", "response": {"output": "second"}}},
    ]


def test_media_of_a_result_follow_it_on_older_models_and_are_in_it_on_newer_ones() -> None:
    messages = [
        user("a"),
        assistant(ToolCall("c", "shot")),
        tool_result("c", "Here", Image(data=PNG)),
    ]
    blob = {"inlineData": {"mimeType": "image/png", "data": base64_of(PNG)}}
    response = {"name": "shot", "response": {"output": "Here"}}
    older = built(ChatRequest(messages=messages))
    assert json.loads(older.request.body)["contents"][2]["parts"] == [
        {"functionResponse": response},
        blob,
    ]
    assert actions(older) == [("messages/2/parts/0", "changed")]
    newer = built(ChatRequest(messages=messages, model="gemini-3-flash"))
    assert json.loads(newer.request.body)["contents"][2]["parts"] == [
        {"functionResponse": {**response, "parts": [blob]}}
    ]
    assert newer.adaptations == ()


@pytest.mark.parametrize(
    ("provider", "part", "in_result"),
    [
        ("gemini", Image(data=PNG), True),
        ("gemini", Image(url=f"data:image/png;base64,{base64_of(PNG)}"), True),
        ("gemini", Document(data=tiny_pdf()), True),
        ("gemini", Document(data=b"a note", media_type="text/plain"), True),
        ("gemini", Document(data=b"a,b", media_type="text/csv"), False),
        ("gemini", Audio(data=tiny_wav(), media_type="audio/wav"), False),
        ("gemini", Image(url="https://example.org/a.png"), False),
        ("gemini", Image(file_id="files/abc", media_type="image/png"), False),
        ("vertex", Image(url="gs://bucket/a.png"), True),
        ("vertex", Video(url="gs://bucket/a.mp4"), False),
    ],
    ids=str,
)
def test_a_result_holds_the_media_that_the_service_takes_in_it(
    provider: str, part: Any, in_result: bool
) -> None:
    """google_supported_mime_types_in_tool_returns of pydantic-ai; fileData "is not supported in Gemini API"."""
    messages = [
        user("a"),
        assistant(ToolCall("c", "f")),
        Message("tool", (ToolResult(tool_call_id="c", content=(Text("Here"), part)),)),
    ]
    config = LLMConfig(api_type=provider, model="gemini-3-flash", project="p", location="l")
    build_chat = registry.get(provider).unwrap().build_chat
    made = build_chat(config, ChatRequest(messages=messages)).unwrap()
    parts = json.loads(made.request.body)["contents"][2]["parts"]
    assert ("parts" in parts[0]["functionResponse"]) == in_result
    assert len(parts) == (1 if in_result else 2)
    assert actions(made) == ([] if in_result else [("messages/2/parts/0", "changed")])


def test_responses_stand_together_before_all_else() -> None:
    got = contents_of(
        user("a"),
        assistant(ToolCall("c", "f"), ToolCall("d", "g")),
        tool_result("c", Image(data=PNG)),
        user("look"),
        tool_result("d", "x"),
    )
    assert [next(iter(part)) for part in got[2]["parts"]] == [
        "functionResponse",
        "functionResponse",
        "inlineData",
        "text",
    ]


def test_the_first_call_of_another_model_gets_the_documented_stand_in_on_newer_models() -> None:
    foreign = assistant(ToolCall("a", "f"), ToolCall("b", "f"))
    own = assistant(
        ToolCall("c", "f", "{}", ProviderMetadata("gemini", '{"thoughtSignature":"czE="}'))
    )
    bare = assistant(ToolCall("d", "f", "{}", ProviderMetadata("gemini")))
    turns = (user("x"), foreign, user("x"), own, user("x"), bare)
    got = contents_of(*turns, model="gemini-3-flash")
    signatures = [
        [part.get("thoughtSignature") for part in turn["parts"]]
        for turn in got
        if turn["role"] == "model"
    ]
    assert signatures == [[STAND_IN, None], ["czE="], [STAND_IN]]
    assert STAND_IN.encode() not in built(ChatRequest(messages=turns)).request.body


TOOL_CHOICES: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {
    "nothing said": ({}, None),
    "auto": ({"tool_choice": "auto"}, {"mode": "AUTO"}),
    "none": ({"tool_choice": "none"}, {"mode": "NONE"}),
    "required": ({"tool_choice": "required"}, {"mode": "ANY"}),
    "one by name": (
        {"tool_choice": NamedToolChoice("weather")},
        {"mode": "ANY", "allowedFunctionNames": ["weather"]},
    ),
    "strict": ({"tools": (Tool(name="weather", strict=True),)}, {"mode": "VALIDATED"}),
    "strict and required": (
        {"tools": (Tool(name="weather", strict=True),), "tool_choice": "required"},
        {"mode": "ANY"},
    ),
    "native tools only": (
        {"tools": (NativeTool("gemini", {"googleSearch": {}}),), "tool_choice": "auto"},
        None,
    ),
}


@pytest.mark.parametrize(("fields", "calling"), TOOL_CHOICES.values(), ids=TOOL_CHOICES)
def test_tool_choices(fields: dict[str, Any], calling: dict[str, Any] | None) -> None:
    body = body_of(ChatRequest(**{"messages": "a", "tools": (WEATHER,), **fields}))
    assert body.get("toolConfig") == (calling and {"functionCallingConfig": calling})


def test_opaque_content_of_a_result_goes_to_its_provider_only() -> None:
    content = (Text("x"), Opaque("gemini", "new", '{"new": 1}'), Opaque("openai", "file", "{}"))
    result = ToolResult(tool_call_id="c", content=content, name="f")
    made = built(
        ChatRequest(messages=[user("a"), assistant(ToolCall("c", "f")), Message("tool", (result,))])
    )
    assert json.loads(made.request.body)["contents"][2]["parts"] == [
        {"functionResponse": {"name": "f", "response": {"output": "x"}}},
        {"new": 1},
    ]
    assert actions(made) == [
        ("messages/2/parts/0/content/2", "dropped"),
        ("messages/2/parts/0", "changed"),
    ]
