"""What only the provider `deepseek` does."""

import pytest

from llm_pure import (
    ChatRequest,
    ProviderMetadata,
    Reasoning,
    ToolCall,
    Usage,
    assistant,
    tool_result,
    user,
)
from llm_pure.types.messages import Text
from llm_pure.types.request import NamedToolChoice, SchemaFormat
from tests.support.chat_requests import CALLED, CLOCK, SCHEMA, WEATHER
from tests.support.family import Service
from tests.support.openai_chat_bodies import answer

DEEPSEEK = Service("deepseek", "deepseek-v4-pro")
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (None, {}),
        ("none", {"thinking": {"type": "disabled"}}),
        ("low", {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
        ("medium", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("xhigh", {"thinking": {"type": "enabled"}, "reasoning_effort": "max"}),
        (900, {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}),
    ],
)
def test_how_reasoning_is_asked_for(asked: str | int | None, sent: object) -> None:
    assert DEEPSEEK.fields(ChatRequest(messages="hi", reasoning=asked)) == sent  # type: ignore[arg-type]


def test_reasoning_of_a_turn_that_calls_a_tool_goes_back() -> None:
    said = {"content": None, "reasoning_content": "I must look.", "tool_calls": [CALL]}
    turn = DEEPSEEK.reads(answer(said, "tool_calls")).message
    assert DEEPSEEK.messages(user("?"), turn, tool_result("call_1", "21 °C"))[1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [CALL],
            "reasoning_content": "I must look.",
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "21 °C"},
    ]


def test_a_turn_that_calls_a_tool_has_the_key_even_without_reasoning() -> None:
    foreign = Reasoning("Hm.", "sig", ProviderMetadata("anthropic"))
    turn = assistant(foreign, ToolCall("call_1", "weather", '{"city":"Oslo"}'))
    (_, sent, _) = DEEPSEEK.messages(user("?"), turn, tool_result("call_1", "21 °C"))
    assert sent == {
        "role": "assistant",
        "content": "",
        "tool_calls": [CALL],
        "reasoning_content": "",
    }


def test_a_turn_without_calls_has_no_empty_key() -> None:
    assert DEEPSEEK.messages(user("?"), assistant("Hello."))[1] == {
        "role": "assistant",
        "content": "Hello.",
    }


def test_sampling_is_dropped_while_it_reasons_and_sent_while_it_does_not() -> None:
    thinking = ChatRequest(messages="hi", temperature=0.5, logprobs=2)
    assert "temperature" not in DEEPSEEK.body(thinking)
    assert DEEPSEEK.adaptations(thinking) == [("temperature", "dropped"), ("logprobs", "dropped")]
    quick = ChatRequest(messages="hi", temperature=0.5, logprobs=2, reasoning="none")
    body = DEEPSEEK.body(quick)
    assert (body["temperature"], body["logprobs"], body["top_logprobs"]) == (0.5, True, 2)
    assert DEEPSEEK.adaptations(quick) == []


@pytest.mark.parametrize(
    "choice", ["required", NamedToolChoice("weather")], ids=["required", "named"]
)
def test_no_tool_can_be_forced_while_it_reasons(choice: object) -> None:
    forced = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice=choice)  # type: ignore[arg-type]
    assert "tool_choice" not in DEEPSEEK.body(forced)
    assert DEEPSEEK.adaptations(forced) == [("tool_choice", "dropped")]
    quick = ChatRequest(
        messages="hi",
        tools=(WEATHER,),
        tool_choice=choice,  # type: ignore[arg-type]
        reasoning="none",
    )
    assert "tool_choice" in DEEPSEEK.body(quick)
    assert DEEPSEEK.adaptations(quick) == []


def test_a_schema_is_told_in_words_beside_json_object() -> None:
    wanted = ChatRequest(
        messages="hi", response_format=SchemaFormat(schema=SCHEMA, description="A place")
    )
    body = DEEPSEEK.body(wanted)
    assert body["response_format"] == {"type": "json_object"}
    assert body["messages"] == [
        {
            "role": "system",
            "content": "Answer with JSON of this JSON Schema, and with nothing else. It is: A place.\n"
            '{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],'
            '"additionalProperties":false}',
        },
        {"role": "user", "content": "hi"},
    ]
    assert DEEPSEEK.adaptations(wanted) == [("response_format", "changed")]


def test_strict_of_a_tool_is_left_out_and_said() -> None:
    request = ChatRequest(messages=CALLED, tools=(CLOCK,))
    assert "strict" not in DEEPSEEK.body(request)["tools"][0]["function"]
    assert DEEPSEEK.adaptations(request) == [("tools/0/strict", "dropped")]


def test_hits_and_misses_of_the_cache_are_input() -> None:
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 12,
        "total_tokens": 42,
        "prompt_cache_hit_tokens": 20,
        "prompt_cache_miss_tokens": 10,
        "completion_tokens_details": {"reasoning_tokens": 7},
    }
    got = DEEPSEEK.says({"content": "Hi.", "reasoning_content": "Hm."}, usage=usage)
    assert got.usage == Usage(30, 12, 20, None, 7, raw=usage)
    assert got.message.parts == (Reasoning("Hm.", None, ProviderMetadata("deepseek")), Text("Hi."))


def test_an_empty_balance_is_a_quota_and_full_machines_are_an_error() -> None:
    told = {"error": {"message": "Insufficient Balance", "type": "unknown_error", "code": "x"}}
    assert DEEPSEEK.fails(told, 402).kind == "quota"
    got = DEEPSEEK.says({"content": "Hal"}, "insufficient_system_resource")
    assert (got.finish_reason, got.raw_finish_reason) == ("error", "insufficient_system_resource")


def test_blank_lines_may_come_before_the_answer() -> None:
    assert DEEPSEEK.reads(b'\n\n{"choices":[{"message":{"content":"Hi."}}]}').text == "Hi."
    keeping = b": keep-alive\n\n\n"
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"Hi."},"finish_reason":"stop"}]}\n\n'
    assert DEEPSEEK.streams(keeping + chunk + keeping + b"data: [DONE]\n\n")[0].text == "Hi."
