"""What only the provider `cerebras` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, Usage, user
from tests.support.family import Service
from tests.support.openai_chat_bodies import chunk, stream

CEREBRAS = Service("cerebras", "gpt-oss-120b")


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("gpt-oss-120b", "high", {"reasoning_effort": "high"}),
        ("gpt-oss-120b", "none", {"reasoning_effort": "low"}),
        ("zai-glm-4.7", "none", {"reasoning_effort": "none"}),
        ("llama-3.3-70b", "high", {}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object) -> None:
    assert CEREBRAS.fields(ChatRequest(messages="hi", reasoning=asked), model) == sent


def test_reasoning_goes_back_as_reasoning() -> None:
    turn = CEREBRAS.says({"content": "Hi.", "reasoning": "Hm."}).message
    body = CEREBRAS.body(ChatRequest(messages=(user("?"), turn)))
    assert body["messages"][1] == {"role": "assistant", "content": "Hi.", "reasoning": "Hm."}
    assert "clear_thinking" not in body


def test_reasoning_of_glm_goes_back_between_tags_and_is_kept() -> None:
    turn = CEREBRAS.says({"content": "Hi.", "reasoning": "Hm."}).message
    body = CEREBRAS.body(ChatRequest(messages=(user("?"), turn)), "zai-glm-4.7")
    assert body["messages"][1] == {"role": "assistant", "content": "<think>Hm.</think>Hi."}
    assert body["clear_thinking"] is False
    assert "clear_thinking" not in CEREBRAS.body("hi", "zai-glm-4.7")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"message": "Wrong API Key", "type": "invalid_request_error", "param": "api_key", "code": "wrong_api_key"},
         401, "authentication"),
        ({"message": "Model x does not exist", "type": "not_found_error", "param": "model", "code": "model_not_found"},
         404, "not_found"),
        ({"message": "Too many", "type": "too_many_requests_error", "param": "queue", "code": "queue_exceeded"},
         429, "rate_limited"),
    ],
    ids=["key", "model", "queue"],
)  # fmt: skip
def test_its_errors_are_flat(body: object, status: int, kind: str) -> None:
    assert CEREBRAS.fails(body, status).kind == kind


def test_usage_and_times_come_with_the_last_chunk() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    times = {"queue_time": 0.1, "total_time": 0.2, "created": 1790000000}
    last = chunk({}, "stop", usage=usage, time_info=times)
    got, error = CEREBRAS.streams(
        stream(chunk({"role": "assistant"}), chunk({"reasoning": "Hm."}), chunk({"content": "Hi."}), last)
    )  # fmt: skip
    assert error is None
    assert (got.reasoning, got.text, got.usage) == ("Hm.", "Hi.", Usage(9, 2, raw=usage))
    assert got.extra == {"created": 1790000000, "time_info": times}
