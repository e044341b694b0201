"""What only the provider `mistral` does."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    ChatRequest,
    EmbedRequest,
    ProviderMetadata,
    Reasoning,
    ToolCall,
    Usage,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters.dialects.common.call_ids import wire_id
from llm_pure.adapters.dialects.common.turn_rules import CallIds
from llm_pure.types.messages import Audio, Document, Text
from llm_pure.types.request import NamedToolChoice
from tests.support.chat_requests import PDF, WAV, WEATHER
from tests.support.family import Service
from tests.support.openai_chat_bodies import answer, chunk, piece, stream

MISTRAL = Service("mistral", "mistral-medium-latest")


def short_id(call_id: str) -> str:
    return wire_id(call_id, CallIds(nine_characters=True))


OWN_ID = "aB3dE6gH9"


def test_a_seed_is_a_random_seed() -> None:
    request = ChatRequest(messages="hi", seed=7, stream=True)
    assert MISTRAL.fields(request) == {"random_seed": 7, "stream": True}
    assert MISTRAL.adaptations(request) == [("seed", "renamed")]


@pytest.mark.parametrize(
    ("model", "asked", "sent", "told"),
    [
        ("magistral-medium-latest", "high", {"prompt_mode": "reasoning"}, [("reasoning", "changed")]),
        ("magistral-medium-latest", "none", {}, [("reasoning", "dropped")]),
        ("mistral-medium-latest", "high", {"reasoning_effort": "high"}, []),
        ("mistral-medium-latest", "low", {"reasoning_effort": "high"}, [("reasoning", "changed")]),
        ("mistral-medium-latest", "none", {"reasoning_effort": "none"}, []),
        ("codestral-latest", "high", {}, [("reasoning", "dropped")]),
        ("codestral-latest", "none", {}, []),
    ],
)  # fmt: skip
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object, told: object) -> None:
    request = ChatRequest(messages="hi", reasoning=asked)
    assert MISTRAL.fields(request, model) == sent
    assert MISTRAL.adaptations(request, model) == told


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("required", "any"),
        (NamedToolChoice("weather"), {"type": "function", "function": {"name": "weather"}}),
    ],
    ids=["auto", "required", "named"],
)
def test_the_choice_of_tools(choice: Any, sent: object) -> None:
    request = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice=choice)
    assert MISTRAL.body(request)["tool_choice"] == sent


def test_where_no_tool_is_to_be_called_none_is_sent() -> None:
    request = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice="none")
    assert "tools" not in MISTRAL.body(request)
    assert MISTRAL.adaptations(request) == [("tool_choice", "changed")]


def test_foreign_ids_of_calls_become_nine_letters_and_digits_in_results_too() -> None:
    turns = (
        system("Be brief."),
        user("?", name="ann"),
        assistant(ToolCall("call_1", "weather"), ToolCall(OWN_ID, "clock")),
        tool_result("call_1", "21 °C", name="weather"),
        tool_result(OWN_ID, "noon"),
    )
    made = short_id("call_1")
    assert MISTRAL.messages(*turns) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": made, "type": "function", "function": {"name": "weather", "arguments": "{}"}},
                {"id": OWN_ID, "type": "function", "function": {"name": "clock", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": made, "content": "21 °C", "name": "weather"},
        {"role": "tool", "tool_call_id": OWN_ID, "content": "noon"},
    ]  # fmt: skip
    assert MISTRAL.adaptations(ChatRequest(messages=turns)) == [
        ("messages/2/parts/0/id", "renamed"),
        ("messages/3/parts/0/tool_call_id", "renamed"),
        ("messages/1/name", "dropped"),
    ]


@given(st.text())
def test_any_id_becomes_the_same_nine_letters_and_digits(call_id: str) -> None:
    assert re.fullmatch("[a-zA-Z0-9]{9}", short_id(call_id))
    assert short_id(call_id) == short_id(call_id) == short_id(short_id(call_id))


def test_the_assistant_speaks_between_a_tool_and_the_user() -> None:
    turns = (
        user("?"),
        assistant(ToolCall(OWN_ID, "weather")),
        tool_result(OWN_ID, "21 °C"),
        user("And now?"),
    )
    assert MISTRAL.messages(*turns)[2:] == [
        {"role": "tool", "tool_call_id": OWN_ID, "content": "21 °C"},
        {"role": "assistant", "content": "OK"},
        {"role": "user", "content": "And now?"},
    ]
    assert MISTRAL.adaptations(ChatRequest(messages=turns)) == [("messages/3", "changed")]


def test_files_and_sound_are_flat_parts() -> None:
    parts = (
        "Read",
        Document(data=PDF, name="a.pdf"),
        Document(url="https://example.org/b.pdf"),
        Document(file_id="file-1"),
        Audio(data=WAV),
    )
    (sent,) = MISTRAL.messages(user(*parts))
    assert sent["content"] == [
        {"type": "text", "text": "Read"},
        {
            "type": "document_url",
            "document_url": "data:application/pdf;base64,JVBERi0xLjc=",
            "document_name": "a.pdf",
        },
        {"type": "document_url", "document_url": "https://example.org/b.pdf"},
        {"type": "file", "file_id": "file-1"},
        {"type": "input_audio", "input_audio": "UklGRgAAAABXQVZFZm10IA=="},
    ]


def thinking(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}], **more}


SAID = [thinking("Hm.", signature="sig-1", closed=True), {"type": "text", "text": "Hi."}]
THOUGHT = (Reasoning("Hm.", "sig-1", ProviderMetadata("mistral")), Text("Hi."))


def test_thinking_in_the_content_is_reasoning_whole_and_streamed() -> None:
    assert MISTRAL.says({"content": SAID}).message.parts == THOUGHT
    streamed, error = MISTRAL.streams(
        stream(
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": [thinking("H")]}),
            chunk({"content": [thinking("m.", signature="sig-1")]}),
            chunk({"content": [{"type": "thinking", "thinking": []}]}),
            chunk({"content": "Hi."}, "stop", usage={"prompt_tokens": 3, "completion_tokens": 2}),
        )
    )
    assert error is None
    assert streamed.message.parts == THOUGHT


def test_thinking_goes_back_with_its_signature() -> None:
    turn = MISTRAL.says({"content": SAID}).message
    (_, sent, _) = MISTRAL.messages(user("?"), turn, user("And?"))
    assert sent == {
        "role": "assistant",
        "content": [thinking("Hm.", signature="sig-1"), {"type": "text", "text": "Hi."}],
    }


def test_a_call_without_type_and_with_arguments_as_an_object() -> None:
    call = {
        "id": OWN_ID,
        "index": 0,
        "function": {"name": "weather", "arguments": {"city": "Oslo"}},
    }
    got = MISTRAL.reads(answer({"content": "", "tool_calls": [call]}, "tool_calls"))
    assert got.tool_calls == (ToolCall(OWN_ID, "weather", '{"city":"Oslo"}'),)


def test_an_empty_name_in_a_later_piece_takes_nothing_away() -> None:
    got, error = MISTRAL.streams(
        stream(
            chunk(piece('{"city":', id=OWN_ID, name="weather")),
            chunk(piece('"Oslo"}', name=""), "tool_calls"),
        )
    )
    assert error is None
    assert got.tool_calls == (ToolCall(OWN_ID, "weather", '{"city":"Oslo"}'),)


def test_cached_tokens_under_both_of_their_names() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "num_cached_tokens": 4}
    misspelt = {
        "prompt_tokens": 9,
        "completion_tokens": 2,
        "prompt_token_details": {"cached_tokens": 4},
    }
    assert MISTRAL.says({"content": "Hi."}, usage=usage).usage == Usage(9, 2, 4, raw=usage)
    assert MISTRAL.says({"content": "Hi."}, usage=misspelt).usage == Usage(9, 2, 4, raw=misspelt)


@pytest.mark.parametrize(
    ("body", "status", "kind", "message"),
    [
        ({"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
         400, "not_found", "Invalid model: x"),
        ({"object": "error", "message": "bad id", "type": "invalid_function_call", "code": "3280"},
         400, "invalid_request", "bad id"),
        ({"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs"}]},
         422, "invalid_request", "body/seed: Extra inputs"),
        ({"object": "error", "message": {"detail": [{"loc": ["body"], "msg": "No"}]}, "type": "t"},
         422, "invalid_request", "body: No"),
        ({"message": "Unauthorized", "request_id": "r-1"}, 401, "authentication", "Unauthorized"),
        ({"message": "Requests rate limit exceeded"}, 429, "rate_limited", "Requests rate limit exceeded"),
    ],
    ids=["model", "call id", "extra field", "detail in message", "key", "rate"],
)  # fmt: skip
def test_its_shapes_of_errors(body: object, status: int, kind: str, message: str) -> None:
    error = MISTRAL.fails(body, status)
    assert (error.kind, error.message) == (kind, message)


def test_a_length_of_its_own_is_length() -> None:
    got = MISTRAL.says({"content": "Hal"}, "model_length")
    assert (got.finish_reason, got.raw_finish_reason) == ("length", "model_length")


def test_embeddings_have_an_output_dimension() -> None:
    assert MISTRAL.provider.embed is not None
    request = EmbedRequest(input="a", model="codestral-embed", dimensions=64)
    built = MISTRAL.provider.embed.build(MISTRAL.config, request).unwrap()
    assert built.request.body == b'{"model":"codestral-embed","input":"a","output_dimension":64}'
