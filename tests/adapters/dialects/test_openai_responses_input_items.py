"""Messages -> the input items of POST /responses: what users and tools say, and what goes back of earlier answers."""

import json
from typing import Any

import pytest
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

from llm_pure import ChatRequest, LLMConfig, assistant, system, tool_result, user
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from tests.support.chat_requests import PDF, PNG, WAV
from tests.support.official_types import checker

OPENAI = registry.get("openai_responses").unwrap()
PLAIN = LLMConfig(model="gpt-4o", input_modalities=("image", "audio", "document"))
PNG_URL = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="


def build(request: ChatRequest) -> Built:
    return OPENAI.build_chat(PLAIN, request).unwrap()


def items(*turns: Message, model: str = "gpt-4o", **extra: Any) -> list[dict[str, Any]]:
    request = ChatRequest(messages=turns, model=model, extra=extra)
    sent = json.loads(build(request).request.body)["input"]
    assert isinstance(sent, list)
    return sent


def own(json_text: str) -> ProviderMetadata:
    return ProviderMetadata("openai_responses", json_text)


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
        (user(Image(data=b"?")), "messages/0/parts/0: the bytes are not an image of a known format"),
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
    assert failed == UnsupportedFeature(
        message=told, provider="openai_responses", feature="messages"
    )


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
    assert items(assistant(ToolCall("call_1", "f")), message)[1:] == [
        {"type": "function_call_output", "call_id": "call_1", "output": output}
    ]


def test_results_and_words_of_one_turn_keep_their_order() -> None:
    turn = Message("user", (Text("a"), *tool_result("c", "r").parts, Text("b"), Text("d")))
    assert items(assistant(ToolCall("c", "f")), turn)[1:] == [
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
    turns = assistant(REASONED, SAID, CALLED), tool_result("call_1", "x")
    assert items(*turns)[:-1] == [REASONED_ITEM, SAID_ITEM, CALLED_ITEM]


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
            ToolCall("toolu_1", "f", "{}", ProviderMetadata("anthropic", '{"x":1}')),
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
            Image(data=PNG, provider_metadata=own('{"id":"ig_1","status":"completed"}')),
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
    results = [tool_result(part.id, "x")] if isinstance(part, ToolCall) else []
    assert items(assistant(part), *results)[:1] == [item]


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
            (Reasoning("hm", "sig", ProviderMetadata("anthropic")), CALLED),
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
    calls = [part.id for part in parts if isinstance(part, ToolCall)]
    results = [tool_result(call_id, "x") for call_id in calls]
    built = build(ChatRequest(messages=[Message("assistant", parts), *results, user("b")]))
    outputs = [
        {"type": "function_call_output", "call_id": call_id, "output": "x"} for call_id in calls
    ]
    sent = [*sent, *outputs, {"role": "user", "content": "b"}]
    assert json.loads(built.request.body)["input"] == sent
    assert built.adaptations == (
        Adaptation(field="messages/0/parts/0", action="dropped", reason=why),
    )


def test_reasoning_after_lost_reasoning_keeps_its_follower() -> None:
    lost = Reasoning("?", None, own('{"id":"rs_0","summary":[]}'))
    assert items(assistant(lost, CALLED, REASONED, SAID), tool_result("call_1", "x"))[:-1] == [
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
    assert items(assistant(by_id, CALLED), tool_result("call_1", "x"), store=True)[:-1] == [
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
                "a refusal of another provider is sent as assistant text",
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
    (one,) = build(ChatRequest(messages=[message, user("b")])).adaptations
    assert (one.field, one.action, one.reason) == told


def test_the_official_types_accept_what_goes_back() -> None:
    turn = assistant(REASONED, SAID, Refusal("No.", own('{"item":{"id":"msg_2"}}')), CALLED)
    request = ChatRequest(messages=["hi", turn, tool_result("call_1", "21 °C")], model="gpt-5")
    checker(ResponseCreateParamsNonStreaming).validate_python(
        json.loads(build(request).request.body)
    )
