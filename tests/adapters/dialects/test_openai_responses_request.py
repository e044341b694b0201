"""ChatRequest -> the body of POST /responses."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses.input_token_count_params import InputTokenCountParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)

from llm_pure import ChatRequest, LLMConfig, assistant, system, tool_result, user
from llm_pure.adapt import Adaptation
from llm_pure.adapters import registry
from llm_pure.errors import ConfigurationInvalid, InvalidRequest, Unsupported
from llm_pure.messages import (
    Audio,
    Document,
    Echo,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from llm_pure.provider import Built
from llm_pure.request import (
    JsonFormat,
    NamedTool,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
    Tool,
)
from llm_pure.result import Failure
from tests.support.chat_requests import (
    MODELS,
    PDF,
    PNG,
    REQUESTS,
    SCHEMA,
    WAV,
    WEATHER,
    chat_requests,
)
from tests.support.openai_types import checker

OPENAI = registry.get("openai_responses").unwrap()
PLAIN = LLMConfig(api_type="openai_responses", model="gpt-4o", temperature=0.0)
PNG_URL = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="


def build(request: ChatRequest, config: LLMConfig = PLAIN, **options: Any) -> Built:
    return OPENAI.build_chat(config, request, **options).unwrap()


def body(request: ChatRequest, config: LLMConfig = PLAIN) -> dict[str, Any]:
    decoded = json.loads(build(request, config).request.body)
    assert isinstance(decoded, dict)
    return decoded


def items(*turns: Message, model: str = "gpt-4o", **extra: Any) -> list[dict[str, Any]]:
    sent = body(ChatRequest(messages=turns, model=model, extra=extra))["input"]
    assert isinstance(sent, list)
    return sent


def own(json_text: str) -> Echo:
    return Echo("openai_responses", json_text)


def test_the_whole_request() -> None:
    request = build(
        ChatRequest(
            messages=[system("Be brief."), user("hi")],
            tools=(WEATHER,),
            tool_choice="auto",
            parallel_tool_calls=True,
            response_format=SchemaFormat(schema=SCHEMA, name="place"),
            max_tokens=100,
            temperature=0.5,
            top_p=0.9,
            logprobs=2,
            metadata={"job": "7"},
            stream=True,
        )
    ).request
    assert request.method == "POST"
    assert request.url == "https://api.openai.com/v1/responses"
    assert request.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
    )
    assert list(json.loads(request.body).items()) == [
        ("model", "gpt-4o"),
        ("input", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]),
        ("max_output_tokens", 100),
        ("temperature", 0.5),
        ("top_p", 0.9),
        ("top_logprobs", 2),
        (
            "tools",
            [
                {
                    "type": "function",
                    "name": "weather",
                    "description": "Weather now",
                    "parameters": SCHEMA,
                    "strict": False,
                }
            ],
        ),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        (
            "text",
            {
                "format": {
                    "type": "json_schema",
                    "name": "place",
                    "schema": SCHEMA,
                    "strict": True,
                }
            },
        ),
        ("include", ["message.output_text.logprobs"]),
        ("store", False),
        ("metadata", {"job": "7"}),
        ("stream", True),
    ]


def test_a_model_that_reasons_is_asked_for_a_summary_and_for_encrypted_reasoning() -> None:
    assert body(ChatRequest(messages="hi", model="gpt-5", reasoning="low")) == {
        "model": "gpt-5",
        "input": [{"role": "user", "content": "hi"}],
        "max_output_tokens": 4096,
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }


@pytest.mark.parametrize(
    ("asked", "model", "sent"),
    [
        pytest.param(None, "gpt-5", None, id="nothing asked, nothing said"),
        pytest.param("high", "gpt-5", {"effort": "high", "summary": "auto"}, id="effort"),
        pytest.param(2000, "gpt-5", {"effort": "medium", "summary": "auto"}, id="budget"),
        pytest.param(
            ReasoningRequest(summary=False, effort="low"), "gpt-5", {"effort": "low"}, id="no summary"
        ),
        pytest.param(ReasoningRequest(), "gpt-5", {"summary": "auto"}, id="as the model likes"),
        pytest.param("none", "gpt-5.2", {"effort": "none"}, id="none"),
        pytest.param("none", "gpt-5", {"effort": "minimal", "summary": "auto"}, id="the least there is"),
        pytest.param("high", "gpt-4o", None, id="a model that can't"),
        pytest.param("high", "my-own", {"effort": "high", "summary": "auto"}, id="unknown model"),
    ],
)  # fmt: skip
def test_reasoning(asked: Any, model: str, sent: dict[str, str] | None) -> None:
    assert body(ChatRequest(messages="hi", model=model, reasoning=asked)).get("reasoning") == sent


@pytest.mark.parametrize(
    ("model", "reasoning", "extra", "include"),
    [
        pytest.param("gpt-4o", None, {}, None, id="not of a model that does not reason"),
        pytest.param("gpt-5", None, {}, ["reasoning.encrypted_content"], id="of one that does"),
        pytest.param("gpt-5.2", None, {}, ["reasoning.encrypted_content"], id="of one that may"),
        pytest.param("my-own", None, {}, None, id="not of an unknown one"),
        pytest.param("my-own", "low", {}, ["reasoning.encrypted_content"], id="unless it is asked"),
        pytest.param("gpt-5", None, {"store": True}, None, id="not where answers are stored"),
        pytest.param("gpt-5", None, {"include": []}, [], id="extra has the last word"),
    ],
)
def test_encrypted_reasoning_is_asked_for(
    model: str, reasoning: Any, extra: dict[str, Any], include: list[str] | None
) -> None:
    request = ChatRequest(messages="hi", model=model, reasoning=reasoning, extra=extra)
    assert body(request).get("include") == include


def test_what_the_api_does_not_have_is_dropped_and_said() -> None:
    built = build(REQUESTS["every sampling setting"])
    sent = json.loads(built.request.body)
    assert sorted(sent) == [
        "include", "input", "max_output_tokens", "metadata", "model", "store", "temperature",
        "top_logprobs", "top_p",
    ]  # fmt: skip
    assert [(one.field, one.action, one.reason) for one in built.adaptations] == [
        (name, "dropped", f"the Responses API has no {name}")
        for name in (
            "top_k", "repetition_penalty", "presence_penalty", "frequency_penalty", "stop", "seed", "n",
        )
    ] + [("max_tokens", "renamed", "openai_responses calls it max_output_tokens")]  # fmt: skip


def test_one_answer_is_what_comes_anyway() -> None:
    assert build(ChatRequest(messages="hi", n=1)).adaptations == ()


def test_fewer_tokens_than_the_api_takes_become_16() -> None:
    built = build(ChatRequest(messages="hi", max_tokens=5))
    assert json.loads(built.request.body)["max_output_tokens"] == 16
    assert built.adaptations == (
        Adaptation(
            field="max_tokens",
            action="clamped",
            reason="max_output_tokens is at least 16",
            before=5,
            after=16,
        ),
    )


def test_strict_turns_what_is_lost_into_a_failure() -> None:
    failed = OPENAI.build_chat(PLAIN, ChatRequest(messages="hi", seed=7), strict=True).failure()
    assert failed == Unsupported(
        message="strict: seed dropped: the Responses API has no seed",
        provider="openai_responses",
        feature="seed",
    )


def test_strict_lets_a_renamed_field_pass() -> None:
    request = ChatRequest(messages="hi", max_tokens=50)
    assert OPENAI.build_chat(PLAIN, request, strict=True) == OPENAI.build_chat(PLAIN, request)


def test_sampling_is_refused_while_the_model_reasons_and_taken_while_not() -> None:
    asked = ChatRequest(messages="hi", model="gpt-5.2", temperature=0.5, reasoning="low")
    assert "temperature" not in body(asked)
    assert [one.field for one in build(asked).adaptations] == ["temperature"]
    assert body(ChatRequest(messages="hi", model="gpt-5.2", temperature=0.5))["temperature"] == 0.5


@pytest.mark.parametrize(
    ("tool", "wire"),
    [
        pytest.param(
            Tool(name="f", parameters=SCHEMA, strict=True),
            {"type": "function", "name": "f", "parameters": SCHEMA, "strict": True},
            id="strict",
        ),
        pytest.param(
            Tool(name="f", description="d", parameters=SCHEMA),
            {
                "type": "function",
                "name": "f",
                "description": "d",
                "parameters": SCHEMA,
                "strict": False,
            },
            id="not said is not strict, as in chat completions",
        ),
        pytest.param(
            NativeTool("openai_responses", {"type": "web_search", "search_context_size": "low"}),
            {"type": "web_search", "search_context_size": "low"},
            id="a tool of the provider's",
        ),
    ],
)
def test_tools_are_flat(tool: Any, wire: dict[str, Any]) -> None:
    assert body(ChatRequest(messages="hi", tools=(tool,)))["tools"] == [wire]


def test_another_providers_tool_is_left_out() -> None:
    built = build(ChatRequest(messages="hi", tools=(NativeTool("gemini", {"x": {}}),)))
    assert "tools" not in json.loads(built.request.body)
    assert built.adaptations == (
        Adaptation(field="tools/0", action="dropped", reason="it is a tool of gemini's own"),
    )


@pytest.mark.parametrize(
    ("wanted", "wire"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        (NamedTool("weather"), {"type": "function", "name": "weather"}),
        (NamedTool("sql"), {"type": "custom", "name": "sql"}),
    ],
    ids=["auto", "none", "required", "a function by name", "a custom tool by name"],
)
def test_tool_choice(wanted: Any, wire: Any) -> None:
    sql = NativeTool("openai_responses", {"type": "custom", "name": "sql"})
    request = ChatRequest(messages="hi", tools=(WEATHER, sql), tool_choice=wanted)
    assert body(request)["tool_choice"] == wire


def test_json_without_a_schema() -> None:
    sent = body(ChatRequest(messages="JSON please", response_format=JsonFormat()))
    assert sent["text"] == {"format": {"type": "json_object"}}


def test_system_messages_keep_their_place_and_take_the_role_that_the_model_knows() -> None:
    turns = (system("a"), user("b"), assistant("c"), system("d"))
    assert [(one["role"], one["content"]) for one in items(*turns, model="gpt-5")] == [
        ("developer", "a"), ("user", "b"), ("assistant", "c"), ("developer", "d"),
    ]  # fmt: skip
    assert items(system("a"))[0]["role"] == "system"


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        pytest.param(Text("a"), {"type": "input_text", "text": "a"}, id="text"),
        pytest.param(
            Image(data=PNG, media_type="image/jpeg", detail="low"),
            {"type": "input_image", "image_url": PNG_URL, "detail": "low"},
            id="picture, whose bytes tell its type",
        ),
        pytest.param(
            Image(url="https://example.org/a.png"),
            {"type": "input_image", "image_url": "https://example.org/a.png", "detail": "auto"},
            id="picture by URL",
        ),
        pytest.param(
            Image(file_id="file-1"),
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
            id="picture by id",
        ),
        pytest.param(
            Document(data=PDF, name="a.pdf"),
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0xLjc=",
            },
            id="document",
        ),
        pytest.param(
            Document(url="https://example.org/a.pdf"),
            {"type": "input_file", "file_url": "https://example.org/a.pdf"},
            id="document by URL",
        ),
        pytest.param(
            Document(file_id="file-1"), {"type": "input_file", "file_id": "file-1"}, id="by id"
        ),
        pytest.param(
            Opaque("openai_responses", "input_file", '{"type":"input_file","file_id":"f"}'),
            {"type": "input_file", "file_id": "f"},
            id="a part of the provider's own",
        ),
    ],
)
def test_what_a_user_sends(part: Part, wire: dict[str, Any]) -> None:
    text = {"type": "input_text", "text": "Look:"}
    assert items(user("Look:", part)) == [{"role": "user", "content": [text, wire]}]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (user(Audio(data=WAV)), "messages/0/parts/0: the Responses API has no form for Audio"),
        (user(Image(data=b"?")), "messages/0/parts/0: these bytes are no picture that is known here"),
        (
            tool_result("c", Audio(data=WAV)),
            "messages/0/parts/0/content/0: the Responses API has no form for Audio",
        ),
        (
            assistant(*tool_result("c", "x").parts),
            "messages/0/parts/0: an assistant turn cannot hold ToolResult here",
        ),
    ],
    ids=["sound", "bytes of nothing", "sound from a tool", "a result in an answer"],
)  # fmt: skip
def test_a_part_without_a_form_is_a_failure_that_names_it(message: Message, told: str) -> None:
    failed = OPENAI.build_chat(PLAIN, ChatRequest(messages=[message])).failure()
    assert failed == Unsupported(message=told, provider="openai_responses", feature="messages")


@pytest.mark.parametrize(
    ("message", "output"),
    [
        (tool_result("call_1", "21 °C"), "21 °C"),
        (tool_result("call_1"), ""),
        (
            tool_result("call_1", "a", Image(data=PNG)),
            [
                {"type": "input_text", "text": "a"},
                {"type": "input_image", "image_url": PNG_URL, "detail": "auto"},
            ],
        ),
    ],
    ids=["text", "nothing", "text and a picture"],
)
def test_what_a_tool_answers(message: Message, output: Any) -> None:
    assert items(message) == [
        {"type": "function_call_output", "call_id": "call_1", "output": output}
    ]


def test_results_and_words_of_one_turn_keep_their_order() -> None:
    turn = Message("user", (Text("a"), *tool_result("c", "r").parts, Text("b"), Text("d")))
    assert items(turn) == [
        {"role": "user", "content": "a"},
        {"type": "function_call_output", "call_id": "c", "output": "r"},
        {
            "role": "user",
            "content": [{"type": "input_text", "text": "b"}, {"type": "input_text", "text": "d"}],
        },
    ]


REASONED = Reasoning(
    "hm", "enc", own('{"id":"rs_1","summary":[{"type":"summary_text","text":"hm"}]}')
)
REASONED_ITEM = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "enc",
}
SAID = Text("Hi.", own('{"item":{"id":"msg_1","status":"completed","phase":"final_answer"}}'))
SAID_ITEM = {
    "type": "message",
    "role": "assistant",
    "status": "completed",
    "id": "msg_1",
    "phase": "final_answer",
    "content": [{"type": "output_text", "text": "Hi.", "annotations": []}],
}
CALLED = ToolCall("call_1", "weather", "{}", own('{"id":"fc_1","status":"completed"}'))
CALLED_ITEM = {
    "type": "function_call",
    "call_id": "call_1",
    "name": "weather",
    "arguments": "{}",
    "id": "fc_1",
    "status": "completed",
}


def test_an_answer_of_this_provider_goes_back_as_it_came() -> None:
    assert items(assistant(REASONED, SAID, CALLED)) == [REASONED_ITEM, SAID_ITEM, CALLED_ITEM]


def test_parts_of_one_message_are_one_item_again() -> None:
    more = Text("More.", own('{"item":{"id":"msg_1","status":"completed","phase":"final_answer"}}'))
    other = Text("Else.", own('{"item":{"id":"msg_2"}}'))
    first, second = items(assistant(SAID, more, other))
    assert first == {
        **SAID_ITEM,
        "content": [
            {"type": "output_text", "text": "Hi.", "annotations": []},
            {"type": "output_text", "text": "More.", "annotations": []},
        ],
    }
    assert second["id"] == "msg_2"


@pytest.mark.parametrize(
    ("part", "item"),
    [
        pytest.param(Text("a"), {"role": "assistant", "content": "a"}, id="words from elsewhere"),
        pytest.param(
            ToolCall("toolu_1", "f", "{}", Echo("anthropic", '{"x":1}')),
            {"type": "function_call", "call_id": "toolu_1", "name": "f", "arguments": "{}"},
            id="a call from elsewhere",
        ),
        pytest.param(
            ToolCall("call_1", "sql", "SELECT", own('{"type":"custom_tool_call","id":"ctc_1"}')),
            {
                "type": "custom_tool_call",
                "call_id": "call_1",
                "name": "sql",
                "input": "SELECT",
                "id": "ctc_1",
            },
            id="a call of a custom tool",
        ),
        pytest.param(
            Image(data=PNG, echo=own('{"id":"ig_1","status":"completed"}')),
            {
                "type": "image_generation_call",
                "id": "ig_1",
                "status": "completed",
                "result": "iVBORw0KGgoAAAAAAAAAAA==",
            },
            id="a picture that it made",
        ),
        pytest.param(
            Opaque("openai_responses", "web_search_call", '{"type":"web_search_call","id":"ws_1"}'),
            {"type": "web_search_call", "id": "ws_1"},
            id="an item that only it understands",
        ),
        pytest.param(
            Refusal("No.", own('{"item":{"id":"msg_1"}}')),
            {
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "id": "msg_1",
                "content": [{"type": "refusal", "refusal": "No."}],
            },
            id="a refusal",
        ),
    ],
)
def test_a_part_of_an_answer(part: Part, item: dict[str, Any]) -> None:
    assert items(assistant(part)) == [item]


def test_the_result_of_a_custom_tool_has_its_own_type() -> None:
    call = ToolCall("call_1", "sql", "SELECT", own('{"type":"custom_tool_call","id":"ctc_1"}'))
    assert items(assistant(call), tool_result("call_1", "3 rows"))[1] == {
        "type": "custom_tool_call_output",
        "call_id": "call_1",
        "output": "3 rows",
    }


def test_an_item_of_the_provider_in_a_users_turn_stands_for_itself() -> None:
    approval = '{"type":"mcp_approval_response","approval_request_id":"m","approve":true}'
    turn = user("Go on.", Opaque("openai_responses", "mcp_approval_response", approval))
    assert items(turn) == [{"role": "user", "content": "Go on."}, json.loads(approval)]


CALL_WITHOUT_ID = {
    "type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}",
}  # fmt: skip
NOT_STORED = "it is reasoning without encrypted_content, and the provider does not store it"
ORPHAN = "it is reasoning without the item that followed it"


@pytest.mark.parametrize(
    ("parts", "sent", "why"),
    [
        pytest.param((REASONED,), [], ORPHAN, id="nothing follows"),
        pytest.param(
            (REASONED, Text("Mine.")),
            [{"role": "assistant", "content": "Mine."}],
            ORPHAN,
            id="what followed was rewritten",
        ),
        pytest.param(
            (Reasoning("hm", None, own('{"id":"rs_1","summary":[]}')), CALLED),
            [CALL_WITHOUT_ID],
            NOT_STORED,
            id="it can't be read back, so the call goes without the id that asks for it",
        ),
        pytest.param(
            (Reasoning("hm", "sig", Echo("anthropic")), CALLED),
            [CALL_WITHOUT_ID],
            "it is reasoning of anthropic",
            id="another provider's",
        ),
        pytest.param(
            (Reasoning("hm"), Text("Hi.")),
            [{"role": "assistant", "content": "Hi."}],
            "it is reasoning of unknown origin",
            id="nobody's",
        ),
    ],
)
def test_reasoning_that_would_be_refused_is_left_out_and_said(
    parts: tuple[Part, ...], sent: list[dict[str, Any]], why: str
) -> None:
    built = build(ChatRequest(messages=[Message("assistant", parts)]))
    assert json.loads(built.request.body)["input"] == sent
    assert built.adaptations == (
        Adaptation(field="messages/0/parts/0", action="dropped", reason=why),
    )


def test_reasoning_after_lost_reasoning_keeps_its_follower() -> None:
    lost = Reasoning("?", None, own('{"id":"rs_0","summary":[]}'))
    assert items(assistant(lost, CALLED, REASONED, SAID)) == [
        CALL_WITHOUT_ID,
        REASONED_ITEM,
        SAID_ITEM,
    ]


def test_reasoning_in_plain_words_goes_back_without_encryption() -> None:
    told = '{"id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]}'
    assert items(assistant(Reasoning("hm", None, own(told)), SAID)) == [
        {"type": "reasoning", **json.loads(told)},
        SAID_ITEM,
    ]


def test_stored_reasoning_goes_back_by_its_id() -> None:
    by_id = Reasoning("", None, own('{"id":"rs_1","summary":[]}'))
    assert items(assistant(by_id, CALLED), store=True) == [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        CALLED_ITEM,
    ]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (user("a", name="ann"), ("messages/0/name", "dropped", "messages have no name here")),
        (
            assistant(Refusal("No.")),
            (
                "messages/0/parts/0",
                "changed",
                "a refusal from elsewhere is told as the assistant's text",
            ),
        ),
        (
            assistant(Image(data=PNG)),
            ("messages/0/parts/0", "dropped", "an assistant turn holds no media here"),
        ),
        (
            assistant(Opaque("gemini", "executableCode", "{}")),
            ("messages/0/parts/0", "dropped", "executableCode is for gemini only"),
        ),
        (
            user(Opaque("gemini", "fileData", "{}")),
            ("messages/0/parts/0", "dropped", "fileData is for gemini only"),
        ),
    ],
    ids=["a name", "a refusal", "a picture in an answer", "another's part", "another's in a turn"],
)
def test_what_is_left_out_of_messages_is_said(message: Message, told: tuple[str, str, str]) -> None:
    (one,) = build(ChatRequest(messages=[message])).adaptations
    assert (one.field, one.action, one.reason) == told


def test_system_messages_are_left_out_when_the_configuration_says_so() -> None:
    config = LLMConfig(model="gpt-4o", use_system_prompt=False)
    sent = body(ChatRequest(messages=[system("a"), user("b")]), config)
    assert sent["input"] == [{"role": "user", "content": "b"}]


@pytest.mark.parametrize(
    ("config", "request_", "kind"),
    [
        (LLMConfig(), ChatRequest(messages="hi"), ConfigurationInvalid),
        (LLMConfig(model="m", base_url="nowhere"), ChatRequest(messages="hi"), ConfigurationInvalid),
        (LLMConfig(model="m"), ChatRequest(messages=[]), InvalidRequest),
        (LLMConfig(model="m"), ChatRequest(messages="hi", extra={"x": object()}), InvalidRequest),
    ],
    ids=["no model", "no URL", "no message", "no JSON"],
)  # fmt: skip
def test_what_cannot_be_built_is_a_failure(
    config: LLMConfig, request_: ChatRequest, kind: type
) -> None:
    assert isinstance(OPENAI.build_chat(config, request_).failure(), kind)


def test_counting_asks_with_the_part_of_the_body_that_has_tokens() -> None:
    assert OPENAI.count_tokens is not None
    asked = REQUESTS["tools"]
    built = OPENAI.count_tokens.build(PLAIN, asked).unwrap()
    assert built.request.url == "https://api.openai.com/v1/responses/input_tokens"
    whole = body(asked)
    assert json.loads(built.request.body) == {
        key: whole[key] for key in ("model", "input", "tools", "tool_choice", "parallel_tool_calls")
    }


def test_counting_fails_as_asking_does() -> None:
    assert OPENAI.count_tokens is not None
    counted = OPENAI.count_tokens.build(LLMConfig(), ChatRequest(messages="hi"))
    assert isinstance(counted.failure(), ConfigurationInvalid)


def check(request: ChatRequest, model: str) -> None:
    config = LLMConfig(model=model)
    sent = json.loads(OPENAI.build_chat(config, request).unwrap().request.body)
    parameters = (
        ResponseCreateParamsStreaming if request.stream else ResponseCreateParamsNonStreaming
    )
    checker(parameters).validate_python(sent)
    assert OPENAI.count_tokens is not None
    counted = json.loads(OPENAI.count_tokens.build(config, request).unwrap().request.body)
    checker(InputTokenCountParams).validate_python(counted)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
def test_the_official_types_accept_the_body(request_: ChatRequest, model: str) -> None:
    check(request_, model)


def test_the_official_types_accept_what_goes_back() -> None:
    turn = assistant(REASONED, SAID, Refusal("No.", own('{"item":{"id":"msg_2"}}')), CALLED)
    check(ChatRequest(messages=["hi", turn, tool_result("call_1", "21 °C")]), "gpt-5")


@settings(max_examples=60, deadline=None)
@given(chat_requests(), st.sampled_from(MODELS))
def test_the_official_types_accept_any_body(request_: ChatRequest, model: str) -> None:
    check(request_, model)


@given(chat_requests())
def test_the_same_request_is_the_same_bytes(request_: ChatRequest) -> None:
    assert not isinstance(OPENAI.build_chat(PLAIN, request_), Failure)
    assert build(request_) == build(request_)
